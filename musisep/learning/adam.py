"""Learning a dictionary by bounded Adam: the documented method.

Frames are drawn, sparse pursuit finds their tones, and `Adam_B` steps the dictionary along the
negative gradient of the loss at these tones. Twice as many columns as instruments learn; after each
lifetime the half that carried the least amplitude is renewed, and what survives is the dictionary
[1]_.

References
----------
.. [1] S. Schulze, E. J. King, "Sparse pursuit and dictionary learning for blind source separation
   in polyphonic music recordings", EURASIP J. Audio, Speech, Music Process., 2021.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from threading import Event

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.fields import check_fields
from musisep._util.progress import Progress, no_progress
from musisep._util.threads import each
from musisep.audio.sides import Sides
from musisep.learning.adam_b import Adam_B
from musisep.learning.learner import Learned
from musisep.learning.selection import audible, evenly_spaced
from musisep.learning.updates import fit_columns
from musisep.multipitch.finder import ToneFinder
from musisep.multipitch.greedy import GreedyPursuit
from musisep.tones.loss import dict_grads, unexplained
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Peaks

POINTS = 100
"""Of the curve of a learning, at most."""


@dataclass(frozen=True)
class Schedule:
    """How the learning proceeds, beside its number of runs and the lifetime of columns.

    Parameters
    ----------
    first_step, last_step : float
        Step sizes, which fall linearly from the first to the last; chosen by hand on artificial
        spectra (`python -m musisep.dictsep.dictlearn`).
    exploring : float
        Share of the learning in which columns are renewed; then the survivors learn on alone. A
        guess; 1 spoils dictionaries of artificial spectra (`docs/decisions/experiments.rst`).
    head_start : float
        Amplitude that new columns are credited with at their first renewal, in mean amplitudes of
        a column; a guess.
    fits, fit_updates, fit_frames : int
        Turns of the fit at last, updates in each, and frames that it gets; more change little.
    """

    first_step: float = 0.02
    last_step: float = 0.001
    exploring: float = 0.75
    head_start: float = 0.5
    fits: int = 4
    fit_updates: int = 4
    fit_frames: int = 500

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)


def gen_random_inst(har: int, rng: np.random.Generator | None = None) -> Floats:
    """Generate harmonic amplitudes: uniform ones times h^-e, with e of the law Par(1, 2).

    Parameters
    ----------
    har : int
        Number of harmonics.
    rng : numpy.random.Generator, optional
        Source of randomness.

    Returns
    -------
    ndarray [har]
        With maximum 1.
    """
    rng = rng or np.random.default_rng()
    amplitudes = rng.uniform(size=har) * np.arange(1.0, har + 1) ** -(1 + rng.pareto(2))
    return amplitudes / amplitudes.max()


def gen_random_inst_dict(har: int, inst_num: int, rng: np.random.Generator | None = None) -> Floats:
    """Generate a dictionary of random columns.

    Parameters
    ----------
    har, inst_num : int
        Number of harmonics, and of instruments.
    rng : numpy.random.Generator, optional
        Source of randomness.

    Returns
    -------
    ndarray [har, inst_num]
        Each column is what `gen_random_inst` returns.
    """
    rng = rng or np.random.default_rng()
    return np.stack([gen_random_inst(har, rng) for _ in range(inst_num)], axis=1)


class AdamSteps:
    """A dictionary that learns from frames, step by step.

    Parameters
    ----------
    model : ToneModel
    finder : ToneFinder
        Finds the tones of frames.
    instruments : int
        Number of columns of the dictionary that comes out; twice as many learn, if `lifetime` is
        not 0.
    harmonics : int
    lifetime : int
        Steps after which the half of the columns that carried the least amplitude is renewed;
        0: never.
    init : array_like [harmonic, column], optional
        Columns to start with; random by default.
    rng : numpy.random.Generator
        Source of randomness.
    schedule : Schedule, optional
        Step sizes and the like.

    Attributes
    ----------
    adam : Adam_B
        Holds the columns that learn, ``adam.value`` [harmonic, column].
    ages : ndarray of int [column]
        Steps since each column started.
    left : list of float
        What was left unexplained of the frames of each step, before it.

    Raises
    ------
    ValueError
        If `init` has not the columns that learn.
    """

    def __init__(
        self,
        model: ToneModel,
        finder: ToneFinder,
        instruments: int,
        harmonics: int,
        lifetime: int,
        rng: np.random.Generator,
        init: ArrayLike | None = None,
        schedule: Schedule | None = None,
    ) -> None:
        self.model, self.finder, self.rng = model, finder, rng
        self.schedule = schedule or Schedule()
        self.instruments, self.lifetime = instruments, lifetime
        columns = 2 * instruments if lifetime else instruments
        start = gen_random_inst_dict(harmonics, columns, rng) if init is None else np.array(init)
        if start.shape != (harmonics, columns):
            raise ValueError(f"init.shape={start.shape} must be {(harmonics, columns)}")
        self.adam = Adam_B(start, alpha=self.schedule.first_step)
        self.ages = np.zeros(columns, dtype=np.int64)
        self.carried = np.zeros(columns)
        self.left: list[float] = []

    def learn(self, batches: Iterable[Floats], runs: int) -> Iterator[Peaks]:
        """Take a step on each of `runs` batches of frames [frame, bin]; yield their tones.

        Raises
        ------
        ValueError
            If a lifetime is longer than the whole learning.
        """
        if not 1 <= runs >= self.lifetime:
            raise ValueError(f"{runs=} must be at least 1 and lifetime={self.lifetime}")
        first, last = self.schedule.first_step, self.schedule.last_step
        exploring = self.schedule.exploring
        last_renewal = max(1, int(exploring * runs / max(1, self.lifetime))) * self.lifetime
        for run, frames in enumerate(batches, start=1):
            self.adam.alpha = first + (last - first) * (run - 1) / runs
            yield self.step(frames)
            if self.lifetime and run % self.lifetime == 0 and run <= last_renewal:
                self.renew(newcomers=run < last_renewal)
            if run == runs:
                return

    def step(self, frames: Floats) -> Peaks:
        """Find the tones of frames [frame, bin], improve the dictionary, return the tones."""
        columns = self.adam.value
        tones = self.finder(frames, columns, self.model)
        self.left.append(unexplained(frames, tones, columns, self.model))
        higher, lower = dict_grads(frames, tones, columns, self.model)
        self.adam.step(higher - lower)
        self.carried += np.bincount(
            tones.insts.ravel(), tones.amps.ravel(), minlength=self.carried.size
        )
        self.ages += 1
        return tones

    def fit(self, frames: Floats) -> None:
        """Find the tones of frames [frame, bin] and fit the columns to them, several times.

        Steps on single frames leave the noise of the last ones in the columns; this converges.
        Columns get maximum 1; zeros stay.
        """
        for _ in range(self.schedule.fits):
            tones = self.finder(frames, self.adam.value, self.model)
            self.adam.value = fit_columns(
                frames, tones, self.adam.value, self.model, self.schedule.fit_updates
            )

    def renew(self, newcomers: bool = True) -> None:
        """Replace the columns that carried the least amplitude since the last renewal.

        Columns that started at the last renewal are credited with half of what a column
        carried on average, for they had to learn first. Without `newcomers` there is no such
        credit, and nothing comes in the place of the columns that go: the survivors learn on
        alone.
        """
        young = self.ages <= self.lifetime
        credit = self.schedule.head_start * self.carried.mean() * young if newcomers else 0.0
        har, number = self.adam.value.shape[0], self.ages.size - self.instruments
        for column in np.argsort(self.carried + credit, kind="stable")[:number]:
            fresh = gen_random_inst(har, self.rng) if newcomers else np.zeros(har)
            self.adam.value[:, column] = fresh
            self.adam.reset(column)
            self.ages[column] = 0
        self.carried[:] = 0

    def get_dict(self) -> Floats:
        """Get the active part of the dictionary: the columns that lived longest.

        Returns
        -------
        ndarray [harmonic, instrument]
            A copy, in the order in which they learn.
        """
        oldest = np.argsort(-self.ages, kind="stable")[: self.instruments]
        return self.adam.value[:, np.sort(oldest)].copy()


def random_batches(frames: Floats, size: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield `size` frames at a time, drawn from those that are not quiet, for ever."""
    audible_frames = audible(frames)
    while audible_frames.size:
        yield frames[rng.choice(audible_frames, size)]


