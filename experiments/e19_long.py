"""Separate long recordings in pieces, and the same as a whole: what the pieces cost.

    python experiments/e19_long.py FOLDER ... [--copies 15] [--whole-s 240] [--items "duo*"]
        [--seed 0] [--results FOLDER]

Items (see items.py) are played `--copies` times, one after the other. For each are printed the mean
SDR over its stems in dB: of one copy that is separated alone, of all copies as a whole and in
pieces; and the seconds of processor time of both. --skip-whole leaves the second out. One thread.
"""

import os
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is loaded

import numpy as np
from items import Floats, Item, item_folders, read_item
from results import write_values
from script import Script

from musisep import separate
from musisep.metrics import bss_eval

NEVER_S = 1e6
"""No recording is longer."""


def sdr_db(stems: Floats, found: Floats) -> float:
    """Return the mean SDR of stems [instrument, channel, sample] that were found."""
    return float(bss_eval(stems, found).sdr.mean())


def repeated(item: Item, copies: int) -> Item:
    """Return an item that is played several times."""
    return item._replace(
        mixture=np.tile(item.mixture, copies), stems=np.tile(item.stems, copies), notes=None
    )


def separated(item: Item, whole_s: float, seed: int = 0) -> tuple[float, float]:
    """Return SDR in dB and seconds of processor time."""
    begin = time.process_time()
    found = separate(
        item.mixture, item.sample_rate, instruments=len(item.stems), whole_s=whole_s, seed=seed
    ).stems
    return sdr_db(item.stems, np.asarray(found)), time.process_time() - begin


def row(
    item: Item,
    copies: int,
    whole_s: float,
    skip_whole: bool,
    measure: Callable[[Item, float], tuple[float, float]] = separated,
) -> list[float]:
    """Return what is printed of an item, see above."""
    long = repeated(item, copies)
    alone = measure(item, NEVER_S)[0]
    whole = (np.nan, np.nan) if skip_whole else measure(long, NEVER_S)
    pieces = measure(long, whole_s)
    return [alone, whole[0], pieces[0], whole[1], pieces[1]]


def main() -> None:
    """Print a table, and means."""
    quick = ["{items}", "--items", "duo-1", "--copies", "5", "--whole-s", "10", "--skip-whole"]
    parser = Script(__doc__, quick, seed=True, results=True)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--items", default="*", help="names, may have wildcards")
    parser.add_argument("--copies", type=int, default=15)
    parser.add_argument("--whole-s", type=float, default=240.0)
    parser.add_argument("--skip-whole", action="store_true")
    args = parser.parse_args()
    print(f"{'item':24} {'alone':>7} {'whole':>7} {'pieces':>7}  (dB)  whole and pieces (s)")
    rows = []
    for path in (path for folder in args.folders for path in item_folders(folder)):
        if fnmatchcase(path.name, args.items):
            item, measure = read_item(path), partial(separated, seed=args.seed)
            rows.append(row(item, args.copies, args.whole_s, args.skip_whole, measure))
            print(line(path.name, rows[-1]), flush=True)
    means = np.mean(rows, axis=0)
    print(line("mean", means))
    if args.results:
        names = ("alone dB", "whole dB", "pieces dB", "whole s", "pieces s")
        folders = ", ".join(folder.name for folder in args.folders)
        data = f"{len(rows)} items of {folders}, {args.copies} times each"
        write_values(args.results, "long", data, dict(zip(names, means.tolist(), strict=True)))


def line(name: str, values: "list[float] | Floats") -> str:
    """Return a row of the table."""
    alone, whole, pieces, whole_s, pieces_s = values
    return (
        f"{name:24} {alone:7.2f} {whole:7.2f} {pieces:7.2f}        {whole_s:7.1f} {pieces_s:7.1f}"
    )


if __name__ == "__main__":
    main()
