"""Long signals in overlapping pieces: level them, cut them up, put the results together again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import above_zero, at_least, flag, instance, iterable, number, one_of
from musisep._util.messages import shown
from musisep.audio.arrays import Real, as_array, as_real, as_samples, check_finite, full_scale
from musisep.audio.framing import Overlap, overlap_add

SILENCE = 1e-8
"""Standard deviation up to which audio counts as silent."""
PADDINGS: dict[str, Any] = {"reflect": "reflect", "constant": "constant", "replicate": "edge"}
"""Padding modes of `generate_chunks`, and what `numpy.pad` calls them."""
OVERLAPS = ("keep_first", "keep_last")

Array = NDArray[Any]


@dataclass(frozen=True)
class NormalizationStats:
    """How a mixture was normalized.

    Parameters
    ----------
    mean : float
        What was subtracted.
    std : float > 0
        What the rest was divided by.

    Raises
    ------
    ValueError
        If a number is not finite, or std is not above 0.
    """

    mean: float
    std: float

    def __post_init__(self) -> None:
        """Refuse impossible numbers."""
        object.__setattr__(self, "mean", number("mean", self.mean))
        object.__setattr__(self, "std", above_zero("std", self.std))


@dataclass(frozen=True, eq=False)
class NormalizedAudio:
    """What `normalize_audio` returns.

    Attributes
    ----------
    audio : array, shape (channel, sample) or (sample,)
        The normalized mixture.
    stats : NormalizationStats
        How to undo it.
    """

    audio: Real
    stats: NormalizationStats


def normalize_audio(audio: ArrayLike) -> NormalizedAudio:
    """Shift and scale a mixture so that its mono mix has mean 0 and standard deviation 1.

    All channels are treated alike. Audio whose mono mix is silent (a standard deviation of at
    most 1e-8) or a single sample is left as it is: mean 0, std 1.

    Parameters
    ----------
    audio : array, shape (channel, sample) or (sample,)

    Returns
    -------
    NormalizedAudio
        float32 for float32, else float64.

    Raises
    ------
    ValueError
        If the audio is empty, has more axes, or holds NaN or infinite samples.
    """
    values = _audio(audio)
    check_finite(values, "audio")
    as_samples(values, "audio")
    mono = np.atleast_2d(values).mean(axis=0, dtype=np.float64)
    mean, std = float(mono.mean()), float(mono.std(ddof=1)) if mono.size > 1 else 0.0
    if std <= SILENCE:
        mean, std = 0.0, 1.0
    return NormalizedAudio((values - mean) / std, NormalizationStats(mean, std))


def denormalize_audio(audio: ArrayLike, stats: NormalizationStats) -> Real:
    """Give normalized audio, or stems made from it, the level of the mixture again.

    The mean is added to each stem: take it into account when stems are added up.

    Parameters
    ----------
    audio : array, shape (..., sample)
    stats : NormalizationStats
        From `normalize_audio`.

    Returns
    -------
    array, shape (..., sample)
        float32 for float32, else float64.
    """
    instance("stats", stats, NormalizationStats)
    return full_scale(audio, "audio") * stats.std + stats.mean


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
    audio : array, shape (channel, sample) or (sample,)
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
    iterator of array, shape (batch, channel, chunk_size)
        Copies; one batch is held at a time. float32 for float32, else float64.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the audio is empty or has more axes: at once, not
        when the first batch is asked for.
    """
    chunk_size, hop_size = _sizes(chunk_size, hop_size)
    batch_size = at_least("batch_size", batch_size, 1)
    one_of("padding_mode", padding_mode, PADDINGS)
    channels = np.atleast_2d(_audio(audio))
    padding = chunk_size - hop_size
    end = padding + channels.shape[1]  # of the audio, in padded samples
    count = -(-end // hop_size)
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
) -> Real:
    """Put the chunks of `generate_chunks` together again, after each was divided into stems.

    Chunks are windowed, overlapped and added, and divided by the sum of the windows at each
    sample: whatever the window, chunks that were not changed give the audio back.

    Parameters
    ----------
    processed_chunks : iterable of array, shape (batch, num_stems, channel, chunk_size)
        Taken one batch at a time.
    num_stems : int > 0
    chunk_size : int > 0
        Samples of a chunk.
    hop_size : int, from 1 to chunk_size
        Samples between the beginnings of chunks.
    target_num_samples : int > 0
        Samples of the audio that was cut up.
    window : array, shape (chunk_size,)
        Weights of the samples of a chunk; not negative.

    Returns
    -------
    array, shape (num_stems, channel, target_num_samples)
        float32 if the first batch is, else float64.

    Raises
    ------
    ValueError
        If a parameter is out of its range, a shape does not fit, the chunks end too early, or
        some sample lies under zeros of the windows only.
    """
    chunk_size, hop_size = _sizes(chunk_size, hop_size)
    num_stems = at_least("num_stems", num_stems, 1)
    target_num_samples = at_least("target_num_samples", target_num_samples, 1)
    overlap = Overlap(_chunk_window(window, chunk_size), hop_size)
    weights = overlap.window * overlap.inverse
    padding = chunk_size - hop_size
    count, result = 0, None
    iterable("processed_chunks", processed_chunks)
    for batch in (full_scale(chunks, "processed_chunks") for chunks in processed_chunks):
        if result is None:
            shape = (num_stems, *batch.shape[2:3], target_num_samples)
            result = np.zeros(shape, dtype=batch.dtype)
        if batch.shape[1:] != (*result.shape[:2], chunk_size):
            raise ValueError(
                f"chunks of shape={batch.shape} must be [batch, stem, channel, sample] with "
                f"{num_stems=} and {chunk_size=}, and all of the same channels"
            )
        for index in np.ndindex(result.shape[:2]):
            chunks = np.ascontiguousarray(batch[:, *index], dtype=result.dtype)
            start = count * hop_size - padding
            overlap_add(chunks, weights, hop_size, start, False, result[index])
        count += len(batch)
    if result is None:
        raise ValueError("processed_chunks must hold at least one batch, not none")
    if target_num_samples > count * hop_size:
        raise ValueError(
            f"{target_num_samples=} must be at most {count * hop_size}, where the last of "
            f"{count} chunks ends"
        )
    ends = overlap.ends(-padding, count, target_num_samples)
    if ends.lost < target_num_samples:
        raise ValueError(
            f"sample {ends.lost} of {target_num_samples=} lies under no window: decrease "
            f"{hop_size=}, or give a window without zeros at its ends"
        )
    ends.complete(result)
    return result


