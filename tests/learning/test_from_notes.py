from dataclasses import replace

import numpy as np
import pytest
import scipy.fft
from melodies import COLUMNS, HARMONICS, MODEL, insts_of, mixture
from sounding import similarity

from musisep._util.constants import NONE
from musisep._util.progress import no_progress
from musisep.learning import from_notes as module
from musisep.learning.common import CommonColumns
from musisep.learning.from_notes import NotesLearner, in_places
from musisep.learning.updates import falling, smoothed
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import TENTATIVE
from musisep.notes.assignment import AnnealedAssignment
from musisep.notes.tracking import NoteTracking
from musisep.tones.loss import unexplained
from musisep.tones.peaks import Peaks

COMMON = CommonColumns(HARMONICS, steps=8, frames=30)


def learner(**options):
    return NotesLearner(**{"restarts": 4, "common": COMMON} | options)


@pytest.fixture(scope="module", params=[2, 3])
def learned(request):
    own = learner(instruments=request.param)
    peaks, frames = mixture(request.param)
    calls = []
    found = own(frames, MODEL, lambda *call: calls.append(call))
    return own, peaks, frames, found, calls


def test_every_instrument_has_its_column(learned):
    own, _, _, found, _ = learned
    columns = found.dictionary
    assert columns.shape == (HARMONICS, own.instruments)
    np.testing.assert_array_equal(columns.max(axis=0), 1)
    match = similarity(columns, COLUMNS[:, : own.instruments])
    assert sorted(match.argmax(axis=1)) == list(range(own.instruments))
    assert match.max(axis=1).min() > 0.97


def test_the_prior_knows_who_plays(learned):
    own, peaks, frames, found, _ = learned
    assert found.prior.shifts.shape == found.prior.insts.shape
    assert len(found.prior.shifts) == len(frames)
    names = similarity(found.dictionary, COLUMNS[:, : own.instruments]).argmax(axis=0)
    insts = insts_of(peaks, found.prior)
    told = insts != NONE
    assert told.mean() > 0.8
    assert np.mean((insts == names)[told]) > 0.95
    assert not found.known


def test_what_the_chosen_answer_leaves_is_told(learned):
    found = learned[3]
    assert len(found.answers) == 1 and found.chosen == 0
    assert 0 < found.answers[0] < 0.1


def test_every_step_and_round_is_reported(learned):
    own, _, _, _, calls = learned
    total = own.common.steps + own.instruments - 1
    assert calls == [("learning", done, total) for done in range(1, total + 1)]


def test_what_was_proposed_with_the_dictionary_is_handed_on(learned):
    own, _, frames, found, _ = learned
    known = found.prior.proposals
    assert known.of(JointSearch(own.tones), frames, found.dictionary, MODEL, 40)
    anew = JointSearch(own.tones).propose(frames, found.dictionary, MODEL, 40)
    for kept, made in zip(known.hypotheses, anew, strict=True):
        np.testing.assert_array_equal(kept, made)


def test_one_instrument_plays_all():
    own = learner(instruments=1)
    _, frames = mixture(1)
    calls = []
    found = own(frames, MODEL, lambda *call: calls.append(call))
    assert len(calls) == calls[-1][1] == calls[-1][2] == own.common.steps + 1
    assert similarity(found.dictionary, COLUMNS[:, :1])[0, 0] > 0.999
    assert found.chosen == 0 and len(found.answers) == 1
    assert set(found.prior.insts.flat) <= {0, NONE}


def same(one, other):
    return (
        one.dictionary.tobytes() == other.dictionary.tobytes()
        and one.prior.shifts.tobytes() == other.prior.shifts.tobytes()
        and one.prior.insts.tobytes() == other.prior.insts.tobytes()
        and (one.answers, one.chosen) == (other.answers, other.chosen)
    )


def test_jobs_change_nothing_and_another_seed_assigns_anew():
    states, usual = set(), AnnealedAssignment()
    _, frames = mixture(2)

    def noting(notes, instruments, rng):
        states.add(str(rng.bit_generator.state))
        return usual(notes, instruments, rng)

    own = learner(assignment=noting)
    one = own(frames, MODEL, no_progress)
    with scipy.fft.set_workers(2):
        two = own(frames, MODEL, no_progress)
    assert same(one, two)
    assert len(states) == own.restarts
    replace(own, seed=1)(frames, MODEL, no_progress)
    assert len(states) == 2 * own.restarts


