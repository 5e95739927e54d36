"""Refusals that many signatures share; each raises a ValueError that names the value."""

import math
from collections.abc import Collection
from numbers import Integral


def one_of(name: str, value: object, choices: Collection[object]) -> None:
    """Refuse what is not among `choices`."""
    if value not in choices:
        raise ValueError(f"{name}={value!r} must be one of {tuple(choices)}")


def above_zero(name: str, value: float) -> None:
    """Refuse what is not positive and finite."""
    if not 0 < value < math.inf:
        raise ValueError(f"{name}={value} must be finite and above 0")


def at_least(name: str, value: object, limit: int) -> None:
    """Refuse what is not an integer of at least `limit`."""
    if not isinstance(value, Integral) or value < limit:
        raise ValueError(f"{name}={value} must be an integer of at least {limit}")
