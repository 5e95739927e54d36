"""Learning a dictionary and using it, by the documented names."""

import re

import numpy as np
import pytest
from duet import SAMPLE_RATE, duet

from musisep.audio.logfreq import LogAxis, log_spectrogram
from musisep.audio.stft import SpectralTransform
from musisep.audio.windows import gaussian_window
from musisep.dictsep import dictlearn
from musisep.dictsep.adam_b import Adam_B
from musisep.dictsep.pursuit import Peaks, calc_harscale, gen_inst_spect, inst_shift
from musisep.metrics import bss_eval
from musisep.multipitch.greedy import GreedyPursuit
from musisep.multipitch.joint import JointSearch
from musisep.tones.loss import unexplained
from musisep.tones.model import ToneModel

M, HAR, FSIGMA = 400, 8, 1.9
MODEL = ToneModel(FSIGMA, calc_harscale(1, 64, M), M)
FINDERS = pytest.mark.parametrize("finder", [None, JointSearch()], ids=["default", "joint"])
TRUE = np.array([[1, 0.1, 0.6, 0.05, 0.4, 0, 0.2, 0], [0.7, 1, 0.3, 0.5, 0.1, 0.2, 0.1, 0.05]]).T


@pytest.fixture(scope="module")
def spects():
    """Artificial spectra of both instruments, [instrument, bin, frame]."""
    return dictlearn.gen_test_spects(TRUE, MODEL, 1, 300, np.random.default_rng(0))


def learn(spects, runs=600, lifetime=150, **options):
    return dictlearn.learn_spect_dict(
        spects.sum(axis=0), FSIGMA, 1, 2, 1, 0.5, HAR, M, 1, 64, runs, lifetime,
        rng=np.random.default_rng(3), **options,
    )  # fmt: skip


@FINDERS
def test_the_dictionary_is_learned(spects, finder):
    learned = learn(spects, finder=finder)
    assert learned.shape == (HAR, 2)
    unit, true = (x / np.linalg.norm(x, axis=0) for x in (learned, TRUE))
    similarity = unit.T @ true
    assert max(np.trace(similarity), np.trace(similarity[::-1])) > 2 * 0.9999
    np.testing.assert_array_equal(learned.max(axis=0), 1)


def test_tones_are_found_by_sparse_pursuit_unless_told_otherwise(spects):
    np.testing.assert_array_equal(
        learn(spects, runs=10, lifetime=5),
        learn(spects, runs=10, lifetime=5, finder=GreedyPursuit(1, most=2)),
    )


def test_silence_is_learned_as_it_started():
    silence = np.zeros((M, 5))
    learned = dictlearn.learn_spect_dict(silence, FSIGMA, 1, 2, 1, 0.5, HAR, M, 1, 64, 20, 10)
    assert learned.shape == (HAR, 2) and learned.any(axis=0).all()


def test_the_same_generator_learns_the_same(spects):
    options = {"runs": 40, "lifetime": 20}
    np.testing.assert_array_equal(learn(spects, **options), learn(spects, **options))


def test_a_spectrogram_of_another_height_is_refused(spects):
    with pytest.raises(ValueError, match=re.escape("spect.shape=(300,) must be [m=400, frame]")):
        dictlearn.learn_spect_dict(spects[0, 0], FSIGMA, 1, 2, 1, 0.5, HAR, M, 1, 64, 10, 0)


def test_a_lifetime_beyond_the_learning_is_refused(spects):
    with pytest.raises(ValueError, match="runs=100 must be at least 1 and lifetime=150"):
        dictlearn.learn_spect_dict(
            spects.sum(axis=0), FSIGMA, 1, 2, 1, 0.5, HAR, M, 1, 64, 100, 150
        )


def test_random_instruments_have_maximum_one():
    for seed in range(20):
        inst = dictlearn.gen_random_inst(25, np.random.default_rng(seed))
        assert inst.shape == (25,)
        assert inst.min() >= 0 and inst.max() == 1
    assert dictlearn.gen_random_inst_dict(25, 3).shape == (25, 3)
    assert not np.array_equal(dictlearn.gen_random_inst(25), dictlearn.gen_random_inst(25))


def frames_of(spects):
    return np.ascontiguousarray(spects.sum(axis=0).T)


