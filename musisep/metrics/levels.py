"""How loud signals are."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.scaling import unit_of


def level_db(signal: ArrayLike) -> float:
    """Return the root mean square of a signal of any shape, in dB relative to 1.

    Parameters
    ----------
    signal : array_like, float [...]
        Finite floating-point numbers; integers do not tell what their full scale is.

    Returns
    -------
    float
        Level in dB; minus infinity for silence.

    Raises
    ------
    ValueError
        If the signal is empty, or holds other than finite floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.metrics.levels import level_db
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> round(level_db(sine), 2), round(level_db(0.1 * sine), 2)
    (-3.01, -23.01)
    """
    try:
        samples = np.asarray(signal)
    except ValueError as error:
        raise ValueError(f"signal must be an array of numbers: {error}") from None
    if samples.dtype.kind != "f" or not samples.size or not np.isfinite(samples).all():
        raise ValueError(
            f"signal of shape={samples.shape} and dtype={samples.dtype} must be finite "
            "floating-point numbers, not empty"
        )
    samples = samples.astype(np.float64, copy=False)
    unit = unit_of(float(np.abs(samples).max()))
    if unit != 1:
        samples = samples / unit
    flat = samples.ravel()  # summed not by BLAS, whose sums depend on its number of threads
    power = float(np.einsum("i,i->", flat, flat)) / samples.size
    return 10 * math.log10(power) + 20 * math.log10(unit) if power > 0 else -math.inf


def blocks_level_db(blocks: Iterable[ArrayLike]) -> float:
    """Return the level of a signal that comes in blocks, as `level_db`.

    Parameters
    ----------
    blocks : iterable of array_like, float [...]
        Parts of the signal, one at least.

    Returns
    -------
    float
        Level in dB; minus infinity for silence.

    Raises
    ------
    ValueError
        If there is no block, or one is none that `level_db` takes.

    Examples
    --------
    >>> from musisep.metrics.levels import blocks_level_db
    >>> round(blocks_level_db([[0.1, -0.1], [0.1]]), 2)
    -20.0
    """
    levels, sizes = zip(*((level_db(block), np.size(block)) for block in blocks), strict=True)
    nepers = np.array(levels) * (math.log(10) / 10)
    mean = np.logaddexp.reduce(nepers + np.log(sizes)) - math.log(sum(sizes))
    return float(mean * (10 / math.log(10)))
