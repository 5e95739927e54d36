"""What there is to tell of instruments that have profiles."""

from __future__ import annotations

from typing import NamedTuple

from musisep._util.pitches import pitch_name
from musisep.instruments.profiles import Profiles
from musisep.names import ALIASES, GROUPS, INSTRUMENTS


class Told(NamedTuple):
    """An instrument, in words.

    Attributes
    ----------
    name : str
    family : str
        Empty for a name that nobody knows beforehand.
    lowest, highest : str
        Names of the pitches that it usually plays; empty as well.
    notes : int
        Of how many it was learned.
    others : tuple of str
        Other names.
    groups : tuple of str
        Names that may stand for it.
    """

    name: str
    family: str
    lowest: str
    highest: str
    notes: int
    others: tuple[str, ...]
    groups: tuple[str, ...]


def told_of(profiles: Profiles, name: str) -> Told:
    """Return what there is to tell of an instrument; ValueError if it has no profile."""
    known = INSTRUMENTS.get(name)
    return Told(
        name,
        known.family if known else "",
        pitch_name(known.lowest) if known else "",
        pitch_name(known.highest) if known else "",
        round(float(profiles.amounts[profiles.names.index(name)])),
        tuple(other for other, meant in sorted(ALIASES.items()) if meant == name),
        tuple(group for group, meant in GROUPS.items() if name in meant),
    )


def groups_of(profiles: Profiles) -> dict[str, list[str]]:
    """Return the names that stand for one of several instruments, and for which."""
    found = {
        group: [name for name in meant if name in profiles.names] for group, meant in GROUPS.items()
    }
    return {group: names for group, names in found.items() if names}
