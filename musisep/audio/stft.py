"""Short-time Fourier transform, its inverse and their adjoints."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from musisep._util import threads
from musisep._util.checks import at_least, flag, function, one_of, sizes
from musisep._util.limits import MOST_SAMPLES
from musisep._util.signatures import shows_fields
from musisep.audio.arrays import LAYOUTS, Layout, Real, Spectra, as_channel, as_samples, frame_major
from musisep.audio.blocks import CACHE_POINTS, FrameGrid, GoBack
from musisep.audio.caches import kept
from musisep.audio.frames import FrameParameters
from musisep.audio.maps import SAFETIES, Safety, StftMaps


@dataclass(frozen=True, eq=False)
class SpectralTransform(FrameParameters):
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
    window : array_like [win_length] or [n_fft], optional
        Samples of the window itself; n_fft samples are those of a whole frame.
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

    References
    ----------
    D. W. Griffin, J. S. Lim: Signal estimation from modified short-time Fourier transform. IEEE
    Transactions on Acoustics, Speech, and Signal Processing 32 (1984),
    doi:10.1109/TASSP.1984.1164317.

    Examples
    --------
    A sinusoid of 500 Hz is loudest at 500 Hz, and comes back from its spectrum:

    >>> import numpy as np
    >>> from musisep.audio import SpectralTransform
    >>> sine = np.sin(2 * np.pi * 500 * np.arange(2000) / 8000)
    >>> transform = SpectralTransform(n_fft=256, hop_length=64, sample_rate=8000)
    >>> spectrum = transform.stft(sine)  # [frequency, frame]
    >>> transform.frequencies_hz[np.abs(spectrum[:, 16]).argmax()].item()
    500.0
    >>> np.allclose(transform.istft(spectrum, length=2000), sine)
    True
    """

    def stft(self, signal: ArrayLike, output_layout: Layout = "bfn") -> Spectra:
        """Transform a signal; calling the object does the same.

        Parameters
        ----------
        signal : array_like [..., sample]
            One signal or several.
        output_layout : {"bfn", "bnf"}
            Order of the last two axes: frequency and frame, or frame and frequency. In memory,
            the frequencies of a frame are neighbours in either case.

        Returns
        -------
        ndarray, complex [..., frequency, frame] or [..., frame, frequency]
            In complex64 if the signal is float32, else in complex128.

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

    __call__ = stft

    def each_part(self, signals: Real, use: Callable[..., object]) -> None:
        """Transform real signals and hand over blocks, as `each_block` does.

        Parameters
        ----------
        signals : ndarray, float [signal, sample]
            In the precision to compute in.
        use : function
            Called with two slices, of signals and of frames, as a tuple, and with the spectra
            [signal, frame, frequency] of these.
        """
        signals, maps = np.ascontiguousarray(signals), self._maps

        def work(part: tuple[slice, slice]) -> None:
            use(part, maps.forward(signals[part[0]], part[1]))

        threads.each(work, maps.grid.parts(len(signals), self.frames_of(signals)))

    def each_block(self, signal: ArrayLike, use: Callable[[slice, Spectra], object]) -> None:
        """Transform one channel and hand over small blocks of frames, for nothing to be stored.

        Parameters
        ----------
        signal : array_like [sample]
            One channel.
        use : function
            Called with the frames that a block holds, as a slice, and with its spectra
            [frame, frequency], which it may change. Blocks come in any order and, if
            `scipy.fft.get_workers` is above 1, from several threads.

        Raises
        ------
        ValueError
            As `stft`.

        Examples
        --------
        The energy at each frequency, of a spectrum that is never held as a whole:

        >>> import numpy as np
        >>> from musisep.audio import SpectralTransform
        >>> energy = np.zeros(129)
        >>> def add(frames, spectra):
        ...     energy[:] += (np.abs(spectra) ** 2).sum(axis=0)
        >>> transform = SpectralTransform(n_fft=256, hop_length=64)
        >>> transform.each_block(np.sin(2 * np.pi * np.arange(2000) / 16), add)
        >>> energy.argmax().item()  # 256 / 16
        16
        """
        function("use", use)
        self.each_part(as_channel(signal)[None], lambda part, spectra: use(part[1], spectra[0]))

    def each_block_of_all(
        self, signals: ArrayLike, use: Callable[[slice, Spectra], object], every: int = 1
    ) -> None:
        """Transform signals and hand over small blocks of frames, of all signals together.

        Parameters
        ----------
        signals : array_like [..., sample]
            One signal or several.
        use : function
            Called as by `each_block`, with spectra [..., frame, frequency].
        every : int > 0
            Of so many blocks one is handed over.

        Raises
        ------
        ValueError
            As `stft`, or if a parameter is out of its range.
        """
        function("use", use)
        every = at_least("every", every, 1)
        signals, maps = np.ascontiguousarray(as_samples(signals)), self._maps
        blocks = maps.grid.blocks(self.frames_of(signals), CACHE_POINTS)[::every]
        threads.each(lambda frames: use(frames, maps.forward(signals, frames)), blocks)

    def map_spectra(
        self,
        signal: ArrayLike,
        change: Callable[[slice, Spectra], Spectra],
        leading: tuple[int, ...],
        *,
        adjoint: bool = False,
        safety: Safety = "always",
    ) -> Real:
        """Transform a signal, change its spectra and transform back, in small blocks of frames.

        Parameters
        ----------
        signal : array_like [..., sample]
            One signal or several.
        change : function
            Called with the frames that a block holds, as a slice, and with their spectra
            [..., frame, frequency]; returns others [leading axes, frame, frequency]. Blocks
            come in any order and, if `scipy.fft.get_workers` is above 1, from several threads.
        leading : tuple of int
            Shape of the result before the samples.
        adjoint : bool
            Whether to go back by the adjoint of `stft` instead of by its inverse.
        safety : {"always", "off"}
            As of `istft`; the adjoint of `stft` needs none.

        Returns
        -------
        ndarray, float [leading axes, sample]
            `istft`, or `stft_adjoint`, of the changed spectra; the same for any number of
            threads.

        Raises
        ------
        ValueError
            As `stft` and `istft`, or if what `change` returns is of another shape.

        Examples
        --------
        A low-pass filter, and what is left, as two stems:

        >>> import numpy as np
        >>> from musisep.audio import SpectralTransform
        >>> low = np.sin(2 * np.pi * np.arange(2000) / 64)
        >>> high = np.sin(2 * np.pi * np.arange(2000) / 4)
        >>> def divide(frames, spectra):
        ...     mask = np.arange(129) < 30
        ...     return np.stack([spectra * mask, spectra * ~mask])
        >>> transform = SpectralTransform(n_fft=256, hop_length=64)
        >>> stems = transform.map_spectra(low + high, divide, (2,))
        >>> bool(abs(stems - [low, high])[:, 200:-200].max() < 1e-3)
        True
        """
        function("change", change)
        flag("adjoint", adjoint)
        one_of("safety", safety, SAFETIES)
        leading = sizes("leading", leading)
        signal = np.ascontiguousarray(as_samples(signal))
        maps, count, length = self._maps, self.frames_of(signal), signal.shape[-1]
        go_back = maps.adjoint if adjoint else self._inverse(count, length, safety)

        def changed(frames: slice) -> Spectra:
            spectra = np.asarray(change(frames, maps.forward(signal, frames)))
            shape = *leading, frames.stop - frames.start, self.bins
            if spectra.shape != shape:
                raise ValueError(f"change must return an array of {shape=}, not {spectra.shape}")
            return spectra

        return go_back(changed, count, (*leading, length), signal.dtype)

    def istft(
        self,
        spectrum: ArrayLike,
        length: int | None = None,
        *,
        input_layout: Layout = "bfn",
        safety: Safety = "always",
    ) -> Real:
        """Find the signal whose spectrum is closest to a given one, in the least squares sense.

        Frames are windowed, overlapped and added, and divided by the sum of the squared windows
        (Griffin and Lim, 1984): the exact inverse of `stft`.

        Parameters
        ----------
        spectrum : array_like, complex [..., frequency, frame]
            One spectrum or several.
        length : int > 0, optional
            Samples of the result; 0 behind the last sample under a window. If left out, those of
            the shortest signal with as many frames; it must be given for "minimal" padding, where
            that would be one sample of the last hop.
        input_layout : {"bfn", "bnf"}
            Order of the last two axes of the spectrum, as in `stft`.
        safety : {"always", "off"}
            Whether samples under no window before that are refused, or 0 as well.

        Returns
        -------
        ndarray, float [..., sample]
            In float32 if the spectrum is complex64, else in float64.

        Raises
        ------
        ValueError
            If the shape does not fit, or some sample lies under no window (see Notes).

        Notes
        -----
        Samples where the sum of the squared windows is below 2e-16 of a window's maximum cannot
        be recovered: there is no inverse if a hop is too long for the window, or if the window is
        0 at its beginning and the transform not centred.
        """
        spectrum = frame_major(spectrum, self.bins, input_layout)
        count = spectrum.shape[-2]
        shortest = self.shortest_length(count)
        if length is None and self.center and self.center_tail_pad == "minimal":
            raise ValueError("length=None must be given with center_tail_pad='minimal'")
        length = at_least("length", shortest if length is None else length, 1, MOST_SAMPLES)
        return self._maps.grid.each_group(self._inverse(count, length, safety), spectrum, length)

    def stft_adjoint(
        self, spectrum: ArrayLike, length: int, *, input_layout: Layout = "bfn"
    ) -> Real:
        """Apply the adjoint of `stft`: it takes gradients by the spectrum to ones by the signal.

        It is adjoint in the real inner product <a, b> = sum of ``(conj(a) * b).real``:
        <Z, stft(x)> = <stft_adjoint(Z, length), x> for all x and Z.

        Parameters
        ----------
        spectrum : array_like, complex [..., frequency, frame]
            Gradient by the spectrum, for one signal or several.
        length : int > 0
            Samples of the signal; the spectrum must have the frames of such a signal.
        input_layout : {"bfn", "bnf"}
            As of `istft`.

        Returns
        -------
        ndarray, float [..., sample]
            Gradient by the signal.

        Raises
        ------
        ValueError
            If the shape does not fit.

        Examples
        --------
        The inner products of spectra and of signals are the same:

        >>> import numpy as np
        >>> from musisep.audio import SpectralTransform
        >>> transform, rng = SpectralTransform(n_fft=64, hop_length=16), np.random.default_rng(0)
        >>> signal, spectrum = rng.standard_normal(200), transform(rng.standard_normal(200))
        >>> left = np.vdot(spectrum, transform(signal)).real
        >>> np.isclose(left, transform.stft_adjoint(spectrum, 200) @ signal).item()
        True
        """
        spectrum = frame_major(spectrum, self.bins, input_layout)
        frame, count = spectrum.shape[-2], self.frame_count(length)
        if frame != count:
            raise ValueError(f"spectrum with {frame=} must have {count} for {length=}")
        return self._maps.grid.each_group(self._maps.adjoint, spectrum, int(length))

    def istft_adjoint(
        self,
        signal: ArrayLike,
        *,
        output_layout: Layout = "bfn",
        safety: Safety = "always",
    ) -> Spectra:
        """Apply the adjoint of `istft`: it takes gradients by the signal to ones by the spectrum.

        <x, istft(Z, length)> = <istft_adjoint(x), Z> as in `stft_adjoint`, for all x of `length`
        samples and all Z with the frames of such a signal.

        Parameters
        ----------
        signal : array_like [..., sample]
            Gradient by the signal, of one or several.
        output_layout : {"bfn", "bnf"}
            As of `stft`.
        safety : {"always", "off"}
            As of `istft`: samples that are 0 there have no gradient.

        Returns
        -------
        ndarray, complex [..., frequency, frame] or [..., frame, frequency]
            Gradient by the spectrum.

        Raises
        ------
        ValueError
            As `istft`.
        """
        one_of("output_layout", output_layout, LAYOUTS)
        signal = as_samples(signal)
        count, length = self.frames_of(signal), signal.shape[-1]
        ends = self._maps.ends(count, length, safety)
        found = self._maps.inverse_adjoint(signal.reshape(-1, length), count, ends)
        result = found.reshape(*signal.shape[:-1], count, self.bins)
        return result if output_layout == "bnf" else result.swapaxes(-1, -2)

    @cached_property
    def _maps(self) -> StftMaps:
        return StftMaps(
            FrameGrid(self.n_fft, self.hop, self.lead),
            self.frame_window,
            self._scale,
            self.framing.mirrored,
        )

    def _inverse(self, count: int, length: int, safety: Safety) -> GoBack:
        return partial(self._maps.inverse, ends=self._maps.ends(count, length, safety))


@shows_fields(SpectralTransform)
def get_transform(*, window: ArrayLike | None = None, **parameters: Any) -> SpectralTransform:
    """Return a `SpectralTransform` with these parameters that is kept for the next such call.

    One with a `window` of its own is made anew each time. The order in which parameters are named
    does not matter.

    Parameters
    ----------
    window : array_like [win_length] or [n_fft], optional
        Samples of the window itself. This and the others are those of `SpectralTransform`, which
        tells more of them.
    n_fft, hop_length, win_length : int > 0
        Points of the Fourier transform of a frame, samples between frames and of the window.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`.
    periodic, center : bool
        Whether the window is periodic, and whether frames are centred.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends.
    center_tail_pad : {"symmetric", "minimal"}
        How far it goes on.
    normalized : bool or {"frame_length", "window"}
        What spectra are divided by.
    sample_rate : int > 0, optional
        In Hz.

    Returns
    -------
    SpectralTransform
        The same object for the same parameters, as long as it is kept.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> from musisep.audio import get_transform
    >>> get_transform(n_fft=512, hop_length=128) is get_transform(hop_length=128, n_fft=512)
    True
    """
    if window is None:
        with suppress(TypeError):  # of a list among the parameters of a window
            return _cached_transform(**dict(sorted(parameters.items())))
    return SpectralTransform(window=window, **parameters)


_cached_transform = kept("transforms")(SpectralTransform)
