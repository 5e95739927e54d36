"""Magnitudes on a geometric frequency axis, where a change of pitch is a shift."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from musisep.audio.cqt import constant_q_blocks
from musisep.audio.stft import SpectralTransform, gaussian_window
from musisep.compiled import kernel
from musisep.gaussians import CUT, gaussian_start, support

PASSES = 2
"""Times that "pursuit" looks for peaks in what the earlier times left over."""
FLOOR = 1e-7
"""Peaks below this share of a frame's largest are rounding and the cut of the window."""
NARROWEST, WIDEST = 0.8, 1.5
"""Limits of a fitted width, relative to that of a steady sinusoid."""


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

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    fmin_hz: float
    fmax_hz: float
    bins: int

    def __post_init__(self) -> None:
        """Refuse impossible axes."""
        if not 0 < self.fmin_hz < self.fmax_hz < math.inf:
            raise ValueError(
                f"fmin_hz={self.fmin_hz} and fmax_hz={self.fmax_hz} must satisfy "
                "0 < fmin_hz < fmax_hz"
            )
        if self.bins < 2:
            raise ValueError(f"bins={self.bins} must be at least 2")

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
        """Frequencies of the bins, shape (bin,)."""
        return self.hz(np.arange(self.bins))

    def hz(self, position: ArrayLike) -> NDArray[np.float64]:
        """Frequency at a position in (fractional) bins, of the shape of `position`."""
        return self.fmin_hz * np.exp(np.asarray(position, dtype=np.float64) / self.harscale)

    def position(self, hz: ArrayLike) -> NDArray[np.float64]:
        """Position in (fractional) bins of frequencies above 0, of the shape of `hz`."""
        hz = np.asarray(hz, dtype=np.float64)
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
    front_end: str = "cqt",
) -> NDArray[np.float64]:
    """Log-frequency spectrogram in which a sinusoid is a Gaussian of its amplitude.

    Parameters
    ----------
    signal : array, shape (..., sample)
    sample_rate : int, in Hz
    axis : LogAxis
        Its fmax_hz is at most sample_rate / 2.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    sigma_bins : float > 0
        Standard deviation of the Gaussian in bins.
    front_end : {"cqt", "pursuit"}
        "cqt": magnitude of the constant-Q transform, see `musisep.audio.cqt.constant_q`.
        "pursuit": peaks of a short-time spectrum redrawn on the axis, see
        `pursuit_magnitudes`.

    Returns
    -------
    array, shape (..., bin, frame)
        With 1 + sample // hop_length frames.

    Raises
    ------
    ValueError
        If the signal is empty, a parameter is out of its range or the front end is unknown.
    """
    signal = np.asarray(signal, dtype=np.float64)
    if front_end not in FRONT_ENDS:
        raise ValueError(f"front_end={front_end!r} must be one of {sorted(FRONT_ENDS)}")
    if signal.ndim == 0 or signal.shape[-1] == 0:
        raise ValueError(f"signal of shape={signal.shape} must have at least one sample")
    if hop_length < 1:
        raise ValueError(f"hop_length={hop_length} must be at least 1")
    if not 0 < sigma_bins < math.inf:
        raise ValueError(f"sigma_bins={sigma_bins} must be positive and finite")
    if axis.fmax_hz > sample_rate / 2:
        raise ValueError(
            f"fmax_hz={axis.fmax_hz} must be at most half of sample_rate={sample_rate}"
        )
    leading, frames = signal.shape[:-1], 1 + signal.shape[-1] // hop_length
    result = np.empty((*leading, axis.bins, frames))
    for index in np.ndindex(leading):
        FRONT_ENDS[front_end](
            signal[index], sample_rate, axis, hop_length, sigma_bins, result[index]
        )
    return result


def constant_q_magnitudes(
    signal: NDArray[np.float64],
    sample_rate: int,
    axis: LogAxis,
    hop_length: int,
    sigma_bins: float,
    result: NDArray[np.float64],
) -> None:
    """Fill `result` [bin, frame] by the constant-Q transform of one channel."""
    bandwidth = sigma_bins / axis.harscale
    for block, values in constant_q_blocks(
        signal, sample_rate, axis.frequencies_hz, bandwidth, hop_length
    ):
        np.abs(values, out=result[block])


