"""Tracks as compressed files, small enough to be part of a page."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from musisep._util.threads import each
from musisep.audio.arrays import Real
from musisep.io import files
from musisep.io.stored import Floats, Stored

FORMAT, SUBTYPE = "opus", "OPUS"
"""Browsers find the exact sample in it, which several tracks in time need; in MP3 of a variable
bit rate they guess. Chrome, Edge and Firefox play it, and Safari since 18.4."""
OPUS_HZ = (8_000, 12_000, 16_000, 24_000, 48_000)
"""Sample rates that it has."""
LEAST_BITS, MOST_BITS = 16_000, 96_000
"""Bits per second of a track: what is just good enough to tell who plays, and more than enough."""
STEREO_BITS = 64_000
"""Below that two channels sound worse than one."""
AUDIO_BYTES = 9_500_000
"""Of all tracks; in letters, as a page needs them, they take a third more: 13 MB."""
LONG_BYTES = 32_000_000
"""The same of recordings that need more than `AUDIO_BYTES` at `LEAST_BITS`."""
OPUS_BITS = (6_000, 256_000)
"""Bits per second of a channel, at the qualities 0 and 1 of libsndfile."""
CONTEXT_S = 0.1
"""Filters that resample reach less far."""


def bits_per_second(seconds: float, tracks: int) -> float | None:
    """Return the bit rate that tracks of a length may have; None if they are too long for any."""
    per_byte = 8 / (seconds * tracks)
    if LONG_BYTES * per_byte < LEAST_BITS:
        return None
    return min(MOST_BITS, max(LEAST_BITS, AUDIO_BYTES * per_byte))


def encoded(tracks: Sequence[Real | Stored], sample_rate: int) -> list[bytes] | None:
    """Return tracks as files for a browser, all with one gain.

    Parameters
    ----------
    tracks : sequence of array or Stored, shape (channel, sample)
        Of one shape.
    sample_rate : int
        In Hz.

    Returns
    -------
    list of bytes
        An Ogg file of each; None if the recording is too long.
    """
    channels, samples = tracks[0].shape
    bits = bits_per_second(samples / sample_rate, len(tracks))
    if bits is None:
        return None
    channels = 2 if channels == 2 and bits >= STEREO_BITS else 1
    rate = next((hz for hz in OPUS_HZ if hz >= sample_rate), OPUS_HZ[-1])
    played = [Played(track, sample_rate, rate, channels) for track in tracks]
    gain = files.headroom_gain(played, SUBTYPE)
    least, most = OPUS_BITS
    quality = min(1.0, max(0.0, (bits / channels - least) / (most - least)))
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.{FORMAT}" for number in range(len(played))]

        def write(number: int) -> None:
            signal = played[number]
            signal.gain = gain
            files.write(paths[number], signal, rate, subtype=SUBTYPE, quality=quality)

        each(write, range(len(played)))
        return [path.read_bytes() for path in paths]


class Played(Stored):
    """A track with few channels at another sample rate, computed when it is asked for.

    Parameters
    ----------
    track : array or Stored, shape (channel, sample)
    from_rate, to_rate : int
        In Hz.
    channels : int
        1, for the mean of all, or as many as the track has.

    Attributes
    ----------
    gain : float
        A factor of what is read.
    """

    def __init__(self, track: Real | Stored, from_rate: int, to_rate: int, channels: int) -> None:
        self._track, self._rates, self.gain = track, (from_rate, to_rate), 1.0
        common = math.gcd(from_rate, to_rate)
        self._step = from_rate // common, to_rate // common
        length = max(1, round(track.shape[1] * to_rate / from_rate))
        self.shape = channels, length

    def read(self, first: int, stop: int) -> Floats:
        """Return samples from `first` to `stop`: resampled with some context on either side."""
        from_rate, to_rate = self._rates
        old, new = self._step  # so many samples of either rate take the same time
        context = math.ceil(CONTEXT_S * to_rate)
        begin = max(0, first - context) // new
        end = -(-(stop + context) // new)
        part = np.asarray(self._track[..., begin * old : end * old], dtype=np.float64)
        if len(part) > self.shape[0]:
            part = part.mean(axis=0, keepdims=True)
        part = files.resample(part, from_rate, to_rate)[:, first - begin * new :]
        part = part[:, : stop - first]
        missing = stop - first - part.shape[1]  # at the end, by rounding
        return np.asarray(self.gain * np.pad(part, ((0, 0), (0, missing))))
