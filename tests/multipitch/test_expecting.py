"""What is known beforehand bounds where tones are, and says whose they are."""

from dataclasses import replace

import naive
import numpy as np
import pytest

from musisep._util.constants import NONE
from musisep.multipitch.expected import Expected
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import Viterbi
from musisep.tones.model import ToneModel, calc_harscale
from musisep.tones.peaks import Peaks

M, FSIGMA = 240, 1.9
MODEL = ToneModel(FSIGMA, calc_harscale(100, 1600, M), M)
COLUMN = np.array([1.0, 0.6, 0.5, 0.3, 0.2])
COLUMNS = np.stack([COLUMN, COLUMN], axis=1)
FRAMES = 12


def expected(*events, firm=True, near=4.0, demand=0.3, complete=False):
    """Events (begin, end, shift, instrument)."""
    begins, ends, shifts, insts = np.array(events, float).reshape(-1, 4).T
    size = np.ones(begins.size)
    return Expected(
        begins.astype(int), ends.astype(int), shifts, insts.astype(int), 8 * size, demand * size,
        size > 1 - firm, near, complete,
    )  # fmt: skip


def tones(shifts, insts, frames=FRAMES):
    """The same tones in all frames."""
    params = np.stack([np.ones(len(shifts)), shifts, np.full(len(shifts), FSIGMA),
                       np.zeros(len(shifts))])  # fmt: skip
    return Peaks.from_params(np.tile(params, (frames, 1, 1)), np.tile(insts, (frames, 1)))


def played(*shifts):
    """Frames in which tones of one loudness sound."""
    params = np.array([np.ones(len(shifts)), shifts, np.full(len(shifts), FSIGMA),
                       np.zeros(len(shifts))])  # fmt: skip
    spectrum = naive.magnitudes(params, [0] * len(shifts), COLUMNS, MODEL.harscale, 1, M)
    return np.tile(spectrum, (FRAMES, 1))


def owners(found, shift, frame):
    """Return the instruments that have a tone at a pitch in a frame."""
    near = (np.abs(found.shifts[frame] - shift) < 2) & (found.amps[frame] > 0.05)
    return sorted(found.insts[frame][near].tolist())


def test_rests_and_pitches_of_nobody_are_excluded():
    out = expected((2, 5, np.nan, 1), (4, 8, 50.0, NONE)).excluded(slice(3, 7), 2, 100)
    assert out.shape == (4, 2, 100)
    wanted = np.zeros(out.shape, bool)
    wanted[:2, 1] = True  # frames 3 and 4
    wanted[1:, :, 46:55] = True
    np.testing.assert_array_equal(out, wanted)


def test_outside_is_where_nothing_is_expected_of_an_instrument():
    told = expected((0, 4, 50.0, 0), (2, 4, np.nan, 0), (0, 4, 98.0, 1), (0, 4, -2.0, 1))
    inside = ~told.outside(slice(1, 4), 2, 100)
    assert inside[0, 0].nonzero()[0].tolist() == list(range(46, 55))
    assert not inside[1:, 0].any()
    assert inside[2, 1].nonzero()[0].tolist() == [0, 1, 2, *range(94, 100)]


def test_what_is_expected_is_a_prior_with_a_place_for_each_note_at_a_time():
    told = expected((0, 2, 50.0, 0), (1, 3, 60.0, 1), (0, 3, np.nan, 1), (0, 3, 70.0, NONE))
    prior = told.prior(4, 2)
    np.testing.assert_array_equal(prior.insts, [[0, NONE], [0, 1], [1, NONE], [NONE, NONE]])
    assert prior.shifts[1].tolist() == [50, 60] and prior.demands[1].tolist() == [0.3, 0.3]
    assert prior.chances[1].tolist() == [[1, 0], [0, 1]] and not prior.chances[3].any()
    assert expected().prior(4, 2).shifts.shape == (4, 0)


def test_tones_that_nobody_expects_are_silent_among_the_owned():
    told = expected((0, 6, 50.0, 0), (0, 6, 80.0, NONE), (0, 6, np.nan, 1))
    own = told.owned(tones([51.0, 51, 80, 20], [0, 1, 0, 0])).amps
    np.testing.assert_array_equal(own[:6], np.tile([1.0, 0, 0, 0], (6, 1)))
    assert not own[6:].any()


