"""Audio in overlapping chunks: cut up, and put together again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, iterable, one_of
from musisep.audio.arrays import Real, as_real, full_scale
from musisep.audio.chunks.levels import as_audio
from musisep.audio.chunks.sequences import check_margin
from musisep.audio.framing import Overlap, overlap_add

PADDINGS: dict[str, Any] = {"reflect": "reflect", "constant": "constant", "replicate": "edge"}
"""Padding modes of `generate_chunks`, and what `numpy.pad` calls them."""


def generate_chunks(
    audio: ArrayLike,
    chunk_size: int,
    hop_size: int,
    batch_size: int,
    *,
    padding_mode: str = "reflect",
) -> Iterator[Real]:
    """Cut audio of any length into overlapping chunks.

    Chunk t begins at sample t * hop_size - padding with padding = chunk_size - hop_size, so that
    the first samples lie under as many chunks as all others; the last chunk is the last that
    begins inside the audio. Beyond `padding` samples after the end there are zeros.

    Parameters
    ----------
    audio : array_like [channel, sample] or [sample]
        The recording.
    chunk_size : int > 0
        Samples of a chunk.
    hop_size : int, from 1 to chunk_size
        Samples between the beginnings of chunks.
    batch_size : int > 0
        Chunks that are handed out together; the last batch may have fewer.
    padding_mode : {"reflect", "constant", "replicate"}
        How the audio goes on beyond its ends: mirrored there (as often as it takes), silent, or
        with the value of the outermost sample.

    Returns
    -------
    iterator of ndarray, float [batch, channel, chunk_size]
        Copies; one batch is held at a time. float32 for float32, else float64.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the audio is empty or has more axes: at once, not
        when the first batch is asked for.

    Examples
    --------
    Chunks of four samples, every two; the first begins two samples before the audio:

    >>> from musisep.audio import generate_chunks
    >>> chunks = generate_chunks([1.0, 2.0, 3.0, 4.0], 4, 2, batch_size=2, padding_mode="constant")
    >>> for batch in chunks:  # [batch, channel, sample]
    ...     print(batch[:, 0].tolist())
    [[0.0, 0.0, 1.0, 2.0], [1.0, 2.0, 3.0, 4.0]]
    [[3.0, 4.0, 0.0, 0.0]]
    """
    chunk_size, hop_size = check_sizes(chunk_size, hop_size)
    batch_size = at_least("batch_size", batch_size, 1)
    one_of("padding_mode", padding_mode, PADDINGS)
    channels = np.atleast_2d(as_audio(audio))
    padding = chunk_size - hop_size
    end = padding + channels.shape[1]  # of the audio, in padded samples
    count = chunk_count(channels.shape[1], chunk_size, hop_size)
    right = (count - 1) * hop_size + chunk_size - end
    padded = np.pad(channels, ((0, 0), (padding, right)), mode=PADDINGS[padding_mode])
    padded[:, end + padding :] = 0
    views = np.lib.stride_tricks.sliding_window_view(padded, chunk_size, axis=1)[:, ::hop_size]
    return (
        views[:, first : first + batch_size].swapaxes(0, 1).copy()
        for first in range(0, count, batch_size)
    )


def stitch_chunks(
    processed_chunks: Iterable[ArrayLike],
    num_stems: int,
    chunk_size: int,
    hop_size: int,
    target_num_samples: int,
    *,
    window: ArrayLike,
    trim_margin: int = 0,
) -> Real:
    """Put the chunks of `generate_chunks` together again, after each was divided into stems.

    Chunks are windowed, overlapped and added, and divided by the sum of the windows at each
    sample: whatever the window, chunks that were not changed give the audio back.

    Parameters
    ----------
    processed_chunks : iterable of array_like [batch, num_stems, channel, chunk_size]
        The batches, taken one at a time.
    num_stems : int > 0
        Number of stems.
    chunk_size : int > 0
        Samples of a chunk.
    hop_size : int, from 1 to chunk_size - 2 * trim_margin
        Samples between the beginnings of chunks.
    target_num_samples : int > 0
        Samples of the audio that was cut up.
    window : array_like [chunk_size]
        Weights of the samples of a chunk; not negative.
    trim_margin : int >= 0
        Samples at both ends of a chunk that lent it context and are thrown away, whatever they
        hold; less than half of a chunk.

    Returns
    -------
    ndarray, float [num_stems, channel, target_num_samples]
        In float32 if the first batch is, else in float64.

    Raises
    ------
    ValueError
        If a parameter is out of its range, a shape does not fit, the chunks end too early, or
        some sample lies under zeros of the windows only.

    Examples
    --------
    A "model" whose two stems are three and one quarters of the audio:

    >>> import numpy as np
    >>> from musisep.audio import generate_chunks, stitch_chunks
    >>> batches = generate_chunks([4.0, 8.0, 12.0, 16.0], 4, 2, batch_size=2)
    >>> stems = (np.stack([0.75 * batch, 0.25 * batch], axis=1) for batch in batches)
    >>> stitch_chunks(stems, 2, 4, 2, 4, window=np.hanning(6)[1:-1]).round(6).tolist()
    [[[3.0, 6.0, 9.0, 12.0]], [[1.0, 2.0, 3.0, 4.0]]]
    """
    chunk_size, hop_size = check_sizes(chunk_size, hop_size, trim_margin)
    num_stems = at_least("num_stems", num_stems, 1)
    target_num_samples = at_least("target_num_samples", target_num_samples, 1)
    weights = chunk_window(window, chunk_size)
    iterable("processed_chunks", processed_chunks)

    def batches() -> Iterator[Real]:
        for batch in (full_scale(chunks, "processed_chunks") for chunks in processed_chunks):
            if batch.ndim != 4 or (batch.shape[1], batch.shape[3]) != (num_stems, chunk_size):
                raise ValueError(
                    f"chunks of shape={batch.shape} must be [batch, stem, channel, sample] with "
                    f"{num_stems=} and {chunk_size=}"
                )
            yield batch

    return stitch(batches(), weights, hop_size, target_num_samples, int(trim_margin))


def stitch(
    batches: Iterable[Real],
    weights: NDArray[np.float64],
    hop_size: int,
    target_num_samples: int,
    trim_margin: int,
) -> Real:
    """Do what `stitch_chunks` does for batches [batch, ..., chunk_size]: [..., sample]."""
    kept = slice(trim_margin, weights.size - trim_margin)
    overlap, start = Overlap(weights[kept], hop_size), hop_size - kept.stop
    weights = overlap.window * overlap.inverse
    count, result = 0, None
    for batch in batches:
        if result is None:
            result = np.zeros((*batch.shape[1:-1], target_num_samples), dtype=batch.dtype)
        if batch.shape[1:-1] != result.shape[:-1]:
            raise ValueError(
                f"chunks of shape={batch.shape} must be of the same stems and channels as the "
                f"first, {result.shape[:-1]}"
            )
        for index in np.ndindex(result.shape[:-1]):
            chunks = np.ascontiguousarray(batch[:, *index, kept], dtype=result.dtype)
            overlap_add(chunks, weights, hop_size, start + count * hop_size, False, result[index])
        count += len(batch)
    if result is None:
        raise ValueError("processed_chunks must hold at least one batch, not none")
    end = count * hop_size - trim_margin
    if target_num_samples > end:
        raise ValueError(
            f"{target_num_samples=} must be at most {end}, where the last of {count} chunks ends"
        )
    early = trim_margin // hop_size  # chunks of which only the margin reaches the audio
    ends = overlap.ends(start + early * hop_size, count - early, target_num_samples)
    if ends.lost < target_num_samples:
        raise ValueError(
            f"sample {ends.lost} of length={target_num_samples} lies under no window: decrease "
            f"{hop_size=}, or give a window without zeros at its ends"
        )
    ends.complete(result)
    return result


def chunk_count(length: int, chunk_size: int, hop_size: int) -> int:
    """Count the chunks of audio of `length` samples."""
    return -(-(chunk_size - hop_size + length) // hop_size)


def check_sizes(chunk_size: int, hop_size: int, trim_margin: int = 0) -> tuple[int, int]:
    """Return the sizes as int, or refuse those that leave gaps between chunks."""
    chunk_size, trim_margin, kept = check_margin(chunk_size, trim_margin)
    hop_size = at_least("hop_size", hop_size, 1)
    if hop_size > kept:
        margins = f" - 2 * {trim_margin=}" if trim_margin else ""
        raise ValueError(f"{hop_size=} must be at most {chunk_size=}{margins}")
    return chunk_size, hop_size


def chunk_window(window: ArrayLike, chunk_size: int) -> NDArray[np.float64]:
    """Return the weights of the samples of a chunk, or refuse them."""
    samples = as_real(window, "window").astype(np.float64)
    if samples.shape != (chunk_size,):
        raise ValueError(f"window of shape={samples.shape} must be of shape ({chunk_size=},)")
    if not (np.isfinite(samples).all() and samples.min() >= 0):
        raise ValueError(f"window from {samples.min()} to {samples.max()} must be finite and >= 0")
    return samples
