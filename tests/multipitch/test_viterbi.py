import naive
import numpy as np
import pytest
import scipy.fft

from musisep._util.constants import NONE
from musisep.multipitch._kernels import viterbi as kernels
from musisep.multipitch.finder import NO_GAIN, Hypotheses, Prior, Proposals
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import TENTATIVE, Prices, Viterbi, crossings
from musisep.tones.model import ToneModel, calc_harscale

M, HAR, FSIGMA = 240, 5, 1.9
MODEL = ToneModel(FSIGMA, calc_harscale(100, 1600, M), M)
FIRST = np.array([1.0, 0.6, 0.5, 0.3, 0.2])
INST_DICT = np.stack([FIRST, FIRST * [1.0, 1.2, 0.9, 1.2, 0.9]], axis=1)
SEARCH = JointSearch()


def spectrum(amps, shifts, inst_dict):
    params = np.array([amps, shifts, [FSIGMA] * 2, [0.0] * 2])
    return naive.magnitudes(params, [0, 1], inst_dict, MODEL.harscale, 1, M)


def two_lines(seed=0, frames=24):
    """Frames of two lines of nearly the same timbre, which wavers, and the lines' shifts."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)
    shifts = np.stack([40 + 0.3 * time, 75 + 4 * np.sin(time / 3)], axis=1)
    spectra = [
        spectrum([1.0, 1.0], pair, INST_DICT * np.exp(rng.normal(0, 0.15, INST_DICT.shape)))
        for pair in shifts
    ]
    return np.array(spectra), shifts


def offers(*frames, gains=None):
    """Offers of frames of hypotheses of shifts; None is silence."""
    shifts = np.array(frames, dtype=float)
    amps = np.where(np.isnan(shifts), 0.0, 1.0)
    gains = np.ones(shifts.shape[:2]) if gains is None else np.array(gains, dtype=float)
    return Hypotheses(np.nan_to_num(shifts), amps, gains)


def test_crossings_count_instruments_in_the_order_that_is_less_usual():
    offered = offers(
        [[10, 30], [30, 10], [10, None]],
        [[12, 30], [30, 30], [None, None]],
        [[50, 30], [30, 50], [None, 10]],
        gains=[[5, 1, 1], [5, 1, 1], [9, 1, 1]],
    )
    found = crossings(offered, np.array([0, 1]))
    np.testing.assert_array_equal(found, [[0, 1, 0], [0, 0, 0], [1, 0, 0]])


def test_louder_frames_decide_what_order_is_usual():
    offered = offers([[10, 30]], [[12, 30]], [[50, 30]], gains=[[5], [5], [90]])
    found = crossings(offered, np.array([0, 1]))
    np.testing.assert_array_equal(found, [[1], [1], [0]])


def test_tones_of_one_instrument_do_not_cross():
    offered = offers([[10, 30, 20]], [[30, 10, 20]], gains=[[5], [1]])
    np.testing.assert_array_equal(crossings(offered, np.array([0, 0, 1])), [[0], [2]])
    np.testing.assert_array_equal(crossings(offered, np.array([0, 0, 0])), [[0], [0]])


def test_a_hypothesis_that_does_not_exist_does_not_vote():
    offered = offers([[10, 30]], [[10, 30]], gains=[[0.1], [NO_GAIN]])
    np.testing.assert_array_equal(crossings(offered, np.array([0, 1])), [[0], [0]])


@pytest.mark.parametrize("seed", range(3))
def test_a_sequence_tells_lines_apart_where_single_frames_do_not(seed):
    frames, shifts = two_lines(seed)
    single = SEARCH(frames, INST_DICT, MODEL)
    right = np.all(np.abs(single.shifts - shifts) < 2, axis=1)
    swapped = np.all(np.abs(single.shifts - shifts[:, ::-1]) < 2, axis=1)
    assert right.sum() >= 3 and swapped.sum() >= 3
    decoded = Viterbi(SEARCH)(frames, INST_DICT, MODEL)
    np.testing.assert_array_equal(decoded.insts, [[0, 1]] * len(frames))
    order = slice(None) if abs(decoded.shifts[0, 0] - shifts[0, 0]) < 2 else slice(None, None, -1)
    np.testing.assert_allclose(decoded.shifts, shifts[:, order], atol=2)


def test_free_of_charge_it_is_joint_search():
    frames, _ = two_lines()
    free = Viterbi(SEARCH, prices=Prices(jump=0, onset=0, crossing=0))
    np.testing.assert_array_equal(
        free(frames, INST_DICT, MODEL).get_array(), SEARCH(frames, INST_DICT, MODEL).get_array()
    )


def test_jobs_change_no_bit_and_the_level_changes_no_tone():
    frames, _ = two_lines(frames=70)
    one = Viterbi(SEARCH)(frames, INST_DICT, MODEL)
    with scipy.fft.set_workers(2):
        two = Viterbi(SEARCH)(frames, INST_DICT, MODEL)
    assert one.get_array().tobytes() == two.get_array().tobytes()
    louder = Viterbi(SEARCH)(1000 * frames, INST_DICT, MODEL)
    np.testing.assert_allclose(louder.shifts, one.shifts, atol=1e-2)
    np.testing.assert_allclose(louder.amps, 1000 * one.amps, rtol=1e-2)


def test_rests_and_silence_stay_silent():
    frames, _ = two_lines()
    frames[8:16] = 0
    decoded = Viterbi(SEARCH)(frames, INST_DICT, MODEL)
    np.testing.assert_array_equal(decoded.amps[8:16], 0)
    assert np.all(decoded.amps[:8] > 0.5) and np.all(decoded.amps[16:] > 0.5)
    silence = Viterbi(SEARCH)(np.zeros((4, M)), INST_DICT, MODEL)
    np.testing.assert_array_equal(silence.amps, np.zeros((4, 2)))


def test_a_line_that_rests_has_no_tone():
    frames, shifts = two_lines()
    frames[8:16] = [spectrum([1.0, 0.0], pair, INST_DICT) for pair in shifts[8:16]]
    decoded = Viterbi(SEARCH)(frames, INST_DICT, MODEL)
    assert np.all(decoded.amps[8:16].min(axis=1) < 0.01)


def test_one_frame():
    frames, shifts = two_lines(frames=1)
    found = Viterbi(SEARCH)(frames, INST_DICT, MODEL)
    np.testing.assert_allclose(np.sort(found.shifts), shifts, atol=2)


def test_no_frames_have_no_tones():
    found = Viterbi()(np.zeros((0, MODEL.m)), INST_DICT, MODEL)
    assert found.amps.shape == (0, 2)


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_prior_decides_who_plays_when_the_columns_are_alike(order):
    frames, shifts = two_lines()
    alike = np.stack([FIRST, FIRST], axis=1)
    insts = np.broadcast_to(order, shifts.shape)
    found = Viterbi(SEARCH)(frames, alike, MODEL, Prior(shifts, insts))
    np.testing.assert_allclose(found.shifts, shifts[:, order], atol=2)


def test_a_prior_that_knows_nobody_is_no_crossing_price():
    frames, shifts = two_lines()
    nobody = Prior(shifts, np.full(shifts.shape, NONE))
    found = Viterbi(SEARCH, prices=Prices(novelty=0))(frames, INST_DICT, MODEL, nobody)
    free = Viterbi(SEARCH, prices=Prices(crossing=0))(frames, INST_DICT, MODEL)
    np.testing.assert_array_equal(found.get_array(), free.get_array())


def test_where_novelty_is_dear_only_known_tones_are_found():
    frames, shifts = two_lines()
    prior = Prior(shifts[:, 1:], np.zeros((len(shifts), 1), int))

    def found(novelty):  # among all combinations, even those of single tones
        prices = Prices(contradiction=10, unison=10, novelty=novelty)
        return Viterbi(SEARCH, 400, prices)(frames, INST_DICT, MODEL, prior)

    dear, free = found(10), found(0)
    np.testing.assert_allclose(dear.shifts[:, 0], shifts[:, 1], atol=2)
    np.testing.assert_array_equal(dear.amps > 0, [[True, False]] * len(frames))
    np.testing.assert_allclose(free.shifts, shifts[:, ::-1], atol=2)


@pytest.mark.parametrize(("dear", "together"), [("contradiction", True), ("unison", False)])
def test_instruments_meet_where_unisons_are_cheap(dear, together):
    odd = np.where(np.arange(HAR) % 2, 0.02, FIRST)
    inst_dict = np.stack([odd, np.where(np.arange(HAR) % 2, 0.7, 0.05)], axis=1)
    frames = np.tile(spectrum([1.0, 0.8], [60.0, 60.0], inst_dict), (6, 1))
    prior = Prior(np.full((6, 1), 60.0), np.zeros((6, 1), int))
    prices = {"contradiction": 0, "unison": 0, "novelty": 0, dear: 10}
    found = Viterbi(SEARCH, prices=Prices(**prices))(frames, inst_dict, MODEL, prior)
    met = np.all((np.abs(found.shifts - 60) < 2) & (found.amps > 0.4), axis=1)
    np.testing.assert_array_equal(met, together)


def test_the_tentative_prices_trust_the_prior_less():
    usual = Prices()
    assert TENTATIVE.contradiction < usual.contradiction
    assert TENTATIVE.novelty < usual.novelty


class CountingSearch(JointSearch):
    """Counts how often it proposes."""

    calls = 0

    def propose(self, *given):
        type(self).calls += 1
        return super().propose(*given)


def test_what_has_been_proposed_is_not_searched_again():
    frames, shifts = two_lines()
    finder = Viterbi(CountingSearch())
    prior = Prior(shifts, np.broadcast_to([0, 1], shifts.shape))
    wanted = finder(frames, INST_DICT, MODEL, prior)
    hypotheses = finder.propose(frames, INST_DICT, MODEL)
    CountingSearch.calls = 0
    made = Proposals.made(finder.search, frames, INST_DICT, MODEL, hypotheses)
    known = prior._replace(proposals=made)
    found = finder(frames, INST_DICT.copy(), MODEL, known)
    assert CountingSearch.calls == 0
    assert found.get_array().tobytes() == wanted.get_array().tobytes()
    other = finder(frames, INST_DICT[:, ::-1], MODEL, known)
    assert CountingSearch.calls == 1  # another dictionary: what was proposed is of no use
    np.testing.assert_array_equal(
        other.params, finder(frames, INST_DICT[:, ::-1], MODEL, prior).params
    )


@pytest.mark.parametrize("shape", [(3, 2), (0, 2), (40,), (1000, 2)])
def test_a_prior_of_other_frames_is_refused(shape):
    frames, _ = two_lines()
    prior = Prior(np.zeros(shape), np.zeros(shape, np.int64))
    with pytest.raises(ValueError, match=r"prior\.shifts\.shape"):
        Viterbi()(frames, INST_DICT, MODEL, prior)


def test_integers_are_floats_to_the_kernels():
    prices = Prices(1, 1, 1, 1, 1, 1, 1, 3)
    assert {type(value) for value in vars(prices).values()} == {float}
    frames, shifts = two_lines(frames=4)
    prior = Prior(shifts, np.zeros(shifts.shape, int))

    def compiled():
        return [len(k.signatures) for k in (kernels.cheapest_path, kernels.add_contradictions)]

    Viterbi(SEARCH)(frames, INST_DICT, MODEL, prior)
    before = compiled()
    Viterbi(SEARCH, prices=prices)(frames, INST_DICT, MODEL, prior)
    assert compiled() == before
