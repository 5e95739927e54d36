"""What is set by hand, halved and doubled.

python experiments/run.py default sensitivity --folders TRAIN --out sensitivity.csv
python experiments/summary.py sensitivity.csv --baseline default
"""

from collections.abc import Callable
from dataclasses import replace

from items import Item

import musisep
from musisep.audio.floors import NoiseFloor
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.learning.from_notes import NotesLearner
from musisep.masking.surroundings import Surroundings
from musisep.multipitch.viterbi import Prices, Viterbi
from musisep.notes.assignment import Annealing
from variants import Variant
from variants.settings import separated
from variants.steps import assigned, learned, masks

USUAL = NotesLearner()
FACTORS = (0.5, 2.0)


def floor(factor: float) -> Variant:
    """Subtract so many times the noise floor."""
    return separated(stages={"front_end": LogFrequencyFrontEnd(floor=NoiseFloor(times=factor))})


def price(factor: float) -> Variant:
    """Change the price of tones while it is not known who plays them."""
    return learned(lambda own: replace(own, price=factor * USUAL.price))


def common_price(factor: float) -> Variant:
    """Change their price while common columns are learned."""
    common = replace(USUAL.common, price=factor * USUAL.common.price)
    return learned(lambda own: replace(own, common=common))


def temperature(factor: float) -> Variant:
    """Draw answers at another temperature."""
    return assigned(annealing=Annealing(temperature=factor * Annealing().temperature))


def contradiction(factor: float) -> Variant:
    """Change the prices of contradictions and novelties while decoding."""
    own = Prices()
    changed = replace(own, contradiction=factor * own.contradiction, novelty=factor * own.novelty)
    return separated(stages={"finder": Viterbi(prices=changed)})


def decay(factor: float) -> Variant:
    """Let tones die away faster or slower."""
    return masks(Surroundings(decay_db_s=factor * Surroundings().decay_db_s))


CHANGES: dict[str, Callable[[float], Variant]] = {
    "floor": floor,
    "price": price,
    "common-price": common_price,
    "temperature": temperature,
    "contradiction": contradiction,
    "decay": decay,
}
VARIANTS: dict[str, Callable[[Item, int], musisep.Separation]] = {
    f"{name}=x{factor}": change(factor) for name, change in CHANGES.items() for factor in FACTORS
}
