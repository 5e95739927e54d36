import naive
import numpy as np
import pytest
import scipy.fft
from patterned import FSIGMA, INST_DICT, MODEL, M, atom, random_frames, spectrum

from musisep._util.threads import BLOCK
from musisep.multipitch.finder import NO_GAIN, Prior
from musisep.multipitch.joint import CHORD_PRICE, JointSearch, instruments_search
from musisep.tones.peaks import places


def test_hypotheses_hold_amplitudes_shifts_and_gains():
    frames, *_ = random_frames(6, [0, 1])
    found = JointSearch().propose(frames, INST_DICT, MODEL, 5)
    assert found.shifts.shape == found.amps.shape == (6, 5, 2)
    assert found.gains.shape == (6, 5)
    for frame in range(6):
        root = MODEL.roots(frames[frame])
        for h in range(5):
            pattern = sum(
                np.sqrt(found.amps[frame, h, i]) * atom(i, int(found.shifts[frame, h, i]))
                for i in range(2)
            )
            fall = 0.5 * (root @ root - np.sum((root - pattern) ** 2))
            assert found.gains[frame, h] == pytest.approx(fall, rel=1e-6)


def test_the_best_hypothesis_of_a_single_tone_is_that_tone():
    frames = np.array([spectrum([0.7], [60.0], [0]), spectrum([0.2], [31.0], [1])])
    found = JointSearch(most=1).propose(frames, INST_DICT, MODEL, 1)
    np.testing.assert_array_equal(found.shifts[:, 0], [[60, 0], [0, 31]])
    np.testing.assert_allclose(found.amps[:, 0], [[0.7, 0], [0, 0.2]], rtol=0.01)


def test_a_tone_that_explains_less_than_its_price_is_left_out():
    frames = np.array([spectrum([1.0, quiet], [60.0, 25.0], [0, 1]) for quiet in (1e-3, 0.3)])
    found, all_found = JointSearch(price=0.12), JointSearch()
    np.testing.assert_array_equal(
        found(frames, INST_DICT, MODEL).amps > 0, [[True, False], [True, True]]
    )
    assert np.all(all_found(frames, INST_DICT, MODEL).amps > 0)


def test_hypotheses_that_do_not_exist_have_no_gain():
    found = JointSearch().propose(np.zeros((2, M)), INST_DICT, MODEL, 3)
    np.testing.assert_array_equal(found.gains, [[0, NO_GAIN, NO_GAIN]] * 2)
    assert not np.any(found.amps)


@pytest.mark.parametrize(("refined", "share"), [(1, 0.9), (3, 0.97)])
def test_joint_search_recovers_pairs(refined, share):
    frames, shifts, amps = random_frames(50, [0, 1])
    found = JointSearch(refined=refined)(frames, INST_DICT, MODEL)
    np.testing.assert_array_equal(found.insts, [[0, 1]] * 50)
    hit = np.abs(found.shifts - shifts) < 0.5
    assert hit.mean() >= share
    assert np.median(np.abs(found.amps / amps - 1)) < 0.01


def test_refining_more_hypotheses_does_not_raise_the_loss():
    frames, *_ = random_frames(20, [0, 1], noise=0.2)

    def losses(refined):
        found = JointSearch(refined=refined)(frames, INST_DICT, MODEL)
        return np.array(
            [
                naive.loss(p, i, INST_DICT, MODEL.harscale, 1, 0.5, y)
                for p, i, y in zip(found.params, found.insts, frames, strict=True)
            ]
        )

    one, four = losses(1), losses(4)
    assert np.all(four <= one * (1 + 1e-9)) and np.any(four < one)


def test_joint_search_of_chords():
    frames, shifts, _ = random_frames(20, [0, 0, 1])
    found = JointSearch(tones=2, most=3, refined=3)(frames, INST_DICT, MODEL)
    np.testing.assert_array_equal(found.insts, [places(2, 2)] * 20)
    hits = 0
    for peaks, expected in zip(found, shifts, strict=True):
        for inst, shift in zip([0, 0, 1], expected, strict=True):
            own = peaks[(peaks.insts == inst) & (peaks.amps > 0)]
            hits += np.any(np.abs(own.shifts - shift) < 0.5)
    assert hits >= 54


