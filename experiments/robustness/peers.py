"""What other programs read of a file, to be compared with what we read without a warning."""

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import soundfile as sf
from mp3frames import DELAY, sample_range, told_delay
from numpy.typing import NDArray

TOLERANCE = 1e-6
"""Of the peak, or of 1 if that is more."""
FFMPEG_TOLERANCE = 1e-4
MOST = 2_000_000
"""Samples that libsndfile reads: headers may promise it more than there is memory."""

Audio = NDArray[np.float64]
Pairs = list[tuple[Audio, Audio]]


def differs(path: Path, audio: Audio) -> list[str]:
    """Compare with what libsndfile reads in one call; return what is wrong.

    libsndfile skips no tag before some formats, and refuses some MPEG audio. Of this the number
    of samples is compared with that of the frames; where headers are damaged, programs differ in
    what they drop at the beginning, and behind splices in what they decode: then it is enough that
    ffmpeg, if there is one, decodes the same.
    """
    data = path.read_bytes()
    peers = [found for source in (path, io.BytesIO(_untagged(data))) if (found := _peer(source))]
    counted = sample_range(data)
    if peers[:1] and peers[0][0] != "MP3":
        same = [(audio, peer) for _, peer in peers if peer.shape == audio.shape]
        if not same:
            return [f"shape {audio.shape}, libsndfile reads {peers[0][1].shape}"]
        distance = _distance(same)
    elif counted and len(counted) != audio.shape[1]:
        return [f"{audio.shape[1]} samples, but frames for {len(counted)}"]
    elif peers:
        distance = _distance(_aligned(audio, peers[0][1], counted.start, told_delay(data)))
        if distance > TOLERANCE and _is_ffmpegs(path, audio):
            return []
    else:
        return [] if counted else ["libsndfile refuses what was read"]
    return [f"differs from libsndfile by {distance:.1e} of its peak"] * (distance > TOLERANCE)


class OneCall(sf.SoundFile):
    """A file in which `read` seeks nothing afterwards, which some formats cannot."""

    def seekable(self) -> bool:
        """Tell that it cannot."""
        return False


def _peer(source: Path | io.BytesIO) -> tuple[str, Audio] | None:
    """Return the format and the samples, not too many; None if libsndfile refuses."""
    try:
        with OneCall(source) as sound:
            return sound.format, sound.read(min(sound.frames, MOST), always_2d=True).T
    except (sf.SoundFileError, MemoryError):
        return None


def _untagged(data: bytes) -> bytes:
    """Return a file without the tag before it."""
    if data[:3] != b"ID3" or len(data) < 10:
        return data
    size = sum((byte & 127) << 7 * n for n, byte in enumerate(data[9:5:-1]))
    return data[10 + size + 10 * (data[5] >> 4 & 1) :]


def _aligned(audio: Audio, peer: Audio, lead: int, told: int) -> Pairs:
    """Return what may be compared.

    Where a header is damaged, libmpg123 keeps what we drop (what the encoder put in front, with
    or without the frame of the header), or drops the delay of a decoder or of any encoder.
    """
    starts = [(0, 0), (0, lead), (0, lead + 576), (0, lead + 1152), (DELAY, 0), (told, 0)]
    pairs = [(audio[:, ours:], peer[:, theirs:]) for ours, theirs in starts]
    return [pair for pair in pairs if all(part.shape[1] for part in pair)]


def _distance(pairs: Pairs) -> float:
    """Compare the pair that is most alike, where both have samples; relative to the peak."""
    distances = [0.0] if not pairs else []
    for audio, peer in pairs:
        both = min(audio.shape[1], peer.shape[1])
        scale = max(1.0, float(np.abs(peer).max(initial=0)))
        distances.append(float(np.abs(audio[:, :both] - peer[:, :both]).max(initial=0)) / scale)
    return min(distances)


def _is_ffmpegs(path: Path, audio: Audio) -> bool:
    """Whether ffmpeg decodes the same, if there is one."""
    program = shutil.which("ffmpeg")
    if program is None:
        return False
    command = [program, "-v", "quiet", "-f", "mp3", "-i", path, "-f", "f32le", "-"]
    raw = subprocess.run(command, capture_output=True).stdout
    if len(raw) % (4 * len(audio)):
        return False
    peer = np.frombuffer(raw, np.float32).reshape(-1, len(audio)).T
    return peer.shape == audio.shape and np.allclose(audio, peer, rtol=0, atol=FFMPEG_TOLERANCE)
