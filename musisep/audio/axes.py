"""When frames are, and which samples they see."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import at_least


class Framing(NamedTuple):
    """How a transform cuts a signal into frames.

    Parameters
    ----------
    samples : int
        Samples that a frame sees.
    hop : int
        Samples between frames.
    lead : int
        Samples that frame 0 sees before the signal begins; less than `samples`.
    mirrored : bool
        Whether the signal goes on beyond its ends as in mirrors, or silent.
    count : function
        Tells the frames of a signal of so many samples; ValueError if there is none.
    maximum_of : str
        What refers to a maximum over all frames, if anything does.

    Examples
    --------
    >>> from musisep.audio import SpectralTransform
    >>> framing = SpectralTransform(n_fft=256, hop_length=64).framing
    >>> framing.samples, framing.hop, framing.lead, framing.mirrored
    (256, 64, 128, True)
    >>> framing.count(2000)
    32
    """

    samples: int
    hop: int
    lead: int
    mirrored: bool
    count: Callable[[int], int]
    maximum_of: str = ""


def frame_times(frames: int, hop_length: int, sample_rate: int, first: int) -> NDArray[np.float64]:
    """Return the times in seconds of frames whose middles are `hop_length` samples apart.

    Parameters
    ----------
    frames : int >= 0
        Number of frames.
    hop_length : int > 0
        Samples between frames.
    sample_rate : int > 0
        In Hz.
    first : int
        Sample in the middle of frame 0.

    Returns
    -------
    ndarray, float [frame]
        In seconds.

    Raises
    ------
    ValueError
        If `frames` is no number of frames.

    Examples
    --------
    >>> from musisep.audio.axes import frame_times
    >>> frame_times(3, hop_length=80, sample_rate=8000, first=40).tolist()
    [0.005, 0.015, 0.025]
    """
    return (first + hop_length * np.arange(at_least("frames", frames, 0))) / sample_rate
