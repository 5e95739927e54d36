"""Arrays as the transforms take them."""

from __future__ import annotations

import math
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import one_of

Real = NDArray[np.floating]
Spectra = NDArray[np.complexfloating]
Layout = Literal["bfn", "bnf"]
Kind = TypeVar("Kind", bound=np.generic)

FULL_SCALE = {
    np.dtype(kind): 2.0 ** (8 * np.dtype(kind).itemsize - 1)
    for kind in (np.int8, np.int16, np.int32, np.uint8)
}
"""What integer samples are divided by; those of 8 bits without sign are 128 in silence."""
LOUDEST: dict[type[np.floating], float] = {np.float32: 2.0**48, np.float64: 2.0**480}
"""Peak up to which sums of the squares of spectra are finite."""
LARGEST_INTEGER = 2.0**53
"""Up to which double precision holds all integers."""
LAYOUTS = ("bfn", "bnf")
"""Orders of the last two axes of a spectrum: frequency and frame, or frame and frequency."""


def real_kind(values: ArrayLike) -> type[np.floating]:
    """Return the precision to compute in: float32 for float32 and complex64, else float64."""
    kind = np.asarray(values).dtype.newbyteorder("=")
    return np.float32 if kind in (np.float32, np.complex64) else np.float64


def as_array(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return an array with an axis at least, or refuse by name what makes none or is masked."""
    if np.ma.is_masked(values):
        raise ValueError(f"{name} must be an array without masked values")
    try:
        return np.atleast_1d(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be an array of numbers: {error}") from None


def as_numbers(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return real or complex numbers of any kind, with an axis at least; ValueError by name."""
    array = as_array(values, name)
    if array.dtype.kind not in "biufc":
        raise ValueError(f"{name} of dtype={array.dtype} must hold numbers")
    return array


def as_real(values: ArrayLike, name: str = "signal") -> Real:
    """Return real numbers in the precision to compute in, with an axis at least.

    Raises
    ------
    ValueError
        If they are complex, or no numbers.
    """
    if type(values) is np.ndarray and values.dtype == np.float64 and values.ndim:
        return values  # at once: the greedy pursuit asks for this hundreds of times a frame
    array = as_array(values, name)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} of dtype={array.dtype} must hold real numbers")
    with np.errstate(over="ignore"):  # of long doubles
        return array.astype(real_kind(array), copy=False)


def as_integers(values: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return integers, given in numbers of any kind; ValueError by name if they are none."""
    if isinstance(values, np.ndarray) and values.dtype == np.int64:
        return values
    array = as_real(values, name)
    if not np.array_equal(array, np.rint(array)) or peak(array) > LARGEST_INTEGER:
        raise ValueError(f"{name} must hold integers, of 2^53 at most")
    return array.astype(np.int64).reshape(np.shape(values))


def full_scale(signal: ArrayLike, name: str = "signal") -> Real:
    """Return samples in the precision to compute in, with an axis at least.

    Integers are fractions of full scale, as in files: int8, int16 and int32 are divided by 2^7,
    2^15 and 2^31; uint8 is divided by 2^7 after 128 is subtracted.

    Parameters
    ----------
    signal : array_like [..., sample]
    name : str
        What messages call it.

    Returns
    -------
    ndarray, float [..., sample]
        In float32 for float32, else in float64.

    Raises
    ------
    ValueError
        If they are no real numbers, or integers whose full scale is not known: of 64 bits,
        without sign, or booleans.
    """
    array = as_array(signal, name)
    samples = as_real(array, name)
    if array.dtype.kind in "biu":
        kind = array.dtype.newbyteorder("=")
        if kind not in FULL_SCALE:
            raise ValueError(
                f"{name} of dtype={array.dtype} has no full scale: give floating-point samples, "
                f"such as np.asarray({name}) / 2.0**15 for 16 bits, or int8, int16, int32 or uint8"
            )
        return (samples - 128 * (kind == np.uint8)) / FULL_SCALE[kind]
    return samples


def as_samples(signal: ArrayLike, name: str = "signal") -> Real:
    """Return samples as `full_scale` does, refused where their spectra would overflow.

    Raises
    ------
    ValueError
        As `full_scale`, or if a sample is greater than `LOUDEST`.
    """
    samples = full_scale(signal, name)
    largest, limit = peak(samples), LOUDEST[samples.dtype.type]
    if largest > limit:
        raise ValueError(
            f"{name} has a peak of {largest:.3g}, and must have {limit:.2g} at most in "
            f"{samples.dtype}, lest its spectra overflow: divide it by its peak"
        )
    return samples


def as_channel(signal: ArrayLike, name: str = "signal") -> Real:
    """Return a signal [sample] in the precision to compute in; errors as of `as_samples`."""
    channel = np.ascontiguousarray(as_samples(signal, name))
    if channel.ndim != 1:
        raise ValueError(f"{name} of shape={channel.shape} must be one channel, [sample]")
    return channel


def check_length(signal: Real, shortest: int, name: str = "signal") -> None:
    """Refuse signals [..., sample] that are too short; ValueError by name."""
    if signal.shape[-1] < shortest:
        samples = "one sample" if shortest == 1 else f"{shortest} samples"
        raise ValueError(f"{name} of shape={signal.shape} must have at least {samples}")


def peak(values: ArrayLike) -> float:
    """Return the greatest magnitude of real numbers, 0 if there are none, without a temporary.

    It is not finite if some value is not.
    """
    array = np.asarray(values)
    return max(float(array.max()), -float(array.min())) if array.size else 0.0


def check_finite(signals: ArrayLike, name: str, first: int = 0) -> None:
    """Refuse NaN and infinite samples.

    Parameters
    ----------
    signals : array_like [sample], [channel, sample] or [instrument, channel, sample]
    name : str
        What the message calls them.
    first : int
        Number of the first sample, if they are a part.

    Raises
    ------
    ValueError
        If a sample is not finite; the message tells where the earliest one is.
    """
    values = np.asarray(signals)
    if math.isfinite(peak(values)):
        return
    bad = ~np.isfinite(values)
    sample = int(bad.any(axis=tuple(range(bad.ndim - 1))).argmax())
    index = (*np.unravel_index(bad[..., sample].argmax(), bad.shape[:-1]), sample)
    axes = ("instrument", "channel", "sample")[-bad.ndim :]
    numbers = *index[:-1], first + sample
    where = ", ".join(f"{axis} {i}" for axis, i in zip(axes, numbers, strict=True))
    raise ValueError(f"{name}: {where} is {values[index]}; all samples must be finite")


def frame_major(
    spectrum: ArrayLike, frequencies: int, layout: Layout, name: str = "spectrum"
) -> Spectra:
    """Return a spectrum as complex [..., frame, frequency]; ValueError if it has no such shape."""
    one_of("input_layout", layout, LAYOUTS)
    given = as_array(spectrum, name)
    spectrum = given.swapaxes(-1, -2) if layout == "bfn" and given.ndim > 1 else given
    if given.dtype.kind not in "biufc" or given.ndim < 2 or spectrum.shape[-1] != frequencies:
        order = "[..., frequency, frame]" if layout == "bfn" else "[..., frame, frequency]"
        raise ValueError(
            f"{name} of shape={given.shape} and dtype={given.dtype} must be {order} and have "
            f"{frequencies} frequencies"
        )
    return spectrum.astype(np.result_type(real_kind(spectrum), np.complex64), copy=False)


def read_only(values: NDArray[Kind]) -> NDArray[Kind]:
    """Return a copy that cannot be written to."""
    copy = values.copy()
    copy.flags.writeable = False
    return copy
