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
    spec : array_like, float or complex [..., frequency, frame]
        Magnitudes, or complex numbers that have them and phases to start from.
    max_iter : int >= 0
        Iterations at most.
    tol : float >= 0
        A signal is finished when its squared error has fallen by less than this share of that
        at the start since it was last measured.
    alpha : float >= 0
        How much further the fast variant goes; 0 is the original algorithm.
    verbose : bool
        Whether to show a progress bar on stderr, if that is a terminal.
    eva_iter : int > 0
        Iterations from one measurement to the next.
    metric : {"sc", "snr", "ser"}
        What the history holds: see `musisep.metrics.spectral_convergence`, `snr` and `ser`.
    init : {"single-pass", "pghi", "random", "zero"} or array_like, optional
        Phases to start from: see `phase_init` and `pghi`, uniformly distributed, all 0, or given
        in radians or as complex numbers [..., frequency, frame]. If left out, those of `spec` if
        it is complex, else "single-pass".
    rng : numpy.random.Generator or int, optional
        Source of randomness, or its seed.
    length : int > 0, optional
        Samples of the signal; if left out, those of the shortest one with so many frames.
    transform : SpectralTransform, optional
        What the magnitudes are from.
    progress : function, optional
        Called with the name of the algorithm, iterations done and to do.
    return_history : bool
        Whether to return how the algorithm went on, too.

    Returns
    -------
    signal : ndarray, float [..., sample]
        A signal in single precision if the magnitudes are, else in double precision. Each signal
        is what it would be alone.
    history : History
        Only if `return_history`.

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
    .. [1] D. W. Griffin, J. S. Lim: Signal estimation from modified short-time Fourier transform.
       IEEE Trans. Acoust., Speech, Signal Process. 32 (1984).
    .. [2] N. Perraudin, P. Balazs, P. L. Søndergaard: A fast Griffin-Lim algorithm. Proc. WASPAA
       (2013).

    Examples
    --------
    The magnitudes of half a second of 440 Hz give a sine of 440 Hz, whose bins are 2 Hz apart:

    >>> import numpy as np
    >>> from musisep.audio.inversion import griffin_lim
    >>> from musisep.audio.stft import SpectralTransform
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> magnitudes = np.abs(transform.stft(sine))
    >>> found, history = griffin_lim(
    ...     magnitudes, max_iter=30, length=4000, transform=transform, return_history=True
    ... )
    >>> int(2 * np.abs(np.fft.rfft(found)).argmax())
    440
    >>> bool(history.values[-1] < -20)  # spectral convergence in dB
    True
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
    spec : array_like, float or complex [..., frequency, frame]
        Magnitudes, or complex numbers that have them and phases to start from.
    max_iter : int >= 0
        Iterations at most.
    tol : float >= 0
        Least progress, as of `griffin_lim`.
    rho : float >= 0
        Weight of the multipliers' penalty. 0 asks for spectra that a signal has; the more
        inconsistent the magnitudes, the larger it should be.
    verbose : bool
        Whether to show a progress bar on stderr, if that is a terminal.
    eva_iter : int > 0
        Iterations from one measurement to the next.
    metric : {"sc", "snr", "ser"}
        What the history holds, as of `griffin_lim`.
    init : {"single-pass", "pghi", "random", "zero"} or array_like, optional
        Phases to start from [..., frequency, frame], as of `griffin_lim`.
    rng : numpy.random.Generator or int, optional
        Source of randomness, or its seed.
    length : int > 0, optional
        Samples of the signal; if left out, those of the shortest one with so many frames.
    transform : SpectralTransform, optional
        What the magnitudes are from.
    progress : function, optional
        Called with the name of the algorithm, iterations done and to do.
    return_history : bool
        Whether to return how the algorithm went on, too.

    Returns
    -------
    signal : ndarray, float [..., sample]
        A signal in single precision if the magnitudes are, else in double precision.
    history : History
        Only if `return_history`.

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
    .. [1] Y. Masuyama, K. Yatabe, Y. Oikawa: Griffin-Lim like phase recovery via alternating
       direction method of multipliers. IEEE Signal Process. Lett. 26 (2019).

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.inversion import admm
    >>> from musisep.audio.stft import SpectralTransform
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> magnitudes = np.abs(transform.stft(sine))
    >>> found, history = admm(
    ...     magnitudes, max_iter=30, length=4000, transform=transform, return_history=True
    ... )
    >>> history.iterations.tolist()
    [0, 10, 20, 30]
    >>> bool(history.values[-1] < -30)  # spectral convergence in dB
    True
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
