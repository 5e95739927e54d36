import numpy as np
import pytest

from musisep import learning
from musisep.analysis import Analysis
from musisep.tones.dictionary import Dictionary
from musisep.dictsep.columns import unexplained
from musisep.dictsep.decode import NOBODY
from musisep.dictsep.notes import NO_NOTE, Notes
from musisep.dictsep.synthesis import all_instruments, synth_instruments
from musisep.dictsep.tones import Peaks
from musisep.settings import Settings

HARMONICS = 8
SAW = 1 / np.arange(1.0, HARMONICS + 1)
HOLLOW = np.array([1, 0.05, 0.7, 0.05, 0.5, 0.05, 0.4, 0.05])
THIRD = np.array([0.3, 1, 0.1, 0.6, 0.1, 0.4, 0.1, 0.3])
COLUMNS = np.stack([SAW, HOLLOW, THIRD], axis=1)
NOTE = 12
MELODIES = np.array([
    [31, 33, 35, 36, 33, 31, 30, 35],
    [19, 21, 16, 20, 23, 18, 21, 16],
    [9, 7, 10, 12, 8, 5, 10, 6],
])  # fmt: skip


def analysis(**options):
    settings = dict(
        harmonics=HARMONICS, steps=8, batch=30, restarts=4, fmin_hz=60, fmax_hz=3600,
        bins_per_octave=60,
    )  # fmt: skip
    return Analysis(Settings(**(settings | options)), 8000)


def mixture(own, instruments, columns=COLUMNS):
    """Tones of some instruments that each play a melody, and the frames."""
    lines = np.repeat(MELODIES[:instruments], NOTE, axis=1).T * own.model.octave / 12
    amps = np.tile(np.linspace(1, 0.5, NOTE), MELODIES.shape[1])[:, None] + 0 * lines
    sigmas = np.full(lines.shape, own.model.fsigma)
    insts = np.broadcast_to(np.arange(instruments), lines.shape)
    peaks = Peaks(amps, lines, sigmas, 0 * lines, insts)
    spects = synth_instruments(peaks, columns[:, :instruments], own.model.harscale, 1, own.model.m)
    return peaks, np.ascontiguousarray(all_instruments(spects, 1).T)


def similarity(columns, true):
    unit, other = (x / np.linalg.norm(x, axis=0) for x in (columns, true))
    return unit.T @ other


def players_of(peaks, guide, near=3.0):
    """Who plays each true tone according to the guide; `NO_NOTE` if it does not say."""
    close = np.abs(guide.shifts[:, None] - peaks.shifts[:, :, None]) < near
    players = np.where(close, guide.insts[:, None], NO_NOTE)
    return players.max(axis=2)


@pytest.fixture(scope="module", params=[2, 3])
def learned(request):
    own = analysis(instruments=request.param)
    peaks, frames = mixture(own, request.param)
    calls = []
    found = learning.learn(own, frames, 1, lambda *call: calls.append(call))
    return own, peaks, frames, found, calls


def test_every_instrument_has_its_column(learned):
    own, _, _, found, _ = learned
    number = own.settings.instruments
    columns = found.dictionary.amplitudes
    assert columns.shape == (HARMONICS, number)
    np.testing.assert_array_equal(columns.max(axis=0), 1)
    match = similarity(columns, COLUMNS[:, :number])
    assert sorted(match.argmax(axis=1)) == list(range(number))
    assert match.max(axis=1).min() > 0.97


def test_the_guide_knows_who_plays(learned):
    own, peaks, frames, found, _ = learned
    number = own.settings.instruments
    assert found.guide.shifts.shape == found.guide.insts.shape
    assert len(found.guide.shifts) == len(frames)
    names = similarity(found.dictionary.amplitudes, COLUMNS[:, :number]).argmax(axis=0)
    players = players_of(peaks, found.guide)
    told = players != NO_NOTE
    assert told.mean() > 0.8
    assert np.mean((players == names)[told]) > 0.95


def test_what_the_chosen_attempt_leaves_is_told(learned):
    own, _, _, found, _ = learned
    assert 1 <= len(found.unexplained) <= own.settings.restarts
    assert 0 < found.unexplained[found.chosen] < 0.1


