"""Audio files in, audio files out, and sample rates; the only user of soundfile and soxr."""

import math
import operator
import os
import re
import secrets
import shlex
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import ArrayLike, NDArray

# The limits of what is read and written.
MIN_RATE, MAX_RATE = 8_000, 192_000  # Hz
MAX_CHANNELS = 64  # ambisonics of seventh order
MAX_SAMPLES = 4 * 3600 * 48_000 * 2  # of all channels: 4 hours of stereo at 48 kHz, 11 GB

BLOCK_FRAMES = 65_536  # per call: libsndfile 1.2.2 crashes on a minute of Vorbis at once

FORMATS = {
    ".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".oga": "OGG", ".opus": "OGG", ".mp3": "MP3",
    ".aif": "AIFF", ".aiff": "AIFF", ".au": "AU", ".caf": "CAF", ".w64": "W64", ".rf64": "RF64",
}  # fmt: skip
SUFFIXES = tuple(FORMATS)  # of the files that are read when a folder is given

_SAMPLE_BYTES = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
_MAX_WAV_BYTES = 2**32 - 2**16  # the header counts in 32 bits; the rest is room for its chunks
_LARGEST = {"FLOAT": float(np.finfo(np.float32).max), "DOUBLE": float(np.finfo(np.float64).max)}
_SYSTEM_ERROR = 2  # libsndfile's code for "the operating system refused"


class AudioFileError(OSError):
    """A file cannot be read or written; one line: the file, what is wrong, what to do."""


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
    check_finite(audio, f"{_name(path)} from {start_s=}" if start else _name(path))
    return audio, sample_rate


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
        The file; one of `SUFFIXES`.
    audio : array of float, shape (channel, sample) or (sample,)
        Within [-1, 1], unless `subtype` is ``"FLOAT"`` or ``"DOUBLE"``.
    sample_rate : int
        In Hz, from `MIN_RATE` to `MAX_RATE`.
    subtype : str
        libsndfile's name of the encoding: ``"FLOAT"``, ``"PCM_16"``, ``"PCM_24"``,
        ``"VORBIS"``, ...

    Raises
    ------
    ValueError
        If the format lacks the subtype, rate or number of channels, if a sample is NaN or
        infinite, or if the peak would clip.
    AudioFileError
        If the file cannot be written; a file that was there before is then untouched.
    """
    path = Path(path)
    file_format = _format_of(path, subtype)
    sample_rate = check_rate("sample_rate", sample_rate)
    audio = _check_audio(path, audio, subtype)
    if file_format == "WAV" and audio.size * _SAMPLE_BYTES.get(subtype, 0) > _MAX_WAV_BYTES:
        file_format = "RF64"
    with replacing(path) as temporary:
        _encode(temporary, audio, sample_rate, file_format, subtype)
        _check_complete(temporary, audio.shape[1], file_format)
        _blank_time(temporary, file_format, subtype)


def check_finite(audio: ArrayLike, name: str) -> None:
    """Refuse NaN and infinite samples.

    Parameters
    ----------
    audio : array, shape (sample,), (channel, sample) or (instrument, channel, sample)
        The samples.
    name : str
        What the message calls them.

    Raises
    ------
    ValueError
        If a sample is not finite; the message tells where the earliest one is.
    """
    values = np.asarray(audio)
    if math.isfinite(_peak(values)):  # takes no memory
        return
    bad = ~np.isfinite(values)
    sample = int(bad.any(axis=tuple(range(bad.ndim - 1))).argmax())
    index = (*np.unravel_index(bad[..., sample].argmax(), bad.shape[:-1]), sample)
    axes = ("instrument", "channel", "sample")[-bad.ndim :]
    where = ", ".join(f"{axis} {i}" for axis, i in zip(axes, index, strict=True))
    raise ValueError(f"{name}: {where} is {values[index]}; all samples must be finite")


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
    peak = max((_peak(np.asarray(signal)) for signal in signals), default=0.0)
    largest = _LARGEST.get(subtype, 1.0)
    return largest / peak if peak > largest else 1.0


def resample(audio: ArrayLike, from_rate: int, to_rate: int) -> NDArray[np.float64]:
    """Change the sample rate (soxr, quality HQ).

    Parameters
    ----------
    audio : array, shape (..., sample)
        Any leading axes; at least one sample.
    from_rate, to_rate : int
        In Hz, from `MIN_RATE` to `MAX_RATE`.

    Returns
    -------
    resampled : ndarray, shape (..., samples * to_rate / from_rate, rounded, at least 1)
        A new array, also when the rates agree.

    Raises
    ------
    ValueError
        If a rate is outside the limits or there are no samples.
    """
    values = np.array(audio, dtype=np.float64)
    from_rate = check_rate("from_rate", from_rate)
    to_rate = check_rate("to_rate", to_rate)
    if not values.ndim or not values.size:
        raise ValueError(f"audio.shape={values.shape} must hold at least one sample")
    if from_rate == to_rate:
        return values
    frames = values.reshape(-1, values.shape[-1]).T
    # Silence behind a signal that is shorter than one new sample, of which soxr makes nothing.
    missing = max(0, math.ceil(from_rate / to_rate) - len(frames))
    frames = soxr.resample(np.pad(frames, ((0, missing), (0, 0))), from_rate, to_rate, "HQ")
    return np.ascontiguousarray(frames.T).reshape(*values.shape[:-1], -1)


def _name(path: Path) -> str:
    return repr(str(path))


def _problem(path: Path, text: str) -> AudioFileError:
    return AudioFileError(" ".join(f"{_name(path)} {text}".splitlines()))


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or getattr(error, "error_string", None) or str(error)
    return text.strip().removesuffix(".")


def _ffmpeg(path: Path) -> str:
    target = path.stem + ("-fixed.wav" if path.suffix.lower() == ".wav" else ".wav")
    return f"ffmpeg -i {shlex.quote(path.name)} {shlex.quote(target)}"


def check_rate(name: str, rate: int | None) -> int:
    """Return a sample rate in Hz as an int; ValueError if it is none that we work at."""
    try:
        value = operator.index(rate)  # type: ignore[arg-type]
    except TypeError:
        value = 0
    if not MIN_RATE <= value <= MAX_RATE:
        raise ValueError(f"{name}={rate} must be a whole number from {MIN_RATE} to {MAX_RATE} Hz")
    return value


def _check_file(path: Path) -> None:
    """Refuse what is no file with content, before anything could block on opening it."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            path.open("rb").close()
    except OSError as error:
        advice = "check its name, its folder and its permissions"
        raise _problem(path, f"cannot be read: {_reason(error)}; {advice}") from error
    if stat.S_ISDIR(status.st_mode):
        raise _problem(path, "is a folder; name an audio file")
    if not stat.S_ISREG(status.st_mode):
        raise _problem(path, "is a pipe or a device; store the audio in a regular file first")
    if not status.st_size:
        raise _problem(path, "is empty (0 bytes); copy or export it again")


