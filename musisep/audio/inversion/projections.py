"""Algorithms that go to and fro between given magnitudes and spectra that signals have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import from_zero
from musisep._util.progress import Progress
from musisep.audio.arrays import Real, Spectra
from musisep.audio.inversion._kernels import accelerate, reflect_magnitudes
from musisep.audio.inversion.representations import with_magnitudes
from musisep.audio.inversion.retrieval import Course, Metric, Problem, Retrieved, Schedule
from musisep.audio.inversion.starts import Rng, shows_stft
from musisep.audio.stft import SpectralTransform

Change = Callable[[slice, Spectra], Spectra]


@shows_stft
def griffin_lim(
    spec: ArrayLike,
    max_iter: int = 200,
    tol: float = 1e-6,
    alpha: float = 0.99,
    verbose: bool = True,
    eva_iter: int = 10,
    metric: Metric = "sc",
    *,
    init: str | ArrayLike | None = None,
    rng: Rng = None,
    length: int | None = None,
    transform: SpectralTransform | None = None,
    progress: Progress | None = None,
    return_history: bool = False,
    **stft_parameters: Any,
) -> Retrieved:
    """Find a signal of given magnitudes by the algorithm of Griffin and Lim, or its fast variant.

    The magnitudes of the signal's spectrum are replaced by those that are wanted, and the signal
    is replaced by the one that is closest to this spectrum [1]_. The fast variant goes further
    each time, in the direction of the last change [2]_.

    Parameters
    ----------
    spec : array, shape (..., frequency, frame)
        Magnitudes, or complex numbers that have them and phases to start from.
    max_iter : int >= 0
        Iterations at most.
    tol : float >= 0
        A signal is finished when its squared error has fallen by less than this share of that
        at the start since it was last measured.
    alpha : float >= 0
        How much further the fast variant goes; 0 is the original algorithm.
    verbose : bool
        Show a progress bar on stderr, if that is a terminal.
    eva_iter : int > 0
        Iterations from one measurement to the next.
    metric : {"sc", "snr", "ser"}
        What the history holds: see `musisep.metrics.spectral_convergence`, `snr` and `ser`.
    init : {"single-pass", "pghi", "random", "zero"} or array, shape (..., frequency, frame)
        Phases to start from: see `phase_init` and `pghi`, uniformly distributed, all 0, or given
        in radians or as complex numbers. If left out, those of `spec` if it is complex, else
        "single-pass".
    rng : numpy.random.Generator or int, optional
        Source of randomness, or its seed.
    length : int > 0, optional
        Samples of the signal; if left out, those of the shortest one with so many frames.
    transform : SpectralTransform, optional
        What the magnitudes are from.
    progress : function, optional
        Called with the name of the algorithm, iterations done and to do.
    return_history : bool
    **stft_parameters
        Parameters of `SpectralTransform` instead of a `transform`, with its defaults; `n_fft` is
        2 * (frequency - 1) if left out.

    Returns
    -------
    signal : array, shape (..., sample)
        float32 if the magnitudes are in single precision, else float64. Each signal is what it
        would be alone.
    history : History
        If `return_history`.

    Raises
    ------
    ValueError
        If a parameter is out of its range, a magnitude is negative or not finite, or a shape
        does not fit.
    TypeError
        If a transform has no such parameter.

    References
    ----------
    .. [1] D. W. Griffin, J. S. Lim: Signal estimation from modified short-time Fourier transform.
       IEEE Trans. Acoust., Speech, Signal Process. 32 (1984).
    .. [2] N. Perraudin, P. Balazs, P. L. Søndergaard: A fast Griffin-Lim algorithm. Proc. WASPAA
       (2013).
    """
    alpha = from_zero("alpha", alpha)
    share = alpha / (1 + alpha)

    def stepping(magnitudes: Real, start: Spectra) -> Change:
        former = np.zeros_like(start)

        def change(frames: slice, spectra: Spectra) -> Spectra:
            weight = magnitudes.dtype.type(share)
            accelerate(spectra, former[frames], magnitudes[frames], weight)
            return spectra

        return change

    schedule = Schedule("Griffin-Lim", max_iter, tol, eva_iter, metric, verbose, progress)
    problem = Problem.of(spec, init, rng, length, transform, stft_parameters)
    return _project(problem, schedule, stepping, return_history)


@shows_stft
def admm(
    spec: ArrayLike,
    max_iter: int = 1000,
    tol: float = 1e-6,
    rho: float = 0.1,
    verbose: bool = True,
    eva_iter: int = 10,
    metric: Metric = "sc",
    *,
    init: str | ArrayLike | None = None,
    rng: Rng = None,
    length: int | None = None,
    transform: SpectralTransform | None = None,
    progress: Progress | None = None,
    return_history: bool = False,
    **stft_parameters: Any,
) -> Retrieved:
    """Find a signal of given magnitudes by the alternating direction method of multipliers.

    The distance to spectra that signals have is minimised among those of the given magnitudes
    [1]_. After the last iteration the magnitudes are replaced once more, as by Griffin and Lim,
    which takes away what the multipliers have added.

    Parameters
    ----------
    spec, max_iter, tol, verbose, eva_iter, metric, init, rng, length, transform, progress, \
return_history, **stft_parameters
        See `griffin_lim`.
    rho : float >= 0
        Weight of the multipliers' penalty. 0 asks for spectra that a signal has; the more
        inconsistent the magnitudes, the larger it should be.

    Returns
    -------
    signal, history
        See `griffin_lim`.

    Raises
    ------
    ValueError, TypeError
        As `griffin_lim`.

    References
    ----------
    .. [1] Y. Masuyama, K. Yatabe, Y. Oikawa: Griffin-Lim like phase recovery via alternating
       direction method of multipliers. IEEE Signal Process. Lett. 26 (2019).
    """
    rho = from_zero("rho", rho)

    def stepping(magnitudes: Real, start: Spectra) -> Change:
        state = start.copy()

        def change(frames: slice, spectra: Spectra) -> Spectra:
            penalty = magnitudes.dtype.type(rho)
            reflect_magnitudes(spectra, state[frames], magnitudes[frames], penalty)
            return spectra

        return change

    schedule = Schedule("ADMM", max_iter, tol, eva_iter, metric, verbose, progress)
    problem = Problem.of(spec, init, rng, length, transform, stft_parameters)
    return _project(problem, schedule, stepping, return_history, plain_end=True)


def _project(
    problem: Problem,
    schedule: Schedule,
    stepping: Callable[[Real, Spectra], Change],
    return_history: bool,
    plain_end: bool = False,
) -> Retrieved:
    """Change the spectra of each signal by what `stepping` returns for it, again and again.

    `plain_end` tells whether there is to be a plain step after the last one.
    """

    def solve(index: tuple[int, ...], course: Course) -> Real:
        magnitudes, start = problem.magnitudes[index], problem.start[index]
        change = stepping(magnitudes, start)
        found = course.iterate(
            problem.signal(start),
            lambda signal: problem.transform.map_spectra(signal, change, ()),
            magnitudes,
            problem.measure,
        )
        if plain_end and course.iterations[-1]:
            found = problem.transform.map_spectra(
                found, lambda frames, spectra: with_magnitudes(spectra, magnitudes[frames]), ()
            )
            course.amend(magnitudes, problem.measure(found))
        return found * problem.peaks[index]

    return schedule.each(problem.peaks.shape, solve, return_history)