def test_flanks_find_a_tone_that_hides_behind_a_louder_one():
    frames = np.array([spectrum([1.0, 0.2], [60.0, 60.0 + d], [0, 1]) for d in (-6, 6)])
    plain, flanked = (
        JointSearch(candidates=3, flanks=flanks, refined=8)(frames, INST_DICT, MODEL)
        for flanks in ((), (2.0, 3.0))
    )
    expected = [[60, 54], [60, 66]]
    np.testing.assert_allclose(flanked.shifts, expected, atol=0.5)
    assert np.abs(plain.shifts - expected).max() > 0.5


def test_most_limits_the_tones_of_all_instruments():
    frames, *_ = random_frames(10, [0, 1, 1], noise=0.05)
    found = JointSearch(tones=2, most=2)(frames, INST_DICT, MODEL)
    assert np.all(np.sum(found.amps > 0, axis=1) == 2)


def test_refining_leaves_silent_places_silent():
    frames, *_ = random_frames(10, [0], noise=0.05)
    search = JointSearch(most=1)
    hypotheses = search.propose(frames, INST_DICT, MODEL, 1)
    found = search.refine(frames, INST_DICT, MODEL, hypotheses)
    np.testing.assert_array_equal(found.amps > 0, hypotheses.amps[:, 0] > 0)


def test_jobs_and_blocks_change_no_bit():
    frames, *_ = random_frames(2 * BLOCK + 3, [0, 1], noise=0.05)
    one = JointSearch()(frames, INST_DICT, MODEL)
    with scipy.fft.set_workers(2):
        two = JointSearch()(frames, INST_DICT, MODEL)
    assert one.get_array().tobytes() == two.get_array().tobytes()
    for frame in (0, BLOCK - 1, BLOCK, len(frames) - 1):
        alone = JointSearch()(frames[frame : frame + 1], INST_DICT, MODEL)
        assert one[frame : frame + 1].get_array().tobytes() == alone.get_array().tobytes()


def test_silence_is_silent():
    found = JointSearch()(np.zeros((3, M)), INST_DICT, MODEL)
    assert found.amps.shape == (3, 2) and not found.amps.any()
    assert np.all(found.sigmas == FSIGMA)
    assert JointSearch()(np.zeros((0, M)), INST_DICT, MODEL).params.shape == (0, 4, 2)


def test_one_instrument():
    frames, shifts, amps = random_frames(10, [0])
    found = JointSearch()(frames, INST_DICT[:, :1], MODEL)
    np.testing.assert_allclose(found.shifts, shifts, atol=0.01)
    np.testing.assert_allclose(found.amps, amps, rtol=0.01)


def test_frames_of_another_axis_are_refused():
    with pytest.raises(ValueError, match=r"frames.shape=\(3, 7\) must be"):
        JointSearch()(np.zeros((3, 7)), INST_DICT, MODEL)


def test_a_prior_is_not_made_use_of():
    frames, shifts, _ = random_frames(5, [0, 1])
    prior = Prior(shifts, np.ones(shifts.shape, int))
    plain, guided = (JointSearch()(frames, INST_DICT, MODEL, given) for given in (None, prior))
    np.testing.assert_array_equal(plain.params, guided.params)


def test_a_dictionary_of_any_layout_will_do():
    frames, *_ = random_frames(5, [0, 1])
    plain = JointSearch()(frames, INST_DICT, MODEL)
    for other in (np.asfortranarray(INST_DICT), np.repeat(INST_DICT, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(JointSearch()(frames, other, MODEL).params, plain.params)


def test_several_tones_of_one_instrument_have_a_price_and_mostly_one_has_them():
    assert instruments_search(3, 1) == JointSearch()
    search = instruments_search(3, 2)
    assert (search.tones, search.most) == (2, 4)
    assert search.price / search.most == pytest.approx(2 * CHORD_PRICE / 3)
    with pytest.raises(ValueError, match=r"^instruments=0"):
        instruments_search(0, 2)