def test_steps_lower_the_loss(spects):
    frames = frames_of(spects)[:60]
    start = np.clip(TRUE + 0.2, 0, 1)
    learner = dictlearn.Learner(
        FSIGMA, 1, 2, HAR, M, 0, 1, 0.5, init=start, harscale=MODEL.harscale, finder=JointSearch()
    )

    def left():
        peaks = learner.finder(frames, learner.adam.value, learner.model)
        return unexplained(frames, peaks, learner.adam.value, learner.model)

    before = left()
    for _ in learner.learn([frames] * 40, 40):
        pass
    assert left() < 0.3 * before
    assert learner.ages.tolist() == [40, 40]
    np.testing.assert_array_equal(learner.get_dict(), learner.adam.value)


def test_the_fit_finds_columns_and_keeps_those_that_went(spects):
    learner = dictlearn.Learner(
        FSIGMA, 1, 2, HAR, M, 10, 1, 0.5, harscale=MODEL.harscale, finder=JointSearch()
    )
    wrong = np.clip(TRUE * np.random.default_rng(0).uniform(0.7, 1.3, TRUE.shape), 0, 1)
    learner.adam.value = np.insert(wrong, [0, 1], 0, axis=1)
    learner.ages[:] = [0, 100, 0, 100]
    learner.fit(frames_of(spects)[:100])
    assert not learner.adam.value[:, [0, 2]].any()
    np.testing.assert_allclose(learner.get_dict(), TRUE, atol=0.01)
    np.testing.assert_array_equal(learner.get_dict().max(axis=0), 1)


def test_the_fit_of_no_frames_changes_nothing():
    learner = dictlearn.Learner(FSIGMA, 1, 2, HAR, M, 0, 1, 0.5, init=TRUE)
    learner.fit(np.zeros((0, M)))
    np.testing.assert_array_equal(learner.get_dict(), TRUE)


def test_unused_columns_are_renewed():
    learner = dictlearn.Learner(FSIGMA, 1, 2, HAR, M, 10, 1, 0.5, rng=np.random.default_rng(0))
    learner.ages[:] = 20
    learner.carried[:] = [5, 1, 2, 8]
    before = learner.adam.value.copy()
    learner.adam.steps[:] = 7
    learner.renew()
    assert learner.ages.tolist() == [20, 0, 0, 20]
    assert learner.adam.steps.tolist() == [7, 0, 0, 7]
    np.testing.assert_array_equal(learner.adam.value[:, [0, 3]], before[:, [0, 3]])
    assert not np.array_equal(learner.adam.value[:, [1, 2]], before[:, [1, 2]])
    np.testing.assert_array_equal(learner.get_dict(), before[:, [0, 3]])
    assert not learner.carried.any()


@pytest.mark.parametrize(("newcomers", "survivors"), [(True, [0, 2]), (False, [0, 1])])
def test_young_columns_have_a_credit_while_newcomers_come(newcomers, survivors):
    learner = dictlearn.Learner(FSIGMA, 1, 2, HAR, M, 10, 1, 0.5)
    learner.ages[:] = [30, 30, 10, 10]
    learner.carried[:] = [8, 4, 3, 1]  # with the credit of 2: 8, 4, 5, 3
    learner.renew(newcomers)
    assert np.flatnonzero(learner.ages).tolist() == survivors
    assert learner.adam.value.any(axis=0).all() == newcomers


@pytest.mark.parametrize("runs", [10, 19, 45])
def test_in_the_end_the_survivors_learn_alone(spects, runs):
    learner = dictlearn.Learner(FSIGMA, 1, 2, HAR, M, 10, 1, 0.5, rng=np.random.default_rng(0))
    frames = frames_of(spects)[:4]
    for _ in learner.learn([frames] * runs, runs):
        pass
    assert learner.get_dict().shape == (HAR, 2)
    assert np.count_nonzero(learner.adam.value.any(axis=0)) == 2
    used = learner.finder(frames, learner.adam.value, learner.model)
    assert np.count_nonzero(used.amps.any(axis=0)) <= 2


def test_random_batches_leave_out_quiet_frames():
    frames = np.ones((10, 4))
    frames[::2] = 1e-6
    batch = next(dictlearn.random_batches(frames, 50, np.random.default_rng(0)))
    assert batch.shape == (50, 4) and batch.min() == 1
    assert not list(dictlearn.random_batches(np.zeros((3, 4)), 2, np.random.default_rng(0)))


