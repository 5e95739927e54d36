"""A dictionary that was learned elsewhere."""

from dataclasses import dataclass, field

import numpy as np

from musisep._util.constants import NONE
from musisep._util.progress import Progress, no_progress
from musisep.audio.sides import Sides
from musisep.learning.learner import Learned
from musisep.multipitch.finder import Prior, Proposals, ToneFinder
from musisep.multipitch.viterbi import Viterbi
from musisep.notes.tracking import NoteTracking
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats


@dataclass(frozen=True, eq=False)
class GivenDictionary:
    """Finds out who plays which note with a given dictionary; a `Learner`.

    A note belongs to the instrument that most of its amplitude is decoded for.

    Parameters
    ----------
    dictionary : ndarray, shape (harmonic, instrument)
    finder : ToneFinder
        What will find the tones; only `Viterbi` makes use of a prior, others get none.
    tracking : NoteTracking
    """

    dictionary: Floats
    finder: ToneFinder = field(default_factory=Viterbi)
    tracking: NoteTracking = field(default_factory=NoteTracking)

    def __call__(
        self,
        frames: Floats,
        model: ToneModel,
        report: Progress = no_progress,
        sides: Sides | None = None,
    ) -> Learned:
        """Return the dictionary, and who plays which tone of `frames` [frame, bin].

        The columns tell; `sides` do not matter.
        """
        if not isinstance(self.finder, Viterbi):
            return Learned(self.dictionary, known=True)
        report("finding notes", 0, 1)
        hypotheses = self.finder.propose(frames, self.dictionary, model)
        tones = self.finder.decode(frames, self.dictionary, model, hypotheses)
        notes = self.tracking(tones, frames, model)
        votes = np.zeros((notes.shifts.size, self.dictionary.shape[1]))
        frame, place = np.nonzero(notes.numbers != NONE)
        voters = notes.numbers[frame, place], tones.insts[frame, place]
        np.add.at(votes, voters, tones.amps[frame, place])
        prior = Prior.of_notes(tones.shifts, notes.numbers, votes.argmax(axis=1))
        known = Proposals.made(self.finder.search, frames, self.dictionary, model, hypotheses)
        report("finding notes", 1, 1)
        return Learned(self.dictionary, prior._replace(proposals=known), known=True)
