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
    input : array of any shape
        What was found.
    target : array of the same shape
        What was wanted.

    Raises
    ------
    ValueError
        As `musisep.metrics.spectrograms.spectral_convergence`.
    """
    return _over_all(spectrograms.spectral_convergence, input, target)


def snr(input: ArrayLike, target: ArrayLike) -> float:
    """Return the signal-to-noise ratio of spectrograms scaled to norm 1, in dB; see `sc`."""
    return _over_all(spectrograms.snr, input, target)


def ser(input: ArrayLike, target: ArrayLike) -> float:
    """Return the signal-to-error ratio, in dB; see `sc`."""
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
