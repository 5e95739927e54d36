"""Long signals in overlapping pieces: level them, cut them up, put the results together again.

`levels` gives a mixture the loudness that models expect, `pieces` cuts audio and stitches stems,
`running` does all of that around a model, and `sequences` cuts frames of features.
"""

from musisep.audio.chunks.levels import (
    NormalizationStats,
    NormalizedAudio,
    denormalize_audio,
    normalize_audio,
)
from musisep.audio.chunks.pieces import generate_chunks, stitch_chunks
from musisep.audio.chunks.running import process_in_chunks
from musisep.audio.chunks.sequences import aggregate_sequence_chunks, split_sequence

__all__ = [
    "NormalizationStats",
    "NormalizedAudio",
    "aggregate_sequence_chunks",
    "denormalize_audio",
    "generate_chunks",
    "normalize_audio",
    "process_in_chunks",
    "split_sequence",
    "stitch_chunks",
]
