import numpy as np
import pytest

from musisep import learning
from musisep.analysis import Analysis
from musisep.dictsep.notes import NO_NOTE
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
        harmonics=HARMONICS, steps=30, batch=12, restarts=2, fmin_hz=60, fmax_hz=3600,
        bins_per_octave=60,
    )  # fmt: skip
    return Analysis(Settings(**(settings | options)), 8000)


def mixture(own, instruments):
    """Tones of some instruments that each play a melody, and the frames."""
    lines = np.repeat(MELODIES[:instruments], NOTE, axis=1).T * own.model.octave / 12
    amps = np.tile(np.linspace(1, 0.5, NOTE), MELODIES.shape[1])[:, None] + 0 * lines
    sigmas = np.full(lines.shape, own.model.fsigma)
    insts = np.broadcast_to(np.arange(instruments), lines.shape)
    peaks = Peaks(amps, lines, sigmas, 0 * lines, insts)
    spects = synth_instruments(peaks, COLUMNS[:, :instruments], own.model.harscale, 1, own.model.m)
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


def test_the_restart_that_explains_most_is_chosen(learned):
    own, _, _, found, _ = learned
    assert len(found.unexplained) == own.settings.restarts
    assert found.chosen == np.argmin(found.unexplained)
    assert 0 < min(found.unexplained) < 0.3


def test_every_step_is_reported(learned):
    own, _, _, _, calls = learned
    total = own.settings.restarts * own.settings.steps
    assert calls == [("learning", done, total) for done in range(1, total + 1)]


def test_jobs_change_nothing_and_the_seed_does():
    own = analysis(steps=8)
    _, frames = mixture(own, 2)
    one, two = (learning.learn(own, frames, jobs) for jobs in (1, 2))
    for first, second in [
        (one.dictionary.amplitudes, two.dictionary.amplitudes),
        (one.guide.shifts, two.guide.shifts),
        (one.guide.insts, two.guide.insts),
        (one.unexplained, two.unexplained),
    ]:
        np.testing.assert_array_equal(first, second)
    other = learning.learn(analysis(steps=8, seed=1), frames)
    assert not np.array_equal(one.dictionary.amplitudes, other.dictionary.amplitudes)


def test_silence_teaches_nothing():
    own = analysis(steps=4)
    found = learning.learn(own, np.zeros((20, own.model.m)))
    assert found.unexplained == (0, 0)
    assert np.isfinite(found.dictionary.amplitudes).all()
    assert found.dictionary.amplitudes.shape == (HARMONICS, 2)
    assert np.all(found.guide.insts == NO_NOTE)


@pytest.mark.parametrize(("number", "columns"), [(0, 1), (1, 2), (2, 2)])
@pytest.mark.parametrize("lifetime", [0, 2])
def test_palettes_start_differently(number, columns, lifetime):
    own = analysis(steps=4, lifetime=lifetime)
    _, frames = mixture(own, 2)
    steps = []
    palette = learning.learn_palette(
        own, frames, number, np.random.default_rng(0), lambda: steps.append(1)
    )
    assert palette.shape == (HARMONICS, columns)
    assert len(steps) == 4


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
