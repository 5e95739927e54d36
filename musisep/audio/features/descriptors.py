"""Features of spectra: what is measured in a block of frames, and what is made of it."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep.audio.arrays import Real, real_kind
from musisep.audio.checks import above_zero, at_least
from musisep.audio.decibels import amplitude_to_db
from musisep.audio.features.chroma import chroma_fbanks
from musisep.audio.features.moments import bandwidths, centroids, extremes, rolloffs
from musisep.audio.products import multiply

Bins = NDArray[np.float64]


class Descriptor(NamedTuple):
    """How one feature comes from a spectrum."""

    rows: int
    """Numbers that are measured in each frame."""
    power: Literal[1, 2]
    """Whether they are measured on magnitudes or on their squares."""
    measure: Callable[[Real], Real]
    """Makes [frame, row] of [frame, frequency]."""
    finish: Callable[[Real], Real]
    """Makes the feature of all that was measured, both [..., row, frame]."""


def centroid(hz: Bins) -> Descriptor:
    """Describe `musisep.audio.features.spectral_centroid` for bins at `hz`."""
    return Descriptor(1, 1, partial(centroids, hz=hz), np.ascontiguousarray)


def bandwidth(hz: Bins, p: float) -> Descriptor:
    """Describe `musisep.audio.features.spectral_bandwidth`."""
    above_zero("bandwidth_p", p)
    return Descriptor(1, 1, partial(bandwidths, hz=hz, p=float(p)), np.ascontiguousarray)


def rolloff(hz: Bins, roll_percent: float) -> Descriptor:
    """Describe `musisep.audio.features.spectral_rolloff`."""
    share = inside_unit("roll_percent", roll_percent)
    return Descriptor(1, 1, partial(rolloffs, hz=hz, share=share), np.ascontiguousarray)


def chroma(
    sample_rate: int, n_fft: int, n_chroma: int, norm: float | None, tuning: float
) -> Descriptor:
    """Describe `musisep.audio.features.chroma_stft`."""
    if norm is not None and not norm > 0:
        raise ValueError(f"chroma_{norm=} must be above 0, or None")
    fbanks = chroma_fbanks(sample_rate, n_fft, n_chroma=n_chroma, tuning=tuning).T
    weights = {kind: fbanks.astype(kind, order="C") for kind in (np.float32, np.float64)}

    def measure(powers: Real) -> Real:
        result = np.empty((len(powers), n_chroma), dtype=powers.dtype)
        multiply(powers, weights[real_kind(powers)], result)
        return result

    def finish(energies: Real) -> Real:
        if norm is None:
            return energies
        # In float64: powers of a quiet float32 signal may have no squares in float32.
        length = np.linalg.norm(energies.astype(np.float64), norm, axis=-2, keepdims=True)
        length[length < np.finfo(energies.dtype).tiny] = 1
        return energies / length.astype(energies.dtype)

    return Descriptor(n_chroma, 2, measure, finish)


def contrast(hz: Bins, n_bands: int, fmin: float, quantile: float) -> Descriptor:
    """Describe `musisep.audio.features.spectral_contrast`."""
    bands = contrast_bands(hz, n_bands, fmin, quantile)

    def finish(values: Real) -> Real:
        valleys, peaks = (
            amplitude_to_db(part, mode="per_example") for part in np.split(values, 2, axis=-2)
        )
        return peaks - valleys

    return Descriptor(2 * len(bands), 2, partial(extremes, bands=bands), finish)


def contrast_bands(hz: Bins, n_bands: int, fmin: float, quantile: float) -> NDArray[np.intp]:
    """Divide the bins of a spectrum into 0 Hz to `fmin`, octaves, and the rest.

    As librosa does it, a band but the first begins one bin early, and a band but the last gives up
    its last bin after its share has been counted.

    Returns
    -------
    array of int, shape (n_bands + 1, 3)
        First bin, the one after the last, and how many are the share `quantile`, at least 1.
    """
    at_least("n_bands", n_bands, 1)
    above_zero("contrast_fmin", fmin)
    share = inside_unit("contrast_quantile", quantile)
    edges_hz = fmin * 2.0 ** np.arange(n_bands + 1)
    if not edges_hz[-2] < hz[-1]:
        raise ValueError(
            f"contrast_fmin={fmin} and {n_bands=} must let the last band, from {edges_hz[-2]} Hz, "
            f"begin below the last bin at {hz[-1]} Hz"
        )
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
    if not 0 < value < 1:
        raise ValueError(f"{name}={value} must be above 0 and below 1")
    return float(value)
