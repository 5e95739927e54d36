"""Loudness and sign changes of a signal, frame by frame, without its spectrum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import at_least, flag, from_zero, one_of
from musisep._util.scaling import unit_of
from musisep.audio.arrays import Real, check_length, full_scale, peak
from musisep.audio.features._kernels.waveform import (
    CONSTANT,
    EDGE,
    REFLECT,
    root_mean_squares,
    sign_changes,
)

PadMode = Literal["reflect", "constant", "edge"]

PAD_MODES = {"reflect": REFLECT, "constant": CONSTANT, "edge": EDGE}


def rms(
    x: ArrayLike,
    *,
    frame_length: int = 2048,
    hop_length: int = 512,
    center: bool = True,
    pad_mode: PadMode = "reflect",
) -> Real:
    """Measure the root of the mean square of each frame.

    Parameters
    ----------
    x : array_like [..., sample]
        One signal or several.
    frame_length : int > 0
        Samples of a frame.
    hop_length : int > 0
        Samples between frames.
    center : bool
        Whether the signal is continued at both ends by frame_length // 2 samples.
    pad_mode : {"reflect", "constant", "edge"}
        How it is continued: mirrored, by zeros, or by its first and last samples.

    Returns
    -------
    ndarray, float [..., 1, frame]
        In float32 for a float32 signal, else in float64.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the signal shorter than a frame, or empty.

    Examples
    --------
    A sinusoid of amplitude 1:

    >>> import numpy as np
    >>> from musisep.audio import rms
    >>> sine = np.sin(2 * np.pi * 500 * np.arange(1000) / 8000)
    >>> rms(sine, frame_length=400, hop_length=200, center=False).round(3).tolist()
    [[0.707, 0.707, 0.707, 0.707]]
    """
    frames = _Frames(frame_length, hop_length, center, pad_mode)
    signal = full_scale(x, "x")
    unit = unit_of(peak(signal))  # squares must not overflow, nor vanish
    if unit == 1 or signal.dtype == np.float32:  # whose squares are in double precision
        return frames.measure(signal, root_mean_squares)
    return frames.measure(signal / unit, root_mean_squares) * unit


def zero_crossing_rate(
    x: ArrayLike,
    *,
    frame_length: int = 2048,
    hop_length: int = 512,
    center: bool = True,
    pad_mode: PadMode = "reflect",
    threshold: float = 1e-10,
) -> Real:
    """Count the sign changes in each frame, divided by its samples.

    Parameters
    ----------
    x : array_like [..., sample]
        One signal or several.
    frame_length, hop_length : int > 0
        Samples of a frame, and between frames.
    center : bool
        Whether the signal is continued at both ends by frame_length // 2 samples.
    pad_mode : {"reflect", "constant", "edge"}
        How it is continued: mirrored, by zeros, or by its first and last samples.
    threshold : float >= 0
        Samples of no greater magnitude count as positive zeros.

    Returns
    -------
    ndarray, float [..., 1, frame]
        In float32 for a float32 signal, else in float64.

    Raises
    ------
    ValueError
        As in `rms`, or if `threshold` is negative.

    Examples
    --------
    At 8 kHz, a sinusoid of 500 Hz changes its sign every eighth sample, 49 times within 400:

    >>> import numpy as np
    >>> from musisep.audio import zero_crossing_rate
    >>> sine = np.sin(2 * np.pi * 500 * (np.arange(1000) + 0.5) / 8000)
    >>> zero_crossing_rate(sine, frame_length=400, hop_length=200, center=False).tolist()
    [[0.1225, 0.1225, 0.1225, 0.1225]]
    """
    frames = _Frames(frame_length, hop_length, center, pad_mode)
    return frames.measure(x, sign_changes, from_zero("threshold", threshold))


class _Frames(NamedTuple):
    """How a signal is cut into frames; see `rms`."""

    length: int
    hop_length: int
    center: bool
    pad_mode: PadMode

    def measure(self, x: ArrayLike, fill: Callable[..., None], *parameters: float) -> Real:
        """Compute a number for each frame of signals [..., sample]; result [..., 1, frame]."""
        length = at_least("frame_length", self.length, 1)
        hop = at_least("hop_length", self.hop_length, 1)
        flag("center", self.center)
        one_of("pad_mode", self.pad_mode, PAD_MODES)
        signal = full_scale(x, "x")
        samples = signal.shape[-1]
        check_length(signal, 1 if self.center else length, "x")
        lead = length // 2 if self.center else 0
        count = 1 + (samples + 2 * lead - length) // hop
        result = np.empty((*signal.shape[:-1], 1, count), dtype=signal.dtype)
        buffer = np.empty(length, dtype=signal.dtype)
        mode = PAD_MODES[self.pad_mode]
        for index in np.ndindex(signal.shape[:-1]):
            channel = np.ascontiguousarray(signal[index])
            fill(channel, -lead, hop, mode, buffer, *parameters, result[index][0])
        return result