def test_stoch_grad_takes_a_step_along_the_negative_gradient():
    peaks = Peaks([1.0], [100.0], [FSIGMA], [0.0], [0])
    y = inst_shift(peaks, TRUE, MODEL.harscale, 1, M, 1)
    start = TRUE.copy()
    start[2, 0] = 0.9  # instead of 0.6
    adam = Adam_B(start, alpha=0.01)
    baseshift = MODEL.baseshift(HAR)
    spect = gen_inst_spect(baseshift, FSIGMA, start, MODEL.harscale, 1, 0.5, M)
    new, reconstruction, amps = dictlearn.stoch_grad(
        y, start, 1, adam, FSIGMA, MODEL.harscale, baseshift, spect, 1, 0.5
    )
    assert new[2, 0] < 0.9
    np.testing.assert_array_equal(new, adam.value)
    assert reconstruction.shape == (M,)
    assert amps.shape == (2,) and amps[0] > 0.5 and amps[1] == 0


def test_stoch_grad_counts_tones_of_each_instrument():
    chord = Peaks([1.0, 0.8, 0.6], [60.0, 100.0, 133.0], [FSIGMA] * 3, [0.0] * 3, [0, 0, 1])
    y = inst_shift(chord, TRUE, MODEL.harscale, 1, M, 3)
    baseshift = MODEL.baseshift(HAR)
    spect = gen_inst_spect(baseshift, FSIGMA, TRUE, MODEL.harscale, 1, 0.5, M)
    amps = [
        dictlearn.stoch_grad(
            y, TRUE, tone_num, Adam_B(TRUE), FSIGMA, MODEL.harscale, baseshift, spect, 1, 0.5
        )[2]
        for tone_num in (1, 2)
    ]
    assert amps[0][0] < 1.3  # the second tone of the first instrument has no place
    np.testing.assert_allclose(amps[1], [1.8, 0.6], atol=0.05)


@FINDERS
def test_the_documented_functions_separate_a_recording(finder):
    """Spectrogram, dictionary, synthesis, masks and inverse transform fit without padding."""
    mixture, height, sigmas = duet().sum(axis=0)[:SAMPLE_RATE], 1024, 6
    axis, fsigma = LogAxis(100, 6400, 480), sigmas / np.pi
    rng = np.random.default_rng(0)
    spect = log_spectrogram(mixture, SAMPLE_RATE, axis, hop_length=256, sigma_bins=fsigma)
    inst_dict = dictlearn.learn_spect_dict(
        spect, fsigma, 1, 2, 1, 0.5, 12, 480, 100, 6400, 150, 50, finder=finder, rng=rng
    )
    assert inst_dict.shape == (12, 2)
    whole, parts, _, linear = dictlearn.synth_spect(
        spect, 1, inst_dict, fsigma, height, 1, 0.5, 100 / SAMPLE_RATE, 6400 / SAMPLE_RATE,
        finder=finder,
    )  # fmt: skip
    np.testing.assert_allclose(whole, sum(parts))
    stft = SpectralTransform(2 * height, 256, window=gaussian_window(2 * height, sigmas))
    spectrum = stft.stft(mixture)
    masked, _ = dictlearn.mask_spectrums(linear, spectrum)
    heard = np.pad(sum(linear), ((0, 1), (0, 0))) > 0
    np.testing.assert_allclose(sum(masked)[heard], spectrum[heard], atol=1e-9)
    stems = np.stack([stft.istft(part, length=mixture.size) for part in masked])
    assert np.sum((stems.sum(axis=0) - mixture) ** 2) < 0.02 * np.sum(mixture**2)
    assert bss_eval(duet()[:, : mixture.size], stems).sdr.min() > 8


def test_masks_take_spectra_with_and_without_the_bin_of_half_the_rate():
    spects = [[[1.0, 0.0], [3.0, 0.0]], [[1.0, 0.0], [1.0, 2.0]]]
    original = np.array([[4j, 5.0], [8.0, 6.0], [9.0, 9.0]])
    masked, mask = dictlearn.mask_spectrums(spects, original[:2])
    np.testing.assert_array_equal(masked, [[[2j, 0], [6, 0]], [[2j, 0], [2, 6]]])
    np.testing.assert_array_equal(mask, [[2j, 0], [2, 3]])
    longer, longer_mask = dictlearn.mask_spectrums(spects, original)
    np.testing.assert_array_equal(np.array(longer)[:, :2], masked)
    np.testing.assert_array_equal(longer_mask, [*mask, [0, 0]])
    assert not np.any(np.array(longer)[:, 2])
    for wrong in (original[:1], original[:, :1], original[0]):
        with pytest.raises(ValueError, match=r"spects of shape=\(2, 2, 2\) must be"):
            dictlearn.mask_spectrums(spects, wrong)
