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

    Parameters
    ----------
    name : str
        Name of the instrument.
    probability : float
        That it is this one, if it is one of those that are known.

    Examples
    --------
    >>> from musisep.instruments import Likeness
    >>> likeness = Likeness("clarinet", 0.75)
    >>> f"{likeness.probability:.0%} {likeness.name}"
    '75% clarinet'
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
        The instruments that it may be.
    notes : Notes
        The notes of all stems.
    chances : ndarray [note, stem]
        That each stem has each note.
    most : int
        Names for each.

    Returns
    -------
    list of list of Likeness
        Of each stem; empty for a stem without notes.

    Raises
    ------
    ValueError
        If the notes have other features than those that profiles were learned from.

    Examples
    --------
    Ten notes that are as those of a double bass in the mean, all in the first of two stems:

    >>> import numpy as np
    >>> from musisep.instruments import library, likenesses
    >>> from musisep.notes.players import MIDDLE_HZ
    >>> from musisep.notes.sound import NoteSound, Sound
    >>> from musisep.notes.tracking import Notes
    >>> (bass,), features = library().numbers("double-bass"), NoteSound().features
    >>> mean, known = library().means[bass], np.ones((10, features), bool)
    >>> shifts, one, none = np.full(10, 60 * mean[-2]), np.ones(10), np.zeros((0, 2), int)
    >>> sound = Sound(np.tile(mean[:features], (10, 1)), known)
    >>> notes = Notes(none, one, one, shifts, one, sound, none, one[:0], 60.0, MIDDLE_HZ, 0.01)
    >>> first, second = likenesses(library(), notes, np.tile([1.0, 0.0], (10, 1)))
    >>> first[0].name, round(first[0].probability, 2), second
    ('double-bass', 0.83, [])
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
        The instruments that are known.
    notes : Notes
        The notes of all stems.
    chances : ndarray [note, stem]
        That each stem has each note.
    names : sequence of str
        Of the stems.

    Returns
    -------
    ndarray [stem]
        Probabilities; NaN for a stem without notes.

    Raises
    ------
    ValueError
        If a name is unknown, or the notes have other features.

    Examples
    --------
    Two stems whose notes are as those of a flute and a tuba in the mean, with names that are right
    and exchanged:

    >>> import numpy as np
    >>> from musisep.instruments import library
    >>> from musisep.instruments.naming import names_right
    >>> from musisep.notes.players import MIDDLE_HZ
    >>> from musisep.notes.sound import NoteSound, Sound
    >>> from musisep.notes.tracking import Notes
    >>> numbers = [library().names.index(name) for name in ("flute", "tuba")]
    >>> means = np.repeat(library().means[numbers], 9, axis=0)
    >>> features, one, none = NoteSound().features, np.ones(18), np.zeros((0, 2), int)
    >>> sound = Sound(means[:, :features], np.ones((18, features), bool))
    >>> shifts = 60 * means[:, -2]
    >>> notes = Notes(none, one, one, shifts, one, sound, none, one[:0], 60.0, MIDDLE_HZ, 0.01)
    >>> chances = np.repeat(np.eye(2), 9, axis=0)
    >>> names_right(library(), notes, chances, ["flute", "tuba"]).round(1).tolist()
    [1.0, 1.0]
    >>> names_right(library(), notes, chances, ["tuba", "flute"]).round(1).tolist()
    [0.0, 0.0]
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
