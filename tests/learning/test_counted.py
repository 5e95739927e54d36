from dataclasses import replace

import numpy as np
import pytest
from melodies import HARMONICS, MODEL, mixture

from musisep._util.progress import no_progress
from musisep.learning.common import CommonColumns
from musisep.learning.counted import CountingLearner, left_by
from musisep.learning.from_notes import NotesLearner
from musisep.notes.counting import Counted, TextureCounting
from musisep.notes.tracking import Notes
from musisep.tones.loss import unexplained


def learner(**options):
    common = CommonColumns(HARMONICS, steps=4, frames=30)
    return NotesLearner(**{"restarts": 1, "common": common} | options)


def same(one, other):
    return (
        one.dictionary.tobytes() == other.dictionary.tobytes()
        and one.prior.shifts.tobytes() == other.prior.shifts.tobytes()
        and one.prior.insts.tobytes() == other.prior.insts.tobytes()
        and (one.answers, one.certainty.tobytes()) == (other.answers, other.certainty.tobytes())
    )


def finding(number, seen=None):
    """A counting that finds this number, and notes what it was given."""

    def count(notes, left):
        if seen is not None:
            seen.append((notes, left))
        return Counted(np.eye(4)[number - 1])

    return count


@pytest.fixture
def listened(monkeypatch):
    """The numbers of tones at a time with which it is asked what sounds."""
    calls, usual = [], NotesLearner.anybodys_tones

    def noting(self, *given):
        calls.append(self.most)
        return usual(self, *given)

    monkeypatch.setattr(NotesLearner, "anybodys_tones", noting)
    return calls


@pytest.mark.parametrize(
    ("number", "tones", "most"),
    [(1, 1, [4, 1]), (3, 1, [4, 3]), (4, 1, [4]), (2, 2, [4, 2]), (1, 4, [4])],
)
def test_it_learns_what_is_learned_for_that_number_and_nothing_twice(number, tones, most, listened):
    _, frames = mixture(2)
    own = learner(instruments=9, tones=tones)
    found = CountingLearner(own, finding(number))(frames, MODEL, no_progress)
    assert listened == most
    assert found.counted.number == number
    wanted = replace(own, instruments=number)(frames, MODEL, no_progress)
    assert wanted.counted is None
    assert same(found, wanted)


def test_notes_are_counted_of_four_tones_at_a_time_and_know_their_sides():
    seen = []
    _, frames = mixture(2)
    sides = np.full(frames.shape, 0.6 + 0.8j, np.complex64)
    CountingLearner(learner(), finding(1, seen))(frames, MODEL, no_progress, sides)
    ((notes, left),) = seen
    assert isinstance(notes, Notes)
    np.testing.assert_allclose(notes.sides[notes.sides != 0], 0.6 + 0.8j, rtol=1e-6)
    assert 1 > left[0] > left[1] > 0
    assert left.shape == (2,)


def test_every_step_is_reported():
    calls = []
    _, frames = mixture(2)
    own = learner()
    steps = own.common.steps
    for number, more in ((2, steps + 1), (4, 3)):
        calls.clear()
        CountingLearner(own, finding(number))(frames, MODEL, lambda *call: calls.append(call))
        counted = [("counting", done, steps) for done in range(1, steps + 1)]
        assert calls == counted + [("learning", done, more) for done in range(1, more + 1)]


def test_what_the_loudest_tones_leave():
    _, frames = mixture(3)
    heard = learner(instruments=4).anybodys_tones(frames, MODEL, lambda: None)
    left = [left_by(loudest, frames, heard, MODEL) for loudest in range(5)]
    assert left[0] == pytest.approx(1)
    assert sorted(left, reverse=True) == left
    assert left[4] == pytest.approx(unexplained(frames, heard.tones, heard.columns, MODEL))


def test_an_answer_that_tells_no_number_is_refused():
    with pytest.raises(ValueError, match="counted=2 must be a Counted"):
        CountingLearner(learner(), lambda notes, left: 2)(mixture(1)[1], MODEL)


def test_silence_has_one_instrument_of_which_nothing_is_sure(listened):
    found = CountingLearner(learner(), TextureCounting())(np.zeros((20, MODEL.m)), MODEL)
    assert found.dictionary.shape == (HARMONICS, 1)
    assert found.counted.certainty == 0.25
