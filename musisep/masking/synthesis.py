"""Spectrograms of the instruments from their tones."""

import numpy as np

from musisep.masking import _kernels
from musisep.masking.voices import Voices
from musisep.tones.model import checked_dictionary
from musisep.tones.peaks import Floats, Peaks

LARGEST_EXPONENT = 700.0
"""Of e, in double precision. A tone that high is on no axis."""


def synthesise(voices: Voices, harscale: float, pexp: float, m: int) -> Floats:
    """Synthesise the spectrogram of each instrument.

    Parameters
    ----------
    voices : Voices
        Tones, and the columns that they sound with.
    harscale : float
        Scale of the log-frequency axis, or `musisep.tones._kernels.LINEAR`.
    pexp : float
        Exponent for the addition of sinusoids.
    m : int
        Number of bins.

    Returns
    -------
    ndarray, shape (instrument, frame, m)

    Raises
    ------
    ValueError
        If a tone has no column, or an instrument that does not count.
    """
    tones, columns, dictionary, instruments = voices
    dictionary = checked_dictionary(dictionary, columns)
    known = not tones.insts.size or 0 <= tones.insts.min() <= tones.insts.max() < instruments
    if columns.shape != tones.insts.shape or not known:
        raise ValueError(f"voices must have a column for each tone, and {instruments=} at most")
    powers = np.zeros((instruments, len(tones.amps), m))
    _kernels.add_tones_of_frames(
        tones.params, np.ascontiguousarray(tones.insts), np.ascontiguousarray(columns), dictionary,
        float(harscale), float(pexp), powers,
    )  # fmt: skip
    return powers if pexp == 1 else powers ** (1 / pexp)


def linear_peaks(peaks: Peaks, harscale: float, lowest: float, sigma: float | None = None) -> Peaks:
    """Move tones from a log-frequency axis to a linear one.

    Parameters
    ----------
    peaks : Peaks
        Tones with shifts on the log-frequency axis.
    harscale : float
        Scale of that axis.
    lowest : float
        Position of its bin 0 on the linear axis.
    sigma : float, optional
        Width of a harmonic there, in bins; default: the numbers of the log-frequency axis.
    """
    sigmas = peaks.sigmas if sigma is None else np.full(peaks.sigmas.shape, sigma)
    shifts = lowest * np.exp(np.minimum(peaks.shifts / harscale, LARGEST_EXPONENT))
    return Peaks(peaks.amps, shifts, sigmas, peaks.spreads, peaks.insts)
