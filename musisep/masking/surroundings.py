"""What sounds around the tones that were found: before, after and above them.

A tone sets in before it is found, and it dies away, or rings in a room, after it is lost; its
harmonics go on above the last one of its column. All of that is the instrument's as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import above_zero
from musisep._util.fields import check_fields
from musisep.audio.frontend import Grid
from musisep.masking import _kernels
from musisep.masking.voices import Voices
from musisep.tones._kernels import AMP
from musisep.tones.peaks import Floats, Peaks


@dataclass(frozen=True)
class Surroundings:
    """Adds to voices what sounds around them.

    The numbers were chosen on low duos of ``train``; "What sounds around the tones" in
    `docs/decisions/masks.rst` has what others gave.

    Parameters
    ----------
    decay_db_s : float
        Decibels per second by which a tone dies away after it is lost; and by which it rises before
        it is found.
    near_semitones : float
        A tone is lost where there is none so near in its place.
    floor : float
        Amplitude, relative to the loudest tone's, below which nothing sounds.
    reach : int
        Times as many harmonics as the columns have are added up.
    fall : float
        Exponent with which harmonics above those of a column fall with their number.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    A tone is found in the second of four frames, which are 10 ms apart:

    >>> import numpy as np
    >>> from musisep.audio.frontend import Grid
    >>> from musisep.audio.logfreq import LogAxis
    >>> from musisep.masking.surroundings import Surroundings
    >>> from musisep.masking.voices import Voices
    >>> from musisep.tones.peaks import Peaks
    >>> grid = Grid(LogAxis(110.0, 880.0, 36), hop_length=80, sample_rate=8000, sigma_bins=1.0)
    >>> amps = np.array([[0.0], [1.0], [0.0], [0.0]])
    >>> tones = Peaks(amps, 0 * amps + 12, 0 * amps + 1, 0 * amps, np.zeros((4, 1), int))
    >>> voices = Surroundings(decay_db_s=100.0)(Voices.of(tones, np.ones((2, 1))), grid)
    >>> (20 * np.log10(voices.tones.amps.sum(axis=1))).round(2).tolist()
    [-1.0, 0.0, -1.0, -2.0]
    """

    decay_db_s: float = 60.0
    near_semitones: float = 0.1
    floor: float = 1e-4
    reach: int = 4
    fall: float = 3.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, reach=1)
        above_zero("decay_db_s", self.decay_db_s)

    def __call__(self, voices: Voices, grid: Grid) -> Voices:
        """Return voices with what sounds around them.

        Parameters
        ----------
        voices : Voices
            Tones [frame, place] on the log-frequency axis of the grid, and their columns.
        grid : Grid
            Where frames and bins lie.

        Returns
        -------
        Voices
            With three times as many places, and `reach` times as many harmonics.
        """
        decay = 10 ** (-self.decay_db_s * grid.hop_length / grid.sample_rate / 20)
        near = self.near_semitones / 12 * grid.axis.harscale * np.log(2)
        found = voices.tones.params, voices.tones.insts, voices.columns
        before = [values[::-1] for values in rung([x[::-1] for x in found], decay, near)]
        every = zip(found, rung(found, decay, near), before, strict=True)
        params, insts, columns = (np.concatenate(values, axis=-1) for values in every)
        amps = params[:, AMP]
        amps[amps < self.floor * amps.max(initial=0.0)] = 0.0
        tones = Peaks.from_params(params, insts)
        return Voices(tones, columns, self.continued(voices.dictionary), voices.instruments)

    def continued(self, dictionary: Floats) -> Floats:
        """Return columns that go on as the upper half of their harmonics does.

        The further harmonics fall from the median of what these would be at the last one.

        Parameters
        ----------
        dictionary : ndarray [harmonic, column]
            Relative amplitudes of the harmonics.

        Returns
        -------
        ndarray [reach * harmonic, column]
            The same, and of further harmonics.
        """
        size = len(dictionary)
        falling = (np.arange(1, self.reach * size + 1)[:, None] / size) ** -self.fall
        ends = np.median((dictionary / falling[:size])[size // 2 :], axis=0)
        return np.vstack((dictionary, ends * falling[size:]))


def rung(tones: Sequence[NDArray[Any]], decay: float, near: float) -> list[NDArray[Any]]:
    """Return what rings of tones: their parameters [frame, 4, place], instruments and columns.

    See `musisep.masking._kernels.ring`.
    """
    found = [np.array(values, order="C") for values in tones]
    rings = [np.zeros_like(values) for values in found]
    _kernels.ring(*found, decay, near, *rings)
    return rings
