"""How close spectrograms are to those that were wanted.

Spectrograms are ``[..., frequency, frame]``: magnitudes, levels, or complex numbers whose phases do
not matter. Each is measured by itself; a measure is NaN where one of the two is silent.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ser", "snr", "spectral_convergence"]

Magnitudes = NDArray[np.float64]


def spectral_convergence(references: ArrayLike, estimates: ArrayLike) -> Magnitudes:
    r"""Return the level of the error, relative to the reference.

    .. math:: 20 \log_{10} \frac{\lVert \hat S - S \rVert}{\lVert S \rVert}

    with Frobenius norms [1]_. The lower, the better.

    Parameters
    ----------
    references : array_like [..., frequency, frame]
        Wanted spectrograms :math:`S`.
    estimates : array_like [..., frequency, frame]
        Spectrograms :math:`\hat S` that were found, of the same shape.

    Returns
    -------
    ndarray, float [...]
        Level in dB; minus infinity if there is no error, NaN where one of the two is silent.

    Raises
    ------
    ValueError
        If shapes differ or are not those above, or a value is not finite.

    Warns
    -----
    RuntimeWarning
        Once, naming the silent spectrograms.

    References
    ----------
    .. [1] N. Sturmel, L. Daudet: Signal reconstruction from STFT magnitude: a state of the art.
       Proc. DAFx-11 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.metrics import spectral_convergence
    >>> wanted = np.array([[3.0, 0.0], [0.0, 4.0]])
    >>> round(float(spectral_convergence(wanted, 1.1 * wanted)), 6)
    -20.0
    """
    wanted, found = _magnitudes(references, estimates)
    return _error(wanted, found) - _level(wanted)


def snr(references: ArrayLike, estimates: ArrayLike) -> Magnitudes:
    r"""Return the signal-to-noise ratio of spectrograms whose gains do not matter.

    .. math:: -20 \log_{10} \left\lVert \frac{\hat S}{\lVert \hat S \rVert} -
              \frac{S}{\lVert S \rVert} \right\rVert

    The higher, the better.

    Parameters
    ----------
    references : array_like [..., frequency, frame]
        Wanted spectrograms :math:`S`.
    estimates : array_like [..., frequency, frame]
        Spectrograms :math:`\hat S` that were found, of the same shape.

    Returns
    -------
    ndarray, float [...]
        Ratio in dB; infinite if there is no error, NaN where one of the two is silent.

    Raises
    ------
    ValueError
        If shapes differ or are not those above, or a value is not finite.

    Warns
    -----
    RuntimeWarning
        Once, naming the silent spectrograms.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.metrics import snr
    >>> wanted = np.array([[3.0, 0.0], [0.0, 4.0]])
    >>> float(snr(wanted, 2 * wanted))  # gains do not matter
    inf
    >>> round(float(snr(wanted, wanted + [[0.0, 0.5], [0.0, 0.0]])), 1)
    20.0
    """
    wanted, found = _magnitudes(references, estimates)
    return -_level(_unit(found) - _unit(wanted))


def ser(references: ArrayLike, estimates: ArrayLike) -> Magnitudes:
    r"""Return the signal-to-error ratio of spectrograms.

    .. math:: 20 \log_{10} \frac{\lVert \hat S \rVert}{\lVert \hat S - S \rVert}

    The higher, the better.

    Parameters
    ----------
    references : array_like [..., frequency, frame]
        Wanted spectrograms :math:`S`.
    estimates : array_like [..., frequency, frame]
        Spectrograms :math:`\hat S` that were found, of the same shape.

    Returns
    -------
    ndarray, float [...]
        Ratio in dB; infinite if there is no error, NaN where one of the two is silent.

    Raises
    ------
    ValueError
        If shapes differ or are not those above, or a value is not finite.

    Warns
    -----
    RuntimeWarning
        Once, naming the silent spectrograms.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.metrics import ser
    >>> wanted = np.array([[3.0, 0.0], [0.0, 4.0]])
    >>> round(float(ser(wanted, 1.1 * wanted)), 1)  # 20 log10(1.1 / 0.1)
    20.8
    """
    wanted, found = _magnitudes(references, estimates)
    return _level(found) - _error(wanted, found)


def _error(wanted: Magnitudes, found: Magnitudes) -> Magnitudes:
    """Return the level of each error, of halves as the largest numbers' may overflow."""
    return _level(found / 2 - wanted / 2) + 20 * np.log10(2)


def _level(values: Magnitudes) -> Magnitudes:
    """Return the level of each spectrogram's norm, however large or small the values."""
    peaks = _peaks(values)
    scale = np.where(peaks > 0, peaks, 1)
    with np.errstate(divide="ignore"):
        levels = np.log10(np.linalg.norm(values / scale, axis=(-2, -1), keepdims=True))
    return 20 * (levels + np.log10(scale))[..., 0, 0]


def _unit(values: Magnitudes) -> Magnitudes:
    """Return each spectrogram with a norm of 1."""
    values = values / _peaks(values)
    return values / np.linalg.norm(values, axis=(-2, -1), keepdims=True)


def _peaks(values: Magnitudes) -> Magnitudes:
    return np.abs(values).max(axis=(-2, -1), keepdims=True)


def _magnitudes(references: ArrayLike, estimates: ArrayLike) -> tuple[Magnitudes, Magnitudes]:
    """Check and return both, as NaN where one is silent."""
    wanted, found = _real("references", references), _real("estimates", estimates)
    if wanted.shape != found.shape or wanted.ndim < 2 or 0 in wanted.shape:
        raise ValueError(
            f"references.shape={wanted.shape} and estimates.shape={found.shape} must be the same "
            "[..., frequency, frame], none of them 0"
        )
    silent = []
    peaks = _peaks(wanted), _peaks(found)
    for name, peak in zip(("references", "estimates"), peaks, strict=True):
        if not np.isfinite(peak).all():
            raise ValueError(f"{name} must be finite numbers")
        if where := np.argwhere(peak[..., 0, 0] == 0).tolist():
            silent.append(f"{name} {where}" if peak.ndim > 2 else name)
    if silent:
        message = f"silent, measured as NaN: {', '.join(silent)}"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
        audible = (peaks[0] > 0) & (peaks[1] > 0)
        wanted, found = (np.where(audible, values, np.nan) for values in (wanted, found))
    return wanted, found


def _real(name: str, values: ArrayLike) -> Magnitudes:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be numbers: {error}") from None
    if array.dtype.kind not in "biufc":
        raise ValueError(f"{name} of dtype={array.dtype} must be numbers")
    return (np.abs(array) if array.dtype.kind == "c" else array).astype(np.float64, copy=False)
