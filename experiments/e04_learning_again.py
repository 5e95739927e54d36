"""Whether it helps to learn the dictionary again from the tones of the decoded recording.

    python experiments/e04_learning_again.py FOLDER [FOLDER ...] [--rounds 3]

Each FOLDER holds items (see items.py). After the usual learning and decoding, each round takes
120 steps of 32 random frames along the gradient at the decoded tones, and decodes anew. A line
per item: what is left unexplained and the mean SDR, before the first and after each round.
"""

import argparse
from pathlib import Path

import numpy as np
from items import Item, items_in

from musisep.analysis import Analysis
from musisep.dictsep.adam_b import Adam_B
from musisep.dictsep.dictlearn import dict_grad, unexplained
from musisep.dictsep.tones import Peaks
from musisep.metrics import bss_eval
from musisep.separation import find, learn, mask
from musisep.settings import Settings

STEPS, BATCH, FIRST_STEP, LAST_STEP = 120, 32, 0.01, 0.0005


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    for folder in args.folders:
        table = []
        for item in items_in(folder):
            rows = measure(item, args.rounds)
            table.append([sdr for _, sdr in rows])
            cells = "   ".join(f"{left:.3f} {sdr:6.2f}" for left, sdr in rows)
            print(f"{item.name:10s} {cells}", flush=True)
        means = "   ".join(f"      {mean:6.2f}" for mean in np.mean(table, axis=0))
        print(f"{folder.name:10s} {means}")


def measure(item: Item, rounds: int) -> list[tuple[float, float]]:
    """Return what is left unexplained and the mean SDR, before and after each round."""
    analysis = Analysis(Settings(instruments=len(item.stems)), item.sample_rate)
    frames, level = analysis.frames(item.mixture)
    learned = learn(analysis, frames, 2)
    found, left = find(analysis, frames, learned, 2)
    chosen = int(np.argmin(left))
    peaks, inst_dict = found[chosen], learned[chosen].amplitudes
    rng = np.random.default_rng(0)
    rows = []
    for number in range(rounds + 1):
        if number:
            inst_dict = learn_again(analysis, frames, peaks, inst_dict, rng)
            peaks = analysis.decoder(frames, inst_dict, 2)
        stems = mask(analysis, item.mixture, peaks.scaled(level), inst_dict)
        sdr = float(np.mean(bss_eval(item.stems, stems).sdr))
        rows.append((unexplained(analysis.model, frames, peaks, inst_dict), sdr))
    return rows


def learn_again(
    analysis: Analysis,
    frames: np.ndarray,
    peaks: Peaks,
    inst_dict: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Step the dictionary along the gradient at given tones."""
    adam = Adam_B(inst_dict)
    level = frames.sum(axis=1)
    audible = np.flatnonzero(level > 1e-3 * level.max())
    for step in range(STEPS):
        adam.alpha = FIRST_STEP + (LAST_STEP - FIRST_STEP) * step / STEPS
        drawn = rng.choice(audible, BATCH)
        adam.step(-dict_grad(analysis.model, frames[drawn], peaks[drawn], adam.value))
    return adam.value


if __name__ == "__main__":
    main()
