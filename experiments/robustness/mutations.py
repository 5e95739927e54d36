"""What befalls files: cut ends, flipped bits, lost blocks, lying headers, tags, strangers."""

import struct
from collections.abc import Callable

import numpy as np
from mp3frames import frame_places

HEAD = 200
"""Bytes in which headers stand."""
SIZED = (
    b"data", b"fmt ", b"RIFF", b"RIFX", b"RF64", b"ds64", b"fact", b"SSND", b"COMM", b"FORM",
    b"desc", b"pakt", b"kuki", b"free", b".snd", b"dns.", b"fLaC", b"OggS", b"Xing", b"Info",
    b"LAME", b"Lavf", b"OpusHead", b"vorbis", b"BODY", b"VHDR", b"riff", b"wave", b"PEAK",
)  # fmt: skip
"""Names in headers that a number follows."""
MAGICS = (
    b"RIFF\x24\x08\0\0WAVEfmt ", b"RIFX\0\0\x08\x24WAVEfmt ", b"RF64\xff\xff\xff\xffWAVEds64",
    b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0", b"FORM\0\0\x10\0AIFFCOMM",
    b"FORM\0\0\x10\0AIFCFVER", b"caff\0\1\0\0desc", b".snd\0\0\0\x18", b"dns.\x18\0\0\0",
    b"fLaC\0\0\0\x22", b"OggS\0\2", b"ID3\4\0\0\0\0\1\0", b"\xff\xfb\x90\x64", b"\xff\xe3\x18\xc4",
    b"Creative Voice File\x1a", b"NIST_1A\n   1024\n", b"Extended Instrument: ", b"2BIT",
    b"MATLAB 5.0 MAT-file", b"PVF1\n", b"\x64\xa3\1\0", b"TAG", b"APETAGEX\xd0\7\0\0",
)  # fmt: skip
"""How files of known formats begin."""

Random = np.random.Generator
Change = Callable[[Random, bytes, bytes], bytes]


def truncated(rng: Random, data: bytes, other: bytes) -> bytes:
    """Take the last bytes away: from one of them up to all but one."""
    most = len(data) - 1
    lost = int(rng.integers(1, most + 1)) if rng.random() < 0.7 else int(rng.integers(1, 65))
    return data[: len(data) - min(lost, most)]


def beheaded(rng: Random, data: bytes, other: bytes) -> bytes:
    """Take the first bytes away; of an MP3 whole frames, as who records a broadcast does."""
    places = frame_places(data)
    if len(places) > 2:
        return data[places[rng.integers(1, len(places))] :]
    return data[int(rng.integers(1, len(data))) :]


def flipped(rng: Random, data: bytes, other: bytes) -> bytes:
    """Flip bits anywhere."""
    return _flipped(rng, data, len(data))


def flipped_head(rng: Random, data: bytes, other: bytes) -> bytes:
    """Flip bits in the first bytes."""
    return _flipped(rng, data, HEAD)


