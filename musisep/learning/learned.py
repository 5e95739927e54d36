"""What a learner returns."""

from dataclasses import dataclass

from musisep.multipitch.prior import Prior
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
        What the tones of each different answer leave unexplained of the recording, from 0 to 1;
        empty if there was only one.
    chosen : int
        The answer that was used.
    known : bool
        Whether the instruments were known before; then they keep their order.
    """

    dictionary: Floats
    prior: Prior | None = None
    answers: tuple[float, ...] = ()
    chosen: int = 0
    known: bool = False