@pytest.mark.parametrize("instruments", [2, 3])
def test_notes_know_where_they_are_heard(instruments):
    heard, usual = [], AnnealedAssignment()
    _, frames = mixture(instruments)

    def noting(notes, instruments, rng):
        heard.append(notes.sides)
        return usual(notes, instruments, rng)

    own = learner(assignment=noting, restarts=1, instruments=instruments)
    own(frames, MODEL, no_progress, np.full(frames.shape, 0.6 + 0.8j, np.complex64))
    assert len(heard) == instruments - 1
    for sides in heard:
        np.testing.assert_allclose(sides[sides != 0], 0.6 + 0.8j, rtol=1e-6)
        assert np.mean(sides != 0) > 0.5


def test_silence_teaches_nothing():
    own = learner(common=replace(COMMON, steps=4))
    found = own(np.zeros((20, MODEL.m)), MODEL)
    assert found.answers == (0,)
    assert np.isfinite(found.dictionary).all()
    assert found.dictionary.shape == (HARMONICS, 2)
    assert np.all(found.prior.insts == NONE)


def answering(*replies):
    """An assignment that gives values, and functions each of who plays the true notes."""
    following = iter(replies)

    def assign(notes, instruments, rng):
        right = (notes.shifts < 2.3 * MODEL.octave).astype(np.int64)  # where the melodies part
        value, wrong = next(following)
        return value, wrong(right)

    return assign


def answer(*replies):
    """The frames, and the answer that follows from replies."""
    peaks, frames = mixture(2)
    own = learner(restarts=len(replies), assignment=answering(*replies))
    start, rng = np.ones((HARMONICS, 1)), np.random.default_rng(0)
    return frames, own.best_answer(frames, peaks, start, MODEL, rng)


def alternating(insts):
    return np.where(np.arange(insts.size) % 4 < 2, insts, 1 - insts)


def test_tones_follow_from_the_likeliest_answer():
    wrong, right = (0.0, alternating), (0.1, lambda right: right)
    frames, best = answer(wrong, right, wrong)
    np.testing.assert_allclose(best.columns, COLUMNS[:, :2], atol=0.05)
    assert best.unexplained == unexplained(frames, best.tones, best.columns, MODEL)
    _, other = answer((0.2, alternating), right)
    assert best.unexplained < 0.5 * other.unexplained
    assert not np.array_equal(best.prior.insts, other.prior.insts)


def test_of_equal_answers_the_first_is_taken():
    _, best = answer((1.0, lambda right: 1 - right), (1.0, lambda right: right))
    np.testing.assert_allclose(best.columns, COLUMNS[:, 1::-1], atol=0.05)


def test_certainty_is_that_of_the_louder_and_longer_notes():
    _, frames = mixture(2)
    seen = []

    def assign(notes, instruments, rng):
        insts = (notes.shifts < 2.3 * MODEL.octave).astype(np.int64)
        certainty = np.linspace(0.6, 1, insts.size)
        seen.append((notes.amps * notes.lengths, insts, certainty))
        first = np.where(insts == 0, certainty, 1 - certainty)
        return 0.0, insts, np.stack((first, 1 - first), axis=1)

    found = learner(restarts=1, assignment=assign)(frames, MODEL)
    amounts, insts, certainty = seen[-1]
    wanted = [np.average(certainty[insts == k], weights=amounts[insts == k]) for k in (0, 1)]
    np.testing.assert_allclose(found.certainty, wanted)
    unsure = learner(restarts=1, assignment=answering((0.0, np.copy)))(frames, MODEL)
    assert unsure.certainty is None


def test_another_round_starts_with_the_tones_of_the_best_answer(monkeypatch):
    own = learner(instruments=3)
    _, frames = mixture(3)
    rounds, best_answer = [], NotesLearner.best_answer

    def answering(self, frames, tones, *rest):
        found = best_answer(self, frames, tones, *rest)
        rounds.append((tones, found))
        return found

    monkeypatch.setattr(NotesLearner, "best_answer", answering)
    found = own(frames, MODEL, no_progress)
    (_, first), (tones, second) = rounds
    assert tones is first.tones
    np.testing.assert_array_equal(found.dictionary, second.columns)
    assert found.prior is second.prior
    assert (found.answers, found.chosen) == ((second.unexplained,), 0)


SEARCH = JointSearch(2, 2)


def common_columns(spectra, **options):
    columns, _ = replace(COMMON, **options)(spectra, SEARCH, MODEL, lambda: None)
    return columns


