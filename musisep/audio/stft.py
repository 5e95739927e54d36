"""Short-time Fourier transform, its inverse and their adjoints."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, DTypeLike, NDArray

from musisep.audio import threads
from musisep.audio.arrays import (
    LAYOUTS,
    Layout,
    Real,
    Spectra,
    as_real,
    frame_major,
    one_channel,
    real_kind,
)
from musisep.audio.checks import at_least, flag, one_of
from musisep.audio.framing import divide_by_windows, overlap_add, window_frames
from musisep.audio.windows import make_window, resolve_fft_params

BLOCK_POINTS = 2**20
"""Samples of windowed frames that are held at a time where blocks come one after another."""
CACHE_POINTS = 2**17
"""The same where a block is worked on by one core: little enough for its cache."""
CHOICES = {
    "center_pad_mode": ("reflect", "constant"),
    "center_tail_pad": ("symmetric", "minimal"),
    "normalized": (False, True, "frame_length", "window"),
}


@dataclass(frozen=True, eq=False)
class SpectralTransform:
    """Short-time Fourier transform of real signals, and its inverse.

    Signals are ``[..., sample]``, spectra ``[..., frequency, frame]`` with n_fft // 2 + 1
    frequencies. float32 signals have complex64 spectra and back; everything else is computed
    in float64. Threads: see `musisep.audio.threads.each`.

    Parameters
    ----------
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if left out.
    win_length : int, optional
        Samples of the window, at most n_fft (the default); zeros on both sides fill the frame.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`, or "rect", used unless `window` is given.
    window : array, shape (win_length,), optional
        Samples of the window itself.
    periodic : bool
        Whether the window that `window_fn` names is periodic or symmetric.
    center : bool
        If true, frame t has sample t * hop_length of the signal at its index n_fft // 2, and the
        signal is continued beyond both ends; otherwise frame t begins with that sample and only
        whole frames count.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends: mirrored, again and again if it is short, or silent.
    center_tail_pad : {"symmetric", "minimal"}
        "symmetric": n_fft // 2 samples are added at either end. "minimal", for "constant" only:
        as many frames as begin a hop of the signal, ceil(length / hop_length).
    normalized : bool or {"frame_length", "window"}
        Divide spectra by sqrt(n_fft) (true or "frame_length") or by the root of the sum of the
        squared window ("window").

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    n_fft: int
    hop_length: int | None = None
    win_length: int | None = None
    window_fn: str | tuple[object, ...] = "hann"
    window: ArrayLike | None = None
    periodic: bool = True
    center: bool = True
    center_pad_mode: Literal["reflect", "constant"] = "reflect"
    center_tail_pad: Literal["symmetric", "minimal"] = "symmetric"
    normalized: bool | Literal["frame_length", "window"] = False

    def __post_init__(self) -> None:
        """Refuse impossible parameters and build the window."""
        sizes = resolve_fft_params(self.n_fft, self.hop_length, self.win_length)
        for name, value in zip(("n_fft", "hop_length", "win_length"), sizes, strict=False):
            object.__setattr__(self, name, value)
        flag("center", self.center)
        for name, choices in CHOICES.items():
            one_of(name, getattr(self, name), choices)
        if self.center_tail_pad == "minimal" and self.center_pad_mode == "reflect":
            raise ValueError(
                "center_tail_pad='minimal' must go with center_pad_mode='constant', not 'reflect'"
            )
        self.frame_window.flags.writeable = False

    @cached_property
    def frame_window(self) -> NDArray[np.float64]:
        """The window between zeros, shape (n_fft,), not normalized."""
        width = self.win_length or self.n_fft
        return make_window(self.window, self.window_fn, width, self.n_fft, self.periodic)

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
        length = at_least("length", length, 1 if self.center else self.n_fft)
        if self.center and self.center_tail_pad == "minimal":
            return -(-length // self._hop)
        return 1 + (length + 2 * self.lead - self.n_fft) // self._hop

    def stft(self, signal: ArrayLike, output_layout: Layout = "bfn") -> Spectra:
        """Transform a signal.

        Parameters
        ----------
        signal : array, shape (..., sample)
        output_layout : {"bfn", "bnf"}
            Order of the last two axes: frequency and frame, or frame and frequency. In memory,
            the frequencies of a frame are neighbours in either case.

        Returns
        -------
        array of complex, shape (..., frequency, frame) or (..., frame, frequency)

        Raises
        ------
        ValueError
            If the signal is too short: empty or, without `center`, below n_fft samples.
        """
        one_of("output_layout", output_layout, LAYOUTS)
        signal = as_real(signal)
        frames = self.frame_count(signal.shape[-1])
        kind = np.result_type(real_kind(signal), np.complex64)
        result = np.empty((*signal.shape[:-1], frames, self.frequencies), dtype=kind)
        for index in np.ndindex(signal.shape[:-1]):
            self.each_block(signal[index], result[index].__setitem__)
        return result if output_layout == "bnf" else result.swapaxes(-1, -2)

    def each_block(self, signal: ArrayLike, use: Callable[[slice, Spectra], object]) -> None:
        """Transform one channel and hand over small blocks of frames, for nothing to be stored.

        Parameters
        ----------
        signal : array, shape (sample,)
        use : function
            Called with the frames that a block holds, as a slice, and with its spectra
            [frame, frequency], which it may change. Blocks come in any order and, if
            `scipy.fft.get_workers` is above 1, from several threads.

        Raises
        ------
        ValueError
            As `stft`.
        """
        channel = one_channel(signal)
        window = self._analysis(channel.dtype)

        def work(frames: slice) -> None:
            use(frames, self._spectra(channel, frames, window, self._reflect))

        count = self.frame_count(channel.size)
        share = -(-count // scipy.fft.get_workers()) * self.n_fft
        threads.each(work, self._blocks(count, min(CACHE_POINTS, share)))

    def stft_blocks(self, signal: ArrayLike) -> Iterator[tuple[int, Spectra]]:
        """Transform one channel, shape (sample,), block by block in the order of time.

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
        channel = one_channel(signal)
        window = self._analysis(channel.dtype)
        return (
            (frames.start, self._spectra(channel, frames, window, self._reflect))
            for frames in self._blocks(self.frame_count(channel.size), BLOCK_POINTS)
        )

    def istft(
        self, spectrum: ArrayLike, length: int | None = None, *, input_layout: Layout = "bfn"
    ) -> Real:
        """Find the signal whose spectrum is closest to a given one, in the least squares sense.

        Frames are windowed, overlapped and added, and divided by the sum of the squared windows
        (Griffin and Lim, 1984): the exact inverse of `stft`.

        Parameters
        ----------
        spectrum : array of complex, shape (..., frequency, frame)
        length : int > 0, optional
            Samples of the result. If left out, those of the shortest signal with as many frames;
            it must be given for "minimal" padding, where that would be one sample of the last hop.
        input_layout : {"bfn", "bnf"}
            Order of the last two axes of the spectrum, as in `stft`.

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
        be recovered: there is no inverse if a hop is too long for the window (at the end of the
        signal already if it is longer than half of it), if the window is 0 at its ends and the
        transform not centred, or if `length` is more than the frames reach.
        """
        spectrum = frame_major(spectrum, self.frequencies, input_layout)
        count = at_least("frames", spectrum.shape[-2], 1)
        if length is None:
            if self.center and self.center_tail_pad == "minimal":
                raise ValueError("length=None must be given with center_tail_pad='minimal'")
            length = (count - 1) * self._hop + self.n_fft - 2 * self.lead
        length = at_least("length", length, 1)
        blocks = self._cut(spectrum)
        return self._inverse(blocks, count, length, spectrum.shape[:-2], spectrum.dtype)

    def istft_blocks(
        self,
        blocks: Iterable[tuple[int, Spectra]],
        length: int,
        leading: tuple[int, ...] = (),
        dtype: DTypeLike = np.complex128,
    ) -> Real:
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

        Raises
        ------
        ValueError
            If the blocks are not all frames of such a signal, or as `istft`.
        """
        return self._inverse(blocks, self.frame_count(length), length, leading, dtype)

    def stft_adjoint(self, spectrum: ArrayLike, length: int) -> Real:
        """Apply the adjoint of `stft`: it takes gradients by the spectrum to ones by the signal.

        It is adjoint in the real inner product <a, b> = sum of ``(conj(a) * b).real``:
        <Z, stft(x)> = <stft_adjoint(Z, length), x> for all x and Z.

        Parameters
        ----------
        spectrum : array of complex, shape (..., frequency, frame)
        length : int > 0
            Samples of the signal; the spectrum must have the frames of such a signal.

        Returns
        -------
        array, shape (..., sample)

        Raises
        ------
        ValueError
            If the shape does not fit.
        """
        spectrum = frame_major(spectrum, self.frequencies, "bfn")
        if spectrum.shape[-2] != self.frame_count(length):
            raise ValueError(
                f"spectrum with frame={spectrum.shape[-2]} must have {self.frame_count(length)} "
                f"for {length=}"
            )
        window, weights = self._analysis(spectrum.real.dtype), self._parseval(spectrum.real.dtype)
        result = np.zeros((*spectrum.shape[:-2], length), dtype=window.dtype)
        blocks = ((first, block / weights) for first, block in self._cut(spectrum))
        self._overlap_add(blocks, window, self._reflect, result)
        return result

    def istft_adjoint(self, signal: ArrayLike) -> Spectra:
        """Apply the adjoint of `istft`: it takes gradients by the signal to ones by the spectrum.

        <x, istft(Z, length)> = <istft_adjoint(x), Z> as in `stft_adjoint`, for all x of `length`
        samples and all Z with the frames of such a signal.

        Parameters
        ----------
        signal : array, shape (..., sample)

        Returns
        -------
        array of complex, shape (..., frequency, frame)

        Raises
        ------
        ValueError
            As `istft`.
        """
        signal = as_real(signal).copy()
        count = self.frame_count(signal.shape[-1])
        divide_by_windows(signal, self.frame_window**2, self._hop, -self.lead, count)
        window, weights = self._synthesis(signal.dtype), self._parseval(signal.dtype)
        kind = np.result_type(signal, np.complex64)
        result = np.empty((*signal.shape[:-1], count, self.frequencies), dtype=kind)
        for index in np.ndindex(signal.shape[:-1]):
            for frames in self._blocks(count, BLOCK_POINTS):
                spectra = self._spectra(signal[index], frames, window, reflect=False)
                np.multiply(spectra, weights, out=result[index][frames])
        return result.swapaxes(-1, -2)

    @property
    def _hop(self) -> int:
        return self.hop_length or 1  # never None since construction

    @property
    def _reflect(self) -> bool:
        return self.center and self.center_pad_mode == "reflect"

    @cached_property
    def _scale(self) -> float:
        """What spectra are multiplied by."""
        if self.normalized == "window":
            return 1 / (math.sqrt(np.sum(self.frame_window**2)) or 1)  # an empty window stays so
        return 1 / math.sqrt(self.n_fft) if self.normalized else 1.0

    def _analysis(self, kind: DTypeLike) -> Real:
        return (self.frame_window * self._scale).astype(kind)

    def _synthesis(self, kind: DTypeLike) -> Real:
        return (self.frame_window / self._scale).astype(kind)

    def _parseval(self, kind: DTypeLike) -> Real:
        """Weights [frequency] with which rfft is the adjoint of irfft: others stand for two."""
        weights = np.full(self.frequencies, 2 / self.n_fft, dtype=kind)
        weights[0] /= 2
        if self.n_fft % 2 == 0:
            weights[-1] /= 2
        return weights

    def _blocks(self, count: int, points: int) -> list[slice]:
        """Divide frames into blocks of about `points` samples."""
        size = max(1, points // self.n_fft)
        return [slice(first, min(first + size, count)) for first in range(0, count, size)]

    def _cut(self, spectrum: Spectra) -> Iterator[tuple[int, Spectra]]:
        """Divide a spectrum [..., frame, frequency] into blocks for `istft_blocks`."""
        for frames in self._blocks(spectrum.shape[-2], BLOCK_POINTS):
            yield frames.start, spectrum[..., frames, :]

    def _spectra(self, signal: Real, frames: slice, window: Real, reflect: bool) -> Spectra:
        """Transform some frames of one channel; result [frame, frequency]."""
        windowed = np.empty((frames.stop - frames.start, self.n_fft), dtype=signal.dtype)
        start = frames.start * self._hop - self.lead
        window_frames(signal, window, start, self._hop, reflect, windowed)
        return scipy.fft.rfft(windowed, overwrite_x=True, workers=1)

    def _overlap_add(
        self,
        blocks: Iterable[tuple[int, Spectra]],
        window: Real,
        reflect: bool,
        result: Real,
    ) -> int:
        """Add the windowed inverse transforms of consecutive frames to `result` [..., sample]."""
        leading, count = result.shape[:-1], 0
        for first, spectra in blocks:
            shape = (*leading, spectra.shape[-2], self.frequencies)
            if first != count or spectra.shape != shape:
                raise ValueError(
                    f"block from frame {first} on of shape={spectra.shape} must begin with frame "
                    f"{count} and be of {shape=}"
                )
            start = first * self._hop - self.lead
            for index in np.ndindex(leading):
                frames = scipy.fft.irfft(spectra[index], self.n_fft, workers=None)
                overlap_add(frames, window, self._hop, start, reflect, result[index])
            count += spectra.shape[-2]
        return count

    def _inverse(
        self,
        blocks: Iterable[tuple[int, Spectra]],
        count: int,
        length: int,
        leading: tuple[int, ...],
        dtype: DTypeLike,
    ) -> Real:
        """Invert `count` frames; see `istft_blocks`."""
        result = np.zeros((*leading, length), dtype=np.empty(0, dtype).real.dtype)
        found = self._overlap_add(blocks, self._synthesis(result.dtype), False, result)
        if found != count:
            raise ValueError(f"blocks with {found} frames must have {count} for {length=}")
        divide_by_windows(result, self.frame_window**2, self._hop, -self.lead, count)
        return result


def get_transform(*, window: ArrayLike | None = None, **parameters: Any) -> SpectralTransform:
    """Return a `SpectralTransform` with these parameters that is kept for the next such call.

    One with a `window` of its own is made anew each time. Parameters, errors: as there.
    """
    if window is not None:
        return SpectralTransform(window=window, **parameters)
    try:
        hash(tuple(parameters.values()))
    except TypeError:  # a list among the parameters of a window
        return SpectralTransform(**parameters)
    return _cached_transform(**parameters)


def transform_cache_info() -> Any:
    """Tell how often `get_transform` found what it was asked for, as `functools.lru_cache` does."""
    return _cached_transform.cache_info()


def transform_cache_clear() -> None:
    """Forget the transforms that `get_transform` keeps, and its counts."""
    _cached_transform.cache_clear()


_cached_transform = lru_cache(maxsize=64, typed=True)(SpectralTransform)
