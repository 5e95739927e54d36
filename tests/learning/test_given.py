from dataclasses import replace

import numpy as np
import pytest
from melodies import COLUMNS, HARMONICS, MODEL, NOTE, insts_of, mixture
from sounding import similarity

from musisep._util.constants import NONE
from musisep.learning.from_notes import UNLIKELY
from musisep.learning.given import GivenDictionary, Informed, decoded_shares, deviations
from musisep.learning.learner import DEVIATION_DB, EXCESS, Fit
from musisep.multipitch.greedy import GreedyPursuit
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import Viterbi
from musisep.notes.tracking import NoteTracking

DICTIONARY = COLUMNS[:, :2]
NEAR = 3 * MODEL.fsigma


def right(peaks, found, names=(0, 1)):
    """Share of the true tones of whom the prior knows who plays them, and of these the right."""
    insts = insts_of(peaks, found.prior)
    told = insts != NONE
    return told.mean(), np.mean((insts == np.array(names)[peaks.insts])[told])


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_with_the_true_dictionary_the_prior_knows_who_plays(order):
    peaks, frames = mixture(2)
    calls = []
    found = GivenDictionary(DICTIONARY[:, order])(frames, MODEL, lambda *call: calls.append(call))
    told, share = right(peaks, found, order)
    assert told > 0.8 and share > 0.95
    assert found.known and found.answers == ()
    assert found.certainty.min() > 0.9
    assert [call[1:] for call in calls] == [(0, 1), (1, 1)]


def test_three_are_told_apart_in_two_rounds():
    peaks, frames = mixture(3)
    calls = []
    order = [2, 0, 1]
    found = GivenDictionary(COLUMNS[:, order])(frames, MODEL, lambda *call: calls.append(call))
    told, share = right(peaks, found, np.argsort(order))
    assert told > 0.8 and share > 0.95
    assert [call[1:] for call in calls] == [(0, 2), (1, 2), (2, 2)]


def test_columns_tell_who_plays_what_register_does_not():
    """The low part has the column that is given for the first, and so has the high part."""
    peaks, frames = mixture(2, COLUMNS[:, [1, 0]])
    told, share = right(peaks, GivenDictionary(DICTIONARY)(frames, MODEL), [1, 0])
    assert told > 0.8 and share > 0.95


def test_columns_are_adapted_to_the_recording():
    _, frames = mixture(2)
    other = DICTIONARY ** np.array([0.7, 1.4])
    found = GivenDictionary(other)(frames, MODEL)
    assert found.dictionary.shape == other.shape
    for true, adapted, given in zip(DICTIONARY.T, found.dictionary.T, other.T, strict=True):
        assert similarity(adapted, true) > max(0.99, similarity(given, true))
    np.testing.assert_allclose(found.fit.deviations, deviations(other, found.dictionary))


def test_a_dictionary_that_fits_has_no_misfits():
    fit = GivenDictionary(DICTIONARY)(mixture(2)[1], MODEL).fit
    assert fit.misfits == [] and fit.excess < EXCESS and fit.deviations.max() < DEVIATION_DB


@pytest.mark.parametrize("dull", [0, 1])
def test_a_column_of_another_instrument_is_found_out(dull):
    given = DICTIONARY.copy()
    given[:, dull] = COLUMNS[:, 0] ** 3
    assert GivenDictionary(given)(mixture(2)[1], MODEL).fit.misfits == [dull]


@pytest.mark.parametrize(
    ("excess", "deviations_db", "misfits"),
    [(0.1, [9, 1, 9], [0, 2]), (0.01, [9, 1, 9], []), (0.1, [1, 2, 3], [])],
)
def test_a_column_does_not_fit_if_it_deviates_and_much_is_left(excess, deviations_db, misfits):
    assert Fit(excess, np.array(deviations_db)).misfits == misfits


def test_deviations_are_in_decibels_but_for_a_gain_and_what_is_soft():
    columns = np.array([[1.0, 0.5], [0.1, 0.5], [1e-4, 0.5]])
    other = columns * [0.3, 0.2]
    other[2, 0] = 0.0
    np.testing.assert_allclose(deviations(columns, other), 0, atol=1e-9)
    tilted = columns.copy()
    tilted[0, 1] = 1.0
    weights = 1 / np.sqrt([1, 2, 3])
    share = weights[0] / weights.sum()
    wanted = 20 * np.log10(2) * np.sqrt(share * (1 - share))
    np.testing.assert_allclose(deviations(columns, tilted), [0, wanted])


def test_an_instrument_that_does_not_play_gets_next_to_nothing():
    peaks, frames = mixture(2)
    found = GivenDictionary(COLUMNS[:, [2, 1, 0]])(frames, MODEL)
    told, share = right(peaks, found, [2, 1])
    assert told > 0.8 and share > 0.95
    assert np.mean(found.prior.insts == 0) < 0.03 * np.mean(found.prior.insts != NONE)


