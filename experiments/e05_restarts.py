"""How restarts differ, and what tells the good ones.

    python experiments/e05_restarts.py FOLDER [FOLDER ...] [--restarts 4]

Each FOLDER holds items (see items.py). A line per item; for each restart: what single frames
leave unexplained, what decoding leaves unexplained, and the mean SDR.
"""

import argparse
from pathlib import Path

import numpy as np
from items import Item, items_in

from musisep.analysis import Analysis
from musisep.dictsep.dictlearn import unexplained
from musisep.metrics import bss_eval
from musisep.separation import find, learn, mask
from musisep.settings import Settings


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--restarts", type=int, default=4)
    args = parser.parse_args()
    for folder in args.folders:
        tables = []
        for item in items_in(folder):
            tables.append(measure(item, args.restarts))
            cells = "   ".join("{:.3f} {:.3f} {:6.2f}".format(*row) for row in tables[-1])
            print(f"{item.name:10s} {cells}", flush=True)
        frames, decoded, sdr = np.moveaxis(tables, 2, 0)  # each [item, restart]
        chosen = np.arange(len(sdr))
        for name, choice in (
            ("mean", None),
            ("least left by single frames", frames.argmin(axis=1)),
            ("least left by decoding", decoded.argmin(axis=1)),
            ("best", sdr.argmax(axis=1)),
        ):
            mean = sdr.mean() if choice is None else sdr[chosen, choice].mean()
            print(f"{folder.name}, {name}: {mean:.2f} dB")


def measure(item: Item, restarts: int) -> list[tuple[float, float, float]]:
    """Return a row for each restart."""
    settings = Settings(instruments=len(item.stems), restarts=restarts)
    analysis = Analysis(settings, item.sample_rate)
    frames, level = analysis.frames(item.mixture)
    learned = learn(analysis, frames, 2)
    found, decoded = find(analysis, frames, learned, 2)
    rows = []
    for dictionary, peaks, left in zip(learned, found, decoded, strict=True):
        amplitudes = dictionary.amplitudes
        single = unexplained(
            analysis.model, frames, analysis.search(frames, amplitudes, 2), amplitudes
        )
        stems = mask(analysis, item.mixture, peaks.scaled(level), amplitudes)
        rows.append((single, left, float(np.mean(bss_eval(item.stems, stems).sdr))))
    return rows


if __name__ == "__main__":
    main()
