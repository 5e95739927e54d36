"""What a method is given, and how it says that it does not suit."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.audio.stft import SpectralTransform
from musisep.masking.ratio import SpectralMask

Signals = NDArray[np.float64]
Spectra = NDArray[np.complex128]


class Item(NamedTuple):
    """A mixture, and its true stems, which only bounds and the measuring may look at.

    Attributes
    ----------
    mixture : ndarray [channel, sample]
    references : ndarray [instrument, channel, sample]
    sample_rate : int
        In Hz.
    path : Path, optional
        The file of exactly this mixture, if there is one.
    jobs : int
        Processor cores that a method may use.
    """

    mixture: Signals
    references: Signals
    sample_rate: int
    path: Path | None = None
    jobs: int = 1


class UnsuitableError(ValueError):
    """A method is not made for such a track."""


def transform_of(item: Item) -> SpectralTransform:
    """Return the transform whose spectrum our masks divide by default."""
    return SpectralMask().transform(LogFrequencyFrontEnd().grid(item.sample_rate))


def masked(item: Item, masks: Signals) -> Signals:
    """Return the stems that masks [instrument, (channel,) bin, frame] cut out of the mixture."""
    transform = transform_of(item)
    spectrum = transform.stft(item.mixture)
    masks = masks if masks.ndim == 4 else masks[:, None]
    length = item.mixture.shape[-1]
    return np.stack([transform.istft(mask * spectrum, length=length) for mask in masks])


def magnitudes_of(item: Item) -> Signals:
    """Return the magnitudes [bin, frame] of the mixture, the mean over its channels."""
    return np.asarray(np.abs(transform_of(item).stft(item.mixture)).mean(axis=0))