def test_every_step_and_round_is_reported(learned):
    own, _, _, _, calls = learned
    total = own.settings.steps + own.settings.instruments - 1
    assert calls == [("learning", done, total) for done in range(1, total + 1)]


def test_one_instrument_plays_all():
    own = analysis(instruments=1)
    _, frames = mixture(own, 1)
    calls = []
    found = learning.learn(own, frames, 1, lambda *call: calls.append(call))
    assert len(calls) == calls[-1][1] == calls[-1][2] == own.settings.steps + 1
    assert similarity(found.dictionary.amplitudes, COLUMNS[:, :1])[0, 0] > 0.999
    assert found.chosen == 0 and len(found.unexplained) == 1
    assert set(found.guide.insts.flat) <= {0, NOBODY}


def same(one, other):
    return (
        one.dictionary.amplitudes.tobytes() == other.dictionary.amplitudes.tobytes()
        and one.guide.shifts.tobytes() == other.guide.shifts.tobytes()
        and one.guide.insts.tobytes() == other.guide.insts.tobytes()
        and (one.unexplained, one.chosen) == (other.unexplained, other.chosen)
    )


def test_jobs_change_nothing_and_another_seed_groups_anew(monkeypatch):
    own, states, group = analysis(), set(), learning.group
    _, frames = mixture(own, 2)

    def grouping(notes, instruments, octave, rng, *rest):
        states.add(str(rng.bit_generator.state))
        return group(notes, instruments, octave, rng, *rest)

    monkeypatch.setattr(learning, "group", grouping)
    one, two = (learning.learn(own, frames, jobs) for jobs in (1, 2))
    assert same(one, two)
    assert len(states) == own.settings.restarts
    learning.learn(analysis(seed=1), frames)
    assert len(states) == 2 * own.settings.restarts


def test_silence_teaches_nothing():
    own = analysis(steps=4)
    found = learning.learn(own, np.zeros((20, own.model.m)))
    assert found.unexplained == (0,)
    assert np.isfinite(found.dictionary.amplitudes).all()
    assert found.dictionary.amplitudes.shape == (HARMONICS, 2)
    assert np.all(found.guide.insts == NOBODY)


def settled(own, monkeypatch, *answers):
    """Attempts that follow from values, and from a function each of who plays the true notes."""
    peaks, frames = mixture(own, 2)
    notes = Notes.of(peaks, frames, own.model)
    right = (notes.shifts < 2.3 * own.model.octave).astype(np.int64)  # where the melodies part
    replies = iter([(value, wrong(right)) for value, wrong in answers])
    monkeypatch.setattr(learning, "group", lambda *given: next(replies))
    start = np.ones((HARMONICS, 1))
    return frames, learning.settle(own, frames, peaks, start, np.random.default_rng(0), 1)


def alternating(players):
    return np.where(np.arange(players.size) % 4 < 2, players, 1 - players)


@pytest.mark.parametrize(("bonus", "best"), [(0.0, 1), (1e6, 0)])
def test_attempts_are_worth_their_grouping_and_what_their_tones_explain(bonus, best, monkeypatch):
    own = analysis(restarts=2)
    frames, attempts = settled(own, monkeypatch, (bonus, alternating), (0.0, lambda right: right))
    assert np.argmax([attempt.value for attempt in attempts]) == best
    wrong, right = attempts
    assert right.unexplained < 0.5 * wrong.unexplained
    worth = learning.WORTH * (wrong.unexplained - right.unexplained)
    assert right.value - wrong.value == pytest.approx(worth - bonus)
    np.testing.assert_allclose(right.columns, COLUMNS[:, :2], atol=0.05)
    for attempt in attempts:
        left = unexplained(own.model, frames, attempt.found, attempt.columns)
        assert attempt.unexplained == left
    assert not np.array_equal(wrong.guide.insts, right.guide.insts)


def test_equal_groupings_are_one_attempt(monkeypatch):
    own = analysis(restarts=3)
    _, attempts = settled(
        own, monkeypatch, (1.0, np.copy), (0.0, lambda right: 1 - right), (1.0, np.copy)
    )
    assert len(attempts) == 2


