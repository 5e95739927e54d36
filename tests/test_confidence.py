"""How likely a separation is good, and what is said of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from musisep.cli.summary import confidence_lines, misfit_lines, stem_lines
from musisep.confidence import LIKELY, UNLIKELY, called, confidence
from musisep.learning.learner import Fit, Learned
from musisep.separation import separate


@pytest.fixture(scope="module")
def separation():
    rng = np.random.default_rng(0)
    return separate(0.1 * rng.standard_normal(4000), 8000, steps=1, restarts=1)


def test_who_is_surer_is_more_likely_good():
    sure = np.array([0.0, 0.6, 0.8, 0.95, 0.999, 1.0])
    values = confidence(sure, 2, 0.2)
    assert np.all(np.diff(values[:5]) > 0) and np.all((values > 0) & (values < 1))
    assert values[4] == values[5]  # samples are too few to be surer


def test_more_instruments_and_what_is_unexplained_make_it_less_likely():
    usual = confidence(np.array([0.95]), 2, 0.2)
    assert confidence(np.array([0.95]), 4, 0.2) < usual
    assert confidence(np.array([0.95]), 2, 0.5) < usual


def test_words_have_limits():
    assert [called(x) for x in (1.0, LIKELY)] == ["good"] * 2
    assert [called(x) for x in (LIKELY - 1e-9, UNLIKELY)] == ["doubtful"] * 2
    assert [called(x) for x in (UNLIKELY - 1e-9, 0.0)] == ["poor"] * 2


def test_a_separation_tells_it_for_each_stem(separation):
    told = replace(separation, certainty=np.array([0.99, 0.7]), unexplained=0.2)
    np.testing.assert_array_equal(told.confidence, confidence(told.certainty, 2, 0.2))
    assert told.called == called(told.confidence.mean())
    unknown = replace(separation, certainty=None)
    assert unknown.confidence is None and unknown.called == "unknown"


def test_the_command_says_what_to_try_if_it_is_not_good(separation):
    (line,) = confidence_lines(replace(separation, certainty=np.ones(2), unexplained=0.1))
    assert line.startswith("  likely good: probability of 5 dB or more is ") and "Try" not in line
    (line,) = confidence_lines(replace(separation, certainty=np.full(2, 0.5)))
    assert line.startswith("  likely poor: ") and "--front-end pursuit" in line
    assert confidence_lines(replace(separation, certainty=None)) == []
    alone = replace(separation, stems=separation.stems[:1], certainty=np.ones(1))
    assert confidence_lines(alone) == []


def test_the_command_says_which_column_of_a_dictionary_does_not_fit(separation):
    assert misfit_lines(separation) == []
    assert misfit_lines(replace(separation, fit=Fit(0.0, np.full(2, 9.0)))) == []
    unlike = replace(separation, fit=Fit(0.2, np.array([1.0, 9.0])), certainty=np.full(2, 0.5))
    (line,), (sure,) = misfit_lines(unlike), confidence_lines(unlike)
    assert line.startswith("  the dictionary does not fit instrument2. ")
    assert "leave --dictionary out" in line and "leave --dictionary out" in sure
    assert stem_lines(unlike, [Path("1.wav"), Path("2.wav")], {"1": -20.0, "2": -30.0})[-2:] == [
        sure,
        line,
    ]
    (line,) = misfit_lines(replace(separation, fit=Fit(0.2, np.full(2, 9.0))), ["horn", "flute"])
    assert "does not fit horn, flute." in line
    (line,) = misfit_lines(replace(separation, fit=Fit(0.2, np.full(2, 9.0))))
    assert "instrument1, instrument2" in line


@pytest.mark.parametrize("first", [0, 1])
def test_certainty_is_in_the_order_of_the_stems(first):
    seconds = np.arange(8000) / 8000
    mixture = 0.5 * np.sin(2 * np.pi * 440 * seconds) + 0.01 * np.sin(2 * np.pi * 300 * seconds)
    dictionary = np.array([[1.0, 0.5], [0.0, 1.0]])  # the first column suits the loud tone
    certainty = np.array([0.9, 0.6])

    def learner(frames, model, report, sides):
        return Learned(np.roll(dictionary, first, axis=1), certainty=np.roll(certainty, first))

    found = separate(mixture, 8000, stages={"learner": learner})
    np.testing.assert_array_equal(found.dictionary.amplitudes, dictionary)
    np.testing.assert_array_equal(found.certainty, certainty)
