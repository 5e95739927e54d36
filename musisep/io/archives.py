"""Arrays in ``.npz`` files that are read without trust."""

from __future__ import annotations

import errno
import io
import math
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util import checks
from musisep.io.replacing import check_regular, problem, replacing

PIECE = 2**18
"""Bytes that are read at once: more than the directory of an archive of ours has."""
HEADER = 2**12
"""Bytes that the header of an array may have."""
SMALL = 2**25
"""Bytes that an array may always unpack to; a greater one to `DENSEST` times what it is packed in.

`save_arrays` does not pack at all.
"""
DENSEST = 8
REASON = 200
"""Characters of a reason, at most."""
ARRAY = re.compile(
    rb"\{'descr': '([<>|][fiu]\d{1,2})', 'fortran_order': (True|False), "
    rb"'shape': \(([\d, ]*)\), \} *\n?"
)
"""The header that NumPy gives to an array of numbers."""

ReadArray = Callable[..., NDArray[Any]]


def save_arrays(path: str | os.PathLike[str], arrays: Mapping[str, ArrayLike]) -> None:
    """Write arrays to a ``.npz`` file, whole or not at all.

    Parameters
    ----------
    path : path
        The file.
    arrays : mapping of str to array_like [...]
        Numbers by name.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If the arrays are no mapping.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.io.archives import reading_arrays, save_arrays
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "table.npz"
    ...     save_arrays(path, {"pitches": [440.0, 660.0], "notes": [[1, 2]]})
    ...     with reading_arrays(path, "table") as read_array:
    ...         read_array("pitches", limit=100).tolist()
    [440.0, 660.0]
    """
    path = checks.path("path", path)
    checks.instance("arrays", arrays, Mapping)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **{name: np.asarray(array) for name, array in arrays.items()})  # type: ignore[arg-type]


@contextmanager
def reading_arrays(path: str | os.PathLike[str], kind: str) -> Iterator[ReadArray]:
    """Give a function that reads one array of numbers; nothing else in the file is looked at.

    It takes the name of the array, how many numbers it may have at most, and optionally what its
    shape must end with. Whatever is wrong there, or in the block, is said of the file.

    Parameters
    ----------
    path : path
        The file.
    kind : str
        What the file should be, for the message.

    Yields
    ------
    callable
        Returns an array for ``(name, limit, end=())``.

    Raises
    ------
    OSError
        If the file cannot be read, or is no regular file.
    ValueError
        If it is not such a file, or would unpack to more.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.io.archives import reading_arrays, save_arrays
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "table.npz"
    ...     save_arrays(path, {"notes": [[1, 2], [3, 4], [5, 6]]})
    ...     with reading_arrays(path, "table") as read_array:
    ...         read_array("notes", 100, (2,)).sum(axis=0).tolist()
    [9, 12]
    """
    path = checks.path("path", path)
    try:
        check_regular(path, "read")
        with _Sparing(path) as file, zipfile.ZipFile(file) as archive:
            yield lambda name, limit, end=(): _read_array(archive, name, limit, end)
    except MemoryError:
        raise problem(path, "does not fit into memory; make room there") from None
    except Exception as error:  # zipfile, zlib and json have many ways to fail on damaged bytes
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # that of a wrong seek
            if error.errno and not error.filename:
                error.filename = os.fspath(path)
            raise
        reason = " ".join(str(error).split())[:REASON] or type(error).__name__
        message = f"{os.fspath(path)}: is not a {kind} that musisep saved ({reason})"
        raise ValueError(" ".join(message.splitlines())) from None


class _Sparing(io.FileIO):
    """A file of which only pieces are read, so that no directory of an archive fills memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:  # the end of an archive: its comment and what is behind it
            size = PIECE
        if size > PIECE:
            raise ValueError(f"its directory has {size} bytes, more than {PIECE}")
        return super().read(size) or b""


def _read_array(
    archive: zipfile.ZipFile, name: str, limit: int, end: tuple[int, ...]
) -> NDArray[Any]:
    """Read an array that is checked before memory is taken."""
    entry = archive.getinfo(f"{name}.npy")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"compression method {entry.compress_type}")
    most = min(8 * limit + HEADER, max(SMALL, DENSEST * entry.compress_size))
    if entry.file_size > most:
        raise ValueError(f"{name} unpacks to {entry.file_size} bytes, more than {most}")
    with archive.open(entry) as member:
        magic, length = member.read(8), int.from_bytes(member.read(2), "little")
        if magic != b"\x93NUMPY\x01\x00" or length > HEADER:
            raise ValueError(f"{name} is no array")
        header = member.read(length)
        dtype, fortran_order, shape = _parsed(name, header)
        size = math.prod(shape)
        if size > limit or shape[len(shape) - len(end) :] != end:
            wanted = f"at most {limit} numbers" + f", the last axes {end}" * bool(end)
            raise ValueError(f"{name} has the shape {shape}, not {wanted}")
        if entry.file_size != 10 + length + size * dtype.itemsize:
            raise ValueError(f"{name} has {entry.file_size} bytes, not those of shape {shape}")
        values = np.empty(size, dtype)
        octets = values.view(np.uint8)
        for start in range(0, octets.size, PIECE):
            piece = octets[start : start + PIECE]
            read = member.read(piece.size)
            if len(read) < piece.size:
                raise ValueError(f"{name} ends too early")
            piece[:] = np.frombuffer(read, np.uint8)
    return values.reshape(shape[::-1]).T if fortran_order else values.reshape(shape)


def _parsed(name: str, header: bytes) -> tuple[np.dtype[Any], bool, tuple[int, ...]]:
    """Return type, order and shape of an array."""
    found = ARRAY.fullmatch(header)
    if not found:
        text = header[:REASON].decode("ascii", "backslashreplace").strip()
        raise ValueError(f"{name} is no array of numbers, but {text}")
    dtype, order, sizes = (group.decode() for group in found.groups())
    shape = tuple(int(size) for size in sizes.split(",") if size.strip())
    return np.dtype(dtype), order == "True", shape
