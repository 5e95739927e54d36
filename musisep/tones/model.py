"""What all tones have in common, whatever the instrument: the axis, the widths, the exponents."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import above_zero, at_least, number, within
from musisep._util.limits import (
    LEAST_SCALE,
    LEAST_SIGMA,
    MOST_BINS,
    MOST_SIGMA,
    MOST_TONES,
    PEXP_MAX,
    QEXP_MAX,
    QEXP_MIN,
)
from musisep.audio._kernels.gaussians import CUT
from musisep.audio.arrays import as_real
from musisep.audio.frontend import Grid
from musisep.tones._kernels import EPS, SHIFT
from musisep.tones.peaks import Floats, Ints

SIGMA_RANGE = (0.8, 1.5)
"""Bounds of a tone's sigma, relative to the width of a steady sinusoid."""
SPREAD_MAX = 2e-3
"""Upper bound of a tone's inharmonicity."""


@dataclass(frozen=True)
class ToneModel:
    """What tones look like on a log-frequency axis, whatever the instrument.

    Parameters
    ----------
    fsigma : float, from 0.001 to 10,000
        Width (standard deviation) of a steady sinusoid, in bins.
    harscale : float > 0
        Bins per factor e in frequency; see `calc_harscale`.
    m : int > 0
        Number of bins.
    pexp : float, from 1 to 16
        Exponent for the addition of sinusoids.
    qexp : float, from 0.01 to 16
        Exponent that is applied to spectra before they are compared.
    lowest_hz : float > 0
        Frequency of the first bin in Hz; only what notes sound like depends on it.
    hop_s : float > 0
        Seconds between frames; only what notes sound like depends on them.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    An axis of five octaves with 24 bins per octave, and what it takes to keep the harmonics of a
    tone of eight harmonics on an axis:

    >>> import math
    >>> from musisep.tones.model import ToneModel
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> round(model.octave, 6)
    24.0
    >>> model.baseshift(8)
    93
    """

    fsigma: float
    harscale: float
    m: int
    pexp: float = 1.0
    qexp: float = 0.5
    lowest_hz: float = 27.5
    hop_s: float = 0.0116

    def __post_init__(self) -> None:
        """Refuse what is out of range; make floats, as kernels are compiled for these."""
        for name, value in (
            ("fsigma", within("fsigma", self.fsigma, LEAST_SIGMA, MOST_SIGMA)),
            ("harscale", within("harscale", self.harscale, LEAST_SCALE, MOST_BINS)),
            ("m", at_least("m", self.m, 1, 2 * MOST_BINS)),  # patterns are longer than spectra
            ("pexp", within("pexp", self.pexp, 1, PEXP_MAX)),
            ("qexp", within("qexp", self.qexp, QEXP_MIN, QEXP_MAX)),
            ("lowest_hz", above_zero("lowest_hz", self.lowest_hz)),
            ("hop_s", above_zero("hop_s", self.hop_s)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def on(cls, grid: Grid, pexp: float = 1.0, qexp: float = 0.5) -> "ToneModel":
        """Return what tones look like in the frames of a grid.

        Parameters
        ----------
        grid : Grid
            Where frames and bins lie.
        pexp : float, from 1 to 16
            Exponent for the addition of sinusoids.
        qexp : float, from 0.01 to 16
            Exponent that is applied to spectra before they are compared.

        Returns
        -------
        ToneModel
            The model with the bins, widths and frames of the grid.

        Raises
        ------
        ValueError
            If an exponent is out of its range.
        """
        axis, hop_s = grid.axis, grid.hop_length / grid.sample_rate
        return cls(grid.sigma_bins, axis.harscale, axis.bins, pexp, qexp, axis.fmin_hz, hop_s)

    @property
    def octave(self) -> float:
        """Bins of an octave."""
        return self.harscale * math.log(2)

    def roots(self, spectra: Floats) -> Floats:
        """Return spectra as they are compared: ``(y + eps)^q - eps^q``, 0 where a spectrum is 0.

        Parameters
        ----------
        spectra : ndarray [...]
            Magnitudes, of any shape.

        Returns
        -------
        ndarray [...]
            Roots, of the same shape.
        """
        return (spectra + EPS) ** self.qexp - self.root_floor

    @property
    def root_floor(self) -> float:
        """``eps^q``: what the loss adds to these roots on both sides."""
        return float(EPS**self.qexp)

    def baseshift(self, har: int) -> int:
        """Return the bins that harmonics of a tone of any spread reach above its fundamental.

        Parameters
        ----------
        har : int
            Number of harmonics.

        Returns
        -------
        int
            Number of bins, which has room for the width of the highest harmonic.
        """
        reach = math.log(har) + 0.5 * math.log1p(SPREAD_MAX * har**2)
        widest = CUT * SIGMA_RANGE[1] * self.fsigma
        return math.ceil(self.harscale * reach + 2 * widest)


def calc_harscale(minfreq: float, maxfreq: float, numfreqs: int) -> float:
    """Return the bins per factor e of a log-frequency axis.

    Parameters
    ----------
    minfreq : float
        Lowest frequency, included.
    maxfreq : float
        Highest frequency, excluded, in the unit of `minfreq`.
    numfreqs : int
        Number of bins between them.

    Returns
    -------
    float
        ``numfreqs / ln(maxfreq / minfreq)``.

    Raises
    ------
    ValueError
        Unless 0 < minfreq < maxfreq and numfreqs > 0.

    Examples
    --------
    The second harmonic of a tone is an octave above the first, which are 12 bins on this axis:

    >>> import math
    >>> from musisep.tones.model import calc_harscale
    >>> harscale = calc_harscale(110.0, 880.0, 36)
    >>> round(harscale * math.log(2), 6)
    12.0
    """
    low, high = number("minfreq", minfreq), number("maxfreq", maxfreq)
    ratio = high / low if low > 0 else 0.0
    if not 1 < ratio < math.inf:
        raise ValueError(f"{minfreq=} and {maxfreq=} must satisfy 0 < minfreq < maxfreq")
    return at_least("numfreqs", numfreqs, 1) / math.log(ratio)


def make_bounds(fsigma: float, length: int) -> list[tuple[float | None, float | None]]:
    """Return the bounds of the parameters of tones, in the order of `Peaks.get_array`.

    Parameters
    ----------
    fsigma : float
        Width of a steady sinusoid, in bins.
    length : int
        Number of tones.

    Returns
    -------
    list of tuple, of length 4 * length
        Lower and upper bound of each number, None where there is none. Amplitudes, shifts and
        spreads are at least 0.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> from musisep.tones.model import make_bounds
    >>> make_bounds(fsigma=2.0, length=1)
    [(0.0, None), (0.0, None), (1.6, 3.0), (0.0, 0.002)]
    """
    fsigma, length = above_zero("fsigma", fsigma), at_least("length", length, 0, MOST_TONES)
    limits: list[tuple[float | None, float | None]] = [
        (0.0, None),
        (0.0, None),
        (SIGMA_RANGE[0] * fsigma, SIGMA_RANGE[1] * fsigma),
        (0.0, SPREAD_MAX),
    ]
    return [limit for limit in limits for _ in range(length)]


def bound_arrays(fsigma: float, length: int, m: int) -> tuple[Floats, Floats]:
    """`make_bounds` as the kernels take it, on an axis of `m` bins: lower and upper, (4, length).

    A fundamental beyond the axis would explain nothing, and a fit might send it anywhere.
    """
    bounds = make_bounds(fsigma, length)
    lower = np.array([-np.inf if low is None else low for low, _ in bounds]).reshape(4, length)
    upper = np.array([np.inf if high is None else high for _, high in bounds]).reshape(4, length)
    upper[SHIFT] = m - 1
    return lower, upper


def checked_dictionary(inst_dict: ArrayLike, insts: Ints, name: str = "inst_dict") -> Floats:
    """`inst_dict` as the kernels want it; they do not check their indices.

    Raises
    ------
    ValueError
        If it is not [harmonic, instrument], or lacks a column for one of `insts`; the message
        calls it `name`.
    """
    # Numba takes read-only arrays for another type, for which kernels would be compiled anew.
    array = np.require(as_real(inst_dict, name), np.float64, ["C", "W"])
    if array.ndim != 2 or not len(array):
        raise ValueError(f"{name}.shape={array.shape} must be [harmonic, instrument]")
    if insts.size and not 0 <= insts.min() <= insts.max() < array.shape[1]:
        raise ValueError(
            f"instrument numbers {insts.min()} to {insts.max()} must lie in "
            f"0 to {array.shape[1] - 1}, the columns of the dictionary, {name}"
        )
    return array