def test_another_round_starts_with_the_tones_of_the_best_attempt(monkeypatch):
    own = analysis(instruments=3)
    _, frames = mixture(own, 3)
    rounds, settle = [], learning.settle

    def settling(analysis, frames, peaks, *rest):
        attempts = settle(analysis, frames, peaks, *rest)
        rounds.append((peaks, max(attempts, key=lambda attempt: attempt.value)))
        worse = attempts[0]._replace(value=-np.inf, unexplained=1.0, guide=None, found=None)
        return [worse, *attempts]

    monkeypatch.setattr(learning, "settle", settling)
    found = learning.learn(own, frames)
    (_, first), (peaks, second) = rounds
    assert peaks is first.found
    np.testing.assert_array_equal(found.dictionary.amplitudes, second.columns)
    assert found.guide is second.guide
    assert found.unexplained[0] == 1 and found.unexplained[found.chosen] == second.unexplained


def palette_of(frames, jobs=1, **options):
    return learning.learn_palette(analysis(**options), frames, jobs, lambda: None)


def test_the_palette_falls_and_leaves_little_whatever_the_seed():
    own = analysis()
    _, frames = mixture(own, 2)
    palette = palette_of(frames)
    assert palette.shape == (HARMONICS, 2)
    np.testing.assert_array_equal(palette[0], 1)
    assert np.all(np.diff(palette, axis=0) <= 0)
    assert unexplained(own.model, frames, own.anonymous_search(frames, palette), palette) < 0.1
    assert palette.tobytes() == palette_of(frames, jobs=2, seed=5).tobytes()
    assert palette.tobytes() != palette_of(frames, steps=7).tobytes()


@pytest.mark.parametrize(("settled", "falls"), [(0, False), (1, True), (8, True)])
def test_the_palette_falls_in_the_last_steps_whatever_sounds(settled, falls, monkeypatch):
    monkeypatch.setattr(learning, "SETTLED", settled)
    _, frames = mixture(analysis(), 2, COLUMNS[:, [2, 2]])
    palette = palette_of(frames)
    assert np.all(np.diff(palette, axis=0) <= 0) == falls


def test_the_palette_is_learned_from_frames_that_sound():
    _, frames = mixture(analysis(), 2)
    quiet = np.insert(frames, [0, 3, 3, 50], 1e-5, axis=0)
    wanted = palette_of(frames, batch=200)
    np.testing.assert_array_equal(palette_of(quiet, batch=200), wanted)
    assert not np.array_equal(palette_of(frames, batch=20), wanted)


def test_columns_are_learned_from_the_tones_of_their_instruments():
    own = analysis()
    peaks, frames = mixture(own, 2)
    start = np.full((HARMONICS, 1), 0.3)
    found = learning.learn_columns(own, frames, peaks, start)
    np.testing.assert_allclose(found, COLUMNS[:, :2], atol=0.02)
    alone = Peaks(peaks.amps * [1, 0], peaks.shifts, peaks.sigmas, peaks.spreads, peaks.insts)
    found = learning.learn_columns(own, frames, alone, start)
    np.testing.assert_array_equal(found[:, 1], 1)
    silent = learning.learn_columns(own, frames, alone.scaled(0), start)
    np.testing.assert_array_equal(silent, 1)


def test_frames_without_tones_teach_columns_nothing(monkeypatch):
    own = analysis()
    peaks, frames = mixture(own, 2)
    start, last = np.ones((HARMONICS, 1)), slice(-20, None)
    wanted = learning.learn_columns(own, frames[last], peaks[last], start)
    frames[:-20] = np.random.default_rng(0).uniform(0, 1e6, frames[:-20].shape)
    peaks.amps[:-20] = 0
    monkeypatch.setattr(learning, "FINAL_FRAMES", 20)
    np.testing.assert_array_equal(learning.learn_columns(own, frames, peaks, start), wanted)


