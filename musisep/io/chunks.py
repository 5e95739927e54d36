"""Bytes of a file, and the chunks into which containers divide them."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from musisep.io.pieces import Piece, patched

MANY_CHUNKS = 10_000
"""More than any honest file has; a hostile one must not keep us busy."""
HEADER_ENDS = "is truncated: it ends within its header"


class Damaged(ValueError):
    """What a file promises is not there; the message follows the name of the file."""


class Window:
    """The bytes of a file from `start` on, as which its positions count."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self.start, self.size = file, start, size - start

    def read(self, position: int, length: int) -> bytes:
        """Return bytes, fewer at the end."""
        self._file.seek(self.start + position)
        return self._file.read(length)

    def unpack(self, form: str, position: int) -> tuple[Any, ...]:
        """Return numbers; `Damaged` if the file ends before them."""
        content = self.read(position, struct.calcsize(form))
        if len(content) < struct.calcsize(form):
            raise Damaged(HEADER_ENDS)
        return struct.unpack(form, content)

    def pieces(self, fields: Mapping[int, bytes] | None = None) -> list[Piece]:
        """Return the pieces from `start` on, with other bytes at some positions."""
        moved = {self.start + position: content for position, content in (fields or {}).items()}
        first, *rest = patched(self.start + self.size, moved)
        return [first[self.start :], *rest]


@dataclass(frozen=True)
class Chunks:
    """How a container divides a file into chunks: where the first begins, and their heads.

    Parameters
    ----------
    head : str
        Form of name and size, for `struct`.
    first : int
        Where the first chunk begins.
    align : int
        Bytes of which each chunk fills a multiple.
    counted : int
        Bytes of the head that count as part of the size.
    """

    head: str
    first: int
    align: int
    counted: int = 0

    def walk(self, file: Window, position: int) -> Iterator[tuple[bytes, int, int]]:
        """Yield name, beginning and size of the chunks from a position on."""
        length = struct.calcsize(self.head)
        for _ in range(MANY_CHUNKS):
            if position + length > file.size:
                return
            name, size = struct.unpack(self.head, file.read(position, length))
            size -= self.counted
            if not name[:4].isascii() or not name[:4].decode().isprintable() or size < 0:
                return
            yield name, position + length, size
            position += length + -(-size // self.align) * self.align

    def places(self, file: Window) -> dict[bytes, tuple[int, int]]:
        """Return beginning and size of the first chunk of each name."""
        found: dict[bytes, tuple[int, int]] = {}
        for name, start, size in self.walk(file, self.first):
            found.setdefault(name[:4], (start, size))
        return found

    def end(self, file: Window, position: int) -> int:
        """Return where chunks from a position on end, or another recording begins."""
        end = position
        for name, start, size in self.walk(file, position):
            if name[:4] == file.read(0, 4) or start + size > file.size:
                break
            end = min(start + size + -size % self.align, file.size)
        return end


RIFF = Chunks("<4sI", 12, 2)
RIFX = Chunks(">4sI", 12, 2)
CAF = Chunks(">4sQ", 8, 1)
W64 = Chunks("<16sQ", 40, 8, counted=24)
