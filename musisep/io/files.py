"""Audio files in, audio files out, and sample rates: what everybody needs of this room."""

from musisep.io.formats import (
    BLOCK_FRAMES,
    MAX_CHANNELS,
    MAX_RATE,
    MAX_SAMPLES,
    MIN_RATE,
)
from musisep.io.rates import check_rate, resample
from musisep.io.reading import AudioInfo, info, read, spool
from musisep.io.replacing import AudioFileError, replacing
from musisep.io.tags import tags
from musisep.io.writing import check_encoding, headroom_gain, write

__all__ = [
    "BLOCK_FRAMES",
    "MAX_CHANNELS",
    "MAX_RATE",
    "MAX_SAMPLES",
    "MIN_RATE",
    "AudioFileError",
    "AudioInfo",
    "check_encoding",
    "check_rate",
    "headroom_gain",
    "info",
    "read",
    "replacing",
    "resample",
    "spool",
    "tags",
    "write",
]
