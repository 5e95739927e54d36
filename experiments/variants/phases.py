"""Phases of the stems: what joint retrieval does, and how much of it is the residual's doing.

The masks are those of `musisep.separate`, or the ideal ratio masks, which know the stems.
"""

from functools import partial

from items import Floats, Item
from shared import ideal_shares, mask_transform

from musisep.audio.inversion import misi
from variants import Variant
from variants.settings import separated


def residual_shared(item: Item, seed: int) -> Floats:
    """Divide the residual evenly, and retrieve nothing."""
    separation = separated()(item, seed)
    return separation.stems + separation.residual / len(separation.stems)


def ideal(item: Item, seed: int, iterations: int) -> Floats:
    """Give each point of the spectrum to the stems in proportion to their magnitudes."""
    transform = mask_transform(item.sample_rate)
    shares = ideal_shares(transform.stft(item.stems), transform.stft(item.mixture))
    return misi(shares, item.mixture, iterations, 0, init=shares, transform=transform)


VARIANTS: dict[str, Variant] = {
    "residual-shared": residual_shared,
    "ideal": partial(ideal, iterations=0),
    "ideal-misi": partial(ideal, iterations=5),
}
