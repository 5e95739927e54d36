"""Bounds: what masks reach that know the true stems, and what doing nothing reaches."""

from __future__ import annotations

import numpy as np

from musisep.benchmark.item import Item, Signals, masked, transform_of


def ideal_ratio(item: Item) -> Signals:
    """Divide the mixture in proportion to the magnitudes of the true stems.

    This is the ideal ratio mask, at the exponent 1.

    Parameters
    ----------
    item : Item
        Mixture and true stems.

    Returns
    -------
    ndarray [instrument, channel, sample]
        Stems in the order of the true ones; they add up to the mixture.

    Examples
    --------
    Two sinusoids far from each other are told apart by masks:

    >>> import numpy as np
    >>> from musisep.benchmark.bounds import ideal_ratio
    >>> from musisep.benchmark.item import Item
    >>> from musisep.metrics import bss_eval
    >>> seconds = np.arange(8000) / 8000
    >>> stems = np.sin(2 * np.pi * np.array([500, 1500])[:, None, None] * seconds)
    >>> found = ideal_ratio(Item(stems.sum(axis=0), stems, 8000))
    >>> bool(bss_eval(stems, found).sdr.min() > 30)
    True
    """
    magnitudes = _magnitudes(item)
    total = magnitudes.sum(axis=0)
    masks = np.divide(magnitudes, total, out=np.zeros_like(magnitudes), where=total > 0)
    return masked(item, masks)


def ideal_binary(item: Item) -> Signals:
    """Give each point of the spectrum to the true stem that is loudest there.

    This is the ideal binary mask.

    Parameters
    ----------
    item : Item
        Mixture and true stems.

    Returns
    -------
    ndarray [instrument, channel, sample]
        Stems in the order of the true ones; they add up to the mixture.

    Examples
    --------
    Two sinusoids far from each other are told apart by masks:

    >>> import numpy as np
    >>> from musisep.benchmark.bounds import ideal_binary
    >>> from musisep.benchmark.item import Item
    >>> from musisep.metrics import bss_eval
    >>> seconds = np.arange(8000) / 8000
    >>> stems = np.sin(2 * np.pi * np.array([500, 1500])[:, None, None] * seconds)
    >>> found = ideal_binary(Item(stems.sum(axis=0), stems, 8000))
    >>> bool(bss_eval(stems, found).sdr.min() > 30)
    True
    """
    loudest = _magnitudes(item).argmax(axis=0)
    return masked(item, np.stack([loudest == k for k in range(len(item.references))]) * 1.0)


def mixture(item: Item) -> Signals:
    """Take an equal share of the mixture for each stem.

    Parameters
    ----------
    item : Item
        Mixture and true stems, of which the number counts.

    Returns
    -------
    ndarray [instrument, channel, sample]
        Stems that are all alike; they add up to the mixture.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.benchmark.bounds import mixture
    >>> from musisep.benchmark.item import Item
    >>> stems = np.array([[[1.0, 3.0]], [[1.0, -1.0]]])
    >>> mixture(Item(stems.sum(axis=0), stems, 8000)).tolist()
    [[[1.0, 1.0]], [[1.0, 1.0]]]
    """
    count = len(item.references)
    return np.repeat(item.mixture[None] / count, count, axis=0)


def _magnitudes(item: Item) -> Signals:
    """Return magnitudes [instrument, channel, bin, frame]."""
    transform = transform_of(item)
    return np.stack([np.abs(transform.stft(reference)) for reference in item.references])
