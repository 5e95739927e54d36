"""What the instruments of a separation sound like most, by name."""

from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from musisep.instruments.profiles import Profiles
from musisep.notes.players import sizes
from musisep.notes.tracking import Notes
from musisep.tones.peaks import Floats

INDEPENDENT_NOTES = 6.0
"""The notes of a stem tell as much of its instrument as so many that are independent."""


class Likeness(NamedTuple):
    """An instrument that a stem sounds like.

    Attributes
    ----------
    name : str
    probability : float
        That it is this one, if it is one of those that are known.
    """

    name: str
    probability: float


def likenesses(
    profiles: Profiles, notes: Notes, chances: Floats, most: int = 3
) -> list[list[Likeness]]:
    """Return what each stem sounds like, the likeliest first.

    Parameters
    ----------
    profiles : Profiles
    notes : Notes
    chances : ndarray, shape (note, stem)
        That each stem has each note.
    most : int
        Names for each.

    Returns
    -------
    list of list of Likeness
        Of each stem; empty for a stem without notes.
    """
    single = profiles.log_likelihoods(notes)
    result: list[list[Likeness]] = []
    for own in (sizes(notes)[:, None] * chances).T if len(chances) else chances.T:
        if not own.sum():
            result.append([])
            continue
        mean = own @ single / own.sum()
        independent = min(INDEPENDENT_NOTES, own.sum())
        probabilities = softmax(independent * mean)
        best = np.argsort(-probabilities, kind="stable")[:most]
        result.append([Likeness(profiles.names[k], float(probabilities[k])) for k in best])
    return result
