"""Kernels that cut signals into windowed frames and add frames up again."""

from musisep._util.compiled import kernel

# Beyond its ends a signal is silent, or goes on as in a mirror that stands on its first and on
# its last sample: `reflect` tells which.


@kernel
def mirrored(index, size):
    """Return the place of sample `index` in a signal of `size` samples between two mirrors."""
    if size == 1:
        return 0
    place = abs(index)
    if place > 2 * size - 2:
        place %= 2 * size - 2
    return min(place, 2 * size - 2 - place)


@kernel
def window_frames(signal, window, start, hop_length, reflect, frames):
    """Cut a signal into windowed frames; see `musisep.audio.framing`."""
    for t in range(frames.shape[0]):
        offset = start + t * hop_length
        low = min(max(0, -offset), window.size)
        high = max(low, min(window.size, signal.size - offset))
        # Slices that start at 0: an index that might be negative keeps the loop scalar.
        source, target = signal[offset + low : offset + high], frames[t, low:high]
        weights = window[low:high]
        for n in range(source.size):
            target[n] = weights[n] * source[n]
        if low > 0 or high < window.size:
            for n in range(window.size):
                if n < low or n >= high:
                    frames[t, n] = 0
                    if reflect:
                        frames[t, n] = window[n] * signal[mirrored(offset + n, signal.size)]


@kernel
def window_frames_of_each(signals, window, start, hop_length, reflect, frames):
    """Cut ``signals`` [signal, sample] into windowed ``frames`` [signal, frame, n]."""
    for k in range(signals.shape[0]):
        window_frames(signals[k], window, start, hop_length, reflect, frames[k])


@kernel
def overlap_add(frames, window, hop_length, start, reflect, signal):
    """Add windowed frames to a signal; see `musisep.audio.framing`."""
    for t in range(frames.shape[0]):
        offset = start + t * hop_length
        low = min(max(0, -offset), window.size)
        high = max(low, min(window.size, signal.size - offset))
        source, target = frames[t, low:high], signal[offset + low : offset + high]
        weights = window[low:high]
        for n in range(source.size):
            target[n] += weights[n] * source[n]
        if reflect and (low > 0 or high < window.size):
            for n in range(window.size):
                if n < low or n >= high:
                    signal[mirrored(offset + n, signal.size)] += window[n] * frames[t, n]


@kernel
def overlap_add_each(frames, window, hop_length, start, reflect, signals):
    """Add windowed ``frames`` [signal, frame, n] to ``signals`` [signal, sample]."""
    for k in range(signals.shape[0]):
        overlap_add(frames[k], window, hop_length, start, reflect, signals[k])
