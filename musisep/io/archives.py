"""Arrays in ``.npz`` files that are read without trust."""

import math
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep.io.replacing import replacing

HEADERS = 2**16
"""Bytes that the headers of the arrays in a file may have, together."""


def save_arrays(path: str | os.PathLike[str], arrays: Mapping[str, ArrayLike]) -> None:
    """Write a file whole or not at all; OSError if that is impossible."""
    with replacing(Path(path)) as temporary, open(temporary, "wb") as file:
        np.savez(file, **{name: np.asarray(array) for name, array in arrays.items()})  # type: ignore[arg-type]


def load_arrays(
    path: str | os.PathLike[str], limits: Mapping[str, int], kind: str
) -> dict[str, NDArray[Any]]:
    """Read arrays of numbers; nothing else in the file is looked at.

    Parameters
    ----------
    path : path
    limits : mapping of str to int
        Names of the arrays, and how many numbers each may have at most.
    kind : str
        What the file should be, for the message.

    Returns
    -------
    dict of str to array

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not such a file, or would unpack to more.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            most = 8 * sum(limits.values()) + HEADERS
            if size > most:
                raise ValueError(f"it unpacks to {size} bytes, more than {most}")
            found = {}
            for name, limit in limits.items():
                with archive.open(f"{name}.npy") as member:
                    found[name] = _read_array(member, limit)
            return found
    except (ValueError, KeyError, EOFError, NotImplementedError, RuntimeError, zlib.error,
            zipfile.BadZipFile) as error:  # fmt: skip
        raise not_a(kind, path, error) from None


def not_a(kind: str, path: str | os.PathLike[str], error: Exception) -> ValueError:
    """Return the error for a file that is not what it should be."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ValueError(f"{os.fspath(path)}: is not a {kind} that musisep saved ({reason})")


def _read_array(member: IO[bytes], limit: int) -> NDArray[Any]:
    """Read an array whose header is checked before memory is taken."""
    version = np.lib.format.read_magic(member)
    if version != (1, 0):
        raise ValueError(f"array format {version}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    if dtype.kind not in "fiu" or math.prod(shape) > limit:
        raise ValueError(f"{dtype} array of shape {shape}, not at most {limit} numbers")
    member.seek(0)
    return np.lib.format.read_array(member, allow_pickle=False)