@dataclass(frozen=True)
class AdamLearner:
    """Learns a dictionary by bounded Adam; a `Learner`.

    Parameters
    ----------
    instruments, harmonics : int
        Number of instruments, and of harmonics of a tone.
    runs : int
        Steps, of one frame each.
    lifetime : int
        Steps after which half of the columns is renewed; 0: never. At most `runs`.
    dictionaries : int
        How many dictionaries are learned; the one that leaves least unexplained is taken.
    finder : ToneFinder
        Finds the tones of the drawn frames.
    seed : int
        Seed of the randomness.
    schedule : Schedule
        Step sizes and the like.
    """

    instruments: int = 2
    harmonics: int = 25
    runs: int = 10_000
    lifetime: int = 500
    dictionaries: int = 1
    finder: ToneFinder = field(default_factory=GreedyPursuit)
    seed: int = 0
    schedule: Schedule = field(default_factory=Schedule)

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, instruments=1, harmonics=1, runs=1, dictionaries=1)

    def __call__(
        self,
        frames: Floats,
        model: ToneModel,
        report: Progress = no_progress,
        sides: Sides | None = None,
    ) -> Learned:
        """Learn a dictionary from `frames` [frame, bin]; `sides` do not matter.

        Each dictionary has a thread of its own. It is learned from frames that are drawn, and
        judged by evenly spaced ones.
        """
        audible_frames = frames[evenly_spaced(audible(frames), self.schedule.fit_frames)]
        rngs = np.random.default_rng(self.seed).spawn(self.dictionaries)
        found: list[tuple[Floats, Floats]] = [(np.empty(0), np.empty(0))] * self.dictionaries
        left = [0.0] * self.dictionaries
        total = self.runs * self.dictionaries
        done = count(1)
        given_up = Event()

        def step_done() -> bool:
            report("learning", next(done), total)
            return not given_up.is_set()

        def learn(number: int) -> None:
            try:
                found[number] = self.learn_one(
                    frames, audible_frames, model, rngs[number], step_done
                )
                dictionary, _ = found[number]
                tones = self.finder(audible_frames, dictionary, model)
                left[number] = unexplained(audible_frames, tones, dictionary, model)
            except BaseException:  # as on Ctrl-C: nobody waits for the other dictionaries
                given_up.set()
                raise

        each(learn, range(self.dictionaries))
        chosen = int(np.argmin(left))
        dictionary, curve = found[chosen]
        return Learned(dictionary, answers=tuple(left), chosen=chosen, curve=tuple(curve.tolist()))

    def learn_one(
        self,
        frames: Floats,
        audible_frames: Floats,
        model: ToneModel,
        rng: np.random.Generator,
        step_done: Callable[[], bool],
    ) -> tuple[Floats, Floats]:
        """Learn a dictionary [harmonic, instrument] from drawn frames, and at last from others.

        `step_done` is called after each step, and tells whether to go on. What the drawn frames
        left unexplained is returned as well, as means over up to `POINTS` successive parts.
        """
        steps = AdamSteps(
            model, self.finder, self.instruments, self.harmonics, self.lifetime, rng,
            schedule=self.schedule,
        )  # fmt: skip
        for _ in steps.learn(random_batches(frames, 1, rng), self.runs):
            if not step_done():
                break
        parts = np.array_split(steps.left, min(POINTS, len(steps.left)) or 1)
        steps.fit(audible_frames)
        return steps.get_dict(), np.array([part.mean() for part in parts if part.size])
