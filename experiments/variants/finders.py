"""Ways to find the tones with one and the same dictionary (one restart)."""

from collections.abc import Callable
from dataclasses import replace

from items import Item
from shared import Estimate, learned

from musisep.analysis import Analysis
from musisep.dictsep.pursuit import GreedyPursuit
from musisep.dictsep.tones import ToneFinder
from variants import Variant


def found_by(finder: Callable[[Analysis], ToneFinder]) -> Variant:
    """Return the variant whose tones are found by what `finder` makes."""

    def variant(item: Item, seed: int) -> Estimate:
        own = learned(item, seed, restarts=1)
        (inst_dict,) = own.dictionaries
        return own.estimate(finder(own.analysis)(own.frames, inst_dict), inst_dict)

    return variant


def searched(**fields: object) -> Variant:
    """Return the variant whose joint search, frame by frame, has other fields."""
    return found_by(lambda analysis: replace(analysis.search, **fields))


def decoded(**fields: object) -> Variant:
    """Return the variant whose decoder has other fields."""
    return found_by(lambda analysis: replace(analysis.decoder, **fields))


VARIANTS = {
    "greedy": found_by(lambda analysis: GreedyPursuit(analysis.model)),
    "joint": searched(),
    "joint-refined=3": searched(refined=3),
    "decoded": decoded(),
    "decoded-without-prices": decoded(jump=0.0, onset=0.0, crossing=0.0),
    **{f"crossing={price}": decoded(crossing=price) for price in (0.0, 0.01, 0.02, 0.05)},
    **{f"jump={price}": decoded(jump=price, onset=price) for price in (0.1, 0.4)},
}
