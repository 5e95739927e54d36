"""Ways to find the tones with one and the same dictionary, that of the default settings."""

from collections.abc import Callable
from dataclasses import replace

from items import Item
from shared import Estimate, Prepared, learned

from musisep.dictsep.pursuit import GreedyPursuit
from musisep.dictsep.tones import Peaks
from variants import Variant


def found_by(find: Callable[[Prepared], Peaks]) -> Variant:
    """Return the variant whose tones are what `find` gives."""

    def variant(item: Item, seed: int) -> Estimate:
        own = learned(item, seed)
        return own.estimate(find(own))

    return variant


def greedy(own: Prepared) -> Peaks:
    """Find the tones frame by frame, one after another."""
    return GreedyPursuit(own.analysis.model)(own.frames, own.columns)


def joint(own: Prepared) -> Peaks:
    """Find the tones frame by frame, those of all instruments together."""
    return own.analysis.decoder.search(own.frames, own.columns)


def guided(**prices: float) -> Callable[[Prepared], Peaks]:
    """Return what decodes with the guide, at other prices."""
    return lambda own: replace(own.analysis.decoder, **prices)(
        own.frames, own.columns, guide=own.guide
    )


def unguided(**prices: float) -> Callable[[Prepared], Peaks]:
    """Return what decodes without the guide, at other prices."""
    return lambda own: replace(own.analysis.decoder, **prices)(own.frames, own.columns)


VARIANTS = {
    "greedy": found_by(greedy),
    "joint": found_by(joint),
    **{f"crossing={price}": found_by(unguided(crossing=price)) for price in (0.0, 0.03, 0.05)},
    "decoded": found_by(guided()),
    **{f"contradiction={price}": found_by(guided(contradiction=price)) for price in (0.02, 0.3)},
}
