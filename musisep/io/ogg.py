"""The pages of Ogg (RFC 3533), which encoders mark with a random number."""

import struct
import zlib
from pathlib import Path

HEAD = 27
"""Bytes of a page before the lengths of its segments, whose number is the last of them."""
SERIAL, CHECKSUM = 14, 22
"""Where in a page two numbers of four bytes are."""
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""The bits of each byte, the last first."""


def blank_serial(path: Path) -> None:
    """Give the one stream of a file the number 0, so that the same samples are the same bytes."""
    with path.open("r+b") as file:
        while head := file.read(HEAD):
            lengths = file.read(head[-1])
            page = bytearray(head + lengths + file.read(sum(lengths)))
            page[SERIAL : SERIAL + 4] = page[CHECKSUM : CHECKSUM + 4] = bytes(4)
            page[CHECKSUM : CHECKSUM + 4] = struct.pack("<I", checksum(page))
            file.seek(-len(page), 1)
            file.write(page)


def checksum(page: bytes | bytearray) -> int:
    """Return the checksum of a page in which 0 stands in its place.

    It is CRC-32 with the bits of each byte in the other order, and without the inversions.
    """
    mirrored = zlib.crc32(page.translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
