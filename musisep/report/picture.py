"""The spectrogram of a recording as a small picture, on which notes can be drawn."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musisep.audio.arrays import Real
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.io.stored import Floats, Stored, blocks_of

FRONT_END = LogFrequencyFrontEnd(
    hop_s=0.025, fmin_hz=27.5, fmax_hz=4435.0, bins_per_octave=36, sigma_bins=1.0, floor=None
)
"""From A0 to above C8, in thirds of a semitone."""
BLOCK_S = 60.0
"""Frames are made of so much at a time, as all filters together would need too much memory."""
MOST_COLUMNS = 6000
"""Wider pictures are refused by some browsers, or are slow."""
RANGE_DB = 50.0
"""What is that far below the loudest point is not drawn."""
SHADES = 16
"""As many as four bits hold: half the bytes of a common picture."""


@dataclass(frozen=True)
class Picture:
    """A spectrogram as a picture.

    Attributes
    ----------
    png : bytes
        A picture of one colour, which is the more opaque the louder it is; the highest bin is the
        first row.
    low_hz, high_hz : float
        Frequencies of its lower and upper edge.
    seconds : float
        Time of its right edge.
    """

    png: bytes
    low_hz: float
    high_hz: float
    seconds: float


def draw(mixture: Real | Stored, sample_rate: int) -> Picture:
    """Draw the log-frequency spectrogram of a recording [channel, sample]."""
    grid = FRONT_END.grid(sample_rate)
    hop = grid.hop_length
    samples = mixture.shape[1]
    together = -(-samples // (hop * MOST_COLUMNS))  # frames that become one column
    size = max(1, round(BLOCK_S * sample_rate / (hop * together))) * hop * together
    columns = np.concatenate(
        [_columns(block, sample_rate, together) for block in blocks_of(mixture, size)]
    )
    loudest = float(columns.max()) or 1.0
    level_db = 20 * np.log10(np.maximum(columns / loudest, 10 ** (-RANGE_DB / 20)))
    shades = np.rint((SHADES - 1) * (1 + level_db / RANGE_DB)).astype(np.uint8)
    low_hz, high_hz = grid.axis.hz([-0.5, grid.axis.bins - 0.5])
    seconds = len(columns) * together * hop / sample_rate
    return Picture(png(shades.T[::-1]), float(low_hz), float(high_hz), seconds)


def _columns(block: Real, sample_rate: int, together: int) -> Floats:
    """Return magnitudes [column, bin] of a block, each the greatest of some frames."""
    magnitudes, level, grid = FRONT_END(np.asarray(block), sample_rate)
    frames = max(1, -(-block.shape[1] // grid.hop_length))
    starts = np.arange(0, frames, together)
    return level * np.maximum.reduceat(magnitudes[:frames], starts)


def png(shades: NDArray[np.uint8]) -> bytes:
    """Return a PNG file of shades [row, column] from 0 to 15: how opaque its black is."""
    height, width = shades.shape
    even = np.pad(shades, ((0, 0), (0, width % 2)))
    packed = even[:, ::2] << 4 | even[:, 1::2]
    rows = np.pad(packed, ((0, 0), (1, 0)))  # each row begins with the number of its filter
    opaque = bytes(255 * shade // (SHADES - 1) for shade in range(SHADES))
    chunks = {
        b"IHDR": struct.pack(">2I5B", width, height, 4, 3, 0, 0, 0),
        b"PLTE": bytes(3 * SHADES),
        b"tRNS": opaque,
        b"IDAT": zlib.compress(rows.tobytes(), 9),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks.items()
    )  # fmt: skip