def test_of_many_frames_some_teach_the_columns(monkeypatch):
    own = analysis()
    peaks, frames = mixture(own, 2)
    fitted, fit = [], learning.fit_columns

    def fitting(model, frames, *rest):
        fitted.append(len(frames))
        return fit(model, frames, *rest)

    monkeypatch.setattr(learning, "fit_columns", fitting)
    monkeypatch.setattr(learning, "FINAL_FRAMES", 25)
    found = learning.learn_columns(own, frames, peaks, np.ones((HARMONICS, 1)))
    assert fitted == [25]
    np.testing.assert_allclose(found, COLUMNS[:, :2], atol=0.05)


def test_with_a_dictionary_notes_are_given_to_whom_most_of_their_tones_are():
    own = analysis()
    peaks, frames = mixture(own, 2)
    swapped = np.isin(np.arange(len(frames)) % NOTE, [2, 6])  # the two instruments' tones
    swapped[:NOTE] = ~swapped[:NOTE]
    places = np.where(swapped[:, None], [1, 0], [0, 1])
    decoded = peaks[np.arange(len(frames))[:, None], places]
    decoded.insts = peaks.insts
    own.__dict__["decoder"] = lambda *given: decoded
    dictionary = Dictionary(COLUMNS[:, :2])
    found = learning.recognize(own, frames, dictionary)
    assert found.dictionary is dictionary and found.unexplained == ()
    np.testing.assert_array_equal(found.guide.shifts, decoded.shifts)
    players = players_of(peaks, found.guide)
    first = np.arange(len(frames))[:, None] < NOTE
    np.testing.assert_array_equal(players, np.where(first, [1, 0], [0, 1]))


def test_with_the_true_dictionary_the_guide_knows_who_plays():
    own = analysis()
    peaks, frames = mixture(own, 2)
    found = learning.recognize(own, frames, Dictionary(COLUMNS[:, :2]), 2)
    players = players_of(peaks, found.guide)
    told = players != NO_NOTE
    assert told.mean() > 0.8
    assert np.mean((players == peaks.insts)[told]) > 0.95


def test_nothing_is_recognized_in_silence():
    own = analysis()
    found = learning.recognize(own, np.zeros((9, own.model.m)), Dictionary(COLUMNS[:, :2]))
    np.testing.assert_array_equal(found.guide.insts, np.full((9, 2), NOBODY))


PEAKS = Peaks(
    [[1.0, 3.0, 2.0, 0.5], [1.0, 2.0, 0.0, 4.0]], np.arange(8.0).reshape(2, 4) + 10,
    np.full((2, 4), 1.9), np.arange(8.0).reshape(2, 4) / 1000, np.zeros((2, 4)),
)  # fmt: skip
PLAYERS = np.array([[0, 0, 0, 1], [-1, 1, 0, -1]])


def test_tones_are_put_into_the_places_of_their_players():
    found = learning.given(PEAKS, PLAYERS, 2, 2)
    np.testing.assert_array_equal(found.insts, [[0, 0, 1, 1]] * 2)
    np.testing.assert_array_equal(found.amps, [[3, 2, 0.5, 0], [0, 0, 2, 0]])
    sounding = found.amps > 0
    np.testing.assert_array_equal(found.shifts[sounding], [11, 12, 13, 15])
    np.testing.assert_array_equal(found.spreads[sounding], [0.001, 0.002, 0.003, 0.005])
    np.testing.assert_array_equal(found.sigmas[sounding], 1.9)


def test_of_too_many_tones_the_loudest_is_given():
    found = learning.given(PEAKS, PLAYERS, 2, 1)
    np.testing.assert_array_equal(found.amps, [[3, 0.5], [0, 2]])
    np.testing.assert_array_equal(found.shifts[found.amps > 0], [11, 13, 15])


def test_nobodys_tones_are_given_to_nobody():
    nobody = learning.given(PEAKS, np.full((2, 4), NO_NOTE), 3, 1)
    np.testing.assert_array_equal(nobody.amps, np.zeros((2, 3)))
    np.testing.assert_array_equal(nobody.insts, [[0, 1, 2]] * 2)
    silent = Peaks(*np.zeros((5, 0, 4)))
    assert learning.given(silent, np.zeros((0, 4), int), 2, 1).amps.shape == (0, 2)
