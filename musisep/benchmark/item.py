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

    Parameters
    ----------
    mixture : ndarray [channel, sample]
        What a method separates.
    references : ndarray [instrument, channel, sample]
        True stems; a method may know their number.
    sample_rate : int
        In Hz.
    path : Path, optional
        The file of exactly this mixture, if there is one.
    jobs : int
        Processor cores that a method may use.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.benchmark.item import Item
    >>> stems = np.random.default_rng(0).normal(size=(2, 1, 8000))
    >>> item = Item(stems.sum(axis=0), stems, 8000)
    >>> len(item.references), item.path, item.jobs
    (2, None, 1)
    """

    mixture: Signals
    references: Signals
    sample_rate: int
    path: Path | None = None
    jobs: int = 1


class UnsuitableError(ValueError):
    """A method is not made for such a track."""


def transform_of(item: Item) -> SpectralTransform:
    """Return the transform whose spectrum our masks divide by default.

    Parameters
    ----------
    item : Item
        Its sample rate counts.

    Returns
    -------
    SpectralTransform
        The transform.

    Examples
    --------
    The window has nearly as many seconds at each sample rate, 0.19 here:

    >>> import numpy as np
    >>> from musisep.benchmark.item import Item, transform_of
    >>> stems = np.zeros((2, 1, 8000))
    >>> [transform_of(Item(stems[0], stems, rate)).win_length for rate in (8000, 44100)]
    [1500, 8640]
    """
    return SpectralMask().transform(LogFrequencyFrontEnd().grid(item.sample_rate))


def masked(item: Item, masks: Signals) -> Signals:
    """Return the stems that masks cut out of the mixture.

    Parameters
    ----------
    item : Item
        Its mixture counts.
    masks : ndarray [instrument, bin, frame] or [instrument, channel, bin, frame]
        Factors of the spectrum that `transform_of` makes.

    Returns
    -------
    ndarray [instrument, channel, sample]
        The stems.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.benchmark.item import Item, magnitudes_of, masked
    >>> stems = np.random.default_rng(0).normal(size=(2, 1, 8000))
    >>> item = Item(stems.sum(axis=0), stems, 8000)
    >>> shape = magnitudes_of(item).shape
    >>> found = masked(item, np.stack([np.full(shape, 0.25), np.full(shape, 0.75)]))
    >>> np.allclose(found[0], 0.25 * item.mixture), np.allclose(found.sum(axis=0), item.mixture)
    (True, True)
    """
    transform = transform_of(item)
    spectrum = transform.stft(item.mixture)
    masks = masks if masks.ndim == 4 else masks[:, None]
    length = item.mixture.shape[-1]
    return np.stack([transform.istft(mask * spectrum, length=length) for mask in masks])


def magnitudes_of(item: Item) -> Signals:
    """Return the magnitudes of the mixture, the mean over its channels.

    Parameters
    ----------
    item : Item
        Its mixture counts.

    Returns
    -------
    ndarray [bin, frame]
        Magnitudes of the spectrum that `transform_of` makes.

    Examples
    --------
    A sinusoid of 500 Hz is loudest near that frequency:

    >>> import numpy as np
    >>> from musisep.benchmark.item import Item, magnitudes_of, transform_of
    >>> tone = np.sin(2 * np.pi * 500 * np.arange(8000) / 8000)[None]
    >>> item = Item(tone, np.stack([tone, 0 * tone]), 8000)
    >>> loudest = magnitudes_of(item).mean(axis=1).argmax()
    >>> round(float(loudest * 8000 / transform_of(item).n_fft), -1)
    500.0
    """
    return np.asarray(np.abs(transform_of(item).stft(item.mixture)).mean(axis=0))
