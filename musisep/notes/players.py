"""The model of players: how likely notes are of one player. Its numbers are fitted to recordings.

A note is a vector, as a voice is in speaker recognition: a linear map of what it sounds like
(`musisep.notes.sound`) and of its pitch, with a precision. About a player's own vector, which is
normal, lie vectors of the player's pitches, and about these those of the notes: a two-covariance
model (probabilistic linear discriminant analysis; Ioffe 2006, Brümmer and de Villiers 2010) with
one level more, for the notes of one pitch are alike. Two small networks tell how likely notes that
sound together, and notes that follow each other, are of one player.

A player is an instrument of any recording, of which nothing is known beforehand; the instruments
of one recording are its players. ``fitted.npz`` beside this file holds the numbers;
`experiments/e13_players.py` fits them.
"""

import os
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from musisep._util.constants import TINY
from musisep.io.archives import reading_arrays
from musisep.notes.tracking import Notes
from musisep.tones.peaks import Floats, Ints

WINDOW = 48
"""Notes, in the order of their onsets, after which nothing is said of a note that follows."""
LARGEST = 3.0
"""Sizes of notes are limited to this many mean sizes."""
MIDDLE_HZ = 261.63
"""Pitches count from here."""
CROSSING_S, LONGEST_CROSSING_S = 0.2, 0.6
"""Unit of the time for which players are crossed, and the longest that is paid for."""
HARMONIC_INTERVALS = np.array([12.0, 19, 24, 28, 31, 34, 36])
"""Semitones of the second to the eighth harmonic."""
LEAST_SCATTER = 0.1
"""Sides of a note scatter at least so much."""
NETWORKS = {"together": 13, "following": 13}
"""How many features each network is told."""
MOST_NUMBERS = 2**20
"""Of an array in a file."""


class Network(NamedTuple):
    """A network of one hidden layer: ``tanh(x @ inner + inner_bias) @ outer + outer_bias``.

    Parameters
    ----------
    inner : ndarray [feature, unit]
        Weights of the hidden layer.
    inner_bias : ndarray [unit]
        Added before the hyperbolic tangent.
    outer : ndarray [unit]
        Weights of the output.
    outer_bias : ndarray []
        Added to the output.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.notes.players import Network
    >>> network = Network(np.array([[1.0]]), np.zeros(1), np.array([2.0]), np.array(0.5))
    >>> network(np.array([[0.0], [100.0]])).tolist()
    [0.5, 2.5]
    """

    inner: Floats
    inner_bias: Floats
    outer: Floats
    outer_bias: Floats

    def __call__(self, inputs: Floats) -> Floats:
        """Return the outputs of inputs.

        Parameters
        ----------
        inputs : ndarray [row, feature]
            What the network is told.

        Returns
        -------
        ndarray [row]
            Outputs, such as log odds.
        """
        hidden = np.tanh(inputs @ self.inner + self.inner_bias)
        return np.asarray(hidden @ self.outer + self.outer_bias)


