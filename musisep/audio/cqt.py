"""Constant-Q transform with Gaussian filters, computed exactly in the frequency domain."""

import math
from collections.abc import Iterator

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from musisep.compiled import kernel

CUT_SIGMAS = 7.0
"""Filters end here, in frequency and in time: exp(-7**2 / 2) = 2e-11."""
PIECE_SAMPLES = 2**22
"""Longer signals are transformed in pieces of about this many samples."""
BLOCK_POINTS = 2**20
"""Complex values that are inverse-transformed at a time."""


def constant_q(
    signal: ArrayLike,
    sample_rate: int,
    frequencies_hz: ArrayLike,
    bandwidth: float,
    hop_length: int,
) -> NDArray[np.complex128]:
    r"""Constant-Q transform of a real signal.

    With X the discrete Fourier transform of the zero-padded signal over L points,

    .. math:: Q(k, t) = \frac{2}{L} \sum_f X(f) \exp\left(-\frac{(f - f_k)^2}{2 \sigma_k^2}\right)
              \exp\left(2 \pi i f \, t \, \frac{hop}{rate}\right), \quad \sigma_k = b f_k,

    where b is the bandwidth. A sinusoid of amplitude A on a bin's frequency has magnitude A
    in that bin (peak amplitude, not root mean square), away from the ends of the signal.

    Parameters
    ----------
    signal : array, shape (..., sample)
    sample_rate : int, in Hz
    frequencies_hz : array, shape (bin,), in (0, sample_rate / 2]
    bandwidth : float > 0
        Standard deviation of a filter relative to its centre frequency.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.

    Returns
    -------
    array of complex, shape (..., bin, frame)
        With 1 + sample // hop_length frames.

    Raises
    ------
    ValueError
        If the signal is empty or a parameter is out of its range.

    Notes
    -----
    The filters decay like Gaussians in time and frequency alike and are cut at 7 standard
    deviations, hence padding and splitting into pieces change the result by less than 1e-9.
    """
    signal, frequencies = _checked(signal, sample_rate, frequencies_hz, bandwidth, hop_length)
    leading, frames = signal.shape[:-1], 1 + signal.shape[-1] // hop_length
    result = np.empty((*leading, frequencies.size, frames), dtype=np.complex128)
    for index in np.ndindex(leading):
        for block, values in constant_q_blocks(
            signal[index], sample_rate, frequencies, bandwidth, hop_length
        ):
            result[(*index, *block)] = values
    return result


def constant_q_blocks(
    signal: ArrayLike,
    sample_rate: int,
    frequencies_hz: ArrayLike,
    bandwidth: float,
    hop_length: int,
) -> Iterator[tuple[tuple[slice, slice], NDArray[np.complex128]]]:
    """Compute `constant_q` of one channel block by block, in memory independent of its length.

    Parameters are those of `constant_q`, with `signal` of shape (sample,).

    Yields
    ------
    block : tuple of two slices, of bins and of frames
    values : array of complex, shape (bin, frame)
        This part of the transform. The blocks cover it once.

    Raises
    ------
    ValueError
        As `constant_q`.
    """
    signal, frequencies = _checked(signal, sample_rate, frequencies_hz, bandwidth, hop_length)
    frames = 1 + signal.size // hop_length
    longest_sigma = sample_rate / (2 * math.pi * bandwidth * frequencies.min())  # samples
    reach = math.ceil(CUT_SIGMAS * longest_sigma / hop_length)  # frames
    step = max(PIECE_SAMPLES // hop_length, 2 * reach, 1)
    for first in range(0, frames, step):
        last = min(first + step, frames)
        begin = max(first - reach, 0)
        piece = signal[begin * hop_length : (last + reach) * hop_length]
        points = scipy.fft.next_fast_len(-(-piece.size // hop_length) + 1 + reach)
        for bins, values in _filtered(
            piece, frequencies / sample_rate, bandwidth, hop_length, points
        ):
            yield (bins, slice(first, last)), values[:, first - begin : last - begin]


def _filtered(
    piece: NDArray[np.float64],
    frequencies: NDArray[np.float64],
    bandwidth: float,
    hop_length: int,
    points: int,
) -> Iterator[tuple[slice, NDArray[np.complex128]]]:
    """Yield blocks of bins over `points` frames; frequencies in cycles per sample."""
    spectrum = scipy.fft.fft(piece, points * hop_length)
    centres = frequencies * spectrum.size
    block = max(1, BLOCK_POINTS // points)
    for first in range(0, centres.size, block):
        bins = slice(first, min(first + block, centres.size))
        folded = np.zeros((bins.stop - first, points), dtype=np.complex128)
        fold_gaussians(spectrum, centres[bins], bandwidth, folded)
        # 2 / L of the definition, and ifft has divided by `points` already
        folded *= 2 / hop_length
        yield bins, scipy.fft.ifft(folded, axis=1, overwrite_x=True)


@kernel
def fold_gaussians(spectrum, centres, bandwidth, folded):  # type: ignore[no-untyped-def]
    """Weight a spectrum by Gaussians and fold each product modulo the number of points.

    Taking every hop-th sample of an inverse transform of length points * hop is the same as
    adding up its spectrum modulo `points` first.

    Parameters
    ----------
    spectrum : array of complex, shape (frequency,)
        Full spectrum, taken as periodic.
    centres : array, shape (bin,), in indices of `spectrum`
    bandwidth : float
        Standard deviation over centre.
    folded : array of complex, shape (bin, point)
        Changed in place: the products are added to it.
    """
    length = spectrum.size
    points = folded.shape[1]
    for k in range(centres.size):
        sigma = bandwidth * centres[k]
        first = int(np.ceil(centres[k] - CUT_SIGMAS * sigma))
        last = int(np.floor(centres[k] + CUT_SIGMAS * sigma))
        source = first % length
        target = first % points
        for i in range(first, last + 1):
            distance = (i - centres[k]) / sigma
            folded[k, target] += np.exp(-0.5 * distance * distance) * spectrum[source]
            source += 1
            if source == length:
                source = 0
            target += 1
            if target == points:
                target = 0


def _checked(
    signal: ArrayLike,
    sample_rate: int,
    frequencies_hz: ArrayLike,
    bandwidth: float,
    hop_length: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return signal and frequencies as arrays, or raise as `constant_q`."""
    signal = np.asarray(signal, dtype=np.float64)
    frequencies = np.asarray(frequencies_hz, dtype=np.float64)
    if signal.ndim == 0 or signal.shape[-1] == 0:
        raise ValueError(f"signal of shape={signal.shape} must have at least one sample")
    if hop_length < 1:
        raise ValueError(f"hop_length={hop_length} must be at least 1")
    if not 0 < bandwidth < math.inf:
        raise ValueError(f"bandwidth={bandwidth} must be positive and finite")
    if frequencies.ndim != 1 or frequencies.size == 0:
        raise ValueError(f"frequencies_hz of shape={frequencies.shape} must have shape (bin,)")
    if not (frequencies.min() > 0 and frequencies.max() <= sample_rate / 2):
        raise ValueError(
            f"frequencies_hz from {frequencies.min():g} to {frequencies.max():g} must be above 0 "
            f"and at most half of sample_rate={sample_rate}"
        )
    return signal, frequencies
