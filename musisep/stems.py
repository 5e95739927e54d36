"""Stems that follow from others: sums of some, and what is left of one without another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
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
MIX = "mix"
"""The same, for those who type them."""
RESIDUAL = "residual"
"""The name of what belongs to no instrument."""
NOBODY = "nobody"
"""The name of nobody, who plays notes that are none."""
MOST_GAIN = 1000.0
"""In rules that are typed; more is a mistake."""
GAIN = r"[0-9]+\.?[0-9]*|\.[0-9]+"
"""A pattern of a number without a sign."""


def stem_names(instruments: int, names: Sequence[str] | None = None) -> list[str]:
    """Return the names of stems: those that are given, or instrument1, instrument2, ...

    Parameters
    ----------
    instruments : int
        Number of stems.
    names : sequence of str, optional
        One for each stem, in their order.

    Returns
    -------
    list of str
        One name for each stem.

    Raises
    ------
    ValueError
        If their number is wrong, two are alike, or one cannot be part of the name of a file or
        stands for something else.

    Examples
    --------
    >>> from musisep.stems import stem_names
    >>> stem_names(2)
    ['instrument1', 'instrument2']
    >>> stem_names(2, ["clarinet", "horn"])
    ['clarinet', 'horn']
    """
    instruments = at_least("instruments", instruments, 0, MOST_TONES)
    if names is None:
        return [f"instrument{number}" for number in range(1, instruments + 1)]
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"names={shown(names)} must be a sequence of names")
    given = f"names={','.join(names)}"
    for name in names:
        check_name(given, name)
        if name in (MIX, MIXTURE, RESIDUAL) or name.casefold() == NOBODY:
            raise ValueError(f"{given}: {name!r} stands for something else; choose another name")
    if len(names) != instruments or len({name.casefold() for name in names}) < instruments:
        raise ValueError(f"{given} must be {instruments} different names, one for each instrument")
    return list(names)


def check_name(given: str, name: str) -> None:
    """Refuse a name that could not be part of the name of a file; `given` begins the message."""
    if not name.isprintable() or not name.strip() or name[0] == "." or set(name) & set("/\\"):
        limits = "printable, without / and \\, and not begin with a dot"
        raise ValueError(f"{given}: {name!r} must be {limits}")


@dataclass(frozen=True)
class Subtract:
    """One stem without another.

    Parameters
    ----------
    stem_name : str
        Name of what to start from.
    by_stem_name : str
        Name of what to take away.

    Examples
    --------
    >>> from musisep import Subtract, derive_stems
    >>> rules = {"accompaniment": Subtract("mixture", "voice")}
    >>> derive_stems({"voice": [1.0, 2.0]}, [2.0, 4.0], rules)["accompaniment"]
    array([1., 2.])
    """

    stem_name: str
    by_stem_name: str

    @property
    def names(self) -> tuple[str, ...]:
        """The stems that `combine` takes."""
        return self.stem_name, self.by_stem_name

    def combine(self, stem: Real, by_stem: Real) -> Real:
        """Return the difference.

        Parameters
        ----------
        stem, by_stem : ndarray, float [...]
            What to start from, and what to take away, of one shape.

        Returns
        -------
        ndarray, float [...]
            The first less the second.
        """
        return stem - by_stem


@dataclass(frozen=True)
class Sum:
    """Several stems together.

    Parameters
    ----------
    stem_names : tuple of str
        Names of the stems, at least one.

    Raises
    ------
    ValueError
        If there is no name, or a single string instead of a tuple.

    Examples
    --------
    >>> from musisep import Sum, derive_stems
    >>> stems = {"violin": [1.0, 2.0], "cello": [0.5, 0.5], "drums": [0.0, 1.0]}
    >>> derive_stems(stems, [1.5, 3.5], {"strings": Sum(("violin", "cello"))})["strings"]
    array([1.5, 2.5])
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
        """Return the sum.

        Parameters
        ----------
        *stems : ndarray, float [...]
            In the order of `names`, of one shape.

        Returns
        -------
        ndarray, float [...]
            A new array.
        """
        return reduce(np.add, stems[1:], stems[0].copy())


