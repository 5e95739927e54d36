"""Sample rates; the only user of soxr."""

from __future__ import annotations

import math
from numbers import Real

import numpy as np
import soxr
from numpy.typing import ArrayLike, NDArray

from musisep._util.messages import shown
from musisep._util.scaling import unit_of
from musisep.audio.arrays import as_real, peak
from musisep.io.formats import MAX_RATE, MIN_RATE


def check_rate(name: str, rate: object) -> int:
    """Return a sample rate as an int, or refuse what is none that we work at.

    Floating point numbers without a fraction, as calculations give them, are whole numbers.

    Parameters
    ----------
    name : str
        What the rate is called in the message.
    rate : object
        What may be a sample rate in Hz.

    Returns
    -------
    int
        Sample rate in Hz.

    Raises
    ------
    ValueError
        If it is no whole number from `MIN_RATE` to `MAX_RATE`.

    Examples
    --------
    >>> from musisep.io.files import check_rate
    >>> check_rate("sample_rate", 44100.0)
    44100
    >>> check_rate("sample_rate", 44.1)
    Traceback (most recent call last):
        ...
    ValueError: sample_rate=44.1 must be a whole number from 8000 to 192000 Hz
    """
    number = float(rate) if isinstance(rate, Real) and not isinstance(rate, bool) else math.nan
    if not (MIN_RATE <= number <= MAX_RATE and number.is_integer()):
        limits = f"a whole number from {MIN_RATE} to {MAX_RATE} Hz"
        raise ValueError(f"{name}={shown(rate)} must be {limits}")
    return int(number)


def resample(audio: ArrayLike, from_rate: int, to_rate: int) -> NDArray[np.float64]:
    """Change the sample rate (soxr, quality HQ).

    Parameters
    ----------
    audio : array_like, float [..., sample]
        Any leading axes; at least one sample.
    from_rate, to_rate : int
        Sample rates in Hz, from `MIN_RATE` to `MAX_RATE`.

    Returns
    -------
    ndarray, float64 [..., sample]
        A new array, also when the rates agree, of samples * to_rate / from_rate samples, rounded,
        at least 1.

    Raises
    ------
    ValueError
        If a rate is outside the limits or there are no samples.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.io.files import resample
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> twice = resample(sine, 8000, 16000)
    >>> twice.shape
    (16000,)
    >>> bool(np.abs(twice[2000:14000:2] - sine[1000:7000]).max() < 1e-3)
    True
    """
    values = as_real(audio, "audio").astype(np.float64)
    from_rate = check_rate("from_rate", from_rate)
    to_rate = check_rate("to_rate", to_rate)
    if not np.ndim(audio) or not values.size:
        raise ValueError(f"audio.shape={values.shape} must hold at least one sample")
    if from_rate == to_rate:
        return values
    unit = unit_of(peak(values))  # soxr computes in single precision
    frames = values.reshape(-1, values.shape[-1]).T / unit
    # Silence behind a signal that is shorter than one new sample, of which soxr makes nothing.
    missing = max(0, math.ceil(from_rate / to_rate) - len(frames))
    frames = soxr.resample(np.pad(frames, ((0, missing), (0, 0))), from_rate, to_rate, "HQ")
    return unit * np.ascontiguousarray(frames.T).reshape(*values.shape[:-1], -1)
