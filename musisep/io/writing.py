"""Writing audio files whole or not at all, and refusing what a file cannot hold."""

from __future__ import annotations

import os
from collections.abc import Iterable
from io import FileIO
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import ArrayLike, NDArray

from musisep._util import checks
from musisep.audio.arrays import as_array, as_real, check_finite, peak
from musisep.io.decoding import Decoder
from musisep.io.formats import BLOCK_FRAMES, MAX_CHANNELS, Format, format_of
from musisep.io.rates import check_rate
from musisep.io.replacing import reason, replacing

LARGEST = {"FLOAT": float(np.finfo(np.float32).max), "DOUBLE": float(np.finfo(np.float64).max)}
"""Greatest magnitude that a sample format holds, 1 for all others."""
SAMPLE_BYTES = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
"""Of the sample formats of which a long file needs another container."""
MAX_WAV_BYTES = 2**32 - 2**16
"""Of samples: the header of a WAV counts in 32 bits; the rest is room for its chunks."""


def write(
    path: str | os.PathLike[str],
    audio: ArrayLike,
    sample_rate: int,
    *,
    subtype: str = "FLOAT",
) -> None:
    """Write an audio file whole or not at all; the suffix names the format.

    The samples go to a temporary file in the same folder, which takes the place of `path`
    when it is complete. Missing folders are made. A WAV above 4 GB becomes RF64.

    Parameters
    ----------
    path : str or path
        The file, with the suffix of one of `musisep.io.formats.FORMATS`.
    audio : array of float, shape (channel, sample) or (sample,)
        Within [-1, 1], unless `subtype` is ``"FLOAT"`` or ``"DOUBLE"``.
    sample_rate : int
        In Hz, from `MIN_RATE` to `MAX_RATE`.
    subtype : str
        One that the format lists, or libsndfile's name of any other encoding that the container
        can have: ``"FLOAT"``, ``"PCM_16"``, ``"PCM_24"``, ``"VORBIS"``, ...

    Raises
    ------
    ValueError
        If the format lacks the subtype, rate or number of channels, if a sample is NaN or
        infinite, or if the peak would clip.
    AudioFileError
        If the file cannot be written; a file that was there before is then untouched.
    """
    path = checks.path("path", path)
    checks.instance("subtype", subtype, str)
    form = format_of(path)
    _check_subtype(path, form, subtype)
    sample_rate = check_rate("sample_rate", sample_rate)
    audio = _check_audio(path, audio, subtype)
    with replacing(path) as temporary:
        if form.write:
            form.write(temporary, audio, sample_rate, subtype)
        else:
            _write_container(temporary, audio, sample_rate, form.container, subtype)


def headroom_gain(signals: Iterable[ArrayLike], subtype: str) -> float:
    """Return the one gain that keeps all signals within the range of a subtype.

    Parameters
    ----------
    signals : iterable of arrays of any shape
        Finite samples, for instance all stems of a mixture.
    subtype : str
        As for `write`.

    Returns
    -------
    gain : float in (0, 1]
        1 for ``"FLOAT"``, whose range no sane signal leaves; otherwise 1 / peak, if above 1.
    """
    checks.instance("subtype", subtype, str)
    checks.iterable("signals", signals)
    loudest = max((peak(as_real(signal, "signals")) for signal in signals), default=0.0)
    largest = LARGEST.get(subtype, 1.0)
    return largest / loudest if loudest > largest else 1.0


def _check_subtype(path: Path, form: Format, subtype: str) -> None:
    subtypes = form.subtypes if form.write else sf.available_subtypes(form.container)
    if subtype not in subtypes:
        known = ", ".join(subtypes)
        raise ValueError(f"{str(path)!r}: {subtype=} must be one of {known}")


