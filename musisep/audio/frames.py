"""What a short-time Fourier transform is made of, and where the frames of its signals lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, flag, one_of, whole_hz
from musisep._util.remaking import Remade
from musisep.audio.arrays import Real, as_real, check_length, read_only
from musisep.audio.axes import Framing, frame_times
from musisep.audio.windows import make_window, resolve_fft_params

CHOICES = {
    "center_pad_mode": ("reflect", "constant"),
    "center_tail_pad": ("symmetric", "minimal"),
    "normalized": (False, True, "frame_length", "window"),
}


@dataclass(frozen=True, eq=False)
class FrameParameters(Remade):
    """Parameters of `musisep.audio.stft.SpectralTransform`, which tells what they mean."""

    n_fft: int
    hop_length: int | None = None
    win_length: int | None = None
    window_fn: str | tuple[object, ...] = "hann"
    window: ArrayLike | None = None
    periodic: bool = True
    center: bool = True
    center_pad_mode: Literal["reflect", "constant"] = "reflect"
    center_tail_pad: Literal["symmetric", "minimal"] = "symmetric"
    normalized: bool | Literal["frame_length", "window"] = False
    sample_rate: int | None = None

    def __post_init__(self) -> None:
        """Refuse impossible parameters and build the window."""
        sizes = resolve_fft_params(self.n_fft, self.hop_length, self.win_length)
        for name, value in zip(("n_fft", "hop_length", "win_length"), sizes, strict=False):
            object.__setattr__(self, name, value)
        flag("center", self.center)
        if self.sample_rate is not None:
            object.__setattr__(self, "sample_rate", whole_hz("sample_rate", self.sample_rate))
        for name, choices in CHOICES.items():
            one_of(name, getattr(self, name), choices)
        if self.center_tail_pad == "minimal" and self.center_pad_mode == "reflect":
            raise ValueError(
                "center_tail_pad='minimal' must go with center_pad_mode='constant', not 'reflect'"
            )
        if self.window is not None:
            object.__setattr__(self, "window", read_only(as_real(self.window, "window")))
        self.frame_window.flags.writeable = False

    @cached_property
    def frame_window(self) -> NDArray[np.float64]:
        """The window between zeros, shape (n_fft,), not normalized."""
        width = self.win_length or self.n_fft
        return make_window(self.window, self.window_fn, width, self.n_fft, self.periodic)

    @property
    def _scale(self) -> float:
        """What spectra are multiplied by."""
        if self.normalized == "window":
            return 1 / (math.sqrt(np.sum(self.frame_window**2)) or 1)  # an empty window stays so
        return 1 / math.sqrt(self.n_fft) if self.normalized else 1.0

    @property
    def bins(self) -> int:
        """Number of frequencies."""
        return self.n_fft // 2 + 1

    @cached_property
    def frequencies_hz(self) -> NDArray[np.float64]:
        """Frequencies of the bins, shape (frequency,), read-only; only with a `sample_rate`."""
        return read_only(scipy.fft.rfftfreq(self.n_fft, 1 / self._rate("frequencies_hz")))

    def times_s(self, frames: int) -> NDArray[np.float64]:
        """Return the middles of so many frames in seconds; only with a `sample_rate`."""
        middle = self.n_fft // 2 - self.lead
        return frame_times(frames, self.hop, self._rate("times_s"), middle)

    def _rate(self, wanted: str) -> int:
        if self.sample_rate is None:  # hasattr is to answer no
            raise AttributeError(f"{wanted} must be asked of a transform with a sample_rate")
        return self.sample_rate

    @property
    def lead(self) -> int:
        """Samples by which frame t begins before sample t * hop_length."""
        return self.n_fft // 2 if self.center else 0

    @property
    def hop(self) -> int:
        """Samples between frames."""
        return self.hop_length or 1  # never None since construction

    @property
    def framing(self) -> Framing:
        """Which samples the frames see."""
        mirrored = self.center and self.center_pad_mode == "reflect"
        return Framing(self.n_fft, self.hop, self.lead, mirrored, self.frame_count)

    def shortest_length(self, frames: int) -> int:
        """Return the samples of the shortest signal with so many frames; may be 0 for one."""
        frames = at_least("frames", frames, 1)
        if self.center and self.center_tail_pad == "minimal":
            return (frames - 1) * self.hop + 1
        return (frames - 1) * self.hop + self.n_fft - 2 * self.lead

    def frame_count(self, length: int) -> int:
        """Count the frames of a signal of `length` samples; ValueError if there is none."""
        length = at_least("length", length, 1 if self.center else self.n_fft)
        if self.center and self.center_tail_pad == "minimal":
            return -(-length // self.hop)
        return 1 + (length + 2 * self.lead - self.n_fft) // self.hop

    def frames_of(self, signal: Real, name: str = "signal") -> int:
        """Count the frames of signals [..., sample]; ValueError by name if there is none."""
        check_length(signal, 1 if self.center else self.n_fft, name)
        return self.frame_count(signal.shape[-1])
