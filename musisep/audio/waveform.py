"""Loudness and sign changes of a signal, frame by frame, without its spectrum."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep.audio.arrays import Real, real_kind
from musisep.audio.checks import at_least, one_of
from musisep.compiled import sum_kernel

PadMode = Literal["reflect", "constant", "edge"]


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
    x : array, shape (..., sample)
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
    array, shape (..., 1, frame)
        float32 for a float32 signal, else float64.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the signal shorter than a frame, or empty.
    """
    padded, starts = _framed(x, frame_length, hop_length, center, pad_mode)
    channels = padded.reshape(-1, padded.shape[-1])
    result = root_mean_squares(channels, starts, frame_length)
    return result.reshape(*padded.shape[:-1], 1, starts.size)


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
    x : array, shape (..., sample)
    frame_length, hop_length, center, pad_mode
        As in `rms`.
    threshold : float >= 0
        Samples of no greater magnitude count as positive zeros.

    Returns
    -------
    array, shape (..., 1, frame)
        float32 for a float32 signal, else float64.

    Raises
    ------
    ValueError
        As in `rms`.
    """
    if not threshold >= 0:
        raise ValueError(f"{threshold=} must be at least 0")
    padded, starts = _framed(x, frame_length, hop_length, center, pad_mode)
    negative = padded < -threshold
    result = np.empty((*padded.shape[:-1], 1, starts.size), dtype=padded.dtype)
    for index in np.ndindex(padded.shape[:-1]):
        changes = np.flatnonzero(negative[index][1:] != negative[index][:-1])
        first, end = np.searchsorted(changes, [starts, starts + frame_length - 1])
        result[index][0] = (end - first) / frame_length
    return result


def _framed(
    x: ArrayLike, frame_length: int, hop_length: int, center: bool, pad_mode: str
) -> tuple[Real, NDArray[np.intp]]:
    """Continue a signal at its ends; return it with the first sample of each frame."""
    at_least("frame_length", frame_length, 1)
    at_least("hop_length", hop_length, 1)
    one_of("pad_mode", pad_mode, get_args(PadMode))
    signal = np.atleast_1d(np.asarray(x, dtype=real_kind(x)))
    length, shortest = signal.shape[-1], 1 if center else frame_length
    if length < shortest:
        raise ValueError(f"{length=} must be at least {shortest}")
    if center:
        sides = [(0, 0)] * (signal.ndim - 1) + [(frame_length // 2,) * 2]
        signal = np.pad(signal, sides, mode=pad_mode)  # type: ignore[call-overload]
    return signal, np.arange(0, signal.shape[-1] - frame_length + 1, hop_length)


@sum_kernel
def root_mean_squares(signals, starts, frame_length):  # type: ignore[no-untyped-def]
    """Return the root of the mean square of each frame of signals [channel, sample]."""
    result = np.empty((len(signals), starts.size), signals.dtype)
    for channel in range(len(signals)):
        for t in range(starts.size):
            # Loops that count from 0 into a slice are vectorised; into the signal, not.
            frame = signals[channel, starts[t] : starts[t] + frame_length]
            total = 0.0
            for n in range(frame.size):
                value = np.float64(frame[n])
                total += value * value
            result[channel, t] = np.sqrt(total / frame_length)
    return result
