"""What there is to tell of instruments that have profiles."""

from __future__ import annotations

from typing import NamedTuple

from musisep._util.pitches import pitch_name
from musisep.instruments.profiles import Profiles
from musisep.names import ALIASES, GROUPS, INSTRUMENTS


class Told(NamedTuple):
    """An instrument, in words.

    Parameters
    ----------
    name : str
        Canonical name.
    family : str
        Family; empty for a name that nobody knows beforehand.
    lowest, highest : str
        Names of the pitches that it usually plays; empty as well.
    notes : int
        Of how many it was learned.
    others : tuple of str
        Other names.
    groups : tuple of str
        Names that may stand for it.

    Examples
    --------
    >>> from musisep.instruments.telling import Told
    >>> kazoo = Told("kazoo", "", "", "", 12, (), ())
    >>> f"{kazoo.name}: {kazoo.family or 'unknown'}, {kazoo.notes} notes"
    'kazoo: unknown, 12 notes'
    """

    name: str
    family: str
    lowest: str
    highest: str
    notes: int
    others: tuple[str, ...]
    groups: tuple[str, ...]


def told_of(profiles: Profiles, name: str) -> Told:
    """Return what there is to tell of an instrument.

    Parameters
    ----------
    profiles : Profiles
        Where it has a profile.
    name : str
        Its name there.

    Returns
    -------
    Told
        Family, pitches and names of the instrument, and of how many notes it was learned.

    Raises
    ------
    ValueError
        If it has no profile.

    Examples
    --------
    >>> from musisep.instruments import library
    >>> from musisep.instruments.telling import told_of
    >>> told = told_of(library(), "horn")
    >>> told.family, told.lowest, told.highest, told.others, told.groups
    ('brass', 'A#1', 'F5', ('cor', 'french-horn', 'hn'), ('brass',))
    """
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
    """Return the names that stand for one of several instruments, and for which.

    Parameters
    ----------
    profiles : Profiles
        The instruments that count.

    Returns
    -------
    dict of str to list of str
        Names of instruments that have profiles, by the name of their group.

    Examples
    --------
    >>> from musisep.instruments import library
    >>> from musisep.instruments.telling import groups_of
    >>> groups_of(library())["organ"]
    ['pipe-organ', 'reed-organ']
    """
    found = {
        group: [name for name in meant if name in profiles.names] for group, meant in GROUPS.items()
    }
    return {group: names for group, names in found.items() if names}