class Players(NamedTuple):
    """What is known of players in general.

    Parameters
    ----------
    projection : ndarray [input, dimension + 1]
        From `inputs` to vectors, and to what the precision is made of.
    offset : ndarray [dimension + 1]
        Added to these.
    player_variance : ndarray [dimension]
        Of the vectors of players.
    pitch_variance : ndarray [dimension]
        Of the vectors of the pitches of a player; that of a note is 1 over its precision.
    together : Network
        Log odds that notes are of one player that sound together.
    following : Network
        Log odds that notes are of one player that follow each other.
    crossing : float
        What it costs that the lower of two players has the higher note, for `CROSSING_S`.

    Examples
    --------
    In a player's line a step of two semitones is likelier than a leap of two octaves:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.players import fitted
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120, lowest_hz=220.0)
    >>> shifts = np.repeat([24.0, 28.0, 76.0], 20)[:, None]
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, np.zeros((60, 1), int))
    >>> notes = NoteTracking()(tones, np.zeros((60, model.m)), model)
    >>> odds = fitted().lines(notes)  # of each note, and the next ones
    >>> bool(odds[0, 0] > odds[1, 0])
    True
    """

    projection: Floats
    offset: Floats
    player_variance: Floats
    pitch_variance: Floats
    together: Network
    following: Network
    crossing: float

    def vectors(self, notes: Notes) -> tuple[Floats, Floats]:
        """Return vectors and precisions of notes.

        Parameters
        ----------
        notes : Notes
            Notes of a recording.

        Returns
        -------
        vectors : ndarray [note, dimension]
            What each sounds like, and its pitch.
        precisions : ndarray [note]
            1 over the variance about the vector of the pitch of a player.

        Raises
        ------
        ValueError
            If the notes have other features than those that the model was fitted to.
        """
        rows = inputs(notes)
        if rows.shape[1] != len(self.projection):
            raise ValueError(
                f"notes.sound has {notes.sound.values.shape[1]} features, but the model of players "
                f"is fitted to {len(self.projection) // 2}"
            )
        mapped = rows @ self.projection + self.offset
        return np.ascontiguousarray(mapped[:, :-1]), np.logaddexp(0.0, mapped[:, -1])

    def pairs(self, notes: Notes) -> tuple[Floats, Floats]:
        """Return what is said of `Notes.pairs`.

        Parameters
        ----------
        notes : Notes
            Notes of a recording.

        Returns
        -------
        log_odds : ndarray [pair]
            Log odds that both are of one player.
        prices : ndarray [pair]
            Prices of crossing: that the lower player has the higher note.
        """
        log_odds = self.together(pair_features(notes))
        return log_odds, self.crossing * crossing_times(notes)

    def lines(self, notes: Notes) -> Floats:
        """Return log odds that the next notes follow a note in a player's line.

        Parameters
        ----------
        notes : Notes
            Notes of a recording.

        Returns
        -------
        ndarray [note, WINDOW]
            Log odds of each of the `WINDOW` next notes; 0 if there are not so many.
        """
        size = notes.shifts.size
        first = np.repeat(np.arange(size), WINDOW)
        second = first + np.tile(np.arange(1, WINDOW + 1), size)
        exist = second < size
        result = np.zeros(first.size)
        result[exist] = self.following(step_features(notes, first[exist], second[exist]))
        return result.reshape(size, WINDOW)


def placed(notes: Notes, precisions: Floats) -> tuple[Floats, Floats]:
    """Return two more dimensions of vectors: where notes are heard between two channels.

    Parameters
    ----------
    notes : Notes
    precisions : ndarray [note]
        Of the vectors.

    Returns
    -------
    vectors : ndarray [note, 2 or 0]
        Sides in units of how much those of a note scatter, which is learned from the recording;
        in the middle of all if not known.
    variance : ndarray [2 or 0]
        Of players.
    """
    if notes.sides is None:
        return np.zeros((len(precisions), 0)), np.zeros(0)
    known = notes.sides != 0
    weights = np.where(known, sizes(notes), TINY)
    near = np.average(np.abs(notes.sides), weights=weights)
    precision = np.average(precisions, weights=weights)
    scatter = np.sqrt(max(2 * (1 - near), LEAST_SCATTER**2) * precision)
    sides = np.where(known, notes.sides, np.average(notes.sides, weights=weights)) / scatter
    return np.column_stack((sides.real, sides.imag)), np.full(2, 1 / scatter**2)


@lru_cache(maxsize=1)
def fitted() -> Players:
    """Return the model that was fitted to recordings.

    Returns
    -------
    Players
        The model, which is read once; see `load` for what is raised.

    Examples
    --------
    It is told so many numbers of a note, and makes a vector of so many dimensions of them:

    >>> from musisep.notes.players import fitted
    >>> rows, columns = fitted().projection.shape
    >>> rows, columns - 1
    (133, 12)
    """
    with resources.as_file(resources.files("musisep.notes") / "fitted.npz") as path:
        return load(path)


def load(path: str | os.PathLike[str]) -> Players:
    """Read a model from a file.

    Parameters
    ----------
    path : path
        An ``.npz`` file, as `experiments/e13_players.py` writes it.

    Returns
    -------
    Players
        The model.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it holds no model, or a damaged one.

    Examples
    --------
    The file that comes with the package holds the fitted model:

    >>> from importlib import resources
    >>> from musisep.notes.players import fitted, load
    >>> with resources.as_file(resources.files("musisep.notes") / "fitted.npz") as path:
    ...     players = load(path)
    >>> players.crossing == fitted().crossing
    True
    """
    with reading_arrays(path, "model of players") as read:
        return from_arrays({name: read(name, MOST_NUMBERS) for name in shapes(0, 0, 0)})


