"""Arrays as the transforms take them."""

import math
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import one_of

Real = NDArray[np.floating]
Spectra = NDArray[np.complexfloating]
Layout = Literal["bfn", "bnf"]
Kind = TypeVar("Kind", bound=np.generic)

LAYOUTS = ("bfn", "bnf")
"""Orders of the last two axes of a spectrum: frequency and frame, or frame and frequency."""


def real_kind(values: ArrayLike) -> type[np.floating]:
    """Return the precision to compute in: float32 for float32 and complex64, else float64."""
    kind = np.asarray(values).dtype.newbyteorder("=")
    return np.float32 if kind in (np.float32, np.complex64) else np.float64


def as_real(values: ArrayLike, name: str = "signal") -> Real:
    """Return real numbers in the precision to compute in, with an axis at least.

    Raises
    ------
    ValueError
        If they are complex, or no numbers.
    """
    array = np.atleast_1d(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} of dtype={array.dtype} must hold real numbers")
    return array.astype(real_kind(array), copy=False)


def one_channel(signal: ArrayLike) -> Real:
    """Return a signal [sample] in the precision to compute in, refused if it is not real."""
    channel = np.ascontiguousarray(as_real(signal))
    if channel.ndim != 1:
        raise ValueError(f"signal of shape={channel.shape} must be one channel, [sample]")
    return channel


def peak(values: ArrayLike) -> float:
    """Return the greatest magnitude of real numbers, 0 if there are none, without a temporary.

    It is not finite if some value is not.
    """
    array = np.asarray(values)
    return max(float(array.max()), -float(array.min())) if array.size else 0.0


def check_finite(signals: ArrayLike, name: str) -> None:
    """Refuse NaN and infinite samples.

    Parameters
    ----------
    signals : array, shape (sample,), (channel, sample) or (instrument, channel, sample)
    name : str
        What the message calls them.

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
    where = ", ".join(f"{axis} {i}" for axis, i in zip(axes, index, strict=True))
    raise ValueError(f"{name}: {where} is {values[index]}; all samples must be finite")


def frame_major(spectrum: ArrayLike, frequencies: int, layout: Layout) -> Spectra:
    """Return a spectrum as complex [..., frame, frequency]; ValueError if it has no such shape."""
    one_of("input_layout", layout, LAYOUTS)
    given = np.asarray(spectrum)
    spectrum = given.swapaxes(-1, -2) if layout == "bfn" and given.ndim > 1 else given
    if given.dtype.kind not in "biufc" or given.ndim < 2 or spectrum.shape[-1] != frequencies:
        order = "[..., frequency, frame]" if layout == "bfn" else "[..., frame, frequency]"
        raise ValueError(
            f"spectrum of shape={given.shape} and dtype={given.dtype} must be {order} and have "
            f"{frequencies} frequencies"
        )
    return spectrum.astype(np.result_type(real_kind(spectrum), np.complex64), copy=False)


def read_only(values: NDArray[Kind]) -> NDArray[Kind]:
    """Return a copy that cannot be written to."""
    copy = values.copy()
    copy.flags.writeable = False
    return copy
