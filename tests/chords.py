"""Artificial notes, and the value of giving them to instruments."""

import itertools

import naive
import numpy as np

from musisep.notes.assignment import AnnealedAssignment, Likelihood, semitones
from musisep.notes.tracking import Notes, NoteTracking

OCTAVE = 60.0
HARMONICS = NoteTracking().harmonics
USUAL = Likelihood()
OTHER = Likelihood(0.7, 0.3, 3.0, 0.8, 5.0, 1.7, 0.4, 0.6, 0.3, 0.8)


def made_notes(columns, ranges, seed=0, chords=30, noise=0.1, movement=0.1):
    """Chords of a note of every instrument, and their instruments.

    ``ranges`` are the lowest and highest pitches of each instrument in semitones, ``movement`` that
    of their notes.
    """
    rng = np.random.default_rng(seed)
    insts = np.tile(np.arange(len(columns)), chords)
    size = insts.size
    low, high = np.array(ranges)[insts].T
    shifts = OCTAVE / 12 * rng.integers(low, high + 1) + rng.normal(0, 0.3, size)
    profiles = np.array(columns)[insts] * np.exp(rng.normal(0, noise, (size, HARMONICS)))
    chord = np.arange(size).reshape(chords, -1)
    pairs = np.array([pair for row in chord for pair in itertools.combinations(row, 2)], int)
    pairs = pairs.reshape(-1, 2)
    notes = Notes(
        np.zeros((0, 0), int), 20 * (np.arange(size) // len(columns)), np.full(size, 20), shifts,
        np.exp(rng.normal(-1, 0.1, size)),
        np.broadcast_to(movement, len(columns))[insts] * np.exp(rng.normal(0, 0.2, size)),
        profiles, rng.random((size, HARMONICS)) < 0.7, pairs, np.full(len(pairs), 20.0),
        OCTAVE,
    )  # fmt: skip
    return notes, insts


def random_notes(rng, size=30):
    pairs = np.array([(i, j) for i in range(size) for j in range(i + 1, min(i + 4, size))])
    return Notes(
        np.zeros((0, 0), int), np.arange(size), rng.integers(5, 60, size),
        OCTAVE * rng.uniform(1, 2.5, size), rng.uniform(0.05, 1, size),
        rng.choice([0, 0.03, 0.3], size), rng.uniform(0, 2.5, (size, HARMONICS)),
        rng.random((size, HARMONICS)) < 0.6, pairs, rng.uniform(0, 30, len(pairs)), OCTAVE,
    )  # fmt: skip


def value_of(insts, notes, tones=1, likelihood=USUAL):
    """The objective, by naive."""
    assign = AnnealedAssignment(tones)
    counts = assign.weighting(notes)
    return naive.assignment_value(
        insts, notes, *assign.features(notes, counts), counts, semitones(notes, counts), tones,
        likelihood, assign.clashes,
    )  # fmt: skip
