"""The model of players: how likely notes are of one player. Its numbers are fitted to recordings.

A note is a vector, as a voice is in speaker recognition: a linear map of what it sounds like
(`musisep.notes.sound`) and of its pitch, with a precision. About a player's own vector, which is
normal, lie vectors of the player's pitches, and about these those of the notes: a two-covariance
model (probabilistic linear discriminant analysis; Ioffe 2006, Brümmer and de Villiers 2010) with
one level more, for the notes of one pitch are alike. Two small networks tell how likely notes that
sound together, and notes that follow each other, are of one player.

``fitted.npz`` beside this file holds the numbers; `experiments/e13_players.py` fits them.
"""

from functools import lru_cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep._util.constants import TINY
from musisep.notes.tracking import Notes
from musisep.tones.peaks import Floats, Ints

WINDOW = 48
"""Notes, in the order of their onsets, after which nothing is said of a note that follows."""
LARGEST = 3.0
"""Sizes of notes are limited to this many mean sizes."""
MIDDLE_HZ = 261.63
"""Pitches count from here."""


class Network(NamedTuple):
    """A network of one hidden layer: ``tanh(x @ inner + inner_bias) @ outer + outer_bias``."""

    inner: Floats
    inner_bias: Floats
    outer: Floats
    outer_bias: Floats

    def __call__(self, inputs: Floats) -> Floats:
        """Outputs [row] of inputs [row, feature]."""
        hidden = np.tanh(inputs @ self.inner + self.inner_bias)
        return np.asarray(hidden @ self.outer + self.outer_bias)


class Players(NamedTuple):
    """What is known of players in general.

    Attributes
    ----------
    projection : ndarray, shape (input, dimension + 1)
        From `inputs` to vectors, and to what the precision is made of.
    offset : ndarray, shape (dimension + 1,)
        Added to these.
    player_variance, pitch_variance : ndarray, shape (dimension,)
        Of the vectors of players, and of their pitches; that of a note is 1 over its precision.
    together, following : Network
        Log odds that notes are of one player: that sound together, that follow each other.
    crossing : float
        What it costs that the lower of two players has the higher note, for 0.2 seconds.
    """

    projection: Floats
    offset: Floats
    player_variance: Floats
    pitch_variance: Floats
    together: Network
    following: Network
    crossing: float

    def vectors(self, notes: Notes) -> tuple[Floats, Floats]:
        """Vectors [note, dimension] and precisions [note] of notes."""
        mapped = inputs(notes) @ self.projection + self.offset
        return np.ascontiguousarray(mapped[:, :-1]), np.logaddexp(0.0, mapped[:, -1])

    def pairs(self, notes: Notes) -> tuple[Floats, Floats]:
        """Of `Notes.pairs`: log odds that they are of one player, and prices of crossing."""
        if not len(notes.pairs):
            return np.zeros(0), np.zeros(0)
        log_odds = self.together(together(notes, *notes.pairs.T))
        seconds = notes.hop_s * notes.together
        return log_odds, self.crossing * np.minimum(seconds, 0.6) / 0.2

    def lines(self, notes: Notes) -> Floats:
        """Log odds [note, WINDOW] that the next notes follow a note in the line of a player."""
        size = notes.shifts.size
        first = np.repeat(np.arange(size), WINDOW)
        second = first + np.tile(np.arange(1, WINDOW + 1), size)
        exist = second < size
        result = np.zeros(first.size)
        result[exist] = self.following(following(notes, first[exist], second[exist]))
        return result.reshape(size, WINDOW)


