"""Assignment: which instrument plays each note.

Notes that sound together belong to different instruments, which seldom cross; notes of one
instrument are alike in timbre, loudness and register, and form lines. The objective says so:

* Timbre. The roots of the harmonics relative to the note's amplitude, its level, and how much its
  pitch moves from frame to frame are features. For each instrument a feature is a straight line
  over pitch, plus an effect of the pitch (a resonance makes neighbouring pitches differ, but recurs
  with the pitch), plus an effect of the note; all normal, and the line and the effects are
  integrated out.
* Register. The pitches of an instrument are normal about an unknown mean.
* Line, overlap, crossing. Leaps between successive notes of an instrument cost, as do notes of one
  instrument that sound together, and notes that sound together in reverse order of the instruments,
  of which the first is the highest.

Simulated annealing seeks the assignment of highest value. The constants were chosen by hand on 24
items with `experiments/run.py steps`; what others gave stands in `docs/experiments.rst`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import at_least, instance
from musisep._util.constants import TINY
from musisep._util.fields import check_fields
from musisep._util.limits import MOST_INSTRUMENTS
from musisep.notes._kernels import annealing as _kernels
from musisep.notes.tracking import Notes
from musisep.tones.peaks import Floats, Ints

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Weighting:
    """How much a note counts: a power of its root energy times root length.

    Parameters
    ----------
    most : float
        Largest size, in mean sizes of notes; larger notes count as this.
    power : float
    """

    most: float = 3.0
    power: float = 0.8

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)

    def __call__(self, notes: Notes) -> Floats:
        """Return the weights of the notes, 1 on average before the largest are limited."""
        sizes = notes.amps * notes.lengths
        return np.minimum(sizes / max(sizes.mean(), TINY), self.most) ** self.power


@dataclass(frozen=True)
class TimbreFeatures:
    """What a note sounds like, as numbers of comparable spread.

    Parameters
    ----------
    root_scale : float
        Times the root of a relative harmonic.
    relative_max : float
        Harmonics count as no higher than this times the amplitude of the tone.
    level_scale, level_floor : float
        Times the level in bels; the least amplitude, of which the loudest is 1 at most.
    movement_scale, movement_min : float
        Times the logarithm of the movement of the pitch, to which so many sigmas are added.
    """

    root_scale: float = 3.0
    relative_max: float = 2.0
    level_scale: float = 2.4
    level_floor: float = 1e-9
    movement_scale: float = 2.0
    movement_min: float = 0.01

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)

    def __call__(self, notes: Notes, weights: Floats) -> tuple[Floats, Bools]:
        """Return features, centred, and whether they are known: (note, feature) each."""
        roots = self.root_scale * np.sqrt(np.minimum(notes.profiles, self.relative_max))
        levels = self.level_scale * np.log10(np.maximum(notes.amps, self.level_floor))
        movement = self.movement_scale * np.log(notes.movement + self.movement_min)
        values = np.column_stack((roots, levels, movement))
        always = np.ones((len(values), 2), np.bool_)
        known = np.column_stack((notes.seen, always))
        counts = known * weights[:, None]
        values -= np.sum(values * counts, axis=0) / np.maximum(counts.sum(axis=0), TINY)
        return values, known


class Likelihood(NamedTuple):
    """Variances of features and pitches, and what leaps cost.

    Attributes
    ----------
    pitch_variance, note_variance : float
        Of a feature from pitch to pitch, and from note to note of one pitch.
    height_variance, slope_variance : float
        Prior variances of a feature's line over pitch: of its height, of its slope per octave.
    mean_variance, range_variance : float
        Of the mean pitch of an instrument and of its pitches, in squared octaves.
    timbre_weight, register_weight : float
        Of the log likelihoods: features and frames are less independent than they seem.
    leap, leap_max : float
        Price of a leap of an octave; a larger leap costs no more than this many octaves.
    """

    pitch_variance: float = 0.5
    note_variance: float = 0.4
    height_variance: float = 4.0
    slope_variance: float = 0.5
    mean_variance: float = 9.0
    range_variance: float = 1.0
    timbre_weight: float = 0.2
    register_weight: float = 0.5
    leap: float = 0.1
    leap_max: float = 1.0


@dataclass(frozen=True)
class Clashes:
    """What notes that sound together cost.

    Parameters
    ----------
    overlap : float
        Price of a frame in which an instrument plays two notes, if it plays one tone at a time.
    crossing : float
        Price of a frame in which two instruments are in reverse order.
    free_frames, most_frames : float
        Frames that cost nothing; frames beyond which no more is paid.
    """

    overlap: float = 0.1
    crossing: float = 0.01
    free_frames: float = 8.0
    most_frames: float = 15.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)


@dataclass(frozen=True)
class Annealing:
    """How the assignment of highest value is sought.

    Parameters
    ----------
    sweeps : int
        Moves per note.
    start_temperature : float
        Temperature at first, in units of the value.
    cooling : float
        Share of the sweeps after which the temperature is 0.
    longest_swap : int
        Notes up to which a move exchanges two instruments.
    random_shares : tuple of float
        One of these is drawn: the share of notes that start with a random instrument. The others
        start by register.
    """

    sweeps: int = 100
    start_temperature: float = 1.5
    cooling: float = 0.7
    longest_swap: int = 20
    random_shares: tuple[float, ...] = (0.1, 1.0)

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)


class Evidence(NamedTuple):
    """What the kernels are told of the notes.

    Attributes
    ----------
    values, known : ndarray, shape (note, feature)
        Features, and whether they are known.
    weights : ndarray, shape (note,)
        How much each note counts.
    octaves : ndarray, shape (note,)
        Pitches in octaves, relative to their mean.
    pitches : ndarray of int, shape (note,)
        Pitches in semitones, from 0 on.
    first : ndarray of int, shape (note + 1,)
        Where the partners of each note begin: notes that sound together with it.
    partners : ndarray of int, shape (partner,)
        Their numbers.
    overlap, crossing : ndarray, shape (partner,)
        Price if both are of one instrument; if their instruments are in reverse order.
    """

    values: Floats
    known: Bools
    weights: Floats
    octaves: Floats
    pitches: Ints
    first: Ints
    partners: Ints
    overlap: Floats
    crossing: Floats


class Assignment(Protocol):
    """Notes → instruments."""

    def __call__(
        self, notes: Notes, instruments: int, rng: np.random.Generator
    ) -> tuple[float, Ints]:
        """Return a value, the higher the likelier, and the instrument of each note."""


Features = Callable[[Notes, Floats], tuple[Floats, Bools]]
"""Called with notes and their weights; returns what `TimbreFeatures` returns."""


@dataclass(frozen=True)
class AnnealedAssignment:
    """Assigns notes to instruments by annealing; an `Assignment`.

    Parameters
    ----------
    tones : int
        Number of tones of one instrument at a time; if more than one, notes of an instrument
        may overlap for nothing.
    features : function
        What a note sounds like.
    weighting : Weighting
    likelihood : Likelihood
    clashes : Clashes
    annealing : Annealing
    """

    tones: int = 1
    features: Features = field(default_factory=TimbreFeatures)
    weighting: Weighting = field(default_factory=Weighting)
    likelihood: Likelihood = field(default_factory=Likelihood)
    clashes: Clashes = field(default_factory=Clashes)
    annealing: Annealing = field(default_factory=Annealing)

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, tones=1)

    def __call__(
        self, notes: Notes, instruments: int, rng: np.random.Generator
    ) -> tuple[float, Ints]:
        """Say which instrument plays each note.

        Parameters
        ----------
        notes : Notes
        instruments : int
            Number of instruments.
        rng : numpy.random.Generator
            Source of randomness: another one may lead to another answer.

        Returns
        -------
        value : float
            Of the objective, up to a constant.
        insts : ndarray of int, shape (note,)
            Numbers of instruments, of which 0 mostly plays the highest notes.

        Raises
        ------
        ValueError
            If a parameter is of another class, or there are no instruments.
        """
        instance("notes", notes, Notes)
        instruments = at_least("instruments", instruments, 1, MOST_INSTRUMENTS)
        instance("rng", rng, np.random.Generator)
        if instruments == 1 or not notes.shifts.size:
            return 0.0, np.zeros(notes.shifts.size, np.int64)
        weights, annealing = self.weighting(notes), self.annealing
        insts = self._start(notes, weights, instruments, rng)
        likelihood = Likelihood(*(float(value) for value in self.likelihood))
        value = _kernels.anneal(
            insts, instruments, self._evidence(notes, weights), likelihood, rng, annealing.sweeps,
            annealing.start_temperature, annealing.cooling, annealing.longest_swap,
        )  # fmt: skip
        return value, insts

    def _evidence(self, notes: Notes, weights: Floats) -> Evidence:
        clashes = self.clashes
        octaves = notes.shifts / notes.octave
        octaves -= np.average(octaves, weights=weights)
        frames = np.clip(notes.together - clashes.free_frames, 0, clashes.most_frames)
        pairs, frames = notes.pairs[frames > 0], frames[frames > 0]
        both, twice = np.concatenate((pairs, pairs[:, ::-1])), np.concatenate((frames, frames))
        order = np.argsort(both[:, 0], kind="stable")
        lighter = np.sqrt(np.minimum(weights[both].min(axis=1), 1))[order]
        values, known = self.features(notes, weights)
        return Evidence(
            values=values,
            known=known,
            weights=weights,
            octaves=octaves,
            pitches=semitones(notes, weights),
            first=np.searchsorted(both[order, 0], np.arange(weights.size + 1)),
            partners=both[order, 1],
            overlap=twice[order] * lighter * (clashes.overlap if self.tones == 1 else 0.0),
            crossing=twice[order] * clashes.crossing,
        )

    def _start(
        self, notes: Notes, weights: Floats, instruments: int, rng: np.random.Generator
    ) -> Ints:
        """Instruments to start with: by register, but for some at random; or all at random."""
        chance = rng.integers(0, instruments, notes.shifts.size)
        order = np.argsort(-notes.shifts, kind="stable")
        above = np.cumsum(weights[order]) - 0.5 * weights[order]
        insts = np.empty_like(chance)
        insts[order] = np.minimum(above / weights.sum() * instruments, instruments - 1)
        random = rng.random(insts.size) < rng.choice(self.annealing.random_shares)
        return np.where(random, chance, insts)


def semitones(notes: Notes, weights: Floats) -> Ints:
    """Pitches in semitones of the recording's own tuning, from 0 on."""
    turns = 12 * notes.shifts / notes.octave
    tuning = np.angle(np.sum(weights * np.exp(2j * np.pi * turns))) / (2 * np.pi)
    numbers = np.rint(turns - tuning).astype(np.int64)
    return numbers - numbers.min()
