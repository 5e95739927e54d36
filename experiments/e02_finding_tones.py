"""What each way of finding tones gives, with the same learned dictionary.

    python experiments/e02_finding_tones.py FOLDER [FOLDER ...] [--seeds 0 1] [--csv FILE]

Each FOLDER holds items (see items.py). For every item and seed one dictionary is learned, the
tones are found with it in several ways, and the mean SDR of the stems is printed: a line per
item, then means over the items of each FOLDER.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from items import Item, items_in

from musisep.analysis import Analysis
from musisep.dictsep.pursuit import GreedyPursuit
from musisep.dictsep.tones import ToneFinder
from musisep.metrics import bss_eval
from musisep.separation import learn, mask
from musisep.settings import Settings


def finders(analysis: Analysis) -> dict[str, ToneFinder]:
    """Return the ways to find tones, by name."""
    decoder = analysis.decoder
    ways: dict[str, ToneFinder] = {
        "greedy": GreedyPursuit(analysis.model),
        "joint": analysis.search,
        "joint, best 3 refined": replace(analysis.search, refined=3),
        "decoded without prices": replace(decoder, jump=0.0, onset=0.0, crossing=0.0),
    }
    for crossing in (0.0, 0.01, 0.02, 0.03, 0.05):
        ways[f"decoded, crossing {crossing}"] = replace(decoder, crossing=crossing)
    for jump in (0.1, 0.4):
        ways[f"decoded, jump {jump}"] = replace(decoder, jump=jump, onset=jump)
    return ways


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--csv", type=Path, help="also write every figure here")
    args = parser.parse_args()
    rows = []
    for folder in args.folders:
        means = defaultdict(list)
        for item in items_in(folder):
            for seed in args.seeds:
                figures = dict(measure(item, seed))
                rows += [(item.name, seed, name, sdr) for name, sdr in figures.items()]
                print(f"{item.name:10s} {seed:3d}", *(f"{sdr:7.2f}" for sdr in figures.values()))
                for name, sdr in figures.items():
                    means[name].append(sdr)
        print(f"\n{folder.name}: mean and worst SDR in dB")
        for name, values in means.items():
            print(f"  {name:28s} {np.mean(values):7.2f} {min(values):7.2f}", flush=True)
    if args.csv:
        with args.csv.open("w", newline="") as file:
            csv.writer(file).writerows([("item", "seed", "way", "sdr_db"), *rows])


def measure(item: Item, seed: int) -> Iterator[tuple[str, float]]:
    """Yield the mean SDR that each way of finding tones gives."""
    settings = Settings(instruments=len(item.stems), restarts=1, seed=seed)
    analysis = Analysis(settings, item.sample_rate)
    frames, level = analysis.frames(item.mixture)
    (dictionary,) = learn(analysis, frames, 1)
    for name, finder in finders(analysis).items():
        peaks = finder(frames, dictionary.amplitudes, 2).scaled(level)
        stems = mask(analysis, item.mixture, peaks, dictionary.amplitudes)
        yield name, float(np.mean(bss_eval(item.stems, stems).sdr))


if __name__ == "__main__":
    main()
