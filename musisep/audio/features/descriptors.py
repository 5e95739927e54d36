"""Features of spectra: what is measured in a block of frames, and what is made of it."""

import math
from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep._util.checks import above_zero, at_least, number
from musisep.audio.arrays import Real, real_kind
from musisep.audio.decibels import amplitude_to_db
from musisep.audio.features._kernels.moments import bandwidths, centroids, extremes, rolloffs
from musisep.audio.features.chroma import chroma_rows
from musisep.audio.products import multiply

Bins = NDArray[np.float64]
Weights = dict[type[np.floating], Real]

EXPONENTS = (0.01, 30.0)
"""Between these, powers of frequencies and their means are far from overflowing."""
SMALLEST_NORM = 0.1
"""The same for norms of pitch classes, which may be as great as they like."""


class Descriptor(NamedTuple):
    """How one feature comes from a spectrum: no closures, for pickle."""

    rows: int
    """Numbers that are measured in each frame."""
    power: Literal[1, 2]
    """Whether they are measured on magnitudes or on their squares."""
    measure: Callable[[Real], Real]
    """Makes [frame, row] of [frame, frequency]."""
    finish: Callable[[Real], Real]
    """Makes the feature of all that was measured, both [..., row, frame]."""
    maximum_of: str = ""
    """What of it refers to a maximum over all frames, if anything does."""


def centroid(hz: Bins) -> Descriptor:
    """Describe `musisep.audio.features.spectral_centroid` for bins at `hz`."""
    return Descriptor(1, 1, partial(centroids, hz=hz), np.ascontiguousarray)


def bandwidth(hz: Bins, p: float) -> Descriptor:
    """Describe `musisep.audio.features.spectral_bandwidth`."""
    power = above_zero("bandwidth_p", p)
    if not EXPONENTS[0] <= power <= EXPONENTS[1]:
        raise ValueError(f"bandwidth_{p=} must be from {EXPONENTS[0]} to {EXPONENTS[1]}")
    return Descriptor(1, 1, partial(bandwidths, hz=hz, p=power), np.ascontiguousarray)


def rolloff(hz: Bins, roll_percent: float) -> Descriptor:
    """Describe `musisep.audio.features.spectral_rolloff`."""
    share = inside_unit("roll_percent", roll_percent)
    return Descriptor(1, 1, partial(rolloffs, hz=hz, share=share), np.ascontiguousarray)


def chroma(
    sample_rate: int, n_fft: int, n_chroma: int, norm: float | None, tuning: float
) -> Descriptor:
    """Describe `musisep.audio.features.chroma_stft`."""
    weights = chroma_rows(sample_rate, n_fft, n_chroma, tuning)
    measure = partial(_products, weights=weights)
    return Descriptor(len(weights[np.float64]), 2, measure, _scaling(norm))


def _products(powers: Real, weights: Weights) -> Real:
    own = weights[real_kind(powers)]
    result = np.empty((len(powers), len(own)), dtype=powers.dtype)
    multiply(powers, own, result)
    return result


def _scaling(norm: float | None) -> Callable[[Real], Real]:
    """Return what scales pitch classes to a norm."""
    if norm is None:
        return np.ascontiguousarray
    if not (isinstance(norm, float | np.floating) and np.isinf(norm)):
        norm = number("chroma_norm", norm)
        if norm != 0 and norm < SMALLEST_NORM:
            raise ValueError(f"chroma_{norm=} must be 0, at least {SMALLEST_NORM}, ±inf, or None")
    if norm == 0:
        return _by_count
    return _by_minimum if norm < 0 else partial(_normed, norm=norm)


def _by_count(energies: Real) -> Real:
    """Divide each frame [..., row, frame] by the number of rows that are not 0."""
    count = np.count_nonzero(energies, axis=-2, keepdims=True)
    return energies / np.maximum(count, 1).astype(energies.dtype)


@np.errstate(invalid="ignore")
def _by_minimum(energies: Real) -> Real:
    """Divide each frame [..., row, frame] by its least row, if that is not 0."""
    least = energies.min(axis=-2, keepdims=True)
    least[least < np.finfo(energies.dtype).tiny] = 1
    return energies / least


@np.errstate(invalid="ignore")  # the share of what is infinite is NaN
def _normed(energies: Real, norm: float) -> Real:
    """Scale each frame [..., row, frame] to a norm of 1, by way of a maximum of 1."""
    tiny = np.finfo(energies.dtype).tiny
    peak = energies.max(axis=-2, keepdims=True)
    peak[peak < tiny] = np.inf
    shares = energies / peak
    length = np.linalg.norm(shares, norm, axis=-2, keepdims=True)
    length[length == 0] = 1
    return shares / length


def contrast(hz: Bins, n_bands: int, fmin: float, quantile: float) -> Descriptor:
    """Describe `musisep.audio.features.spectral_contrast`."""
    bands = contrast_bands(hz, n_bands, fmin, quantile)
    measure = partial(extremes, bands=bands)
    return Descriptor(2 * len(bands), 2, measure, _peaks_above_valleys, "spectral_contrast")


@np.errstate(invalid="ignore")
def _peaks_above_valleys(values: Real) -> Real:
    valleys, peaks = (
        amplitude_to_db(part, mode="per_example") for part in np.split(values, 2, axis=-2)
    )
    return peaks - valleys


def contrast_bands(hz: Bins, n_bands: int, fmin: float, quantile: float) -> NDArray[np.intp]:
    """Divide the bins of a spectrum into 0 Hz to `fmin`, octaves, and the rest.

    As librosa does it, a band but the first begins one bin early, and a band but the last gives up
    its last bin after its share has been counted.

    Returns
    -------
    ndarray, int [n_bands + 1, 3]
        First bin, the one after the last, and how many are the share `quantile`, at least 1.
    """
    n_bands, fmin = at_least("n_bands", n_bands, 1), above_zero("contrast_fmin", fmin)
    share = inside_unit("contrast_quantile", quantile)
    if not fmin < math.ldexp(hz[-1], 1 - n_bands):
        raise ValueError(
            f"contrast_fmin={fmin} and {n_bands=} must let the last band, {n_bands - 1} octaves "
            f"above, begin below the last bin at {hz[-1]} Hz"
        )
    edges_hz = fmin * 2.0 ** np.arange(n_bands + 1)
    first = np.append(0, np.searchsorted(hz, edges_hz[:-1], "left") - 1)
    end = np.searchsorted(hz, edges_hz, "right")
    end[-1] = hz.size
    count = np.maximum(1, np.rint(share * (end - first))).astype(int)
    end[:-1] -= 1
    if not np.all(first < end):
        raise ValueError(
            f"contrast_fmin={fmin} must leave a bin to every band; there is one every {hz[1]} Hz"
        )
    return np.stack([first, end, np.minimum(count, end - first)], axis=1)


def inside_unit(name: str, value: float) -> float:
    """Refuse what does not lie between 0 and 1."""
    share = number(name, value)
    if not 0 < share < 1:
        raise ValueError(f"{name}={value} must be above 0 and below 1")
    return share
