"""The short-time Fourier transform and its inverse as linear maps, and their adjoints."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from musisep._util import threads
from musisep._util.checks import one_of
from musisep.audio.arrays import Real, Spectra
from musisep.audio.blocks import Blocks, FrameGrid, Shape
from musisep.audio.framing import Ends, Overlap

Safety = Literal["always", "off"]
SAFETIES = ("always", "off")
"""Whether the inverse refuses samples under no window, or makes them 0."""


@dataclass(frozen=True, eq=False)
class StftMaps:
    """The linear maps between signals and spectra; adjoint in the real inner product.

    Signals are ``[signal, sample]``, spectra ``[signal, frame, frequency]``. Shapes are the
    caller's to check.

    Parameters
    ----------
    grid : FrameGrid
    window : ndarray [n_fft]
    scale : float
        What spectra are multiplied by.
    reflect : bool
        Whether signals are mirrored at their ends, or silent beyond.
    """

    grid: FrameGrid
    window: NDArray[np.float64]
    scale: float
    reflect: bool

    def forward(self, signals: Real, frames: slice) -> Spectra:
        """Transform some frames of signals, which are contiguous in memory."""
        window = (self.window * self.scale).astype(signals.dtype)
        return self.grid.spectra(signals, frames, window, self.reflect)

    def adjoint(self, spectra: Blocks, count: int, shape: Shape, kind: DTypeLike) -> Real:
        """Apply the adjoint of `forward` to `count` frames; signals of this shape and type."""

        def doubled(frames: slice) -> Spectra:
            found = spectra(frames).copy()
            found[..., self.grid.lone] *= 2
            return found

        window = (self.window * (self.scale * self.grid.n_fft / 2)).astype(kind)
        return self.grid.overlap_add(doubled, count, shape, window, self.reflect)

    def ends(self, count: int, length: int, safety: Safety) -> Ends:
        """Find what `inverse` has to do at the ends of signals of `length` samples.

        Raises
        ------
        ValueError
            If `safety` is "always" and a sample before the end of the last window lies under
            none.
        """
        one_of("safety", safety, SAFETIES)
        ends = self._ends(-self.grid.lead, count, length)
        if safety == "always" and ends.lost < max(ends.reach, 1):
            raise ValueError(
                f"sample {ends.lost} of {length=} lies under no window{self._why(ends.lost)}; "
                "istft(..., safety='off') makes it 0"
            )
        return ends

    def _why(self, sample: int) -> str:
        held = self._overlap.window > self._overlap.least
        if sample + self.grid.lead < held.argmax():
            return (
                ", as the window begins with zeros: give center=True, or a window without zeros, "
                "such as Hamming's"
            )
        return f": decrease hop_length={self.grid.hop} for a window of {held.sum()} samples above 0"

    def inverse(
        self, spectra: Blocks, count: int, shape: Shape, kind: DTypeLike, ends: Ends
    ) -> Real:
        """Find the signals of this shape and type whose spectra are closest to given ones."""
        result = self.grid.overlap_add(spectra, count, shape, self._dual.astype(kind), False)
        ends.complete(result)
        return result

    def inverse_adjoint(self, signals: Real, count: int, ends: Ends) -> Spectra:
        """Apply the adjoint of `inverse` to signals."""
        signals = signals.copy()
        ends.complete(signals)
        window = (self._dual * (2 / self.grid.n_fft)).astype(signals.dtype)
        shape = len(signals), count, self.grid.n_fft // 2 + 1
        result = np.empty(shape, np.result_type(signals, np.complex64))

        def work(part: tuple[slice, slice]) -> None:
            spectra = self.grid.spectra(signals[part[0]], part[1], window, reflect=False)
            spectra[..., self.grid.lone] /= 2
            result[part] = spectra

        threads.each(work, self.grid.parts(len(signals), count))
        return result

    @cached_property
    def _overlap(self) -> Overlap:
        return Overlap(self.window**2, self.grid.hop)

    @cached_property
    def _ends(self) -> Callable[[int, int, int], Ends]:
        return lru_cache(maxsize=4)(self._overlap.ends)

    @cached_property
    def _dual(self) -> NDArray[np.float64]:
        """The window that undoes windowing and overlap, [n_fft]."""
        return self.window / self.scale * self._overlap.inverse
