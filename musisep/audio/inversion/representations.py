"""What a signal can be found from: functions of it, with their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import instance
from musisep.audio.arrays import Real, Spectra, as_channel
from musisep.audio.cqt.variableq import VariableQ
from musisep.audio.filterbank import measure_frames
from musisep.audio.inversion._kernels import set_magnitudes
from musisep.audio.stft import SpectralTransform


class Representation(Protocol):
    """A function of a signal that `l_bfgs` can invert.

    `musisep.audio.mel.MelSpectrogramTransform` is one on any of its scales; `StftMagnitude` and
    `ConstantQMagnitude` are others.

    Examples
    --------
    Powers of frames of ten samples, as one band. The gradient by a sample is the gradient by its
    frame's power times twice the sample:

    >>> import numpy as np
    >>> from musisep.audio.inversion import l_bfgs
    >>> class Powers:
    ...     def linearized(self, x):
    ...         frames = np.reshape(x, (-1, 10))
    ...         def pullback(gradient):
    ...             return np.ravel(2 * frames * gradient.T)
    ...         return np.sum(frames**2, axis=1)[np.newaxis], pullback
    >>> wanted = np.array([[1.0, 4.0, 9.0]])
    >>> found = l_bfgs(wanted, Powers(), samples=30, tol=0, rng=0)
    >>> values, _ = Powers().linearized(found)
    >>> bool(np.allclose(values, wanted))
    True
    """

    def linearized(self, x: ArrayLike, /) -> tuple[Real, Callable[[ArrayLike], Real]]:
        """Return the values of a signal, and what takes gradients back to it.

        Parameters
        ----------
        x : array_like, float [sample]
            The signal.

        Returns
        -------
        values : ndarray, float [band, frame]
            What the function makes of the signal.
        pullback : function
            Takes the gradient of a number by the values, an array of their shape, and returns its
            gradient by the samples.
        """
        ...


@dataclass(frozen=True, eq=False)
class StftMagnitude:
    """Magnitudes of a short-time Fourier transform, [frequency, frame].

    Calling the object returns those of signals [..., sample].

    Parameters
    ----------
    transform : SpectralTransform
        What the magnitudes are from.

    Raises
    ------
    ValueError
        If `transform` is no `SpectralTransform`.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.inversion import StftMagnitude
    >>> from musisep.audio.stft import SpectralTransform
    >>> magnitude = StftMagnitude(SpectralTransform(n_fft=256, hop_length=64))
    >>> sine = np.sin(2 * np.pi * 437.5 * np.arange(4000) / 8000)
    >>> int(magnitude(sine)[:, 30].argmax())  # bins are 8000 / 256 = 31.25 Hz apart
    14

    The gradient of half the energy of all magnitudes by the signal points along the signal:

    >>> values, pullback = magnitude.linearized(sine)
    >>> gradient = pullback(values)
    >>> cosine = gradient @ sine / (np.linalg.norm(gradient) * np.linalg.norm(sine))
    >>> round(float(cosine), 2)
    1.0
    """

    transform: SpectralTransform

    def __post_init__(self) -> None:
        """Refuse what is no transform."""
        instance("transform", self.transform, SpectralTransform)

    def __call__(self, x: ArrayLike) -> Real:
        """Return the magnitudes of signals.

        Parameters
        ----------
        x : array_like, float [..., sample]
            Signals.

        Returns
        -------
        ndarray, float [..., bin, frame]
            Magnitudes.

        Raises
        ------
        ValueError
            If the transform refuses the signals.
        """

        def measure(spectra: Spectra, magnitudes: Real) -> None:
            np.abs(spectra, out=magnitudes)

        return measure_frames(self.transform, x, self.transform.bins, measure, name="x")

    def shape(self, length: int) -> tuple[int, int]:
        """Return the numbers of frequencies and frames.

        Parameters
        ----------
        length : int > 0
            Samples of a signal.

        Returns
        -------
        tuple of int
            Numbers of frequencies and of frames.
        """
        return self.transform.bins, self.transform.frame_count(length)

    def linearized(self, x: ArrayLike, /) -> tuple[Real, Callable[[ArrayLike], Real]]:
        """Return the magnitudes of a signal, and what takes gradients back to it.

        Parameters
        ----------
        x : array_like, float [sample]
            The signal.

        Returns
        -------
        values : ndarray, float [frequency, frame]
            Magnitudes.
        pullback : function
            See `Representation`; where a magnitude is 0, its gradient counts as 0.
        """
        signal = as_channel(x)

        def pullback(gradient: ArrayLike) -> Real:
            by_magnitude = np.ascontiguousarray(np.asarray(gradient, signal.dtype).T)

            def change(frames: slice, spectra: Spectra) -> Spectra:
                return with_magnitudes(spectra, by_magnitude[frames])

            return self.transform.map_spectra(signal, change, (), adjoint=True)

        return self(signal), pullback


@dataclass(frozen=True, eq=False)
class ConstantQMagnitude:
    """Magnitudes of a constant-Q transform, [bin, frame].

    Calling the object returns those of signals [..., sample]. With the frequencies of a
    `musisep.audio.logfreq.LogAxis` and a bandwidth of sigma_bins / harscale, they are those of
    `musisep.audio.logfreq.log_spectrogram`.

    Parameters
    ----------
    sample_rate : int
        In Hz.
    frequencies_hz : array_like, float [bin]
        Centres of the filters in Hz, above 0 and at most sample_rate / 2.
    bandwidth : float >= 0
        Standard deviation of a filter relative to its centre.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    gamma_hz : float >= 0
        What is added to all standard deviations, in Hz.

    Raises
    ------
    ValueError
        If `musisep.audio.cqt.variableq.VariableQ` refuses a parameter.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.inversion import ConstantQMagnitude
    >>> magnitude = ConstantQMagnitude(8000, [220, 440, 880], bandwidth=0.02, hop_length=100)
    >>> sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> magnitude(sine)[:, 20].round(3).tolist()
    [0.0, 0.5, 0.0]
    >>> magnitude.shape(4000)
    (3, 41)
    """

    sample_rate: int
    frequencies_hz: ArrayLike
    bandwidth: float
    hop_length: int
    gamma_hz: float = 0.0
    transform: VariableQ = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters and prepare the filters."""
        transform = VariableQ(
            self.sample_rate, self.frequencies_hz, self.bandwidth, self.hop_length, self.gamma_hz
        )
        object.__setattr__(self, "transform", transform)

    def __call__(self, x: ArrayLike) -> Real:
        """Return the magnitudes of signals.

        Parameters
        ----------
        x : array_like, float [..., sample]
            Signals.

        Returns
        -------
        ndarray, float [..., bin, frame]
            Magnitudes.

        Raises
        ------
        ValueError
            If the transform refuses the signals.
        """
        return np.abs(self.transform.forward(x))

    def shape(self, length: int) -> tuple[int, int]:
        """Return the numbers of bins and frames.

        Parameters
        ----------
        length : int > 0
            Samples of a signal.

        Returns
        -------
        tuple of int
            Numbers of bins and of frames.
        """
        return self.transform.coefficient_shape(length)

    def linearized(self, x: ArrayLike, /) -> tuple[Real, Callable[[ArrayLike], Real]]:
        """Return the magnitudes of a signal, and what takes gradients back to it.

        Parameters
        ----------
        x : array_like, float [sample]
            The signal.

        Returns
        -------
        values : ndarray, float [bin, frame]
            Magnitudes.
        pullback : function
            See `Representation`; where a magnitude is 0, its gradient counts as 0.
        """
        signal = as_channel(x)
        coefficients = self.transform.forward(signal)
        magnitudes = np.abs(coefficients)

        def pullback(gradient: ArrayLike) -> Real:
            by_magnitude = np.asarray(gradient, signal.dtype)
            by_coefficients = with_magnitudes(coefficients.copy(), by_magnitude)
            by_signal = self.transform.adjoint(by_coefficients, signal.size)
            return by_signal.astype(signal.dtype, copy=False)

        return magnitudes, pullback


def with_magnitudes(spectra: Spectra, magnitudes: Real) -> Spectra:
    """Return spectra [..., frequency], changed in place, with magnitudes of the same shape."""
    size = spectra.shape[-1]
    set_magnitudes(spectra.reshape(-1, size), np.ascontiguousarray(magnitudes).reshape(-1, size))
    return spectra