@contextmanager
def _opened(path: Path) -> Iterator[sf.SoundFile]:
    try:
        sound = sf.SoundFile(path)
    except (sf.SoundFileError, TypeError) as error:  # TypeError: headerless, by its suffix .raw
        reason = "is damaged, or no audio that libsndfile knows (it lacks m4a, aac and wma)"
        raise _problem(path, f"{reason}; convert it first: {_ffmpeg(path)}") from error
    with sound:
        yield sound


def _check_header(path: Path, sound: sf.SoundFile) -> None:
    if not MIN_RATE <= sound.samplerate <= MAX_RATE:
        limits = f"outside {MIN_RATE} to {MAX_RATE} Hz; resample it first"
        raise _problem(path, f"has a sample rate of {sound.samplerate} Hz, {limits}")
    if sound.channels > MAX_CHANNELS:
        limits = f"more than {MAX_CHANNELS}; mix them down first"
        raise _problem(path, f"has {sound.channels} channels, {limits}")
    shortfall = _shortfall(path, sound)
    if shortfall:
        raise _problem(path, f"is truncated: {shortfall}; repair it: {_ffmpeg(path)}")
    if not sound.frames:
        raise _problem(path, "is empty (0 samples); record or export it again")


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
        length = f"{sound.frames / sound.samplerate:g} s"
        raise ValueError(f"start_s={start_s} must be below the length of {_name(path)}, {length}")
    frames = sound.frames - start
    if duration_s is not None:
        frames = min(frames, max(1, round(duration_s * sound.samplerate)))
    if frames * sound.channels > MAX_SAMPLES:
        claim = f"promises {frames} samples x {sound.channels} channels"
        advice = f"read a part of it, or if it is shorter, repair it: {_ffmpeg(path)}"
        raise _problem(path, f"{claim}, above the limit of {MAX_SAMPLES}; {advice}")
    return start, frames


