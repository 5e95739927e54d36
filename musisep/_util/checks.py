"""Refusals that many signatures share; each raises a ValueError that names the value.

Callers go on with what is returned: NumPy's integers wrap round, its floats may be of few bits.
"""

import math
import os
from collections.abc import Collection
from numbers import Integral, Real
from pathlib import Path

from musisep._util.messages import shown

MOST = 2**63 - 1
"""Largest integer that an array can count."""


def one_of(name: str, value: object, choices: Collection[object]) -> None:
    """Refuse what is not among `choices`."""
    try:
        hash(value)
    except TypeError:
        known = False
    else:
        known = value in choices
    if not known:
        raise ValueError(f"{name}={shown(value)} must be one of {tuple(choices)}")


def at_least(name: str, value: object, limit: int, most: int = MOST) -> int:
    """Refuse what is not an integer from `limit` to `most`; return it as int."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < limit:
        raise ValueError(f"{name}={shown(value)} must be an integer of at least {limit}")
    if int(value) > most:
        largest = "below 2^63" if most == MOST else f"at most {most}"
        raise ValueError(f"{name}={shown(value)} must be {largest}")
    return int(value)


def whole_hz(name: str, value: object) -> int:
    """Refuse what is no whole number of Hz above 0; return it as int.

    Floating point numbers without a fraction, as calculations give them, are whole numbers.
    """
    if isinstance(value, Real) and not isinstance(value, Integral) and float(value).is_integer():
        value = int(float(value))
    return at_least(name, value, 1)


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


def above_zero(name: str, value: object, most: float = math.inf) -> float:
    """Refuse what is not positive and finite, or more than `most`; return it as float."""
    result = number(name, value)
    if not result > 0:
        raise ValueError(f"{name}={shown(value)} must be finite and above 0")
    if result > most:
        raise ValueError(f"{name}={shown(value)} must be at most {most:g}")
    return result


def within(name: str, value: object, least: float, most: float) -> float:
    """Refuse what is no number in a range; return it as float."""
    result = number(name, value)
    if not least <= result <= most:
        raise ValueError(f"{name}={shown(value)} must be from {least:g} to {most:g}")
    return result


def from_zero(name: str, value: object) -> float:
    """Refuse what is negative or not finite; return it as float."""
    result = number(name, value)
    if result < 0:
        raise ValueError(f"{name}={shown(value)} must be at least 0")
    return result


def flag(name: str, value: object) -> None:
    """Refuse what is neither true nor false."""
    # By its name, as NumPy takes time to import and settings are checked for a help text.
    if type(value).__name__ not in ("bool", "bool_"):
        raise ValueError(f"{name}={shown(value)} must be True or False")


def function(name: str, value: object) -> None:
    """Refuse what cannot be called."""
    if not callable(value):
        raise ValueError(f"{name}={shown(value)} must be a function")


def iterable(name: str, value: object) -> None:
    """Refuse what cannot be iterated over, as arrays without an axis."""
    try:
        iter(value)  # type: ignore[call-overload]
    except TypeError:
        raise ValueError(f"{name}={shown(value)} must be iterable") from None


def instance(name: str, value: object, kind: type) -> None:
    """Refuse what is not of a class."""
    if not isinstance(value, kind):
        raise ValueError(f"{name}={shown(value)} must be a {kind.__name__}")


def sizes(name: str, value: object) -> tuple[int, ...]:
    """Refuse what is no tuple of integers of at least 0; return them as int."""
    instance(name, value, tuple)
    return tuple(at_least(name, size, 0) for size in value)  # type: ignore[attr-defined]


def path(name: str, value: object) -> Path:
    """Refuse what is no path in letters; return it as Path."""
    if not isinstance(value, Path):
        value = os.fspath(value) if isinstance(value, os.PathLike) else value
        if not isinstance(value, str) or not value:
            raise ValueError(f"{name}={shown(value)} must be a path")
    return Path(value)
