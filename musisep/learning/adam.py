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
    first_step : float
        Step size at first; chosen by hand on artificial spectra
        (`python -m musisep.dictsep.dictlearn`).
    last_step : float
        Step size at last; between both it falls linearly.
    exploring : float
        Share of the learning in which columns are renewed; then the survivors learn on alone. A
        guess; 1 spoils dictionaries of artificial spectra (`docs/decisions/`).
    head_start : float
        Amplitude that new columns are credited with at their first renewal, in mean amplitudes of
        a column; a guess.
    fits : int
        Turns of the fit at last.
    fit_updates : int
        Updates in each of these turns.
    fit_frames : int
        Frames that the fit gets; more change little.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    Examples
    --------
    Steps of half the size, and no fit at last:

    >>> from musisep.learning.adam import AdamLearner, Schedule
    >>> learner = AdamLearner(schedule=Schedule(first_step=0.01, last_step=0.0005, fits=0))
    >>> learner.schedule.first_step / Schedule().first_step
    0.5
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
        Source of randomness; default: a new one, which differs each time.

    Returns
    -------
    ndarray [har]
        Relative amplitudes of the harmonics, with maximum 1.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.learning.adam import gen_random_inst
    >>> column = gen_random_inst(8, np.random.default_rng(0))
    >>> column.size, float(column.max()), bool(column.min() > 0)
    (8, 1.0, True)
    """
    rng = rng or np.random.default_rng()
    amplitudes = rng.uniform(size=har) * np.arange(1.0, har + 1) ** -(1 + rng.pareto(2))
    return amplitudes / amplitudes.max()


def gen_random_inst_dict(har: int, inst_num: int, rng: np.random.Generator | None = None) -> Floats:
    """Generate a dictionary of random columns.

    Parameters
    ----------
    har : int
        Number of harmonics.
    inst_num : int
        Number of instruments.
    rng : numpy.random.Generator, optional
        Source of randomness; default: a new one, which differs each time.

    Returns
    -------
    ndarray [har, inst_num]
        Each column is what `gen_random_inst` returns.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.learning.adam import gen_random_inst_dict
    >>> dictionary = gen_random_inst_dict(8, 3, np.random.default_rng(0))
    >>> dictionary.max(axis=0).tolist()
    [1.0, 1.0, 1.0]
    """
    rng = rng or np.random.default_rng()
    return np.stack([gen_random_inst(har, rng) for _ in range(inst_num)], axis=1)


class AdamSteps:
    """A dictionary that learns from frames, step by step.

    Parameters
    ----------
    model : ToneModel
        What tones look like.
    finder : ToneFinder
        Finds the tones of frames.
    instruments : int
        Number of columns of the dictionary that comes out; twice as many learn, if `lifetime` is
        not 0.
    harmonics : int
        Number of harmonics of a tone.
    lifetime : int
        Steps after which the half of the columns that carried the least amplitude is renewed;
        0: never.
    rng : numpy.random.Generator
        Source of randomness.
    init : array_like [harmonic, column], optional
        Columns to start with; random by default.
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

    Examples
    --------
    The longer a column learns from a tone, the less is left unexplained of it:

    >>> import math
    >>> import numpy as np
    >>> from musisep.learning.adam import AdamSteps
    >>> from musisep.multipitch.joint import JointSearch
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> from musisep.tones.spectra import inst_shift
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> tone = Peaks([1.0], [40.0], [1.0], [0.0], [0])
    >>> frame = inst_shift(tone, [[1.0], [0.3]], model.harscale, model.pexp, model.m, 1)
    >>> rng, start = np.random.default_rng(0), [[1.0], [0.6]]
    >>> steps = AdamSteps(model, JointSearch(), 1, 2, lifetime=0, rng=rng, init=start)
    >>> for tones in steps.learn([frame[None]] * 40, runs=40):
    ...     pass
    >>> steps.left[-1] < 0.1 * steps.left[0], steps.get_dict().round(1).tolist()
    (True, [[1.0], [0.3]])
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
        """Take a step on each of several batches of frames; yield their tones.

        Parameters
        ----------
        batches : iterable of ndarray [frame, bin]
            Log-frequency spectrograms, frame-major.
        runs : int
            Number of batches that are taken; from it follow the step sizes.

        Yields
        ------
        Peaks [frame, tone]
            The tones of a batch.

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
        """Find the tones of frames, improve the dictionary, return the tones.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.

        Returns
        -------
        Peaks [frame, tone]
            The tones, as they were found before the step.
        """
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
        """Find the tones of frames and fit the columns to them, several times.

        Steps on single frames leave the noise of the last ones in the columns; this converges.
        Columns get maximum 1; zeros stay.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
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

        Parameters
        ----------
        newcomers : bool
            Whether random columns come in the place of those that go.
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
    """Yield some frames at a time, drawn from those that are not quiet, for ever.

    Parameters
    ----------
    frames : ndarray [frame, bin]
        Log-frequency spectrogram, frame-major.
    size : int
        Number of frames at a time; one may be drawn twice.
    rng : numpy.random.Generator
        Source of randomness.

    Yields
    ------
    ndarray [size, bin]
        Frames; none if all are quiet.

    Examples
    --------
    The silent frame is never drawn:

    >>> import numpy as np
    >>> from musisep.learning.adam import random_batches
    >>> frames = np.array([[0.0, 0.0], [0.5, 0.5], [0.2, 0.8]])
    >>> batch = next(random_batches(frames, 3, np.random.default_rng(0)))
    >>> batch.sum(axis=1).tolist()
    [1.0, 1.0, 1.0]
    """
    audible_frames = audible(frames)
    while audible_frames.size:
        yield frames[rng.choice(audible_frames, size)]