def placed(notes: Notes, precisions: Floats) -> tuple[Floats, Floats]:
    """Two more dimensions of vectors: where notes are heard between two channels.

    Parameters
    ----------
    notes : Notes
    precisions : ndarray, shape (note,)
        Of the vectors.

    Returns
    -------
    vectors : ndarray, shape (note, 2 or 0)
        Sides in units of how much those of a note scatter, which is learned from the recording;
        in the middle of all if not known.
    variance : ndarray, shape (2 or 0,)
        Of players.
    """
    if notes.sides is None:
        return np.zeros((len(precisions), 0)), np.zeros(0)
    known = notes.sides != 0
    weights = np.where(known, sizes(notes), TINY)
    near = np.average(np.abs(notes.sides), weights=weights)
    scatter = np.sqrt(max(2 * (1 - near), LEAST_SCATTER**2) * np.average(precisions, weights=weights))
    sides = np.where(known, notes.sides, np.average(notes.sides, weights=weights)) / scatter
    return np.column_stack((sides.real, sides.imag)), np.full(2, 1 / scatter**2)


LEAST_SCATTER = 0.1
"""Sides of a note scatter at least so much; a guess."""


@lru_cache(maxsize=1)
def fitted() -> Players:
    """Return the model that was fitted to recordings."""
    with resources.files("musisep.notes").joinpath("fitted.npz").open("rb") as file:
        return from_arrays(dict(np.load(file, allow_pickle=False)))


def from_arrays(arrays: "dict[str, NDArray[np.float64]]") -> Players:
    """Return the model of the arrays of a file; networks have a prefix each."""
    networks = {
        name: Network(*(arrays[f"{name}_{field}"] for field in Network._fields))
        for name in ("together", "following")
    }
    own = {name: arrays[name] for name in Players._fields if name in arrays}
    return Players(**{**own, **networks, "crossing": float(arrays["crossing"])})  # type: ignore[arg-type]


def sizes(notes: Notes) -> Floats:
    """How much notes count: root of amplitude times length, 1 for the mean of these."""
    size = notes.amps * notes.lengths
    return np.sqrt(np.minimum(size / max(size.mean(), TINY), LARGEST))


def inputs(notes: Notes) -> Floats:
    """What the map to vectors is fed with, (note, input).

    The features relative to their means in the recording, 0 if not known; whether they are known;
    the pitch in octaves.
    """
    values, known = notes.sound
    weights = known * sizes(notes)[:, None]
    means = np.sum(weights * values, axis=0) / np.maximum(weights.sum(axis=0), TINY)
    octaves = semitones(notes)[:, None] / 12
    return np.clip(np.hstack((known * (values - means), known - 0.5, octaves)), -6, 6)


def semitones(notes: Notes) -> Floats:
    """Pitches in semitones above `MIDDLE_HZ`."""
    return 12 * (notes.shifts / notes.octave + np.log2(notes.lowest_hz / MIDDLE_HZ))


def pitch_classes(notes: Notes) -> Ints:
    """Number the semitones that notes have, in the recording's own tuning, from 0 on."""
    pitches = semitones(notes)
    turn = np.angle(np.sum(sizes(notes) * np.exp(2j * np.pi * pitches))) / (2 * np.pi)
    rounded = np.rint(pitches - turn).astype(np.int64)
    return np.asarray(np.unique(rounded, return_inverse=True)[1].reshape(rounded.shape))


def near(distances: Floats, width: float) -> Floats:
    """1 at 0, falling as a Gaussian of this width."""
    return np.exp(-((distances / width) ** 2))


def together(notes: Notes, first: Ints, second: Ints) -> Floats:
    """What is known of notes that sound together, (pair, feature): `Players.together`."""
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


HARMONIC_INTERVALS = np.array([12.0, 19, 24, 28, 31, 34, 36])
"""Semitones of the second to the eighth harmonic."""


def following(notes: Notes, first: Ints, second: Ints) -> Floats:
    """What is known of a note and one that follows it, (pair, feature): `Players.following`."""
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
    """Levels of notes."""
    return 20 * np.log10(np.maximum(notes.amps, TINY))


def spans(notes: Notes) -> tuple[Floats, Floats]:
    """Onsets of notes and their ends, in seconds."""
    onset = notes.hop_s * notes.onsets
    return onset, onset + notes.hop_s * notes.lengths
