from dataclasses import replace

import numpy as np
import pytest
import scipy.fft
from sounding import frames_of, similarity

from musisep.learning import adam
from musisep.learning.adam import AdamLearner, AdamSteps
from musisep.learning.adam_b import Adam_B
from musisep.multipitch.joint import JointSearch
from musisep.tones.loss import dict_grads, unexplained
from musisep.tones.model import ToneModel, calc_harscale
from musisep.tones.peaks import Peaks

M, HAR, FSIGMA = 400, 8, 1.9
MODEL = ToneModel(FSIGMA, calc_harscale(1, 64, M), M)
TRUE = np.array([[1, 0.1, 0.6, 0.05, 0.4, 0, 0.2, 0], [0.7, 1, 0.3, 0.5, 0.1, 0.2, 0.1, 0.05]]).T
FINDER = JointSearch()


@pytest.fixture(scope="module")
def frames():
    """Artificial frames of both instruments, [frame, bin]."""
    rng, shape = np.random.default_rng(0), (200, 2)
    peaks = Peaks(
        rng.uniform(0.3, 1, shape), rng.uniform(0.2, 0.6, shape) * M, np.full(shape, FSIGMA),
        np.zeros(shape), np.broadcast_to([0, 1], shape),
    )  # fmt: skip
    return np.ascontiguousarray(frames_of(peaks, TRUE, MODEL))


def steps(lifetime=0, init=None, seed=0, finder=FINDER, instruments=2):
    rng = np.random.default_rng(seed)
    return AdamSteps(MODEL, finder, instruments, HAR, lifetime, rng, init)


def test_random_instruments_have_maximum_one():
    for seed in range(20):
        inst = adam.gen_random_inst(25, np.random.default_rng(seed))
        assert inst.shape == (25,)
        assert inst.min() >= 0 and inst.max() == 1
    assert adam.gen_random_inst_dict(25, 3).shape == (25, 3)
    assert not np.array_equal(adam.gen_random_inst(25), adam.gen_random_inst(25))


def test_twice_as_many_columns_learn_if_they_are_renewed():
    assert steps(lifetime=10).adam.value.shape == (HAR, 4)
    assert steps(lifetime=0).adam.value.shape == (HAR, 2)
    with pytest.raises(ValueError, match=r"init\.shape=\(8, 2\) must be \(8, 4\)"):
        steps(lifetime=10, init=TRUE)


def test_a_step_follows_the_negative_gradient_at_the_tones_found(frames):
    start = np.clip(TRUE + 0.2, 0, 1)
    own, twin = steps(init=start), Adam_B(start, alpha=adam.Schedule.first_step)
    tones = own.step(frames[:5])
    wanted = FINDER(frames[:5], start, MODEL)
    np.testing.assert_array_equal(tones.params, wanted.params)
    higher, lower = dict_grads(frames[:5], wanted, start, MODEL)
    np.testing.assert_array_equal(own.adam.value, twin.step(higher - lower))
    np.testing.assert_allclose(own.carried, wanted.amps.sum(axis=0))
    assert own.ages.tolist() == [1, 1]


def test_steps_lower_the_loss(frames):
    frames = frames[:60]
    own = steps(init=np.clip(TRUE + 0.2, 0, 1))

    def left():
        tones = FINDER(frames, own.adam.value, MODEL)
        return unexplained(frames, tones, own.adam.value, MODEL)

    before = left()
    for _ in own.learn([frames] * 40, 40):
        pass
    assert left() < 0.3 * before
    assert own.ages.tolist() == [40, 40]
    np.testing.assert_array_equal(own.get_dict(), own.adam.value)


def test_the_step_size_falls_from_the_first_to_nearly_the_last(frames):
    own, sizes = steps(), []
    for _ in own.learn([frames[:1]] * 9, 5):
        sizes.append(own.adam.alpha)
    assert len(sizes) == 5 and sizes[0] == adam.Schedule.first_step
    np.testing.assert_allclose(
        np.diff(sizes), (adam.Schedule.last_step - adam.Schedule.first_step) / 5
    )


@pytest.mark.parametrize(("runs", "lifetime"), [(0, 0), (9, 10)])
def test_a_lifetime_beyond_the_learning_is_refused(frames, runs, lifetime):
    with pytest.raises(ValueError, match=f"{runs=} must be at least 1 and lifetime={lifetime}"):
        next(steps(lifetime).learn([frames[:1]], runs))


def test_the_fit_finds_columns_and_keeps_those_that_went(frames):
    own = steps(lifetime=10)
    wrong = np.clip(TRUE * np.random.default_rng(0).uniform(0.7, 1.3, TRUE.shape), 0, 1)
    own.adam.value = np.insert(wrong, [0, 1], 0, axis=1)
    own.ages[:] = [0, 100, 0, 100]
    own.fit(frames)
    assert not own.adam.value[:, [0, 2]].any()
    np.testing.assert_allclose(own.get_dict(), TRUE, atol=0.03)
    np.testing.assert_array_equal(own.get_dict().max(axis=0), 1)


