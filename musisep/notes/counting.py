"""Counting: how many instruments play notes, of which nobody knows whose they are.

What is told of a recording (`FEATURES`): how much its notes sound together; how likely those that
do are of two players; how often three, and four, do so; how many there are; by how much a model of
two, three or four players explains them better than one of a player less
(`musisep.notes.assignment`); and what the loudest one and two tones of each frame leave
unexplained. Notes that nobody seems to play, as false octaves, are left out before: a linear model
tells them by what they sound like. The log odds of the numbers are linear in the features, too.
Both models are fitted to recordings with scores by `experiments/e16_counting.py`; ``counting.npz``
beside this file holds the numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import NamedTuple, Protocol

import numpy as np

from musisep._util.checks import instance
from musisep._util.constants import NONE, TINY
from musisep._util.fields import check_fields
from musisep._util.limits import MOST_COUNTED
from musisep.io.archives import reading_arrays
from musisep.notes import players
from musisep.notes.assignment import AnnealedAssignment, Annealing
from musisep.notes.tracking import Notes
from musisep.tones.peaks import Floats

FEATURES = (
    "together", "apart", "three", "four", "rate", "second", "third", "fourth", "left1", "left2",
)  # fmt: skip
"""What is told of a recording, in this order."""
QUICKLY = AnnealedAssignment(annealing=Annealing(sweeps=30, samples=0))
"""How notes are assigned to numbers of players that are compared."""
MOST_NUMBERS = 2**16
"""Of an array in a file."""


class Counted(NamedTuple):
    """How many instruments play.

    Parameters
    ----------
    probabilities : ndarray [most]
        Of one instrument, of two, and so on.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.notes.counting import Counted
    >>> counted = Counted(np.array([0.1, 0.6, 0.3, 0.0]))
    >>> counted.number, counted.certainty, counted.second
    (2, 0.6, 3)
    """

    probabilities: Floats

    @property
    def number(self) -> int:
        """The likeliest number; the smallest of several."""
        return int(np.argmax(self.probabilities)) + 1

    @property
    def certainty(self) -> float:
        """Probability of that number."""
        return float(np.max(self.probabilities))

    @property
    def second(self) -> int:
        """The likeliest of the other numbers."""
        return int(np.argsort(-self.probabilities, kind="stable")[1]) + 1


class Counting(Protocol):
    """Notes → number of instruments.

    Examples
    --------
    Somebody knows that there are as many instruments as notes sound together at most:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.counting import Counted
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> def at_a_time(notes, left):
    ...     most = (notes.numbers >= 0).sum(axis=1).max()
    ...     return Counted((np.arange(1, 5) == most) + 0.0)
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> shifts = np.tile([24.0, 60.0], (10, 1))
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, np.tile([0, 1], (10, 1)))
    >>> notes = NoteTracking()(tones, np.zeros((10, model.m)), model)
    >>> at_a_time(notes, left=np.array([0.5, 0.0])).number
    2
    """

    def __call__(self, notes: Notes, left: Floats) -> Counted:
        """Count the instruments that play notes.

        Parameters
        ----------
        notes : Notes
            Notes of a recording.
        left : ndarray [2]
            What the loudest tone of each frame leaves unexplained of the recording, from 0 to 1,
            and what the loudest two leave.

        Returns
        -------
        Counted
            How likely each number is.
        """


class Textures(NamedTuple):
    """What is known of the notes of so many instruments.

    Parameters
    ----------
    played : ndarray [input]
        Of the log odds that somebody plays a note, by `musisep.notes.players.inputs`.
    played_bias : float
        Added to these.
    factors : ndarray [feature, number]
        Of the log probabilities of the numbers, up to a constant, by `FEATURES`.
    constants : ndarray [number]
        Added to these.

    Examples
    --------
    The more notes sound together, the likelier are many instruments rather than one:

    >>> from musisep.notes.counting import FEATURES, fitted
    >>> weights = fitted().factors[FEATURES.index("together")]
    >>> bool(weights[0] < weights[3])
    True
    """

    played: Floats
    played_bias: float
    factors: Floats
    constants: Floats


@lru_cache(maxsize=1)
def fitted() -> Textures:
    """Return the model that was fitted to recordings.

    Returns
    -------
    Textures
        The model, which is read once.

    Raises
    ------
    OSError
        If its file cannot be read.
    ValueError
        If that holds no model, or a damaged one.

    Examples
    --------
    It tells up to so many instruments:

    >>> from musisep.notes.counting import fitted
    >>> fitted().constants.size
    4
    """
    with (
        resources.as_file(resources.files("musisep.notes") / "counting.npz") as path,
        reading_arrays(path, "model of textures") as read,
    ):
        return from_arrays({name: read(name, MOST_NUMBERS) for name in Textures._fields})


def from_arrays(arrays: Mapping[str, Floats]) -> Textures:
    """Return the model of the arrays of a file.

    Raises
    ------
    ValueError
        If an array has another shape than others ask for, or is not finite.
    """
    shapes = {
        "played": (arrays["played"].size,),
        "played_bias": (),
        "factors": (len(FEATURES), MOST_COUNTED),
        "constants": (MOST_COUNTED,),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} must be finite numbers of the shape {shape}")
    return Textures(
        arrays["played"], float(arrays["played_bias"]), arrays["factors"], arrays["constants"]
    )


@dataclass(frozen=True)
class TextureCounting:
    """Counts instruments by how their notes go together; a `Counting`.

    Parameters
    ----------
    textures : Textures, optional
        The model; default: the fitted one.
    restarts : int
        How often notes are assigned to each number of players; the highest value counts.

    Raises
    ------
    ValueError
        If a parameter is of another class, or out of its range.

    Examples
    --------
    A line of notes that follow each other is played by one instrument:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.counting import TextureCounting
    >>> from musisep.notes.tracking import NoteTracking
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120, lowest_hz=220.0)
    >>> shifts = np.repeat([24.0, 28.0, 32.0, 34.0, 28.0], 20)[:, None]
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, np.zeros((100, 1), int))
    >>> notes = NoteTracking()(tones, np.zeros((100, model.m)), model)
    >>> TextureCounting()(notes, left=np.array([0.0, 0.0])).number
    1
    """

    textures: Textures | None = None
    restarts: int = 2

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, restarts=1)
        if self.textures is not None:
            instance("textures", self.textures, Textures)

    def __call__(self, notes: Notes, left: Floats) -> Counted:
        """Tell how likely each number is.

        Parameters
        ----------
        notes : Notes
            Found with as many tones at a time as there may be instruments.
        left : ndarray [2]
            What the loudest tone of each frame leaves unexplained of the recording, and the loudest
            two.

        Returns
        -------
        Counted
            Of no notes, all numbers are equally likely.

        Raises
        ------
        ValueError
            If a parameter is of another class.
        """
        instance("notes", notes, Notes)
        if not notes.shifts.size:
            return Counted(np.full(MOST_COUNTED, 1 / MOST_COUNTED))
        textures = fitted() if self.textures is None else self.textures
        played = players.inputs(notes) @ textures.played + textures.played_bias > 0
        told = features(notes.chosen(played), left, self.restarts)
        odds = told @ textures.factors + textures.constants
        odds = np.exp(odds - odds.max())
        return Counted(odds / odds.sum())


def features(notes: Notes, left: Floats, restarts: int) -> Floats:
    """Return what is told of a recording, (feature,)."""
    sounding = notes.numbers != NONE
    amps = np.append(notes.amps, 0.0)[notes.numbers]
    weights = np.sqrt(amps.sum(axis=1))
    weights /= max(weights.sum(), TINY)
    at_a_time = sounding.sum(axis=1)
    seconds = len(notes.numbers) * notes.hop_s
    alike, _ = players.fitted().pairs(notes)
    apart = np.exp(-np.logaddexp(0.0, alike))
    return np.array([
        notes.together.sum() / max(notes.lengths.sum(), 1),
        notes.together @ apart / max(notes.together.sum(), TINY),
        weights @ (at_a_time >= 3),
        weights @ (at_a_time >= 4),
        np.log(max(notes.shifts.size, 1) / seconds),
        *np.arcsinh(np.diff(values(notes, restarts))),
        *left,
    ])  # fmt: skip


def values(notes: Notes, restarts: int) -> Floats:
    """Return the highest values of assignments to one player, to two, and so on."""
    rngs = np.random.default_rng(0).spawn(restarts)
    return np.array([
        max(QUICKLY(notes, number, rng).value for rng in rngs)
        for number in range(1, MOST_COUNTED + 1)
    ])  # fmt: skip
