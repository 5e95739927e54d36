"""Short-time Fourier transform, its inverse and overlap-add."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import ArrayLike, DTypeLike, NDArray

from musisep.compiled import kernel

BLOCK_POINTS = 2**20
"""Samples of windowed frames that are held at a time."""
PAD_MODES = ("reflect", "constant")


@dataclass(frozen=True, eq=False)
class SpectralTransform:
    """Short-time Fourier transform of real signals, and its inverse.

    Signals are ``[..., sample]``, spectra ``[..., frequency, frame]`` with n_fft // 2 + 1
    frequencies. float32 signals have complex64 spectra and back; everything else is computed
    in float64.

    Parameters
    ----------
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0
        Samples between frames.
    win_length : int, optional
        Samples of the window, at most n_fft (the default); zeros on both sides fill the frame.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`, used unless `window` is given.
    window : array, shape (win_length,), optional
        Samples of the window itself.
    periodic : bool
        Whether the window that `window_fn` names is periodic or symmetric.
    center : bool
        If true, frame t is centred on sample t * hop_length of the signal, which is padded at
        both ends; otherwise frame t begins there and only whole frames count.
    center_pad_mode : {"reflect", "constant"}
        Padding: the signal mirrored at its ends, or zeros.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    n_fft: int
    hop_length: int
    win_length: int | None = None
    window_fn: str | tuple[object, ...] = "hann"
    window: ArrayLike | None = None
    periodic: bool = True
    center: bool = True
    center_pad_mode: str = "reflect"

    def __post_init__(self) -> None:
        """Refuse impossible parameters and build the window."""
        for name in ("n_fft", "hop_length"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{name}={value} must be an integer of at least 1")
        if self.win_length is None:
            object.__setattr__(self, "win_length", self.n_fft)
        if not isinstance(self.win_length, Integral) or not 1 <= self.win_length <= self.n_fft:
            raise ValueError(
                f"win_length={self.win_length} must be an integer from 1 to n_fft={self.n_fft}"
            )
        if self.center_pad_mode not in PAD_MODES:
            raise ValueError(f"center_pad_mode={self.center_pad_mode!r} must be one of {PAD_MODES}")
        self.frame_window.flags.writeable = False

    @cached_property
    def frame_window(self) -> NDArray[np.float64]:
        """The window between zeros, shape (n_fft,)."""
        window = self._make_window()
        left = (self.n_fft - window.size) // 2
        return np.pad(window, (left, self.n_fft - window.size - left))

    def _make_window(self) -> NDArray[np.float64]:
        if self.window is None:
            try:
                return scipy.signal.get_window(self.window_fn, self.win_length, self.periodic)
            except ValueError as error:
                raise ValueError(f"window_fn={self.window_fn!r}: {error}") from None
        window = np.asarray(self.window, dtype=np.float64)
        if window.shape != (self.win_length,) or not np.isfinite(window).all():
            raise ValueError(
                f"window of shape={window.shape} must be finite and of shape "
                f"(win_length,)=({self.win_length},)"
            )
        return window

    @property
    def frequencies(self) -> int:
        """Number of frequency bins."""
        return self.n_fft // 2 + 1

    @property
    def lead(self) -> int:
        """Samples by which frame t begins before sample t * hop_length."""
        return self.n_fft // 2 if self.center else 0

    def frame_count(self, length: int) -> int:
        """Count the frames of a signal of `length` samples; ValueError if there is none."""
        shortest = 1 if self.center else self.n_fft
        if length < shortest:
            raise ValueError(f"length={length} must be at least {shortest}")
        last_start = length if self.center else length - self.n_fft
        return 1 + last_start // self.hop_length

    def stft(self, signal: ArrayLike) -> NDArray[np.complexfloating]:
        """Transform a signal.

        Parameters
        ----------
        signal : array, shape (..., sample)

        Returns
        -------
        array of complex, shape (..., frequency, frame)
            In memory, the frequencies of a frame are neighbours.

        Raises
        ------
        ValueError
            If the signal is too short: empty or, without `center`, below n_fft samples.
        """
        signal = np.atleast_1d(np.asarray(signal))
        frames = self.frame_count(signal.shape[-1])
        kind = np.complex64 if signal.dtype == np.float32 else np.complex128
        result = np.empty((*signal.shape[:-1], frames, self.frequencies), dtype=kind)
        for index in np.ndindex(signal.shape[:-1]):
            for first, spectra in self.stft_blocks(signal[index]):
                result[index][first : first + len(spectra)] = spectra
        return result.swapaxes(-1, -2)

    def stft_blocks(self, signal: ArrayLike) -> Iterator[tuple[int, NDArray[np.complexfloating]]]:
        """Transform one channel, shape (sample,), block by block.

        Yields
        ------
        first : int
            Number of the block's first frame.
        spectra : array of complex, shape (frame, frequency)

        Raises
        ------
        ValueError
            As `stft`.
        """
        signal = np.asarray(signal)
        real = np.float32 if signal.dtype == np.float32 else np.float64
        count = self.frame_count(signal.size)
        padded = self._padded(signal.astype(real, copy=False))
        window = self.frame_window.astype(real)
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.n_fft)[:: self.hop_length]
        block = self._frames_per_block
        for first in range(0, count, block):
            yield first, scipy.fft.rfft(frames[first : min(first + block, count)] * window)

    def istft(self, spectrum: ArrayLike, length: int) -> NDArray[np.floating]:
        """Find the signal whose spectrum is closest to a given one, in the least squares sense.

        Frames are windowed, overlapped and added, and divided by the sum of the squared windows
        (Griffin and Lim, 1984): the exact inverse of `stft`.

        Parameters
        ----------
        spectrum : array of complex, shape (..., frequency, frame)
        length : int > 0
            Samples of the result; the spectrum must have the frames of such a signal.

        Returns
        -------
        array, shape (..., sample)

        Raises
        ------
        ValueError
            If the shape does not fit, or some sample lies under no window (see Notes).

        Notes
        -----
        Samples where the sum of the squared windows is below 2e-16 of a window's maximum cannot
        be recovered. At the end of the signal they occur if a hop is longer than half a window.
        """
        spectrum = np.asarray(spectrum)
        shape = (self.frequencies, self.frame_count(length))
        if spectrum.shape[-2:] != shape:
            raise ValueError(
                f"spectrum of shape={spectrum.shape} must end in (frequency, frame)={shape} "
                f"for length={length}"
            )
        size = self._frames_per_block
        blocks = (
            (first, spectrum[..., first : first + size].swapaxes(-1, -2))
            for first in range(0, shape[1], size)
        )
        return self.istft_blocks(blocks, length, spectrum.shape[:-2], spectrum.dtype)

    def istft_blocks(
        self,
        blocks: Iterable[tuple[int, NDArray[np.complexfloating]]],
        length: int,
        leading: tuple[int, ...] = (),
        dtype: DTypeLike = np.complex128,
    ) -> NDArray[np.floating]:
        """`istft` of a spectrum that comes block by block, as from `stft_blocks`.

        Parameters
        ----------
        blocks : iterable of (first, spectra)
            Number of the first frame, and spectra [leading axes, frame, frequency].
        length : int > 0
            Samples of the result.
        leading : tuple of int
            Shape of the result before the samples.
        dtype : dtype
            Of the spectra.

        Returns
        -------
        array [leading axes, sample]
        """
        weights = self._weights(length)
        kind = np.float32 if dtype == np.complex64 else np.float64
        result = np.zeros((*leading, length), dtype=kind)
        window = self.frame_window.astype(kind)
        for first, spectra in blocks:
            start = first * self.hop_length - self.lead
            for index in np.ndindex(leading):
                frames = scipy.fft.irfft(spectra[index], self.n_fft)
                overlap_add(frames, window, self.hop_length, start, result[index])
        result /= weights
        return result

    @property
    def _frames_per_block(self) -> int:
        return max(1, BLOCK_POINTS // self.n_fft)

    def _padded(self, signal: NDArray[np.floating]) -> NDArray[np.floating]:
        """Surround the signal with the samples that frames beyond its ends reach."""
        if not self.center:
            return signal
        pad = (self.lead, self.n_fft - self.lead)
        if self.center_pad_mode == "reflect":
            return np.pad(signal, pad, mode="reflect")
        return np.pad(signal, pad)

    def _weights(self, length: int) -> NDArray[np.float64]:
        """Sum of the squared windows at each sample, refused where it vanishes."""
        weights = np.zeros(length)
        count, block = self.frame_count(length), self._frames_per_block
        windows = np.tile(self.frame_window, (min(block, count), 1))
        for first in range(0, count, block):
            start = first * self.hop_length - self.lead
            overlap_add(windows[: count - first], windows[0], self.hop_length, start, weights)
        lost = weights <= np.finfo(np.float64).eps * np.max(self.frame_window**2)
        if lost.any():
            window = "given" if self.window is not None else repr(self.window_fn)
            raise ValueError(
                f"sample {lost.argmax()} of length={length} lies under no window: decrease "
                f"hop_length={self.hop_length} for n_fft={self.n_fft}, "
                f"win_length={self.win_length}, window={window}"
            )
        return weights


def gaussian_window(length: int, sigmas: float) -> NDArray[np.float64]:
    """Sample a Gaussian with maximum 1 at index length // 2, cut at `sigmas` standard deviations.

    Parameters
    ----------
    length : int > 0
        Samples.
    sigmas : float > 0
        The standard deviation is length / (2 * sigmas) samples.

    Returns
    -------
    array, shape (length,)

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """
    if length < 1 or not sigmas > 0:
        raise ValueError(f"length={length} and sigmas={sigmas} must be at least 1 and above 0")
    distance = (np.arange(length) - length // 2) * (2 * sigmas / length)
    return np.exp(-0.5 * distance**2)


@kernel
def overlap_add(frames, window, hop_length, start, signal):  # type: ignore[no-untyped-def]
    """Add windowed frames to a signal, leaving out what lies beyond its ends.

    Parameters
    ----------
    frames : array, shape (frame, n)
    window : array, shape (n,)
    hop_length : int
        Samples between the beginnings of frames.
    start : int
        Sample of the signal at which frame 0 begins; may be negative.
    signal : array, shape (sample,)
        Changed in place.
    """
    for t in range(frames.shape[0]):
        offset = start + t * hop_length
        for n in range(max(0, -offset), min(window.size, signal.size - offset)):
            signal[offset + n] += window[n] * frames[t, n]
