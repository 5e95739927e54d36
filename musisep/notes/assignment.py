"""Assignment: which instrument plays each note.

The value of an answer is a log likelihood, up to a constant, by a model of players that was fitted
to recordings (`musisep.notes.players`):

* Each note is a vector of what it sounds like. Those of a player lie about one vector, those of a
  player and a pitch about another near it; both are integrated out.
* Notes that sound together are of one player or not, according to interval, level, begin and end: a
  third is not, unless the player has chords, a false octave that comes and goes with its host is.
* Notes that follow each other in a player's line have the intervals and pauses of lines.
* The first player is the highest; players seldom cross.

Simulated annealing seeks the answer of highest value. From there on answers are drawn by their
likelihood, to the power of 1/temperature as the parts of the model say some things twice. Each note
goes to the instrument that plays it most often, which is right more often than the single likeliest
answer, and changes less when the recording does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import softmax

from musisep._util.checks import at_least, instance
from musisep._util.constants import TINY
from musisep._util.fields import check_fields
from musisep._util.limits import MOST_INSTRUMENTS
from musisep.notes._kernels import annealing as _kernels
from musisep.notes.players import Players, fitted, pitch_classes, placed, semitones, sizes
from musisep.notes.tracking import Notes
from musisep.tones.peaks import Floats, Ints

DECIDING = 1e-3
"""Weight of the likeliest answer beside those that are drawn."""
CHORDS = 0.5
"""Weight of what notes that sound together tell, where an instrument may have several tones."""


@dataclass(frozen=True)
class Annealing:
    """How the assignment of highest value is sought.

    Simulated annealing [1]_ moves notes from instrument to instrument.

    Parameters
    ----------
    sweeps : int
        Moves per note.
    samples : int
        Moves per note while answers are drawn; 0 keeps the one of highest value.
    temperature : float
        Temperature of these, in units of the value. Chosen on rendered recordings of the part
        train, by the squared error of the chances (`experiments/e17_chances.py`).
    start_temperature : float
        Temperature at first while the value is improved.
    cooling : float
        Share of the sweeps after which the temperature is 0.
    longest_swap : int
        Fewer than so many notes exchange two instruments in one move, if not all to the end.
    random_shares : tuple of float
        One of these is drawn: the share of notes that start with a random instrument. The others
        start by register.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    References
    ----------
    .. [1] S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, "Optimization by simulated annealing",
       Science 220, 1983.

    Examples
    --------
    Half the effort, for a preview:

    >>> from musisep.notes.assignment import AnnealedAssignment, Annealing
    >>> quick = AnnealedAssignment(annealing=Annealing(sweeps=30, samples=24))
    >>> quick.annealing.sweeps / Annealing().sweeps
    0.5
    """

    sweeps: int = 60
    samples: int = 48
    temperature: float = 1.5
    start_temperature: float = 1.5
    cooling: float = 0.7
    longest_swap: int = 20
    random_shares: tuple[float, ...] = (0.1, 1.0)

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, longest_swap=3)


class Evidence(NamedTuple):
    """What the kernels are told of the notes.

    Attributes
    ----------
    vectors : ndarray [note, dimension]
    precisions : ndarray [note]
    player_variance, pitch_variance : ndarray [dimension]
        See `musisep.notes.players.Players`.
    octaves : ndarray [note]
        Pitches in octaves.
    pitches : ndarray of int [note]
        Numbers of the semitones.
    lines : ndarray [note, next]
        Log odds that the next notes follow a note in a line.
    first : ndarray of int [note + 1]
        Where the partners of each note begin: notes that sound together with it.
    partners : ndarray of int [partner]
        Their numbers.
    alike, crossing : ndarray [partner]
        Log odds that both are of one instrument; price if instruments are in reverse order.
    known : ndarray [note, instrument or 0]
        Log likelihood of each note by what is known of an instrument beforehand, if anything.
    """

    vectors: Floats
    precisions: Floats
    player_variance: Floats
    pitch_variance: Floats
    octaves: Floats
    pitches: Ints
    lines: Floats
    first: Ints
    partners: Ints
    alike: Floats
    crossing: Floats
    known: Floats


class Assigned(NamedTuple):
    """An answer to who plays.

    Parameters
    ----------
    value : float
        The higher the likelier.
    insts : ndarray of int [note]
        The instrument of each note.
    chances : ndarray [note, instrument], optional
        Probability of each instrument that it plays the note.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.notes.assignment import Assigned
    >>> answer = Assigned(-3.5, np.array([0, 1]), np.array([[0.9, 0.1], [0.4, 0.6]]))
    >>> answer.certainty.tolist()
    [0.9, 0.6]
    """

    value: float
    insts: Ints
    chances: Floats | None = None

    @property
    def certainty(self) -> Floats | None:
        """Probability [note] that the likeliest instrument plays the note, or None."""
        return None if self.chances is None else self.chances.max(axis=1, initial=0.0)


def chances_of(drawn: Ints, insts: Ints, instruments: int) -> Floats:
    """Return how often each instrument plays each note in answers that were drawn.

    Parameters
    ----------
    drawn : ndarray of int [answer, note]
        Instruments may have other names in each.
    insts : ndarray of int [note]
        An answer that names them, and decides where the others do not.
    instruments : int
        Number of instruments.

    Returns
    -------
    ndarray [note, instrument]
    """
    named = insts[:, None] == np.arange(instruments)
    counts = DECIDING * named
    for answer in drawn:
        own = answer[:, None] == np.arange(instruments)
        counts += own[:, same_names(named, own)]
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def same_names(one: Floats, other: Floats) -> Ints:
    """Return the numbers that the instruments of one answer [note, instrument] have in another."""
    return np.asarray(linear_sum_assignment(one.T.astype(float) @ other, maximize=True)[1])


def agreed(answers: Sequence[Assigned]) -> Assigned:
    """Return what several answers to the same question say together.

    Parameters
    ----------
    answers : sequence of Assigned
        Instruments may have other names in each.

    Returns
    -------
    Assigned
        The answer of highest value or, if all have chances, the mean of these, with its names of
        the instruments; each note goes to the likeliest one.

    Examples
    --------
    The second answer calls the instruments the other way round, and is less sure of the last note:

    >>> import numpy as np
    >>> from musisep.notes.assignment import Assigned, agreed
    >>> one = Assigned(2.0, np.array([0, 1, 1]), np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 0.9]]))
    >>> other = Assigned(1.0, np.array([1, 0, 0]), np.array([[0.0, 1.0], [1.0, 0.0], [0.7, 0.3]]))
    >>> agreed([one, other]).chances.round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.2, 0.8]]
    """
    best = max(answers, key=lambda answer: answer.value)
    every = [answer.chances for answer in answers if answer.chances is not None]
    if best.chances is None or len(every) < len(answers):
        return best
    mean = np.mean([own[:, same_names(best.chances, own)] for own in every], axis=0)
    return Assigned(best.value, mean.argmax(axis=1), mean)


class Assignment(Protocol):
    """Notes → instruments.

    Examples
    --------
    Notes in the upper half of the pitches are those of instrument 0:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> def by_register(notes, instruments, rng):
    ...     ranks = np.argsort(np.argsort(-notes.shifts))
    ...     return 0.0, ranks * instruments // len(ranks)
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> shifts = np.repeat([24.0, 60.0, 20.0, 57.0], 10)[:, None]
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, np.zeros((40, 1), int))
    >>> notes = NoteTracking()(tones, np.zeros((40, model.m)), model)
    >>> value, insts = by_register(notes, 2, np.random.default_rng(0))
    >>> insts.tolist()
    [1, 0, 1, 0]
    """

    def __call__(self, notes: Notes, instruments: int, rng: np.random.Generator) -> Assigned:
        """Return an answer.

        Parameters
        ----------
        notes : Notes
            Notes of a recording.
        instruments : int
            Number of instruments.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        Assigned
            The answer; one without chances may be a tuple.
        """


@dataclass(frozen=True)
class AnnealedAssignment:
    """Assigns notes to instruments by annealing; an `Assignment`.

    Parameters
    ----------
    tones : int
        Number of tones of one instrument at a time; if more than one, it counts less which notes
        sound together.
    players : Players, optional
        The model; default: the fitted one.
    annealing : Annealing
        How the likeliest answer is sought.

    Raises
    ------
    ValueError
        If a parameter is of another class, or out of its range.

    Examples
    --------
    A high line and a low one sound at the same time. The high one is instrument 0:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.assignment import AnnealedAssignment
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=160, lowest_hz=110.0)
    >>> lines = np.repeat([[74.0, 30.0], [78.0, 26.0], [82.0, 22.0], [78.0, 34.0]], 20, axis=0)
    >>> insts = np.zeros(lines.shape, int)  # nobody knows yet
    >>> tones = Peaks(0 * lines + 1, lines, 0 * lines + 1, 0 * lines, insts)
    >>> notes = NoteTracking()(tones, np.zeros((80, model.m)), model)
    >>> answer = AnnealedAssignment()(notes, 2, np.random.default_rng(0))
    >>> high = notes.shifts > 50
    >>> answer.insts[high].tolist(), answer.insts[~high].tolist()
    ([0, 0, 0, 0], [1, 1, 1, 1])
    """

    tones: int = 1
    players: Players | None = None
    annealing: Annealing = field(default_factory=Annealing)

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, tones=1)
        if self.players is not None:
            instance("players", self.players, Players)

    def __call__(self, notes: Notes, instruments: int, rng: np.random.Generator) -> Assigned:
        """Say which instrument plays each note.

        Parameters
        ----------
        notes : Notes
            Notes of a recording.
        instruments : int
            Number of instruments.
        rng : numpy.random.Generator
            Source of randomness: another one may lead to another answer.

        Returns
        -------
        Assigned
            Its value is that of the likeliest answer, up to a constant; of the instruments 0 mostly
            plays the highest notes.

        Raises
        ------
        ValueError
            If a parameter is of another class, or there are no instruments, or `notes` know of
            another number of them.
        """
        instance("notes", notes, Notes)
        instruments = at_least("instruments", instruments, 1, MOST_INSTRUMENTS)
        instance("rng", rng, np.random.Generator)
        size, annealing = notes.shifts.size, self.annealing
        if not size:
            return Assigned(0.0, np.zeros(0, np.int64), np.ones((0, instruments)))
        names, notes = from_above(notes, instruments)
        insts, evidence = self._start(notes, instruments, rng), self._evidence(notes)
        if instruments == 1:
            value = _kernels.total_value(_kernels.counted(insts, 1, evidence), evidence)
            return Assigned(value, insts, np.ones((size, 1)))
        value = _kernels.anneal(
            insts, instruments, evidence, rng, annealing.sweeps,
            annealing.start_temperature, annealing.cooling, annealing.longest_swap,
        )  # fmt: skip
        drawn = np.empty((annealing.samples, size), np.int64)
        _kernels.draw(
            insts.copy(), instruments, evidence, rng, annealing.temperature,
            annealing.longest_swap, drawn,
        )  # fmt: skip
        chances = chances_of(drawn[annealing.samples // 6 :], insts, instruments)
        return Assigned(value, names[chances.argmax(axis=1)], chances[:, np.argsort(names)])

    def _evidence(self, notes: Notes) -> Evidence:
        players = fitted() if self.players is None else self.players
        vectors, precisions = players.vectors(notes)
        sides, side_variance = placed(notes, precisions)
        alike, crossing = players.pairs(notes)
        if self.tones > 1:
            alike = CHORDS * alike
        both = np.concatenate((notes.pairs, notes.pairs[:, ::-1]))
        order = np.argsort(both[:, 0], kind="stable")
        return Evidence(
            vectors=np.hstack((vectors, sides)),
            precisions=precisions,
            player_variance=np.append(players.player_variance, side_variance),
            pitch_variance=np.append(players.pitch_variance, 0 * side_variance),
            octaves=semitones(notes) / 12,
            pitches=pitch_classes(notes),
            lines=players.lines(notes),
            first=np.searchsorted(both[order, 0], np.arange(notes.shifts.size + 1)),
            partners=both[order, 1],
            alike=np.tile(alike, 2)[order],
            crossing=np.tile(crossing, 2)[order],
            known=np.zeros((notes.shifts.size, 0)) if notes.known is None else notes.known,
        )

    def _start(self, notes: Notes, instruments: int, rng: np.random.Generator) -> Ints:
        """Instruments to start with: the likeliest, but for some at random; or all at random.

        The likeliest are those by register, unless more is known of the notes.
        """
        weights = sizes(notes)
        chance = rng.integers(0, instruments, notes.shifts.size)
        order = np.argsort(-notes.shifts, kind="stable")
        above = np.cumsum(weights[order]) - 0.5 * weights[order]
        insts = np.empty_like(chance)
        insts[order] = np.minimum(above / weights.sum() * instruments, instruments - 1)
        if notes.known is not None:
            insts = notes.known.argmax(axis=1)
        random = rng.random(insts.size) < rng.choice(self.annealing.random_shares)
        return np.where(random, chance, insts)


def from_above(notes: Notes, instruments: int) -> tuple[Ints, Notes]:
    """Put instruments of which something is known in order, the highest first.

    How high one plays is what the notes say that are likely its own.

    Returns
    -------
    names : ndarray of int [instrument]
        What the instruments are called in `notes`.
    notes : Notes
        The same, with `known` in this order.

    Raises
    ------
    ValueError
        If something is known of another number of notes or instruments.
    """
    if notes.known is None:
        return np.arange(instruments), notes
    if notes.known.shape != (shape := (notes.shifts.size, instruments)):
        raise ValueError(f"notes.known.shape={notes.known.shape} must be {shape}")
    shares = sizes(notes)[:, None] * softmax(notes.known, axis=1)
    heights = shares.T @ notes.shifts / np.maximum(shares.sum(axis=0), TINY)
    names = np.argsort(-heights, kind="stable")
    return names, notes._replace(known=np.ascontiguousarray(notes.known[:, names]))
