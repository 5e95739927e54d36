"""Bounds: what masks reach that know the true stems, and what doing nothing reaches."""

from __future__ import annotations

import numpy as np

from musisep.benchmark.item import Item, Signals, masked, transform_of


def ideal_ratio(item: Item) -> Signals:
    """Divide the mixture in proportion to the magnitudes of the true stems."""
    magnitudes = _magnitudes(item)
    total = magnitudes.sum(axis=0)
    masks = np.divide(magnitudes, total, out=np.zeros_like(magnitudes), where=total > 0)
    return masked(item, masks)


def ideal_binary(item: Item) -> Signals:
    """Give each point of the spectrum to the true stem that is loudest there."""
    loudest = _magnitudes(item).argmax(axis=0)
    return masked(item, np.stack([loudest == k for k in range(len(item.references))]) * 1.0)


def mixture(item: Item) -> Signals:
    """Take an equal share of the mixture for each stem."""
    count = len(item.references)
    return np.repeat(item.mixture[None] / count, count, axis=0)


def _magnitudes(item: Item) -> Signals:
    """Return magnitudes [instrument, channel, bin, frame]."""
    transform = transform_of(item)
    return np.stack([np.abs(transform.stft(reference)) for reference in item.references])
