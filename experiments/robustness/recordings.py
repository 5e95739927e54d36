"""Small files of every format that libsndfile writes, to be damaged."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile as sf
from mp3frames import frame_at, frame_places
from numpy.typing import NDArray

RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)
SUFFIXES = {
    "WAVEX": ".wav", "AIFF": ".aiff", "SVX": ".8svx", "NIST": ".sph", "IRCAM": ".sf",
    "MAT4": ".mat", "MAT5": ".mat", "MPC2K": ".snd",
}  # fmt: skip
"""Where it is not the name of the format."""
MP3_MODES = (("CONSTANT", 0.2), ("CONSTANT", 0.8), ("VARIABLE", 0.0), ("VARIABLE", 0.9))
"""Mode of the bit rate, and how small."""


@dataclass(frozen=True)
class Recording:
    """A file that is whole."""

    name: str
    suffix: str
    content: bytes


def recordings(rng: np.random.Generator) -> list[Recording]:
    """Return at least one file of each format, sample format and byte order that can be written."""
    return [*_containers(rng), *_mp3(rng)]


def _containers(rng: np.random.Generator) -> Iterator[Recording]:
    for container in sf.available_formats():
        if container in ("RAW", "SD2", "MP3"):
            continue  # no header, two files, and below
        for subtype in sf.available_subtypes(container):
            for endian in ("FILE", "LITTLE", "BIG"):
                content = _written(rng, container, subtype, endian)
                if content:
                    suffix = SUFFIXES.get(container, f".{container.lower()}")
                    yield Recording(f"{container}-{subtype}-{endian}", suffix, content)


def _written(rng: np.random.Generator, container: str, subtype: str, endian: str) -> bytes:
    """Return a file, nothing if the format cannot be written like that."""
    for _ in range(8):  # until rate and channels suit the format
        rate, channels = int(rng.choice(RATES)), int(rng.integers(1, 3))
        if container == "WVE":
            rate, channels = 8000, 1
        file = io.BytesIO()
        try:
            audio = _audio(rng, rate, channels)
            sf.write(file, audio, rate, subtype=subtype, endian=endian, format=container)
            if sf.info(io.BytesIO(file.getvalue())).frames:
                return file.getvalue()
        except (sf.SoundFileError, ValueError, TypeError):
            continue
    return b""


def _mp3(rng: np.random.Generator) -> Iterator[Recording]:
    """Yield MP3 files with their Xing header and without it."""
    for rate in RATES:
        for mode, level in MP3_MODES:
            file = io.BytesIO()
            audio = _audio(rng, rate, int(rng.integers(1, 3)))
            sf.write(file, audio, rate, format="MP3", bitrate_mode=mode, compression_level=level)
            content = file.getvalue()
            name = f"MP3-{mode}-{level}-{rate}"
            yield Recording(name, ".mp3", content)
            first = frame_places(content)[0]
            length, *_ = frame_at(content, first) or (0,)
            yield Recording(f"{name}-bare", ".mp3", content[first + length :])


def _audio(rng: np.random.Generator, rate: int, channels: int) -> NDArray[np.float64]:
    """Return 0.2 to 1 s of tones and noise [sample, channel]."""
    size = round(rate * rng.uniform(0.2, 1.0))
    phases = 2 * np.pi * rng.uniform(100, 2000, channels) * np.arange(size)[:, np.newaxis] / rate
    return 0.4 * np.sin(phases) + 0.1 * rng.standard_normal((size, channels)).clip(-3, 3)
