"""Instruments whose names are known: what they usually sound like tells who plays.

Notes are found and assigned as those of a recording of which nothing is known; beside what the
model of players says of them, each note is the likelier an instrument's, the more it sounds like
what is known of the instrument. The recording decides how it sounds here.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_softmax

from musisep._util.progress import Progress, no_progress
from musisep.audio.sides import Sides
from musisep.instruments.profiles import Profiles
from musisep.learning.from_notes import NotesLearner
from musisep.learning.learner import Learned
from musisep.notes.assignment import Assigned, Assignment
from musisep.notes.players import sizes
from musisep.notes.tracking import Notes
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats


@dataclass(frozen=True, eq=False)
class NamedLearner:
    """Learns a dictionary from notes of instruments whose names are known; a `Learner`.

    Parameters
    ----------
    names : tuple of str
        Of the instruments, in their order; several may be alike.
    profiles : Profiles
        What is known of these.
    learner : NotesLearner
        How notes are found and assigned.
    independent : float
        The notes of a player tell as much of what plays as so many that are independent: if the
        player sounds unlike others, all of them do. Chosen by the right share on 110 items of
        check: 0.853 blind, 0.851 with 6, 0.862 with 15, 0.855 if all notes count.
    """

    names: tuple[str, ...]
    profiles: Profiles
    learner: NotesLearner
    independent: float = 15.0

    def __call__(
        self,
        frames: Floats,
        model: ToneModel,
        report: Progress = no_progress,
        sides: Sides | None = None,
    ) -> Learned:
        """Learn a dictionary from `frames` [frame, bin], and who plays which tone.

        `sides` [frame, bin] tell where between two channels they are heard, if there are two.
        """
        assignment = Expecting(self.learner.assignment, self.names, self.profiles, self.independent)
        learned = replace(self.learner, assignment=assignment)(frames, model, report, sides)
        return replace(learned, known=True)


@dataclass(frozen=True, eq=False)
class Expecting:
    """Tells an assignment which instruments to expect; an `Assignment`.

    Parameters
    ----------
    assignment : Assignment
    names : tuple of str
    profiles : Profiles
    independent : float
        See `NamedLearner`.
    """

    assignment: Assignment
    names: tuple[str, ...]
    profiles: Profiles
    independent: float

    def __call__(self, notes: Notes, instruments: int, rng: np.random.Generator) -> Assigned:
        """Return the answer of the assignment."""
        likely = log_softmax(self.profiles.of_names(notes, self.names), axis=1)
        if len(likely):
            likely *= min(1.0, self.independent * instruments / sizes(notes).sum())
        return Assigned(*self.assignment(notes.told(likely), instruments, rng))