def test_common_columns_fall_and_leave_little():
    _, frames = mixture(2)
    columns = common_columns(frames)
    assert columns.shape == (HARMONICS, 2)
    np.testing.assert_array_equal(columns[0], 1)
    assert np.all(np.diff(columns, axis=0) <= 0)
    assert unexplained(frames, SEARCH(frames, columns, MODEL), columns, MODEL) < 0.1
    with scipy.fft.set_workers(2):
        assert columns.tobytes() == common_columns(frames).tobytes()
    assert columns.tobytes() != common_columns(frames, steps=7).tobytes()


@pytest.mark.parametrize("seed", [0, 5])
def test_common_columns_do_not_depend_on_the_seed(seed, monkeypatch):
    _, frames = mixture(2)
    learned, made = common_columns(frames), CommonColumns.__call__
    seen = []

    def noting(*given):
        seen.append(made(*given))
        return seen[-1]

    monkeypatch.setattr(CommonColumns, "__call__", noting)
    learner(seed=seed, restarts=1)(frames, MODEL)
    assert [columns.tobytes() for columns, _ in seen] == [learned.tobytes()]


def test_what_is_left_unexplained_falls_from_turn_to_turn():
    _, frames = mixture(2)
    found = learner(restarts=1)(frames, MODEL)
    assert len(found.curve) == COMMON.steps + 1
    assert found.curve[-1] == found.answers[0]
    assert found.curve[0] > 2 * min(found.curve[1:])


@pytest.mark.parametrize(("late_steps", "falls"), [(0, False), (1, True), (8, True)])
def test_common_columns_fall_in_the_last_steps_whatever_sounds(late_steps, falls):
    _, frames = mixture(2, COLUMNS[:, [2, 2]])
    columns = common_columns(frames, late_steps=late_steps)
    assert np.all(np.diff(columns, axis=0) <= 0) == falls


def test_each_step_keeps_the_columns_in_shape():
    _, frames = mixture(2)
    kept = []

    def keeping(name, shape):
        def keep(columns):
            kept.append(name)
            return shape(columns)

        return keep

    early, late = keeping("early", smoothed), keeping("late", falling)
    found = common_columns(frames, early=early, late=late)
    assert kept == ["early"] * 5 + ["late"] * 3
    np.testing.assert_array_equal(found, common_columns(frames))


def test_common_columns_are_learned_from_frames_that_sound():
    _, frames = mixture(2)
    quiet = np.insert(frames, [0, 3, 3, 50], 1e-5, axis=0)
    wanted = common_columns(frames, frames=200)
    np.testing.assert_array_equal(common_columns(quiet, frames=200), wanted)
    assert not np.array_equal(common_columns(frames, frames=20), wanted)


def test_as_many_common_columns_as_falls():
    _, frames = mixture(2)
    assert common_columns(frames, falls=(0.5, 1.0, 3.0), steps=1).shape == (HARMONICS, 3)


def test_columns_are_learned_from_the_tones_of_their_instruments():
    own = learner()
    peaks, frames = mixture(2)
    start = np.full((HARMONICS, 1), 0.3)
    found = own.learn_columns(frames, peaks, start, MODEL)
    np.testing.assert_allclose(found, COLUMNS[:, :2], atol=0.02)
    alone = Peaks(peaks.amps * [1, 0], peaks.shifts, peaks.sigmas, peaks.spreads, peaks.insts)
    found = own.learn_columns(frames, alone, start, MODEL)
    np.testing.assert_array_equal(found[:, 1], 1)
    silent = own.learn_columns(frames, alone.scaled(0), start, MODEL)
    np.testing.assert_array_equal(silent, 1)


def test_frames_without_tones_teach_columns_nothing():
    own = learner(frames=20)
    peaks, frames = mixture(2)
    start, last = np.ones((HARMONICS, 1)), slice(-20, None)
    wanted = own.learn_columns(frames[last], peaks[last], start, MODEL)
    frames[:-20] = np.random.default_rng(0).uniform(0, 1e6, frames[:-20].shape)
    peaks.amps[:-20] = 0
    np.testing.assert_array_equal(own.learn_columns(frames, peaks, start, MODEL), wanted)


