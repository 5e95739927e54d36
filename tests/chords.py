"""Artificial notes, models of players, and the value of giving notes to instruments."""

import itertools

import naive
import numpy as np

from musisep.notes import players
from musisep.notes.players import Network, Players
from musisep.notes.sound import Sound
from musisep.notes.tracking import Notes

OCTAVE, LOWEST_HZ, HOP_S = 60.0, 55.0, 0.01
FEATURES = 3


def constant(value):
    """Network that always says the same."""
    return Network(np.zeros((13, 2)), np.zeros(2), np.zeros(2), np.array(value))


PLAIN = Players(
    projection=np.vstack((np.eye(FEATURES, FEATURES + 1), np.zeros((FEATURES + 1, FEATURES + 1)))),
    offset=np.array([*[0.0] * FEATURES, 2.0]),
    player_variance=np.ones(FEATURES),
    pitch_variance=np.full(FEATURES, 0.1),
    together=constant(-1.0),
    following=constant(0.0),
    crossing=0.3,
)
"""Vectors are the features themselves; notes that sound together are seldom of one player."""


def random_players(seed=0, features=FEATURES, dimension=4):
    rng = np.random.default_rng(seed)

    def network():
        weights = rng.normal(0, 0.7, (13, 3)), rng.normal(0, 0.7, 3), rng.normal(0, 1, 3)
        return Network(*weights, np.array(rng.normal()))

    return Players(
        rng.normal(0, 0.5, (2 * features + 1, dimension + 1)), rng.normal(0, 0.5, dimension + 1),
        rng.uniform(0.5, 2, dimension), rng.uniform(0.1, 0.5, dimension), network(), network(), 0.4,
    )  # fmt: skip


def notes_of(onsets, lengths, shifts, amps, values, known, pairs, together):
    sound = Sound(np.where(known, values, 0.0), known)
    return Notes(
        np.zeros((0, 0), int), np.array(onsets), np.array(lengths), np.array(shifts, float),
        np.array(amps, float), sound, np.array(pairs, int).reshape(-1, 2),
        np.array(together, float), OCTAVE, LOWEST_HZ, HOP_S,
    )  # fmt: skip


def made_notes(sounds, ranges, seed=0, chords=30, noise=0.2):
    """Chords of a note of every instrument, and their instruments.

    ``sounds`` are the features of each instrument, ``ranges`` its lowest and highest pitches in
    semitones.
    """
    rng = np.random.default_rng(seed)
    insts = np.tile(np.arange(len(sounds)), chords)
    size = insts.size
    low, high = np.array(ranges)[insts].T
    values = np.array(sounds, float)[insts] + rng.normal(0, noise, (size, len(sounds[0])))
    chord = np.arange(size).reshape(chords, -1)
    pairs = [pair for row in chord for pair in itertools.combinations(row, 2)]
    notes = notes_of(
        20 * (np.arange(size) // len(sounds)), np.full(size, 20),
        OCTAVE / 12 * rng.integers(low, high + 1) + rng.normal(0, 0.3, size),
        np.exp(rng.normal(-1, 0.1, size)), values, rng.random(values.shape) < 0.95,
        pairs, np.full(len(pairs), 20.0),
    )  # fmt: skip
    return notes, insts


def random_notes(rng, size=30, features=FEATURES):
    pairs = np.array([(i, j) for i in range(size) for j in range(i + 1, min(i + 4, size))])
    return notes_of(
        np.sort(rng.integers(0, 10 * size, size)), rng.integers(5, 60, size),
        OCTAVE * rng.uniform(1, 2.5, size), rng.uniform(0.05, 1, size),
        rng.normal(0, 1, (size, features)), rng.random((size, features)) < 0.6,
        pairs, rng.uniform(0, 80, len(pairs)),
    )  # fmt: skip


def value_of(insts, notes, model=PLAIN, tones=1):
    """The value of an assignment, by naive."""
    size = notes.shifts.size
    vectors, precisions = model.vectors(notes)
    alike, crossing = model.pairs(notes)
    lines = np.zeros((size, size))
    for one in range(size):
        for other in range(one + 1, min(one + players.WINDOW, size - 1) + 1):
            step = players.step_features(notes, np.array([one]), np.array([other]))
            lines[one, other] = model.following(step)[0]
    return naive.assignment_value(
        insts, vectors, precisions, players.pitch_classes(notes),
        (model.player_variance, model.pitch_variance), notes.shifts, lines, notes.pairs,
        alike if tones == 1 else 0.5 * alike, crossing,
    )  # fmt: skip
