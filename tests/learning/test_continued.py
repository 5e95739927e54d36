"""The decisive notes are built by hand: of all that can be told, only the past tells who plays."""

from dataclasses import replace

import numpy as np
import pytest
from melodies import COLUMNS, MODEL, insts_of, mixture

from musisep._util.constants import NONE
from musisep.learning.continued import PieceLearner, Remembering
from musisep.learning.from_notes import NotesLearner
from musisep.learning.learner import Learned
from musisep.multipitch.greedy import GreedyPursuit
from musisep.multipitch.viterbi import Viterbi
from musisep.notes.assignment import AnnealedAssignment, Assigned
from musisep.notes.tracking import NoteTracking

LEARNER = NotesLearner(restarts=2)
NEAR = 3 * MODEL.fsigma


@pytest.fixture(scope="module")
def passage():
    return mixture(2)


@pytest.fixture(scope="module")
def learned(passage):
    return LEARNER(passage[1], MODEL)


def renamed(learned, order):
    """What was learned, with other names of the instruments."""
    notes = learned.notes._replace(known=learned.notes.known[:, order])
    return replace(learned, dictionary=learned.dictionary[:, order], notes=notes)


def test_what_was_learned_has_its_notes_and_who_plays_them(learned):
    notes = learned.notes
    assert notes.known.shape == (notes.shifts.size, 2)
    assert learned.common.shape == (25, 2)
    np.testing.assert_allclose(np.exp(notes.known).sum(axis=1), 1, atol=2e-3)


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_instruments_have_the_names_that_they_had(passage, learned, order):
    peaks, frames = passage
    found = PieceLearner(renamed(learned, order), learner=LEARNER)(frames, MODEL)
    insts = insts_of(peaks, found.prior)
    heard = insts != NONE
    first = insts_of(peaks, learned.prior)
    names = np.argsort(order)
    assert heard.mean() > 0.8
    assert np.mean((insts == names[first])[heard & (first != NONE)]) > 0.95
    np.testing.assert_array_equal(found.dictionary, learned.dictionary[:, order])
    assert found.known and found.certainty.min() > 0.8


def test_without_notes_columns_alone_tell(passage):
    _, frames = passage
    bare = Learned(COLUMNS[:, :2])
    for known, finder in ((bare, Viterbi()), (bare, GreedyPursuit(1))):
        found = PieceLearner(known, finder, LEARNER)(frames, MODEL)
        assert found.prior is None and found.known
        assert found.dictionary is bare.dictionary


def test_without_common_columns_notes_are_decoded(passage, learned):
    peaks, frames = passage
    found = PieceLearner(replace(learned, common=None), learner=LEARNER)(frames, MODEL)
    first = insts_of(peaks, learned.prior)
    insts = insts_of(peaks, found.prior)
    both = (insts != NONE) & (first != NONE)
    assert both.mean() > 0.8 and np.mean((insts == first)[both]) > 0.95


def test_only_the_largest_notes_are_remembered(learned):
    few = PieceLearner(learned, remembered=3)._earlier
    assert few.shifts.size == 3 and few.known.shape == (3, 2)
    sizes = learned.notes.amps * learned.notes.lengths
    assert (few.amps * few.lengths).min() >= np.sort(sizes)[-3] - 1e-12


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_the_piece_before_has_a_vote(passage, learned, order):
    peaks, frames = passage
    notes = NoteTracking()(peaks, frames, MODEL)
    none = learned.notes.chosen(np.zeros(learned.notes.shifts.size, bool))
    half = len(frames) // 2
    voters = peaks.renumbered(order)[slice(0, half)]
    assign = Remembering(AnnealedAssignment(), none, voters, NEAR, 20.0)
    insts = assign(notes, 2, np.random.default_rng(0)).insts
    early = notes.onsets + notes.lengths < half
    true = np.array([
        peaks.insts[frame, place]
        for frame, place in (np.argwhere(notes.numbers == k)[0] for k in range(notes.shifts.size))
    ])  # fmt: skip
    assert early.any()
    np.testing.assert_array_equal(insts[early], np.array(order)[true[early]])


def test_the_answer_is_that_of_the_new_notes(learned, passage):
    notes = NoteTracking()(passage[0], passage[1], MODEL)
    asked = []

    def assignment(every, instruments, rng):
        asked.append(every)
        return np.e, np.arange(every.shifts.size)

    answer = Remembering(assignment, learned.notes, None, NEAR, 1.0)(notes, 2, None)
    size, old = notes.shifts.size, learned.notes.shifts.size
    assert isinstance(answer, Assigned) and answer.value == np.e and answer.chances is None
    np.testing.assert_array_equal(answer.insts, old + np.arange(size))
    (every,) = asked
    np.testing.assert_array_equal(every.known[:old], learned.notes.known)
    np.testing.assert_array_equal(every.known[old:], np.zeros((size, 2)))
    np.testing.assert_array_equal(every.shifts, [*learned.notes.shifts, *notes.shifts])
    assert (np.diff(every.onsets) >= 0).all()
    pauses = every.onsets[old] - (every.onsets + every.lengths)[:old].max()
    assert pauses * MODEL.hop_s >= 59
    np.testing.assert_array_equal(every.pairs[-len(notes.pairs) :], notes.pairs + old)
