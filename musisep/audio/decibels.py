"""Levels in decibels."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import above_zero, from_zero, number, one_of
from musisep.audio.arrays import Real, as_real

RangeMode = Literal["per_example", "torchaudio_compat"]

AMIN = 1e-10
"""Smallest value that has a level of its own, unless said otherwise."""
PER_DECADE = {"power": 10.0, "magnitude": 20.0}
SHARED_AXES = {"per_example": 2, "torchaudio_compat": 3}
"""How many of the last axes share the maximum that `top_db` refers to."""


def amplitude_to_db(
    x: ArrayLike,
    *,
    stype: Literal["power", "magnitude"] = "power",
    top_db: float | None = 80.0,
    amin: float = AMIN,
    ref_value: float = 1.0,
    mode: RangeMode = "torchaudio_compat",
) -> Real:
    """Convert powers or magnitudes to decibels.

    Parameters
    ----------
    x : array_like [..., frequency, frame]
        Powers or magnitudes.
    stype : {"power", "magnitude"}
        What `x` holds: a factor of ten is 10 or 20 decibels.
    top_db : float >= 0, optional
        Levels that are further than this below the maximum are raised to this distance.
    amin : float >= 0
        Smaller values count as `amin`. If that is 0, the level of 0 is -inf, unless `top_db`
        raises it.
    ref_value : float > 0
        Value of 0 dB, unless `amin` is larger.
    mode : {"torchaudio_compat", "per_example"}
        Whose maximum: that of the last three axes (channel, frequency, frame), or of the last two.

    Returns
    -------
    ndarray, float [..., frequency, frame]
        In float32 if `x` is, else in float64.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or `x` does not hold real numbers.

    Examples
    --------
    What is more than 80 dB below the maximum is raised to that:

    >>> from musisep.audio import amplitude_to_db
    >>> amplitude_to_db([[1.0, 0.1, 0.0]], stype="magnitude").round(6).tolist()
    [[0.0, -20.0, -80.0]]
    >>> amplitude_to_db([[1.0, 0.1, 0.0]], stype="magnitude", top_db=None).round(6).tolist()
    [[0.0, -20.0, -200.0]]
    """
    one_of("stype", stype, PER_DECADE)
    amin, ref_value = from_zero("amin", amin), above_zero("ref_value", ref_value)
    top_db = check_range(top_db, mode)
    levels = np.array(as_real(x, "x")).reshape(np.shape(x))
    to_levels(levels, PER_DECADE[stype], amin, ref_value)
    limit_range(levels, top_db, mode)
    return levels


def check_range(top_db: float | None, mode: str) -> float | None:
    """Refuse a dynamic range that `limit_range` does not know; return `top_db` as float.

    Raises
    ------
    ValueError
        If `mode` is unknown, or `top_db` is neither None nor a number of at least 0.
    """
    one_of("mode", mode, SHARED_AXES)
    if top_db is None:
        return None
    if (found := number("top_db", top_db)) < 0:
        raise ValueError(f"{top_db=} must be at least 0, or None")
    return found


def to_levels(values: Real, per_decade: float, amin: float = AMIN, ref_value: float = 1.0) -> None:
    """Replace values by levels; `per_decade` decibels are a factor of ten."""
    amin = representable(amin, values) if amin else 0.0
    np.maximum(values, amin, out=values)
    with np.errstate(divide="ignore"):
        np.log(values, out=values)  # twice as fast as log10
    values -= math.log(max(amin, ref_value))
    values *= per_decade / math.log(10)


def representable(amin: float, values: Real) -> float:
    """Return `amin`, or the smallest number that the type of `values` holds in full precision."""
    return max(amin, float(np.finfo(values.dtype).tiny))


def limit_range(levels: Real, top_db: float | None, mode: RangeMode) -> None:
    """Raise the levels that are more than `top_db` below the maximum; see `amplitude_to_db`."""
    if top_db is None:
        return
    axes = tuple(range(-min(levels.ndim, SHARED_AXES[mode]), 0))
    floor = levels.max(axis=axes, keepdims=True, initial=-np.inf) - top_db
    np.maximum(levels, floor, out=levels)
