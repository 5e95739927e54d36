"""Where the frames of a signal lie, and their Fourier transforms, block by block."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import DTypeLike

from musisep._util import threads
from musisep.audio._kernels.framing import overlap_add_each, window_frames_of_each
from musisep.audio.arrays import Real, Spectra, peak

CACHE_POINTS = 2**17
"""Samples of windowed frames that one core works on at a time: little enough for its cache."""
LONE_POINTS = 2**16
"""Samples of windowed frames for which it does not pay to wake up another thread."""
Blocks = Callable[[slice], Spectra]
"""Returns the spectra [..., frame, frequency] of the frames of a slice; from several threads."""
Shape = tuple[int, ...]
GoBack = Callable[[Blocks, int, Shape, DTypeLike], Real]


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
        """Divide frames into blocks for the cache, and for all workers if they are worth it."""
        workers = scipy.fft.get_workers() if count * self.n_fft > LONE_POINTS else 1
        return self.blocks(count, min(CACHE_POINTS, -(-count // workers) * self.n_fft))

    def groups(self, signals: int, count: int) -> list[slice]:
        """Divide signals of so many frames into groups for the cache, at least one each."""
        size = max(1, CACHE_POINTS // (count * self.n_fft))
        return [slice(first, min(first + size, signals)) for first in range(0, signals, size)]

    def parts(self, signals: int, count: int) -> list[tuple[slice, slice]]:
        """Divide the frames of signals into blocks: of one signal each, or of short signals."""
        if signals > 1 and count * self.n_fft <= CACHE_POINTS:
            return [(group, slice(0, count)) for group in self.groups(signals, count)]
        shares = self.shares(count)
        return [(slice(k, k + 1), frames) for k in range(signals) for frames in shares]

    def each_group(self, go_back: GoBack, spectrum: Spectra, length: int) -> Real:
        """Go back from a spectrum [..., frame, frequency] to signals, as many as suit the cache.

        Parameters
        ----------
        go_back : function
            Called with `Blocks`, the number of frames, the shape [signal, sample] of the result
            and its type.
        spectrum : ndarray, complex [..., frame, frequency]
        length : int > 0
            Samples of a signal.

        Returns
        -------
        ndarray, float [..., sample]

        Raises
        ------
        ValueError
            If a finite spectrum has samples that are not.
        """
        flat = spectrum.reshape(-1, *spectrum.shape[-2:])
        kind = spectrum.real.dtype
        result = np.empty((len(flat), length), dtype=kind)

        def work(group: slice) -> None:
            own, shape = flat[group], (group.stop - group.start, length)
            with np.errstate(over="ignore", invalid="ignore"):  # told below
                result[group] = go_back(lambda block: own[:, block], flat.shape[1], shape, kind)
            if not math.isfinite(peak(result[group])) and np.isfinite(own).all():
                raise ValueError(
                    f"spectrum with a peak of {max(peak(own.real), peak(own.imag)):.3g} must "
                    f"be less, lest its samples overflow in {kind}: divide it by its peak"
                )

        threads.each(work, self.groups(len(flat), flat.shape[1]))
        return result.reshape(*spectrum.shape[:-2], length)

    @property
    def lone(self) -> slice:
        """The frequencies of a spectrum that stand for themselves; all others stand for two."""
        return slice(None, None, (self.n_fft + 1) // 2)

    def spectra(self, signal: Real, frames: slice, window: Real, reflect: bool) -> Spectra:
        """Transform some frames of signals [..., sample]; result [..., frame, frequency].

        Signals are contiguous in memory. `reflect` tells whether they are mirrored at their ends,
        or silent beyond.
        """
        shape = *signal.shape[:-1], frames.stop - frames.start, self.n_fft
        windowed = np.empty(shape, dtype=signal.dtype)
        start = frames.start * self.hop - self.lead
        window_frames_of_each(
            signal.reshape(-1, signal.shape[-1]), window, start, self.hop, reflect,
            windowed.reshape(-1, *shape[-2:]),
        )  # fmt: skip
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
        window : ndarray [n_fft]
        reflect : bool
            Whether what lies beyond the ends is mirrored into the signal, or left out.

        Returns
        -------
        ndarray, float [..., sample]
            The same for any number of threads.
        """
        *leading, length = shape
        result = np.zeros((math.prod(leading), length), dtype=window.dtype)
        adding = threading.Lock()
        ends: dict[int, Real] = {}

        def work(part: slice) -> None:
            samples = (part.stop - part.start - 1) * self.hop + self.n_fft
            own = np.zeros((len(result), samples), dtype=window.dtype)
            for block in self.blocks(part.stop - part.start, CACHE_POINTS):
                found = spectra(slice(part.start + block.start, part.start + block.stop))
                found = found.reshape(len(result), *found.shape[-2:])
                for group in self.groups(*found.shape[:2]):
                    frames = scipy.fft.irfft(found[group], self.n_fft, workers=1)
                    start = block.start * self.hop
                    overlap_add_each(frames, window, self.hop, start, False, own[group])
            start = part.start * self.hop - self.lead
            low, high = max(start, 0), max(0, min(start + samples, length))
            if reflect and high - low < samples:
                ends[start] = own
                return
            with adding:
                result[:, low:high] += own[:, low - start : high - start]

        # A part is at least as long as a frame. So no more than two of them meet at a sample,
        # and it does not matter which is added first.
        points = max(-(-self.n_fft // self.hop) * self.n_fft, CACHE_POINTS)
        threads.each(work, self.blocks(count, points))
        for start, own in sorted(ends.items()):
            ones = np.ones(own.shape[-1], dtype=window.dtype)
            overlap_add_each(own[:, None], ones, 1, start, True, result)
        return result.reshape(shape)
