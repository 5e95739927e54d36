"""Writing audio files whole or not at all, and refusing what a file cannot hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from numpy.typing import ArrayLike

from musisep._util import checks
from musisep.audio.arrays import Real, as_array, as_real, check_finite, peak
from musisep.io.chunks import RIFF, RIFX, Chunks, Window
from musisep.io.decoding import Decoder
from musisep.io.formats import (
    FORMATS,
    MAX_CHANNELS,
    Format,
    format_of,
    writable,
)
from musisep.io.ogg import blank_serial
from musisep.io.rates import check_rate
from musisep.io.replacing import reason, replacing
from musisep.io.stored import Stored, blocks_of, peak_of
from musisep.io.tags import checked_tags, id3, set_tags

LARGEST = {"FLOAT": float(np.finfo(np.float32).max), "DOUBLE": float(np.finfo(np.float64).max)}
"""Greatest magnitude that a sample format holds, 1 for all others."""
SAMPLE_BYTES = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
"""Of the sample formats of which a long file needs another container."""
MOST_COMPRESSION = 0.999
"""What libsndfile calls so; it refuses 1 for MP3."""
MAX_WAV_BYTES = 2**32 - 2**16
"""Of samples: the header of a WAV counts in 32 bits; the rest is room for its chunks."""


def write(
    path: str | os.PathLike[str],
    audio: ArrayLike | Stored,
    sample_rate: int,
    *,
    subtype: str = "FLOAT",
    quality: float | None = None,
    tags: Mapping[str, str] | None = None,
    ready: Callable[[Path], object] | None = None,
) -> None:
    """Write an audio file whole or not at all; the suffix names the format.

    The samples go to a temporary file in the same folder, which takes the place of `path`
    when it is complete. Missing folders are made. A WAV above 4 GB becomes RF64.

    Parameters
    ----------
    path : str or path
        The file, with the suffix of one of `musisep.io.formats.FORMATS`.
    audio : array_like or Stored, float [channel, sample] or [sample]
        Within [-1, 1], unless `subtype` is ``"FLOAT"`` or ``"DOUBLE"``.
    sample_rate : int
        Sample rate in Hz, from `MIN_RATE` to `MAX_RATE`.
    subtype : str, optional
        Sample format: one that the format lists, or libsndfile's name of any other encoding that
        the container can have: ``"FLOAT"``, ``"PCM_16"``, ``"PCM_24"``, ``"VORBIS"``, ...
    quality : float, optional
        From 0, the smallest file, to 1, the best sound, if the format is one of
        `musisep.io.formats.with_quality`; its default is in the table.
    tags : mapping of str to str, optional
        Title, artist and the like, by the names in `musisep.io.tags.TAGS`; those that the format
        lacks are left out.
    ready : callable, optional
        Called with the temporary file when it is complete, before it takes the place of `path`.

    Raises
    ------
    ValueError
        If the format lacks the subtype, quality, rate or number of channels, if a sample is NaN
        or infinite, if the peak would clip, or if a tag is none.
    AudioFileError
        If the file cannot be written; a file that was there before is then untouched.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.io.files import read, write
    >>> sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sine.flac"
    ...     write(path, sine, 8000, subtype="PCM_16", tags={"title": "A4"})
    ...     audio, _ = read(path)
    >>> bool(np.abs(audio[0] - sine).max() < 2**-15)
    True
    """
    path = checks.path("path", path)
    checks.instance("subtype", subtype, str)
    form = format_of(path)
    _check_subtype(path, form, subtype)
    quality = form.checked_quality(quality)
    sample_rate = check_rate("sample_rate", sample_rate)
    audio, tags = _check_audio(path, audio, subtype), checked_tags(tags)
    with replacing(path, ready) as temporary:
        if form.write:
            form.write(temporary, np.asarray(audio), sample_rate, subtype)
        else:
            _write_container(temporary, audio, sample_rate, form, subtype, quality, tags)


def check_encoding(
    path: str | os.PathLike[str], channels: int, sample_rate: int, subtype: str
) -> None:
    """Refuse audio that a file of this name cannot hold, before there is any.

    Parameters
    ----------
    path : str or path
        Its suffix names the format; nothing is written.
    channels : int
        Number of channels.
    sample_rate : int
        Sample rate in Hz.
    subtype : str
        Sample format, as for `write`.

    Raises
    ------
    ValueError
        If the suffix is of no format, or this lacks the subtype, rate or number of channels.

    Examples
    --------
    >>> from musisep.io.files import check_encoding
    >>> check_encoding("stem.flac", channels=9, sample_rate=44100, subtype="PCM_24")
    Traceback (most recent call last):
        ...
    ValueError: FLAC PCM_24 cannot hold channels=9 at sample_rate=44100: ...
    """
    path = checks.path("path", path)
    form = format_of(path)
    _check_subtype(path, form, subtype)
    if not form.write:
        _encoder(BytesIO(), channels, sample_rate, form, subtype).close()


def sample_bytes(path: Path, subtype: str) -> int:
    """Return how many bytes a sample takes in a file of this name.

    Parameters
    ----------
    path : Path
        Its suffix names the format.
    subtype : str
        Sample format, as for `write`.

    Returns
    -------
    int
        Bytes of a sample; 0 if that is not known, as of compressed formats.

    Raises
    ------
    ValueError
        If the suffix is of no format.

    Examples
    --------
    >>> from pathlib import Path
    >>> from musisep.io.files import sample_bytes
    >>> sample_bytes(Path("stem.wav"), "PCM_24"), sample_bytes(Path("stem.flac"), "PCM_24")
    (3, 0)
    """
    return SAMPLE_BYTES.get(subtype, 0) if format_of(path).container == "WAV" else 0


def headroom_gain(signals: Iterable[ArrayLike | Stored], subtype: str) -> float:
    """Return the one gain that keeps all signals within the range of a subtype.

    Parameters
    ----------
    signals : iterable of array_like or Stored, float [...]
        Finite samples, for instance all stems of a mixture.
    subtype : str
        Sample format, as for `write`.

    Returns
    -------
    float
        1 for ``"FLOAT"``, whose range no sane signal leaves; otherwise 1 / peak, if above 1. Also
        for Vorbis, Opus and MP3: they hold more, but players decode them to integers.

    Raises
    ------
    ValueError
        If the signals are no iterable of real numbers.

    Examples
    --------
    >>> from musisep.io.files import headroom_gain
    >>> headroom_gain([[0.5, -2.0], [0.1, 0.3]], "PCM_16")
    0.5
    >>> headroom_gain([[0.5, -2.0], [0.1, 0.3]], "FLOAT")
    1.0
    """
    checks.instance("subtype", subtype, str)
    checks.iterable("signals", signals)
    loudest = max((peak_of(_samples(signal, "signals")) for signal in signals), default=0.0)
    largest = LARGEST.get(subtype, 1.0)
    return largest / loudest if loudest > largest else 1.0


def _check_subtype(path: Path, form: Format, subtype: str) -> None:
    subtypes = form.subtypes if form.write else sf.available_subtypes(form.container)
    if subtype not in subtypes and subtype in form.subtypes:
        version = f"libsndfile {sf.__libsndfile_version__}"
        others = ", ".join(name for name, other in writable().items() if other is not form)
        raise ValueError(
            f"{str(path)!r}: {version} cannot write {subtype}; update it, or choose {others}"
        )
    if subtype not in subtypes:
        known = ", ".join(subtypes)
        raise ValueError(f"{str(path)!r}: {subtype=} must be one of {known}")


def _samples(signal: ArrayLike | Stored, name: str) -> Real | Stored:
    return signal if isinstance(signal, Stored) else np.atleast_1d(as_real(signal, name))


def _check_audio(path: Path, audio: ArrayLike | Stored, subtype: str) -> Real | Stored:
    """Return the audio as `[channel, sample]`, fit for writing."""
    name, values = repr(str(path)), audio if isinstance(audio, Stored) else as_array(audio, "audio")
    if not np.issubdtype(values.dtype, np.floating):
        raise ValueError(f"{name}: audio.dtype={values.dtype} must be real floating point")
    if values.ndim not in (1, 2) or not values.size:
        limit = "must be (channel, sample) or (sample,), with at least one sample"
        raise ValueError(f"{name}: audio.shape={values.shape} {limit}")
    values = values if isinstance(values, Stored) else np.atleast_2d(values)
    if len(values) > MAX_CHANNELS:
        limit = f"has more than {MAX_CHANNELS} channels (is it transposed?)"
        raise ValueError(f"{name}: audio.shape={values.shape} {limit}")
    loudest, first, largest = 0.0, 0, LARGEST.get(subtype, 1.0)
    for block in blocks_of(values):
        check_finite(block, f"{name}: audio", first)
        loudest, first = max(loudest, peak(block)), first + block.shape[-1]
    if loudest > largest:
        limit = f"clips in {subtype} above {largest:g}"
        advice = "multiply by headroom_gain, or write FLOAT"
        raise ValueError(f"{name}: peak={loudest:g} {limit}; {advice}")
    return values


def _write_container(
    path: Path,
    audio: Real | Stored,
    sample_rate: int,
    form: Format,
    subtype: str,
    quality: float | None,
    tags: Mapping[str, str],
) -> None:
    """Write by libsndfile, and look after what it neglects."""
    if form.container == "WAV" and audio.size * SAMPLE_BYTES.get(subtype, 0) > MAX_WAV_BYTES:
        form = FORMATS["rf64"]
    head, tags = (id3(tags), {}) if form.container == "MP3" else (b"", tags)
    with path.open("w+b", buffering=0) as file:
        file.write(head)
        sink = Sink(file, len(head))
        try:
            with _encoder(sink, len(audio), sample_rate, form, subtype, quality) as sound:
                set_tags(sound, tags)
                for block in blocks_of(audio):
                    sound.write(np.ascontiguousarray(block.T, dtype=np.float64))
        except (sf.SoundFileError, AssertionError) as error:  # it asserts that all was written
            raise sink.error or OSError(reason(error)) from error
        if sink.error:
            raise sink.error
    _check_complete(path, audio.shape[1], form.container)
    if form.container in ("WAV", "AIFF") and subtype in LARGEST:
        _blank_time(path, RIFF if form.container == "WAV" else RIFX)
    if form.container == "OGG":
        blank_serial(path)


class Sink:
    """A file for encoders written in C, which cannot be told what the operating system refused.

    Parameters
    ----------
    file : FileIO
    start : int
        Bytes at the beginning that the encoder does not know of.

    Attributes
    ----------
    error : OSError or None
        The first refusal.
    """

    def __init__(self, file: FileIO, start: int = 0) -> None:
        self._file, self._start = file, start
        self.error: OSError | None = None
        self.readinto = file.readinto

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, as the encoder counts."""
        start = self._start if whence == os.SEEK_SET else 0
        return self._file.seek(start + position, whence) - self._start

    def tell(self) -> int:
        """Return where the encoder is."""
        return self._file.tell() - self._start

    def write(self, content: bytes) -> int:
        """Write, or keep the error; return the number of bytes that were written."""
        written = 0
        try:
            while written < len(content):
                written += self._file.write(memoryview(content)[written:])
        except OSError as error:
            self.error = self.error or error
        return written


