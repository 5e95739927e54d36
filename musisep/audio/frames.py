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
    """Parameters of `musisep.audio.stft.SpectralTransform`, which tells more of what they mean.

    Parameters
    ----------
    n_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0, optional
        Samples between frames; n_fft // 4 if left out.
    win_length : int, optional
        Samples of the window; n_fft if left out.
    window_fn : str or tuple
        Window for `scipy.signal.get_window`, or "rect", used unless `window` is given.
    window : array_like [win_length] or [n_fft], optional
        Samples of the window itself.
    periodic : bool
        Whether the window that `window_fn` names is periodic or symmetric.
    center : bool
        Whether frames are centred on multiples of the hop, or begin there.
    center_pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends.
    center_tail_pad : {"symmetric", "minimal"}
        How far it goes on at its end.
    normalized : bool or {"frame_length", "window"}
        What spectra are divided by.
    sample_rate : int > 0, optional
        In Hz.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> from musisep.audio.frames import FrameParameters
    >>> frames = FrameParameters(n_fft=256, hop_length=64, sample_rate=8000)
    >>> frames.bins, frames.frame_count(2000)
    (129, 32)
    >>> frames.times_s(3).tolist()
    [0.0, 0.008, 0.016]
    """

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
        """The window between zeros, [n_fft], not normalized."""
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
        """Frequencies of the bins in Hz, [frequency], read-only; only with a `sample_rate`."""
        return read_only(scipy.fft.rfftfreq(self.n_fft, 1 / self._rate("frequencies_hz")))

    def times_s(self, frames: int) -> NDArray[np.float64]:
        """Return the middles of frames; only with a `sample_rate`.

        Parameters
        ----------
        frames : int >= 0
            Number of frames.

        Returns
        -------
        ndarray, float [frame]
            In seconds.

        Raises
        ------
        ValueError
            If `frames` is no number of frames.
        AttributeError
            If there is no sample rate.
        """
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
        """Return the length of the shortest signal with so many frames.

        Parameters
        ----------
        frames : int > 0
            Number of frames.

        Returns
        -------
        int
            Samples; may be 0 for one frame.

        Raises
        ------
        ValueError
            If `frames` is no number above 0.
        """
        frames = at_least("frames", frames, 1)
        if self.center and self.center_tail_pad == "minimal":
            return (frames - 1) * self.hop + 1
        return (frames - 1) * self.hop + self.n_fft - 2 * self.lead

    def frame_count(self, length: int) -> int:
        """Count the frames of a signal.

        Parameters
        ----------
        length : int > 0
            Samples of the signal.

        Returns
        -------
        int
            Number of frames, at least 1.

        Raises
        ------
        ValueError
            If the signal is too short: empty or, without `center`, below n_fft samples.
        """
        length = at_least("length", length, 1 if self.center else self.n_fft)
        if self.center and self.center_tail_pad == "minimal":
            return -(-length // self.hop)
        return 1 + (length + 2 * self.lead - self.n_fft) // self.hop

    def frames_of(self, signal: Real, name: str = "signal") -> int:
        """Count the frames of signals.

        Parameters
        ----------
        signal : ndarray, float [..., sample]
            One signal or several.
        name : str
            What a message calls them.

        Returns
        -------
        int
            Number of frames of each, at least 1.

        Raises
        ------
        ValueError
            If the signals are too short; see `frame_count`.
        """
        check_length(signal, 1 if self.center else self.n_fft, name)
        return self.frame_count(signal.shape[-1])
