import numpy as np
import pytest
from melodies import COLUMNS, MODEL, NOTE, insts_of, mixture

from musisep._util.constants import NONE
from musisep.learning.given import GivenDictionary
from musisep.multipitch.greedy import GreedyPursuit
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import Viterbi

DICTIONARY = COLUMNS[:, :2]


def test_notes_are_given_to_whom_most_of_their_tones_are(monkeypatch):
    peaks, frames = mixture(2)
    swapped = np.isin(np.arange(len(frames)) % NOTE, [2, 6])  # the two instruments' tones
    swapped[:NOTE] = ~swapped[:NOTE]
    places = np.where(swapped[:, None], [1, 0], [0, 1])
    decoded = peaks[np.arange(len(frames))[:, None], places]
    decoded.insts = peaks.insts
    monkeypatch.setattr(Viterbi, "decode", lambda *given: decoded)
    found = GivenDictionary(DICTIONARY)(frames, MODEL)
    assert found.dictionary is DICTIONARY and found.answers == () and found.known
    np.testing.assert_array_equal(found.prior.shifts, decoded.shifts)
    insts = insts_of(peaks, found.prior)
    first = np.arange(len(frames))[:, None] < NOTE
    np.testing.assert_array_equal(insts, np.where(first, [1, 0], [0, 1]))


def test_with_the_true_dictionary_the_prior_knows_who_plays():
    peaks, frames = mixture(2)
    calls = []
    found = GivenDictionary(DICTIONARY)(frames, MODEL, lambda *call: calls.append(call))
    insts = insts_of(peaks, found.prior)
    told = insts != NONE
    assert told.mean() > 0.8
    assert np.mean((insts == peaks.insts)[told]) > 0.95
    assert [call[1:] for call in calls] == [(0, 1), (1, 1)]


def test_what_was_proposed_is_handed_on():
    _, frames = mixture(2)
    finder = Viterbi(JointSearch(candidates=9), 12)
    known = GivenDictionary(DICTIONARY, finder)(frames, MODEL).prior.proposals
    assert known.of(finder.search, frames, DICTIONARY, MODEL, 12)
    anew = finder.search.propose(frames, DICTIONARY, MODEL, 12)
    for kept, made in zip(known.hypotheses, anew, strict=True):
        np.testing.assert_array_equal(kept, made)


@pytest.mark.parametrize("finder", [JointSearch(), GreedyPursuit()])
def test_finders_that_make_no_use_of_a_prior_get_none(finder):
    found = GivenDictionary(DICTIONARY, finder)(np.ones((3, MODEL.m)), MODEL)
    assert found.prior is None and found.known


def test_nothing_is_recognized_in_silence():
    found = GivenDictionary(DICTIONARY)(np.zeros((9, MODEL.m)), MODEL)
    np.testing.assert_array_equal(found.prior.insts, np.full((9, 2), NONE))
