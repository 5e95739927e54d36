"""How many samples an MP3 file has: a second count, independent of that in `musisep.io.mpeg`.

It knows layer III only, steps from byte to byte where no frame begins, and knows no tags but
ID3v2 at the beginning.
"""

KBITS = {
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Of the bit rates of MPEG 1, and of 2 and 2.5."""
HERTZ = (44100, 48000, 32000)
DELAY = 529
"""Samples that a decoder puts before those of the encoder."""


def frame_at(data: bytes, place: int) -> tuple[int, int, int] | None:
    """Return the bytes of the frame at a place, its samples, and what its stream shares."""
    bits = int.from_bytes(data[place : place + 4], "big")
    version, layer, bit_rate, rate = bits >> 19 & 3, bits >> 17 & 3, bits >> 12 & 15, bits >> 10 & 3
    if bits >> 21 != 0x7FF or version == 1 or layer != 1 or bit_rate in (0, 15) or rate == 3:
        return None
    hertz = HERTZ[rate] >> {3: 0, 2: 1, 0: 2}[version]
    samples = 1152 if version == 3 else 576
    kbits = KBITS[1 if version == 3 else 2][bit_rate - 1]
    mono = bits >> 6 & 3 == 3
    return samples // 8 * 1000 * kbits // hertz + (bits >> 9 & 1), samples, hertz + mono


def frame_places(data: bytes) -> list[int]:
    """Return where whole frames of the first stream begin."""
    place, stream, found = 0, None, []
    if data[:3] == b"ID3" and len(data) > 10:
        place = 10 + sum((byte & 127) << 7 * n for n, byte in enumerate(data[9:5:-1]))
    while place + 4 <= len(data):
        frame = frame_at(data, place)
        if frame and stream is None:
            following = frame_at(data, place + frame[0])
            stream = frame[2] if following and following[2] == frame[2] else None
        if frame and frame[2] == stream and place + frame[0] <= len(data):
            found.append(place)
            place += frame[0]
        else:
            place += 1
    return found


def info_place(data: bytes, first: int) -> int | None:
    """Return where the word Xing or Info stands in a first frame, if it does."""
    frame = frame_at(data, first)
    assert frame is not None
    for side in (9, 17, 32):
        for checksum in (0, 2):
            place = first + 4 + side + checksum
            if data[place : place + 4] in (b"Xing", b"Info"):
                return place
    return None


def sample_range(data: bytes) -> range:
    """Return which of the samples of all frames with sound are the recording."""
    places = frame_places(data)
    if not places:
        return range(0)
    _, samples, _ = frame_at(data, places[0]) or (0, 0, 0)
    place = info_place(data, places[0])
    if place is None:
        return range(len(places) * samples)
    flags = int.from_bytes(data[place + 4 : place + 8], "big")
    promised = int.from_bytes(data[place + 8 : place + 12], "big") if flags & 1 else 0
    encoder = place + 8 + sum((4, 4, 100, 4)[bit] for bit in range(4) if flags >> bit & 1)
    total, lead, tail = (len(places) - 1) * samples, 0, 0
    if data[encoder : encoder + 4] in (b"LAME", b"Lavf", b"Lavc"):
        delays = int.from_bytes(data[encoder + 21 : encoder + 24], "big")
        lead = (delays >> 12) + DELAY
        size = place + 8 + 4 * (flags & 1)
        told = int.from_bytes(data[size : size + 4], "big") if flags & 2 else 0
        length = sum((frame_at(data, place) or (0,))[0] for place in places)
        if promised == len(places) - 1 or told == length:
            tail = max(0, (delays & 0xFFF) - DELAY)
    return range(lead, max(lead, total - tail))


def told_delay(data: bytes) -> int:
    """Return what is to be dropped in front as its header tells, whoever wrote that."""
    places = frame_places(data)
    place = info_place(data, places[0]) if places else None
    if place is None:
        return 0
    flags = int.from_bytes(data[place + 4 : place + 8], "big")
    encoder = place + 8 + sum((4, 4, 100, 4)[bit] for bit in range(4) if flags >> bit & 1)
    return (int.from_bytes(data[encoder + 21 : encoder + 24], "big") >> 12) + DELAY