@dataclass(frozen=True)
class Combination:
    """Several stems together, each with a gain; `parse_rule` makes them of text.

    Parameters
    ----------
    terms : tuple of (float, str)
        Gains and names, at least one; a stem with a gain below 0 is taken away.

    Examples
    --------
    >>> from musisep.stems import Combination, derive_stems
    >>> rules = {"soft": Combination(((1.0, "mixture"), (-0.5, "drums")))}
    >>> derive_stems({"drums": [0.0, 1.0]}, [2.0, 4.0], rules)["soft"]
    array([2. , 3.5])
    """

    terms: tuple[tuple[float, str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The stems that `combine` takes."""
        return tuple(name for _, name in self.terms)

    def combine(self, *stems: Real) -> Real:
        """Return the sum.

        Parameters
        ----------
        *stems : ndarray, float [...]
            In the order of `names`, of one shape.

        Returns
        -------
        ndarray, float [...]
            Sum of the stems, each times its gain.
        """
        (gain, _), *rest = self.terms
        total = gain * stems[0]
        for (gain, _), stem in zip(rest, stems[1:], strict=True):
            total = total + gain * stem
        return total


def parse_rule(text: str, known: Iterable[str]) -> Combination:
    """Read a sum or difference of stems, such as ``mix - 0.5*horn``.

    Parameters
    ----------
    text : str
        Names, with + or - between them; a gain and * may stand before each.
    known : iterable of str
        The names that there are; a name may hold signs and spaces, and the longest one counts.

    Returns
    -------
    Combination
        Gains and names, in which `MIX` is called `MIXTURE`.

    Raises
    ------
    ValueError
        If the text is anything else, or a gain is above `MOST_GAIN`.

    Examples
    --------
    >>> from musisep.stems import parse_rule
    >>> parse_rule("mix - 0.5*horn", ["mix", "horn"]).terms
    ((1.0, 'mixture'), (-0.5, 'horn'))
    """
    names = sorted(known, key=len, reverse=True)
    term = re.compile(
        rf"\s*([-+])?\s*(?:({GAIN})\s*\*\s*)?({'|'.join(map(re.escape, names))})\s*(?=[-+]|$)"
    )
    terms: list[tuple[float, str]] = []
    position = 0
    while position < len(text) or not terms:
        found = term.match(text, position)
        if not found:
            there = ", ".join(sorted(names))
            wrong = shown(text[position:].strip())
            raise ValueError(
                f"{wrong} is not understood; add and subtract some of {there}, with gains "
                f"such as 0.5*{RESIDUAL}"
            )
        gain = float((found[1] or "") + (found[2] or "1"))
        if abs(gain) > MOST_GAIN:
            raise ValueError(f"a gain of {gain:g} is more than {MOST_GAIN:g}, the limit")
        terms.append((gain, MIXTURE if found[3] == MIX else found[3]))
        position = found.end()
    return Combination(tuple(terms))


Rule = Subtract | Sum | Combination


def parse_rules(derive: Mapping[str, str], stems: Sequence[str]) -> dict[str, Combination]:
    """Read what is to be derived from stems.

    Parameters
    ----------
    derive : mapping of str to str
        Rules by the names of the new stems, as for `parse_rule`: of the stems, of "mix",
        "residual", and of what was derived before.
    stems : sequence of str
        Names of the stems.

    Returns
    -------
    dict of str to Combination
        In the order of `derive`.

    Raises
    ------
    ValueError
        If a name is taken or cannot be part of the name of a file, or a rule is not understood.

    Examples
    --------
    >>> from musisep.stems import parse_rules
    >>> rules = parse_rules({"karaoke": "mix - voice", "soft": "0.5*karaoke"}, ["voice", "piano"])
    >>> rules["soft"].terms
    ((0.5, 'karaoke'),)
    """
    instance("derive", derive, Mapping)
    known = [*stems, RESIDUAL, MIX, MIXTURE]
    rules = {}
    for name, text in derive.items():
        given = f"derive={name}={text}"
        if not (isinstance(name, str) and isinstance(text, str)):
            raise ValueError(f"derive={shown(dict(derive))} must be texts by names")
        check_name(given, name)
        if name.casefold() in map(str.casefold, known):
            raise ValueError(f"{given}: the name {name!r} is taken; choose another")
        try:
            rules[name] = parse_rule(text, known)
        except ValueError as error:
            raise ValueError(f"{given}: {error}") from error
        known.append(name)
    return rules


def track_names(
    stems: Sequence[str],
    derived: Iterable[str] = (),
    *,
    residual: bool = False,
    only: Iterable[str] | None = None,
) -> list[str]:
    """Return the names of what is written, stems first, then the residual, then what is derived.

    Parameters
    ----------
    stems : sequence of str
        Names of the stems; all are written, unless `only` is given.
    derived : iterable of str, optional
        Names of what is derived; so are these.
    residual : bool, optional
        Whether to write the residual as well.
    only : iterable of str, optional
        What to write instead; it may name the residual.

    Returns
    -------
    list of str
        Names in the order of writing.

    Raises
    ------
    ValueError
        If `only` names nothing, or what there is not.

    Examples
    --------
    >>> from musisep.stems import track_names
    >>> track_names(["voice", "piano"], ["karaoke"], residual=True)
    ['voice', 'piano', 'residual', 'karaoke']
    >>> track_names(["voice", "piano"], ["karaoke"], only=["karaoke", "voice"])
    ['voice', 'karaoke']
    """
    derived = list(derived)
    if only is None:
        return [*stems, *([RESIDUAL] if residual else []), *derived]
    there = [*stems, RESIDUAL, *derived]
    wanted = None if isinstance(only, str) else list(only)
    if not wanted or not all(isinstance(name, str) for name in wanted):
        raise ValueError(f"only={shown(only)} must be names, one at least")
    for name in wanted:
        if name not in there:
            raise ValueError(
                f"only={','.join(wanted)}: there is no {name!r}, but {', '.join(there)}"
            )
    return [name for name in there if name in wanted]


def derive_stems(
    stems: Mapping[str, ArrayLike],
    mixture: ArrayLike,
    rules: Mapping[str, Rule],
) -> dict[str, Real]:
    """Add stems that follow from others, such as an accompaniment.

    Parameters
    ----------
    stems : mapping of str to array_like, float [channel, sample]
        By name; any shape will do if all have the same; at the level of the mixture.
    mixture : array_like, float [channel, sample]
        What rules call "mixture".
    rules : mapping of str to Subtract, Sum or Combination
        How to make the new stems, in this order: from the mixture, the given stems and those
        that were made before.

    Returns
    -------
    dict of str to ndarray, float [channel, sample]
        The given stems, then the new ones; not the mixture.

    Raises
    ------
    ValueError
        If shapes differ, a name is unknown or taken, or a rule is none.

    Examples
    --------
    >>> from musisep import Subtract, derive_stems
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
        if not isinstance(rule, Rule):
            kinds = "a Subtract, a Sum or a Combination"
            raise ValueError(f"rules[{name!r}]={shown(rule)} must be {kinds}")
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
