"""Reading audio files: lengths are counted first, then samples are taken block by block."""

import os
import re
import shlex
import stat
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile as sf

from musisep._util import checks
from musisep._util.limits import MOST_WHOLE_SAMPLES
from musisep.audio.arrays import check_finite
from musisep.io.chunks import Damaged
from musisep.io.containers import SEVERAL, Content, content_of
from musisep.io.decoding import Decoder, complaints
from musisep.io.formats import MAX_CHANNELS, MAX_RATE, MAX_SAMPLES, MIN_RATE
from musisep.io.pieces import Pieces
from musisep.io.replacing import AudioFileError, problem, reason
from musisep.io.stored import Floats, Scratch, Spool

ADDRESS = re.compile(r"(https?|ftps?|s3|gs|file):/")
OPEN_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How files are opened: a pipe without a writer must not hold us up."""
TOO_LARGE = "does not fit into memory; read a part of it"


def read(
    path: str | os.PathLike[str], *, start_s: float = 0.0, duration_s: float | None = None
) -> tuple[Floats, int]:
    """Read an audio file: WAV, W64, RF64, AIFF, AU, CAF, FLAC, Ogg or MP3.

    The header is checked against `MIN_RATE`, `MAX_RATE`, `MAX_CHANNELS` and `MAX_SAMPLES`
    first; memory is then taken block by block, for samples that really arrive.

    Parameters
    ----------
    path : str or path
        The file.
    start_s : float, optional
        Where to begin, in seconds, from 0 on.
    duration_s : float, optional
        How much to read, in seconds, above 0; at most what there is, which is also the default.

    Returns
    -------
    audio : ndarray, float64 [channel, sample]
        Samples; integers in the file become [-1, 1).
    sample_rate : int
        Sample rate in Hz.

    Raises
    ------
    AudioFileError
        If the file is missing, no file, empty, truncated, not audio, or beyond the limits.
    ValueError
        If a sample is NaN or infinite, or the excerpt does not begin inside the recording.

    Examples
    --------
    >>> from importlib.resources import files
    >>> from musisep.io.files import read
    >>> mix = str(files("musisep") / "demo" / "mix.flac")
    >>> audio, sample_rate = read(mix, start_s=1.0, duration_s=0.5)
    >>> audio.shape, sample_rate
    ((1, 22050), 44100)
    """
    blocks: list[Floats] = []
    path, sample_rate = _decode(path, start_s, duration_s, lambda *_: blocks.append)
    try:
        return np.concatenate(blocks, axis=1), sample_rate
    except MemoryError as error:
        raise problem(path, TOO_LARGE) from error


def spool(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    longest_s: float,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
) -> tuple[Floats | Scratch, int]:
    """Read an audio file; one that is long into a temporary file.

    Parameters
    ----------
    path : str or path
        The file.
    folder : path
        Folder for the temporary file.
    longest_s : float
        What is longer, in seconds, is not kept in memory; nor are very many samples.
    start_s : float, optional
        Where to begin, in seconds, from 0 on.
    duration_s : float, optional
        How much to read, in seconds, above 0; at most what there is, which is also the default.

    Returns
    -------
    audio : ndarray or Scratch, float64 [channel, sample]
        Samples, as of `read`; a Scratch gives an array for ``audio[..., first:stop]``.
    sample_rate : int
        Sample rate in Hz.

    Raises
    ------
    AudioFileError
        As `read`, or if there is no room in the folder.
    ValueError
        As `read`, or if a time is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> from importlib.resources import files
    >>> from musisep.io.files import spool
    >>> mix = str(files("musisep") / "demo" / "mix.flac")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     audio, sample_rate = spool(mix, folder, longest_s=5.0)
    ...     part = audio[..., :1000]
    >>> audio.shape, part.shape
    ((1, 476280), (1, 1000))
    """
    longest_s = checks.above_zero("longest_s", longest_s)
    spools: list[Spool] = []

    def begin(channels: int, sample_rate: int) -> Callable[[Floats], None]:
        most = min(round(longest_s * sample_rate), MOST_WHOLE_SAMPLES // channels)
        spools.append(Spool(folder, channels, most))
        return spools[-1].append

    _, sample_rate = _decode(path, start_s, duration_s, begin)
    return spools[-1].signal(), sample_rate


def _decode(
    path: str | os.PathLike[str],
    start_s: float,
    duration_s: float | None,
    begin: Callable[[int, int], Callable[[Floats], None]],
) -> tuple[Path, int]:
    """Decode an excerpt; return the path and the sample rate.

    `begin` is called with the number of channels and the sample rate, and returns what is called
    with the blocks [channel, sample].
    """
    path = checks.path("path", path)
    if checks.number("start_s", start_s) < 0:
        raise ValueError(f"{start_s=} must be a time of at least 0 s")
    if duration_s is not None and checks.number("duration_s", duration_s) <= 0:
        raise ValueError(f"{duration_s=} must be a time above 0 s")
    with regular_file(path) as file:
        content = _look(path, file)
        # Of all decoders only that of MPEG audio writes to stderr.
        mpeg = content.decoded is not None
        with complaints(mpeg) as lines, _decoder(path, file, content) as sound:
            _check_header(path, sound)
            excerpt = _excerpt(path, sound, content, start_s, duration_s)
            keep = begin(sound.channels, sound.samplerate)
            try:
                for block in _blocks(path, sound, content, excerpt, start_s):
                    keep(block)
            except MemoryError as error:
                raise problem(path, TOO_LARGE) from error
            sample_rate = sound.samplerate
    _warn(path, content, len(lines))
    return path, sample_rate


def blocks(path: str | os.PathLike[str]) -> Iterator[Floats]:
    """Read an audio file block by block, so that its length takes no memory.

    Parameters
    ----------
    path : str or path
        The file; it is open until the last block was read, or the iterator is closed.

    Yields
    ------
    block : ndarray, float64 [channel, sample]
        The next samples, as of `read`; lengths of blocks may differ.

    Raises
    ------
    AudioFileError
        As `read`, when what is wrong is reached.
    ValueError
        If a sample is NaN or infinite.

    Examples
    --------
    >>> from importlib.resources import files
    >>> from musisep.io.files import blocks
    >>> mix = str(files("musisep") / "demo" / "mix.flac")
    >>> sum(block.shape[1] for block in blocks(mix))
    476280
    """
    path = checks.path("path", path)
    with ExitStack() as stack:
        file = stack.enter_context(regular_file(path))
        content = _look(path, file)
        mpeg, faults = content.decoded is not None, 0
        with complaints(mpeg) as lines:
            sound = stack.enter_context(_decoder(path, file, content))
        _check_header(path, sound)
        excerpt = _excerpt(path, sound, content, 0.0, None)
        arriving = _blocks(path, sound, content, excerpt, 0.0)
        # Others may read meanwhile: what is written to stderr is caught block by block.
        block: Floats | None
        while True:
            faults += len(lines)
            with complaints(mpeg) as lines:
                block = next(arriving, None)
            if block is None:
                break
            yield block
        faults += len(lines)
    _warn(path, content, faults)


def _warn(path: Path, content: Content, faults: int) -> None:
    """Warn of what is strange about a file that could be read, and of faults of its coding."""
    told = [f"its decoder complains of {faults} faults; listen to it"] if faults else []
    for note in (*content.notes, *told):
        warnings.warn(f"{str(path)!r}: {note}", stacklevel=4)


def check_excerpt(
    path: str | os.PathLike[str], *, start_s: float = 0.0, duration_s: float | None = None
) -> None:
    """Refuse what `read` refuses before it decodes samples; parameters and errors are its own."""
    path = checks.path("path", path)
    with regular_file(path) as file:
        content = _look(path, file)
        with complaints(content.decoded is not None), _decoder(path, file, content) as sound:
            _check_header(path, sound)
            _excerpt(path, sound, content, start_s, duration_s)


@dataclass(frozen=True)
class AudioInfo:
    """What an audio file holds.

    Parameters
    ----------
    channels : int
        Number of channels.
    samples : int
        Number of samples of each channel.
    sample_rate : int
        Sample rate in Hz.

    Examples
    --------
    >>> from musisep.io.files import AudioInfo
    >>> AudioInfo(channels=2, samples=66150, sample_rate=44100).duration_s
    1.5
    """

    channels: int
    samples: int
    sample_rate: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / self.sample_rate


def info(path: str | os.PathLike[str]) -> AudioInfo:
    """Tell what an audio file holds, without decoding its samples.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    AudioInfo
        Channels, samples and sample rate.

    Raises
    ------
    AudioFileError
        As `read`, or if neither the header nor the file tells the length.

    Examples
    --------
    >>> from importlib.resources import files
    >>> from musisep.io.files import info
    >>> info(str(files("musisep") / "demo" / "mix.flac"))
    AudioInfo(channels=1, samples=476280, sample_rate=44100)
    """
    path = checks.path("path", path)
    with regular_file(path) as file:
        content = _look(path, file)
        with complaints(content.decoded is not None), _decoder(path, file, content) as sound:
            _check_header(path, sound)
            length = content.length(sound.frames)
            if length is None:
                raise problem(path, f"does not tell its length; convert it first: {_ffmpeg(path)}")
            return AudioInfo(sound.channels, length, sound.samplerate)


@contextmanager
def regular_file(path: Path) -> Iterator[BufferedReader]:
    """Open a file with content, without waiting for a pipe; refuse all else."""
    if os.path.isdir(path):
        raise problem(path, "is a folder; name an audio file")
    try:
        descriptor = os.open(path, OPEN_FLAGS)
    except (OSError, ValueError) as error:  # ValueError: a null byte
        advice = "check its name, its folder and its permissions"
        if ADDRESS.match(str(path)):
            advice = "it is an address, download it first"
        raise problem(path, f"cannot be read: {reason(error)}; {advice}") from error
    with open(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise problem(path, "is a pipe or a device; store the audio in a regular file first")
        if not status.st_size:
            raise problem(path, "is empty (0 bytes); copy or export it again")
        yield file


def _look(path: Path, file: BinaryIO) -> Content:
    """Count what is in the file."""
    try:
        content = content_of(file, os.fstat(file.fileno()).st_size)
    except Damaged as error:
        repair = f"repair it: {_ffmpeg(path)}"
        advice = "divide it first" if SEVERAL in str(error) else repair
        raise problem(path, f"{error}; {advice}") from error
    except OSError as error:
        raise problem(path, f"cannot be read: {reason(error)}") from error
    if content is None:
        raise _unknown(path)
    return content


@contextmanager
def _decoder(path: Path, file: BinaryIO, content: Content) -> Iterator[Decoder]:
    pieces = Pieces(file, content.pieces)
    try:
        with Decoder(pieces) as sound:
            yield sound
    except sf.SoundFileError as error:
        raise _unknown(path) from error
    finally:
        if pieces.error:
            raise problem(path, f"cannot be read: {reason(pieces.error)}") from pieces.error


def _unknown(path: Path) -> AudioFileError:
    reason = "is damaged, or of a format that is not read (such as m4a, aac or wma)"
    return problem(path, f"{reason}; convert it first: {_ffmpeg(path)}")


def _check_header(path: Path, sound: sf.SoundFile) -> None:
    if not MIN_RATE <= sound.samplerate <= MAX_RATE:
        limits = f"outside {MIN_RATE} to {MAX_RATE} Hz; resample it first"
        raise problem(path, f"has a sample rate of {sound.samplerate} Hz, {limits}")
    if sound.channels > MAX_CHANNELS:
        limits = f"more than {MAX_CHANNELS}; mix them down first"
        raise problem(path, f"has {sound.channels} channels, {limits}")
    if not sound.frames:
        raise problem(path, "is empty (0 samples); record or export it again")


def _excerpt(
    path: Path, sound: Decoder, content: Content, start_s: float, duration_s: float | None
) -> range:
    """Return which samples of the recording to read; up to the limit if its length is unknown."""
    rate, most = sound.samplerate, MAX_SAMPLES // sound.channels
    length = content.length(sound.frames)
    start = round(min(float(start_s) * rate, sys.maxsize))
    if length is not None and start >= length:
        raise _starts_behind(path, start_s, length / rate)
    frames = most if length is None else length - start
    if duration_s is not None:
        frames = min(frames, max(1, round(min(float(duration_s) * rate, sys.maxsize))))
    if frames > most:
        claim = f"promises {frames} samples x {sound.channels} channels"
        advice = f"read a part of it, or if it is shorter, repair it: {_ffmpeg(path)}"
        raise problem(path, f"{claim}, above the limit of {MAX_SAMPLES}; {advice}")
    return range(start, start + frames)


def _starts_behind(path: Path, start_s: float, length_s: float) -> ValueError:
    name = repr(str(path))
    return ValueError(f"start_s={start_s} must be below the length of {name}, {length_s:g} s")


def _blocks(
    path: Path, sound: Decoder, content: Content, excerpt: range, start_s: float
) -> Iterator[Floats]:
    """Yield the samples of the excerpt, all of which must arrive if the length is known."""
    length = content.length(sound.frames)
    stop = content.lead + excerpt.stop
    counted = content.decoded if excerpt.stop == length else None
    name = f"{str(path)!r} from {start_s=}" if excerpt.start else repr(str(path))
    kept = 0
    cause: Exception | None = None
    try:
        # Where samples are counted, there must not be one more either.
        most = stop if counted is None else counted + 1
        for block in sound.blocks_of(range(content.lead + excerpt.start, most)):
            wanted = np.ascontiguousarray(block.T[:, : len(excerpt) - kept])
            check_finite(wanted, name, kept)
            if wanted.size:
                yield wanted
            kept += wanted.shape[1]
        whole = sound.position >= stop if counted is None else sound.position == counted
        if kept and (length is None or whole):
            return
    except sf.SoundFileError as error:
        cause = error
    ended = max(0, sound.position - content.lead)
    if length is None and not cause:
        raise _starts_behind(path, start_s, ended / sound.samplerate)
    promise = "" if length is None else f"its header promises {length} samples, "
    numbers = f"{promise}reading ended at {ended}"
    raise problem(path, f"is truncated: {numbers}; repair it: {_ffmpeg(path)}") from cause


def _ffmpeg(path: Path) -> str:
    """Return the line that converts a file into a WAV in the folder where one is."""
    target = path.stem + ("-fixed.wav" if path.suffix.lower() == ".wav" else ".wav")
    source, target = (f"./{name}" if name[0] == "-" else name for name in (str(path), target))
    return f"ffmpeg -i {shlex.quote(source)} {shlex.quote(target)}"
