"""The noise floor of a log-frequency spectrogram: what lies between the harmonics."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import from_zero, within
from musisep._util.threads import each_block
from musisep.audio._kernels.floors import subtract_floor

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NoiseFloor:
    """Noise, room and strokes, told from tones by having no peaks.

    In each frame the floor at a frequency is a quantile of the magnitudes in the octaves around it.
    All are first guesses, about which a scan of rendered recordings with
    `experiments/e14_ghosts.py` is flat.

    Parameters
    ----------
    octaves : float >= 0
        Range of frequencies that tell it.
    share : float, from 0 to 1
        Share of these magnitudes that are below it.
    times : float >= 0
        What it is multiplied by.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    Of one frame with a peak over noise of 0.2, the peak is left:

    >>> import numpy as np
    >>> from musisep.audio.floors import NoiseFloor
    >>> magnitudes = np.full((9, 1), 0.2)  # [bin, frame]
    >>> magnitudes[4] = 1.0
    >>> NoiseFloor(octaves=0.5).subtract(magnitudes, bins_per_octave=12.0)
    >>> magnitudes[:, 0].round(3).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0]
    """

    octaves: float = 0.5
    share: float = 0.3
    times: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name, value in (
            ("octaves", from_zero("octaves", self.octaves)),
            ("share", within("share", self.share, 0, 1)),
            ("times", from_zero("times", self.times)),
        ):
            object.__setattr__(self, name, value)

    def subtract(self, magnitudes: Floats, bins_per_octave: float) -> None:
        """Subtract the floor from magnitudes, in place; nothing falls below 0.

        Parameters
        ----------
        magnitudes : ndarray, float [bin, frame]
            Changed in place.
        bins_per_octave : float
            Bins per factor 2 in frequency.
        """
        bins, frames = magnitudes.shape
        reach = min(round(0.5 * self.octaves * bins_per_octave), bins)

        def subtract(block: slice) -> None:
            spectra = np.ascontiguousarray(magnitudes[:, block].T)
            subtract_floor(spectra, reach, self.share, self.times)
            magnitudes[:, block] = spectra.T

        each_block(subtract, frames)
