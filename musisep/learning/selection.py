"""Which frames of a recording teach."""

import numpy as np

from musisep.tones.peaks import Floats, Ints

QUIET = 1e-3
"""Frames below this share of the loudest frame's summed magnitude are not learned from, a guess."""


def audible(frames: Floats) -> Ints:
    """Return the indices of frames that are not quiet.

    Parameters
    ----------
    frames : ndarray [frame, bin]
        Magnitudes.

    Returns
    -------
    ndarray of int [frame]
        Indices of the frames whose summed magnitude is above `QUIET` times the largest.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.learning.selection import audible
    >>> audible(np.array([[0.0, 0.0], [1.0, 0.5], [0.0, 0.001], [0.2, 0.0]])).tolist()
    [1, 3]
    """
    level = frames.sum(axis=1)
    return np.flatnonzero(level > QUIET * level.max(initial=0))


def evenly_spaced(indices: Ints, number: int) -> Ints:
    """Return at most `number` of the indices, evenly spaced.

    Parameters
    ----------
    indices : ndarray of int [index]
        Indices, of frames for instance.
    number : int
        Number of indices at most.

    Returns
    -------
    ndarray of int [index]
        Some of the indices, in their order.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.learning.selection import evenly_spaced
    >>> evenly_spaced(np.arange(100, 110), number=4).tolist()
    [100, 103, 106, 109]
    """
    if indices.size <= number:
        return indices
    return indices[np.linspace(0, indices.size - 1, number).round().astype(np.int64)]
