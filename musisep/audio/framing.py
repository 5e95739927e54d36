"""Cutting signals into windowed frames, and adding frames up again."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

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
    signal : ndarray [sample]
    window : ndarray [n]
    start : int
        Sample at which frame 0 begins; may be negative.
    hop_length : int
        Samples between the beginnings of frames.
    reflect : bool
        How the signal goes on beyond its ends: as in a mirror that stands on its first and on its
        last sample, or silent.
    frames : ndarray [frame, n]
        Changed in place.
    """
    kernels.window_frames(signal, window, start, hop_length, reflect, frames)


def overlap_add(
    frames: Real, window: Real, hop_length: int, start: int, reflect: bool, signal: Real
) -> None:
    """Add windowed frames to a signal: the adjoint of `window_frames`.

    Parameters
    ----------
    frames : ndarray [frame, n]
    window : ndarray [n]
    hop_length : int
        Samples between the beginnings of frames.
    start : int
        Sample of the signal at which frame 0 begins; may be negative.
    reflect : bool
        Whether what lies beyond the ends of the signal is mirrored into it, or left out.
    signal : ndarray [sample]
        Changed in place.
    """
    kernels.overlap_add(frames, window, hop_length, start, reflect, signal)


class Ends(NamedTuple):
    """What is left to do at both ends of a signal, where fewer windows overlap; see `Overlap`.

    Attributes
    ----------
    head : array
        Factors of the first samples.
    tail : array
        Factors of as many samples from `tail_start` on.
    tail_start : int
    lost : int
        The earliest sample under no window, or the length of the signal.
    reach : int
        Samples up to the last one under a window; 0 if there is none.
    """

    head: NDArray[np.float64]
    tail: NDArray[np.float64]
    tail_start: int
    lost: int
    reach: int

    def complete(self, signals: Real) -> None:
        """Multiply signals [..., sample] in place."""
        signals[..., : self.head.size] *= self.head
        signals[..., self.tail_start : self.tail_start + self.tail.size] *= self.tail


@dataclass(frozen=True, eq=False)
class Overlap:
    """The sum of windows that overlap, by which frames that were added up are divided.

    Away from its ends the sum repeats itself every hop. So frames are multiplied by `inverse`
    before they are added, and `Ends.complete` does the rest afterwards. Samples under no window
    become 0: those where the sum is 0, or lost in rounding, below 2e-16 of a window's maximum.

    Parameters
    ----------
    window : ndarray [n]
        Not negative.
    hop_length : int > 0
        Samples between the beginnings of windows.
    """

    window: NDArray[np.float64]
    hop_length: int

    @cached_property
    def least(self) -> float:
        """Sum up to which a sample counts as under no window."""
        return float(np.finfo(np.float64).eps * self.window.max())

    @cached_property
    def inverse(self) -> NDArray[np.float64]:
        """One over the sum away from its ends, at each sample of a window; 0 under no window."""
        return np.resize(_inverse(self._period, self.least), self.window.size)

    def ends(self, start: int, count: int, length: int) -> Ends:
        """Find what is left to do at the ends of a signal.

        Parameters
        ----------
        start : int
            Sample of the signal at which the first window begins.
        count : int > 0
            Number of windows.
        length : int
            Samples of the signal.

        Returns
        -------
        Ends
        """
        hop, size = self.hop_length, self.window.size
        low = min(max(start + size - hop, 0), length)
        high = min(max(start + count * hop, low), length)
        stop = min(max(start + (count - 1) * hop + size, high), length)
        # Of what repeats itself one period at either end tells enough.
        ranges = (0, low), (low, min(low + hop, high)), (max(high - hop, low), high), (high, stop)
        samples = np.concatenate([np.arange(*pair) for pair in ranges])
        whole = self._period[(samples - start) % hop]
        sums = whole.copy()
        sums[:low] = self._sum(0, low, start, count)
        sums[samples.size - (stop - high) :] = self._sum(high, stop, start, count)
        factors, covered = whole * _inverse(sums, self.least), sums > self.least
        return Ends(
            head=factors[:low],
            tail=factors[samples.size - (stop - high) :],
            tail_start=high,
            lost=int(samples[~covered].min(initial=stop)),
            reach=int(samples[covered].max(initial=-1)) + 1,
        )

    @cached_property
    def _period(self) -> NDArray[np.float64]:
        """The sum away from its ends, by the samples since a window began, [hop_length]."""
        padded = np.pad(self.window, (0, -self.window.size % self.hop_length))
        return padded.reshape(-1, self.hop_length).sum(axis=0)

    def _sum(self, low: int, high: int, start: int, count: int) -> NDArray[np.float64]:
        """Add up the windows at samples from `low` to `high`."""
        result = np.zeros(high - low)
        size, hop = self.window.size, self.hop_length
        first = max(0, (low - start - size) // hop + 1)
        for begin in range(start + first * hop, min(start + count * hop, high), hop):
            left, right = max(begin, low), min(begin + size, high)
            result[left - low : right - low] += self.window[left - begin : right - begin]
        return result


def _inverse(sums: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    return np.divide(1, sums, out=np.zeros_like(sums), where=sums > least)
