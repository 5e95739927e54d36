"""What learners have in common: how they are called, and what they return."""

from dataclasses import dataclass
from typing import Protocol

from musisep._util.progress import Progress
from musisep.audio.sides import Sides
from musisep.multipitch.finder import Prior
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats


@dataclass(frozen=True, eq=False)
class Learned:
    """What has been learned from a recording.

    Attributes
    ----------
    dictionary : ndarray, shape (harmonic, instrument)
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
    certainty : ndarray, shape (instrument,), optional
        Mean probability, weighted by amplitude, that the notes of an instrument are its own.
    """

    dictionary: Floats
    prior: Prior | None = None
    answers: tuple[float, ...] = ()
    chosen: int = 0
    known: bool = False
    certainty: Floats | None = None


class Learner(Protocol):
    """Frames → dictionary, prior."""

    def __call__(
        self, frames: Floats, model: ToneModel, report: Progress, sides: Sides | None
    ) -> Learned:
        """Learn from `frames` [frame, bin]; report progress as ``report(stage, done, total)``.

        `sides` [frame, bin] tell where between two channels they are heard, if there are two.
        """
