"""Learning the dictionary again from the tones of the decoded recording, in some rounds.

After the usual learning and decoding with two restarts, each round takes steps of random frames
along the gradient at the decoded tones, and decodes anew.
"""

import numpy as np
from items import Item
from shared import Estimate, learned

from musisep.dictsep.adam_b import Adam_B
from musisep.dictsep.dictlearn import dict_grad
from musisep.dictsep.tones import Floats, Peaks, ToneModel
from variants import Variant

STEPS, BATCH, FIRST_STEP, LAST_STEP = 120, 32, 0.01, 0.0005


def learned_again(rounds: int) -> Variant:
    """Return the variant with this number of rounds."""

    def variant(item: Item, seed: int) -> Estimate:
        own = learned(item, seed, restarts=2)
        decoder, rng = own.analysis.decoder, np.random.default_rng(0)
        peaks, inst_dict = min(
            ((decoder(own.frames, columns), columns) for columns in own.dictionaries),
            key=lambda pair: own.unexplained(*pair),
        )
        for _ in range(rounds):
            inst_dict = stepped(own.analysis.model, own.frames, peaks, inst_dict, rng)
            peaks = decoder(own.frames, inst_dict)
        return own.estimate(peaks, inst_dict)

    return variant


def stepped(
    model: ToneModel, frames: Floats, peaks: Peaks, inst_dict: Floats, rng: np.random.Generator
) -> Floats:
    """Step the dictionary along the gradient at given tones."""
    adam = Adam_B(inst_dict)
    level = frames.sum(axis=1)
    audible = np.flatnonzero(level > 1e-3 * level.max())
    for step in range(STEPS):
        adam.alpha = FIRST_STEP + (LAST_STEP - FIRST_STEP) * step / STEPS
        drawn = rng.choice(audible, BATCH)
        adam.step(-dict_grad(model, frames[drawn], peaks[drawn], adam.value))
    return adam.value


VARIANTS = {f"learned-again-{rounds}": learned_again(rounds) for rounds in range(4)}
