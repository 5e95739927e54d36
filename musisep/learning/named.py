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

    Examples
    --------
    A low and a high instrument play a short tune. The tuba is named first, and gets the low notes:

    >>> import math
    >>> import numpy as np
    >>> from musisep.instruments import library
    >>> from musisep.learning.common import CommonColumns
    >>> from musisep.learning.from_notes import NotesLearner
    >>> from musisep.learning.named import NamedLearner
    >>> from musisep.masking.synthesis import synthesise
    >>> from musisep.masking.voices import Voices
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=140, lowest_hz=40.0)
    >>> lines = np.repeat([[90.0, 20.0], [94.0, 17.0], [97.0, 12.0], [94.0, 24.0]], 12, axis=0)
    >>> tones = Peaks(0 * lines + 1, lines, 0 * lines + 1, 0 * lines, np.zeros((48, 2), int))
    >>> voices = Voices.of(tones, 1 / np.arange(1.0, 9)[:, None])
    >>> frames = synthesise(voices, model.harscale, 1, model.m).sum(axis=0)
    >>> quick = NotesLearner(common=CommonColumns(harmonics=8, steps=3), restarts=2)
    >>> learner = NamedLearner(("tuba", "flute"), library(), quick)
    >>> learned = learner(frames / frames.max(), model)
    >>> notes = learned.notes
    >>> low = notes.shifts < 50
    >>> [int(notes.known[who].mean(axis=0).argmax()) for who in (low, ~low)]
    [0, 1]
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
        """Learn a dictionary, and who plays which tone.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        model : ToneModel
            What tones look like.
        report : function, optional
            Called with the progress.
        sides : ndarray of complex [frame, bin], optional
            Where between two channels the frames are heard.

        Returns
        -------
        Learned
            With instruments in the order of the names.
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
