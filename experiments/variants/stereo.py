"""Separation of two channels: by nothing but their levels, and without some use of these."""

import numpy as np
from items import Item
from numpy.typing import NDArray
from shared import mask_transform

from musisep.masking.ratio import SpectralMask
from musisep.notes.assignment import AnnealedAssignment, Assigned
from musisep.notes.tracking import Notes
from variants.settings import separated

Floats = NDArray[np.float64]

DEGREES = np.arange(0.25, 90.0, 0.5)
"""Middles of the classes of the histogram."""


def peaks(angles: Floats, energy: Floats, most: int) -> Floats:
    """Return the angles in degrees of the highest peaks of a histogram, the highest first."""
    counts, _ = np.histogram(angles, bins=DEGREES.size, range=(0, 90), weights=energy)
    smooth = np.convolve(counts, np.hanning(7), mode="same")
    padded = np.concatenate([[-1], smooth, [-1]])
    tops = np.flatnonzero((smooth > padded[:-2]) & (smooth >= padded[2:]))
    return DEGREES[tops[np.argsort(-smooth[tops])[:most]]]


def histogram(item: Item, seed: int) -> Floats:
    """Give each time-frequency point to the nearest peak of the histogram of level differences."""
    transform = mask_transform(item.sample_rate)
    spectra = transform.stft(item.mixture)
    left, right = np.abs(spectra[0]), np.abs(spectra[-1])
    angles = np.degrees(np.arctan2(right, left))
    found = peaks(angles, left**2 + right**2, len(item.stems))
    nearest = np.abs(angles - found[:, None, None]).argmin(axis=0)
    masks = np.arange(len(item.stems))[:, None, None] == nearest
    return transform.istft(masks[:, None] * spectra, length=item.mixture.shape[1])


def without_sides(notes: Notes, instruments: int, rng: np.random.Generator) -> Assigned:
    """Assign notes of which it is not known where they are heard."""
    return AnnealedAssignment()(notes._replace(sides=None), instruments, rng)


VARIANTS = {
    "histogram": histogram,
    "notes-without-sides": separated(stages={"assignment": without_sides}),
    "masks-without-places": separated(stages={"mask": SpectralMask()}),
}
