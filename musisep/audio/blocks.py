"""Where the frames of a signal lie, and their Fourier transforms, block by block."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import DTypeLike

from musisep._util import threads
from musisep.audio.arrays import Real, Spectra
from musisep.audio.framing import overlap_add, window_frames

CACHE_POINTS = 2**17
"""Samples of windowed frames that one core works on at a time: little enough for its cache."""
Blocks = Callable[[slice], Spectra]
"""Returns the spectra [..., frame, frequency] of the frames of a slice; from several threads."""
Shape = tuple[int, ...]


@dataclass(frozen=True)
class FrameGrid:
    """Frames at a distance of a hop; windows and scales are the caller's.

    Parameters
    ----------
    n_fft : int > 0
        Samples of a frame.
    hop : int > 0
        Samples between frames.
    lead : int >= 0
        Samples by which frame t begins before sample t * hop of the signal.
    """

    n_fft: int
    hop: int
    lead: int

    def blocks(self, count: int, points: int) -> list[slice]:
        """Divide frames into blocks of about `points` samples."""
        size = max(1, points // self.n_fft)
        return [slice(first, min(first + size, count)) for first in range(0, count, size)]

    def shares(self, count: int) -> list[slice]:
        """Divide frames into blocks for the cache, but at least one for each worker."""
        share = -(-count // scipy.fft.get_workers()) * self.n_fft
        return self.blocks(count, min(CACHE_POINTS, share))

    def parseval(self, kind: DTypeLike) -> Real:
        """Weights [frequency] with which rfft is the adjoint of irfft: others stand for two."""
        weights = np.full(self.n_fft // 2 + 1, 2 / self.n_fft, dtype=kind)
        weights[0] /= 2
        if self.n_fft % 2 == 0:
            weights[-1] /= 2
        return weights

    def spectra(self, signal: Real, frames: slice, window: Real, reflect: bool) -> Spectra:
        """Transform some frames of a signal [..., sample]; result [..., frame, frequency].

        `reflect` tells whether the signal is mirrored at its ends, or silent beyond.
        """
        shape = *signal.shape[:-1], frames.stop - frames.start, self.n_fft
        windowed = np.empty(shape, dtype=signal.dtype)
        start = frames.start * self.hop - self.lead
        for index in np.ndindex(signal.shape[:-1]):
            window_frames(signal[index], window, start, self.hop, reflect, windowed[index])
        return scipy.fft.rfft(windowed, overwrite_x=True, workers=1)

    def overlap_add(
        self, spectra: Blocks, count: int, shape: Shape, window: Real, reflect: bool
    ) -> Real:
        """Add up the windowed inverse transforms of frames, in threads.

        Parameters
        ----------
        spectra : function
            See `Blocks`; the leading axes are those of `shape`.
        count : int > 0
            Number of frames.
        shape : tuple of int
            Of the result, [..., sample].
        window : array, shape (n_fft,)
        reflect : bool
            Whether what lies beyond the ends is mirrored into the signal, or left out.

        Returns
        -------
        array of this shape
            The same for any number of threads.
        """
        *leading, length = shape
        result = np.zeros(shape, dtype=window.dtype)
        adding = threading.Lock()
        ends: dict[int, Real] = {}

        def work(part: slice) -> None:
            samples = (part.stop - part.start - 1) * self.hop + self.n_fft
            own = np.zeros((*leading, samples), dtype=window.dtype)
            for block in self.blocks(part.stop - part.start, CACHE_POINTS):
                found = spectra(slice(part.start + block.start, part.start + block.stop))
                for index in np.ndindex(*leading):
                    frames = scipy.fft.irfft(found[index], self.n_fft, workers=1)
                    start = block.start * self.hop
                    overlap_add(frames, window, self.hop, start, False, own[index])
            start = part.start * self.hop - self.lead
            low, high = max(start, 0), max(0, min(start + samples, length))
            if reflect and high - low < samples:
                ends[start] = own
                return
            with adding:
                result[..., low:high] += own[..., low - start : high - start]

        # A part is at least as long as a frame. So no more than two of them meet at a sample,
        # and it does not matter which is added first.
        points = max(-(-self.n_fft // self.hop) * self.n_fft, CACHE_POINTS)
        threads.each(work, self.blocks(count, points))
        for start, own in sorted(ends.items()):
            ones = np.ones(own.shape[-1], dtype=window.dtype)
            for index in np.ndindex(*leading):
                overlap_add(own[index][None], ones, 1, start, True, result[index])
        return result
