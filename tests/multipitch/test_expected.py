"""What is expected of frames: where tones can be, who plays them, and what that is evidence of."""

import numpy as np
import pytest

from musisep._util.constants import NONE
from musisep.multipitch.expected import Expected
from musisep.tones.peaks import Peaks

FRAMES, BINS, INSTRUMENTS = 10, 40, 2
REST = np.nan


def expected(*events, near=2.0):
    """Events: first and last frame, bin, instrument, weight, demand, whether it is firm."""
    begins, ends, shifts, insts, weights, demands, firm = np.array(events, float).reshape(-1, 7).T
    return Expected(
        begins.astype(int), ends.astype(int), shifts, insts.astype(int), weights, demands,
        firm.astype(bool), near,
    )  # fmt: skip


@pytest.fixture
def told():
    """A firm note of each instrument, a pitch that nobody plays, and a rest."""
    return expected(
        (0, 4, 10, 0, 50, 0.3, 1),
        (2, 6, 20, 1, 50, 0.3, 1),
        (0, 10, 30, NONE, 50, 0, 1),
        (6, 10, REST, 1, 50, 0, 1),
    )


def tones(*rows):
    """Tones (frame, place) of amplitude 1 with bins and instruments, the same in all frames."""
    shifts, insts = np.array(rows).T
    shape = FRAMES, len(rows)
    return Peaks(
        np.ones(shape), np.full(shape, shifts + 0.0), np.ones(shape), np.zeros(shape),
        np.full(shape, insts),
    )  # fmt: skip


def where(mask, inst):
    """Frames and bins in which a mask holds for an instrument."""
    frames, bins = np.nonzero(mask[:, inst])
    return set(frames.tolist()), set(bins.tolist())


def test_nobody_plays_what_nobody_plays_and_nothing_in_a_rest(told):
    out = told.excluded(slice(0, FRAMES), INSTRUMENTS, BINS)
    assert where(out, 0) == (set(range(10)), set(range(28, 33)))
    assert out[6:, 1].all()
    assert not out[:6, 1, :28].any()


def test_outside_is_all_but_what_somebody_plays(told):
    out = told.outside(slice(0, FRAMES), INSTRUMENTS, BINS)
    assert where(~out, 0) == (set(range(4)), set(range(8, 13)))
    assert where(~out, 1) == (set(range(2, 6)), set(range(18, 23)))


def test_what_is_excluded_is_outside_even_if_it_is_expected():
    told = expected((0, 10, 10, 0, 8, 0.02, 0), (3, 6, 10, NONE, 50, 0, 1))
    out = told.outside(slice(0, FRAMES), INSTRUMENTS, BINS)
    assert where(~out, 0)[0] == {0, 1, 2, 6, 7, 8, 9}


@pytest.mark.parametrize("name", ["excluded", "outside"])
def test_blocks_of_frames_are_parts_of_all(told, name):
    whole = getattr(told, name)(slice(0, FRAMES), INSTRUMENTS, BINS)
    blocks = [slice(0, 3), slice(3, 7), slice(7, FRAMES)]
    parts = [getattr(told, name)(block, INSTRUMENTS, BINS) for block in blocks]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("pitch", [-50.0, -1.0, 39.5, 1e9])
def test_pitches_beyond_the_bins_do_no_harm(pitch):
    told = expected((0, 10, pitch, NONE, 1, 0, 0), (0, 10, pitch, 0, 1, 0, 0))
    out = told.excluded(slice(0, FRAMES), INSTRUMENTS, BINS)
    near = np.abs(np.arange(BINS) - pitch) <= 2
    np.testing.assert_array_equal(out, np.broadcast_to(near, out.shape))


def test_the_prior_has_each_note_as_long_as_it_lasts(told):
    prior = told.prior(FRAMES, INSTRUMENTS)
    assert prior.shifts.shape == (FRAMES, 2)
    sounding = [{(prior.shifts[t, k], prior.insts[t, k]) for k in range(2)} for t in range(FRAMES)]
    heard = [{tone for tone in frame if tone[1] != NONE} for frame in sounding]
    both = {(10, 0), (20, 1)}
    assert heard == [{(10, 0)}] * 2 + [both] * 2 + [{(20, 1)}] * 2 + [set()] * 4
    np.testing.assert_array_equal(prior.chances[3], np.eye(2))
    assert (prior.demands[prior.insts != NONE] == 0.3).all()
    assert (prior.demands[prior.insts == NONE] == 0).all()


def test_tones_of_a_firm_note_are_its_own(told):
    result = told.enforced(tones((10.5, 1), (20, 1), (10, 0), (5, 1)))
    assert result.insts[:4, 0].tolist() == [0] * 4
    assert result.insts[4:, 0].tolist() == [1] * 6
    np.testing.assert_array_equal(result.insts[:, 1:], np.broadcast_to([1, 0, 1], (10, 3)))


def test_two_instruments_may_play_one_pitch_if_both_are_certain():
    both = expected((0, 10, 10, 0, 1, 0.3, 1), (0, 10, 10, 1, 1, 0.3, 1))
    given = tones((10, 0), (10, 1))
    np.testing.assert_array_equal(both.enforced(given).insts, given.insts)


def test_owned_tones_are_those_that_are_expected_of_their_instrument(told):
    amps = told.owned(tones((10.5, 0), (10, 1), (20, 1), (30, 0))).amps
    np.testing.assert_array_equal(amps[3], [1, 0, 1, 0])
    np.testing.assert_array_equal(amps[8], 0)


def test_evidence_is_for_those_who_are_to_play_and_against_those_who_rest(told):
    numbers = np.full((FRAMES, 2), NONE)
    numbers[:4, 0], numbers[2:10, 1] = 0, 1
    known = told.evidence(numbers, np.array([10.0, 19.0]), INSTRUMENTS)
    np.testing.assert_allclose(known, [[50, 0], [0, 50 * 4 / 8 - 50 * 4 / 8]])
    far = told.evidence(numbers, np.array([13.0, 25.0]), INSTRUMENTS)
    np.testing.assert_allclose(far, [[0, 0], [0, -25]])


def test_while_nobody_knows_who_plays_a_note_may_be_anybodys(told):
    anybody = told.of_anybody(3)
    assert sorted(anybody.insts.tolist()) == [NONE] * 3 + [0, 0, 1, 1, 2, 2]
    assert not anybody.rests.any()
    assert not anybody.firm.any()
    assert not anybody.demands.any()


def test_players_are_some_of_the_instruments(told):
    own = told.of_players(np.array([1]))
    assert own.insts.tolist() == [0, NONE, 0]
    assert own.begins.tolist() == [2, 0, 6]


def test_what_is_known_by_both_is_joined(told):
    both = told.joined(expected((1, 2, 5, 0, 1, 0, 0)))
    assert len(both.begins) == 5
    assert both.firm.tolist() == [True] * 4 + [False]
