"""Audio files in, audio files out, and sample rates: what everybody needs of this room."""

from musisep.io.formats import (
    BLOCK_FRAMES,
    MAX_CHANNELS,
    MAX_RATE,
    MAX_SAMPLES,
    MIN_RATE,
)
from musisep.io.rates import check_rate, resample
from musisep.io.reading import AudioInfo, blocks, info, read, spool
from musisep.io.replacing import AudioFileError, replacing
from musisep.io.stored import check_room
from musisep.io.tags import tags
from musisep.io.writing import check_encoding, headroom_gain, sample_bytes, write

__all__ = [
    "BLOCK_FRAMES",
    "MAX_CHANNELS",
    "MAX_RATE",
    "MAX_SAMPLES",
    "MIN_RATE",
    "AudioFileError",
    "AudioInfo",
    "blocks",
    "check_encoding",
    "check_rate",
    "check_room",
    "headroom_gain",
    "info",
    "read",
    "replacing",
    "resample",
    "sample_bytes",
    "spool",
    "tags",
    "write",
]
