"""A file made of pieces of another, for decoders that believe what headers say."""

import io
import os
from collections.abc import Mapping, Sequence
from typing import BinaryIO

Piece = bytes | range
"""Bytes, or the positions in the file of those that are meant."""


def patched(size: int, fields: Mapping[int, bytes]) -> list[Piece]:
    """Return the pieces of a file of `size` bytes in which other bytes stand at some positions."""
    pieces: list[Piece] = []
    position = 0
    for start, content in sorted(fields.items()):
        pieces += [range(position, start), content]
        position = start + len(content)
    return [*pieces, range(position, size)]


class Pieces(io.RawIOBase):
    """A file that consists of pieces of another one, which stays open.

    Parameters
    ----------
    file : binary file
        Where the pieces come from.
    pieces : sequence of bytes and range
        In their order.

    Attributes
    ----------
    error : OSError or None
        What the operating system refused; the file then seems to end, as decoders written in C
        cannot be told.
    """

    def __init__(self, file: BinaryIO, pieces: Sequence[Piece]) -> None:
        self._file, self._position = file, 0
        self._pieces = [piece for piece in pieces if len(piece)]
        self._ends: list[int] = []
        for piece in self._pieces:
            self._ends.append(len(piece) + (self._ends[-1] if self._ends else 0))
        self._current = 0
        self.error: OSError | None = None

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that positions can be changed."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, as any file does."""
        size = self._ends[-1] if self._ends else 0
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: size}[whence]
        self._position = max(0, base + offset)
        self._current = 0
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer up to the end of the pieces; return the number of bytes."""
        filled = 0
        while filled < len(buffer):
            content = self._next(len(buffer) - filled)
            if not content:
                break
            buffer[filled : filled + len(content)] = content
            filled += len(content)
            self._position += len(content)
        return filled

    def _next(self, most: int) -> bytes:
        """Return the next bytes of one piece."""
        while self._current < len(self._ends) and self._ends[self._current] <= self._position:
            self._current += 1
        if self._current == len(self._ends):
            return b""
        piece = self._pieces[self._current]
        inside = self._position - (self._ends[self._current] - len(piece))
        part = piece[inside : inside + most]
        if isinstance(part, bytes):
            return part
        try:
            self._file.seek(part.start)
            return self._file.read(len(part))
        except OSError as error:
            self.error = error
            return b""
