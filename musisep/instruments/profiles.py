"""Profiles of instruments: what their notes sound like, how high they play, and their harmonics.

A note is a row of numbers: what it sounds like (`musisep.notes.sound`), which of that is known, and
its pitch. The rows of an instrument are normal about a mean of its own, with a covariance that all
instruments share (linear discriminant analysis). What a note says of who plays it counts less than
it would if the numbers of notes were independent: `Profiles.weight`, which is fitted with them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from musisep._util.checks import instance
from musisep._util.messages import shown
from musisep.io.archives import reading_arrays, save_arrays
from musisep.names import canonical, members
from musisep.notes.players import semitones
from musisep.notes.tracking import Notes
from musisep.tones.peaks import Floats, Ints

FARTHEST = 6.0
"""Numbers of a note are limited to so many units."""
BANDS = np.array([-18.0, -12.0, -6.0, 0.0, 6.0, 12.0, 18.0])
"""Semitones from middle C between the bands of pitch that have columns of their own."""
PITCH_INPUTS = 2
"""Numbers of a note that tell its pitch."""
LOUDNESS = 2
"""Columns of a band: of notes that are softer and louder than the instrument's median."""
MOST_NUMBERS = 2**22
"""Of an array in a file."""
MOST_NAMES = 2**16
"""Bytes of all names."""


def rows_of(notes: Notes) -> Floats:
    """Return what profiles are told of notes: sound, which of it is known, and pitch.

    Parameters
    ----------
    notes : Notes
        Notes whose sound was measured.

    Returns
    -------
    ndarray [note, input]
        Features, 0 if not known; 0.5 for each that is known and -0.5 for each that is not; octaves
        above middle C, and their squares. All are limited to `FARTHEST`.

    Examples
    --------
    A note with two features, of which one is known, an octave above middle C:

    >>> import numpy as np
    >>> from musisep.instruments.profiles import rows_of
    >>> from musisep.notes.players import MIDDLE_HZ
    >>> from musisep.notes.sound import Sound
    >>> from musisep.notes.tracking import Notes
    >>> sound = Sound(np.array([[1.5, 0.0]]), np.array([[True, False]]))
    >>> none, one = np.zeros((0, 2), int), np.ones(1)
    >>> notes = Notes(none, one, one, 60 * one, one, sound, none, one[:0], 60.0, MIDDLE_HZ, 0.01)
    >>> rows_of(notes).tolist()
    [[1.5, 0.0, 0.5, -0.5, 1.0, 1.0]]
    """
    values, known = notes.sound
    octaves = semitones(notes)[:, None] / 12
    return np.clip(
        np.hstack((known * values, known - 0.5, octaves, octaves**2)), -FARTHEST, FARTHEST
    )


def bands_of(notes: Notes) -> Ints:
    """Return the band of pitch of each note, see `BANDS`."""
    return np.asarray(np.digitize(semitones(notes), BANDS))


