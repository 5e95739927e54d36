import inspect
import re
import subprocess
import sys

import numpy as np
import pytest

from musisep.dictsep import dictlearn
from musisep.dictsep.adam_b import Adam_B
from musisep.dictsep.columns import unexplained
from musisep.dictsep.pursuit import calc_harscale, gen_inst_spect, inst_shift
from musisep.dictsep.search import JointSearch
from musisep.dictsep.synthesis import synth_instruments
from musisep.dictsep.tones import Peaks, ToneModel

M, HAR, FSIGMA = 400, 8, 1.9
MODEL = ToneModel(FSIGMA, calc_harscale(1, 64, M), M)
TRUE = np.array([[1, 0.1, 0.6, 0.05, 0.4, 0, 0.2, 0], [0.7, 1, 0.3, 0.5, 0.1, 0.2, 0.1, 0.05]]).T


@pytest.fixture(scope="module")
def spects():
    """Artificial spectra of both instruments, [instrument, bin, frame]."""
    return dictlearn.gen_test_spects(TRUE, MODEL, 1, 300, np.random.default_rng(0))


def learn(spects, **options):
    return dictlearn.learn_spect_dict(
        spects.sum(axis=0), FSIGMA, 1, 4, 1, 0.5, HAR, M, 1, 64, 600, 150,
        rng=np.random.default_rng(3), **options,
    )  # fmt: skip


def test_the_dictionary_is_learned(spects):
    learned = learn(spects)
    assert learned.shape == (HAR, 2)
    unit, true = (x / np.linalg.norm(x, axis=0) for x in (learned, TRUE))
    similarity = unit.T @ true
    assert max(np.trace(similarity), np.trace(similarity[::-1])) > 2 * 0.9999
    np.testing.assert_array_equal(learned.max(axis=0), 1)


def test_silence_is_learned_as_it_started():
    silence = np.zeros((M, 5))
    learned = dictlearn.learn_spect_dict(silence, FSIGMA, 1, 4, 1, 0.5, HAR, M, 1, 64, 20, 10)
    assert learned.shape == (HAR, 2) and learned.any(axis=0).all()


def test_the_same_generator_learns_the_same(spects):
    np.testing.assert_array_equal(learn(spects), learn(spects))


def test_a_spectrogram_of_another_height_is_refused(spects):
    with pytest.raises(ValueError, match=re.escape("spect.shape=(300,) must be [m=400, frame]")):
        dictlearn.learn_spect_dict(spects[0, 0], FSIGMA, 1, 2, 1, 0.5, HAR, M, 1, 64, 10, 0)


def test_a_lifetime_beyond_the_learning_is_refused(spects):
    with pytest.raises(ValueError, match="runs=100 must be at least 1 and lifetime=150"):
        dictlearn.learn_spect_dict(
            spects.sum(axis=0), FSIGMA, 1, 4, 1, 0.5, HAR, M, 1, 64, 100, 150
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
        FSIGMA, 1, 2, HAR, M, 0, 1, 0.5, init=start, finder=JointSearch(MODEL)
    )

    def left():
        peaks = learner.finder(frames, learner.adam.value)
        return unexplained(MODEL, frames, peaks, learner.adam.value)

    before = left()
    for _ in learner.learn([frames] * 40, 40):
        pass
    assert left() < 0.3 * before
    assert learner.ages.tolist() == [40, 40]
    np.testing.assert_array_equal(learner.get_dict(), learner.adam.value)


def test_the_fit_finds_columns_and_keeps_those_that_went(spects):
    learner = dictlearn.Learner(FSIGMA, 1, 4, HAR, M, 10, 1, 0.5, finder=JointSearch(MODEL))
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
    learner = dictlearn.Learner(FSIGMA, 1, 4, HAR, M, 10, 1, 0.5, rng=np.random.default_rng(0))
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
    learner = dictlearn.Learner(FSIGMA, 1, 4, HAR, M, 10, 1, 0.5)
    learner.ages[:] = [30, 30, 10, 10]
    learner.carried[:] = [8, 4, 3, 1]  # with the credit of 2: 8, 4, 5, 3
    learner.renew(newcomers)
    assert np.flatnonzero(learner.ages).tolist() == survivors
    assert learner.adam.value.any(axis=0).all() == newcomers


@pytest.mark.parametrize("runs", [10, 19, 45])
def test_in_the_end_the_survivors_learn_alone(spects, runs):
    learner = dictlearn.Learner(FSIGMA, 1, 4, HAR, M, 10, 1, 0.5, rng=np.random.default_rng(0))
    frames = frames_of(spects)[:4]
    for _ in learner.learn([frames] * runs, runs):
        pass
    assert learner.get_dict().shape == (HAR, 2)
    assert np.count_nonzero(learner.adam.value.any(axis=0)) == 2
    used = learner.finder(frames, learner.adam.value)
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


def test_the_artificial_test_separates_with_either_dictionary():
    rng = np.random.default_rng(1)
    measures = dictlearn.test_learn(FSIGMA, 1, 2, 1, 0.5, 10, 600, 600, 100, 150, rng=rng)
    assert measures.shape == (6,)
    assert measures[0] > 20 and measures[3] > 12
    assert measures[0] > measures[3]


def test_the_artificial_test_of_several_dictionaries():
    rows = []
    measures = dictlearn.test_learn_multi(
        FSIGMA, 1, 2, 1, 0.5, 6, 300, 20, 20, 10, 2, seed=5,
        progress=lambda number, row: rows.append((number, row)),
    )  # fmt: skip
    again = dictlearn.test_learn_multi(FSIGMA, 1, 2, 1, 0.5, 6, 300, 20, 20, 10, 2, seed=5)
    np.testing.assert_array_equal(measures, again)
    assert [number for number, _ in rows] == [0, 1]
    np.testing.assert_array_equal([row for _, row in rows], measures)
    assert not np.array_equal(measures[0], measures[1])


def test_the_artificial_test_has_the_documented_defaults():
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(dictlearn.test_learn_multi).parameters.items()
    }
    assert defaults["fsigma"] == pytest.approx(6 / np.pi)
    wanted = dict(tone_num=1, inst_num=2, har=25, m=1024, runs=10_000, lifetime=500, num_dicts=10)
    assert {name: defaults[name] for name in wanted} == wanted


def test_the_module_runs_as_a_command(tmp_path):
    command = [sys.executable, "-m", "musisep.dictsep.dictlearn", "--seed", "2"]
    options = ["--dictionaries", "2", "--steps", "20", "--spectra", "300", "--lifetime", "10"]
    done = subprocess.run(
        command + options, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()[2:]
    assert [line.split()[0] for line in lines] == ["1", "2", "mean", "deviation"]
    first, second, mean = (
        np.array([float(word) for word in re.findall(r"-?\d+\.\d", line)][:6]) for line in lines[:3]
    )
    np.testing.assert_allclose(mean, (first + second) / 2, atol=0.11)


def test_artificial_spectra_are_as_described():
    spects = dictlearn.gen_test_spects(TRUE, MODEL, 2, 40, np.random.default_rng(0))
    assert spects.shape == (2, M, 40)
    low = int(0.2 * M - 7 * FSIGMA)
    assert not spects[:, :low].any()
    assert spects.max() <= 2.1
    peaks = Peaks([[1.0]], [[0.3 * M]], [[FSIGMA]], [[0.0]], [[1]])
    single = synth_instruments(peaks, TRUE, MODEL.harscale, 1, M)
    assert single[0].max() == 0 and single[1].max() == pytest.approx(1, abs=0.05)
