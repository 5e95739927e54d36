"""Short-time Fourier transform, its inverse and their adjoints."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from musisep._util import threads
from musisep._util.checks import at_least, flag, one_of
from musisep.audio.arrays import LAYOUTS, Layout, Real, Spectra, as_real, frame_major, one_channel
from musisep.audio.blocks import Blocks, FrameGrid, Shape
from musisep.audio.framing import divide_by_windows
from musisep.audio.windows import make_window, resolve_fft_params

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
    in float64. Threads: see `musisep._util.threads.each`.

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

    @property
    def hop(self) -> int:
        """Samples between frames."""
        return self.hop_length or 1  # never None since construction

    def shortest_length(self, frames: int) -> int:
        """Return the samples of the shortest signal with so many frames; may be 0 for one."""
        if self.center and self.center_tail_pad == "minimal":
            return (frames - 1) * self.hop + 1
        return (frames - 1) * self.hop + self.n_fft - 2 * self.lead

    def frame_count(self, length: int) -> int:
        """Count the frames of a signal of `length` samples; ValueError if there is none."""
        length = at_least("length", length, 1 if self.center else self.n_fft)
        if self.center and self.center_tail_pad == "minimal":
            return -(-length // self.hop)
        return 1 + (length + 2 * self.lead - self.n_fft) // self.hop

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
        kind = np.result_type(signal, np.complex64)
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
            use(frames, self._grid.spectra(channel, frames, window, self._reflect))

        threads.each(work, self._grid.shares(self.frame_count(channel.size)))

    def map_spectra(
        self,
        signal: ArrayLike,
        change: Callable[[slice, Spectra], Spectra],
        leading: tuple[int, ...],
        *,
        adjoint: bool = False,
    ) -> Real:
        """Transform a signal, change its spectra and transform back, in small blocks of frames.

        Parameters
        ----------
        signal : array, shape (..., sample)
        change : function
            Called with the frames that a block holds, as a slice, and with their spectra
            [..., frame, frequency]; returns others [leading axes, frame, frequency]. Blocks
            come in any order and, if `scipy.fft.get_workers` is above 1, from several threads.
        leading : tuple of int
            Shape of the result before the samples.
        adjoint : bool
            Whether to go back by the adjoint of `stft` instead of by its inverse.

        Returns
        -------
        array, shape (leading axes, sample)
            `istft`, or `stft_adjoint`, of the changed spectra; the same for any number of
            threads.

        Raises
        ------
        ValueError
            As `stft` and `istft`, or if what `change` returns is of another shape.
        """
        signal = np.ascontiguousarray(as_real(signal))
        window = self._analysis(signal.dtype)

        def changed(frames: slice) -> Spectra:
            spectra = change(frames, self._grid.spectra(signal, frames, window, self._reflect))
            shape = *leading, frames.stop - frames.start, self.frequencies
            if spectra.shape != shape:
                raise ValueError(f"changed spectra of {spectra.shape=} must be of {shape=}")
            return spectra

        go_back = self._adjoint if adjoint else self._inverse
        shape = *leading, signal.shape[-1]
        return go_back(changed, self.frame_count(signal.shape[-1]), shape, signal.dtype)

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
            length = self.shortest_length(count)
        length = at_least("length", length, 1)
        shape = *spectrum.shape[:-2], length
        return self._inverse(
            lambda frames: spectrum[..., frames, :], count, shape, spectrum.real.dtype
        )

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
        count, shape = spectrum.shape[-2], (*spectrum.shape[:-2], length)
        return self._adjoint(
            lambda frames: spectrum[..., frames, :], count, shape, spectrum.real.dtype
        )

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
        divide_by_windows(signal, self.frame_window**2, self.hop, -self.lead, count)
        window, weights = self._synthesis(signal.dtype), self._grid.parseval(signal.dtype)
        kind = np.result_type(signal, np.complex64)
        result = np.empty((*signal.shape[:-1], count, self.frequencies), dtype=kind)
        for index in np.ndindex(signal.shape[:-1]):
            for frames in self._grid.shares(count):
                spectra = self._grid.spectra(signal[index], frames, window, reflect=False)
                np.multiply(spectra, weights, out=result[index][frames])
        return result.swapaxes(-1, -2)

    @cached_property
    def _grid(self) -> FrameGrid:
        return FrameGrid(self.n_fft, self.hop, self.lead)

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

    def _inverse(self, spectra: Blocks, count: int, shape: Shape, kind: DTypeLike) -> Real:
        """Find signals of this shape from the spectra [..., frame, frequency] of `count` frames."""
        result = self._grid.overlap_add(spectra, count, shape, self._synthesis(kind), False)
        for index in np.ndindex(shape[:-1]):  # NumPy would copy all channels at once
            divide_by_windows(result[index], self.frame_window**2, self.hop, -self.lead, count)
        return result

    def _adjoint(self, spectra: Blocks, count: int, shape: Shape, kind: DTypeLike) -> Real:
        """Apply the adjoint to the spectra [..., frame, frequency] of `count` frames."""
        weights, window = self._grid.parseval(kind), self._analysis(kind)

        def weighted(frames: slice) -> Spectra:
            return spectra(frames) / weights

        return self._grid.overlap_add(weighted, count, shape, window, self._reflect)


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
