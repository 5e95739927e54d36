"""A function for a few seconds of audio, such as a model, led over audio of any length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from musisep._util import checks
from musisep._util.checks import at_least, flag, one_of
from musisep._util.progress import Progress, no_progress
from musisep.audio.arrays import Real, as_real, peak
from musisep.audio.chunks.levels import (
    NormalizationStats,
    NormalizedAudio,
    as_audio,
    normalize_audio,
)
from musisep.audio.chunks.pieces import (
    check_sizes,
    chunk_count,
    chunk_window,
    generate_chunks,
    stitch,
)
from musisep.audio.chunks.sequences import check_margin

Model = Callable[[NDArray[Any]], ArrayLike]

KINDS = ("float16", "float32", "float64")
"""Types that a function can be given."""


def process_in_chunks(
    function: Model,
    audio: ArrayLike,
    *,
    chunk_size: int,
    hop_size: int | None = None,
    batch_size: int = 1,
    pad_batch: bool = False,
    dtype: DTypeLike | None = None,
    window: ArrayLike | None = None,
    trim_margin: int = 0,
    normalize: bool = True,
    padding_mode: str = "reflect",
    progress: Progress | None = None,
) -> Real:
    """Apply a function for chunks of a fixed size, such as a model, to audio of any length.

    The audio is normalized (`normalize_audio`) and cut up (`generate_chunks`), the function gets
    one batch after the other, and what it returns is stitched (`stitch_chunks`) and gets the
    level of the audio.

    Parameters
    ----------
    function : function
        Called with an array [batch, channel, chunk_size], which it may change; returns one of
        this shape, or stems [batch, stem, channel, chunk_size]. What it raises is not caught.
    audio : array_like [channel, sample] or [sample]
        The recording; of the latter, the function gets one channel.
    chunk_size : int > 0
        Samples of a chunk.
    hop_size : int, from 1 to chunk_size - 2 * trim_margin, optional
        Samples between the beginnings of chunks; half of the most if left out.
    batch_size : int > 0
        Chunks that the function gets together; the last batch may have fewer.
    pad_batch : bool
        Whether silent chunks fill up the last batch, for models that take no fewer.
    dtype : {"float16", "float32", "float64"}, optional
        Type of what the function gets; that of the audio if left out. Most ONNX models take
        "float32" and nothing else.
    window : array_like [chunk_size], optional
        Weights of the samples of a chunk; not negative. If left out, a Hann window between the
        margins, without its zeros.
    trim_margin : int >= 0
        Samples at both ends of a chunk that lend it context and are thrown away afterwards; less
        than half of a chunk.
    normalize : bool
        Whether the function gets audio whose mono mix has mean 0 and standard deviation 1.
    padding_mode : {"reflect", "constant", "replicate"}
        How the audio goes on beyond its ends; see `generate_chunks`.
    progress : function, optional
        Called after each batch with "chunks", how many of them are done, and how many there are.

    Returns
    -------
    ndarray, float [channel, sample] or [stem, channel, sample]
        Of the shape of `audio`, or stems of this shape; in float32 for float32 audio, else in
        float64, whatever the function returns.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the audio is empty or, with `normalize`, not finite,
        too loud for `dtype`, or the function returns another shape, or no real numbers.

    Notes
    -----
    Stems that add up to what the function got add up to the audio: each gets an equal share of
    the mean, where `denormalize_audio` gives all of it to each.

    The chunks are made and used up one batch at a time. Beside them, the normalized audio, a copy
    with its padding, and the result are held.

    Examples
    --------
    A "model" that takes half of what it hears, for chunks of 1000 samples:

    >>> import numpy as np
    >>> from musisep.audio import process_in_chunks
    >>> noise = np.random.default_rng(0).standard_normal((2, 5000))
    >>> halves = process_in_chunks(lambda batch: batch / 2, noise, chunk_size=1000, normalize=False)
    >>> np.allclose(halves, noise / 2)
    True

    An ONNX model, run by a session of onnxruntime, returns a list of arrays:

    .. code-block:: python

        stems = process_in_chunks(
            lambda batch: session.run(None, {"audio": batch})[0],
            audio, chunk_size=352800, batch_size=4, dtype="float32",
        )
    """
    checks.function("function", function)
    report = no_progress if progress is None else progress
    checks.function("progress", report)
    flag("pad_batch", pad_batch)
    flag("normalize", normalize)
    chunk_size, trim_margin, kept = check_margin(chunk_size, trim_margin)
    hop_size = max(1, kept // 2) if hop_size is None else hop_size
    chunk_size, hop_size = check_sizes(chunk_size, hop_size, trim_margin)
    batch_size = at_least("batch_size", batch_size, 1)
    faded = np.pad(np.hanning(kept + 2)[1:-1], trim_margin)
    weights = chunk_window(faded if window is None else window, chunk_size)
    values = as_audio(audio)
    kind = values.dtype if dtype is None else _real(dtype)
    plain = NormalizedAudio(values, NormalizationStats(0.0, 1.0))
    normalized = normalize_audio(values) if normalize else plain
    batches = generate_chunks(
        normalized.audio, chunk_size, hop_size, batch_size, padding_mode=padding_mode
    )
    length = values.shape[-1]
    count = chunk_count(length, chunk_size, hop_size)

    def results() -> Iterator[Real]:
        done = 0
        for batch in batches:
            added = batch_size - len(batch) if pad_batch else 0  # which begin after the end
            if peak(batch) > float(np.finfo(kind).max):
                raise ValueError(f"audio with a peak of {peak(batch):.3g} is too loud for {dtype=}")
            given = np.pad(batch.astype(kind), ((0, added), (0, 0), (0, 0)))
            yield _returned(function, given).astype(values.dtype)
            done += len(batch)
            report("chunks", done, count)

    result = stitch(results(), weights, hop_size, length, trim_margin)
    stems = len(result) if result.ndim > 2 else 1
    result *= normalized.stats.std
    result += normalized.stats.mean / stems
    return result.reshape(*result.shape[:-2], *values.shape)


def _returned(function: Model, given: NDArray[Any]) -> Real:
    """Return what the function makes of a batch; refuse another shape."""
    shape = given.shape
    result = as_real(function(given), "what function returns")
    stems = result.shape[1:-2]
    if len(stems) > 1 or 0 in stems or result.shape != (shape[0], *stems, *shape[1:]):
        raise ValueError(
            f"what function returns of shape={result.shape} must be [batch, channel, sample]="
            f"{shape}, or [batch, stem, channel, sample] of these sizes"
        )
    return result


def _real(dtype: DTypeLike) -> np.dtype[Any]:
    """Return a type of real numbers, or refuse what is none."""
    with suppress(TypeError, ValueError):
        dtype = np.dtype(dtype).name
    one_of("dtype", dtype, KINDS)
    return np.dtype(dtype)
