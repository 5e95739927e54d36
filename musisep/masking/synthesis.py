"""Spectrograms of the instruments from their tones."""

import math

import numpy as np

from musisep._util.checks import above_zero, at_least, from_zero, instance, within
from musisep._util.limits import LEAST_SIGMA, MOST_BINS, PEXP_MAX
from musisep.masking import _kernels
from musisep.masking.voices import Voices
from musisep.tones.checks import check_tones
from musisep.tones.model import checked_dictionary
from musisep.tones.peaks import Floats, Peaks

LARGEST_EXPONENT = 700.0
"""Of e, in double precision. A tone that high is on no axis."""
SKIRT_LEVEL, SKIRT_BINS = 0.5, 10.0
"""Amplitude of what an instrument sounds like between its harmonics, relative to the mean of these
around it; and how far these are from there, on average."""


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
    ndarray [instrument, frame, m]
        Magnitudes.

    Raises
    ------
    ValueError
        If a tone has no column, or an instrument that does not count, or a number is out of its
        range.

    Examples
    --------
    Each of two instruments plays a tone. The second harmonic is 12 bins above the fundamental:

    >>> import math
    >>> import numpy as np
    >>> from musisep.masking.synthesis import synthesise
    >>> from musisep.masking.voices import Voices
    >>> from musisep.tones.peaks import Peaks
    >>> tones = Peaks([[1.0, 2.0]], [[5.0, 20.0]], [[1.0, 1.0]], [[0.0, 0.0]], [[0, 1]])
    >>> voices = Voices.of(tones, np.array([[1.0, 0.3], [0.4, 1.0]]))
    >>> spectra = synthesise(voices, 12 / math.log(2), pexp=1, m=40)
    >>> spectra[:, 0, [5, 17, 20, 32]].round(2).tolist()
    [[1.0, 0.4, 0.0, 0.0], [0.0, 0.01, 0.6, 2.0]]
    """
    instance("voices", voices, Voices)
    harscale, pexp = from_zero("harscale", harscale), within("pexp", pexp, 1, PEXP_MAX)
    m = at_least("m", m, 1, MOST_BINS)
    tones, columns, dictionary, instruments = voices
    check_tones("tones of voices", tones)
    dictionary = checked_dictionary(dictionary, columns, "dictionary of voices")
    known = not tones.insts.size or 0 <= tones.insts.min() <= tones.insts.max() < instruments
    if columns.shape != tones.insts.shape or not known:
        raise ValueError(f"voices must have a column for each tone, and {instruments=} at most")
    powers = np.zeros((instruments, len(tones.amps), m))
    insts, columns = (np.array(x, dtype=np.int64, order="C") for x in (tones.insts, columns))
    _kernels.add_tones_of_frames(tones.params, insts, columns, dictionary, harscale, pexp, powers)
    return powers if pexp == 1 else powers ** (1 / pexp)


def with_skirts(spects: Floats) -> Floats:
    """Return spectra of instruments with what is between and around their harmonics.

    Strokes, breath, and whatever moves faster than a window belongs to those whose harmonics are
    near: all of them get a share of their own spectrum, spread over the bins.

    Parameters
    ----------
    spects : ndarray [instrument, frame, bin]
        On the linear axis; they are changed.

    Returns
    -------
    ndarray [instrument, frame, bin]
        The changed `spects`.

    Examples
    --------
    A harmonic stands alone. What is added falls with the distance from it:

    >>> import numpy as np
    >>> from musisep.masking.synthesis import with_skirts
    >>> spects = np.zeros((1, 1, 50))
    >>> spects[0, 0, 20] = 1.0
    >>> with_skirts(spects)[0, 0, [20, 21, 30, 40]].round(3).tolist()
    [1.025, 0.023, 0.009, 0.003]
    """
    decay = math.exp(-1 / SKIRT_BINS)
    _kernels.add_skirts(spects, SKIRT_LEVEL * (1 - decay) / (1 + decay), decay)
    return spects


def linear_peaks(peaks: Peaks, harscale: float, lowest: float, sigma: float | None = None) -> Peaks:
    """Move tones from a log-frequency axis to a linear one.

    Parameters
    ----------
    peaks : Peaks [..., tone]
        Tones with shifts on the log-frequency axis.
    harscale : float
        Scale of that axis.
    lowest : float
        Position of its bin 0 on the linear axis.
    sigma : float, optional
        Width of a harmonic there, in bins; default: the numbers of the log-frequency axis.

    Returns
    -------
    Peaks [..., tone]
        Tones with shifts on the linear axis.

    Raises
    ------
    ValueError
        If they are no tones, or a number is out of its range.

    Examples
    --------
    Twelve bins are an octave, in which frequencies double:

    >>> import math
    >>> from musisep.masking.synthesis import linear_peaks
    >>> from musisep.tones.peaks import Peaks
    >>> tones = Peaks([1.0, 1.0], [0.0, 12.0], [1.0, 1.0], [0.0, 0.0], [0, 0])
    >>> linear_peaks(tones, 12 / math.log(2), lowest=25.0).shifts.round(6).tolist()
    [25.0, 50.0]
    """
    instance("peaks", peaks, Peaks)
    harscale, lowest = above_zero("harscale", harscale), above_zero("lowest", lowest)
    if sigma is not None:
        sigma = within("sigma", sigma, LEAST_SIGMA, MOST_BINS)
    sigmas = peaks.sigmas if sigma is None else np.full(peaks.sigmas.shape, sigma)
    with np.errstate(over="ignore"):
        exponents = np.minimum(peaks.shifts / harscale, LARGEST_EXPONENT)
        shifts = np.minimum(lowest * np.exp(exponents), np.finfo(np.float64).max)
    return Peaks(peaks.amps, shifts, sigmas, peaks.spreads, peaks.insts)
