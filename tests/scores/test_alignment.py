"""Scores find their times and tuning in recordings of other tempi and pitches."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scored import NAMES, RATE, duet_score, played

from musisep.scores import Score, note_table
from musisep.scores._kernels import warping
from musisep.scores.alignment import Alignment, align
from musisep.scores.score import chosen

SCORE = duet_score()
AUDIO = played(SCORE)[None]


def changed(timed=lambda time: time, cents=0.0):
    """Return the score in another time, and higher."""
    notes = SCORE.notes.copy()
    notes.onset_s, notes.offset_s = timed(notes.onset_s), timed(notes.offset_s)
    notes.f0_hz = notes.f0_hz * 2 ** (cents / 1200)
    return Score(notes, SCORE.names)


@given(seed=st.integers(0, 10**6))
def test_the_warp_is_the_cheapest_of_all_within_the_band(seed):
    rng = np.random.default_rng(seed)
    size, others = rng.integers(1, 9, 2)
    rows, columns = (rng.uniform(0, 0.5, (count, 3)).astype(np.float32) for count in (size, others))
    middle = np.linspace(0, others - 1, size)
    lows = np.maximum(middle.astype(int) - rng.integers(0, 4), 0)
    highs = np.minimum(middle.astype(int) + rng.integers(2, 5), others)
    lows[0], highs[-1] = 0, others
    steps = np.zeros((size, int((highs - lows).max())), np.uint8)
    both, single = rng.uniform(1, 3, 2)
    cost = warping.cheapest_warp(rows, columns, lows, highs, both, single, steps)
    expected = naive.cheapest_warp(rows, columns, lows, highs, both, single)
    assert cost == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("cents", [0.0, 30.0, -40.0, 300.0, -170.0, 600.0])
def test_an_exact_score_keeps_its_times_at_any_tuning(cents):
    found = align(changed(cents=-cents), AUDIO, RATE)
    assert found.cents == pytest.approx(cents, abs=7)
    applied = found.applied(changed(cents=-cents))
    np.testing.assert_allclose(applied.notes.onset_s, SCORE.notes.onset_s, atol=1e-9)
    np.testing.assert_allclose(applied.notes.offset_s, SCORE.notes.offset_s, atol=1e-9)
    np.testing.assert_allclose(applied.notes.f0_hz, SCORE.notes.f0_hz, rtol=0.004)


@pytest.mark.parametrize(
    "timed",
    [
        lambda time: 1.5 * time,
        lambda time: 0.6 * time,
        lambda time: time + 1,
        lambda time: time + 0.3 * np.sin(1.5 * time),
        lambda time: 0.4 + 2 * time,
    ],
    ids=["slower", "faster", "later", "rubato", "later and slower"],
)
def test_notes_of_a_score_in_another_time_are_found(timed):
    score = changed(timed, cents=120.0)
    found = align(score, AUDIO, RATE)
    assert found.cents == pytest.approx(-120, abs=7)
    np.testing.assert_allclose(found.times_s(score.notes.onset_s), SCORE.notes.onset_s, atol=0.07)
    assert found.applied(score).names == NAMES


def test_silence_before_the_music_is_found():
    late = np.concatenate((np.zeros((1, RATE)), AUDIO), axis=1)
    found = align(SCORE, late, RATE)
    np.testing.assert_allclose(
        found.times_s(SCORE.notes.onset_s), SCORE.notes.onset_s + 1, atol=0.07
    )


def test_wrong_missing_and_extra_notes_are_survived():
    score = changed(lambda time: 1.4 * time)
    score.notes.f0_hz[3] *= 2 ** (4 / 12)
    kept = np.arange(len(score)) != 4
    extra = note_table([0.5, 1.0], [0.7, 1.6], [311.0, 415.0], [0, 1])
    notes = np.concatenate((chosen(score.notes, kept), extra)).view(np.recarray)
    found = align(Score(notes, NAMES), AUDIO, RATE)
    np.testing.assert_allclose(found.times_s(score.notes.onset_s), SCORE.notes.onset_s, atol=0.12)


def test_the_right_score_costs_less_than_another_one():
    other = duet_score()
    other.notes.f0_hz[:] = np.random.default_rng(1).uniform(150, 800, len(other))
    assert align(SCORE, AUDIO, RATE).cost < 0.7 * align(other, AUDIO, RATE).cost


def test_times_beyond_the_score_keep_their_distance_and_others_are_interpolated():
    found = Alignment(np.array([1.0, 2, 3]), np.array([0.5, 1.5, 3.5]), 100.0, 0.1, 0.5)
    times_s = found.times_s(np.array([0.0, 0.75, 1.5, 2.5, 3, 6]))
    np.testing.assert_allclose(times_s, [0, 0.25, 1, 2.5, 3.5, 6.5])


def test_notes_for_which_the_recording_has_no_time_are_left_out():
    found = Alignment(np.array([0.0, 1, 2]), np.array([0.0, 0.0, 1.0]), 0.0, 0.1, 0.5)
    assert 0 < len(found.applied(SCORE)) < len(SCORE)


@pytest.mark.parametrize("samples", [1, 100, 400, 2 * RATE])
def test_silence_and_scraps_keep_the_times(samples):
    found = align(SCORE, np.zeros((2, samples)), RATE)
    assert np.isfinite(found.times_s(SCORE.notes.onset_s)).all() and found.cost > 0.5
    if samples != 400:
        times_s = found.applied(SCORE).notes.onset_s
        np.testing.assert_allclose(times_s, SCORE.notes.onset_s, atol=1e-9)


def test_a_score_without_pitches_keeps_its_times():
    rests = Score(note_table([0, 1], [1, 2], np.nan, [0, 1]), NAMES)
    found = align(rests, AUDIO, RATE)
    np.testing.assert_array_equal(found.applied(rests).notes.onset_s, [0, 1])


def test_a_score_of_hours_is_refused_for_seconds():
    with pytest.raises(ValueError, match=r"^score ends at 1e\+06 s, but the recording takes 2.1 s"):
        align(Score(note_table(0, 1e6, 440, 0), NAMES), AUDIO, RATE)
