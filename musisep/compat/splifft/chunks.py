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
    """Audio and its sample rate.

    Parameters
    ----------
    data : array_like, float [channel, sample]
        Samples.
    sample_rate : int
        In Hz; nothing here depends on it.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.compat.splifft import Audio
    >>> audio = Audio(np.zeros((2, 4000)), sample_rate=8000)
    >>> audio.data.shape[1] / audio.sample_rate  # in s
    0.5
    """

    data: ArrayLike
    sample_rate: int


@dataclass
class NormalizedAudio:
    """What `normalize_audio` returns: audio, and how to undo what was done.

    Parameters
    ----------
    audio : Audio
        The normalized audio.
    stats : NormalizationStats
        What was subtracted, and what the rest was divided by.

    Examples
    --------
    >>> from musisep.compat.splifft import Audio, normalize_audio
    >>> normalized = normalize_audio(Audio([[1.0, 2.0, 3.0]], 8000))
    >>> normalized.stats.mean, normalized.stats.std
    (2.0, 1.0)
    """

    audio: Audio
    stats: NormalizationStats


def normalize_audio(audio: Audio) -> NormalizedAudio:
    """Do `musisep.audio.chunks.normalize_audio`, with the sample rate beside the audio.

    Parameters
    ----------
    audio : Audio
        A mixture.

    Returns
    -------
    NormalizedAudio
        Audio whose mono mix has mean 0 and standard deviation 1.

    Raises
    ------
    ValueError
        If `audio` is no `Audio`, is empty, has more axes, or holds NaN or infinite samples.

    Examples
    --------
    >>> from musisep.compat.splifft import Audio, normalize_audio
    >>> normalized = normalize_audio(Audio([[1.0, 2.0, 3.0]], 8000))
    >>> normalized.audio.data.tolist()
    [[-1.0, 0.0, 1.0]]
    """
    instance("audio", audio, Audio)
    found = chunks.normalize_audio(audio.data)
    return NormalizedAudio(Audio(found.audio, audio.sample_rate), found.stats)


def denormalize_audio(audio_data: ArrayLike, stats: NormalizationStats) -> Real:
    """Do `musisep.audio.chunks.denormalize_audio`.

    Parameters
    ----------
    audio_data : array_like, float [..., sample]
        Normalized audio, or stems made from it.
    stats : NormalizationStats
        From `normalize_audio`.

    Returns
    -------
    ndarray, float [..., sample]
        Audio at the level that it had before.

    Raises
    ------
    ValueError
        If `stats` are none, or `audio_data` does not hold real numbers.

    Examples
    --------
    >>> from musisep.compat.splifft import Audio, denormalize_audio, normalize_audio
    >>> normalized = normalize_audio(Audio([[1.0, 2.0, 3.0]], 8000))
    >>> denormalize_audio(normalized.audio.data, normalized.stats).tolist()
    [[1.0, 2.0, 3.0]]
    """
    return chunks.denormalize_audio(audio_data, stats)


def generate_chunks(
    audio_data: ArrayLike,
    chunk_size: int,
    hop_size: int,
    batch_size: int,
    *,
    padding_mode: Literal["reflect", "constant", "replicate"] = "reflect",
) -> Iterator[Real]:
    """Do `musisep.audio.chunks.generate_chunks`.

    Parameters
    ----------
    audio_data : array_like, float [channel, sample] or [sample]
        Audio of any length.
    chunk_size : int > 0
        Samples of a chunk.
    hop_size : int
        Samples between the beginnings of chunks, from 1 to chunk_size.
    batch_size : int > 0
        Chunks that are handed out together; the last batch may have fewer.
    padding_mode : {"reflect", "constant", "replicate"}
        How the audio goes on beyond its ends: mirrored, silent, or with its outermost sample.

    Returns
    -------
    iterator of ndarray, float [batch, channel, chunk_size]
        Batches of chunks; the first chunk begins chunk_size - hop_size samples before the audio.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the audio is empty or has more axes.

    Examples
    --------
    >>> from musisep.compat.splifft import generate_chunks
    >>> batch = next(generate_chunks([1.0, 2.0, 3.0, 4.0, 5.0], 4, 2, batch_size=2))
    >>> batch[:, 0].tolist()
    [[3.0, 2.0, 1.0, 2.0], [1.0, 2.0, 3.0, 4.0]]
    """
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
    processed_chunks : sequence of array_like, float [batch, num_stems, chunk_size]
        Batches of chunks.
    starts : sequence of int
        Where the chunks begin, one number for each chunk.
    full_size : int >= 0
        Steps of the result.
    chunk_size : int > 0
        Steps of a chunk.
    num_stems : int > 0
        Number of stems.
    trim_margin : int >= 0
        Steps at both ends of a chunk that are thrown away; less than half of a chunk.
    overlap_mode : {"keep_first", "keep_last"}
        Which of several chunks counts where they still overlap.

    Returns
    -------
    ndarray, float [num_stems, full_size]
        Logits; -1000 where there is no chunk.

    Raises
    ------
    ValueError
        If a parameter is out of its range, there is no chunk, or shapes or numbers differ.

    Examples
    --------
    Two chunks of three steps, and a gap between them:

    >>> from musisep.compat.splifft import aggregate_logits
    >>> chunks = [[[[0.1, 0.2, 0.3]], [[0.5, 0.6, 0.7]]]]  # one batch [2, 1, 3]
    >>> aggregate_logits(chunks, [0, 4], full_size=7, chunk_size=3, num_stems=1).tolist()
    [[0.1, 0.2, 0.3, -1000.0, 0.5, 0.6, 0.7]]
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
    """Add elements of a value at the ends of one axis.

    Parameters
    ----------
    tensor : array_like [...]
        Any array.
    dim : int
        The axis; negative numbers count from the last.
    pad : tuple of int
        Numbers of elements before and after.
    value : float
        What is added.

    Returns
    -------
    ndarray [...]
        A longer copy.

    Raises
    ------
    ValueError
        If a width is negative, there is no such axis, or `value` is no number.

    Examples
    --------
    >>> from musisep.compat.splifft import pad_dim
    >>> pad_dim([[1, 2], [3, 4]], dim=1, pad=(1, 2)).tolist()
    [[0, 1, 2, 0, 0], [0, 3, 4, 0, 0]]
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
