"""Measures of torch_specinv: how close a spectrogram is to another, in dB.

Arguments stand in the other order than in `musisep.metrics.spectrograms`, which computes them.
"""

from numpy.typing import ArrayLike

from musisep.metrics import spectrograms

__all__ = ["SER", "SNR", "sc", "ser", "snr", "spectral_convergence"]


def sc(input: ArrayLike, target: ArrayLike) -> float:
    """Return the spectral convergence, in dB.

    Parameters
    ----------
    input : array, shape (frequency, frame)
        What was found.
    target : array of the same shape
        What was wanted.

    Raises
    ------
    ValueError
        As `musisep.metrics.spectrograms.spectral_convergence`.
    """
    return float(spectrograms.spectral_convergence(target, input))


def snr(input: ArrayLike, target: ArrayLike) -> float:
    """Return the signal-to-noise ratio of spectrograms scaled to norm 1, in dB; see `sc`."""
    return float(spectrograms.snr(target, input))


def ser(input: ArrayLike, target: ArrayLike) -> float:
    """Return the signal-to-error ratio, in dB; see `sc`."""
    return float(spectrograms.ser(target, input))


spectral_convergence = sc
SNR = snr
SER = ser
