"""Constant-Q transforms with real and imaginary parts on a last axis of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from musisep._util.messages import shown
from musisep.audio import cqt
from musisep.audio.arrays import Real, Spectra, as_array, as_numbers


def to_log_magnitude(x: ArrayLike, *, epsilon: float = 1e-8) -> Real:
    """Convert coefficients or magnitudes to decibels.

    Real numbers with a last axis of two are real and imaginary parts; otherwise, and for errors,
    see `musisep.audio.cqt.to_log_magnitude`.
    """
    values = as_numbers(x, "x")
    if values.shape[-1] == 2 and values.dtype.kind != "c":
        values = np.hypot(values[..., 0], values[..., 1])
    return cqt.to_log_magnitude(values, epsilon=epsilon)


def create_cqt_kernels(
    *,
    Q: float,
    fs: int,
    fmin: float,
    n_bins: int,
    bins_per_octave: int,
    norm: int = 1,
    window: str = "hann",
    fmax: float | None = None,
    gamma: float = 0.0,
    device: object = None,
    dtype: DTypeLike = np.float32,
) -> tuple[NDArray[np.complexfloating], int, Real, Real]:
    """Sample constant-Q kernels in time.

    Parameters
    ----------
    Q, fs, fmin, n_bins, bins_per_octave, norm, window, gamma
        See `musisep.audio.cqt.create_cqt_kernels`.
    fmax, device
        Of no effect.
    dtype : NumPy dtype
        Of the roots and the frequencies; the kernels are complex numbers of this precision.

    Returns
    -------
    kernels : array of complex, shape (n_bins, width)
    width : int
    roots : array, shape (n_bins, 1)
        Of the lengths of the kernels.
    frequencies : array, shape (n_bins,)
        In Hz.

    Raises
    ------
    ValueError
        As there.
    """
    kernels, width, roots, frequencies = cqt.create_cqt_kernels(
        Q=Q,
        fs=fs,
        fmin=fmin,
        n_bins=n_bins,
        bins_per_octave=bins_per_octave,
        norm=norm,
        window=window,
        gamma=gamma,
    )
    kind = real_type("dtype", dtype) or np.dtype(np.float32)
    pairs = np.result_type(kind, np.complex64)
    return kernels.astype(pairs), width, roots.astype(kind), frequencies.astype(kind)


def real_type(name: str, kind: DTypeLike | None) -> np.dtype[Any] | None:
    """Return a type of real numbers, or refuse by name what is none."""
    try:
        found = None if kind is None else np.dtype(kind)
    except (TypeError, ValueError):
        found = np.dtype(object)
    if found is not None and found.kind != "f":
        raise ValueError(f"{name}={shown(kind)} must be a type of floating-point numbers, or None")
    return found


@dataclass(frozen=True, eq=False, kw_only=True)
class CQT:
    """`musisep.audio.cqt.CQT` with a batch axis and real and imaginary parts.

    Parameters
    ----------
    sr, hop_length, fmin, n_bins, bins_per_octave, gamma, center, window, norm
        See there.
    fmax
        Of no effect.

    Attributes
    ----------
    transform : musisep.audio.cqt.CQT
        What does the work, without a convolution.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    sr: int
    hop_length: int
    fmin: float
    fmax: float | None
    n_bins: int
    bins_per_octave: int
    gamma: float
    center: bool
    window: str = "hann"
    norm: int = 1
    transform: cqt.CQT = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and prepare the kernels."""
        transform = cqt.CQT(
            sr=self.sr,
            hop_length=self.hop_length,
            fmin=self.fmin,
            n_bins=self.n_bins,
            bins_per_octave=self.bins_per_octave,
            gamma=self.gamma,
            center=self.center,
            window=self.window,
            norm=self.norm,
        )
        object.__setattr__(self, "transform", transform)

    def __call__(self, x: ArrayLike) -> Real:
        """Transform signals [time], [batch, time] or [batch, 1, time].

        Returns
        -------
        array, shape (batch, n_bins, frame, 2)
        """
        return parts(self.transform(_batch(x)))

    forward = __call__


@dataclass(frozen=True, eq=False, kw_only=True)
class HarmonicCQT:
    """`musisep.audio.cqt.HarmonicCQT` with a batch axis and real and imaginary parts.

    Parameters
    ----------
    harmonics, sr, hop_length, fmin, bins_per_semitone, n_bins, center_bins, gamma, center
        See there.
    fmax
        Of no effect.

    Attributes
    ----------
    transform : musisep.audio.cqt.HarmonicCQT
        What does the work, without a convolution.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    harmonics: Sequence[float]
    sr: int
    hop_length: int
    fmin: float
    fmax: float | None
    bins_per_semitone: int
    n_bins: int
    center_bins: bool
    gamma: float
    center: bool
    transform: cqt.HarmonicCQT = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and prepare the kernels."""
        transform = cqt.HarmonicCQT(
            harmonics=self.harmonics,
            sr=self.sr,
            hop_length=self.hop_length,
            fmin=self.fmin,
            bins_per_semitone=self.bins_per_semitone,
            n_bins=self.n_bins,
            center_bins=self.center_bins,
            gamma=self.gamma,
            center=self.center,
        )
        object.__setattr__(self, "transform", transform)

    @property
    def cqt_kernels(self) -> list[CQT]:
        """The constant-Q transform of each harmonic."""
        return [
            CQT(
                sr=self.sr,
                hop_length=self.hop_length,
                fmin=frequencies[0],
                fmax=self.fmax,
                n_bins=self.n_bins,
                bins_per_octave=12 * self.bins_per_semitone,
                gamma=self.gamma,
                center=self.center,
            )
            for frequencies in self.transform.frequencies_hz
        ]

    def __call__(self, audio_waveforms: ArrayLike) -> Real:
        """Transform signals [time], [batch, time] or [batch, 1, time].

        Returns
        -------
        array, shape (batch, harmonic, n_bins, frame, 2)
        """
        return parts(self.transform(_batch(audio_waveforms, "audio_waveforms")))

    forward = __call__


def parts(spectra: Spectra) -> Real:
    """Return the real and the imaginary parts of complex numbers on a last axis."""
    return np.stack([spectra.real, spectra.imag], axis=-1)


def _batch(x: ArrayLike, name: str = "x") -> NDArray[Any]:
    """Return signals [batch, time]."""
    signals = as_array(x, name)
    if signals.ndim == 3 and signals.shape[1] == 1:
        return signals[:, 0]
    if signals.ndim > 2:
        raise ValueError(
            f"{name} of shape={signals.shape} must be [batch, time] or [batch, 1, time]"
        )
    return np.atleast_2d(signals)