@dataclass(frozen=True, eq=False)
class Profiles:
    """What is known of instruments.

    Parameters
    ----------
    names : tuple of str
        Of the instruments.
    means : ndarray [instrument, input]
        Mean rows of their notes.
    covariance : ndarray [input, input]
        Of rows about the mean of their instrument.
    weight : float
        How much the log likelihood of a note counts, from 0 to 1.
    amounts : ndarray [instrument]
        Of how many notes each was learned.
    columns : ndarray [instrument, band, loudness, harmonic]
        Relative amplitudes of harmonics, with maximum 1; see `BANDS` and `LOUDNESS`. 0 where
        nothing was heard.

    Raises
    ------
    ValueError
        If shapes do not fit, names are not different, a number is not finite, or the covariance
        is none.

    Examples
    --------
    The odd harmonics of a clarinet are louder than the even ones between them:

    >>> from musisep.instruments import library
    >>> profiles = library()
    >>> (clarinet,) = profiles.numbers("Clarinet 1")
    >>> profiles.amplitudes[:6, clarinet].round(2).tolist()
    [0.96, 0.4, 1.0, 0.26, 0.6, 0.25]
    >>> [profiles.names[number] for number in profiles.numbers("organ")]
    ['pipe-organ', 'reed-organ']
    """

    names: tuple[str, ...]
    means: Floats
    covariance: Floats
    weight: float
    amounts: Floats
    columns: Floats

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        count, inputs = len(self.names), np.shape(self.means)[-1]
        shapes = {
            "means": (count, inputs),
            "covariance": (inputs, inputs),
            "amounts": (count,),
            "columns": (count, len(BANDS) + 1, LOUDNESS, np.shape(self.columns)[-1]),
        }
        for name, shape in shapes.items():
            values = getattr(self, name)
            if values.shape != shape or not np.isfinite(values).all():
                raise ValueError(f"{name} must be finite numbers of the shape {shape}")
        if not count or len(set(self.names)) < count:
            raise ValueError(f"names={shown(self.names)} must be different names, at least one")
        if not 0 <= self.weight <= 1:
            raise ValueError(f"weight={self.weight} must be from 0 to 1")
        if (self.amounts < 0).any():
            raise ValueError("amounts must be at least 0")
        if not _positive_definite(self.covariance):
            raise ValueError("covariance must be symmetric and positive definite")

    def numbers(self, name: str) -> list[int]:
        """Return the numbers of the instruments that a name may stand for.

        A group that recordings did not tell more of has a profile of its own.

        Parameters
        ----------
        name : str
            Any name that `musisep.names.canonical` understands.

        Returns
        -------
        list of int
            Places in `names`, at least one.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        meant = canonical(name)
        meanings = (meant,) if meant in self.names else members(meant)
        found = [self.names.index(one) for one in meanings if one in self.names]
        if not found:
            raise ValueError(f"{name!r} is no instrument here; there are {', '.join(self.names)}")
        return found

    def fit(self, notes: Notes) -> bool:
        """Tell whether notes have the features that profiles were learned from.

        Parameters
        ----------
        notes : Notes
            Notes whose sound was measured.

        Returns
        -------
        bool
            Whether their number of features is right.
        """
        return 2 * notes.sound.values.shape[1] + PITCH_INPUTS == self.means.shape[1]

    def log_likelihoods(self, notes: Notes) -> Floats:
        """Return how likely each instrument plays notes like these.

        Parameters
        ----------
        notes : Notes
            Notes whose sound was measured.

        Returns
        -------
        ndarray [note, instrument]
            Natural logarithms, up to a constant for each note.

        Raises
        ------
        ValueError
            If the notes have other features than those that profiles were learned from.
        """
        instance("notes", notes, Notes)
        rows = rows_of(notes)
        if not self.fit(notes):
            raise ValueError(f"notes have {rows.shape[1]} inputs, profiles {self.means.shape[1]}")
        return self.weight * discriminants(rows, self.means, self.covariance)

    def of_names(self, notes: Notes, names: Sequence[str]) -> Floats:
        """Return how likely the instruments of some names play notes.

        A name that stands for several instruments is as likely as they are in the mean.

        Parameters
        ----------
        notes : Notes
            Notes whose sound was measured.
        names : sequence of str
            Names of instruments or of groups of them.

        Returns
        -------
        ndarray [note, name]
            Natural logarithms, as those of `log_likelihoods`.

        Raises
        ------
        ValueError
            If a name is unknown, or the notes have other features.
        """
        single = self.log_likelihoods(notes)
        columns = [
            logsumexp(single[:, numbers], axis=1) - np.log(len(numbers))
            for numbers in map(self.numbers, names)
        ]
        return np.stack(columns, axis=1)

    def completed(self, others: Profiles) -> Profiles:
        """Return profiles of other instruments as well, where these here lack them.

        What instruments that both have sound like here, and not there, tells of the recordings:
        the mean of these differences is added to the means of the others. Covariance and weight
        stay.

        Parameters
        ----------
        others : Profiles
            Where the instruments that are lacking are taken from.

        Returns
        -------
        Profiles
            All instruments of both, those here first.

        Raises
        ------
        ValueError
            If the others are of other features.
        """
        new = [number for number, name in enumerate(others.names) if name not in self.names]
        if others.covariance.shape != self.covariance.shape:
            shapes = f"{others.covariance.shape}, not {self.covariance.shape}"
            raise ValueError(f"others have a covariance of the shape {shapes}")
        both = [
            (mean, others.means[others.names.index(name)])
            for name, mean in zip(self.names, self.means, strict=True)
            if name in others.names
        ]
        apart = np.mean([here - there for here, there in both], axis=0) if both else 0.0

        def joined(name: str) -> Floats:
            return np.concatenate((getattr(self, name), getattr(others, name)[new]))

        return replace(
            self,
            names=(*self.names, *(others.names[number] for number in new)),
            means=np.concatenate((self.means, others.means[new] + apart)),
            amounts=joined("amounts"),
            columns=joined("columns"),
        )

    @property
    def amplitudes(self) -> Floats:
        """Mean columns [harmonic, instrument], as of a dictionary."""
        heard = self.columns.any(axis=-1, keepdims=True)
        total = self.columns.sum(axis=(1, 2)) / np.maximum(heard.sum(axis=(1, 2)), 1)
        return np.asarray((total / np.maximum(total.max(axis=1, keepdims=True), 1e-9)).T)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a ``.npz`` file whole or not at all.

        `musisep.Dictionary.load` reads its mean columns.

        Parameters
        ----------
        path : path
            Name of the file.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        arrays = {
            field: getattr(self, field)
            for field in ("means", "covariance", "weight", "amounts", "columns")
        }
        arrays |= {"names": text_array(self.names), "amplitudes": self.amplitudes}
        save_arrays(path, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Profiles:
        """Read what `save` wrote, trusting nothing in the file.

        Parameters
        ----------
        path : path
            Name of the file.

        Returns
        -------
        Profiles
            The profiles.

        Raises
        ------
        OSError
            If the file cannot be read, or is no regular file.
        ValueError
            If it holds no profiles.
        """
        with reading_arrays(path, "model of instruments") as read:
            return cls(
                names=text_of(read("names", MOST_NAMES)),
                means=read("means", MOST_NUMBERS),
                covariance=read("covariance", MOST_NUMBERS),
                weight=float(read("weight", 1)),
                amounts=read("amounts", MOST_NUMBERS),
                columns=read("columns", MOST_NUMBERS),
            )


def _positive_definite(matrix: Floats) -> bool:
    """Tell whether a matrix is a covariance; with another one, likelihoods would be absurd."""
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return np.allclose(matrix, matrix.T)


def discriminants(rows: Floats, means: Floats, covariance: Floats) -> Floats:
    """Return log densities (row, mean) of normal rows [row, input], up to a constant for each row.

    ``means`` are (mean, input), ``covariance`` (input, input).
    """
    directions = np.linalg.solve(covariance, means.T)
    offsets = 0.5 * np.einsum("ki,ik->k", means, directions)
    return np.asarray(rows @ directions - offsets)


def text_array(names: Sequence[str]) -> NDArray[np.uint8]:
    """Return names as numbers, for a file that holds nothing else."""
    return np.frombuffer(json.dumps(list(names)).encode(), np.uint8)


def text_of(octets: NDArray[np.uint8]) -> tuple[str, ...]:
    """Return the names of `text_array`; ValueError if it is not that."""
    names = json.loads(bytes(octets))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("must be a list of names")
    return tuple(names)
