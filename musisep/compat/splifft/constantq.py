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

    Real numbers with a last axis of two are real and imaginary parts; otherwise see
    `musisep.audio.cqt.to_log_magnitude`.

    Parameters
    ----------
    x : array_like, float [..., 2], or complex or float [...]
        Coefficients as real and imaginary parts, or complex, or magnitudes.
    epsilon : float > 0
        Smaller magnitudes count as this.

    Returns
    -------
    ndarray, float, dB [...]
        A level for each coefficient: 20 log10 of its magnitude.

    Raises
    ------
    ValueError
        If `x` holds no numbers, or `epsilon` is out of its range.

    Examples
    --------
    >>> from musisep.compat.splifft import to_log_magnitude
    >>> to_log_magnitude([[0.6, 0.8], [0.0, 0.1]]).round(6).tolist()  # of 0.6 + 0.8i and 0.1i
    [0.0, -20.0]
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
    Q : float > 0
        Frequency over bandwidth.
    fs : int > 0
        Sample rate in Hz.
    fmin : float > 0
        Frequency of the first bin in Hz.
    n_bins : int > 0
        Number of bins.
    bins_per_octave : int > 0
        Bins in an octave.
    norm : int >= 0
        Which norm of a kernel is 1; if 0, the maximum is about 1 over its length.
    window : str
        Any periodic window of `scipy.signal.get_window`.
    fmax : float, optional
        Of no effect.
    gamma : float >= 0
        In Hz; shortens the kernels of low frequencies.
    device : object
        Of no effect.
    dtype : dtype_like
        Type of the roots and the frequencies; the kernels are complex numbers of this precision.

    Returns
    -------
    kernels : ndarray, complex [n_bins, width]
        Kernels, in the middle of their rows.
    width : int
        Samples of the longest kernel, rounded up to a power of two.
    roots : ndarray, float [n_bins, 1]
        Square roots of the numbers of samples of the kernels.
    frequencies : ndarray, float [n_bins]
        Frequencies of the bins in Hz.

    Raises
    ------
    ValueError
        If a parameter is out of its range, a bin is above half the sample rate, or `dtype` is no
        type of floating-point numbers.

    Examples
    --------
    >>> from musisep.compat.splifft import create_cqt_kernels
    >>> kernels, width, roots, frequencies = create_cqt_kernels(
    ...     Q=10, fs=8000, fmin=220, n_bins=3, bins_per_octave=1
    ... )
    >>> frequencies.tolist()
    [220.0, 440.0, 880.0]
    >>> (roots**2).round().ravel().tolist(), width  # 10 periods of each frequency
    ([364.0, 182.0, 91.0], 512)
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

    Calling the object transforms signals, as `forward` does.

    Parameters
    ----------
    sr : int > 0
        Sample rate in Hz.
    hop_length : int > 0
        Samples between frames.
    fmin : float > 0
        Frequency of the first bin in Hz.
    fmax : float, optional
        Of no effect.
    n_bins : int > 0
        Number of bins.
    bins_per_octave : int > 0
        Bins in an octave.
    gamma : float >= 0
        In Hz; shortens the kernels of low frequencies.
    center : bool
        Whether frame 0 is centred on the first sample, and the signal goes on beyond its ends as
        in mirrors.
    window : str
        Periodic window of `scipy.signal.get_window`, a sum of cosines.
    norm : int >= 0
        Which norm of a window is 1.

    Attributes
    ----------
    transform : musisep.audio.cqt.CQT
        What does the work, without a convolution.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or a bin is above half the sample rate.

    Examples
    --------
    A sine of 440 Hz is an octave, that is, 12 bins, above the first bin:

    >>> import numpy as np
    >>> from musisep.compat.splifft import CQT
    >>> transform = CQT(
    ...     sr=8000, hop_length=100, fmin=220, fmax=None, n_bins=24, bins_per_octave=12, gamma=0.0,
    ...     center=True,
    ... )
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> pairs = transform(sine)
    >>> pairs.shape
    (1, 24, 41, 2)
    >>> int(np.linalg.norm(pairs[0, :, 20], axis=-1).argmax())
    12
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
        """Transform signals.

        Parameters
        ----------
        x : array_like, float [time], [batch, time] or [batch, 1, time]
            Signals.

        Returns
        -------
        ndarray, float [batch, n_bins, frame, 2]
            Real and imaginary parts.

        Raises
        ------
        ValueError
            If the shape is another one, or a signal is empty or, without `center`, too short.
        """
        return parts(self.transform(_batch(x)))

    forward = __call__


@dataclass(frozen=True, eq=False, kw_only=True)
class HarmonicCQT:
    """`musisep.audio.cqt.HarmonicCQT` with a batch axis and real and imaginary parts.

    Calling the object transforms signals, as `forward` does.

    Parameters
    ----------
    harmonics : sequence of float > 0
        Multiples of `fmin` with which the transforms begin.
    sr : int > 0
        Sample rate in Hz.
    hop_length : int > 0
        Samples between frames.
    fmin : float > 0
        Frequency in Hz with which the transform of harmonic 1 begins.
    fmax : float, optional
        Of no effect.
    bins_per_semitone : int > 0
        Bins in a semitone.
    n_bins : int > 0
        Number of bins of each transform.
    center_bins : bool
        Whether `fmin` is lowered by (bins_per_semitone - 1) / bins_per_semitone semitones.
    gamma : float >= 0
        In Hz; shortens the kernels of low frequencies.
    center : bool
        Whether frame 0 is centred on the first sample, and the signal goes on beyond its ends as
        in mirrors.

    Attributes
    ----------
    transform : musisep.audio.cqt.HarmonicCQT
        What does the work, without a convolution.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    A tone of 440 Hz, and its second harmonic of twice the amplitude, are in the same bin of their
    transforms:

    >>> import numpy as np
    >>> from musisep.compat.splifft import HarmonicCQT
    >>> transform = HarmonicCQT(
    ...     harmonics=(1, 2), sr=8000, hop_length=100, fmin=220, fmax=None, bins_per_semitone=1,
    ...     n_bins=24, center_bins=False, gamma=0.0, center=True,
    ... )
    >>> turns = np.outer([440, 880], np.arange(4000) / 8000)
    >>> pairs = transform([1, 2] @ np.sin(2 * np.pi * turns))
    >>> np.linalg.norm(pairs[0, :, :, 20], axis=-1).argmax(axis=1).tolist()
    [12, 12]
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
        """Transform signals.

        Parameters
        ----------
        audio_waveforms : array_like, float [time], [batch, time] or [batch, 1, time]
            Signals.

        Returns
        -------
        ndarray, float [batch, harmonic, n_bins, frame, 2]
            Real and imaginary parts.

        Raises
        ------
        ValueError
            If the shape is another one, or a signal is empty or, without `center`, too short.
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