def _flipped(rng: Random, data: bytes, size: int) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16, 100])):
        changed[rng.integers(min(size, len(data)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def overwritten(rng: Random, data: bytes, other: bytes) -> bytes:
    """Set a block to zeros, ones or random bytes."""
    place, size = _block(rng, data)
    fill = [bytes(size), b"\xff" * size, rng.bytes(size)][rng.integers(3)]
    return data[:place] + fill + data[place + size :]


def inserted(rng: Random, data: bytes, other: bytes) -> bytes:
    """Insert random bytes, or a piece of another file."""
    place, size = _block(rng, data)
    piece = rng.bytes(size) if rng.random() < 0.5 else other[:size]
    return data[:place] + piece + data[place:]


def removed(rng: Random, data: bytes, other: bytes) -> bytes:
    """Take a block out of the middle."""
    place, size = _block(rng, data)
    return data[:place] + data[place + size :]


def duplicated(rng: Random, data: bytes, other: bytes) -> bytes:
    """Have a block twice."""
    place, size = _block(rng, data)
    return data[: place + size] + data[place:]


def _block(rng: Random, data: bytes) -> tuple[int, int]:
    """Return where a block begins, often in the header, and how long it is."""
    place = int(rng.integers(len(data) if rng.random() < 0.7 else min(HEAD, len(data))))
    size = int(2 ** rng.uniform(0, np.log2(max(2, len(data) // 2))))
    return place, min(size, len(data) - place)


def lying(rng: Random, data: bytes, other: bytes) -> bytes:
    """Set a number in the header to something else."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        place, form = _number(rng, data)
        size = struct.calcsize(form)
        if place + size > len(data):
            continue
        (value,) = struct.unpack(form, data[place : place + size])
        most = 256**size - 1
        value = int(
            [0, 1, most, most // 2, most // 2 + 1, 0x7FFF0000, 0xFFFFFF00, value * 2, value // 2,
             value + int(rng.integers(-9, 10)), len(data), rng.integers(2**16)][rng.integers(12)]
        )  # fmt: skip
        changed[place : place + size] = struct.pack(form, value & most)
    return bytes(changed)


def _number(rng: Random, data: bytes) -> tuple[int, str]:
    """Return where a number might stand in a header, and its form."""
    form = ("<>"[rng.integers(2)]) + "IIIHHQB"[rng.integers(7)]
    names = [(place, name) for name in SIZED if (place := data.find(name)) >= 0]
    if names and rng.random() < 0.7:
        place, name = names[rng.integers(len(names))]
        return place + len(name) + int(rng.choice([0, 0, 0, 2, 4, 8, 12, 16])), form
    return int(rng.integers(min(HEAD, len(data)))), form


def joined(rng: Random, data: bytes, other: bytes) -> bytes:
    """Put another file behind, sometimes with some bytes between."""
    return data + bytes(int(rng.choice([0, 0, 1, 2, 7, 512]))) + other


def tagged(rng: Random, data: bytes, other: bytes) -> bytes:
    """Put tags before and behind."""
    size = int(rng.choice([0, 10, 127, 2000, 200_000]))
    length = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    if rng.random() < 0.2:
        length = rng.bytes(4)
    id3 = b"ID3\4\0" + bytes([rng.choice([0, 0, 16, 128])]) + length + bytes(size)
    ape = struct.pack("<8sIIII8x", b"APETAGEX", 2000, size + 32, 1, int(rng.choice([0, 1 << 31])))
    lyrics = b"LYRICSBEGIN" + b"x" * 50 + b"000061LYRICS200"
    tags = [b"TAG" + bytes(125), ape, bytes(size) + ape, lyrics, id3, b"\0" * 64]
    behind = b"".join(tags[rng.integers(len(tags))] for _ in range(rng.integers(3)))
    return (id3 if rng.random() < 0.6 else b"") + data + behind


def strange(rng: Random, data: bytes, other: bytes) -> bytes:
    """Have random bytes behind a good beginning."""
    size = int(2 ** rng.uniform(0, 16))
    head = MAGICS[rng.integers(len(MAGICS))]
    if rng.random() < 0.5:
        head = data[: int(rng.choice([4, 12, 16, 40, 60, 100]))]
    return head + (rng.bytes(size) if rng.random() < 0.8 else bytes(size))


def whole(rng: Random, data: bytes, other: bytes) -> bytes:
    """Leave a file as it is."""
    return data


CHANGES: dict[str, Change] = {
    "truncated": truncated, "beheaded": beheaded, "flipped": flipped, "flipped head": flipped_head,
    "overwritten": overwritten, "inserted": inserted, "removed": removed, "duplicated": duplicated,
    "lying": lying, "joined": joined, "tagged": tagged, "strange": strange, "whole": whole,
}  # fmt: skip
WEIGHTS = np.array([20, 5, 8, 12, 7, 7, 7, 7, 16, 5, 6, 4, 1])
"""How often each is taken."""
TWICE = 0.15
"""Share of files that are changed twice."""


def mutated(rng: Random, data: bytes, other: bytes) -> tuple[str, bytes]:
    """Return the name of what was done (two with a plus), and what it gave, never nothing."""
    names = []
    for _ in range(2 if rng.random() < TWICE else 1):
        name = list(CHANGES)[rng.choice(len(CHANGES), p=WEIGHTS / WEIGHTS.sum())]
        data = CHANGES[name](rng, data, other) or b"\0"
        names.append(name)
    return "+".join(names), data