def _check_audio(path: Path, audio: ArrayLike, subtype: str) -> NDArray[np.floating]:
    """Return the audio as `[channel, sample]`, fit for writing."""
    name, values = repr(str(path)), as_array(audio, "audio")
    if not np.issubdtype(values.dtype, np.floating):
        raise ValueError(f"{name}: audio.dtype={values.dtype} must be real floating point")
    if values.ndim not in (1, 2) or not values.size:
        limit = "must be (channel, sample) or (sample,), with at least one sample"
        raise ValueError(f"{name}: audio.shape={values.shape} {limit}")
    values = np.atleast_2d(values)
    if len(values) > MAX_CHANNELS:
        limit = f"has more than {MAX_CHANNELS} channels (is it transposed?)"
        raise ValueError(f"{name}: audio.shape={values.shape} {limit}")
    check_finite(values, f"{name}: audio")
    loudest, largest = peak(values), LARGEST.get(subtype, 1.0)
    if loudest > largest:
        limit = f"clips in {subtype} above {largest:g}"
        advice = "multiply by headroom_gain, or write FLOAT"
        raise ValueError(f"{name}: peak={loudest:g} {limit}; {advice}")
    return values


def _write_container(
    path: Path, audio: NDArray[np.floating], sample_rate: int, container: str, subtype: str
) -> None:
    """Write by libsndfile, and look after what it neglects."""
    if container == "WAV" and audio.size * SAMPLE_BYTES.get(subtype, 0) > MAX_WAV_BYTES:
        container = "RF64"
    with path.open("w+b", buffering=0) as file:
        sink = Sink(file)
        try:
            _encode(sink, audio, sample_rate, container, subtype)
        except (sf.SoundFileError, AssertionError) as error:  # it asserts that all was written
            raise sink.error or OSError(reason(error)) from error
        if sink.error:
            raise sink.error
    _check_complete(path, audio.shape[1], container)
    _blank_time(path, container, subtype)


class Sink:
    """A file for encoders written in C, which cannot be told what the operating system refused.

    Attributes
    ----------
    error : OSError or None
        The first refusal.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.error: OSError | None = None
        self.seek, self.tell, self.readinto = file.seek, file.tell, file.readinto

    def write(self, content: bytes) -> int:
        """Write, or keep the error; return the number of bytes that were written."""
        written = 0
        try:
            while written < len(content):
                written += self._file.write(memoryview(content)[written:])
        except OSError as error:
            self.error = self.error or error
        return written


def _encode(
    sink: Sink, audio: NDArray[np.floating], sample_rate: int, container: str, subtype: str
) -> None:
    channels, frames = audio.shape
    try:
        sound = sf.SoundFile(sink, "w", sample_rate, channels, subtype, format=container)
    except sf.LibsndfileError as error:
        if sink.error:
            raise
        message = f"{container} {subtype} cannot hold {channels=} at {sample_rate=}"
        raise ValueError(f"{message}: {reason(error)}") from error
    with sound:
        for start in range(0, frames, BLOCK_FRAMES):
            block = audio[:, start : start + BLOCK_FRAMES]
            sound.write(np.ascontiguousarray(block.T, dtype=np.float64))


def _check_complete(path: Path, frames: int, container: str) -> None:
    """Read compressed audio back, in which an encoder may have lost the end."""
    if container not in ("FLAC", "OGG", "MP3"):
        return
    with path.open("rb") as file, Decoder(file) as sound:
        held = sum(map(len, sound.blocks_of(range(frames))))
    if held < frames:
        raise OSError(f"only {held} of {frames} samples arrived")


def _blank_time(path: Path, container: str, subtype: str) -> None:
    """Blank the time of writing, so that the same samples are the same bytes."""
    if container not in ("WAV", "AIFF") or subtype not in LARGEST:
        return
    with path.open("r+b") as file:
        peak_chunk = file.read(128).find(b"PEAK")
        if peak_chunk >= 0:
            file.seek(peak_chunk + 12)  # behind name, size and version
            file.write(bytes(4))
