"""Constant-Q kernels: their frequencies, lengths and samples."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import above_zero, at_least, from_zero, number, whole_hz
from musisep.audio.cqt.cosinewindows import Window, get_window

Frequencies = NDArray[np.float64]
Lengths = NDArray[np.int64]

LONGEST = 2**30
"""Samples of a kernel, at most."""
ROUNDING = 1e-9
"""Share by which rounding may lift the last bin above the highest frequency."""


def create_cqt_kernels(
    *,
    Q: float,
    fs: int,
    fmin: float,
    n_bins: int,
    bins_per_octave: int,
    norm: int = 1,
    window: Window = "hann",
    fmax: float | None = None,
    gamma: float = 0.0,
) -> tuple[NDArray[np.complex128], int, NDArray[np.float64], Frequencies]:
    """Sample constant-Q kernels in time; `CQT` does without these large arrays.

    Parameters
    ----------
    Q : float > 0
        Frequency over bandwidth. A kernel has ceil(Q fs / (f + gamma / alpha)) samples, with
        alpha = 2^(1 / bins_per_octave) - 1.
    fs : int > 0
        Sample rate in Hz.
    fmin : float > 0
        Frequency of the first bin in Hz.
    n_bins, bins_per_octave : int > 0
        Number of bins, and of bins per factor 2 in frequency.
    norm : int >= 0
        Which norm of a kernel is 1; if 0, the maximum is about 1 over its length.
    window : str or tuple
        Any periodic window of `scipy.signal.get_window`.
    fmax : float, optional
        Limit in Hz that the last bin must not exceed.
    gamma : float >= 0
        In Hz; shortens the kernels of low frequencies.

    Returns
    -------
    kernels : ndarray, complex [bin, fft_len]
        Centred on sample fft_len // 2, where their phase is 0.
    fft_len : int
        Samples of the longest kernel, rounded up to a power of two.
    sqrt_lengths : ndarray, float [bin, 1]
        Square roots of the kernels' samples, by which `CQT` multiplies.
    frequencies : ndarray, float [bin]
        In Hz.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    The kernel of 440 Hz and a sinusoid of this frequency and amplitude 1, at its centre:

    >>> import numpy as np
    >>> from musisep.audio import create_cqt_kernels
    >>> kernels, fft_len, sqrt_lengths, frequencies = create_cqt_kernels(
    ...     Q=17.0, fs=8000, fmin=220.0, n_bins=13, bins_per_octave=12
    ... )
    >>> frequencies[[0, 12]].tolist(), (sqrt_lengths[[0, 12], 0] ** 2).round(6).tolist()
    ([220.0, 440.0], [619.0, 310.0])
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(fft_len) / 8000)
    >>> round(abs(complex(np.vdot(kernels[12], sine))), 3)
    0.5
    """
    Q, fs, norm = above_zero("Q", Q), at_least("fs", fs, 1), at_least("norm", norm, 0)
    frequencies, lengths = kernel_sizes(Q, fs, fmin, fmax, n_bins, bins_per_octave, gamma)
    fft_len = kernel_width(lengths)
    kernels = np.zeros((len(lengths), fft_len), np.complex128)
    for kernel, frequency, length in zip(kernels, frequencies, lengths, strict=True):
        samples = np.arange(length) - (length + 1) // 2
        shape = get_window(window, length)
        shape = shape / (np.linalg.norm(shape, ord=norm) if norm else length)
        kernel[fft_len // 2 + samples] = shape * np.exp(2j * np.pi / fs * frequency * samples)
    return kernels, fft_len, np.sqrt(lengths)[:, None], frequencies


def kernel_sizes(
    Q: float,
    sr: int,
    fmin: float,
    fmax: float | None,
    n_bins: int,
    bins_per_octave: int,
    gamma: float,
) -> tuple[Frequencies, Lengths]:
    """Return the frequencies of the bins and the samples of their kernels, or refuse them."""
    sr, fmin = whole_hz("sr", sr), above_zero("fmin", fmin)
    n_bins, gamma = at_least("n_bins", n_bins, 1), from_zero("gamma", gamma)
    alpha = octave_share(bins_per_octave)
    bins_per_octave = int(bins_per_octave)
    last = frequency_of(n_bins - 1, fmin, bins_per_octave)
    for name, limit in (("fmax", fmax), ("sr / 2", sr / 2)):
        highest = math.inf if limit is None else number(name, limit)
        if exceeds(last, highest):
            raise ValueError(
                f"{n_bins=} from {fmin=} with {bins_per_octave=} end at {last:g} Hz, "
                f"above {name}={highest:g}"
            )
    frequencies = frequency_of(np.arange(n_bins), fmin, bins_per_octave)
    lengths = np.ceil(Q * sr / (frequencies + gamma / alpha))
    if not 2 <= lengths[-1] <= lengths[0] <= LONGEST:
        raise ValueError(
            f"{fmin=} and {gamma=} make kernels of {lengths[-1]:g} to {lengths[0]:g} samples, "
            f"which must be at least 2 and at most {LONGEST}"
        )
    return frequencies, lengths.astype(np.int64)


@np.errstate(over="ignore")
def frequency_of(bins: ArrayLike, fmin: float, bins_per_octave: int) -> Frequencies:
    """Return the frequencies of bins in Hz; infinite if they are beyond numbers."""
    return fmin * 2 ** np.divide(bins, bins_per_octave)


def exceeds(frequencies: ArrayLike, highest: float) -> NDArray[np.bool_]:
    """Tell which frequencies are above the highest that is allowed, not by rounding alone."""
    return np.asarray(frequencies) > highest * (1 + ROUNDING)


def octave_share(bins_per_octave: int) -> float:
    """Return by what share of its frequency a bin is below the next, or refuse the number."""
    share: float = 2 ** (1 / at_least("bins_per_octave", bins_per_octave, 1)) - 1
    if share == 0:
        raise ValueError(f"{bins_per_octave=} must be less: all bins would be the same")
    return share


def kernel_width(lengths: Lengths) -> int:
    """Return the longest length, rounded up to a power of two."""
    return 1 << int(lengths.max() - 1).bit_length()
