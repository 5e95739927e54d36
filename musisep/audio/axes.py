"""When frames are."""

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import at_least


def frame_times(frames: int, hop_length: int, sample_rate: int, first: int) -> NDArray[np.float64]:
    """Return the times in seconds of frames whose middles are `hop_length` samples apart.

    Parameters
    ----------
    frames : int >= 0
    hop_length : int > 0
    sample_rate : int > 0
        In Hz.
    first : int
        Sample in the middle of frame 0.

    Returns
    -------
    array, shape (frame,)

    Raises
    ------
    ValueError
        If `frames` is no number of frames.
    """
    return (first + hop_length * np.arange(at_least("frames", frames, 0))) / sample_rate
