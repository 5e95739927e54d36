"""Cutting signals into windowed frames, and adding frames up again."""

import numpy as np
from numpy.typing import NDArray

from musisep.audio._kernels import framing as kernels
from musisep.audio.arrays import Real


def window_frames(
    signal: Real, window: Real, start: int, hop_length: int, reflect: bool, frames: Real
) -> None:
    """Cut a signal into windowed frames.

    Parameters
    ----------
    signal : array, shape (sample,)
    window : array, shape (n,)
    start : int
        Sample at which frame 0 begins; may be negative.
    hop_length : int
        Samples between the beginnings of frames.
    reflect : bool
        How the signal goes on beyond its ends: as in a mirror that stands on its first and on its
        last sample, or silent.
    frames : array, shape (frame, n)
        Changed in place.
    """
    kernels.window_frames(signal, window, start, hop_length, reflect, frames)


def overlap_add(
    frames: Real, window: Real, hop_length: int, start: int, reflect: bool, signal: Real
) -> None:
    """Add windowed frames to a signal: the adjoint of `window_frames`.

    Parameters
    ----------
    frames : array, shape (frame, n)
    window : array, shape (n,)
    hop_length : int
        Samples between the beginnings of frames.
    start : int
        Sample of the signal at which frame 0 begins; may be negative.
    reflect : bool
        Whether what lies beyond the ends of the signal is mirrored into it, or left out.
    signal : array, shape (sample,)
        Changed in place.
    """
    kernels.overlap_add(frames, window, hop_length, start, reflect, signal)


def divide_by_windows(
    signal: Real,
    window: NDArray[np.float64],
    hop_length: int,
    start: int,
    count: int,
) -> None:
    """Undo the weights of windows that were overlapped and added.

    Away from its ends the sum of the windows repeats itself every hop.

    Parameters
    ----------
    signal : array, shape (..., sample)
        Divided in place by the sum of the windows at each sample.
    window : array, shape (n,)
        Not negative.
    hop_length : int > 0
        Samples between the beginnings of windows.
    start : int <= 0
        Sample of the signal at which the first window begins.
    count : int > 0
        Number of windows.

    Raises
    ------
    ValueError
        If the sum is 0 somewhere, or lost in rounding: below 2e-16 of a window's maximum.
    """
    length = signal.shape[-1]
    count = min(count, 1 + (length - start - 1) // hop_length)
    reach = -(-window.size // hop_length)  # windows over one sample, at most
    kept = min(count, 2 * reach + 1)
    left_out = (count - kept) * hop_length
    begin = reach * hop_length + start
    end = begin + hop_length
    weights = np.zeros(length - left_out)
    ones = np.ones((kept, window.size))
    overlap_add(ones, window, hop_length, start, False, weights)
    weights = weights.astype(signal.dtype)
    lost = ~(weights > np.finfo(np.float64).eps * window.max())
    if lost.any():
        sample = int(lost.argmax())
        raise ValueError(
            f"sample {sample + left_out * (sample >= end)} of {length=} lies under no window: "
            f"decrease {hop_length=} for a window of {window.size} samples, or decrease length"
        )
    if left_out:
        signal[..., :begin] /= weights[:begin]
        periods = signal[..., begin : end + left_out]
        count = 1 + left_out // hop_length
        periods.reshape(*periods.shape[:-1], count, hop_length)[...] /= weights[begin:end]
        signal[..., end + left_out :] /= weights[end:]
    else:
        signal /= weights
