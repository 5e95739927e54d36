"""Sequences, such as frames of features, in chunks that overlap in their margins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, flag, iterable, one_of
from musisep._util.limits import MOST_SAMPLES
from musisep._util.messages import shown
from musisep.audio.arrays import as_array

OVERLAPS = ("keep_first", "keep_last")

Array = NDArray[Any]


def split_sequence(
    sequence: ArrayLike, chunk_size: int, *, trim_margin: int = 0, avoid_short_end: bool = True
) -> tuple[list[Array], list[int]]:
    """Cut a sequence, such as frames of features, into chunks that overlap in their margins.

    Chunks begin every chunk_size - 2 * trim_margin steps from -trim_margin on, with zeros where
    they reach beyond the sequence, as in [1]_.

    Parameters
    ----------
    sequence : array_like [time, ...]
        Elements of any type.
    chunk_size : int > 0
        Steps of a chunk.
    trim_margin : int >= 0
        Steps at both ends of a chunk that lend it context and are thrown away afterwards; less
        than half of a chunk.
    avoid_short_end : bool
        Whether the last of several chunks begins earlier, so as to hold as much of the sequence
        as the others.

    Returns
    -------
    chunks : list of ndarray [chunk_size, ...]
        Copies.
    starts : list of int
        Where they begin.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the sequence has no axis.

    References
    ----------
    .. [1] F. Foscarin, J. Schlüter, G. Widmer: Beat this! Accurate beat tracking without DBN
       postprocessing. Proc. ISMIR, San Francisco (2024).

    Examples
    --------
    >>> from musisep.audio import split_sequence
    >>> chunks, starts = split_sequence([1, 2, 3, 4, 5], 4, trim_margin=1)
    >>> [chunk.tolist() for chunk in chunks], starts
    ([[0, 1, 2, 3], [2, 3, 4, 5], [3, 4, 5, 0]], [-1, 1, 2])
    """
    chunk_size, trim_margin, step = check_margin(chunk_size, trim_margin)
    flag("avoid_short_end", avoid_short_end)
    steps = as_array(sequence, "sequence")
    if np.ndim(sequence) == 0:
        raise ValueError(f"sequence of shape={np.shape(sequence)} must be [time, ...]")
    size = len(steps)
    starts = list(range(-trim_margin, size - trim_margin, step)) or [-trim_margin]
    if avoid_short_end and size > step:
        starts[-1] = size + trim_margin - chunk_size
    chunks = []
    for start in starts:
        chunk = np.zeros((chunk_size, *steps.shape[1:]), dtype=steps.dtype)
        low, high = max(start, 0), min(start + chunk_size, size)
        chunk[low - start : high - start] = steps[low:high]
        chunks.append(chunk)
    return chunks, starts


def aggregate_sequence_chunks(
    processed_chunks: Sequence[ArrayLike],
    starts: Sequence[int],
    full_size: int,
    chunk_size: int,
    *,
    trim_margin: int = 0,
    overlap_mode: Literal["keep_first", "keep_last"] = "keep_first",
) -> Array:
    """Put the chunks of `split_sequence` together again, without their margins.

    Parameters
    ----------
    processed_chunks : sequence of array_like [chunk_size, ...]
        Chunks, as many as there are starts.
    starts : sequence of int
        Where the chunks begin.
    full_size : int >= 0
        Steps of the sequence.
    chunk_size : int > 0
        Steps of a chunk.
    trim_margin : int >= 0
        Steps at both ends of a chunk that are thrown away; less than half of a chunk.
    overlap_mode : {"keep_first", "keep_last"}
        Which of several chunks counts where they still overlap.

    Returns
    -------
    ndarray [full_size, ...]
        0 where there is no chunk.

    Raises
    ------
    ValueError
        If a parameter is out of its range, there is no chunk, or shapes or numbers differ.

    Examples
    --------
    Chunks that were squared, put together again:

    >>> from musisep.audio import aggregate_sequence_chunks, split_sequence
    >>> chunks, starts = split_sequence([1, 2, 3, 4, 5], 4, trim_margin=1)
    >>> squares = [chunk**2 for chunk in chunks]
    >>> aggregate_sequence_chunks(squares, starts, 5, 4, trim_margin=1).tolist()
    [1, 4, 9, 16, 25]
    """
    chunk_size, trim_margin, step = check_margin(chunk_size, trim_margin)
    full_size = at_least("full_size", full_size, 0)
    one_of("overlap_mode", overlap_mode, OVERLAPS)
    iterable("processed_chunks", processed_chunks)
    chunks = [as_array(chunk, "processed_chunks") for chunk in processed_chunks]
    places = as_array(starts, "starts")
    if places.ndim != 1 or (places.size and places.dtype.kind not in "iu"):
        raise ValueError(f"starts={shown(starts)} must be integers")
    if not chunks or len(chunks) != len(places):
        raise ValueError(
            f"{len(chunks)} chunks must be at least 1 and as many as starts={shown(starts)}"
        )
    shape = (chunk_size, *chunks[0].shape[1:])
    for place, chunk in enumerate(chunks):
        if chunk.shape != shape:
            raise ValueError(
                f"processed_chunks[{place}] of shape={chunk.shape} must be of shape {shape}"
            )
    result = np.zeros((full_size, *shape[1:]), dtype=np.result_type(*chunks))
    pairs = list(zip(chunks, places.tolist(), strict=True))
    for chunk, start in reversed(pairs) if overlap_mode == "keep_first" else pairs:
        first = start + trim_margin
        low, high = max(first, 0), min(first + step, full_size)
        if low < high:
            result[low:high] = chunk[low - start : high - start]
    return result


def check_margin(chunk_size: int, trim_margin: int) -> tuple[int, int, int]:
    """Return both, and how many steps of a chunk remain without its margins; at least 1."""
    chunk_size = at_least("chunk_size", chunk_size, 1, MOST_SAMPLES)
    trim_margin = at_least("trim_margin", trim_margin, 0)
    if 2 * trim_margin >= chunk_size:
        raise ValueError(f"{trim_margin=} must be less than half of {chunk_size=}")
    return chunk_size, trim_margin, chunk_size - 2 * trim_margin
