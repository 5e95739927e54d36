"""The documented method, from a recording to stems."""

import numpy as np
import pytest
from duet import SAMPLE_RATE, duet

import musisep
from musisep.learning.adam_b import Adam_B
from musisep.metrics import bss_eval
from musisep.multipitch import greedy

RUNS = 30
ADAM = {"method": "adam", "runs": RUNS, "lifetime": 10, "harmonics": 12}


@pytest.fixture(scope="module")
def mixture():
    return duet()[:, :SAMPLE_RATE].sum(axis=0)


def same(one, other):
    return (
        one.stems.tobytes() == other.stems.tobytes()
        and one.tones.tobytes() == other.tones.tobytes()
        and one.dictionary.amplitudes.tobytes() == other.dictionary.amplitudes.tobytes()
        and (one.unexplained, one.answers, one.chosen)
        == (other.unexplained, other.answers, other.chosen)
    )


@pytest.fixture(scope="module")
def one(mixture):
    return musisep.separate(mixture, SAMPLE_RATE, **ADAM)


def test_stems_and_residual_are_the_mixture(mixture, one):
    assert one.stems.shape == (2, 1, mixture.size)
    error = one.stems.sum(axis=0) + one.residual - mixture
    assert np.abs(error).max() < 1e-12 * np.abs(mixture).max()
    assert one.dictionary.amplitudes.shape == (12, 2)
    assert len(one.answers) == 1 and 0 < one.unexplained < 1
    assert np.all(np.sum(one.stems**2, axis=(1, 2)) > 0)


def test_same_seed_same_bytes_for_any_number_of_jobs(mixture, one):
    assert same(one, musisep.separate(mixture, SAMPLE_RATE, jobs=2, **ADAM))
    other = musisep.separate(mixture, SAMPLE_RATE, seed=1, **ADAM)
    assert not np.array_equal(one.dictionary.amplitudes, other.dictionary.amplitudes)


@pytest.mark.parametrize("dictionaries", [1, 2])
def test_the_method_is_steps_of_adam_at_the_tones_of_peak_pursuit(
    mixture, dictionaries, monkeypatch
):
    events, step, pursuit = [], Adam_B.step, greedy.peak_pursuit

    def stepping(self, direction):
        events.append("step")
        return step(self, direction)

    def pursuing(*given, **options):
        events.append("pursuit")
        return pursuit(*given, **options)

    monkeypatch.setattr(Adam_B, "step", stepping)
    monkeypatch.setattr(greedy, "peak_pursuit", pursuing)
    result = musisep.separate(mixture, SAMPLE_RATE, dictionaries=dictionaries, **ADAM)
    assert events.count("step") == RUNS * dictionaries
    assert events[: 2 * RUNS] == ["pursuit", "step"] * RUNS
    frames = 1 + mixture.size // round(result.settings.hop_s * SAMPLE_RATE)
    assert events[-frames:] == ["pursuit"] * frames  # the tones of all frames at last


def test_the_dictionary_that_leaves_least_is_taken(mixture):
    result = musisep.separate(mixture, SAMPLE_RATE, dictionaries=2, **ADAM)
    again = musisep.separate(mixture, SAMPLE_RATE, dictionaries=2, jobs=2, **ADAM)
    assert same(result, again)
    assert len(set(result.answers)) == 2
    assert result.chosen == np.argmin(result.answers)
    # So few frames teach and judge that all do: the result leaves what its dictionary left.
    assert result.unexplained == pytest.approx(min(result.answers), rel=0.02)


def test_with_some_more_steps_the_instruments_are_told_apart():
    stems = duet()
    options = ADAM | {"runs": 400, "lifetime": 100, "finder": "joint"}
    result = musisep.separate(stems.sum(axis=0), SAMPLE_RATE, jobs=2, **options)
    assert bss_eval(stems[:, None], result.stems).sdr.min() > 5