def from_arrays(arrays: Mapping[str, Floats]) -> Players:
    """Return the model of the arrays of a file; those of a network have its name before theirs.

    Raises
    ------
    ValueError
        If an array has another shape than others ask for, or is not finite.
    """
    rows, dimension = len(arrays["projection"]), arrays["player_variance"].size
    for name, shape in shapes(rows, dimension, arrays["together_outer"].size).items():
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} must be finite numbers of the shape {shape}")
    together, following = (
        Network(*(arrays[f"{name}_{field}"] for field in Network._fields)) for name in NETWORKS
    )
    return Players(
        projection=arrays["projection"],
        offset=arrays["offset"],
        player_variance=arrays["player_variance"],
        pitch_variance=arrays["pitch_variance"],
        together=together,
        following=following,
        crossing=float(arrays["crossing"]),
    )


def shapes(rows: int, dimension: int, hidden: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays of a file."""
    result: dict[str, tuple[int, ...]] = {
        "projection": (rows, dimension + 1),
        "offset": (dimension + 1,),
        "player_variance": (dimension,),
        "pitch_variance": (dimension,),
        "crossing": (),
    }
    for name, features in NETWORKS.items():
        layers = (features, hidden), (hidden,), (hidden,), ()
        result |= {
            f"{name}_{field}": shape for field, shape in zip(Network._fields, layers, strict=True)
        }
    return result


def sizes(notes: Notes) -> Floats:
    """Return how much notes count: root of amplitude times length, 1 for the mean of these."""
    size = notes.amps * notes.lengths
    return np.sqrt(np.minimum(size / max(size.mean(), TINY), LARGEST))


def inputs(notes: Notes) -> Floats:
    """Return what the map to vectors is fed with.

    Parameters
    ----------
    notes : Notes
        Notes of a recording.

    Returns
    -------
    ndarray [note, input]
        The features relative to their means in the recording, 0 if not known; whether they are
        known, as 0.5 or -0.5; the pitch in octaves above `MIDDLE_HZ`.

    Examples
    --------
    The last input is the pitch. The notes are an octave apart:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.players import inputs
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120, lowest_hz=261.63)
    >>> shifts = np.repeat([24.0, 48.0], 10)[:, None]
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, np.zeros((20, 1), int))
    >>> notes = NoteTracking()(tones, np.zeros((20, model.m)), model)
    >>> inputs(notes)[:, -1].round(6).tolist()
    [1.0, 2.0]
    """
    values, known = notes.sound
    weights = known * sizes(notes)[:, None]
    means = np.sum(weights * values, axis=0) / np.maximum(weights.sum(axis=0), TINY)
    octaves = semitones(notes)[:, None] / 12
    return np.clip(np.hstack((known * (values - means), known - 0.5, octaves)), -6, 6)


def semitones(notes: Notes) -> Floats:
    """Return pitches in semitones above `MIDDLE_HZ`.

    Parameters
    ----------
    notes : Notes
        Notes of a recording.

    Returns
    -------
    ndarray [note]
        Semitones, which are fractions.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.players import semitones
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120, lowest_hz=261.63)
    >>> shifts = np.repeat([0.0, 24.0, 38.0], 10)[:, None]
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, np.zeros((30, 1), int))
    >>> notes = NoteTracking()(tones, np.zeros((30, model.m)), model)
    >>> semitones(notes).round(6).tolist()
    [0.0, 12.0, 19.0]
    """
    return 12 * (notes.shifts / notes.octave + np.log2(notes.lowest_hz / MIDDLE_HZ))


def pitch_classes(notes: Notes) -> Ints:
    """Return numbers, from 0 on, of the semitones that notes have in the recording's tuning."""
    pitches = semitones(notes)
    turn = np.angle(np.sum(sizes(notes) * np.exp(2j * np.pi * pitches))) / (2 * np.pi)
    rounded = np.rint(pitches - turn).astype(np.int64)
    return np.asarray(np.unique(rounded, return_inverse=True)[1].reshape(rounded.shape))


def near(distances: Floats, width: float) -> Floats:
    """Return 1 at 0, and less away from it, as a Gaussian of this width."""
    return np.exp(-((distances / width) ** 2))


