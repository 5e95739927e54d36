"""Constant-Q and variable-Q transforms with Gaussian filters, computed exactly, and the adjoint."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from musisep._util import threads
from musisep._util.checks import at_least, number, whole_hz
from musisep._util.remaking import Remade
from musisep.audio.arrays import (
    Real,
    Spectra,
    as_array,
    as_channel,
    as_real,
    as_samples,
    check_length,
    read_only,
)
from musisep.audio.axes import frame_times
from musisep.audio.cqt._kernels.variableq import CUT_SIGMAS, weigh
from musisep.audio.cqt.kernels import LONGEST

PIECE_SAMPLES = 2**22
"""Longer signals are transformed in pieces of about this many samples."""
BLOCK_POINTS = 2**20
"""Complex values that are inverse-transformed at a time."""


class Piece(NamedTuple):
    """Part of a signal that is transformed at once."""

    frames: slice
    """Frames that it yields."""
    kept: slice
    """Where they are among its points; the others belong to neighbouring pieces."""
    samples: slice
    """Samples that these frames see."""
    points: int
    """Frames of one period of its Fourier transform."""


@dataclass(frozen=True, eq=False)
class VariableQ(Remade):
    r"""Constant-Q, variable-Q or constant-bandwidth transform of real signals.

    With X the discrete Fourier transform of the zero-padded signal over L points,

    .. math:: Q(k, t) = \frac{2}{L} \sum_f X(f) \exp\left(-\frac{(f - f_k)^2}{2 \sigma_k^2}\right)
              \exp\left(2 \pi i f \, t \, \frac{hop}{rate}\right), \quad
              \sigma_k = b f_k + \gamma,

    where b is the bandwidth. A sinusoid of amplitude A on a bin's frequency has magnitude A
    in that bin (peak amplitude, not root mean square), away from the ends of the signal.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    frequencies_hz : array_like [bin]
        Centres of the filters in Hz, above 0 and at most sample_rate / 2.
    bandwidth : float >= 0
        Standard deviation of a filter relative to its centre frequency.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    gamma_hz : float >= 0
        What is added to all standard deviations. 0: constant Q. Above 0 the low filters are
        shorter in time; with a bandwidth of 0 all filters are alike.

    Attributes
    ----------
    centres_hz, sigmas_hz : ndarray, float [bin]
        Centres and standard deviations of the filters, which do not change.

    Raises
    ------
    ValueError
        If a parameter is out of its range, if a filter is wider than the sample rate, or if its
        impulse response has more than 2^30 samples.

    Notes
    -----
    The filters decay like Gaussians in time and frequency alike and are cut at 7 standard
    deviations, hence padding and splitting into pieces change the result by less than 1e-9.
    They are not cut at 0 Hz: filters so wide that they reach it see negative frequencies as
    well, and their magnitudes of a low sinusoid beat. It is the same at half the sample rate,
    where a sinusoid is its own negative frequency and has twice its amplitude.

    References
    ----------
    G. A. Velasco, N. Holighaus, M. Dörfler, T. Grill: Constructing an invertible constant-Q
    transform with non-stationary Gabor frames. Proc. DAFx-11, Paris (2011).

    Examples
    --------
    Filters of 20 Hz for three octaves of A, and a sinusoid of 440 Hz and amplitude 0.5:

    >>> import numpy as np
    >>> from musisep.audio import VariableQ
    >>> transform = VariableQ(8000, [220.0, 440.0, 880.0], 0.0, hop_length=200, gamma_hz=20.0)
    >>> sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> np.abs(transform.forward(sine)[:, 20]).round(3).tolist()
    [0.0, 0.5, 0.0]
    >>> transform.coefficient_shape(8000)
    (3, 41)
    """

    sample_rate: int
    frequencies_hz: ArrayLike
    bandwidth: float
    hop_length: int
    gamma_hz: float = 0.0
    centres_hz: NDArray[np.float64] = field(init=False, repr=False)
    sigmas_hz: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and prepare the filters."""
        rate = whole_hz("sample_rate", self.sample_rate)
        hop_length = at_least("hop_length", self.hop_length, 1)
        bandwidth = number("bandwidth", self.bandwidth)
        gamma_hz = number("gamma_hz", self.gamma_hz)
        centres = as_real(self.frequencies_hz, "frequencies_hz").astype(np.float64)
        if centres.ndim != 1 or centres.size == 0:
            raise ValueError(f"frequencies_hz of shape={centres.shape} must have shape (bin,)")
        if not (centres.min() > 0 and centres.max() <= rate / 2):
            raise ValueError(
                f"frequencies_hz from {centres.min():g} to {centres.max():g} must be above 0 "
                f"and at most half of sample_rate={rate}"
            )
        with np.errstate(over="ignore"):
            sigmas = bandwidth * centres + gamma_hz
        narrowest = CUT_SIGMAS * rate / (math.pi * LONGEST)
        if min(bandwidth, gamma_hz) < 0 or not narrowest <= sigmas.min() <= sigmas.max() <= rate:
            raise ValueError(
                f"bandwidth={bandwidth} and gamma_hz={gamma_hz} must be at least 0, and make "
                f"filters of {narrowest:.2g} Hz at least and sample_rate={rate} at most, "
                f"not of {sigmas.min():g} to {sigmas.max():g} Hz"
            )
        centres = read_only(centres)
        for name, value in (
            ("sample_rate", rate),
            ("frequencies_hz", centres),
            ("bandwidth", bandwidth),
            ("hop_length", hop_length),
            ("gamma_hz", gamma_hz),
            ("centres_hz", centres),
            ("sigmas_hz", read_only(sigmas)),
        ):
            object.__setattr__(self, name, value)

    def times_s(self, frames: int) -> NDArray[np.float64]:
        """Return the middles of frames.

        Parameters
        ----------
        frames : int >= 0
            Number of frames.

        Returns
        -------
        ndarray, float [frame]
            In seconds.
        """
        return frame_times(frames, self.hop_length, self.sample_rate, 0)

    def coefficient_shape(self, length: int) -> tuple[int, int]:
        """Return the numbers of bins and frames of a signal.

        Parameters
        ----------
        length : int > 0
            Samples of the signal.

        Returns
        -------
        bins : int
            Number of filters.
        frames : int
            Number of frames, 1 + length // hop_length.

        Raises
        ------
        ValueError
            If the length is not above 0.
        """
        return self.centres_hz.size, 1 + at_least("length", length, 1) // self.hop_length

    def forward(self, signal: ArrayLike) -> Spectra:
        """Transform a signal.

        Parameters
        ----------
        signal : array_like [..., sample]
            One signal or several.

        Returns
        -------
        ndarray, complex [..., bin, frame]
            With 1 + sample // hop_length frames. Computed in double precision; complex64 if the
            signal is float32.

        Raises
        ------
        ValueError
            If the signal is empty or not real.
        """
        signal = _checked(signal)
        leading = signal.shape[:-1]
        kind = np.result_type(signal, np.complex64)
        result = np.empty((*leading, *self.coefficient_shape(signal.shape[-1])), dtype=kind)
        for index in np.ndindex(leading):
            for block, values in self.blocks(signal[index]):
                result[(*index, *block)] = values
        return result

    def blocks(self, signal: ArrayLike) -> Iterator[tuple[tuple[slice, slice], Spectra]]:
        """Transform one channel block by block, in memory independent of its length.

        Parameters
        ----------
        signal : array_like [sample]
            One channel.

        Yields
        ------
        block : tuple of slice
            Two slices, of bins and of frames.
        values : ndarray, complex [bin, frame]
            This part of the transform. The blocks cover it once.

        Raises
        ------
        ValueError
            As `forward`.
        """
        signal = as_channel(_checked(signal))
        kind = np.result_type(signal, np.complex64)
        for piece in self._pieces(signal.size):
            for bins, values in self._analyse(signal, piece):
                yield (bins, piece.frames), values.astype(kind, copy=False)

    def adjoint(self, coefficients: ArrayLike, length: int) -> NDArray[np.float64]:
        """Apply the adjoint of `forward` to coefficients of one channel.

        It is adjoint in the real inner product, which is the sum of ``(conj(a) * b).real``: for
        all x [sample] and C [bin, frame], <C, forward(x)> = <adjoint(C, length), x>.

        Parameters
        ----------
        coefficients : array_like, complex [bin, frame]
            Those of one channel, or a gradient by them.
        length : int > 0
            Samples of the signal; the coefficients must have its frames.

        Returns
        -------
        ndarray, float [sample]
            The signal.

        Raises
        ------
        ValueError
            If the shape does not fit, or there are no numbers.

        Examples
        --------
        The inner products of coefficients and of signals are the same:

        >>> import numpy as np
        >>> from musisep.audio import VariableQ
        >>> transform = VariableQ(8000, [440.0, 880.0], 0.05, hop_length=50)
        >>> one, other = np.random.default_rng(0).standard_normal((2, 1000))
        >>> coefficients = transform.forward(one)
        >>> left = np.vdot(coefficients, transform.forward(other)).real
        >>> np.isclose(left, transform.adjoint(coefficients, 1000) @ other).item()
        True
        """
        values, shape = as_array(coefficients, "coefficients"), self.coefficient_shape(length)
        length = int(length)
        if values.shape != shape or values.dtype.kind not in "biufc":
            raise ValueError(
                f"coefficients of shape={values.shape} and dtype={values.dtype} must be numbers "
                f"of shape (bin, frame)={shape} for {length=}"
            )
        return self._gather(
            length,
            lambda piece: (
                (bins, values[bins, piece.frames]) for bins in self._bin_blocks(piece.points)
            ),
        )

    def normal(self, signal: NDArray[np.float64]) -> NDArray[np.float64]:
        """Apply `forward` to one channel, and `adjoint` to that; nothing is stored in between.

        Parameters
        ----------
        signal : ndarray, float [sample]
            One channel.

        Returns
        -------
        ndarray, float [sample]
            The signal that comes back, in float64.

        Raises
        ------
        ValueError
            As `forward`.
        """
        signal = as_channel(_checked(signal)).astype(np.float64, copy=False)
        return self._gather(signal.size, partial(self._analyse, signal))

    def response(self, points: int) -> NDArray[np.float64]:
        r"""Return the sum of the squared filters, :math:`\sum_k |g_k(f)|^2 + |g_k(-f)|^2`.

        Times 2 / hop_length, that is what `normal` multiplies a spectrum by, wherever filters
        are narrower than the frame rate.

        Parameters
        ----------
        points : int > 0
            Samples of the signal.

        Returns
        -------
        ndarray, float [points // 2 + 1]
            At the frequencies of `scipy.fft.rfft` over so many samples.

        Raises
        ------
        ValueError
            If `points` is not above 0.
        """
        points = at_least("points", points, 1)
        centres, sigmas = self._scaled(points)
        result, ones = np.zeros(points), np.ones(points)
        for centre, sigma in zip(centres, sigmas / math.sqrt(2), strict=True):
            weigh(ones, centre, sigma, result)
        return _both_sides(result)

    def _pieces(self, length: int) -> Iterator[Piece]:
        hop, frames = self.hop_length, self.coefficient_shape(length)[1]
        longest_sigma = self.sample_rate / (2 * math.pi * self.sigmas_hz.min())  # samples
        reach = math.ceil(CUT_SIGMAS * longest_sigma / hop)  # frames
        step = max(PIECE_SAMPLES // hop, 2 * reach, 1)
        for first in range(0, frames, step):
            last = min(first + step, frames)
            begin = max(first - reach, 0)
            samples = slice(begin * hop, min((last + reach) * hop, length))
            points = -(-(samples.stop - samples.start) // hop) + 1 + reach
            yield Piece(
                slice(first, last),
                slice(first - begin, last - begin),
                samples,
                scipy.fft.next_fast_len(points),
            )

    def _bin_blocks(self, points: int) -> Iterator[slice]:
        bins, block = self.centres_hz.size, max(1, BLOCK_POINTS // points)
        for first in range(0, bins, block):
            yield slice(first, min(first + block, bins))

    def _scaled(self, length: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return centres and widths of the filters in indices of a spectrum of `length` points."""
        scale = length / self.sample_rate
        return self.centres_hz * scale, self.sigmas_hz * scale

    def _analyse(self, signal: Real, piece: Piece) -> Iterator[tuple[slice, Spectra]]:
        """Yield some bins and their coefficients [bin, frame] of a piece at a time.

        Taking every hop-th sample of an inverse transform of length points * hop is the same
        as adding up its spectrum modulo `points` first.
        """
        samples = signal[piece.samples].astype(np.float64, copy=False)
        spectrum = scipy.fft.fft(samples, piece.points * self.hop_length)
        centres, sigmas = self._scaled(spectrum.size)
        for bins in self._bin_blocks(piece.points):
            folded = np.zeros((bins.stop - bins.start, piece.points), dtype=np.complex128)
            threads.each(
                lambda filter_: weigh(spectrum, *filter_),
                list(zip(centres[bins], sigmas[bins], folded, strict=True)),
            )
            # 2 / L of the definition, and ifft has divided by `points` already
            folded *= 2 / self.hop_length
            yield bins, scipy.fft.ifft(folded, axis=1, overwrite_x=True)[:, piece.kept]

    def _gather(
        self, length: int, blocks: Callable[[Piece], Iterable[tuple[slice, Spectra]]]
    ) -> NDArray[np.float64]:
        """Apply the adjoint to coefficients that come, for each piece, as from `_analyse`."""
        result = np.zeros(length)
        for piece in self._pieces(length):
            spectrum = np.zeros(piece.points * self.hop_length, dtype=np.complex128)
            centres, sigmas = self._scaled(spectrum.size)
            for bins, values in blocks(piece):
                padded = np.zeros((len(values), piece.points), dtype=np.complex128)
                padded[:, piece.kept] = values
                folded = scipy.fft.fft(padded, axis=1, overwrite_x=True)
                for filter_ in zip(folded, centres[bins], sigmas[bins], strict=True):
                    weigh(*filter_, spectrum)
            # irfft divides by points * hop, and the factor of 2 is in the two sides
            samples = scipy.fft.irfft(_both_sides(spectrum), spectrum.size)
            result[piece.samples] += samples[: piece.samples.stop - piece.samples.start]
        return result


def _both_sides(spectrum: NDArray[Any]) -> NDArray[Any]:
    """Add to each frequency from 0 to half the rate the conjugate of its negative."""
    half = spectrum.size // 2 + 1
    return spectrum[:half] + spectrum[-np.arange(half)].conj()


def _checked(signal: ArrayLike) -> Real:
    signal = as_samples(signal)
    check_length(signal, 1)
    return signal
