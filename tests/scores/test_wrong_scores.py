"""A score of another piece is noticed, and one that fits says how it is played."""

import numpy as np
import pytest

from musisep._util.pitches import hz_of
from musisep.scores import Score, note_table
from musisep.scores.alignment import Alignment, align

SAMPLE_RATE = 22050
NOTE_S = 0.35
SCALE = np.add.outer(12 * np.arange(5, 7), (0, 2, 4, 5, 7, 9, 11)).ravel()


def tune(seed, key):
    """Return the MIDI pitches of a melody that goes up and down a scale."""
    steps = np.random.default_rng(seed).choice((-3, -2, -1, 1, 2, 3), 48)
    return key + SCALE[np.abs(np.cumsum(steps)) % len(SCALE)]


TUNE = tune(0, key=2)


def score_of(pitches):
    onsets = NOTE_S * np.arange(len(pitches))
    hz = [hz_of(float(pitch)) for pitch in pitches]
    return Score(note_table(onsets, onsets + NOTE_S, hz, 0), ("reed",))


@pytest.fixture(scope="module")
def recording():
    """The tune, 30 cents lower than it is written and 1.2 times as slow."""
    time = np.arange(round(1.2 * NOTE_S * SAMPLE_RATE)) / SAMPLE_RATE
    tones = [
        sum(np.sin(2 * np.pi * h * hz_of(pitch - 0.3) * time) / h for h in range(1, 6))
        for pitch in TUNE
    ]
    return np.concatenate([tone * np.exp(-2 * time) for tone in tones])[None]


def test_the_score_of_a_recording_fits_and_says_how_it_is_played(recording):
    found = align(score_of(TUNE), recording, SAMPLE_RATE)
    assert found.fits
    assert found.slower == pytest.approx(1.2, rel=0.03)
    assert found.cents == pytest.approx(-30, abs=5)


@pytest.mark.parametrize("pitches", [tune(1, key=7), tune(2, key=3)])
def test_the_score_of_another_piece_does_not_fit(recording, pitches):
    assert not align(score_of(pitches), recording, SAMPLE_RATE).fits


def test_silence_before_a_score_does_not_count_as_tempo():
    score_s = np.linspace(0, 8, 801)
    found = Alignment(score_s, np.maximum(1.5 * score_s - 2, 0), 0.0, 0.3, 0.5)
    assert found.slower == pytest.approx(1.5)
