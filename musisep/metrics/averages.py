"""Averages over windows and tracks, of measures some of which are unknown or infinite."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS = 10_000
"""Of tracks, for an interval."""


def middle(values: ArrayLike) -> float:
    """Return the median of what is not NaN.

    Parameters
    ----------
    values : array_like, float [...]
        Numbers, of which some may be NaN or infinite.

    Returns
    -------
    float
        Their median; NaN if nothing is known.

    Examples
    --------
    >>> from musisep.metrics.averages import middle
    >>> middle([1.0, 2.0, float("nan"), 9.0])
    2.0
    """
    return _of_known(values, np.median)


def mean(values: ArrayLike) -> float:
    """Return the mean of what is not NaN.

    Parameters
    ----------
    values : array_like, float [...]
        Numbers, of which some may be NaN or infinite.

    Returns
    -------
    float
        Their mean; NaN if nothing is known.

    Examples
    --------
    >>> from musisep.metrics.averages import mean
    >>> mean([1.0, 2.0, float("nan"), 9.0])
    4.0
    """
    return _of_known(values, np.mean)


def interval(values: ArrayLike) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean of what is not NaN.

    It is that of the percentiles [1]_ of 10,000 draws; the same values have the same interval.

    Parameters
    ----------
    values : array_like, float [...]
        Numbers, of which some may be NaN.

    Returns
    -------
    low : float
        Lower end of the interval; NaN if fewer than two values are known, or one is infinite.
    high : float
        Upper end, NaN in the same cases.

    References
    ----------
    .. [1] B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Examples
    --------
    >>> from musisep.metrics.averages import interval
    >>> low, high = interval([4.0, 5.0, 6.0, 7.0, 8.0])
    >>> round(low, 1), round(high, 1)
    (4.8, 7.2)
    """
    known = _known(values)
    if known.size < 2 or not np.isfinite(known).all():
        return np.nan, np.nan
    rng = np.random.default_rng(0)
    # A part at a time, so that many tracks need no more memory.
    means = [
        known[rng.integers(known.size, size=(100, known.size))].mean(axis=1)
        for _ in range(DRAWS // 100)
    ]
    low, high = np.quantile(np.concatenate(means), (0.025, 0.975))
    return float(low), float(high)


def _known(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    return array[~np.isnan(array)]


def _of_known(values: ArrayLike, average: Callable[[NDArray[np.float64]], np.floating]) -> float:
    known = _known(values)
    with np.errstate(invalid="ignore"):
        return float(average(known)) if known.size else np.nan
