"""How close spectrograms are to those that were wanted.

Spectrograms are ``[..., frequency, frame]``: magnitudes, levels, or complex numbers whose phases do
not matter. Each is measured by itself; a measure is NaN where one of the two is silent.
"""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ser", "snr", "spectral_convergence"]

Magnitudes = NDArray[np.floating]


def spectral_convergence(references: ArrayLike, estimates: ArrayLike) -> Magnitudes:
    r"""Return the level of the error, relative to the reference.

    .. math:: 20 \log_{10} \frac{\lVert \hat S - S \rVert}{\lVert S \rVert}

    with Frobenius norms [1]_. The lower, the better.

    Parameters
    ----------
    references : array, shape (..., frequency, frame)
        Wanted spectrograms :math:`S`.
    estimates : array of the same shape
        Spectrograms :math:`\hat S` that were found.

    Returns
    -------
    array, shape (...)
        In dB; minus infinity if there is no error.

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
    """
    wanted, found = _magnitudes(references, estimates)
    return _level(found - wanted) - _level(wanted)


def snr(references: ArrayLike, estimates: ArrayLike) -> Magnitudes:
    r"""Return the signal-to-noise ratio of spectrograms whose gains do not matter.

    .. math:: -20 \log_{10} \left\lVert \frac{\hat S}{\lVert \hat S \rVert} -
              \frac{S}{\lVert S \rVert} \right\rVert

    The higher, the better. Parameters, shapes, errors and warnings are those of
    `spectral_convergence`.
    """
    wanted, found = (
        values / np.linalg.norm(values, axis=(-2, -1), keepdims=True)
        for values in _magnitudes(references, estimates)
    )
    return -_level(found - wanted)


def ser(references: ArrayLike, estimates: ArrayLike) -> Magnitudes:
    r"""Return the signal-to-error ratio of spectrograms.

    .. math:: 20 \log_{10} \frac{\lVert \hat S \rVert}{\lVert \hat S - S \rVert}

    The higher, the better. Parameters, shapes, errors and warnings are those of
    `spectral_convergence`.
    """
    wanted, found = _magnitudes(references, estimates)
    return _level(found) - _level(found - wanted)


def _level(values: Magnitudes) -> Magnitudes:
    """Return the level of each spectrogram's norm."""
    with np.errstate(divide="ignore"):
        return 20 * np.log10(np.linalg.norm(values, axis=(-2, -1)))


def _magnitudes(references: ArrayLike, estimates: ArrayLike) -> tuple[Magnitudes, Magnitudes]:
    """Check and return both; relative to the larger maximum, and NaN where one is silent."""
    wanted, found = (_real(values) for values in (references, estimates))
    if wanted.shape != found.shape or wanted.ndim < 2 or 0 in wanted.shape:
        raise ValueError(
            f"references.shape={wanted.shape} and estimates.shape={found.shape} must be the same "
            "[..., frequency, frame], none of them 0"
        )
    peaks, silent = [], []
    for name, values in (("references", wanted), ("estimates", found)):
        peak = np.abs(values).max(axis=(-2, -1), keepdims=True)
        if not np.isfinite(peak).all():
            raise ValueError(f"{name} must be finite numbers")
        if where := np.argwhere(peak[..., 0, 0] == 0).tolist():
            silent.append(f"{name} {where}" if values.ndim > 2 else name)
        peaks.append(np.where(peak > 0, peak, np.nan))
    if silent:
        message = f"silent, measured as NaN: {', '.join(silent)}"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    scale = np.maximum(*peaks)  # NaN if one is
    return wanted / scale, found / scale


def _real(values: ArrayLike) -> Magnitudes:
    array = np.asarray(values)
    if array.dtype.kind not in "biufc":
        raise ValueError(f"spectrograms of dtype={array.dtype} must be numbers")
    array = np.abs(array) if array.dtype.kind == "c" else array
    return array if array.dtype.kind == "f" else array.astype(np.float64)