def _read_blocks(path: Path, sound: sf.SoundFile, start: int, frames: int) -> NDArray[np.float64]:
    blocks: list[NDArray[np.float64]] = []
    arrived = 0
    cause: Exception | None = None
    try:
        sound.seek(start)
        for block in _blocks(sound, frames):
            blocks.append(np.ascontiguousarray(block.T))
            arrived += len(block)
        if arrived == frames:
            return np.concatenate(blocks, axis=1)
    except sf.SoundFileError as error:
        cause = error
    except MemoryError as error:
        raise _problem(path, "does not fit into memory; read a part of it") from error
    numbers = f"its header promises {sound.frames} samples, reading ended at {start + arrived}"
    raise _problem(path, f"is truncated: {numbers}; repair it: {_ffmpeg(path)}") from cause


def _blocks(sound: sf.SoundFile, frames: int) -> Iterator[NDArray[np.float64]]:
    """Yield what arrives; `SoundFile.blocks` would make up what the header only promises."""
    while frames > 0:
        block = sound.read(min(BLOCK_FRAMES, frames), always_2d=True)
        if not len(block):
            return
        yield block
        frames -= len(block)


def _format_of(path: Path, subtype: str) -> str:
    file_format = FORMATS.get(path.suffix.lower())
    if file_format is None:
        known = ", ".join(SUFFIXES)
        raise ValueError(f"{_name(path)}: suffix={path.suffix!r} must be one of {known}")
    subtypes = sf.available_subtypes(file_format)
    if subtype not in subtypes:
        known = ", ".join(subtypes)
        raise ValueError(f"{_name(path)}: subtype={subtype!r} must be one of {known}")
    return file_format


def _check_audio(path: Path, audio: ArrayLike, subtype: str) -> NDArray[np.floating]:
    """Return the audio as `[channel, sample]`, fit for writing."""
    values = np.asarray(audio)
    if not np.issubdtype(values.dtype, np.floating):
        raise ValueError(f"{_name(path)}: audio.dtype={values.dtype} must be real floating point")
    if values.ndim not in (1, 2) or not values.size:
        limit = "must be (channel, sample) or (sample,), with at least one sample"
        raise ValueError(f"{_name(path)}: audio.shape={values.shape} {limit}")
    values = np.atleast_2d(values)
    if len(values) > MAX_CHANNELS:
        limit = f"has more than {MAX_CHANNELS} channels (is it transposed?)"
        raise ValueError(f"{_name(path)}: audio.shape={values.shape} {limit}")
    check_finite(values, _name(path))
    peak, largest = _peak(values), _LARGEST.get(subtype, 1.0)
    if peak > largest:
        advice = "multiply by headroom_gain, or write FLOAT"
        raise ValueError(f"{_name(path)}: {peak=:g} clips in {subtype} above {largest:g}; {advice}")
    return values


def _peak(audio: NDArray[np.floating]) -> float:
    """Return the greatest absolute value, which is not finite if some sample is not."""
    return max(float(audio.max()), -float(audio.min())) if audio.size else 0.0


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file beside `path`, which takes its place if the block succeeds.

    Missing folders are made. An error of the operating system becomes `AudioFileError`, and
    what was at `path` before stays.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.open("xb").close()
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, sf.SoundFileError) as error:
        advice = "choose another folder, or make room on the disk"
        raise _problem(path, f"cannot be written: {_reason(error)}; {advice}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _encode(
    path: Path, audio: NDArray[np.floating], sample_rate: int, file_format: str, subtype: str
) -> None:
    channels, frames = audio.shape
    try:
        sound = sf.SoundFile(path, "w", sample_rate, channels, subtype, format=file_format)
    except sf.LibsndfileError as error:
        if error.code == _SYSTEM_ERROR:
            raise
        message = f"{file_format} {subtype} cannot hold {channels=} at {sample_rate=}"
        raise ValueError(f"{message}: {_reason(error)}") from error
    with sound:
        for start in range(0, frames, BLOCK_FRAMES):
            block = audio[:, start : start + BLOCK_FRAMES]
            sound.write(np.ascontiguousarray(block.T, dtype=np.float64))


def _check_complete(path: Path, frames: int, file_format: str) -> None:
    """Read compressed audio back: libsndfile is silent when its last write finds no room."""
    if file_format not in ("FLAC", "OGG", "MP3"):
        return
    with sf.SoundFile(path) as sound:
        held = sum(len(block) for block in _blocks(sound, frames))
    if held < frames:
        raise OSError(f"only {held} of {frames} samples arrived")


def _blank_time(path: Path, file_format: str, subtype: str) -> None:
    """Blank the time of writing, so that the same samples are the same bytes."""
    if file_format not in ("WAV", "AIFF") or subtype not in _LARGEST:
        return
    with path.open("r+b") as file:
        peak_chunk = file.read(128).find(b"PEAK")
        if peak_chunk >= 0:
            file.seek(peak_chunk + 12)  # behind name, size and version
            file.write(bytes(4))
