"""Dictionaries that are kept in files."""

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musisep.io.archives import reading_arrays, save_arrays

MAX_ENTRIES = 2**20
"""Harmonics times instruments that a file may hold: 8 MB."""


@dataclass(frozen=True, eq=False)
class Dictionary:
    """What instruments sound like.

    Parameters
    ----------
    amplitudes : array_like, float [harmonic, instrument]
        Relative amplitudes of the harmonics, in [0, 1].

    Raises
    ------
    ValueError
        If the shape is not that, or an entry is outside [0, 1].

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep import Dictionary
    >>> dictionary = Dictionary([[1.0, 1.0], [0.1, 0.9], [0.5, 0.4]])
    >>> dictionary.instruments
    2
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     dictionary.save(Path(folder) / "duo.npz")
    ...     again = Dictionary.load(Path(folder) / "duo.npz")
    >>> again.amplitudes[:, 0].tolist()
    [1.0, 0.1, 0.5]
    """

    amplitudes: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse what is no dictionary and keep a copy that nobody can change."""
        try:
            amplitudes = np.array(self.amplitudes, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError("amplitudes must be numbers [harmonic, instrument]") from None
        if amplitudes.ndim != 2 or not amplitudes.size:
            raise ValueError(f"amplitudes.shape={amplitudes.shape} must be [harmonic, instrument]")
        if not ((amplitudes >= 0) & (amplitudes <= 1)).all():
            raise ValueError("amplitudes must all lie in [0, 1]")
        amplitudes.flags.writeable = False
        object.__setattr__(self, "amplitudes", amplitudes)

    @property
    def instruments(self) -> int:
        """Number of columns."""
        return self.amplitudes.shape[1]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a ``.npz`` file whole or not at all.

        Parameters
        ----------
        path : path
            The file.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        save_arrays(path, {"amplitudes": self.amplitudes})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Dictionary":
        """Read what `save` wrote, trusting nothing in the file.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        Dictionary
            With the same amplitudes.

        Raises
        ------
        OSError
            If the file cannot be read, or is no regular file.
        ValueError
            If it is not a dictionary.
        """
        with reading_arrays(path, "dictionary") as read:
            return cls(read("amplitudes", MAX_ENTRIES))
