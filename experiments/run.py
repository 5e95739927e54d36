"""Separate items by variants with seeds, and write what is measured to a CSV, cell by cell.

    python experiments/run.py default finders "batch=*" own.py --folders FOLDER ... --seeds 0 1 2

A variant is a way to separate (see variants/); named are variants, with or without wildcards,
modules of them, and files. Each FOLDER holds items (see items.py); `--copies` changes them before
(see copies.py). Every cell, which is a copy of an item with a variant and a seed, runs in one
thread and is written when it is finished; cells that are in the CSV already are not run again.
With --scheduler they run on a Dask cluster, whose workers need this folder in PYTHONPATH, and find
all files where they are here.
Afterwards: ``python experiments/summary.py results.csv``, or ``protocol.py`` for tables by kind.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from fnmatch import fnmatchcase
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is loaded, here and in the processes

import variants
from cells import KEY, Cell, append_result, failed, measure, read_results
from copies import COPIES, PLAIN
from items import item_folders
from script import Script
from shared import CACHE
from tqdm import tqdm

from musisep._util.cluster import Cluster
from musisep._util.processes import Processes
from musisep._util.tasks import Lost, Pool, run_tasks


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return 0, or 1 if a cell failed, or 130 after Ctrl-C."""
    quick = ["default", "--folders", "{items}", "--items", "duo-1", "--jobs", "1"]
    quick += ["--out", "{scratch}/results.csv"]
    parser = Script(__doc__, quick)
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help="variant, module or file")
    parser.add_argument("--list", action="store_true", help="print the variants and end")
    parser.add_argument("--folders", nargs="+", type=Path, default=[], metavar="FOLDER")
    parser.add_argument("--items", nargs="+", default=["*"], help="names, may have wildcards")
    parser.add_argument("--copies", nargs="+", default=[PLAIN], help="may have wildcards")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="SEED")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster")
    parser.add_argument("--out", type=Path, default=Path("results.csv"), metavar="CSV")
    parser.add_argument("--retry", action="store_true", help="run again what failed")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keep what is learned there")
    args = parser.parse_args(arguments)
    if args.list:
        for file in variants.own_files():
            print(f"{file.stem}:", "  ".join(variants.load(file)))
        return 0
    if args.cache:
        os.environ[CACHE] = str(args.cache.resolve())
    try:
        cells = list(wanted(args))
        done = {
            tuple(row[name] for name in KEY)
            for row in read_results(args.out)
            if not (args.retry and row["error"])
        }
        pool = pool_of(args.jobs, args.scheduler)
    except (OSError, ValueError, ImportError) as error:
        parser.error(str(error))
    return run([cell for cell in cells if cell.key not in done], pool, args.out)


def wanted(args: argparse.Namespace) -> Iterator[Cell]:
    """Yield the cells: all variants with the first seed first, as they can be compared then."""
    chosen = variants.choose(args.variants)
    folders = [folder.resolve() for folder in args.folders]
    items = [
        item
        for folder in folders
        for item in item_folders(folder)
        if any(fnmatchcase(item.name, name) for name in args.items)
    ]
    if not chosen or not items:
        raise ValueError("variants, and --folders with items of two stems or more, are needed")
    copies = [copy for copy in COPIES if any(fnmatchcase(copy, name) for name in args.copies)]
    if not copies:
        raise ValueError(f"--copies must be among {', '.join(COPIES)}")
    if len({folder.name for folder in folders}) < len(folders):
        raise ValueError("the folders must differ in their names, which stand in the results")
    for seed in args.seeds:
        for variant, file in chosen.items():
            for copy in copies:
                yield from (Cell(item, variant, file, seed, copy) for item in items)


def pool_of(jobs: int, scheduler: str | None) -> AbstractContextManager[Pool | None]:
    """Return what works on several cells at a time."""
    if scheduler:
        return Cluster(scheduler)
    return Processes(jobs) if jobs > 1 else nullcontext()


def run(cells: Sequence[Cell], pool: AbstractContextManager[Pool | None], out: Path) -> int:
    """Measure cells in a pool and append each to the results when it is finished."""
    wrong = 0
    try:
        with pool as workers:
            rows = run_tasks(measure, cells, workers)
            for number, row in tqdm(rows, total=len(cells), unit="cell", disable=None):
                if isinstance(row, Lost):
                    row = failed(cells[number], row)
                append_result(out, row)
                if row["error"]:
                    wrong += 1
                    tqdm.write(" ".join([*(row[name] for name in KEY), row["error"]]), sys.stderr)
    except KeyboardInterrupt:
        return 130
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
