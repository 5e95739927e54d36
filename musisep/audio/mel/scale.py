"""Filters that are evenly spaced in mel."""

import math
from typing import Literal, NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from musisep._util.checks import at_least, number, one_of, whole_hz
from musisep.audio.arrays import read_only
from musisep.audio.caches import kept
from musisep.audio.filterbank import Filterbank

MelScale = Literal["htk", "slaney"]
MelNorm = Literal["slaney"]

SCALES = ("htk", "slaney")
NORMS = (None, "slaney")
SLANEY_HZ = 200 / 3
"""Width of each of the first 15 mels of Slaney's scale, which end at 1 kHz."""
SLANEY_STEP = math.log(6.4) / 27
"""Logarithm of the ratio between the ends of each further one."""
CLOSEST_HZ = 1e-6
"""Distance that the corners of a filter must have."""


def melscale_fbanks(
    n_freqs: int,
    f_min: float,
    f_max: float,
    n_mels: int,
    sample_rate: int,
    *,
    norm: MelNorm | None = None,
    mel_scale: MelScale = "htk",
) -> NDArray[np.float64]:
    """Make triangular filters whose corners are evenly spaced in mel.

    Bin k of `n_freqs` lies at k * sample_rate / n_fft for n_fft = 2 (n_freqs - 1), as in librosa:
    the last one is sample_rate / 2. torchaudio lets bins end at sample_rate // 2, half a hertz
    lower for odd sample rates. A number of bins cannot tell of an odd `n_fft`, whose last bin lies
    lower: the transforms here place their filters at its bins, as librosa does.

    Parameters
    ----------
    n_freqs : int > 0
        Bins of a spectrum.
    f_min, f_max : float
        Ends of the first and the last filter in Hz, 0 <= f_min < f_max and f_min < sample_rate / 2.
        What a filter has above sample_rate / 2 is cut off.
    n_mels : int > 0
        Number of filters.
    sample_rate : int > 0
        In Hz.
    norm : {None, "slaney"}
        Filters of height 1, or of area 1 (over Hz).
    mel_scale : {"htk", "slaney"}
        2595 log10(1 + f / 700 Hz); or linear up to 1 kHz and logarithmic from there.

    Returns
    -------
    ndarray, float [n_freqs, n_mels]
        Read-only. A filter may be zero if it is narrower than the bins, or lies beyond them.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    S. Young et al., The HTK Book, 2006; M. Slaney, Auditory Toolbox, 1998.

    Examples
    --------
    The second of three filters over nine bins from 0 to 4 kHz:

    >>> from musisep.audio import melscale_fbanks
    >>> filters = melscale_fbanks(9, 0.0, 4000.0, 3, 8000)  # [frequency, band]
    >>> filters[:, 1].round(2).tolist()
    [0.0, 0.11, 0.83, 0.65, 0.2, 0.0, 0.0, 0.0, 0.0]
    """
    n_freqs = at_least("n_freqs", n_freqs, 1)
    f_max = number("f_max", f_max)
    return _dense(n_freqs, _filters(f_min, f_max, n_mels, sample_rate, norm, mel_scale))


def mel_filterbank(
    n_fft: int,
    f_min: float,
    f_max: float | None,
    n_mels: int,
    sample_rate: int,
    norm: str | None,
    mel_scale: str,
) -> Filterbank:
    """Return the filters for spectra of `n_fft` points, which end below sample_rate / 2 if odd."""
    n_fft = at_least("n_fft", n_fft, 1)
    return _packed(n_fft, _filters(f_min, f_max, n_mels, sample_rate, norm, mel_scale))


def mel_frequencies(
    f_min: float, f_max: float | None, n_mels: int, sample_rate: int, mel_scale: str
) -> NDArray[np.float64]:
    """Return where the filters of `melscale_fbanks` are highest, in Hz, [n_mels]."""
    return _corners_hz(_filters(f_min, f_max, n_mels, sample_rate, None, mel_scale))[1:-1]


class _Filters(NamedTuple):
    """Parameters of `melscale_fbanks` that have been checked."""

    f_min: float
    f_max: float
    n_mels: int
    sample_rate: int
    norm: str | None
    mel_scale: str


def _filters(
    f_min: float,
    f_max: float | None,
    n_mels: int,
    sample_rate: int,
    norm: str | None,
    mel_scale: str,
) -> _Filters:
    """Check parameters; without `f_max`, it is sample_rate / 2."""
    sample_rate, n_mels = whole_hz("sample_rate", sample_rate), at_least("n_mels", n_mels, 1)
    one_of("norm", norm, NORMS)
    one_of("mel_scale", mel_scale, SCALES)
    f_min = number("f_min", f_min)
    f_max = sample_rate / 2 if f_max is None else number("f_max", f_max)
    if not (0 <= f_min < f_max and f_min < sample_rate / 2):
        raise ValueError(f"0 <= {f_min=} < {f_max=} and f_min < {sample_rate / 2=} must hold (Hz)")
    return _Filters(f_min, f_max, n_mels, sample_rate, norm, mel_scale)


@kept("mel filters as arrays")
def _dense(n_freqs: int, filters: _Filters) -> NDArray[np.float64]:
    return read_only(_triangles(np.linspace(0, filters.sample_rate / 2, n_freqs), filters))


@kept("mel filters")
def _packed(n_fft: int, filters: _Filters) -> Filterbank:
    return Filterbank(_triangles(scipy.fft.rfftfreq(n_fft, 1 / filters.sample_rate), filters))


def _triangles(frequencies_hz: NDArray[np.float64], filters: _Filters) -> NDArray[np.float64]:
    """`melscale_fbanks` at the given frequencies."""
    corners_hz = _corners_hz(filters)
    low, peak, high = corners_hz[:-2], corners_hz[1:-1], corners_hz[2:]
    rising = (frequencies_hz[:, None] - low) / (peak - low)
    falling = (high - frequencies_hz[:, None]) / (high - peak)
    weights = np.maximum(0, np.minimum(rising, falling))
    return weights * (2 / (high - low)) if filters.norm == "slaney" else weights


def _corners_hz(filters: _Filters) -> NDArray[np.float64]:
    """Where the filters begin, are highest, and end: each where its neighbour is highest."""
    f_min, f_max, n_mels, _, _, mel_scale = filters
    ends = _hz_to_mel(f_min, mel_scale), _hz_to_mel(f_max, mel_scale)
    corners_hz = _mel_to_hz(np.linspace(*ends, n_mels + 2), mel_scale)
    if np.diff(corners_hz).min() < CLOSEST_HZ:
        raise ValueError(f"{f_min=} and {f_max=} must be farther apart for {n_mels=} filters")
    return corners_hz


def _hz_to_mel(hz: float, mel_scale: str) -> float:
    if mel_scale == "htk":
        return 2595 * math.log10(1 + hz / 700)
    return hz / SLANEY_HZ if hz < 1000 else 15 + math.log(hz / 1000) / SLANEY_STEP


def _mel_to_hz(mel: NDArray[np.float64], mel_scale: str) -> NDArray[np.float64]:
    if mel_scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    return np.where(mel < 15, mel * SLANEY_HZ, 1000 * np.exp((mel - 15) * SLANEY_STEP))
