"""Refusals that many signatures share; each raises a ValueError that names the value."""

import math
from collections.abc import Collection, Hashable
from numbers import Integral, Real

import numpy as np


def one_of(name: str, value: object, choices: Collection[object]) -> None:
    """Refuse what is not among `choices`."""
    if not isinstance(value, Hashable) or value not in choices:
        raise ValueError(f"{name}={value!r} must be one of {tuple(choices)}")


def at_least(name: str, value: object, limit: int) -> int:
    """Refuse what is not an integer of at least `limit`; return it as int."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < limit:
        raise ValueError(f"{name}={value!r} must be an integer of at least {limit}")
    return int(value)


def number(name: str, value: object) -> float:
    """Refuse what is not a finite real number; return it as float."""
    if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{name}={value!r} must be a finite number")
    return float(value)


def above_zero(name: str, value: object) -> float:
    """Refuse what is not positive and finite; return it as float."""
    if not number(name, value) > 0:
        raise ValueError(f"{name}={value!r} must be finite and above 0")
    return float(value)  # type: ignore[arg-type]


def from_zero(name: str, value: object) -> float:
    """Refuse what is negative or not finite; return it as float."""
    if number(name, value) < 0:
        raise ValueError(f"{name}={value!r} must be at least 0")
    return float(value)  # type: ignore[arg-type]


def flag(name: str, value: object) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name}={value!r} must be True or False")
