"""Pieces of a recording whose instruments are known from others of its parts.

Notes of a piece are found as those of a recording are, and assigned to instruments together with
notes from which the dictionary was learned: as if these had been heard long ago, so that
instruments keep their names. Where a piece overlaps with the one before, its notes vote as well.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from musisep._util.progress import Progress, no_progress
from musisep.audio.sides import Sides
from musisep.learning.from_notes import NotesLearner
from musisep.learning.given import decoded_shares
from musisep.learning.learner import Learned
from musisep.multipitch.finder import ToneFinder
from musisep.multipitch.viterbi import Viterbi
from musisep.notes.assignment import Assigned, Assignment
from musisep.notes.tracking import Notes
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Peaks


@dataclass(frozen=True, eq=False)
class PieceLearner:
    """Finds out who plays in the pieces of a recording; a `Learner` that learns no dictionary.

    Parameters
    ----------
    learned : Learned
        What was learned from parts of the recording.
    finder : ToneFinder
        What will find the tones; only `Viterbi` makes use of a prior, others get none.
    learner : NotesLearner
        How notes are found and assigned.
    remembered : int
        Notes of `learned` that are remembered: those that are longest and loudest.
    vote : float
        Log likelihood that a note gains for the instrument that played all of it in the piece
        before.
    before : Peaks [frame, tone], optional
        Tones of the first frames as they were found in the piece before.
    """

    learned: Learned
    finder: ToneFinder = field(default_factory=Viterbi)
    learner: NotesLearner = field(default_factory=NotesLearner)
    remembered: int = 200
    vote: float = 3.0
    before: Peaks | None = None

    def __call__(
        self,
        frames: Floats,
        model: ToneModel,
        report: Progress = no_progress,
        sides: Sides | None = None,
    ) -> Learned:
        """Return the dictionary, and who plays which tone of `frames` [frame, bin].

        `sides` [frame, bin] tell where between two channels they are heard, if there are two.
        """
        known = self.learned
        if not isinstance(self.finder, Viterbi) or known.notes is None:
            return Learned(known.dictionary, known=True)
        near = self.learner.prices.near_sigmas * model.fsigma
        assignment = Remembering(
            self.learner.assignment, self._earlier, self.before, near, self.vote
        )
        learner = replace(self.learner, updates=0, assignment=assignment)
        expected = self.learner.expected
        if known.common is None or (expected is not None and expected.complete):
            tones = self.finder(frames, known.dictionary, model)
        else:
            tones = learner.common_tones(frames, known.common, model)
        best = learner.from_tones(frames, tones, known.dictionary, model, lambda: None, sides)
        return Learned(known.dictionary, best.prior, known=True, certainty=best.certainty)

    @cached_property
    def _earlier(self) -> Notes:
        """Notes that are remembered."""
        notes = self.learned.notes
        assert notes is not None
        chosen = np.zeros(notes.shifts.size, np.bool_)
        chosen[np.argsort(-notes.amps * notes.lengths, kind="stable")[: self.remembered]] = True
        return notes.chosen(chosen)


@dataclass(frozen=True, eq=False)
class Remembering:
    """Reminds an assignment of notes that were heard before; an `Assignment`.

    Parameters
    ----------
    assignment : Assignment
    earlier : Notes
        Of which it is known who plays them.
    before : Peaks [frame, tone], optional
        Tones of the first frames, of which that is known as well.
    near : float
        Bins within which a tone is one of a note.
    vote : float
        Log likelihood of a note all of which is among these.
    """

    assignment: Assignment
    earlier: Notes
    before: Peaks | None
    near: float
    vote: float

    def __call__(self, notes: Notes, instruments: int, rng: np.random.Generator) -> Assigned:
        """Return the answer of the assignment for the notes."""
        size = notes.shifts.size
        known = np.zeros((size, instruments))
        if self.before is not None:
            first = notes._replace(numbers=notes.numbers[: len(self.before.amps)])
            known = self.vote * decoded_shares(first, self.before, instruments, self.near)
        every = notes.told(known).after(self.earlier)
        answer = Assigned(*self.assignment(every, instruments, rng))
        new = slice(every.shifts.size - size, None)
        chances = None if answer.chances is None else answer.chances[new]
        return Assigned(answer.value, answer.insts[new], chances)
