"""When frames are, and which samples they see."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import at_least


class Framing(NamedTuple):
    """How a transform cuts a signal into frames."""

    samples: int
    """That a frame sees."""
    hop: int
    """Samples between frames."""
    lead: int
    """Samples that frame 0 sees before the signal begins; less than `samples`."""
    mirrored: bool
    """Whether the signal goes on beyond its ends as in mirrors, or silent."""
    count: Callable[[int], int]
    """Tells the frames of a signal of so many samples; ValueError if there is none."""
    maximum_of: str = ""
    """What refers to a maximum over all frames, if anything does."""


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
