"""Pieces of a recording whose instruments are known from others of its parts.

Tones of a piece are decoded with the dictionary and linked into notes. Three things are evidence of
who plays a note: for whom it is decoded, who played it in the piece before, where both overlap, and
what the notes sound like from which the dictionary was learned. These stand before the notes of the
piece, as if they had been heard long ago, so that instruments keep their names.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from musisep._util.progress import Progress, no_progress
from musisep.audio.sides import Sides
from musisep.learning.from_notes import NotesLearner
from musisep.learning.given import decoded_shares
from musisep.learning.learner import Learned
from musisep.multipitch.finder import Prior, Proposals, ToneFinder
from musisep.multipitch.viterbi import Viterbi
from musisep.notes.assignment import Assigned
from musisep.notes.players import sizes
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
        How notes are tracked and assigned.
    weight : float
        Log likelihood that a note gains for the instrument that all of it is decoded for.
    vote : float
        The same for the instrument that played all of it in the piece before.
    remembered : int
        Notes of `learned` that are remembered: those that are longest and loudest.
    """

    learned: Learned
    finder: ToneFinder = field(default_factory=Viterbi)
    learner: NotesLearner = field(default_factory=NotesLearner)
    weight: float = 1.0
    vote: float = 3.0
    remembered: int = 200

    def __call__(
        self,
        frames: Floats,
        model: ToneModel,
        report: Progress = no_progress,
        sides: Sides | None = None,
        before: Peaks | None = None,
    ) -> Learned:
        """Return the dictionary, and who plays which tone of `frames` [frame, bin].

        `sides` [frame, bin] tell where between two channels they are heard, if there are two;
        `before` (frame, tone) are the tones of the first frames as they were found in the piece
        before.
        """
        known = self.learned
        if not isinstance(self.finder, Viterbi) or not known.dictionary.any():
            return Learned(known.dictionary, known=True)
        hypotheses = self.finder.propose(frames, known.dictionary, model)
        decoded = self.finder.decode(frames, known.dictionary, model, hypotheses)
        notes = self.learner.tracking(decoded, frames, model, sides)
        near = self.learner.prices.near_sigmas * model.fsigma
        evidence = self.weight * decoded_shares(notes, decoded, self.learner.instruments, near)
        if before is not None:
            first = notes._replace(numbers=notes.numbers[: len(before.amps)])
            voted = decoded_shares(first, before, self.learner.instruments, near)
            evidence = evidence + self.vote * voted
        answer = self._who_plays(notes._replace(known=evidence))
        prior = Prior.of_notes(decoded.shifts, notes.numbers, answer.insts, answer.chances)
        search = self.finder.search
        return Learned(
            known.dictionary,
            prior._replace(
                proposals=Proposals.made(search, frames, known.dictionary, model, hypotheses)
            ),
            known=True,
            certainty=self.learner.certainty(notes, answer),
        )

    def _who_plays(self, notes: Notes) -> Assigned:
        earlier = self._earlier
        every = notes if earlier is None else notes.after(earlier)
        answer = self.learner.who_plays(every, np.random.default_rng(self.learner.seed))
        new = slice(every.shifts.size - notes.shifts.size, None)
        chances = None if answer.chances is None else answer.chances[new]
        return Assigned(answer.value, answer.insts[new], chances)

    @cached_property
    def _earlier(self) -> Notes | None:
        """Notes that are remembered."""
        notes = self.learned.notes
        if notes is None:
            return None
        chosen = np.zeros(notes.shifts.size, np.bool_)
        chosen[np.argsort(-sizes(notes), kind="stable")[: self.remembered]] = True
        return notes.chosen(chosen)
