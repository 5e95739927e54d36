"""Learning from notes when it is not known how many instruments play: they are counted first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from musisep._util.checks import instance
from musisep._util.limits import MOST_COUNTED
from musisep._util.progress import Progress, no_progress
from musisep.audio.sides import Sides
from musisep.learning.from_notes import Heard, NotesLearner
from musisep.learning.learner import Learned
from musisep.notes.counting import Counted, Counting
from musisep.notes.tracking import Notes
from musisep.tones._kernels import AMP
from musisep.tones.loss import unexplained
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Peaks


@dataclass(frozen=True)
class CountingLearner:
    """Counts instruments, and learns what `learner` learns for that number; a `Learner`.

    Notes are counted that anybody may have played, with `MOST_COUNTED` tones at a time. If as many
    are wanted for the number that is found, nothing is done twice.

    Parameters
    ----------
    learner : NotesLearner
        Its own number of instruments does not matter.
    counting : Counting
        Tells how many instruments there are.

    Examples
    --------
    One instrument plays a short tune:

    >>> import math
    >>> import numpy as np
    >>> from musisep.learning.common import CommonColumns
    >>> from musisep.learning.counted import CountingLearner
    >>> from musisep.learning.from_notes import NotesLearner
    >>> from musisep.masking.synthesis import synthesise
    >>> from musisep.masking.voices import Voices
    >>> from musisep.notes.counting import TextureCounting
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=140)
    >>> line = np.repeat([20.0, 24.0, 27.0, 24.0], 12)[:, None]
    >>> tones = Peaks(0 * line + 1, line, 0 * line + 1, 0 * line, np.zeros(line.shape, int))
    >>> voices = Voices.of(tones, 1 / np.arange(1.0, 9)[:, None])
    >>> frames = synthesise(voices, model.harscale, 1, model.m).sum(axis=0)
    >>> quick = NotesLearner(common=CommonColumns(harmonics=8, steps=3), restarts=2)
    >>> learner = CountingLearner(quick, TextureCounting())
    >>> learned = learner(frames / frames.max(), model)
    >>> learned.counted.number
    1
    """

    learner: NotesLearner
    counting: Counting

    @property
    def listener(self) -> NotesLearner:
        """What finds the notes that are counted."""
        return replace(self.learner, instruments=MOST_COUNTED, tones=1)

    def __call__(
        self,
        frames: Floats,
        model: ToneModel,
        report: Progress = no_progress,
        sides: Sides | None = None,
    ) -> Learned:
        """Learn a dictionary, and how many columns it has.

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
            With `counted`.

        Raises
        ------
        ValueError
            If shapes do not fit, or the counting returns something else.
        """
        done, total = count(1), self.learner.common.steps

        def step_done() -> None:
            report("counting", next(done), total)

        heard, notes, left = self.listen(frames, model, step_done, sides)
        counted = self.counting(notes, left)
        instance("counted", counted, Counted)
        own = replace(self.learner, instruments=counted.number)
        same = own.most == self.listener.most
        learned = own(frames, model, report, sides, heard if same else None)
        return replace(learned, counted=counted)

    def listen(
        self,
        frames: Floats,
        model: ToneModel,
        step_done: Callable[[], None],
        sides: Sides | None = None,
    ) -> tuple[Heard, Notes, Floats]:
        """Return what sounds, its notes, and what the loudest tones leave.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        model : ToneModel
            What tones look like.
        step_done : function
            Called without arguments after each turn.
        sides : ndarray of complex [frame, bin], optional
            Where between two channels the frames are heard.

        Returns
        -------
        heard : Heard
            Common columns and tones.
        notes : Notes
            Notes of these tones.
        left : ndarray [2]
            What the loudest tone of each frame leaves unexplained, and the loudest two; see
            `Counting`.
        """
        heard = self.listener.anybodys_tones(frames, model, step_done)
        notes = self.listener.tracking(heard.tones, frames, model, sides)
        return heard, notes, np.array([left_by(few, frames, heard, model) for few in (1, 2)])


def left_by(loudest: int, frames: Floats, heard: Heard, model: ToneModel) -> float:
    """Return what so many tones of each frame, the loudest, leave unexplained of the recording."""
    columns, tones, _ = heard
    ranks = np.argsort(np.argsort(-tones.amps, axis=1, kind="stable"), axis=1)
    params = tones.params.copy()
    params[:, AMP] *= ranks < loudest
    return unexplained(frames, Peaks.from_params(params, tones.insts), columns, model)
