"""The front ends of the separation side by side on recordings with known stems.

    python experiments/e09_front_ends.py FOLDER [FOLDER ...] [--jobs 2]

Each FOLDER holds items (see items.py). For each front end, and for "mel" with other windows, the
mean SDR of every item (seed 0, default settings), then mean and worst over a FOLDER.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from items import Item, items_in

import musisep
from musisep.audio.logfreq import FRONT_ENDS, mel_magnitudes
from musisep.metrics import bss_eval

VARIANTS = {name: (name, front_end) for name, front_end in FRONT_ENDS.items()} | {
    f"mel, {window_ms} ms": ("mel", partial(mel_magnitudes, window_sigma_s=window_ms / 1000))
    for window_ms in (23, 32, 64)
}
"""Name of a front end, and the function that takes its place."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    print(f"{'':10s}" + "".join(f"{name:>12s}" for name in args.variants))
    for folder in args.folders:
        rows = []
        for item in items_in(folder):
            rows.append([measure(item, name, args.jobs) for name in args.variants])
            print(f"{item.name:10s}" + "".join(f"{sdr:12.2f}" for sdr in rows[-1]), flush=True)
        table = np.array(rows)
        print(f"{'mean':10s}" + "".join(f"{sdr:12.2f}" for sdr in table.mean(axis=0)))
        print(f"{'worst':10s}" + "".join(f"{sdr:12.2f}" for sdr in table.min(axis=0)) + "\n")


def measure(item: Item, variant: str, jobs: int) -> float:
    """Separate an item with a front end; return the mean SDR."""
    name, front_end = VARIANTS[variant]
    FRONT_ENDS[name] = front_end
    separation = musisep.separate(
        item.mixture, item.sample_rate, instruments=len(item.stems), front_end=name, jobs=jobs
    )
    return float(bss_eval(item.stems, separation.stems).sdr.mean())


if __name__ == "__main__":
    main()