def test_tones_at_a_firm_event_are_its_instruments():
    found = expected((0, 6, 50.0, 1)).enforced(tones([51.0, 80], [0, 0]))
    np.testing.assert_array_equal(found.insts[:, 0], [1] * 6 + [0] * 6)
    assert not found.insts[:, 1].any()
    weak = expected((0, 6, 50.0, 1), firm=False).enforced(tones([51.0], [0]))
    assert not weak.insts.any()


def test_an_instrument_that_plays_the_pitch_as_well_keeps_its_tone():
    both = expected((0, 6, 50.0, 1), (0, 6, 50.0, 0)).enforced(tones([51.0], [0]))
    assert not both.insts.any()


def test_notes_gain_by_the_share_that_is_expected():
    numbers = np.full((10, 1), 0)
    numbers[5:] = 1
    told = expected((0, 5, 50.0, 1), (5, 6, 51.0, 0), (8, 10, np.nan, 1), (0, 9, 50.0, NONE))
    known = told.evidence(numbers, np.array([50.0, 52.0]), 2)
    np.testing.assert_allclose(known, [[0, 8], [8 / 5, -8 * 2 / 5]])
    far = told.evidence(numbers, np.array([70.0, 80.0]), 2)
    np.testing.assert_allclose(far, [[0, 0], [0, -8 * 2 / 5]])


def test_while_nobody_knows_who_plays_any_column_may():
    told = expected((0, 5, 50.0, 1), (0, 5, np.nan, 0), (0, 5, 70.0, NONE)).of_anybody(3)
    assert sorted(zip(told.shifts, told.insts, strict=True)) == [
        (50, 0), (50, 1), (50, 2), (70, NONE), (70, NONE), (70, NONE)
    ]  # fmt: skip
    assert not told.firm.any() and not told.demands.any()


def test_of_some_players_the_others_are_left_out():
    told = expected((0, 5, 50.0, 2), (0, 5, 60.0, 0), (0, 5, np.nan, 1), (0, 5, 70.0, NONE))
    some = told.of_players(np.array([2, 1]))
    assert some.insts.tolist() == [0, 1, NONE]


def test_what_is_known_by_both_is_joined():
    one, other = expected((0, 5, 50.0, 1)), expected((0, 5, 60.0, 0), firm=False)
    both = one.joined(other)
    assert both.shifts.tolist() == [50, 60] and both.firm.tolist() == [True, False]
    assert one.plays.tolist() == [True] and not one.rests.any()


@pytest.mark.parametrize(("upper", "lower"), [(0, 1), (1, 0)])
def test_tones_are_found_where_and_of_whom_they_are_expected(upper, lower):
    told = expected((0, FRAMES, 90.0, upper), (0, FRAMES, 40.0, lower))
    found = Viterbi(JointSearch(), expected=told)(played(90.0, 40.0), COLUMNS, MODEL)
    for frame in range(FRAMES):
        assert owners(found, 90, frame) == [upper] and owners(found, 40, frame) == [lower]


def test_a_tone_that_nobody_plays_is_not_found():
    told = expected((4, 8, 90.0, NONE))
    found = Viterbi(JointSearch(), expected=told)(played(90.0, 40.0), COLUMNS, MODEL)
    assert [len(owners(found, 90, frame)) for frame in range(FRAMES)] == [1] * 4 + [0] * 4 + [1] * 4


def test_an_instrument_that_rests_has_no_tone():
    told = expected((4, 8, np.nan, 1))
    found = Viterbi(JointSearch(), expected=told)(played(90.0, 40.0), COLUMNS, MODEL)
    assert not (found.amps[4:8] * (found.insts[4:8] == 1)).any()
    assert (found.amps[4:8] > 0.5).any(axis=1).all()


def test_a_wrong_expectation_costs_and_what_sounds_is_found_all_the_same():
    told = expected((0, FRAMES, 60.0, 1), firm=False, demand=0.02)
    found = Viterbi(JointSearch(), expected=told)(played(90.0, 40.0), COLUMNS, MODEL)
    for frame in range(FRAMES):
        assert len(owners(found, 90, frame)) == len(owners(found, 40, frame)) == 1
        assert owners(found, 60, frame) == []


def test_proposals_are_not_those_of_another_expectation():
    told = expected((0, FRAMES, 90.0, 1))
    finder = Viterbi(JointSearch(), expected=told)
    assert finder.offers == 60 and Viterbi().offers == 40
    assert finder.source != replace(finder, expected=expected((0, 1, 90.0, 0))).source
    assert finder.source == Viterbi(JointSearch(), expected=told).source
