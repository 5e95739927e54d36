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

    Attributes
    ----------
    excess : float
        What they leave unexplained beyond what those leave that are adapted to the recording, as
        share of the loss of silence.
    deviations : ndarray [instrument]
        How far each is from the adapted one, in dB; 0 for an instrument that plays nothing.
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

    Attributes
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
    """Frames → dictionary, prior."""

    def __call__(
        self, frames: Floats, model: ToneModel, report: Progress, sides: Sides | None
    ) -> Learned:
        """Learn from `frames` [frame, bin]; report progress as ``report(stage, done, total)``.

        `sides` [frame, bin] tell where between two channels they are heard, if there are two.
        """
