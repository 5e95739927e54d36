"""What the instruments of a separation sound like most, by name."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from musisep._util.constants import TINY
from musisep.instruments.profiles import Profiles
from musisep.notes.players import sizes
from musisep.notes.tracking import Notes
from musisep.tones.peaks import Floats

INDEPENDENT_NOTES = 3.0
"""The notes of a stem tell as much of its instrument as so many that are independent; by the
surprise of the true name on recordings that were not learned from, see
`experiments/e20_library.py`."""


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
    result = []
    for own in _counts(notes, chances).T:
        probabilities = probabilities_of(profiles, single, own) if own.any() else np.zeros(0)
        best = np.argsort(-probabilities, kind="stable")[:most]
        result.append([Likeness(profiles.names[k], float(probabilities[k])) for k in best])
    return result


def names_right(profiles: Profiles, notes: Notes, chances: Floats, names: Sequence[str]) -> Floats:
    """Return how likely each stem is of its name, if it is of one of all these names.

    Parameters
    ----------
    profiles : Profiles
    notes : Notes
    chances : ndarray, shape (note, stem)
        That each stem has each note.
    names : sequence of str
        Of the stems.

    Returns
    -------
    ndarray, shape (stem,)
        NaN for a stem without notes.
    """
    of_names = profiles.of_names(notes, names)
    same = np.array([[one == other for other in names] for one in names])
    result = np.full(len(names), np.nan)
    for stem, own in enumerate(_counts(notes, chances).T):
        if own.any():
            result[stem] = softmax(told_by(of_names, own))[same[stem]].sum()
    return result


def told_by(single: Floats, weights: Floats, independent: float = INDEPENDENT_NOTES) -> Floats:
    """Return what all notes tell together: the log likelihood of each name.

    Parameters
    ----------
    single : ndarray, shape (note, name)
        Log likelihoods of the notes.
    weights : ndarray, shape (note,)
        How much each counts, not all 0.
    independent : float
        See `INDEPENDENT_NOTES`.
    """
    total = weights.sum()
    return np.asarray(min(independent, total) / total * (weights @ single))


def probabilities_of(
    profiles: Profiles, single: Floats, weights: Floats, independent: float = INDEPENDENT_NOTES
) -> Floats:
    """Return the probability [instrument] that each plays what has notes.

    Beforehand an instrument is as likely as it was often heard.

    Parameters are those of `told_by`, of all instruments.
    """
    beforehand = np.log(np.maximum(profiles.amounts, TINY))
    return np.asarray(softmax(told_by(single, weights, independent) + beforehand))


def _counts(notes: Notes, chances: Floats) -> Floats:
    """Return how much each note counts for each stem that has it with some chance, (note, stem)."""
    return sizes(notes)[:, None] * chances if len(chances) else chances