def split_sequence(
    sequence: ArrayLike, chunk_size: int, *, trim_margin: int = 0, avoid_short_end: bool = True
) -> tuple[list[Array], list[int]]:
    """Cut a sequence, such as frames of features, into chunks that overlap in their margins.

    Chunks begin every chunk_size - 2 * trim_margin steps from -trim_margin on, with zeros where
    they reach beyond the sequence (as in Foscarin, Schlüter and Widmer: Beat this!, 2024).

    Parameters
    ----------
    sequence : array, shape (time, ...)
        Of any type.
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
    chunks : list of array, shape (chunk_size, ...)
        Copies.
    starts : list of int
        Where they begin.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the sequence has no axis.
    """
    chunk_size, trim_margin, step = _steps(chunk_size, trim_margin)
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
    processed_chunks : sequence of array, shape (chunk_size, ...)
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
    array, shape (full_size, ...)
        0 where there is no chunk.

    Raises
    ------
    ValueError
        If a parameter is out of its range, there is no chunk, or shapes or numbers differ.
    """
    chunk_size, trim_margin, step = _steps(chunk_size, trim_margin)
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


def _audio(audio: ArrayLike) -> Real:
    """Return audio in the precision to compute in; refuse what is none."""
    values = full_scale(audio, "audio")
    if values.ndim not in (1, 2) or not values.size:
        raise ValueError(
            f"audio of shape={values.shape} must be [channel, sample] or [sample], not empty"
        )
    return values


def _sizes(chunk_size: int, hop_size: int) -> tuple[int, int]:
    chunk_size, hop_size = at_least("chunk_size", chunk_size, 1), at_least("hop_size", hop_size, 1)
    if hop_size > chunk_size:
        raise ValueError(f"{hop_size=} must be at most {chunk_size=}")
    return chunk_size, hop_size


def _chunk_window(window: ArrayLike, chunk_size: int) -> NDArray[np.float64]:
    samples = as_real(window, "window").astype(np.float64)
    if samples.shape != (chunk_size,):
        raise ValueError(f"window of shape={samples.shape} must be of shape ({chunk_size=},)")
    if not (np.isfinite(samples).all() and samples.min() >= 0):
        raise ValueError(f"window from {samples.min()} to {samples.max()} must be finite and >= 0")
    return samples


def _steps(chunk_size: int, trim_margin: int) -> tuple[int, int, int]:
    """Return both, and how many steps of a chunk remain without its margins; at least 1."""
    chunk_size = at_least("chunk_size", chunk_size, 1)
    trim_margin = at_least("trim_margin", trim_margin, 0)
    if 2 * trim_margin >= chunk_size:
        raise ValueError(f"{trim_margin=} must be less than half of {chunk_size=}")
    return chunk_size, trim_margin, chunk_size - 2 * trim_margin
