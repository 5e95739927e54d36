"""Instruments whose names are given: what the library tells beyond the recording.

    python experiments/run.py default names --folders FOLDER ... --out names.csv
    python experiments/protocol.py names.csv

Names are those of the stems, without numbers; what the library lacks is said to be like the mean of
all. Some variants trust it less, or more; one is told wrong names.
"""

from dataclasses import replace

import numpy as np
from items import Floats, Item

import musisep
from musisep.instruments import Profiles, library
from musisep.names import canonical, members
from variants import Variant


def named(factor: float = 1.0) -> Variant:
    """Tell the names; what the library says of notes counts `factor` times."""

    def variant(item: Item, seed: int) -> musisep.Separation:
        own = library()
        return _separate(item, seed, replace(own, weight=factor * own.weight), item.instruments)

    return variant


def misnamed(item: Item, seed: int) -> musisep.Separation:
    """Tell names of instruments that do not play."""
    playing = {one for name in item.instruments for one in members(canonical(name))}
    others = [name for name in library().names if name not in playing]
    wrong = [others[7 * number % len(others)] for number in range(len(item.stems))]
    return _separate(item, seed, library(), wrong)


def _separate(item: Item, seed: int, profiles: Profiles, names: list[str]) -> musisep.Separation:
    known = set(profiles.names)
    told = [name if known & set(members(canonical(name))) else "anything" for name in names]
    if "anything" in told:
        profiles = with_anything(profiles)
    return musisep.separate(
        item.mixture, item.sample_rate, instruments=told, profiles=profiles, seed=seed
    )


def with_anything(profiles: Profiles) -> Profiles:
    """Return profiles with one more, that is the mean of all."""

    def longer(values: Floats) -> Floats:
        return np.concatenate((values, values.mean(axis=0, keepdims=True)))

    return replace(
        profiles,
        names=(*profiles.names, "anything"),
        means=longer(profiles.means),
        amounts=longer(profiles.amounts),
        columns=longer(profiles.columns),
    )


VARIANTS = {
    "names": named(),
    **{f"names-weight={factor:g}": named(factor) for factor in (0.5, 1.5)},
    "misnamed": misnamed,
}