@dataclass(frozen=True)
class AdamLearner:
    """Learns a dictionary by bounded Adam; a `Learner`.

    Parameters
    ----------
    instruments : int
        Number of instruments.
    harmonics : int
        Number of harmonics of a tone.
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

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    References
    ----------
    .. [1] S. Schulze, E. J. King, "Sparse pursuit and dictionary learning for blind source
       separation in polyphonic music recordings", EURASIP J. Audio, Speech, Music Process.,
       2021.

    Examples
    --------
    Two instruments play a short tune. The columns come out in any order:

    >>> import math
    >>> import numpy as np
    >>> from musisep.learning.adam import AdamLearner
    >>> from musisep.masking.synthesis import synthesise
    >>> from musisep.masking.voices import Voices
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=140)
    >>> columns = np.array([[1.0, 0.4], [0.2, 1.0], [0.1, 0.3]])
    >>> lines = np.repeat([[60.0, 20.0], [64.0, 17.0], [67.0, 12.0], [64.0, 24.0]], 3, axis=0)
    >>> insts = np.tile([0, 1], (12, 1))
    >>> tones = Peaks(0 * lines + 1, lines, 0 * lines + 1, 0 * lines, insts)
    >>> frames = synthesise(Voices.of(tones, columns), model.harscale, 1, model.m).sum(axis=0)
    >>> learner = AdamLearner(harmonics=3, runs=40, lifetime=20)
    >>> learned = learner(frames / frames.max(), model)
    >>> learned.dictionary.round(1).tolist()
    [[1.0, 0.4], [0.2, 1.0], [0.1, 0.3]]
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
        """Learn a dictionary from frames.

        Each dictionary has a thread of its own. It is learned from frames that are drawn, and
        judged by evenly spaced ones.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        model : ToneModel
            What tones look like.
        report : function, optional
            Called with the progress.
        sides : ndarray of complex [frame, bin], optional
            Does not matter.

        Returns
        -------
        Learned
            The dictionary, and what was left unexplained while it was learned.
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
        """Learn a dictionary from drawn frames, and at last from others.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        audible_frames : ndarray [frame, bin]
            Frames to which the columns are fitted at last.
        model : ToneModel
            What tones look like.
        rng : numpy.random.Generator
            Source of randomness.
        step_done : function
            Called after each step without arguments; tells whether to go on.

        Returns
        -------
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        curve : ndarray [part]
            What the drawn frames left unexplained, as means over up to `POINTS` successive parts.
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
