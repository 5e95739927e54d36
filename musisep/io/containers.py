"""What the headers of audio files tell about their samples, compared with what the files hold.

libsndfile lowers a number that a header promises to what is there, in silence. And it takes for
empty what a program left without a length: because it wrote to a pipe, or lost its power. Both
are found here by counting bytes.
"""

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from musisep.io.chunks import CAF, HEADER_ENDS, RIFF, RIFX, W64, Chunks, Damaged, Window
from musisep.io.mpeg import count_frames, tag_length
from musisep.io.pieces import Piece

SMALL = 4096
"""Bytes at the ends that can be part of a frame, or a tag."""
MOST_BLOCK = 8 * 64
"""Bytes of a sample of all channels."""
UNKNOWN = 2**62
"""So many samples or more are told by a decoder that does not know."""
TO_THE_END = 2**64 - 1
"""The size of what goes on to the end."""
PLACEHOLDERS = (
    range(2**31 - 4096, 2**31 + 1), range(2**32 - 4096, 2**32), range(TO_THE_END, TO_THE_END + 1)
)  # fmt: skip
"""Sizes that programs write when they do not know better."""
UNTOLD = "its header tells no length; all samples that are there were read"
SEVERAL = "holds several recordings, one after another"
UNCODED_WAV = (1, 3, 6, 7, 0xFFFE)
"""Codings of WAV with so many bytes for each sample: integer, float, A-law, µ-law, "see below"."""
UNCODED_AIFF = (b"NONE", b"sowt", b"twos", b"raw ", b"in24", b"in32", b"fl32", b"FL32", b"fl64")
"""Codings of AIFF-C with as many bytes as the number of bits needs."""
AU_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}
"""Of a sample, by coding."""
BEGINS, ENDS = 2, 4
"""Flags of Ogg pages."""
FLAC_BEGINS = re.compile(rb"fLaC[\0\x80]\0\0\x22")
BLOCK = 2**20
"""Bytes that are searched at a time."""
MOST_MPEG = 2**30
"""Bytes of a file that is read as a whole: seven hours of the highest bit rate."""
PROBE = 2**19
"""Bytes in which the first frames of MPEG audio must be."""


@dataclass(frozen=True)
class Content:
    """What a decoder is to be given of a file, and what must come out.

    Parameters
    ----------
    pieces : list of Piece
        Of the file.
    decoded : int, optional
        Samples of each channel that the decoder must return; default: as many as it says.
    lead, tail : int
        How many of them, at the beginning and at the end, are no part of the recording.
    notes : tuple of str
        What a user should know; each follows the name of the file.
    """

    pieces: list[Piece]
    decoded: int | None = None
    lead: int = 0
    tail: int = 0
    notes: tuple[str, ...] = ()

    def length(self, told: int) -> int | None:
        """Return the samples of each channel; None if a decoder that tells so many cannot know."""
        frames = told if self.decoded is None else self.decoded - self.lead - self.tail
        return None if frames >= UNKNOWN else max(0, frames)


def content_of(file: BinaryIO, size: int) -> Content | None:
    """Look at the header of a file of `size` bytes; None if it is none that we know.

    Raises
    ------
    Damaged
        If the file holds less than it promises.
    """
    file.seek(0)
    tag = tag_length(file.read(32), 0)
    tag = tag if tag < size else 0
    file.seek(tag)
    magic = file.read(16)
    for head, look in LOOKS.items():
        if magic.startswith(head):
            return look(Window(file, tag, size))
    return _mpeg(Window(file, 0, size))


@dataclass(frozen=True)
class _Samples:
    """Where the samples of a file lie.

    Parameters
    ----------
    start : int
        The first byte.
    size : int
        Bytes that the header promises, or what it says instead of a number.
    block : int
        Bytes that belong together: a sample of all channels, or what is coded together.
    fields : mapping of int to function
        By positions in the header: what stands there for a number of bytes of samples.
    """

    start: int
    size: int
    block: int
    fields: Mapping[int, Callable[[int], bytes]]

    def compared(self, file: Window, chunks: Chunks | None = None) -> Content:
        """Compare what is promised with what is there; `Damaged` if that is less."""
        held = file.size - self.start
        if held < 0:
            raise Damaged(HEADER_ENDS)
        behind = self.start + self.size
        end = chunks.end(file, behind + -behind % chunks.align) if chunks else behind
        untold = self.size > held and any(self.size in sizes for sizes in PLACEHOLDERS)
        untold |= self.size == 0 < held and not self.start < end
        if untold or held - self.size >= 2**32:  # the counter overflowed
            try:
                fields = {position: told(held) for position, told in self.fields.items()}
            except struct.error:
                raise Damaged("is longer than its header can tell") from None
            return Content(file.pieces(fields), notes=(UNTOLD,))
        if self.size // self.block > held // self.block:
            numbers = f"its header promises {self.size} bytes of samples, it holds {held}"
            raise Damaged(f"is truncated: {numbers}")
        if file.read(0, 4) in file.read(end, 12):  # some writers pad what they need not
            raise Damaged(SEVERAL)
        if file.size - end > SMALL or _is_content(file.read(end, SMALL)):
            extra = f"{file.size - end} bytes behind its samples are not part of them"
            return Content(file.pieces(), notes=(f"{extra}, says its header; they are left out",))
        return Content(file.pieces())


