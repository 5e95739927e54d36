"""Reading audio files: headers are checked first, then samples are taken block by block."""

import math
import os
import re
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from musisep.audio.arrays import check_finite
from musisep.io.formats import BLOCK_FRAMES, MAX_CHANNELS, MAX_RATE, MAX_SAMPLES, MIN_RATE
from musisep.io.replacing import problem, reason


def read(
    path: str | os.PathLike[str], *, start_s: float = 0.0, duration_s: float | None = None
) -> tuple[NDArray[np.float64], int]:
    """Read an audio file of any format that libsndfile knows.

    The header is checked against `MIN_RATE`, `MAX_RATE`, `MAX_CHANNELS` and `MAX_SAMPLES`
    first; memory is then taken block by block, for samples that really arrive.

    Parameters
    ----------
    path : str or path
        The file.
    start_s : float >= 0
        Where to begin, in seconds.
    duration_s : float > 0, optional
        How much to read, in seconds; at most what there is, which is also the default.

    Returns
    -------
    audio : ndarray, shape (channel, sample)
        Samples; integers in the file become [-1, 1).
    sample_rate : int
        In Hz.

    Raises
    ------
    AudioFileError
        If the file is missing, no file, empty, truncated, not audio, or beyond the limits.
    ValueError
        If a sample is NaN or infinite, or the excerpt does not begin inside the recording.
    """
    path = Path(path)
    if not 0 <= start_s < math.inf:
        raise ValueError(f"start_s={start_s} must be a time of at least 0 s")
    if duration_s is not None and not 0 < duration_s < math.inf:
        raise ValueError(f"duration_s={duration_s} must be a time above 0 s")
    _check_file(path)
    with _opened(path) as sound:
        _check_header(path, sound)
        start, frames = _excerpt(path, sound, start_s, duration_s)
        audio = _read_blocks(path, sound, start, frames)
        sample_rate = sound.samplerate
    name = repr(str(path))
    check_finite(audio, f"{name} from {start_s=}" if start else name)
    return audio, sample_rate


def _check_file(path: Path) -> None:
    """Refuse what is no file with content, before anything could block on opening it."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            path.open("rb").close()
    except OSError as error:
        advice = "check its name, its folder and its permissions"
        raise problem(path, f"cannot be read: {reason(error)}; {advice}") from error
    if stat.S_ISDIR(status.st_mode):
        raise problem(path, "is a folder; name an audio file")
    if not stat.S_ISREG(status.st_mode):
        raise problem(path, "is a pipe or a device; store the audio in a regular file first")
    if not status.st_size:
        raise problem(path, "is empty (0 bytes); copy or export it again")


@contextmanager
def _opened(path: Path) -> Iterator[sf.SoundFile]:
    try:
        sound = sf.SoundFile(path)
    except (sf.SoundFileError, TypeError) as error:  # TypeError: headerless, by its suffix .raw
        reason = "is damaged, or no audio that libsndfile knows (it lacks m4a, aac and wma)"
        raise problem(path, f"{reason}; convert it first: {_ffmpeg(path)}") from error
    with sound:
        yield sound


def _check_header(path: Path, sound: sf.SoundFile) -> None:
    if not MIN_RATE <= sound.samplerate <= MAX_RATE:
        limits = f"outside {MIN_RATE} to {MAX_RATE} Hz; resample it first"
        raise problem(path, f"has a sample rate of {sound.samplerate} Hz, {limits}")
    if sound.channels > MAX_CHANNELS:
        limits = f"more than {MAX_CHANNELS}; mix them down first"
        raise problem(path, f"has {sound.channels} channels, {limits}")
    shortfall = _shortfall(path, sound)
    if shortfall:
        raise problem(path, f"is truncated: {shortfall}; repair it: {_ffmpeg(path)}")
    if not sound.frames:
        raise problem(path, "is empty (0 samples); record or export it again")


def _shortfall(path: Path, sound: sf.SoundFile) -> str | None:
    """Tell what the header promises and the file lacks.

    libsndfile lowers `frames` to what is there, and mentions the promise in its log only.
    """
    log = sound.extra_info
    sizes = re.search(r"(?m)^ *(?:data|SSND|Data Size|riff) *: (\d+) \(should be (\d+)\)", log)
    if sizes and int(sizes[1]) > int(sizes[2]):
        return f"its header promises {sizes[1]} bytes of samples, it holds {sizes[2]}"
    counts = re.search(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)", log)
    if counts and int(counts[2]) > int(counts[1]):
        return f"its header promises {counts[2]} samples, it holds {counts[1]}"
    if sound.format == "OGG" and not _ogg_ends(path):
        return f"its stream has no end, it holds {sound.frames} samples"
    return None


def _ogg_ends(path: Path) -> bool:
    """Look for a complete last page with the end-of-stream flag (RFC 3533, section 6)."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2**16))  # a page has at most 65,307 bytes
        tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or not page[5] & 4:
        return False
    lacing = page[27 : 27 + page[26]]
    return len(page) >= 27 + page[26] + sum(lacing)


def _excerpt(
    path: Path, sound: sf.SoundFile, start_s: float, duration_s: float | None
) -> tuple[int, int]:
    """Return the first frame and the number of frames to read."""
    start = round(start_s * sound.samplerate)
    if start >= sound.frames:
        length_s = sound.frames / sound.samplerate
        raise ValueError(
            f"start_s={start_s} must be below the length of {str(path)!r}, {length_s:g} s"
        )
    frames = sound.frames - start
    if duration_s is not None:
        frames = min(frames, max(1, round(duration_s * sound.samplerate)))
    if frames * sound.channels > MAX_SAMPLES:
        claim = f"promises {frames} samples x {sound.channels} channels"
        advice = f"read a part of it, or if it is shorter, repair it: {_ffmpeg(path)}"
        raise problem(path, f"{claim}, above the limit of {MAX_SAMPLES}; {advice}")
    return start, frames


def _read_blocks(path: Path, sound: sf.SoundFile, start: int, frames: int) -> NDArray[np.float64]:
    blocks: list[NDArray[np.float64]] = []
    arrived = 0
    cause: Exception | None = None
    try:
        sound.seek(start)
        for block in sound_blocks(sound, frames):
            blocks.append(np.ascontiguousarray(block.T))
            arrived += len(block)
        if arrived == frames:
            return np.concatenate(blocks, axis=1)
    except sf.SoundFileError as error:
        cause = error
    except MemoryError as error:
        raise problem(path, "does not fit into memory; read a part of it") from error
    numbers = f"its header promises {sound.frames} samples, reading ended at {start + arrived}"
    raise problem(path, f"is truncated: {numbers}; repair it: {_ffmpeg(path)}") from cause


def sound_blocks(sound: sf.SoundFile, frames: int) -> Iterator[NDArray[np.float64]]:
    """Yield what arrives; `SoundFile.blocks` would make up what the header only promises."""
    while frames > 0:
        block = sound.read(min(BLOCK_FRAMES, frames), always_2d=True)
        if not len(block):
            return
        yield block
        frames -= len(block)


def _ffmpeg(path: Path) -> str:
    target = path.stem + ("-fixed.wav" if path.suffix.lower() == ".wav" else ".wav")
    return f"ffmpeg -i {shlex.quote(path.name)} {shlex.quote(target)}"
