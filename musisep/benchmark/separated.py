"""The methods of this package."""

from __future__ import annotations

import numpy as np

from musisep.benchmark.item import Item, Signals
from musisep.separation import separate


def notes(item: Item) -> Signals:
    """Separate by the default method, told the number of instruments."""
    return _separated(item, "notes")


def adam(item: Item) -> Signals:
    """Separate by the documented method, told the number of instruments."""
    return _separated(item, "adam")


def _separated(item: Item, method: str) -> Signals:
    separation = separate(
        item.mixture, item.sample_rate, instruments=len(item.references), method=method,
        jobs=item.jobs,
    )  # fmt: skip
    return np.asarray(separation.stems)
