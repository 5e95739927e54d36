"""Magnitudes on a geometric frequency axis, where a change of pitch is a shift."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import above_zero, at_least, instance, number, one_of, whole_hz
from musisep._util.limits import MOST_SIGMA
from musisep.audio._kernels.filterbank import pool
from musisep.audio._kernels.gaussians import CUT, support
from musisep.audio._kernels.peaks import redraw_peaks
from musisep.audio.arrays import Real, Spectra, as_real, as_samples, check_length
from musisep.audio.cqt.constantq import constant_q_blocks
from musisep.audio.filterbank import measure_frames
from musisep.audio.stft import SpectralTransform
from musisep.audio.windows import gaussian_window

NYQUIST_SHARE = 0.49
"""Axes end at this share of the sample rate at the latest, unless they are given."""
PURSUIT_WINDOW_S = 0.023
"""Standard deviation of the window of "pursuit"."""
MEL_WINDOW_S = 0.046
"""The same of "mel", which cannot draw sinusoids narrower than its window makes them."""
FINEST = 2**20
"""Most bins of an octave; neighbours are a thousandth of a cent apart."""
ROUNDING_BINS = 1e-9
"""What an axis may lack of a whole bin, which it then has: rounding of its parameters."""
NARROWEST_FILTER = 0.5
"""Least standard deviation of a filter of "mel", in bins of the Fourier transform."""


@dataclass(frozen=True)
class LogAxis:
    """A geometric frequency axis.

    Parameters
    ----------
    fmin_hz : float > 0
        Frequency of bin 0.
    fmax_hz : float > fmin_hz
        End of the axis: the frequency that a bin number `bins` would have.
    bins : int, at least 2
        Number of bins.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    Two octaves of semitones from A2 on:

    >>> from musisep.audio.logfreq import LogAxis
    >>> axis = LogAxis(110.0, 440.0, 24)
    >>> axis.frequencies_hz[:3].round(2).tolist()
    [110.0, 116.54, 123.47]
    >>> axis.position(220.0).round(6).item()
    12.0
    """

    fmin_hz: float
    fmax_hz: float
    bins: int

    def __post_init__(self) -> None:
        """Refuse impossible axes."""
        low, high = number("fmin_hz", self.fmin_hz), number("fmax_hz", self.fmax_hz)
        if not 0 < low < high:
            raise ValueError(
                f"fmin_hz={self.fmin_hz} and fmax_hz={self.fmax_hz} must satisfy "
                "0 < fmin_hz < fmax_hz"
            )
        for name, value in {"fmin_hz": low, "fmax_hz": high}.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "bins", at_least("bins", self.bins, 2))

    @classmethod
    def below_nyquist(
        cls, fmin_hz: float, fmax_hz: float, bins_per_octave: float, sample_rate: int
    ) -> "LogAxis":
        """Make the axis of this resolution, as long as `fmax_hz` and the sample rate allow.

        Parameters
        ----------
        fmin_hz, fmax_hz : float > 0
            Frequency of bin 0, and the end of the axis in Hz.
        bins_per_octave : float > 0
            Bins per factor 2 in frequency.
        sample_rate : int
            In Hz; the axis ends at `NYQUIST_SHARE` of it at the latest.

        Returns
        -------
        LogAxis
            It ends at the last whole bin.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or no two bins have room.

        Examples
        --------
        At 8 kHz, a tenth of an octave more would be above 0.49 times the sample rate:

        >>> from musisep.audio import LogAxis
        >>> axis = LogAxis.below_nyquist(27.5, 20480.0, bins_per_octave=10, sample_rate=8000)
        >>> axis.bins, round(axis.fmax_hz, 1)
        (71, 3772.6)
        """
        sample_rate = whole_hz("sample_rate", sample_rate)
        per_octave = above_zero("bins_per_octave", bins_per_octave, FINEST)
        low = above_zero("fmin_hz", fmin_hz)
        high = min(above_zero("fmax_hz", fmax_hz), NYQUIST_SHARE * sample_rate)
        if low >= high:
            raise ValueError(
                f"fmin_hz={low} must be below {high} at {sample_rate} Hz, where fmax_hz "
                "and the sample rate let the axis end"
            )
        bins = int(per_octave * math.log2(high / low) + ROUNDING_BINS)
        if bins < 2:
            raise ValueError(f"{bins_per_octave=} must make 2 bins at least, not {bins=}")
        return cls(low, low * 2 ** (bins / per_octave), bins)

    @property
    def harscale(self) -> float:
        """Bins per factor e in frequency."""
        return self.bins / math.log(self.fmax_hz / self.fmin_hz)

    @property
    def bins_per_octave(self) -> float:
        """Bins per factor 2 in frequency."""
        return self.harscale * math.log(2)

    @property
    def frequencies_hz(self) -> NDArray[np.float64]:
        """Frequencies of the bins in Hz, [bin]."""
        return self.hz(np.arange(self.bins))

    def hz(self, position: ArrayLike) -> NDArray[np.float64]:
        """Return the frequencies at positions on the axis.

        Parameters
        ----------
        position : array_like [...]
            In bins, which may be fractions.

        Returns
        -------
        ndarray, float [...]
            In Hz, of the shape of `position`.

        Raises
        ------
        ValueError
            If a position is no real number, or its frequency no finite one.
        """
        bins = as_real(position, "position").astype(np.float64).reshape(np.shape(position))
        with np.errstate(over="ignore"):
            hz = self.fmin_hz * np.exp(bins / self.harscale)
        if np.isinf(hz).any():
            raise ValueError(f"position={bins.max():.3g} must be less: it is on no axis")
        return hz

    def position(self, hz: ArrayLike) -> NDArray[np.float64]:
        """Return the positions of frequencies on the axis.

        Parameters
        ----------
        hz : array_like [...]
            Frequencies above 0, in Hz.

        Returns
        -------
        ndarray, float [...]
            In bins, which may be fractions, of the shape of `hz`; below 0 under `fmin_hz`.

        Raises
        ------
        ValueError
            If a frequency is not above 0.
        """
        hz = as_real(hz, "hz").astype(np.float64).reshape(np.shape(hz))
        if not np.all(hz > 0):
            raise ValueError(f"hz={hz.min()} must be above 0")
        return self.harscale * np.log(hz / self.fmin_hz)


def log_spectrogram(
    signal: ArrayLike,
    sample_rate: int,
    axis: LogAxis,
    *,
    hop_length: int,
    sigma_bins: float = 6 / math.pi,
    front_end: "str | FillMagnitudes" = "cqt",
    gamma_hz: float = 0.0,
) -> Real:
    """Return the log-frequency spectrogram in which a sinusoid is a Gaussian of its amplitude.

    Parameters
    ----------
    signal : array_like [..., sample]
        One signal or several.
    sample_rate : int
        In Hz.
    axis : LogAxis
        Frequencies of the bins; its fmax_hz is at most sample_rate / 2.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    sigma_bins : float > 0, at most 10,000
        Standard deviation of the Gaussian in bins.
    front_end : {"cqt", "pursuit", "mel"} or FillMagnitudes
        "cqt": magnitude of the constant-Q transform, see `musisep.audio.cqt.constantq.constant_q`.
        "pursuit": peaks of a short-time spectrum redrawn on the axis, see
        `pursuit_magnitudes`.
        "mel": a short-time spectrum pooled by filters, see `mel_magnitudes`.
        Or a function that fills the magnitudes of one channel, as these do.
    gamma_hz : float >= 0
        For "cqt" only: makes the Gaussian wider by so many Hz and the filters faster.

    Returns
    -------
    ndarray, float [..., bin, frame]
        With 1 + sample // hop_length frames. Computed in double precision; float32 if the
        signal is.

    Raises
    ------
    ValueError
        If the signal is empty or not real, a parameter is out of its range or the front end is
        unknown.

    Examples
    --------
    A sinusoid of 440 Hz and amplitude 0.5 on an axis that has a bin there:

    >>> import numpy as np
    >>> from musisep.audio import LogAxis, log_spectrogram
    >>> sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> axis = LogAxis(110.0, 1760.0, 96)  # 24 bins an octave
    >>> frame = log_spectrogram(sine, 8000, axis, hop_length=200)[:, 10]
    >>> axis.frequencies_hz[frame.argmax()].round(3).item(), frame.max().round(3).item()
    (440.0, 0.5)
    """
    signal = as_samples(signal)
    check_length(signal, 1)
    instance("axis", axis, LogAxis)
    if not callable(front_end):
        one_of("front_end", front_end, FRONT_ENDS)
    sample_rate = whole_hz("sample_rate", sample_rate)
    hop_length = at_least("hop_length", hop_length, 1)
    sigma_bins = above_zero("sigma_bins", sigma_bins, MOST_SIGMA)
    gamma_hz = number("gamma_hz", gamma_hz)
    if axis.fmax_hz > sample_rate / 2:
        raise ValueError(
            f"fmax_hz={axis.fmax_hz:.12g} must be at most half of sample_rate={sample_rate}"
        )
    if gamma_hz != 0 and front_end != "cqt":
        raise ValueError(f"gamma_hz={gamma_hz} must be 0 for front_end={front_end!r}")
    fill = front_end if callable(front_end) else FRONT_ENDS[front_end]
    if gamma_hz != 0:
        fill = partial(fill, gamma_hz=gamma_hz)
    leading, frames = signal.shape[:-1], 1 + signal.shape[-1] // hop_length
    result = np.zeros((*leading, axis.bins, frames), dtype=signal.dtype)
    for index in np.ndindex(leading):
        channel = signal[index].astype(np.float64, copy=False)
        fill(channel, sample_rate, axis, hop_length, sigma_bins, result[index])
    return result


def constant_q_magnitudes(
    signal: NDArray[np.float64],
    sample_rate: int,
    axis: LogAxis,
    hop_length: int,
    sigma_bins: float,
    result: Real,
    gamma_hz: float = 0.0,
) -> None:
    """Fill `result` [bin, frame] by the constant-Q transform of one channel.

    Parameters
    ----------
    signal : ndarray, float [sample]
        One channel.
    sample_rate : int
        In Hz.
    axis : LogAxis
        Frequencies of the bins.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    sigma_bins : float > 0
        Standard deviation of a sinusoid, in bins.
    result : ndarray, float [bin, frame]
        Filled in place; with 1 + sample // hop_length frames.
    gamma_hz : float >= 0
        In Hz; as of `log_spectrogram`.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    A sinusoid of 440 Hz and amplitude 1:

    >>> import numpy as np
    >>> from musisep.audio.logfreq import LogAxis, constant_q_magnitudes
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> axis, result = LogAxis(110.0, 1760.0, 96), np.zeros((96, 21))  # 24 bins an octave
    >>> constant_q_magnitudes(sine, 8000, axis, 200, 1.5, result)
    >>> frame = result[:, 10]
    >>> axis.frequencies_hz[frame.argmax()].round(3).item(), frame.max().round(2).item()
    (440.0, 1.0)
    """
    bandwidth = sigma_bins / axis.harscale
    for block, values in constant_q_blocks(
        signal, sample_rate, axis.frequencies_hz, bandwidth, hop_length, gamma_hz=gamma_hz
    ):
        result[block] = np.abs(values)


def pursuit_magnitudes(
    signal: NDArray[np.float64],
    sample_rate: int,
    axis: LogAxis,
    hop_length: int,
    sigma_bins: float,
    result: Real,
    window_sigma_s: float = PURSUIT_WINDOW_S,
) -> None:
    """Fill `result` [bin, frame] by the sinusoids found in one channel's short-time spectrum.

    Under a Gaussian window of standard deviation s a sinusoid is a Gaussian of standard
    deviation 1 / (2 pi s) in frequency, hence a parabola in log magnitude, that three bins
    determine. The fitted Gaussians are subtracted and the residual is searched once more.
    Each peak is then drawn on the axis, as high as the sinusoid's amplitude.

    Parameters
    ----------
    signal : ndarray, float [sample]
        One channel.
    sample_rate : int
        In Hz.
    axis : LogAxis
        Frequencies of the bins.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    sigma_bins : float > 0
        Standard deviation of a sinusoid, in bins.
    result : ndarray, float [bin, frame]
        Filled in place; with 1 + sample // hop_length frames.
    window_sigma_s : float > 0
        Standard deviation of the window, in seconds.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    A sinusoid of 440 Hz and amplitude 1:

    >>> import numpy as np
    >>> from musisep.audio.logfreq import LogAxis, pursuit_magnitudes
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> axis, result = LogAxis(110.0, 1760.0, 96), np.zeros((96, 21))  # 24 bins an octave
    >>> pursuit_magnitudes(sine, 8000, axis, 200, 1.5, result)
    >>> frame = result[:, 10]
    >>> axis.frequencies_hz[frame.argmax()].round(3).item(), frame.max().round(2).item()
    (440.0, 1.0)
    """
    transform, peak_sigma = _gaussian_transform(sample_rate, hop_length, window_sigma_s)
    level = 2 / transform.frame_window.sum()
    first_bin = float(axis.position(sample_rate / transform.n_fft))

    def measure(spectra: Spectra, drawn: Real) -> None:
        drawn[:] = 0
        redraw_peaks(
            np.abs(spectra) * level, peak_sigma, first_bin, axis.harscale, sigma_bins, drawn
        )

    result[:] = measure_frames(transform, signal, axis.bins, measure)


def mel_magnitudes(
    signal: NDArray[np.float64],
    sample_rate: int,
    axis: LogAxis,
    hop_length: int,
    sigma_bins: float,
    result: Real,
    window_sigma_s: float = MEL_WINDOW_S,
) -> None:
    """Fill `result` [bin, frame] by pooling one channel's short-time magnitudes.

    The filters are Gaussians that are evenly spaced on the logarithmic axis. Under a Gaussian
    window a sinusoid is a Gaussian as well, and variances add: a filter has the variance that
    is wanted at its frequency less that of the window's spectrum. At low frequencies, where
    nothing would be left, it is nearly a point, and sinusoids are as wide as the window makes
    them. A sinusoid on a filter's frequency has its amplitude there.

    Parameters
    ----------
    signal : ndarray, float [sample]
        One channel.
    sample_rate : int
        In Hz.
    axis : LogAxis
        Frequencies of the bins.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    sigma_bins : float > 0
        Standard deviation of a sinusoid, in bins.
    result : ndarray, float [bin, frame]
        Filled in place; with 1 + sample // hop_length frames.
    window_sigma_s : float > 0
        Standard deviation of the window, in seconds.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    A sinusoid of 440 Hz and amplitude 1:

    >>> import numpy as np
    >>> from musisep.audio.logfreq import LogAxis, mel_magnitudes
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> axis, result = LogAxis(110.0, 1760.0, 96), np.zeros((96, 21))  # 24 bins an octave
    >>> mel_magnitudes(sine, 8000, axis, 200, 1.5, result)
    >>> frame = result[:, 10]
    >>> axis.frequencies_hz[frame.argmax()].round(3).item(), frame.max().round(2).item()
    (440.0, 1.0)
    """
    transform, peak_sigma = _gaussian_transform(sample_rate, hop_length, window_sigma_s)
    centres = axis.frequencies_hz * (transform.n_fft / sample_rate)
    wanted = centres * (sigma_bins / axis.harscale)
    sigmas = np.sqrt(np.maximum(wanted**2 - peak_sigma**2, NARROWEST_FILTER**2))
    ranges, weights = _gaussian_filters(centres, sigmas, peak_sigma, transform.bins)
    weights *= 2 / transform.frame_window.sum()

    def measure(spectra: Spectra, pooled: Real) -> None:
        pool(np.abs(spectra), ranges, weights, pooled)

    result[:] = measure_frames(transform, signal, axis.bins, measure)


def _gaussian_transform(
    sample_rate: int, hop_length: int, window_sigma_s: float
) -> tuple[SpectralTransform, float]:
    """Return a transform with a Gaussian window, and the width of a sinusoid in bins of it."""
    window_sigma = above_zero("window_sigma_s", window_sigma_s) * sample_rate  # samples
    n_fft = 2 * scipy.fft.next_fast_len(max(4, math.ceil(CUT * window_sigma)), real=True)
    window = gaussian_window(n_fft, n_fft / (2 * window_sigma))
    transform = SpectralTransform(n_fft, hop_length, window=window, center_pad_mode="constant")
    return transform, n_fft / (2 * math.pi * window_sigma)


def _gaussian_filters(
    centres: NDArray[np.float64], sigmas: NDArray[np.float64], peak_sigma: float, size: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return ranges and weights for `pool` of Gaussian filters over `size` bins.

    They sum up a Gaussian of standard deviation `peak_sigma` at their centre to 1.
    """
    ranges = np.array(
        [support(*filter_, size) for filter_ in zip(centres, sigmas, strict=True)], dtype=np.intp
    )
    weights = []
    for centre, sigma, (low, high) in zip(centres, sigmas, ranges, strict=True):
        squares = (np.arange(low, high) - centre) ** 2
        weight = np.exp(-0.5 * squares / sigma**2)
        weights.append(weight / (weight @ np.exp(-0.5 * squares / peak_sigma**2)))
    return ranges, np.concatenate(weights)


FillMagnitudes = Callable[..., None]
"""Called with signal [sample], sample_rate, axis, hop_length, sigma_bins, the magnitudes
[bin, frame] to fill, and options of its own."""

FRONT_ENDS: dict[str, FillMagnitudes] = {
    "cqt": constant_q_magnitudes,
    "pursuit": pursuit_magnitudes,
    "mel": mel_magnitudes,
}
"""Names that `log_spectrogram` accepts."""
