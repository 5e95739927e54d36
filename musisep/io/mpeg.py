"""Frames of MPEG audio (ISO 11172-3, 13818-3), counted, as no header tells their number reliably.

A decoder that estimates the length from the bit rate of the first frame, or trusts a header that
another program left, loses samples. So the frames are found one after another, tags between them
are left out, and the decoder is given a header with the number that was counted.
"""

import re
import struct
from dataclasses import dataclass

from musisep.io.pieces import Piece

RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""In Hz, by the two bits of the version: 1, 2, 2.5."""
KBITS = {
    (True, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Of the bit rates, by "is it version 1" and the two bits of the layer: III is 1, I is 3."""
DECODER_DELAY = 529
"""Samples that any decoder puts before those of the encoder."""
ENCODERS = (b"LAME", b"Lavf", b"Lavc")
"""Who write their delay and padding into the header."""
MARKS = re.compile(rb"\xff[\xe0-\xff]|ID3|TAG|APETAGEX|LYRICSBEGIN")
"""Where a frame or a tag could begin."""
MOST_UNKNOWN = 2**18
"""Bytes that are neither frames nor tags, in one place; what follows them is not looked at."""
RESERVOIR = 511
"""Bytes of earlier frames that a frame of layer III may use, at most."""
SPARE_FRAMES = 8
"""More than were counted, in the header for the decoder: frames that we overlooked show then."""


@dataclass(frozen=True)
class Header:
    """The four bytes at the beginning of a frame.

    Parameters
    ----------
    stream : tuple
        What all frames of a recording share: version, layer, sample rate, "is it mono".
    length : int
        Bytes of the frame.
    samples : int
        Of each channel.
    """

    stream: tuple[int, int, int, bool]
    length: int
    samples: int

    @property
    def side_bytes(self) -> int:
        """Bytes between the header and what may be an Xing header (layer III)."""
        version, _, _, mono = self.stream
        return (17 if mono else 32) if version == 3 else (9 if mono else 17)


@dataclass(frozen=True)
class Frames:
    """What was counted.

    Parameters
    ----------
    pieces : list of Piece
        What a decoder is to be given.
    decoded : int
        Samples of each channel that it must then return.
    lead, tail : int
        How many of them, at the beginning and at the end, the encoder put there.
    promised, held : int
        Frames that the header promises (0: none) and that there are.
    is_cut : bool
        Whether frames are missing; a header whose number of bytes is there may count one too many.
    is_mixed : bool
        Whether frames of another sample rate or number of channels follow.
    muted : int
        Frames at the beginning that need what came before it; they are silent.
    left_out : int
        Bytes at the beginning and the end that are neither frames nor tags.
    gaps : int
        Bytes of this kind in between: the recording is damaged there.
    """

    pieces: list[Piece]
    decoded: int
    lead: int
    tail: int
    promised: int
    held: int
    is_cut: bool
    is_mixed: bool
    muted: int
    left_out: int
    gaps: int


