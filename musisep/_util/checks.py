"""Refusals that many signatures share; each raises a ValueError that names the value.

Callers go on with what is returned: NumPy's integers wrap round, its floats may be of few bits.
"""

import math
from collections.abc import Collection, Hashable
from numbers import Integral, Real

import numpy as np

from musisep._util.messages import shown

MOST = 2**63 - 1
"""Largest integer that an array can count."""


def one_of(name: str, value: object, choices: Collection[object]) -> None:
    """Refuse what is not among `choices`."""
    plain = isinstance(value, Hashable) and not isinstance(value, np.void)
    if not plain or value not in choices:
        raise ValueError(f"{name}={shown(value)} must be one of {tuple(choices)}")


def at_least(name: str, value: object, limit: int) -> int:
    """Refuse what is not an integer of at least `limit`; return it as int."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < limit:
        raise ValueError(f"{name}={shown(value)} must be an integer of at least {limit}")
    if int(value) > MOST:
        raise ValueError(f"{name}={shown(value)} must be below 2^63")
    return int(value)


def number(name: str, value: object) -> float:
    """Refuse what is not a finite real number; return it as float."""
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            result = float(value)
        except OverflowError:
            result = math.inf
        if math.isfinite(result):
            return result
    raise ValueError(f"{name}={shown(value)} must be a finite number")


def above_zero(name: str, value: object) -> float:
    """Refuse what is not positive and finite; return it as float."""
    result = number(name, value)
    if not result > 0:
        raise ValueError(f"{name}={shown(value)} must be finite and above 0")
    return result


def from_zero(name: str, value: object) -> float:
    """Refuse what is negative or not finite; return it as float."""
    result = number(name, value)
    if result < 0:
        raise ValueError(f"{name}={shown(value)} must be at least 0")
    return result


def flag(name: str, value: object) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name}={shown(value)} must be True or False")


def function(name: str, value: object) -> None:
    """Refuse what cannot be called."""
    if not callable(value):
        raise ValueError(f"{name}={shown(value)} must be a function")


def instance(name: str, value: object, kind: type) -> None:
    """Refuse what is not of a class."""
    if not isinstance(value, kind):
        raise ValueError(f"{name}={shown(value)} must be a {kind.__name__}")


def sizes(name: str, value: object) -> tuple[int, ...]:
    """Refuse what is no tuple of integers of at least 0; return them as int."""
    instance(name, value, tuple)
    return tuple(at_least(name, size, 0) for size in value)  # type: ignore[attr-defined]