def pursuit_magnitudes(
    signal: NDArray[np.float64],
    sample_rate: int,
    axis: LogAxis,
    hop_length: int,
    sigma_bins: float,
    result: NDArray[np.float64],
    window_sigma_s: float = 0.023,
) -> None:
    """Fill `result` [bin, frame] by the sinusoids found in one channel's short-time spectrum.

    Under a Gaussian window of standard deviation s a sinusoid is a Gaussian of standard
    deviation 1 / (2 pi s) in frequency, hence a parabola in log magnitude, that three bins
    determine. The fitted Gaussians are subtracted and the residual is searched once more.
    Each peak is then drawn on the axis, as high as the sinusoid's amplitude.

    Parameters are those of `log_spectrogram`, and the window's standard deviation in seconds,
    which must be above 0 (ValueError).
    """
    if not 0 < window_sigma_s < math.inf:
        raise ValueError(f"window_sigma_s={window_sigma_s} must be positive and finite")
    window_sigma = window_sigma_s * sample_rate  # samples
    n_fft = scipy.fft.next_fast_len(max(8, math.ceil(2 * CUT * window_sigma)), real=True)
    window = gaussian_window(n_fft, n_fft / (2 * window_sigma))
    transform = SpectralTransform(n_fft, hop_length, window=window, center_pad_mode="constant")
    peak_sigma = n_fft / (2 * math.pi * window_sigma)  # bins of the FFT
    first_bin = float(axis.position(sample_rate / n_fft))
    for first, spectra in transform.stft_blocks(signal):
        magnitudes = np.abs(spectra) * (2 / window.sum())
        drawn = np.zeros((len(spectra), axis.bins))
        redraw_peaks(magnitudes, peak_sigma, first_bin, axis.harscale, sigma_bins, drawn)
        result[:, first : first + len(spectra)] = drawn.T


@kernel
def redraw_peaks(residuals, peak_sigma, first_bin, harscale, sigma_bins, drawn):  # type: ignore[no-untyped-def]
    """Move the peaks of magnitude spectra to a logarithmic axis.

    Parameters
    ----------
    residuals : array, shape (frame, frequency)
        Magnitudes; what no peak explains is left.
    peak_sigma : float
        Standard deviation of a sinusoid's peak, in bins of `residuals`.
    first_bin : float
        Position on the logarithmic axis of bin 1 of `residuals`.
    harscale : float
        Bins of the logarithmic axis per factor e.
    sigma_bins : float
        Standard deviation of a drawn peak.
    drawn : array, shape (frame, bin)
        Changed in place: the peaks are added to it.
    """
    frames, size = residuals.shape
    position = np.empty(size)
    height = np.empty(size)
    sigma = np.empty(size)
    for t in range(frames):
        residual = residuals[t]
        floor = FLOOR * residual.max() + 1e-300  # never 0: its logarithm is taken
        for _ in range(PASSES):
            count = 0
            for i in range(1, size - 1):
                if residual[i] > floor and residual[i - 1] < residual[i] >= residual[i + 1]:
                    fitted = fit_peak(residual[i - 1], residual[i], residual[i + 1], floor)
                    position[count] = i + fitted[0]
                    height[count] = fitted[1]
                    sigma[count] = min(max(fitted[2], NARROWEST * peak_sigma), WIDEST * peak_sigma)
                    count += 1
            for peak in range(count):
                add_gaussian(residual, position[peak], -height[peak], sigma[peak])
                centre = first_bin + harscale * np.log(position[peak])
                add_gaussian(drawn[t], centre, height[peak], sigma_bins)


@kernel
def fit_peak(left, top, right, floor):  # type: ignore[no-untyped-def]
    """Fit a Gaussian through a maximum and its neighbours, raised to `floor` if below.

    Returns its position relative to the maximum, its height and its standard deviation.
    """
    down = np.log(top / max(left, floor))
    up = np.log(top / max(right, floor))
    position = 0.5 * (down - up) / (down + up)
    height = top * np.exp(0.125 * (down - up) ** 2 / (down + up))
    return position, height, 1 / np.sqrt(down + up)


@kernel
def add_gaussian(target, centre, height, sigma):  # type: ignore[no-untyped-def]
    """Add height * exp(-(i - centre)**2 / (2 sigma**2)), cut at 6 sigma, to target [i]."""
    low, high = support(centre, sigma, target.size)
    value, ratio, decay = gaussian_start(low, centre, sigma, 1.0)
    value *= height
    for i in range(low, high):
        target[i] += value
        value *= ratio
        ratio *= decay


FrontEnd = Callable[[NDArray[np.float64], int, LogAxis, int, float, NDArray[np.float64]], None]
"""Called with signal [sample], sample_rate, axis, hop_length, sigma_bins and the magnitudes
[bin, frame] to fill."""

FRONT_ENDS: dict[str, FrontEnd] = {"cqt": constant_q_magnitudes, "pursuit": pursuit_magnitudes}
"""Names that `log_spectrogram` accepts."""
