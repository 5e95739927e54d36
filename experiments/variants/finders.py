"""Ways to find the tones with one and the same dictionary, that of the default settings."""

from items import Item
from shared import Estimate, found_by

from musisep.multipitch.finder import Prior, ToneFinder
from musisep.multipitch.greedy import GreedyPursuit
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import Prices, Viterbi
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Peaks
from variants import Variant


def by(finder: ToneFinder) -> Variant:
    """Return the variant whose tones are what the finder gives."""

    def variant(item: Item, seed: int) -> Estimate:
        return found_by(item, seed, finder)

    return variant


def without_prior(finder: ToneFinder) -> ToneFinder:
    """Return the finder that is not told what is known before."""

    def find(
        frames: Floats, dictionary: Floats, model: ToneModel, prior: Prior | None = None
    ) -> Peaks:
        return finder(frames, dictionary, model)

    return find


def viterbi(**prices: float) -> ToneFinder:
    """Return what decodes at other prices."""
    return Viterbi(prices=Prices(**prices))


VARIANTS = {
    "greedy": by(GreedyPursuit()),
    "joint": by(JointSearch()),
    **{
        f"crossing={price}": by(without_prior(viterbi(crossing=price)))
        for price in (0.0, 0.03, 0.05)
    },
    "decoded": by(viterbi()),
    **{f"contradiction={price}": by(viterbi(contradiction=price)) for price in (0.02, 0.3)},
}
