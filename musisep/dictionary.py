"""Dictionaries that are kept in files."""

import math
import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from musisep.audio.files import replacing

MAX_ENTRIES = 2**20
"""Harmonics times instruments that a file may hold: 8 MB."""


@dataclass(frozen=True, eq=False)
class Dictionary:
    """What instruments sound like.

    Parameters
    ----------
    amplitudes : array, shape (harmonic, instrument)
        Relative amplitudes of the harmonics, in [0, 1].

    Raises
    ------
    ValueError
        If the shape is not that, or an entry is outside [0, 1].
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
        """Write a ``.npz`` file whole or not at all; OSError if that is impossible."""
        with replacing(Path(path)) as temporary, open(temporary, "wb") as file:
            np.savez(file, amplitudes=self.amplitudes)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Dictionary":
        """Read what `save` wrote, trusting nothing in the file.

        Raises
        ------
        OSError
            If the file cannot be opened.
        ValueError
            If it is not a dictionary.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                _check_size(archive)
                with archive.open("amplitudes.npy") as member:
                    return cls(_read_array(member))
        except (ValueError, KeyError, EOFError, NotImplementedError, RuntimeError, zlib.error,
                zipfile.BadZipFile) as error:  # fmt: skip
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ValueError(
                f"{os.fspath(path)}: is not a dictionary that musisep saved ({reason})"
            ) from None


def _read_array(member: IO[bytes]) -> NDArray[np.float64]:
    """Read an array whose header is checked before memory is taken."""
    version = np.lib.format.read_magic(member)
    if version != (1, 0):
        raise ValueError(f"array format {version}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    if dtype.kind not in "fiu" or math.prod(shape) > MAX_ENTRIES:
        raise ValueError(f"{dtype} array of shape {shape}, not at most {MAX_ENTRIES} numbers")
    member.seek(0)
    return np.lib.format.read_array(member, allow_pickle=False)


def _check_size(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that would unpack to more than the largest dictionary."""
    size = sum(entry.file_size for entry in archive.infolist())
    if size > 8 * MAX_ENTRIES:
        raise ValueError(f"it unpacks to {size} bytes, more than {8 * MAX_ENTRIES}")
