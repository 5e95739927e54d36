"""Measures of torch_specinv: how close a spectrogram is to another, in dB.

Arguments stand in the other order than in `musisep.metrics.spectrograms`, which computes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from musisep.audio.arrays import as_real
from musisep.metrics import spectrograms

__all__ = ["SER", "SNR", "sc", "ser", "snr", "spectral_convergence"]


def sc(input: ArrayLike, target: ArrayLike) -> float:
    """Return the spectral convergence, in dB.

    Parameters
    ----------
    input : array_like, float [...]
        What was found.
    target : array_like, float [...]
        What was wanted, of the same shape.

    Returns
    -------
    float
        In dB; the lower, the better. NaN if one of the two is silent.

    Raises
    ------
    ValueError
        If shapes differ, or a value is not finite.

    Warns
    -----
    RuntimeWarning
        If one of the two is silent.

    Examples
    --------
    A tenth too much is 20 dB below the target:

    >>> import numpy as np
    >>> from musisep.compat.torch_specinv import metrics
    >>> target = np.arange(12.0).reshape(3, 4)
    >>> round(metrics.sc(1.1 * target, target), 6)
    -20.0
    """
    return _over_all(spectrograms.spectral_convergence, input, target)


def snr(input: ArrayLike, target: ArrayLike) -> float:
    """Return the signal-to-noise ratio of spectrograms scaled to norm 1, in dB.

    Parameters
    ----------
    input : array_like, float [...]
        What was found.
    target : array_like, float [...]
        What was wanted, of the same shape.

    Returns
    -------
    float
        In dB; the higher, the better. NaN if one of the two is silent.

    Raises
    ------
    ValueError
        If shapes differ, or a value is not finite.

    Warns
    -----
    RuntimeWarning
        If one of the two is silent.

    Examples
    --------
    Scaled to norm 1, two that have nothing in common are the root of 2 apart:

    >>> from musisep.compat.torch_specinv import metrics
    >>> round(metrics.snr([[1.0, 0.0]], [[0.0, 5.0]]), 2)
    -3.01
    """
    return _over_all(spectrograms.snr, input, target)


def ser(input: ArrayLike, target: ArrayLike) -> float:
    """Return the signal-to-error ratio, in dB.

    Parameters
    ----------
    input : array_like, float [...]
        What was found.
    target : array_like, float [...]
        What was wanted, of the same shape.

    Returns
    -------
    float
        In dB; the higher, the better. NaN if one of the two is silent.

    Raises
    ------
    ValueError
        If shapes differ, or a value is not finite.

    Warns
    -----
    RuntimeWarning
        If one of the two is silent.

    Examples
    --------
    What was found is 11 times as large as its error:

    >>> import numpy as np
    >>> from musisep.compat.torch_specinv import metrics
    >>> target = np.arange(12.0).reshape(3, 4)
    >>> round(metrics.ser(1.1 * target, target), 2)
    20.83
    """
    return _over_all(spectrograms.ser, input, target)


def _over_all(measure: Callable[..., Any], input: ArrayLike, target: ArrayLike) -> float:
    """Apply a measure of ours to all values together."""
    found, wanted = as_real(input, "input"), as_real(target, "target")
    if found.shape != wanted.shape:
        raise ValueError(f"input of shape={found.shape} must have that of target, {wanted.shape}")
    return float(measure(wanted.reshape(1, -1), found.reshape(1, -1)))


spectral_convergence = sc
SNR = snr
SER = ser
