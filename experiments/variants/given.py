"""A dictionary from another take: the first half of an item tells what the second sounds like.

    python experiments/run.py given --folders FOLDER ... --out given.csv
    python experiments/summary.py given.csv --baseline blind-half

Both variants separate the second half, and are measured on it.
"""

from items import Item
from shared import Estimate

import musisep


def blind(item: Item, seed: int) -> Estimate:
    """Separate the second half, of which nothing is known."""
    half = item.mixture.shape[1] // 2
    return _estimate(_learned(item, seed, slice(half, None)), half)


def given(item: Item, seed: int) -> Estimate:
    """Separate the second half with the dictionary that was learned from the first one."""
    half = item.mixture.shape[1] // 2
    dictionary = _learned(item, seed, slice(half)).dictionary
    second = item.mixture[:, half:]
    return _estimate(musisep.separate(second, item.sample_rate, dictionary=dictionary), half)


def _learned(item: Item, seed: int, part: slice) -> musisep.Separation:
    return musisep.separate(
        item.mixture[:, part], item.sample_rate, instruments=len(item.stems), seed=seed
    )


def _estimate(separation: musisep.Separation, half: int) -> Estimate:
    return Estimate(separation.stems, separation.unexplained, part=slice(half, None))


VARIANTS = {"blind-half": blind, "given-dictionary": given}
