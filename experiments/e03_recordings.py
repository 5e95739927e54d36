"""What `musisep.separate` gives on recordings with known stems, with its default settings.

    python experiments/e03_recordings.py FOLDER [FOLDER ...] [--seeds 0 1 2] [--jobs 2]

Each FOLDER holds items (see items.py). For every item and seed: SDR of each stem, and the time
over the length of the recording; then means over the items of each FOLDER, per seed.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from items import Item, items_in

import musisep
from musisep.metrics import bss_eval


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    for folder in args.folders:
        means = np.array(
            [[measure(item, seed, args.jobs) for seed in args.seeds] for item in items_in(folder)]
        )  # [item, seed]
        for seed, sdr in zip(args.seeds, means.T, strict=True):
            print(f"{folder.name}, seed {seed}: mean {sdr.mean():.2f} dB, worst {sdr.min():.2f} dB")
        print(f"{folder.name}: deviation of the mean {means.mean(axis=0).std():.2f} dB\n")


def measure(item: Item, seed: int, jobs: int) -> float:
    """Separate an item, print a line, and return the mean SDR."""
    begin = time.perf_counter()
    separation = musisep.separate(
        item.mixture, item.sample_rate, instruments=len(item.stems), seed=seed, jobs=jobs
    )
    factor = (time.perf_counter() - begin) / (item.mixture.shape[1] / item.sample_rate)
    sdr = bss_eval(item.stems, separation.stems).sdr
    figures = "  ".join(f"{n} {v:5.1f}" for n, v in zip(item.instruments, sdr, strict=True))
    left = min(separation.unexplained)
    print(f"{item.name:10s} {seed:3d}  {factor:5.2f}  left {left:.3f}  SDR {figures}", flush=True)
    return float(sdr.mean())


if __name__ == "__main__":
    main()