def test_of_many_frames_some_teach_the_columns(monkeypatch):
    own = learner(frames=25)
    peaks, frames = mixture(2)
    fitted, fit = [], module.fit_columns

    def fitting(frames, *rest):
        fitted.append(len(frames))
        return fit(frames, *rest)

    monkeypatch.setattr(module, "fit_columns", fitting)
    found = own.learn_columns(frames, peaks, np.ones((HARMONICS, 1)), MODEL)
    assert fitted == [25]
    np.testing.assert_allclose(found, COLUMNS[:, :2], atol=0.05)


def test_tones_have_their_price_until_it_is_known_who_plays():
    prices = []

    def common(frames, search, model, step_done):
        prices.append(search.price)
        return COMMON(frames, search, model, step_done)

    common.steps = COMMON.steps
    frames = mixture(2)[1]
    shy = learner(price=9.0, common=common, restarts=1)(frames, MODEL)
    assert prices == [9.0]
    assert np.all(shy.prior.insts == NONE)


def test_tones_of_anybody_are_at_most_as_many_as_instruments():
    frames = mixture(2)[1]
    one, several = (
        learner(tones=tones, restarts=1).anybodys_tones(frames, MODEL, int)[1] for tones in (1, 3)
    )
    np.testing.assert_array_equal(one.params, several.params)


def test_common_columns_have_a_price_of_their_own_but_for_the_last_turn(monkeypatch):
    prices, search = [], JointSearch.__call__

    def searched(self, *rest):
        prices.append(self.price)
        return search(self, *rest)

    monkeypatch.setattr(JointSearch, "__call__", searched)
    replace(COMMON, price=0.7, steps=3)(mixture(2)[1], JointSearch(2, 2, price=0.1), MODEL, int)
    assert prices == [0.7, 0.7, 0.1]


def test_the_defaults_are_those_of_the_rooms():
    own = NotesLearner()
    assert own.prices == TENTATIVE
    assert own.tracking == NoteTracking()
    assert own.assignment == AnnealedAssignment()


PEAKS = Peaks(
    [[1.0, 3.0, 2.0, 0.5], [1.0, 2.0, 0.0, 4.0]], np.arange(8.0).reshape(2, 4) + 10,
    np.full((2, 4), 1.9), np.arange(8.0).reshape(2, 4) / 1000, np.zeros((2, 4)),
)  # fmt: skip
PLAYERS = np.array([[0, 0, 0, 1], [NONE, 1, 0, NONE]])


def test_tones_are_put_into_the_places_of_their_players():
    found = in_places(PEAKS, PLAYERS, 2, 2)
    np.testing.assert_array_equal(found.insts, [[0, 0, 1, 1]] * 2)
    np.testing.assert_array_equal(found.amps, [[3, 2, 0.5, 0], [0, 0, 2, 0]])
    sounding = found.amps > 0
    np.testing.assert_array_equal(found.shifts[sounding], [11, 12, 13, 15])
    np.testing.assert_array_equal(found.spreads[sounding], [0.001, 0.002, 0.003, 0.005])
    np.testing.assert_array_equal(found.sigmas[sounding], 1.9)


def test_of_too_many_tones_the_loudest_is_taken():
    found = in_places(PEAKS, PLAYERS, 2, 1)
    np.testing.assert_array_equal(found.amps, [[3, 0.5], [0, 2]])
    np.testing.assert_array_equal(found.shifts[found.amps > 0], [11, 13, 15])


def test_tones_of_no_instrument_have_no_place():
    nobody = in_places(PEAKS, np.full((2, 4), NONE), 3, 1)
    np.testing.assert_array_equal(nobody.amps, np.zeros((2, 3)))
    np.testing.assert_array_equal(nobody.insts, [[0, 1, 2]] * 2)
    silent = Peaks(*np.zeros((5, 0, 4)))
    assert in_places(silent, np.zeros((0, 4), int), 2, 1).amps.shape == (0, 2)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("tones", True), ("insts", ["a", "b"]), ("insts", np.nan), ("insts", np.arange(255)),
     ("instruments", 10**5), ("instruments", 1j), ("most", 3), ("most", np.ones(2)), ("most", 0)],
)  # fmt: skip
def test_what_fits_no_place_is_refused(name, wrong):
    tones = Peaks.from_params(np.ones((3, 4, 2)), np.array([0, 1]))
    given = {"tones": tones, "insts": tones.insts, "instruments": 2, "most": 1}
    assert in_places(**given).params.shape == (3, 4, 2)
    with pytest.raises(ValueError, match=f"^{name}"):
        in_places(**{**given, name: wrong})
