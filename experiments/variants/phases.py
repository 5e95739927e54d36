"""Phases of the stems: what joint retrieval does, and how much of it is the residual's doing.

The masks are those of `musisep.separate`, or the ideal ratio masks, which know the stems.
"""

from functools import partial

import numpy as np
from items import Item

import musisep
from musisep.analysis import Analysis
from musisep.audio.inversion import misi
from musisep.dictsep.tones import Floats
from musisep.settings import Settings
from variants import Variant


def residual_shared(item: Item, seed: int) -> Floats:
    """Divide the residual evenly, and retrieve nothing."""
    separation = musisep.separate(
        item.mixture, item.sample_rate, instruments=len(item.stems), seed=seed
    )
    return separation.stems + separation.residual / len(separation.stems)


def ideal(item: Item, seed: int, iterations: int) -> Floats:
    """Give each point of the spectrum to the stems in proportion to their magnitudes."""
    transform = Analysis(Settings(), item.sample_rate).transform
    magnitudes = np.abs(transform.stft(item.stems))
    total = magnitudes.sum(axis=0)
    masks = np.divide(magnitudes, total, out=np.zeros_like(magnitudes), where=total > 0)
    shares = masks * transform.stft(item.mixture)
    return misi(shares, item.mixture, iterations, 0, init=shares, transform=transform)


VARIANTS: dict[str, Variant] = {
    "residual-shared": residual_shared,
    "ideal": partial(ideal, iterations=0),
    "ideal-misi": partial(ideal, iterations=5),
}
