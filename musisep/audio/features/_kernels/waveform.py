"""Kernels of `musisep.audio.features.waveform`: measures of a signal, frame by frame."""

import numpy as np

from musisep._util.compiled import kernel, sum_kernel
from musisep.audio._kernels.framing import mirrored

CONSTANT, REFLECT, EDGE = range(3)
"""How a signal goes on beyond its ends."""


@kernel
def frame_at(signal, offset, mode, buffer):
    """Return the samples from `offset` on, as many as `buffer` has; a copy beyond the ends only."""
    size = buffer.size
    low = min(max(0, -offset), size)
    high = max(low, min(size, signal.size - offset))
    if high - low == size:
        return signal[offset : offset + size]
    for n in range(low, high):
        buffer[n] = signal[offset + n]
    for i in range(size - (high - low)):
        n = i if i < low else i + high - low
        place = offset + n
        if mode == REFLECT:
            buffer[n] = signal[mirrored(place, signal.size)]
        elif mode == EDGE:
            buffer[n] = signal[0] if place < 0 else signal[signal.size - 1]
        else:
            buffer[n] = 0
    return buffer


@sum_kernel
def root_mean_squares(signal, start, hop_length, mode, buffer, result):
    """Write the root of the mean square of each frame to `result` [frame]."""
    for t in range(result.size):
        frame = frame_at(signal, start + t * hop_length, mode, buffer)
        total = 0.0
        for n in range(frame.size):
            value = np.float64(frame[n])
            total += value * value
        result[t] = np.sqrt(total / frame.size)


@kernel
def sign_changes(signal, start, hop_length, mode, buffer, threshold, result):
    """Write the share of samples of each frame that change sign to `result` [frame]."""
    for t in range(result.size):
        frame = frame_at(signal, start + t * hop_length, mode, buffer)
        now, later = frame[:-1], frame[1:]
        changes = 0
        for n in range(now.size):
            changes += (now[n] < -threshold) != (later[n] < -threshold)
        result[t] = changes / frame.size
