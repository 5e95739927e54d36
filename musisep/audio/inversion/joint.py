"""Phases of several signals that add up to a mixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.progress import Progress
from musisep.audio.arrays import Real, Spectra, full_scale
from musisep.audio.inversion.representations import StftMagnitude, with_magnitudes
from musisep.audio.inversion.retrieval import (
    Course,
    Metric,
    Retrieved,
    Schedule,
    signal_length,
)
from musisep.audio.inversion.starts import Rng, shows_stft, started, wanted
from musisep.audio.stft import SpectralTransform

MagnitudesOf = Callable[[slice, Spectra], Real]
"""Returns the magnitudes that signals should have in some frames; see `misi_steps`."""


@shows_stft
def misi(
    spec: ArrayLike,
    mixture: ArrayLike,
    max_iter: int = 20,
    tol: float = 1e-6,
    verbose: bool = True,
    eva_iter: int = 10,
    metric: Metric = "sc",
    *,
    init: str | ArrayLike | None = None,
    rng: Rng = None,
    transform: SpectralTransform | None = None,
    progress: Progress | None = None,
    return_history: bool = False,
    **stft_parameters: Any,
) -> Retrieved:
    """Find signals of given magnitudes that add up to a mixture.

    The magnitudes of the signals are replaced by those that are wanted, as by Griffin and Lim,
    and what then lacks the sum of the signals is divided evenly among them: multiple input
    spectrogram inversion [1]_.

    Parameters
    ----------
    spec : array_like, float [instrument, ..., frequency, frame]
        Magnitudes of the signals; phases of complex numbers do not matter.
    mixture : array_like, float [..., sample]
        What the signals add up to.
    max_iter : int >= 0
        Iterations at most.
    tol : float >= 0
        Least progress, as of `griffin_lim`.
    verbose : bool
        Whether to show a progress bar on stderr, if that is a terminal.
    eva_iter : int > 0
        Iterations from one measurement to the next.
    metric : {"sc", "snr", "ser"}
        What the history holds, as of `griffin_lim`.
    init : {"single-pass", "pghi", "random", "zero"} or array_like, optional
        Phases to start from [..., frequency, frame], as of `griffin_lim`; if left out, those of
        the mixture.
    rng : numpy.random.Generator or int, optional
        Source of randomness, or its seed.
    transform : SpectralTransform, optional
        What the magnitudes are from.
    progress : function, optional
        Called with the name of the algorithm, iterations done and to do.
    return_history : bool
        Whether to return how the algorithm went on, too.

    Returns
    -------
    signals : ndarray, float [instrument, ..., sample]
        Signals, whose sum is the mixture.
    history : History
        Only if `return_history`; it measures the magnitudes of all signals together.

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
        If a parameter is out of its range, a magnitude is negative or not finite, or the mixture
        does not fit or is not finite.
    TypeError
        If a transform has no such parameter.

    References
    ----------
    .. [1] D. Gunawan, D. Sen: Iterative phase estimation for the synthesis of separated sources
       from single-channel mixtures. IEEE Signal Process. Lett. 17 (2010).

    Examples
    --------
    Two sines are found again from their magnitudes and their sum:

    >>> import numpy as np
    >>> from musisep.audio.inversion import misi
    >>> from musisep.audio.stft import SpectralTransform
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> turns = np.outer([440, 1000], np.arange(4000) / 8000)
    >>> sines = np.sin(2 * np.pi * turns)
    >>> found = misi(np.abs(transform.stft(sines)), sines.sum(axis=0), transform=transform)
    >>> bool(np.abs(found - sines).max() < 0.001)
    True
    """
    schedule = Schedule("MISI", max_iter, tol, eva_iter, metric, verbose, progress)
    magnitudes, _, transform = wanted(spec, transform, stft_parameters)
    mixture = full_scale(mixture, "mixture").astype(magnitudes.dtype, copy=False)
    if magnitudes.shape[1:-2] != mixture.shape[:-1] or magnitudes.ndim < 3:
        raise ValueError(
            f"spec of shape={np.shape(spec)} must be [instrument, ..., frequency, frame] with the "
            f"axes of the mixture, {mixture.shape[:-1]}"
        )
    if not np.isfinite(mixture).all():
        raise ValueError("mixture must be finite")
    signal_length(transform, magnitudes.shape[-2], mixture.shape[-1])
    peak = max(magnitudes.max(), np.abs(mixture).max()) or magnitudes.dtype.type(1)
    magnitudes, mixture = magnitudes / peak, mixture / peak
    start = started(magnitudes, transform.stft(mixture) if init is None else init, rng, transform)
    flat = magnitudes.reshape(-1, transform.bins)

    def magnitudes_of(frames: slice, _: Spectra) -> Real:
        return magnitudes[..., frames, :]

    def step(signals: Real) -> Real:
        return misi_steps(signals, mixture, transform, magnitudes_of)

    def measure(signals: Real) -> Real:
        return StftMagnitude(transform)(signals).swapaxes(-1, -2).reshape(flat.shape)

    def solve(_: tuple[int, ...], course: Course) -> Real:
        signals = transform.istft(start, mixture.shape[-1], input_layout="bnf")
        return course.iterate(add_up(signals, mixture), step, flat, measure) * peak

    return schedule.each((), solve, return_history)


def misi_steps(
    signals: Real,
    mixture: Real,
    transform: SpectralTransform,
    magnitudes_of: MagnitudesOf,
    iterations: int = 1,
    report: Callable[[int], object] | None = None,
    *,
    extra: int = 0,
) -> Real:
    """Iterate `misi` with magnitudes that are computed when they are needed.

    Nothing of the size of a spectrogram is stored: beside `signals`, there is at most once more
    what they hold.

    Parameters
    ----------
    signals : array, shape (extra + instrument, ..., sample)
        First what only `magnitudes_of` looks at, for instance the mixture, if anything; then the
        signals of the instruments, which are changed in place. They add up to the mixture after
        each iteration, and should (see `add_up`) before the first.
    mixture : array, shape (..., sample)
        Of the type of the signals.
    transform : SpectralTransform
    magnitudes_of : function
        Called with the frames that a block holds, as a slice, and with the spectra of all
        `signals` there, [extra + instrument, ..., frame, frequency], which it must not change.
        Returns the magnitudes that the instruments should have, [instrument, ..., frame,
        frequency]. Blocks come in any order and, if `scipy.fft.get_workers` is above 1, from
        several threads.
    iterations : int >= 0
    report : function, optional
        Called with the number of iterations that are done, after each.
    extra : int >= 0
        How many of `signals` are no instruments.

    Returns
    -------
    array, shape (instrument, ..., sample)
        The instruments' part of `signals`, not a copy.
    """
    stems = signals[extra:]

    def change(frames: slice, spectra: Spectra) -> Spectra:
        return with_magnitudes(spectra[extra:], magnitudes_of(frames, spectra))

    for done in range(iterations):
        stems[:] = transform.map_spectra(signals, change, stems.shape[:-1])
        add_up(stems, mixture)
        if report:
            report(done + 1)
    return stems


def add_up(signals: Real, mixture: Real) -> Real:
    """Divide what signals [instrument, ...] lack of the mixture among them, in place."""
    lack = mixture - signals.sum(axis=0)
    lack /= len(signals)
    signals += lack
    return signals
