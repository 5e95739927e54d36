"""Audio with its sample rate, and long signals in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral, Number
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, instance, iterable
from musisep._util.messages import shown
from musisep.audio import chunks
from musisep.audio.arrays import Real, as_array, as_real
from musisep.audio.chunks import NormalizationStats

UNSEEN = -1000.0
"""Logit of frames that no chunk has."""


@dataclass
class Audio:
    """Audio.

    Parameters
    ----------
    data : array, shape (channel, sample)
    sample_rate : int
        In Hz; nothing here depends on it.
    """

    data: ArrayLike
    sample_rate: int


@dataclass
class NormalizedAudio:
    """What `normalize_audio` returns: audio, and how to undo what was done."""

    audio: Audio
    stats: NormalizationStats


def normalize_audio(audio: Audio) -> NormalizedAudio:
    """Do `musisep.audio.chunks.normalize_audio`, with the sample rate beside the audio."""
    instance("audio", audio, Audio)
    found = chunks.normalize_audio(audio.data)
    return NormalizedAudio(Audio(found.audio, audio.sample_rate), found.stats)


def denormalize_audio(audio_data: ArrayLike, stats: NormalizationStats) -> Real:
    """Do `musisep.audio.chunks.denormalize_audio`."""
    return chunks.denormalize_audio(audio_data, stats)


def generate_chunks(
    audio_data: ArrayLike,
    chunk_size: int,
    hop_size: int,
    batch_size: int,
    *,
    padding_mode: Literal["reflect", "constant", "replicate"] = "reflect",
) -> Iterator[Real]:
    """Do `musisep.audio.chunks.generate_chunks`."""
    return chunks.generate_chunks(
        audio_data, chunk_size, hop_size, batch_size, padding_mode=padding_mode
    )


def aggregate_logits(
    processed_chunks: Sequence[ArrayLike],
    starts: Sequence[int],
    full_size: int,
    chunk_size: int,
    num_stems: int,
    *,
    trim_margin: int = 0,
    overlap_mode: Literal["keep_first", "keep_last"] = "keep_first",
) -> Real:
    """Put chunks of logits together, without their margins.

    Parameters
    ----------
    processed_chunks : sequence of array, shape (batch, num_stems, chunk_size)
    starts, full_size, chunk_size, trim_margin, overlap_mode
        See `musisep.audio.chunks.aggregate_sequence_chunks`; one start for each chunk.
    num_stems : int > 0

    Returns
    -------
    array, shape (num_stems, full_size)
        -1000 where there is no chunk.

    Raises
    ------
    ValueError
        As there, or if chunks are of another shape.
    """
    num_stems = at_least("num_stems", num_stems, 1)
    iterable("processed_chunks", processed_chunks)
    chunk_size = at_least("chunk_size", chunk_size, 1)
    batches = [as_real(batch, "processed_chunks") for batch in processed_chunks]
    for batch in batches:
        if batch.shape[1:] != (num_stems, chunk_size):
            raise ValueError(
                f"chunks of shape={batch.shape} must be [batch, {num_stems=}, {chunk_size=}]"
            )
    logits = [chunk.T for batch in batches for chunk in batch]
    marks = [np.ones(chunk_size, np.bool_)] * len(logits)

    def together(parts: list[NDArray[Any]]) -> NDArray[Any]:
        return chunks.aggregate_sequence_chunks(
            parts, starts, full_size, chunk_size, trim_margin=trim_margin, overlap_mode=overlap_mode
        )

    result = together(logits)
    result[~together(marks)] = UNSEEN
    return result.T


def pad_dim(
    tensor: ArrayLike, *, dim: int, pad: tuple[int, int], value: float = 0.0
) -> NDArray[Any]:
    """Add (left, right) elements of a value at the ends of one axis.

    Raises
    ------
    ValueError
        If a width is negative, or there is no such axis.
    """
    array = as_array(tensor, "tensor")
    if not isinstance(value, Number):
        raise ValueError(f"value={shown(value)} must be a number")
    if np.shape(pad) != (2,):
        raise ValueError(f"pad={shown(pad)} must be two numbers of elements")
    left, right = (at_least("pad", width, 0) for width in pad)
    if not isinstance(dim, Integral) or not -array.ndim <= dim < array.ndim:
        raise ValueError(f"{dim=} must be an axis of tensor of shape={array.shape}")
    widths = [(0, 0)] * array.ndim
    widths[dim] = left, right
    return np.pad(array, widths, constant_values=value)