def crossing_times(notes: Notes) -> Floats:
    """Return for how long `Notes.pairs` count as crossed if they are, in `CROSSING_S`."""
    return np.minimum(notes.hop_s * notes.together, LONGEST_CROSSING_S) / CROSSING_S


def pair_features(notes: Notes) -> Floats:
    """Return what `Players.together` is told of `Notes.pairs`.

    Parameters
    ----------
    notes : Notes
        Notes of a recording.

    Returns
    -------
    ndarray [pair, feature]
        How long both sound; whether they are a unison, a step, or have the interval of two
        harmonics; the interval; the difference of levels; whether both begin, and end, at once.

    Examples
    --------
    The seventh number is the interval in octaves:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.players import pair_features
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> shifts = np.tile([24.0, 60.0], (10, 1))
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, np.tile([0, 1], (10, 1)))
    >>> notes = NoteTracking()(tones, np.zeros((10, model.m)), model)
    >>> pair_features(notes)[:, 6].round(6).tolist()
    [1.5]
    """
    first, second = notes.pairs.T
    pitch, level = semitones(notes), decibels(notes)
    onset, end = spans(notes)
    swap = pitch[first] < pitch[second]
    high, low = np.where(swap, second, first), np.where(swap, first, second)
    interval = pitch[high] - pitch[low]
    harmonic = np.abs(interval[:, None] - HARMONIC_INTERVALS).min(axis=1)
    seconds = notes.hop_s * notes.together
    shorter = np.minimum(end[high] - onset[high], end[low] - onset[low])
    begin, stop = onset[high] - onset[low], end[high] - end[low]
    return np.column_stack((
        np.minimum(seconds / 0.3, 3),
        np.minimum(seconds / np.maximum(shorter, 0.05), 1),
        interval < 0.7,
        interval < 2.5,
        near(harmonic, 0.35),
        near(interval - 12, 0.35),
        np.minimum(interval, 36) / 12,
        np.clip((level[high] - level[low]) / 10, -3, 3),
        near(begin, 0.04),
        near(stop, 0.06),
        3 * np.clip(begin, -0.5, 0.5),
        3 * np.clip(stop, -0.5, 0.5),
        np.log(shorter + 0.02) + 1,
    ))  # fmt: skip


def step_features(notes: Notes, first: Ints, second: Ints) -> Floats:
    """Return what `Players.following` is told of notes and later ones.

    Parameters
    ----------
    notes : Notes
        Notes of a recording.
    first : ndarray of int [pair]
        Numbers of notes.
    second : ndarray of int [pair]
        Numbers of later ones.

    Returns
    -------
    ndarray [pair, feature]
        The interval; whether it is a unison, a step, a third or an octave; the pause between
        both; the difference of levels; how long both last.

    Examples
    --------
    The first number is the interval in units of six semitones:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.players import step_features
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> shifts = np.repeat([24.0, 48.0], 10)[:, None]
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, np.zeros((20, 1), int))
    >>> notes = NoteTracking()(tones, np.zeros((20, model.m)), model)
    >>> step_features(notes, np.array([0]), np.array([1]))[:, 0].round(6).tolist()
    [2.0]
    """
    pitch, level = semitones(notes), decibels(notes)
    onset, end = spans(notes)
    interval = np.abs(pitch[second] - pitch[first])
    gap, louder = onset[second] - end[first], level[second] - level[first]
    duration = np.log(np.maximum(end - onset, TINY))
    return np.column_stack((
        np.minimum(interval, 24) / 6,
        interval < 0.6,
        (interval >= 0.6) & (interval < 2.6),
        (interval >= 2.6) & (interval < 4.6),
        near(interval - 12, 0.4),
        np.clip(gap, -0.5, 3),
        near(gap, 0.06),
        gap > 1,
        gap < -0.08,
        np.clip(louder / 10, -3, 3),
        np.minimum(np.abs(louder), 20) / 10,
        np.clip(duration[second], -3, 1),
        np.clip(duration[first], -3, 1),
    ))  # fmt: skip


def decibels(notes: Notes) -> Floats:
    """Return levels of notes."""
    return 20 * np.log10(np.maximum(notes.amps, TINY))


def spans(notes: Notes) -> tuple[Floats, Floats]:
    """Return onsets of notes and their ends, in seconds."""
    onset = notes.onsets.astype(np.float64)
    return notes.hop_s * onset, notes.hop_s * (onset + notes.lengths)