def test_the_fit_of_no_frames_changes_nothing():
    own = steps(init=TRUE)
    own.fit(np.zeros((0, M)))
    np.testing.assert_array_equal(own.get_dict(), TRUE)


def test_unused_columns_are_renewed():
    own = steps(lifetime=10)
    own.ages[:] = 20
    own.carried[:] = [5, 1, 2, 8]
    before = own.adam.value.copy()
    own.adam.steps[:] = 7
    own.renew()
    assert own.ages.tolist() == [20, 0, 0, 20]
    assert own.adam.steps.tolist() == [7, 0, 0, 7]
    np.testing.assert_array_equal(own.adam.value[:, [0, 3]], before[:, [0, 3]])
    assert not np.array_equal(own.adam.value[:, [1, 2]], before[:, [1, 2]])
    np.testing.assert_array_equal(own.get_dict(), before[:, [0, 3]])
    assert not own.carried.any()


@pytest.mark.parametrize(("newcomers", "survivors"), [(True, [0, 2]), (False, [0, 1])])
def test_young_columns_have_a_credit_while_newcomers_come(newcomers, survivors):
    own = steps(lifetime=10)
    own.ages[:] = [30, 30, 10, 10]
    own.carried[:] = [8, 4, 3, 1]  # with the credit of 2: 8, 4, 5, 3
    own.renew(newcomers)
    assert np.flatnonzero(own.ages).tolist() == survivors
    assert own.adam.value.any(axis=0).all() == newcomers


@pytest.mark.parametrize("runs", [10, 19, 45])
def test_in_the_end_the_survivors_learn_alone(frames, runs):
    own = steps(lifetime=10)
    for _ in own.learn([frames[:4]] * runs, runs):
        pass
    assert own.get_dict().shape == (HAR, 2)
    assert np.count_nonzero(own.adam.value.any(axis=0)) == 2
    used = FINDER(frames[:4], own.adam.value, MODEL)
    assert np.count_nonzero(used.amps.any(axis=0)) <= 2


def test_random_batches_leave_out_quiet_frames():
    frames = np.ones((10, 4))
    frames[::2] = 1e-6
    batch = next(adam.random_batches(frames, 50, np.random.default_rng(0)))
    assert batch.shape == (50, 4) and batch.min() == 1
    assert not list(adam.random_batches(np.zeros((3, 4)), 2, np.random.default_rng(0)))


# The learner

QUICK = AdamLearner(harmonics=HAR, runs=300, lifetime=75, finder=FINDER, seed=3)


def test_the_dictionary_is_learned(frames):
    learned = QUICK(frames, MODEL)
    assert learned.dictionary.shape == (HAR, 2)
    match = similarity(learned.dictionary, TRUE)
    assert max(np.trace(match), np.trace(match[::-1])) > 2 * 0.999
    np.testing.assert_array_equal(learned.dictionary.max(axis=0), 1)
    assert learned.prior is None and not learned.known
    assert len(learned.answers) == 1 and learned.chosen == 0


@pytest.mark.parametrize("number", [2, 3])
def test_of_several_dictionaries_the_one_that_leaves_least_is_taken(frames, number):
    short = replace(QUICK, runs=20, lifetime=10, dictionaries=number)
    found = short(frames, MODEL)
    with scipy.fft.set_workers(2):
        again = short(frames, MODEL)
    assert found.dictionary.tobytes() == again.dictionary.tobytes()
    assert found.answers == again.answers and len(set(found.answers)) == number
    assert found.chosen == np.argmin(found.answers)
    tones = FINDER(frames, found.dictionary, MODEL)
    left = unexplained(frames, tones, found.dictionary, MODEL)
    assert found.answers[found.chosen] == pytest.approx(left)


def test_every_step_is_reported(frames):
    calls = []
    short = replace(QUICK, runs=4, lifetime=2, dictionaries=2)
    short(frames[:20], MODEL, lambda *call: calls.append(call))
    assert calls == [("learning", done, 8) for done in range(1, 9)]


def test_silence_is_learned_as_it_started():
    learned = replace(QUICK, runs=20, lifetime=10)(np.zeros((5, M)), MODEL)
    assert learned.dictionary.shape == (HAR, 2) and learned.dictionary.any(axis=0).all()


def test_without_a_lifetime_no_column_goes(frames, monkeypatch):
    monkeypatch.setattr(AdamSteps, "renew", None)
    learned = replace(QUICK, runs=5, lifetime=0, instruments=3)(frames[:20], MODEL)
    assert learned.dictionary.shape == (HAR, 3) and learned.dictionary.any(axis=0).all()


def test_what_stops_one_dictionary_stops_the_others(frames):
    reported = []

    def stop(_stage, done, _total):
        reported.append(done)
        if done == 3:
            raise KeyboardInterrupt

    learner = replace(QUICK, runs=100_000, lifetime=0, dictionaries=2)
    with scipy.fft.set_workers(2), pytest.raises(KeyboardInterrupt):
        learner(frames, MODEL, stop)
    assert len(reported) < 1000
