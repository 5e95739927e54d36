"""Stems that follow from others: sums of some, and what is left of one without another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import at_least, instance
from musisep._util.limits import MOST_TONES
from musisep._util.messages import shown
from musisep.audio.arrays import Real, as_real

MIXTURE = "mixture"
"""The name by which rules call the mixture."""
RESIDUAL = "residual"
"""The name of what belongs to no instrument."""


def stem_names(instruments: int) -> list[str]:
    """Return the names of stems of which nothing but the order is known."""
    instruments = at_least("instruments", instruments, 0, MOST_TONES)
    return [f"instrument{number}" for number in range(1, instruments + 1)]


@dataclass(frozen=True)
class Subtract:
    """One stem without another.

    Parameters
    ----------
    stem_name : str
        What to start from.
    by_stem_name : str
        What to take away.
    """

    stem_name: str
    by_stem_name: str

    @property
    def names(self) -> tuple[str, ...]:
        """The stems that `combine` takes."""
        return self.stem_name, self.by_stem_name

    def combine(self, stem: Real, by_stem: Real) -> Real:
        """Return the difference."""
        return stem - by_stem


@dataclass(frozen=True)
class Sum:
    """Several stems together.

    Parameters
    ----------
    stem_names : tuple of str
        At least one.

    Raises
    ------
    ValueError
        If there is no name, or a single string instead of a tuple.
    """

    stem_names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what is no collection of names."""
        given: Any = self.stem_names
        try:
            names = () if isinstance(given, str) else tuple(given)
        except TypeError:
            names = ()
        if not names or not all(isinstance(name, str) for name in names):
            raise ValueError(f"stem_names={shown(given)} must be a tuple of names, not empty")
        object.__setattr__(self, "stem_names", names)

    @property
    def names(self) -> tuple[str, ...]:
        """The stems that `combine` takes."""
        return self.stem_names

    def combine(self, *stems: Real) -> Real:
        """Return the sum."""
        return reduce(np.add, stems[1:], stems[0].copy())


def derive_stems(
    stems: Mapping[str, ArrayLike],
    mixture: ArrayLike,
    rules: Mapping[str, Subtract | Sum],
) -> dict[str, Real]:
    """Add stems that follow from others, such as an accompaniment.

    Parameters
    ----------
    stems : mapping of str to array, shape (channel, sample)
        Any shape will do if all have the same; at the level of the mixture.
    mixture : array, of the same shape
        What rules call "mixture".
    rules : mapping of str to Subtract or Sum
        How to make the new stems, in this order: from the mixture, the given stems and those
        that were made before.

    Returns
    -------
    dict of str to array
        The given stems, then the new ones; not the mixture.

    Raises
    ------
    ValueError
        If shapes differ, a name is unknown or taken, or a rule is none.

    Examples
    --------
    >>> stems = {"voice": [1.0, 2.0], "drums": [0.0, 1.0]}
    >>> derive_stems(stems, [2.0, 4.0], {"rest": Subtract("mixture", "voice")})["rest"]
    array([1., 2.])
    """
    for mapping, value in (("stems", stems), ("rules", rules)):
        instance(mapping, value, Mapping)
    known = {MIXTURE: as_real(mixture, MIXTURE)}
    for name, stem in stems.items():
        _check_free(name, known)
        known[name] = as_real(stem, f"stems[{name!r}]")
        if known[name].shape != known[MIXTURE].shape:
            shapes = ", ".join(f"{key} {np.shape(value)}" for key, value in stems.items())
            raise ValueError(
                f"stems of shapes {shapes} must have that of the mixture, {known[MIXTURE].shape}"
            )
    for name, rule in rules.items():
        _check_free(name, known)
        if not isinstance(rule, Subtract | Sum):
            raise ValueError(f"rules[{name!r}]={shown(rule)} must be a Subtract or a Sum")
        for other in rule.names:
            if other not in known:
                raise ValueError(
                    f"rules[{name!r}] needs {other!r}, but there is only {_listed(known)}"
                )
        known[name] = rule.combine(*(known[other] for other in rule.names))
    del known[MIXTURE]
    return known


def _check_free(name: str, known: Mapping[str, Real]) -> None:
    if name in known:
        raise ValueError(f"the name {name!r} is taken: there is {_listed(known)}")


def _listed(known: Mapping[str, Real]) -> str:
    return ", ".join(known)
