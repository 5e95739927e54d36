"""Sides: where between two channels a sound is heard.

A point of two spectra L and R has the side::

    z = (|L|^2 - |R|^2 + 2 i Re(L R*)) / (|L|^2 + |R|^2)

in the unit disc. A sound that is in both channels with real gains lies on the circle: at 1 if it is
on the left, at -1 on the right, at i in the middle, at -i if a channel is inverted. What has other
phases in the channels lies inside. (These are two of the three Stokes parameters of the pair.)
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from musisep._util.constants import TINY
from musisep.audio.arrays import Real, Spectra, peak
from musisep.audio.frontend import Grid
from musisep.audio.stft import SpectralTransform
from musisep.audio.windows import gaussian_window

WINDOW_S = 0.186
"""Length of the window of the spectra, in seconds; as of the masks."""
WINDOW_SIGMAS = 4.0
"""Standard deviations after which it is cut."""
CLEAR = 0.98
"""Distance from 0 beyond which a side is nearly on the circle."""
LEAST_CLEAR = 0.6
"""Share of what is heard that must be at such sides for these to tell anything of instruments. With
two microphones in a room it was 0.48 at most (55 recordings), with panning 0.76 at least (43)."""

Sides = NDArray[np.complexfloating]


def sides_of(spectra: Spectra) -> Sides:
    """Return the sides of the spectra of two channels.

    Parameters
    ----------
    spectra : ndarray, complex [channel, ...]
        Spectra of the left and of the right channel.

    Returns
    -------
    ndarray, complex [...]
        Sides in the unit disc; 0 where both channels are silent.

    Examples
    --------
    A sound on the left, one in the middle, one on the right, and silence:

    >>> import numpy as np
    >>> from musisep.audio.sides import sides_of
    >>> spectra = np.array([[2, 1 + 1j, 0, 0], [0, 1 + 1j, 3, 0]])
    >>> sides_of(spectra).tolist()
    [(1+0j), 1j, (-1+0j), 0j]
    """
    left, right = spectra
    energies = left.real**2 + left.imag**2, right.real**2 + right.imag**2
    total = energies[0] + energies[1]
    both = left.real * right.real + left.imag * right.imag
    sides = np.asarray(energies[0] - energies[1] + 2j * both)
    return np.divide(sides, total, out=np.zeros_like(sides), where=total > TINY)


def sides_on(grid: Grid, mixture: Real) -> Sides | None:
    """Return the sides of a mixture on a grid: those of the nearest bins of a spectrum.

    Parameters
    ----------
    grid : Grid
        Where frames and bins lie.
    mixture : ndarray, float [channel, sample]
        The recording.

    Returns
    -------
    ndarray, complex64 [frame, bin], or None
        None unless there are two channels, and sounds differ by their level in these: of the
        levels, to the power of 1.5, a share of `LEAST_CLEAR` must be at sides nearly on the circle.

    Examples
    --------
    A sinusoid that is three times as loud on the left as on the right:

    >>> import numpy as np
    >>> from musisep.audio.frontend import LogFrequencyFrontEnd
    >>> from musisep.audio.sides import sides_on
    >>> grid = LogFrequencyFrontEnd(hop_s=0.1, bins_per_octave=12.0).grid(8000)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> sides = sides_on(grid, np.stack([0.6 * sine, 0.2 * sine]))
    >>> loudest = round(grid.axis.position(440.0).item())
    >>> sides[5, loudest].astype(np.complex128).round(2).item()
    (0.8+0.6j)
    """
    if len(mixture) != 2:
        return None
    n_fft = 2 * scipy.fft.next_fast_len(round(WINDOW_S * grid.sample_rate / 2), real=True)
    transform = SpectralTransform(
        n_fft, grid.hop_length, window=gaussian_window(n_fft, WINDOW_SIGMAS),
        center_pad_mode="constant",
    )  # fmt: skip
    nearest = np.rint(grid.axis.frequencies_hz * (n_fft / grid.sample_rate)).astype(np.intp)
    sides = np.empty((transform.frames_of(mixture), nearest.size), np.complex64)
    heard, clear = np.zeros((2, len(sides)))

    def fill(frames: slice, spectra: Spectra) -> None:
        own = spectra[..., nearest]
        sides[frames] = sides_of(own)
        weights = (np.abs(own) ** 2).sum(axis=0) ** 0.75
        heard[frames] = weights.sum(axis=1)
        clear[frames] = (weights * (np.abs(sides[frames]) > CLEAR)).sum(axis=1)

    transform.each_block_of_all(mixture / (peak(mixture) or 1.0), fill)
    return sides if clear.sum() >= LEAST_CLEAR * heard.sum() else None