def header_at(data: bytes, position: int) -> Header | None:
    """Return the header at a position, or None if there is none that makes sense."""
    if position + 4 > len(data) or data[position] != 0xFF or data[position + 1] < 0xE0:
        return None
    first, second, third = data[position + 1 : position + 4]
    version, layer = first >> 3 & 3, first >> 1 & 3
    bits, rate, padding = second >> 4, second >> 2 & 3, second >> 1 & 1
    if version == 1 or not layer or not 0 < bits < 15 or rate == 3:
        return None
    hertz, bit_rate = RATES[version][rate], 1000 * KBITS[version == 3, layer][bits - 1]
    if layer == 3:
        samples, length = 384, 4 * (12 * bit_rate // hertz + padding)
    else:
        samples = 576 if layer == 1 and version != 3 else 1152
        length = samples // 8 * bit_rate // hertz + padding
    return Header((version, layer, hertz, third >> 6 == 3), length, samples)


def tag_length(data: bytes, position: int) -> int:
    """Return the bytes of the tag (ID3, APE, Lyrics3) that begins at a position, 0 if none does."""
    head = data[position : position + 32]
    if head[:3] == b"ID3" and len(head) >= 10:
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 127
        return 10 + size + (10 if head[5] & 16 else 0)
    if head[:3] == b"TAG":
        return 128
    if head[:8] == b"APETAGEX" and len(head) == 32:
        rest = int.from_bytes(head[12:16], "little")
        return 32 + rest if head[23] & 32 else 32  # a header tells what follows, a footer does not
    if head[:11] == b"LYRICSBEGIN":
        end = data.find(b"LYRICS200", position, position + 2**14)
        return 0 if end < 0 else end + 9 - position
    return 0


def count_frames(data: bytes) -> Frames | None:
    """Find the frames of a file; None if it is not, for the most part, MPEG audio."""
    found = _Walk(data)
    length = sum(map(len, found.runs))
    if found.frames < 2 or (length < (len(data) - found.tags) // 2 and not found.is_mixed):
        return None
    first = header_at(data, found.runs[0].start)
    assert first is not None  # a run begins with a header
    start = found.runs[0].start
    info = _info(data[start : start + first.length], first)
    runs, held = found.runs, found.frames
    if info is not None:
        runs, held = [range(start + first.length, runs[0].stop), *runs[1:]], held - 1
    promised, size, lead, tail = info or (0, 0, 0, 0)
    if promised != held and length != size:
        tail = 0  # another recording follows, or a part of this one is missing
    muted, beginning = _mute(data, runs[0])
    return Frames(
        pieces=[_counting_frames(data[start : start + 4], first, held), *beginning, *runs[1:]],
        decoded=held * first.samples,
        lead=lead,
        tail=tail,
        promised=promised,
        held=held,
        is_cut=promised > held and not 0 < size <= length,
        is_mixed=found.is_mixed,
        muted=muted,
        left_out=found.left_out,
        gaps=found.gaps,
    )


class _Walk:
    """A walk from frame to frame, over tags, and over what is neither.

    Attributes
    ----------
    runs : list of range
        Where frames follow each other.
    frames : int
        How many there are.
    is_mixed : bool
        Whether there are frames of another kind as well.
    tags, left_out, gaps : int
        Bytes of tags, of what is neither around the frames, and of that between them.
    """

    def __init__(self, data: bytes) -> None:
        self.runs: list[range] = []
        self.frames = self.tags = self.left_out = self.gaps = 0
        self.is_mixed = False
        self._stream: tuple[int, int, int, bool] | None = None
        position = unknown = zeros = 0
        while position < len(data) and unknown <= MOST_UNKNOWN:
            if length := self._frame(data, position):
                self._add(position, length)
                if self.frames > 1:
                    self.gaps += unknown + zeros
                else:
                    self.left_out += unknown
                unknown = zeros = 0
            elif length := tag_length(data, position):
                self.tags += length
            else:
                mark = MARKS.search(data, position + 1)
                length = (mark.start() if mark else len(data)) - position
                padding = data.count(0, position, position + length)
                unknown, zeros = unknown + length - padding, zeros + padding
            position += length
        self.left_out += unknown

    def _frame(self, data: bytes, position: int) -> int:
        """Return the length of the frame at a position, 0 if there is no whole one."""
        header = header_at(data, position)
        if header is None or position + header.length > len(data):
            return 0
        if header.stream != self._stream:
            following = header_at(data, position + header.length)
            if following is None or following.stream != header.stream:
                return 0
            self.is_mixed = self._stream is not None
            self._stream = self._stream or header.stream
        return header.length if header.stream == self._stream else 0

    def _add(self, position: int, length: int) -> None:
        self.frames += 1
        if self.runs and self.runs[-1].stop == position:
            self.runs[-1] = range(self.runs[-1].start, position + length)
        else:
            self.runs.append(range(position, position + length))


def _info(frame: bytes, header: Header) -> tuple[int, int, int, int] | None:
    """Return what a first frame without audio tells; None if it is a frame like any other.

    It tells frames, bytes, and samples to drop in front and behind; 0 is what it does not tell.
    """
    if frame[36:40] == b"VBRI":
        return int.from_bytes(frame[50:54], "big"), int.from_bytes(frame[46:50], "big"), 0, 0
    for place in (4 + header.side_bytes, 6 + header.side_bytes):  # 6: behind a checksum
        if frame[place : place + 4] in (b"Xing", b"Info"):
            break
    else:
        return None
    (flags,) = struct.unpack(">I", frame[place + 4 : place + 8].ljust(4, b"\0"))
    numbers, encoder = [], place + 8
    for flag, length in ((1, 4), (2, 4), (4, 100), (8, 4)):  # frames, bytes, seek points, quality
        there = length if flags & flag else 0
        numbers.append(int.from_bytes(frame[encoder : encoder + there], "big"))
        encoder += there
    frames, size = numbers[:2]
    if frame[encoder : encoder + 4] not in ENCODERS or encoder + 24 > len(frame):
        return frames, size, 0, 0
    delays = int.from_bytes(frame[encoder + 21 : encoder + 24], "big")
    lead, tail = (delays >> 12) + DECODER_DELAY, max(0, (delays & 0xFFF) - DECODER_DELAY)
    return frames, size, lead, tail


def _mute(data: bytes, run: range) -> tuple[int, list[Piece]]:
    """Silence the first frames of layer III as far as they need bits of frames that are missing.

    A decoder would take for them what it finds. Their own bits stay, as the next ones need them,
    and each points back to all there are, as libmpg123 hands on no others.
    """
    pieces: list[Piece] = []
    muted = reservoir = 0
    position = kept = run.start
    header = header_at(data, position)
    while header and header.stream[1] == 1 and position < run.stop and reservoir < RESERVOIR:
        side = position + (4 if data[position + 1] & 1 else 6)  # 6: behind a checksum
        spare_bits = 7 if header.stream[0] == 3 else 8  # of two bytes that tell what is needed
        needed = int.from_bytes(data[side : side + 2], "big") >> spare_bits
        if needed > reservoir:
            muted += 1
            head = bytes(
                (data[position], data[position + 1] | 1, *data[position + 2 : position + 4])
            )
            there = min(reservoir, 0xFFFF >> spare_bits) << spare_bits
            end = side + header.side_bytes
            head = (head + there.to_bytes(2, "big")).ljust(end - position, b"\0")
            pieces += [range(kept, position), head]
            kept = end
        reservoir += position + header.length - side - header.side_bytes
        position += header.length
        header = header_at(data, position)
    return muted, [*pieces, range(kept, run.stop)]


def _counting_frames(head: bytes, header: Header, frames: int) -> bytes:
    """Return what stands before so many frames, so that a decoder returns them all (layer III).

    It is a header that tells their number, and a silent frame: a decoder that knows such headers
    drops its own delay, here together with the rest of that frame.
    """
    if header.stream[1] != 1:
        return b""
    # No checksum, the eighth bit rate, which leaves room in every version, and no padding.
    head = bytes((head[0], head[1] | 1, 0x80 | head[2] & 0x0C, head[3]))
    frame = header_at(head, 0)
    assert frame is not None  # all other bits are those of a good header
    delay = header.samples - DECODER_DELAY << 12
    content = b"Xing" + struct.pack(">II", 1, frames + 1 + SPARE_FRAMES)
    content += b"LAME".ljust(21, b"\0") + delay.to_bytes(3, "big")
    info = head + bytes(header.side_bytes) + content
    return info.ljust(frame.length, b"\0") + head.ljust(frame.length, b"\0")
