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
        """Subtract the floor from magnitudes [bin, frame], in place; nothing falls below 0."""
        bins, frames = magnitudes.shape
        reach = min(round(0.5 * self.octaves * bins_per_octave), bins)

        def subtract(block: slice) -> None:
            spectra = np.ascontiguousarray(magnitudes[:, block].T)
            subtract_floor(spectra, reach, self.share, self.times)
            magnitudes[:, block] = spectra.T

        each_block(subtract, frames)
