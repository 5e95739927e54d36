"""What the algorithms have in common: the problem, and when to measure, to report and to stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, flag, from_zero, function, one_of
from musisep._util.progress import Bars, Progress, no_progress
from musisep.audio.arrays import Real, Spectra, peak
from musisep.audio.inversion._kernels import compare
from musisep.audio.inversion.representations import StftMagnitude
from musisep.audio.inversion.starts import Rng, started, wanted
from musisep.audio.stft import SpectralTransform
from musisep.metrics.spectrograms import ser, snr, spectral_convergence

Metric = Literal["sc", "snr", "ser"]

METRICS = {"sc": spectral_convergence, "snr": snr, "ser": ser}
"""By which name an algorithm is told which of them its history holds."""


class History(NamedTuple):
    """How an algorithm went on.

    Parameters
    ----------
    iterations : ndarray, int [evaluation]
        After how many iterations it was measured; the first is 0.
    values : ndarray, float, dB [..., evaluation]
        The metric then, of each signal; NaN from where it had ended.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.inversion import griffin_lim
    >>> from musisep.audio.stft import SpectralTransform
    >>> transform = SpectralTransform(n_fft=256, hop_length=64)
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> magnitudes = np.abs(transform.stft(sine))
    >>> _, history = griffin_lim(magnitudes, 20, transform=transform, return_history=True)
    >>> history.iterations.tolist()
    [0, 10, 20]
    >>> bool((np.diff(history.values) < 0).all())  # the error falls
    True
    """

    iterations: NDArray[np.intp]
    values: NDArray[np.float64]


Retrieved = Real | tuple[Real, History]
"""A signal, and how it was found if that was asked for."""


@dataclass(frozen=True)
class Problem:
    """Magnitudes for which signals are sought.

    Attributes
    ----------
    transform : SpectralTransform
        What the magnitudes are from.
    magnitudes : array, shape (..., frame, frequency)
        Divided by `peaks`.
    start : array of complex, shape (..., frame, frequency)
        The same with phases to start from.
    peaks : array, shape (...)
        Largest magnitude of each signal, or 1.
    length : int
        Samples of a signal.
    """

    transform: SpectralTransform
    magnitudes: Real
    start: Spectra
    peaks: Real
    length: int

    @classmethod
    def of(
        cls,
        spec: ArrayLike,
        init: str | ArrayLike | None,
        rng: Rng,
        length: int | None,
        transform: SpectralTransform | None,
        parameters: dict[str, Any],
    ) -> "Problem":
        """Check what an algorithm is given; see `griffin_lim`."""
        magnitudes, spectrum, transform = wanted(spec, transform, parameters)
        if init is None:
            init = "single-pass" if spectrum is None else spectrum.swapaxes(-1, -2)
        length = signal_length(transform, magnitudes.shape[-2], length)
        peaks = magnitudes.max(axis=(-2, -1))
        peaks = np.where(peaks > 0, peaks, peaks.dtype.type(1))
        magnitudes = magnitudes / peaks[..., None, None]
        return cls(transform, magnitudes, started(magnitudes, init, rng, transform), peaks, length)

    def signal(self, spectra: Spectra) -> Real:
        """Find the signal that is closest to spectra [..., frame, frequency]."""
        return self.transform.istft(spectra, self.length, input_layout="bnf")

    def measure(self, signal: Real) -> Real:
        """Magnitudes [frame, frequency] that one signal has."""
        return StftMagnitude(self.transform)(signal).T


def signal_length(transform: SpectralTransform, frames: int, length: int | None) -> int:
    """Return the samples of a signal with so many frames; ValueError if `length` has others."""
    if length is None:
        length = transform.shortest_length(frames)
        if length < 1:
            raise ValueError(f"length=None must be given for {frames=}: it would be {length}")
    if transform.frame_count(length) != frames:
        has = transform.frame_count(length)
        raise ValueError(f"spec has {frames=}, but a signal of {length=} has {has}")
    return length


@dataclass(frozen=True)
class Schedule:
    """When an algorithm is measured and ends.

    Parameters
    ----------
    stage : str
        What its progress is reported as.
    max_iter : int >= 0
    tol : float >= 0
        It ends when the squared error has fallen by less than this share of that at the start
        since it was last measured.
    eva_iter : int > 0
        Iterations from one measurement to the next.
    metric : {"sc", "snr", "ser"}
    verbose : bool
        Whether to show a progress bar on stderr, if that is a terminal.
    progress : function or None
    """

    stage: str
    max_iter: int
    tol: float
    eva_iter: int
    metric: Metric
    verbose: bool
    progress: Progress | None

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name, limit in {"max_iter": 0, "eva_iter": 1}.items():
            object.__setattr__(self, name, at_least(name, getattr(self, name), limit))
        one_of("metric", self.metric, METRICS)
        object.__setattr__(self, "tol", from_zero("tol", self.tol))

    def each(
        self,
        leading: tuple[int, ...],
        solve: Callable[[tuple[int, ...], "Course"], Real],
        return_history: bool,
    ) -> Retrieved:
        """Solve the problem for each signal.

        Parameters
        ----------
        leading : tuple of int
            Shape of the signals before the samples.
        solve : function
            Called with the index of a signal and what watches over it; returns the signal.
        return_history : bool

        Returns
        -------
        array, shape (leading, sample), and the history if it is asked for
        """
        flag("return_history", return_history)
        total = math.prod(leading) * self.max_iter
        courses = [Course(self, n * self.max_iter, total) for n in range(math.prod(leading))]
        with reporting(self.verbose, self.progress) as report:
            signals = []
            for index, course in zip(np.ndindex(leading), courses, strict=True):
                course.report = report
                signals.append(solve(index, course))
        result = np.reshape(signals, (*leading, *signals[0].shape))
        if not return_history:
            return result
        iterations = max((course.iterations for course in courses), key=len)
        values = np.full((len(courses), len(iterations)), np.nan)
        for row, course in zip(values, courses, strict=True):
            row[: len(course.values)] = course.values
        return result, History(np.array(iterations), values.reshape(*leading, -1))


class Course:
    """Measures and reports the iterations for one signal, and tells when to end."""

    def __init__(self, schedule: Schedule, before: int, total: int) -> None:
        self.schedule = schedule
        self.report: Progress = no_progress
        self.iterations: list[int] = []
        self.values: list[float] = []
        self._losses: list[float] = []
        self._before, self._total = before, total

    def iterate(
        self,
        signal: Real,
        step: Callable[[Real], Real],
        magnitudes: Real,
        measure: Callable[[Real], Real],
    ) -> Real:
        """Improve a signal step by step.

        Parameters
        ----------
        signal : array, shape (sample,)
        step : function
            Takes and returns a signal.
        magnitudes : array, shape (frame, frequency)
            What the signal should have.
        measure : function
            Takes a signal and returns what it has.

        Returns
        -------
        array, shape (sample,)
        """
        done = 0
        while not self.ended(done, magnitudes, lambda: measure(signal)):  # noqa: B023
            signal = step(signal)
            done += 1
        return signal

    def ended(self, done: int, magnitudes: Real, measure: Callable[[], Real]) -> bool:
        """Report that so many iterations are done, measure if it is time to, and judge."""
        last = self.schedule.max_iter
        self.report(self.schedule.stage, self._before + done, self._total)
        if done % self.schedule.eva_iter and done < last:
            return False
        self.record(done, magnitudes, measure())
        loss = self._losses[-1]
        fallen = self._losses[-2] - loss if done else math.inf
        return done >= last or loss == 0 or 0 <= fallen < self.schedule.tol * self._losses[0]

    def amend(self, magnitudes: Real, found: Real) -> None:
        """Measure the last signal once more, as it has been changed."""
        done = self.iterations.pop()
        del self.values[-1], self._losses[-1]
        self.record(done, magnitudes, found)

    def record(self, done: int, magnitudes: Real, found: Real) -> None:
        """Measure what has been found after so many iterations."""
        unit = norm(magnitudes)
        loss = compare(found, magnitudes, 1 / (unit or 1), np.empty_like(found))
        self._losses.append(loss)
        self.iterations.append(done)
        if unit == 0:
            self.values.append(math.nan)
        elif self.schedule.metric == "sc":
            self.values.append(10 * math.log10(loss) if loss > 0 else -math.inf)
        else:
            self.values.append(float(METRICS[self.schedule.metric](magnitudes, found)))


def norm(values: Real, unit: float = 1.0) -> float:
    """Return the Euclidean norm in double precision, over `unit` unless that is 0."""
    flat = np.atleast_2d(values)
    largest = peak(flat)
    if largest == 0:
        return 0.0
    squares = compare(flat, np.zeros_like(flat), 1 / largest, np.empty_like(flat))
    return math.sqrt(squares) * (largest / (unit or 1))


@contextmanager
def reporting(verbose: bool, progress: Progress | None) -> Iterator[Progress]:
    """Yield what reports to a progress bar, if `verbose`, and to `progress`, if any."""
    flag("verbose", verbose)
    function("progress", no_progress if progress is None else progress)
    bars = Bars(quiet=not verbose)

    def report(stage: str, done: int, total: int) -> None:
        bars(stage, done, total)
        if progress is not None:
            progress(stage, done, total)

    try:
        yield report
    finally:
        bars.close()