def _encoder(
    sink: Sink | BytesIO,
    channels: int,
    sample_rate: int,
    form: Format,
    subtype: str,
    quality: float | None = None,
) -> sf.SoundFile:
    """Return what is to be given the samples; ValueError if it cannot hold them."""
    options: dict[str, Any] = {}
    if quality is not None:
        options["compression_level"] = min(1 - quality, MOST_COMPRESSION)
    if form.container == "MP3":  # at a constant bit rate the header may lack the length
        options = {"compression_level": 0.0, "bitrate_mode": "VARIABLE"} | options
    try:
        return sf.SoundFile(
            sink, "w", sample_rate, channels, subtype, format=form.container, **options
        )
    except sf.LibsndfileError as error:
        if getattr(sink, "error", None):
            raise
        message = f"{form.container} {subtype} cannot hold {channels=} at {sample_rate=}"
        why = reason(error).removeprefix("Error : ")
        if channels > form.channels:
            why = f"it has {form.channels} channels at most"
        raise ValueError(f"{message}: {why}; choose another format") from error


def _check_complete(path: Path, frames: int, container: str) -> None:
    """Read compressed audio back, in which an encoder may have lost the end."""
    if container not in ("FLAC", "OGG", "MP3"):
        return
    with path.open("rb") as file, Decoder(file) as sound:
        held = sum(map(len, sound.blocks_of(range(frames))))
    if held < frames:
        raise OSError(f"only {held} of {frames} samples arrived")


def _blank_time(path: Path, chunks: Chunks) -> None:
    """Blank the time of writing, so that the same samples are the same bytes."""
    with path.open("r+b") as file:
        place = chunks.places(Window(file, 0, path.stat().st_size)).get(b"PEAK")
        if place:
            file.seek(place[0] + 4)  # behind the version
            file.write(bytes(4))
