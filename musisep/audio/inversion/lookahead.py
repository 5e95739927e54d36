"""Phase retrieval frame by frame, for signals that are still going on."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike

from musisep._util.checks import at_least, flag, from_zero
from musisep._util.progress import Progress
from musisep.audio.arrays import Real, Spectra
from musisep.audio.inversion._kernels import accelerate, set_magnitudes, weave
from musisep.audio.inversion.retrieval import Problem, reporting
from musisep.audio.inversion.starts import Rng, in_the_middle, shows_stft
from musisep.audio.stft import SpectralTransform

THIN = 1e-3
"""Least sum of squared windows that a sum of frames is divided by, relative to a whole one."""


@shows_stft
def rtisi_la(
    spec: ArrayLike,
    look_ahead: int = -1,
    asymmetric_window: bool = False,
    max_iter: int = 25,
    alpha: float = 0.99,
    verbose: bool = True,
    *,
    init: str | ArrayLike | None = None,
    rng: Rng = None,
    length: int | None = None,
    transform: SpectralTransform | None = None,
    progress: Progress | None = None,
    **stft_parameters: Any,
) -> Real:
    """Find a signal of given magnitudes frame by frame, looking some frames ahead.

    A frame and those that are looked at ahead are improved by the fast algorithm of Griffin and
    Lim, with the frames before as they are; then it stays as it is, and the next one comes in
    (real-time iterative spectrogram inversion [1]_, with look-ahead [2]_). Beyond the ends of the
    signal the samples are what the transform continues it with, as far as they can be known; give
    `length` if it is known, as the mirror stands there.

    Parameters
    ----------
    spec : array_like, float or complex [..., frequency, frame]
        Magnitudes, or complex numbers that have them and phases to start from.
    look_ahead : int >= -1
        Frames that are looked ahead; -1 stands for all that overlap,
        (win_length - 1) // hop_length; 0 is the algorithm without looking ahead.
    asymmetric_window : bool
        Whether a frame that comes in is seen through a window that makes up for what the frames
        after it will add. It is of no effect if there is an `init`.
    max_iter : int >= 0
        Iterations for each frame.
    alpha : float >= 0
        How much further the fast variant goes; 0 is the original algorithm.
    verbose : bool
        Whether to show a progress bar on stderr, if that is a terminal.
    init : {"single-pass", "pghi", "random", "zero"} or array_like, optional
        Phases to start from [..., frequency, frame], as of `griffin_lim`. If left out, and `spec`
        is not complex, a frame starts from the phases of what the frames before it add to it.
    rng : numpy.random.Generator or int, optional
        Source of randomness, or its seed.
    length : int > 0, optional
        Samples of the signal; if left out, those of the shortest one with so many frames.
    transform : SpectralTransform, optional
        What the magnitudes are from.
    progress : function, optional
        Called with the name of the algorithm, frames done and to do.

    Returns
    -------
    ndarray, float [..., sample]
        A signal in single precision if the magnitudes are, else in double precision.

    Other Parameters
    ----------------
    n_fft : int > 0, optional
        Points of the Fourier transform of a frame; 2 * (frequency - 1) if left out.
    hop_length, win_length, window_fn, window, periodic : optional
        Hop and window of a `SpectralTransform`, instead of `transform`, with its defaults.
    center, center_pad_mode, center_tail_pad, normalized, sample_rate : optional
        Ends, scale and sample rate of it, likewise.

    Raises
    ------
    ValueError
        If a parameter is out of its range, a magnitude is negative or not finite, or a shape
        does not fit.
    TypeError
        If a transform has no such parameter.

    References
    ----------
    .. [1] G. T. Beauregard, X. Zhu, L. Wyse: An efficient algorithm for real-time spectrogram
       inversion. Proc. DAFx-05 (2005).
    .. [2] X. Zhu, G. T. Beauregard, L. Wyse: Real-time signal estimation from modified short-time
       Fourier transform magnitude spectra. IEEE Trans. Audio, Speech, Lang. Process. 15 (2007).

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.inversion import rtisi_la
    >>> from musisep.audio.stft import SpectralTransform
    >>> from musisep.metrics import spectral_convergence
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> magnitudes = np.abs(transform.stft(sine))
    >>> found = rtisi_la(magnitudes, max_iter=5, length=4000, transform=transform)
    >>> bool(spectral_convergence(magnitudes, transform.stft(found)) < -20)  # in dB
    True
    """
    look_ahead = at_least("look_ahead", look_ahead, -1)
    flag("asymmetric_window", asymmetric_window)
    max_iter = at_least("max_iter", max_iter, 0)
    alpha = from_zero("alpha", alpha)
    given = init is not None or np.iscomplexobj(spec)
    start = init if given else "zero"
    problem = Problem.of(spec, start, rng, length, transform, stft_parameters)
    if look_ahead < 0:
        width = problem.transform.win_length or problem.transform.n_fft
        look_ahead = (width - 1) // problem.transform.hop
    frames = problem.magnitudes.shape[-2]
    spectra = np.empty_like(problem.start)
    done, total = 0, frames * problem.peaks.size
    with reporting(verbose, progress) as report:
        for index in np.ndindex(problem.peaks.shape):
            view = View(problem, index, given, look_ahead)
            for t in range(frames):
                spectra[index][t] = view.settle(t, max_iter, alpha, asymmetric_window)
                done += 1
                report("RTISI-LA", done, total)
    return problem.signal(spectra) * problem.peaks[..., None]


class View:
    """The frames that are worked on: the next one, and those that are looked at ahead.

    Parameters
    ----------
    problem : Problem
    index : tuple of int
        Of the signal.
    guessed : bool
        Whether frames start from what the problem has to start from.
    look_ahead : int
    """

    def __init__(
        self, problem: Problem, index: tuple[int, ...], guessed: bool, look_ahead: int
    ) -> None:
        transform = problem.transform
        self._magnitudes = problem.magnitudes[index]
        self._guess = problem.start[index] if guessed else None
        self._window = transform.frame_window.astype(self._magnitudes.dtype)
        self._hop, size = transform.hop, transform.n_fft
        self._silent_phases = in_the_middle(transform)
        self._entered = 0
        self._frames = np.zeros((look_ahead + 1, size), dtype=self._magnitudes.dtype)
        # What earlier frames add, the sum of their squared windows, and that sum of all frames.
        self._before, self._covered, self._whole = np.zeros(
            (3, look_ahead * self._hop + size), dtype=self._magnitudes.dtype
        )
        for start in range(-(size // self._hop) * self._hop, self._whole.size, self._hop):
            add_at(self._whole, self._window**2, start)
        self._reflect = transform.center and transform.center_pad_mode == "reflect"
        # The sample of the signal that the view begins with.
        self._start, self._length = -transform.lead, problem.length

    def settle(self, t: int, iterations: int, alpha: float, asymmetric: bool) -> Spectra:
        """Find the spectrum [frequency] of frame t; to be called for each t in turn."""
        self._find_ends()
        last = min(t + len(self._frames), len(self._magnitudes))
        while self._entered < last:
            self._enter(self._entered - t, asymmetric)
        frames, wanted = self._frames[: last - t], self._magnitudes[t:last]
        covered = self._covered.copy()
        for place in range(len(frames)):
            add_at(covered, self._window**2, place * self._hop)
        gains = _inverse(np.maximum(covered, THIN * self._whole))
        self._go_on(gains)
        ends = self._beyond, self._mirrored
        former = np.zeros(wanted.shape, dtype=np.result_type(wanted, np.complex64))
        share = wanted.dtype.type(alpha / (1 + alpha))
        spectra = scipy.fft.rfft(frames)
        for _ in range(iterations):
            weave(frames, self._before, gains, self._window, self._hop, *ends)
            spectra = scipy.fft.rfft(frames)
            accelerate(spectra, former, wanted, share)
            frames[:] = scipy.fft.irfft(spectra, frames.shape[1])
        self._leave()
        return spectra[0]

    def _go_on(self, samples: Real) -> None:
        """Let samples of the view go on beyond the ends of the signal, as the transform does."""
        samples[self._beyond] = samples[self._mirrored] if self._reflect else 0

    def _find_ends(self) -> None:
        """Find what of the view is beyond the ends of the signal, and which samples it mirrors.

        Where those are not in the view, samples stay as the frames have them.
        """
        size, period = self._whole.size, max(2 * (self._length - 1), 1)
        if 0 <= self._start <= self._length - size:  # as of most frames: to find it takes time
            self._beyond = self._mirrored = np.arange(0)
            return
        places = self._start + np.arange(size)
        places = places[(places < 0) | (places >= self._length)]
        mirrored = np.minimum(places % period, -places % period) if self._reflect else places
        beyond, mirrored = places - self._start, mirrored - self._start
        known = (mirrored >= 0) & (mirrored < size)
        self._beyond, self._mirrored = beyond[known], mirrored[known]

    def _enter(self, place: int, asymmetric: bool) -> None:
        """Let the next frame start from its guess, or from what the others add to it."""
        wanted = self._magnitudes[self._entered]
        if self._guess is not None:
            spectrum = self._guess[self._entered]
        else:
            total, covered = self._before.copy(), self._covered.copy()
            for earlier in range(place):
                add_at(total, self._window * self._frames[earlier], earlier * self._hop)
                add_at(covered, self._window**2, earlier * self._hop)
            seen = np.maximum(covered, THIN * self._whole) if asymmetric else self._whole
            total *= _inverse(seen)
            self._go_on(total)
            part = slice(place * self._hop, place * self._hop + self._window.size)
            spectrum = scipy.fft.rfft(self._window * total[part])
            if not spectrum.any():
                spectrum = self._silent_phases.astype(spectrum.dtype)
            set_magnitudes(spectrum[None], wanted[None])
        self._frames[place] = scipy.fft.irfft(spectrum, self._window.size)
        self._entered += 1

    def _leave(self) -> None:
        """Add the first frame to what is before, and go on by a hop."""
        add_at(self._before, self._window * self._frames[0], 0)
        add_at(self._covered, self._window**2, 0)
        for sums in (self._before, self._covered):
            sums[: -self._hop] = sums[self._hop :].copy()
            sums[-self._hop :] = 0
        self._frames[:-1] = self._frames[1:].copy()
        self._start += self._hop


def _inverse(sums: Real) -> Real:
    """Return what divides by sums of windows; 0 where there is no window."""
    return np.divide(1, sums, out=np.zeros_like(sums), where=sums > 0)


def add_at(samples: Real, frame: Real, start: int) -> None:
    """Add a frame to samples from index `start` on; what is beyond either end is left out."""
    low, high = max(start, 0), min(start + frame.size, samples.size)
    if low < high:
        samples[low:high] += frame[low - start : high - start]
