"""Kernels: the floor of a spectrum, which is what most of its neighbouring bins have."""

import numpy as np

from musisep._util.compiled import kernel


@kernel
def subtract_floor(spectra, reach, share, times):
    """Subtract from ``spectra`` [frame, bin] their floor, in place; what is below becomes 0.

    The floor of a bin is `times` the value that a `share` of the bins up to `reach` away do not
    reach. These are kept sorted from bin to bin.
    """
    frames, size = spectra.shape
    values, window = np.empty(size), np.empty(2 * reach + 1)
    for frame in range(frames):
        for i in range(size):
            values[i] = spectra[frame, i]
        count = np.int64(0)
        for last in range(size + reach):
            here = last - reach
            if here > reach:
                remove(values[here - reach - 1], window, count)
                count -= 1
            if last < size:
                insert(values[last], window, count)
                count += 1
            if here >= 0:
                floor = times * window[int(share * (count - 1) + 0.5)]
                spectra[frame, here] = max(values[here] - floor, 0.0)


@kernel
def insert(value, window, count):
    """Insert a value into the first `count` of ``window``, which rise."""
    place = count
    while place > 0 and window[place - 1] > value:
        window[place] = window[place - 1]
        place -= 1
    window[place] = value


@kernel
def remove(value, window, count):
    """Remove a value from the first `count` of ``window``, which rise and have it."""
    place = count - 1
    later = window[place]
    while place > 0 and later > value:
        place -= 1
        later, window[place] = window[place], later