def _is_content(behind: bytes) -> bool:
    """Tell whether what follows the samples is more than a tag, padding, or a part of a sample."""
    return len(behind) > MOST_BLOCK and any(behind) and not tag_length(behind, 0)


def _wav(file: Window) -> Content | None:
    """Look at a WAV of either byte order."""
    chunks = RIFX if file.read(0, 4) == b"RIFX" else RIFF
    found = chunks.places(file)
    if not {b"fmt ", b"data"} <= found.keys() or file.read(8, 4) != b"WAVE":
        return None
    (start, size), number = found[b"data"], chunks.head[0] + "I"
    block = _block(file, chunks, found[b"fmt "][0])
    fields = {start - 4: lambda held: struct.pack(number, held)}
    if file.read(0, 4) in (b"RF64", b"BW64") and size == 2**32 - 1 and b"ds64" in found:
        sizes = found[b"ds64"][0]
        _, size = file.unpack("<QQ", sizes)
        fields = {sizes: lambda held: struct.pack("<QQQ", start - 8 + held, held, held // block)}
    return _Samples(start, size, block, fields).compared(file, chunks)


def _block(file: Window, chunks: Chunks, start: int) -> int:
    """Return the bytes of a sample of all channels, 1 for coded ones, from the format chunk."""
    coding, *_, block = file.unpack(chunks.head[0] + "HHIIH", start)
    return max(1, block) if coding in UNCODED_WAV else 1


def _w64(file: Window) -> Content | None:
    """Look at a Wave64 of Sony."""
    found = W64.places(file)
    if not {b"fmt ", b"data"} <= found.keys():
        return None
    start, size = found[b"data"]
    block = _block(file, W64, found[b"fmt "][0])
    fields = {start - 8: lambda held: struct.pack("<Q", held + 24)}
    size = TO_THE_END if size > file.size and size >= 2**62 else size
    return _Samples(start, size, block, fields).compared(file, W64)


def _aiff(file: Window) -> Content | None:
    """Look at an AIFF or AIFF-C."""
    found = RIFX.places(file)
    if not {b"COMM", b"SSND"} <= found.keys() or file.read(8, 4) not in (b"AIFF", b"AIFC"):
        return None
    comm, (start, size) = found[b"COMM"][0], found[b"SSND"]
    channels, frames, bits = file.unpack(">HIH", comm)
    (offset,) = file.unpack(">I", start)
    block = channels * -(-bits // 8)
    if file.read(8, 4) == b"AIFC" and file.read(comm + 18, 4) not in UNCODED_AIFF:
        block = 1
    fields = {
        comm + 2: lambda held: struct.pack(">I", held // max(1, block)),
        start - 4: lambda held: struct.pack(">I", held + 8),
    }
    size = max(0, size - 8 - offset) if frames else 0
    if 0 < size < frames * block and block > 1:
        raise Damaged(f"contradicts itself: {frames} samples in {size} bytes")
    return _Samples(start + 8 + offset, size, max(1, block), fields).compared(file, RIFX)


def _caf(file: Window) -> Content | None:
    """Look at a Core Audio file, whose size may be -1: "to the end"."""
    found = CAF.places(file)
    if not {b"desc", b"data"} <= found.keys():
        return None
    start, size = found[b"data"]
    (block,) = file.unpack(">I", found[b"desc"][0] + 16)
    fields = {start - 8: lambda held: struct.pack(">Q", held + 4)}
    size = TO_THE_END if size == 2**64 - 1 else max(0, size - 4)  # behind a count of edits
    return _Samples(start + 4, size, max(1, block), fields).compared(file, CAF)


def _au(file: Window) -> Content | None:
    """Look at an AU of either byte order, whose size may be -1: "to the end"."""
    order = "<" if file.read(0, 4) == b"dns." else ">"
    start, size, coding, _, channels = file.unpack(order + "5I", 4)
    if start < 24:
        raise Damaged("contradicts itself: its samples begin within its header")
    block = AU_BYTES.get(coding, 1) * channels
    fields = {8: lambda held: struct.pack(order + "I", held)}
    return _Samples(start, size, max(1, block), fields).compared(file)


def _flac(file: Window) -> Content:
    """Look at a FLAC, which must hold as many samples as it tells, if it does, and no more."""
    for position in range(1, file.size, BLOCK):
        if FLAC_BEGINS.search(file.read(position, BLOCK + 8)):
            raise Damaged(SEVERAL)
    least, most, _, bits = file.unpack(">HH6sQ", 8)
    if not 16 <= least <= most:
        raise Damaged(f"contradicts itself: its blocks have {least} to {most} samples")
    samples = bits % 2**36
    if not samples:
        return Content(file.pieces(), notes=(UNTOLD,))
    untold = file.pieces({18: struct.pack(">Q", bits - samples)})  # lest it stops there
    return Content(_without_tag(file, untold), decoded=samples)


def _without_tag(file: Window, pieces: list[Piece]) -> list[Piece]:
    """Return pieces without a tag (ID3v1) at their end."""
    last, tag = pieces[-1], file.size - 128
    if isinstance(last, range) and tag >= 0 and file.read(tag, 3) == b"TAG":
        return [*pieces[:-1], last[:-128]]
    return pieces


def _ogg(file: Window) -> Content:
    """Walk through the pages of an Ogg (RFC 3533, section 6), which must be complete."""
    position, pages, unfinished = 0, dict[int, int](), set[int]()
    while (head := file.read(position, 27))[:4] == b"OggS" and len(head) == 27:
        flags, serial, number = struct.unpack("<5xB8xII", head[:22])
        if flags & BEGINS:
            if any(pages.values()):
                raise Damaged(SEVERAL)
            unfinished.add(serial)
        elif number != pages.get(serial, -1) + 1:
            raise Damaged(f"is damaged: page {pages.get(serial, -1) + 1} is missing")
        pages[serial] = number
        lacing = file.read(position + 27, head[26])
        position += 27 + head[26] + sum(lacing)
        if len(lacing) < head[26] or position > file.size:
            break
        if flags & ENDS:
            unfinished.discard(serial)
    if unfinished:
        raise Damaged("is truncated: its stream has no end")
    behind = file.read(position, BLOCK)
    if b"OggS" in behind:
        raise Damaged(SEVERAL)
    extra = f"{file.size - position} bytes behind its end are left out"
    return Content(file.pieces(), notes=(extra,) if _is_content(behind) else ())


def _mpeg(file: Window) -> Content | None:
    """Count the frames of MPEG audio."""
    tag = tag_length(file.read(0, 32), 0)
    if file.size > MOST_MPEG or count_frames(file.read(tag, PROBE)) is None:
        return None
    frames = count_frames(file.read(0, file.size))
    if frames is None:
        return None
    if frames.is_mixed:
        raise Damaged(f"{SEVERAL}, of different sample rates or channels")
    if frames.is_cut:
        numbers = f"its header promises {frames.promised} frames, it holds {frames.held}"
        raise Damaged(f"is truncated: {numbers}")
    if frames.gaps:
        raise Damaged(f"is damaged: {frames.gaps} bytes between its frames belong to none")
    if frames.left_out > SMALL:
        raise Damaged("is damaged: more than a frame at its ends is neither frames nor tags")
    notes = []
    if frames.left_out:
        notes.append(f"{frames.left_out} bytes at its ends are no whole frames; they are left out")
    if frames.muted:
        notes.append(f"it begins inside a stream: its first {frames.muted} frames are silent")
    return Content(frames.pieces, frames.decoded, frames.lead, frames.tail, tuple(notes))


LOOKS: dict[bytes, Callable[[Window], Content | None]] = {
    b"RIFF": _wav,
    b"RIFX": _wav,
    b"RF64": _wav,
    b"BW64": _wav,
    b"riff\x2e\x91\xcf\x11": _w64,
    b"FORM": _aiff,
    b"caff": _caf,
    b".snd": _au,
    b"dns.": _au,
    b"fLaC": _flac,
    b"OggS": _ogg,
}
"""By how files begin; MPEG audio begins with any tag, or with none."""
