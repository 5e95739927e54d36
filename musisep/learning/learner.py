"""What learners have in common: how they are called, and what they return."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from musisep._util.progress import Progress
from musisep.audio.sides import Sides
from musisep.multipitch.finder import Prior
from musisep.notes.counting import Counted
from musisep.notes.tracking import Notes
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats

EXCESS, DEVIATION_DB = 0.03, 5.0
"""A column that was given does not fit if it deviates by more, and all of them leave more
unexplained: `experiments/e18_given.py`."""


class Fit(NamedTuple):
    """How the columns of a dictionary that was given fit a recording.

    Parameters
    ----------
    excess : float
        What they leave unexplained beyond what those leave that are adapted to the recording, as
        share of the loss of silence.
    deviations : ndarray [instrument]
        How far each is from the adapted one, in dB; 0 for an instrument that plays nothing.

    Examples
    --------
    The second column does not fit:

    >>> import numpy as np
    >>> from musisep.learning.learner import Fit
    >>> Fit(excess=0.1, deviations=np.array([2.0, 9.0])).misfits
    [1]
    """

    excess: float
    deviations: Floats

    @property
    def misfits(self) -> list[int]:
        """Instruments, from 0 on, that do not sound like their columns."""
        return np.flatnonzero((self.deviations > DEVIATION_DB) & (self.excess > EXCESS)).tolist()


@dataclass(frozen=True, eq=False)
class Learned:
    """What has been learned from a recording.

    Parameters
    ----------
    dictionary : ndarray [harmonic, instrument]
        Relative amplitudes of the harmonics, in [0, 1].
    prior : Prior, optional
        Tones of which it is known who plays them.
    answers : tuple of float
        What the tones of each different answer that was tried leave unexplained of the recording,
        from 0 to 1; empty if that was not measured.
    chosen : int
        The answer that was used.
    known : bool
        Whether the instruments were known before; then they keep their order.
    certainty : ndarray [instrument], optional
        Mean probability, weighted by amplitude, that the notes of an instrument are its own.
    fit : Fit, optional
        How columns fit that were given; None if none were, or if they were not adapted.
    counted : Counted, optional
        How many instruments were found, if that was asked.
    notes : Notes, optional
        The notes from which it was learned; ``notes.known`` are the logarithms of the chances that
        the instruments play them.
    common : ndarray [harmonic, column], optional
        Columns that tones of any instrument may take, with which these were found.
    curve : tuple of float
        What was left unexplained while it was learned, from 0 to 1: after each turn, of the frames
        that were looked at. Empty if nothing was learned in turns.

    Examples
    --------
    A learner returns at least a dictionary; then it is not known who plays which tone:

    >>> import numpy as np
    >>> from musisep.learning.learner import Learned
    >>> learned = Learned(np.array([[1.0, 0.4], [0.2, 1.0]]))
    >>> learned.prior is None, learned.curve
    (True, ())
    """

    dictionary: Floats
    prior: Prior | None = None
    answers: tuple[float, ...] = ()
    chosen: int = 0
    known: bool = False
    certainty: Floats | None = None
    fit: Fit | None = None
    counted: Counted | None = None
    notes: Notes | None = None
    common: Floats | None = None
    curve: tuple[float, ...] = ()


class Learner(Protocol):
    """Frames → dictionary, prior.

    Examples
    --------
    A learner that knows without listening that all instruments sound like a sawtooth:

    >>> import math
    >>> import numpy as np
    >>> from musisep.learning.learner import Learned
    >>> from musisep.tones.model import ToneModel
    >>> def sawtooths(frames, model, report, sides=None):
    ...     return Learned(np.tile(1 / np.arange(1.0, 5)[:, None], 2))
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=140)
    >>> sawtooths(np.zeros((10, model.m)), model, print).dictionary.round(2).tolist()
    [[1.0, 1.0], [0.5, 0.5], [0.33, 0.33], [0.25, 0.25]]
    """

    def __call__(
        self, frames: Floats, model: ToneModel, report: Progress, sides: Sides | None
    ) -> Learned:
        """Learn from frames.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major, with maximum 1.
        model : ToneModel
            What tones look like.
        report : function
            Called with the name of a stage, how much of it is done, and how much there is to do.
        sides : ndarray of complex [frame, bin], optional
            Where between two channels the frames are heard, if there are two.

        Returns
        -------
        Learned
            What was learned.
        """
