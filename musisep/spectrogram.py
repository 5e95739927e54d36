"""Spectrograms that know how they were made, in files, and back to audio."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.messages import shown
from musisep._util.progress import Progress
from musisep.audio.arrays import as_numbers, as_samples, check_finite
from musisep.audio.inversion import (
    ConstantQMagnitude,
    StftMagnitude,
    admm,
    griffin_lim,
    l_bfgs,
    rtisi_la,
)
from musisep.audio.inversion.names import INVERSIONS
from musisep.audio.logfreq import LogAxis
from musisep.audio.mel import MelSpectrogramTransform
from musisep.audio.stft import SpectralTransform
from musisep.io import files
from musisep.io.archives import reading_arrays, save_arrays
from musisep.metrics import spectral_convergence

MAX_VALUES = 2**30
"""Numbers that a file may hold: 8 GB."""
MAX_DESCRIPTION = 2**16
"""Bytes of the description of how they were made."""
MAX_POINTS = 2**20
"""Points of a Fourier transform and bins of an axis: windows of 8 MB."""
MAX_WEIGHTS = 2**23
"""Points times mel filters: filters of 32 MB."""

Representing = StftMagnitude | MelSpectrogramTransform | ConstantQMagnitude


def _magnitude(sample_rate: int, **parameters: Any) -> Representing:
    parameters = {"n_fft": 2048, "hop_length": 512, **parameters}
    _check_most("n_fft", parameters["n_fft"], MAX_POINTS)
    return StftMagnitude(SpectralTransform(**parameters))


def _mel(sample_rate: int, **parameters: Any) -> Representing:
    defaults = {"n_fft": 2048, "hop_length": 512, "n_mels": 128, "power": 1.0}
    parameters = {**defaults, "output_scale": "linear", **parameters}
    points = _check_most("n_fft", parameters["n_fft"], MAX_POINTS)
    _check_most("n_mels", parameters["n_mels"], MAX_WEIGHTS // points)
    return MelSpectrogramTransform(sample_rate, **parameters)


def _log_frequency(
    sample_rate: int,
    fmin_hz: float = 27.5,
    fmax_hz: float = 20480.0,
    bins_per_octave: float = 48,
    sigma_bins: float = 1.5,
    hop_length: int = 256,
) -> Representing:
    axis = LogAxis.below_nyquist(fmin_hz, fmax_hz, bins_per_octave, sample_rate)
    if axis.bins > MAX_POINTS:
        raise ValueError(f"{bins_per_octave=} makes {axis.bins} bins, more than {MAX_POINTS}")
    bandwidth = sigma_bins / axis.harscale
    return ConstantQMagnitude(sample_rate, axis.frequencies_hz, bandwidth, hop_length)


KINDS: dict[str, Callable[..., Representing]] = {
    "magnitude": _magnitude,
    "mel": _mel,
    "log-frequency": _log_frequency,
}
"""What makes a representation of a sample rate and parameters."""

PROJECTIONS: dict[str, Callable[..., Any]] = {
    "griffin-lim": griffin_lim,
    "admm": admm,
    "rtisi-la": rtisi_la,
}
"""Algorithms for magnitudes of a short-time Fourier transform."""


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Values of a spectrogram without phases, and how they were made.

    Parameters
    ----------
    values : ndarray, float [channel, band, frame]
        Finite numbers.
    sample_rate : int
        Sample rate of the audio, in Hz.
    length : int
        Samples of the audio.
    kind : {"magnitude", "mel", "log-frequency"}, optional
        Magnitudes of a short-time Fourier transform, mel values, or magnitudes of a constant-Q
        transform.
    parameters : mapping of str to float, int, str or bool, optional
        Those of `musisep.audio.stft.SpectralTransform` or
        `musisep.audio.mel.MelSpectrogramTransform`, or for "log-frequency" fmin_hz, fmax_hz,
        bins_per_octave, sigma_bins and hop_length.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the values are not of this shape.

    Examples
    --------
    The magnitudes of a sine of 440 Hz are greatest in the bin nearest to it. Audio is found from
    them, with an error of less than -20 dB:

    >>> import numpy as np
    >>> from musisep import Spectrogram
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> spectrogram = Spectrogram.of(sine, 8000, n_fft=256, hop_length=64)
    >>> int(spectrogram.values[0].mean(axis=1).argmax()), 440 / 8000 * 256
    (14, 14.08)
    >>> audio, convergence = spectrogram.invert(max_iter=20, rng=0)
    >>> audio.shape, bool(convergence[0] < -20)
    ((1, 4000), True)
    """

    values: NDArray[np.floating]
    sample_rate: int
    length: int
    kind: str = "magnitude"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        files.check_rate("sample_rate", self.sample_rate)
        values = as_numbers(self.values, "values")
        if values.ndim != 3 or values.dtype.kind != "f" or not np.isfinite(values).all():
            raise ValueError(
                f"values of shape={values.shape} and dtype={values.dtype} must be finite and "
                "[channel, band, frame]"
            )
        bands, frames = self.representation.shape(self.length)
        if values.shape[1:] != (bands, frames):
            raise ValueError(
                f"values of shape={values.shape} must be of shape (channel, {bands}, {frames}) "
                f"for length={self.length}"
            )

    @cached_property
    def representation(self) -> Representing:
        """What makes such values of audio."""
        return _representation(self.kind, self.sample_rate, self.parameters)

    @classmethod
    def of(
        cls, audio: ArrayLike, sample_rate: int, kind: str = "magnitude", **parameters: Any
    ) -> "Spectrogram":
        """Make the spectrogram of audio.

        Parameters
        ----------
        audio : array_like [channel, sample] or [sample]
            The signal; integers are scaled to [-1, 1).
        sample_rate : int
            Sample rate of the audio, in Hz.
        kind : {"magnitude", "mel", "log-frequency"}, optional
            What values it has, as for the class.
        **parameters : float, int, str or bool
            How it is made, as `parameters` of the class.

        Returns
        -------
        Spectrogram
            With values of each channel.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or the audio is empty, of another shape, or not
            finite.
        """
        signal = np.atleast_2d(as_samples(audio, "audio").astype(np.float64, copy=False))
        if signal.ndim != 2 or not signal.size:
            raise ValueError(f"audio of shape={signal.shape} must be [channel, sample], not empty")
        check_finite(signal, "audio")
        represent = _representation(kind, sample_rate, parameters)
        return cls(represent(signal), sample_rate, signal.shape[1], kind, parameters)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a ``.npz`` file whole or not at all.

        Parameters
        ----------
        path : path
            The file.

        Raises
        ------
        OSError
            If it cannot be written.
        ValueError
            If a parameter is no number, str or bool.
        """
        made = {
            "kind": self.kind, "sample_rate": self.sample_rate, "length": self.length,
            "parameters": dict(self.parameters),
        }  # fmt: skip
        description = np.frombuffer(json.dumps(made, default=_plain).encode(), dtype=np.uint8)
        save_arrays(path, {"values": self.values, "description": description})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Spectrogram":
        """Read what `save` wrote, trusting nothing in the file.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        Spectrogram
            With the same values and parameters.

        Raises
        ------
        OSError
            If the file cannot be read, or is no regular file.
        ValueError
            If it is not a spectrogram.
        """
        with reading_arrays(path, "spectrogram") as read:
            made = json.loads(read("description", MAX_DESCRIPTION).tobytes())
            represent = _representation(made["kind"], made["sample_rate"], made["parameters"])
            values = read("values", MAX_VALUES, represent.shape(made["length"]))
            return cls(values, **made)

    def invert(
        self,
        method: str | None = None,
        *,
        max_iter: int | None = None,
        init: str | None = None,
        rng: np.random.Generator | int | None = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Find audio with this spectrogram.

        Parameters
        ----------
        method : {"griffin-lim", "admm", "rtisi-la", "l-bfgs"}, optional
            See `musisep.audio.inversion`. The first three are for magnitudes only. If left out,
            "griffin-lim" for magnitudes, else "l-bfgs".
        max_iter : int, optional
            Iterations at most; if left out, 200, and for "rtisi-la" 25 of each frame.
        init : {"single-pass", "pghi", "random", "zero"}, optional
            Phases to start from, for the first three.
        rng : numpy.random.Generator or int, optional
            Source of randomness, or its seed.
        progress : callable, optional
            Called with the name of a stage, how much of it is done, and how much there is.
        **options : float, int or str
            Options of the method, such as ``alpha`` or ``rho``.

        Returns
        -------
        audio : ndarray, float [channel, sample]
            Signal with nearly these values.
        convergence : ndarray, float [channel]
            Spectral convergence of the audio in dB; NaN for silence.

        Raises
        ------
        ValueError
            If the method does not suit, or an option is out of its range.
        """
        if method is None:
            method = "griffin-lim" if self.kind == "magnitude" else "l-bfgs"
        if not isinstance(method, str) or method not in INVERSIONS:
            raise ValueError(f"method={shown(method)} must be one of {', '.join(INVERSIONS)}")
        if max_iter is None:
            max_iter = 25 if method == "rtisi-la" else 200
        options |= {"max_iter": max_iter, "rng": rng, "verbose": False, "progress": progress}
        represent = self.representation
        if method == "l-bfgs":
            if init is not None:
                raise ValueError(f"{init=} must be left out for method='l-bfgs'")
            found = l_bfgs(self.values, represent, self.length, **options)
        elif isinstance(represent, StftMagnitude):
            found = PROJECTIONS[method](
                self.values, init=init, length=self.length, transform=represent.transform, **options
            )
        else:
            raise ValueError(f"{method=} is for magnitudes; kind={self.kind!r} needs 'l-bfgs'")
        signal = cast(NDArray[np.floating], found)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of silence
            return signal, spectral_convergence(self.values, represent(signal))


def _plain(value: Any) -> Any:
    """Return a number of NumPy as one of Python; ValueError for what is no parameter."""
    if isinstance(value, np.generic):
        return value.item()
    raise ValueError(f"parameter {shown(value)} must be a number, str or bool to be saved")


def _representation(kind: str, sample_rate: int, parameters: Mapping[str, Any]) -> Representing:
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"kind={shown(kind)} must be one of {', '.join(KINDS)}")
    try:
        return KINDS[kind](sample_rate, **parameters)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"parameters of {kind=}: {error}") from None


def _check_most(name: str, value: object, limit: int) -> int:
    """Refuse a size above `limit` before anything of it is built; what is no size counts as 1."""
    size = int(value) if isinstance(value, Integral) else 1
    if size > limit:
        raise ValueError(f"{name}={size} must be at most {limit}")
    return max(1, size)
