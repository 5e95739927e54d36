"""Windows that are sums of cosines."""

import numpy as np
import scipy
from numpy.typing import NDArray

from musisep._util.messages import shown

Window = str | tuple[object, ...]
Floats = NDArray[np.float64]

COSINE_WINDOWS = (
    "boxcar",
    "hann",
    "hamming",
    "blackman",
    "blackmanharris",
    "nuttall",
    "flattop",
)
"""Windows of SciPy that are sums of few cosines, beside general_cosine and general_hamming."""
MOST_COSINES = 16
"""Windows of more are refused."""
NEGLIGIBLE = 1e-12
"""Rounding of the samples of a window whose maximum is 1."""


def get_window(window: Window, length: int) -> Floats:
    """Return `scipy.signal.get_window`, periodic; ValueError if there is no such window."""
    if not isinstance(window, str | tuple | float | int):
        raise ValueError(f"window={shown(window)}: must be a name, or a tuple with parameters")
    try:
        with np.errstate(all="ignore"):
            samples = scipy.signal.get_window(window, length)
    except (AttributeError, IndexError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"window={shown(window)}: {error}") from None
    if not np.isfinite(samples).all():
        raise ValueError(f"window={shown(window)} must be finite")
    return np.asarray(samples)


def cosine_sum(window: Window) -> Floats:
    """Find the amplitudes of the cosines whose sum is a window.

    Parameters
    ----------
    window : str or tuple
        For `scipy.signal.get_window`; periodic.

    Returns
    -------
    ndarray, float [cosine]
        c, with the window sum_e c[e] cos(2 pi e n / length) at samples n from 0 to length - 1.

    Raises
    ------
    ValueError
        If SciPy knows no such window, or it is no sum of at most 16 cosines.
    """
    samples, check = (get_window(window, 4 * n) for n in (MOST_COSINES, 23))
    amplitudes = np.fft.rfft(samples).real[:MOST_COSINES] / samples.size
    amplitudes[1:] *= 2
    amplitudes = amplitudes[: 1 + np.flatnonzero(abs(amplitudes) > NEGLIGIBLE).max(initial=0)]
    rebuilt = sample_window(amplitudes, check.size)
    if not (amplitudes.any() and np.allclose(rebuilt, check, rtol=0, atol=NEGLIGIBLE)):
        raise ValueError(
            f"window={shown(window)} must be a sum of cosines: one of "
            f"{', '.join(COSINE_WINDOWS)}, or a tuple for general_cosine or general_hamming"
        )
    return amplitudes


def sample_window(amplitudes: Floats, length: int) -> Floats:
    """Return `length` samples of the window with these amplitudes of cosines."""
    angles = 2 * np.pi * np.arange(length) / length
    return amplitudes @ np.cos(np.arange(amplitudes.size)[:, None] * angles)


def window_norms(amplitudes: Floats, lengths: NDArray[np.int64], norm: int) -> Floats:
    """Measure windows.

    Parameters
    ----------
    amplitudes : ndarray [cosine]
        See `cosine_sum`.
    lengths : ndarray, int [window]
        Samples of the windows.
    norm : int >= 0
        p of the p-norm.

    Returns
    -------
    ndarray, float [window]
        The norms, or the lengths if `norm` is 0.
    """
    if norm == 0:
        return lengths.astype(np.float64)
    # A power that is a sum of cosines has the same mean on all grids of more points than cosines.
    polynomial = norm % 2 == 0 or sample_window(amplitudes, 1024).min() > -NEGLIGIBLE
    degree = norm * (amplitudes.size - 1)
    points = np.minimum(lengths, degree + 1) if polynomial else lengths
    distinct, places = np.unique(points, return_inverse=True)
    windows = [abs(sample_window(amplitudes, count)) for count in distinct]
    peaks = np.array([window.max() or 1.0 for window in windows])  # powers must not vanish
    means = [np.mean((w / peak) ** norm) for w, peak in zip(windows, peaks, strict=True)]
    return peaks[places] * np.power(lengths * np.array(means)[places], 1 / norm)
