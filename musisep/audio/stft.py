"""Short-time Fourier transform, its inverse and their adjoints."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, DTypeLike, NDArray

from musisep._util import threads
from musisep._util.checks import at_least, flag, function, one_of, sizes, whole_hz
from musisep._util.remaking import Remade
from musisep.audio import arrays
from musisep.audio.arrays import LAYOUTS, Layout, Real, Spectra, as_channel, as_samples, frame_major
from musisep.audio.axes import frame_times
from musisep.audio.blocks import Blocks, FrameGrid, Shape
from musisep.audio.caches import kept
from musisep.audio.framing import divide_by_windows
from musisep.audio.windows import make_window, resolve_fft_params

CHOICES = {
    "center_pad_mode": ("reflect", "constant"),
    "center_tail_pad": ("symmetric", "minimal"),
    "normalized": (False, True, "frame_length", "window"),
}


@dataclass(frozen=True, eq=False)
class SpectralTransform(Remade):
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
    sample_rate : int > 0, optional
        In Hz; for `frequencies_hz` and `times_s`, nothing else.

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
    sample_rate: int | None = None

    def __post_init__(self) -> None:
        """Refuse impossible parameters and build the window."""
        sizes = resolve_fft_params(self.n_fft, self.hop_length, self.win_length)
        for name, value in zip(("n_fft", "hop_length", "win_length"), sizes, strict=False):
            object.__setattr__(self, name, value)
        flag("center", self.center)
        if self.sample_rate is not None:
            object.__setattr__(self, "sample_rate", whole_hz("sample_rate", self.sample_rate))
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
    def bins(self) -> int:
        """Number of frequencies."""
        return self.n_fft // 2 + 1

    @property
    def frequencies_hz(self) -> NDArray[np.float64]:
        """Frequencies of the bins, shape (frequency,); only with a `sample_rate`."""
        return scipy.fft.rfftfreq(self.n_fft, 1 / self._rate("frequencies_hz"))

    def times_s(self, frames: int) -> NDArray[np.float64]:
        """Return the middles of so many frames in seconds; only with a `sample_rate`."""
        middle = self.n_fft // 2 - self.lead
        return frame_times(frames, self.hop, self._rate("times_s"), middle)

    def _rate(self, wanted: str) -> int:
        if self.sample_rate is None:  # hasattr is to answer no
            raise AttributeError(f"{wanted} must be asked of a transform with a sample_rate")
        return self.sample_rate

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
        frames = at_least("frames", frames, 1)
        if self.center and self.center_tail_pad == "minimal":
            return (frames - 1) * self.hop + 1
        return (frames - 1) * self.hop + self.n_fft - 2 * self.lead

    def frame_count(self, length: int) -> int:
        """Count the frames of a signal of `length` samples; ValueError if there is none."""
        length = at_least("length", length, 1 if self.center else self.n_fft)
        if self.center and self.center_tail_pad == "minimal":
            return -(-length // self.hop)
        return 1 + (length + 2 * self.lead - self.n_fft) // self.hop

    def frames_of(self, signal: Real, name: str = "signal") -> int:
        """Count the frames of signals [..., sample]; ValueError by name if there is none."""
        arrays.check_length(signal, 1 if self.center else self.n_fft, name)
        return self.frame_count(signal.shape[-1])

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
        signal = as_samples(signal)
        shape = *signal.shape[:-1], self.frames_of(signal), self.bins
        result = np.empty(shape, np.result_type(signal, np.complex64))
        signals, spectra = signal.reshape(-1, signal.shape[-1]), result.reshape(-1, *shape[-2:])
        self.each_part(signals, spectra.__setitem__)
        return result if output_layout == "bnf" else result.swapaxes(-1, -2)

    def each_part(self, signals: Real, use: Callable[..., object]) -> None:
        """Transform real signals [signal, sample] and hand over blocks, as `each_block` does.

        `use` gets slices of signals and of frames, and spectra [signal, frame, frequency].
        """
        signals = np.ascontiguousarray(signals)
        grid, window = self._grid, self._analysis(signals.dtype)

        def work(part: tuple[slice, slice]) -> None:
            use(part, grid.spectra(signals[part[0]], part[1], window, self._reflect))

        threads.each(work, grid.parts(len(signals), self.frames_of(signals)))

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
        function("use", use)
        self.each_part(as_channel(signal)[None], lambda part, spectra: use(part[1], spectra[0]))

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
        function("change", change)
        flag("adjoint", adjoint)
        leading = sizes("leading", leading)
        signal = np.ascontiguousarray(as_samples(signal))
        window = self._analysis(signal.dtype)

        def changed(frames: slice) -> Spectra:
            given = self._grid.spectra(signal, frames, window, self._reflect)
            spectra = np.asarray(change(frames, given))
            shape = *leading, frames.stop - frames.start, self.bins
            if spectra.shape != shape:
                raise ValueError(f"change must return an array of {shape=}, not {spectra.shape}")
            return spectra

        go_back, length = self._adjoint if adjoint else self._inverse, signal.shape[-1]
        return go_back(changed, self.frames_of(signal), (*leading, length), signal.dtype)

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
        spectrum = frame_major(spectrum, self.bins, input_layout)
        shortest = self.shortest_length(spectrum.shape[-2])
        if length is None and self.center and self.center_tail_pad == "minimal":
            raise ValueError("length=None must be given with center_tail_pad='minimal'")
        length = shortest if length is None else length
        return self._grid.each_group(self._inverse, spectrum, at_least("length", length, 1))

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
        spectrum = frame_major(spectrum, self.bins, "bfn")
        frame, count = spectrum.shape[-2], self.frame_count(length)
        if frame != count:
            raise ValueError(f"spectrum with {frame=} must have {count} for {length=}")
        return self._grid.each_group(self._adjoint, spectrum, int(length))

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
        signal = as_samples(signal)
        count, signals = self.frames_of(signal), signal.reshape(-1, signal.shape[-1]).copy()
        divide_by_windows(signals, self.frame_window**2, self.hop, -self.lead, count)
        window, weights = self._synthesis(signal.dtype), self._grid.parseval(signal.dtype)
        shape = *signal.shape[:-1], count, self.bins
        result = np.empty(shape, np.result_type(signal, np.complex64))
        flat = result.reshape(-1, *shape[-2:])
        for part in self._grid.parts(len(signals), count):
            spectra = self._grid.spectra(signals[part[0]], part[1], window, reflect=False)
            np.multiply(spectra, weights, out=flat[part])
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
        flat = result.reshape(-1, shape[-1])
        for group in self._grid.groups(len(flat), count):  # NumPy would copy all signals at once
            divide_by_windows(flat[group], self.frame_window**2, self.hop, -self.lead, count)
        return result

    def _adjoint(self, spectra: Blocks, count: int, shape: Shape, kind: DTypeLike) -> Real:
        """Apply the adjoint to the spectra [..., frame, frequency] of `count` frames."""
        weights, window = self._grid.parseval(kind), self._analysis(kind)

        return self._grid.overlap_add(
            lambda frames: spectra(frames) / weights, count, shape, window, self._reflect
        )


def get_transform(*, window: ArrayLike | None = None, **parameters: Any) -> SpectralTransform:
    """Return a `SpectralTransform` with these parameters that is kept for the next such call.

    One with a `window` of its own is made anew each time. Parameters, errors: as there.
    """
    if window is None:
        with suppress(TypeError):  # of a list among the parameters of a window
            return _cached_transform(**parameters)
    return SpectralTransform(window=window, **parameters)


_cached_transform = kept("transforms")(SpectralTransform)