def test_an_instrument_whose_column_is_zero_plays_nothing():
    peaks, frames = mixture(2)
    dictionary = np.stack([DICTIONARY[:, 0], np.zeros(HARMONICS), DICTIONARY[:, 1]], axis=1)
    found = GivenDictionary(dictionary)(frames, MODEL)
    told, share = right(peaks, found, [0, 2])
    assert told > 0.8 and share > 0.95
    assert not np.any(found.prior.insts == 1) and not found.dictionary[:, 1].any()
    assert found.prior.chances.shape[2] == 3 and not found.prior.chances[:, :, 1].any()
    assert found.certainty[1] == 0 and found.fit.deviations[1] == 0
    assert found.notes.known.shape[1] == 3 and found.notes.known[:, 1].max() == UNLIKELY
    assert GivenDictionary(np.zeros((5, 2)))(frames, MODEL).prior is None


@pytest.mark.parametrize("harmonics", [1, 3, 40])
def test_columns_may_have_any_number_of_harmonics(harmonics):
    peaks, frames = mixture(2)
    dictionary = np.zeros((harmonics, 2))
    dictionary[:HARMONICS] = DICTIONARY[:harmonics]
    found = GivenDictionary(dictionary)(frames, MODEL)
    assert found.dictionary.shape == dictionary.shape
    told, share = right(peaks, found)
    assert told > 0.5 and (share > 0.9 or harmonics == 1)


def test_one_instrument_plays_all():
    _, frames = mixture(1)
    found = GivenDictionary(DICTIONARY[:, :1])(frames, MODEL)
    assert set(found.prior.insts.flat) <= {0, NONE} and np.any(found.prior.insts == 0)
    np.testing.assert_array_equal(found.certainty, [1])


def test_what_was_proposed_is_handed_on():
    _, frames = mixture(2)
    found = GivenDictionary(DICTIONARY)(frames, MODEL)
    assert found.prior.proposals.of(JointSearch(), frames, found.dictionary, MODEL, 40)


@pytest.mark.parametrize("finder", [JointSearch(), GreedyPursuit()])
def test_finders_that_make_no_use_of_a_prior_get_none(finder):
    found = GivenDictionary(DICTIONARY, finder)(np.ones((3, MODEL.m)), MODEL)
    assert found.prior is None and found.known and found.fit is None
    assert found.dictionary is DICTIONARY


def test_nothing_is_recognized_in_silence():
    found = GivenDictionary(DICTIONARY)(np.zeros((9, MODEL.m)), MODEL)
    np.testing.assert_array_equal(found.prior.insts, np.full((9, 2), NONE))
    np.testing.assert_allclose(found.dictionary, DICTIONARY, atol=1e-3)
    assert found.fit.misfits == []


def tracked():
    """Notes of two instruments, and tones in which their first notes are exchanged."""
    peaks, frames = mixture(2)
    notes = NoteTracking()(peaks, frames, MODEL)
    first = np.arange(len(frames))[:, None] < NOTE
    places = np.where(first, [1, 0], [0, 1])
    decoded = peaks[np.arange(len(frames))[:, None], places]
    decoded.insts = peaks.insts
    return peaks, notes, decoded


def test_notes_are_known_by_the_share_of_their_tones_that_is_decoded():
    _, notes, decoded = tracked()
    decoded.amps[4:NOTE:2] = 0  # a silent tone is none
    decoded.shifts[NOTE : NOTE + 6] += 2 * NEAR  # nor is one elsewhere
    shares = decoded_shares(notes, decoded, 2, NEAR)
    number = notes.numbers[0]
    np.testing.assert_allclose(shares[number, [1, 0]], 1 - 10 / NOTE)
    np.testing.assert_array_equal(shares[number, [0, 1]], 0)
    number = notes.numbers[NOTE]
    np.testing.assert_allclose(shares[number, [0, 1]], 1 - 6 / NOTE)


def test_an_assignment_is_told_what_is_known_of_notes():
    _, notes, decoded = tracked()
    seen = []
    informed = Informed(lambda *given: seen.append(given) or "answer", decoded, NEAR, 3.0)
    assert informed(notes, 2, "rng") == "answer"
    ((told, instruments, rng),) = seen
    assert (instruments, rng) == (2, "rng")
    np.testing.assert_array_equal(told.known, 3 * decoded_shares(notes, decoded, 2, NEAR))


def test_an_assignment_without_a_certainty_may_be_used():
    _, frames = mixture(2)
    usual = GivenDictionary(DICTIONARY).learner
    by_column = replace(usual, assignment=lambda notes, *_: (0.0, notes.known.argmax(axis=1)))
    found = GivenDictionary(DICTIONARY, Viterbi(), by_column)(frames, MODEL)
    assert found.certainty is None and found.fit.misfits == []
