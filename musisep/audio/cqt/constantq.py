"""Exact constant-Q and variable-Q transforms and their inverse; the class is in `variableq`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import above_zero, at_least
from musisep.audio.arrays import Real, Spectra, as_array, real_kind
from musisep.audio.cqt.variableq import VariableQ


def constant_q(
    signal: ArrayLike,
    sample_rate: int,
    frequencies_hz: ArrayLike,
    bandwidth: float,
    hop_length: int,
    *,
    gamma_hz: float = 0.0,
) -> Spectra:
    """Transform a real signal by Gaussian filters of constant Q.

    See `musisep.audio.cqt.variableq.VariableQ` for the formula.

    Parameters
    ----------
    signal : array_like [..., sample]
        One signal or several.
    sample_rate : int
        In Hz.
    frequencies_hz : array_like [bin]
        Centres of the filters in Hz, above 0 and at most sample_rate / 2.
    bandwidth : float >= 0
        Standard deviation of a filter relative to its centre frequency.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    gamma_hz : float >= 0
        In Hz, what is added to all standard deviations.

    Returns
    -------
    ndarray, complex [..., bin, frame]
        With 1 + sample // hop_length frames. Computed in double precision; complex64 if the
        signal is float32.

    Raises
    ------
    ValueError
        If the signal is empty or not real, or a parameter is out of its range.

    Examples
    --------
    A sinusoid of 440 Hz and amplitude 0.5, at the frequencies of three octaves of A:

    >>> import numpy as np
    >>> from musisep.audio import constant_q
    >>> sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> coefficients = constant_q(sine, 8000, [220.0, 440.0, 880.0], 0.02, 200)  # [bin, frame]
    >>> np.abs(coefficients[:, 20]).round(3).tolist()
    [0.0, 0.5, 0.0]
    """
    return VariableQ(sample_rate, frequencies_hz, bandwidth, hop_length, gamma_hz).forward(signal)


def constant_q_blocks(
    signal: ArrayLike,
    sample_rate: int,
    frequencies_hz: ArrayLike,
    bandwidth: float,
    hop_length: int,
    *,
    gamma_hz: float = 0.0,
) -> Iterator[tuple[tuple[slice, slice], Spectra]]:
    """Compute `constant_q` of one channel block by block, in memory independent of its length.

    Parameters
    ----------
    signal : array_like [sample]
        One channel.
    sample_rate : int
        In Hz.
    frequencies_hz : array_like [bin]
        Centres of the filters in Hz, above 0 and at most sample_rate / 2.
    bandwidth : float >= 0
        Standard deviation of a filter relative to its centre frequency.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    gamma_hz : float >= 0
        In Hz, what is added to all standard deviations.

    Returns
    -------
    iterator of tuple
        Of each part of the transform a tuple of two slices, of bins and of frames, and its values,
        a complex array [bin, frame]. The parts cover the transform once.

    Raises
    ------
    ValueError
        As `constant_q`.

    Examples
    --------
    The loudest bin of ten seconds, of which no more than a part is held at a time:

    >>> import numpy as np
    >>> from musisep.audio import constant_q_blocks
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(80000) / 8000)
    >>> energy = np.zeros(3)
    >>> for (bins, frames), values in constant_q_blocks(sine, 8000, [220, 440, 880], 0.02, 200):
    ...     energy[bins] += (np.abs(values) ** 2).sum(axis=1)
    >>> energy.argmax().item()
    1
    """
    return VariableQ(sample_rate, frequencies_hz, bandwidth, hop_length, gamma_hz).blocks(signal)


def inverse_constant_q(
    coefficients: ArrayLike,
    sample_rate: int,
    frequencies_hz: ArrayLike,
    bandwidth: float,
    hop_length: int,
    length: int,
    *,
    gamma_hz: float = 0.0,
    iterations: int = 50,
    tolerance: float = 1e-6,
) -> Real:
    r"""Find the signal whose constant-Q transform is closest to given coefficients.

    The sum of the squared differences is minimised by conjugate gradients on the normal
    equations [1]_, preconditioned by the filters' response :math:`\sum_k |g_k(f)|^2` to each
    frequency. If all filters were narrower than the frame rate, dividing by it would be all of
    the inverse: the painless case of nonstationary Gabor frames [2]_.

    Parameters
    ----------
    coefficients : array_like, complex [..., bin, frame]
        Those of `constant_q`, or what has been made of them.
    sample_rate : int
        In Hz.
    frequencies_hz : array_like [bin]
        Centres of the filters in Hz, above 0 and at most sample_rate / 2.
    bandwidth : float >= 0
        Standard deviation of a filter relative to its centre frequency.
    hop_length : int > 0
        Samples between frames; frame t is centred on sample t * hop_length.
    length : int > 0
        Samples of the signal; the coefficients must have 1 + length // hop_length frames.
    gamma_hz : float >= 0
        In Hz, what is added to all standard deviations.
    iterations : int > 0
        Upper limit; each costs as much as two transforms.
    tolerance : float > 0
        The iteration ends when the gradient is this small, relative to that at silence.

    Returns
    -------
    ndarray, float [..., sample]
        In float32 if the coefficients are complex64, else in float64.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the shape does not fit, or a coefficient is not finite.

    Notes
    -----
    What no filter sees is not recovered: frequencies below the lowest bin and above the
    highest, and times between two frames where the impulse responses, of standard deviation
    sample_rate / (2 pi sigma_hz) samples, are too short to meet. Where the hop is at most three
    of these standard deviations in all bins, the error of white noise is under 0.5 % after ten
    iterations and 0.1 % after fifty; up to 6 % and 0.4 % if it is more in higher bins. Where it
    is more than five, convergence is slow.

    References
    ----------
    .. [1] M. R. Hestenes, E. Stiefel: Methods of conjugate gradients for solving linear systems.
       Journal of Research of the National Bureau of Standards 49 (1952).
    .. [2] G. A. Velasco, N. Holighaus, M. Dörfler, T. Grill: Constructing an invertible constant-Q
       transform with non-stationary Gabor frames. Proc. DAFx-11, Paris (2011).

    Examples
    --------
    A sinusoid of 440 Hz comes back; filters of 24 bins an octave surround its frequency:

    >>> import numpy as np
    >>> from musisep.audio import constant_q, inverse_constant_q
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> parameters = 8000, 220 * 2 ** (np.arange(48) / 24), 0.02, 50
    >>> found = inverse_constant_q(constant_q(sine, *parameters), *parameters, length=4000)
    >>> float(abs(found - sine)[500:-500].max()) < 0.01
    True
    """
    transform = VariableQ(sample_rate, frequencies_hz, bandwidth, hop_length, gamma_hz)
    iterations = at_least("iterations", iterations, 1)
    tolerance = above_zero("tolerance", tolerance)
    coefficients = as_array(coefficients, "coefficients")
    bins, frames = transform.coefficient_shape(length)
    if coefficients.shape[-2:] != (bins, frames):
        raise ValueError(
            f"coefficients of shape={coefficients.shape} must be of shape (..., bin, frame)="
            f"(..., {bins}, {frames}) for {length=}"
        )
    if coefficients.dtype.kind not in "biufc" or not np.isfinite(coefficients).all():
        raise ValueError(f"coefficients of dtype={coefficients.dtype} must be finite numbers")
    linalg = scipy.sparse.linalg  # loaded here, when it is used
    normal, preconditioner = (
        linalg.LinearOperator((length, length), apply, dtype=np.float64)
        for apply in (transform.normal, _preconditioner(transform, length))
    )
    leading = coefficients.shape[:-2]
    result = np.empty((*leading, length), dtype=real_kind(coefficients))
    for index in np.ndindex(leading):
        gradient = transform.adjoint(coefficients[index], length)
        result[index], _ = linalg.cg(
            normal, gradient, rtol=tolerance, maxiter=iterations, M=preconditioner
        )
    return result


def _preconditioner(
    transform: VariableQ, length: int
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Divide spectra by the response to each frequency, unless it is weak."""
    points = scipy.fft.next_fast_len(length, real=True)
    # Less than 1, one filter at its centre, are frequencies beyond the bins or in gaps between
    # them. What is to be seen there is not worth iterations.
    response = np.maximum(transform.response(points), 1)

    def divide(signal: NDArray[np.float64]) -> NDArray[np.float64]:
        return scipy.fft.irfft(scipy.fft.rfft(signal, points) / response, points)[:length]

    return divide
