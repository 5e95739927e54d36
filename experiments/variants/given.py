"""A dictionary from another take: the first half of an item tells what the second sounds like.

    python experiments/run.py given --folders FOLDER ... --out given.csv
    python experiments/summary.py given.csv --baseline blind-half

All variants separate the second half, and are measured on it. Some trust the dictionary less, or
more. How well it is told whether a dictionary fits: `e18_given.py`.
"""

from items import Item
from shared import Estimate

import musisep
from musisep.learning.from_notes import NotesLearner
from musisep.learning.given import GivenDictionary
from variants import Variant


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


def weighted(weight: float) -> Variant:
    """Let the columns tell less, or more, of who plays."""

    def variant(item: Item, seed: int) -> Estimate:
        half = item.mixture.shape[1] // 2
        dictionary = _learned(item, seed, slice(half)).dictionary.amplitudes
        learner = GivenDictionary(dictionary, learner=NotesLearner(seed=seed), weight=weight)
        second = item.mixture[:, half:]
        separation = musisep.separate(
            second, item.sample_rate, instruments=len(item.stems), stages={"learner": learner}
        )
        return _estimate(separation, half)

    return variant


def _learned(item: Item, seed: int, part: slice) -> musisep.Separation:
    return musisep.separate(
        item.mixture[:, part], item.sample_rate, instruments=len(item.stems), seed=seed
    )


def _estimate(separation: musisep.Separation, half: int) -> Estimate:
    return Estimate(
        separation.stems, separation.unexplained, part=slice(half, None),
        certainty=separation.certainty, confidence=separation.confidence, called=separation.called,
    )  # fmt: skip


VARIANTS = {
    "blind-half": blind,
    "given-dictionary": given,
    **{f"given-weight={weight:g}": weighted(weight) for weight in (0.0, 0.5, 2.0, 4.0)},
}
