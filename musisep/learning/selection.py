"""Which frames of a recording teach."""

import numpy as np

from musisep.tones.peaks import Floats, Ints

QUIET = 1e-3
"""Frames below this share of the loudest frame's summed magnitude are not learned from, a guess."""


def audible(frames: Floats) -> Ints:
    """Return the indices of `frames` [frame, bin] that are not quiet."""
    level = frames.sum(axis=1)
    return np.flatnonzero(level > QUIET * level.max(initial=0))


def evenly_spaced(indices: Ints, number: int) -> Ints:
    """Return at most `number` of the indices, evenly spaced."""
    if indices.size <= number:
        return indices
    return indices[np.linspace(0, indices.size - 1, number).round().astype(np.int64)]
