"""Tables and a picture of what `run.py` has measured.

    python experiments/summary.py results.csv [more.csv ...] [--plot out.png] [--rst] [--each]

A line per variant: mean SDR over the items, the worst cell, the standard deviation over seeds of
the mean, the median time over the length of the recording, and the gain over the baseline: the mean
over items of the difference, with its standard error. An item counts once, with its mean over the
seeds that both have, for seeds of one item are no independent evidence. Cells that failed or have a
silent stem are counted and left out. With several files, variants are called file:variant; what
they gave on a changed copy of the items stands beside them, as "variant copy".
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np
from cells import Row, read_results
from copies import PLAIN
from numpy.typing import NDArray
from script import Script

HEAD = ["variant", "cells", "failed", "mean", "worst", "seeds", "RTF", "gain"]
EXACT = np.errstate(invalid="ignore")
"""Stems that are exact have an infinite SDR, and their differences are NaN without a warning."""

Floats = NDArray[np.float64]


class Results(NamedTuple):
    """Of a variant on a folder: SDR in dB and real-time factor [item, seed], NaN where none."""

    sdr: Floats
    rtf: Floats
    failed: int

    @property
    def cells(self) -> int:
        """How many were run."""
        return self.failed + np.count_nonzero(~np.isnan(self.sdr))

    @property
    @EXACT
    def over_seeds(self) -> float:
        """Deviation over seeds of the mean of the items that have all seeds; NaN for one seed."""
        sdr = self.sdr[:, ~np.isnan(self.sdr).all(axis=0)]
        sdr = sdr[~np.isnan(sdr).any(axis=1)]
        return float(sdr.mean(axis=0).std(ddof=1)) if sdr.shape[1] > 1 and len(sdr) else np.nan

    @EXACT
    def gain_over(self, baseline: "Results") -> tuple[float, float]:
        """Return the mean difference in SDR over the items, and its standard error."""
        gains = by_item(self.sdr - baseline.sdr)
        gains = gains[~np.isnan(gains)]
        error = gains.std(ddof=1) / np.sqrt(gains.size) if gains.size > 1 else np.nan
        return nan_or(np.mean, gains), float(error)


class Folder(NamedTuple):
    """The results of a folder by variant, and the names of their axes."""

    name: str
    items: list[str]
    seeds: list[str]
    variants: dict[str, Results]


def nan_or(statistic: Callable[[Floats], np.floating], values: Floats) -> float:
    """Return a statistic of the values that are not NaN; NaN if there is none."""
    values = values[~np.isnan(values)]
    return float(statistic(values)) if values.size else np.nan


def by_item(values: Floats) -> Floats:
    """Return the means over seeds of [item, seed]."""
    return np.array([nan_or(np.mean, row) for row in values])


def gathered(rows: Iterable[Row]) -> list[Folder]:
    """Sort rows into folders."""
    folders: dict[str, list[Row]] = {}
    for row in rows:
        folders.setdefault(row["folder"], []).append(row)
    return [_folder(name, own) for name, own in folders.items()]


def called(row: Row) -> str:
    """Return the variant, and the copy that it had if the item was changed."""
    return row["variant"] if row["copy"] == PLAIN else f"{row['variant']} {row['copy']}"


def _folder(name: str, rows: Sequence[Row]) -> Folder:
    items = sorted({row["item"] for row in rows})
    seeds = sorted({row["seed"] for row in rows}, key=int)
    variants = {}
    for variant in dict.fromkeys(map(called, rows)):
        own = [row for row in rows if called(row) == variant]
        tables = np.full((2, len(items), len(seeds)), np.nan)
        for row in own:
            if not row["error"]:
                place = items.index(row["item"]), seeds.index(row["seed"])
                tables[:, *place] = float(row["sdr_db"]), float(row["rtf"])
        variants[variant] = Results(*tables, len(own) - np.count_nonzero(~np.isnan(tables[0])))
    return Folder(name, items, seeds, variants)


def lines(folder: Folder, baseline: str) -> list[list[str]]:
    """Return a line of figures for each variant."""
    table = []
    for name, own in folder.variants.items():
        gain = ""
        if name != baseline and baseline in folder.variants:
            gain = " ± ".join(filter(None, map(text, own.gain_over(folder.variants[baseline]))))
        figures = [
            nan_or(np.mean, by_item(own.sdr)), nan_or(np.min, own.sdr), own.over_seeds,
            nan_or(np.median, own.rtf),
        ]  # fmt: skip
        counts = [str(own.cells), str(own.failed)]
        table.append([name, *counts, *map(text, figures), gain])
    return table


def each_item(folder: Folder) -> list[list[str]]:
    """Return the SDR of each item, a line for each variant."""
    return [[name, *map(text, by_item(own.sdr))] for name, own in folder.variants.items()]


def text(value: float) -> str:
    """Return a figure with two digits, nothing for NaN."""
    return "" if np.isnan(value) else f"{value:.2f}"


def plain(title: str, table: Sequence[Sequence[str]]) -> str:
    """Return a table in columns."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rows = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in table
    ]
    return "\n".join([title, *rows, ""])


def list_table(title: str, table: Sequence[Sequence[str]]) -> str:
    """Return a table as reStructuredText."""
    rows = ["   * - " + "\n     - ".join(row) for row in table]
    lines = "\n".join([f".. list-table:: {title}", "   :header-rows: 1", "", *rows, ""])
    return "\n".join(line.rstrip() for line in lines.split("\n"))


def plot(folders: Sequence[Folder], path: Path) -> None:
    """Draw a panel per folder: per variant the items in the order of their mean, a dot per seed."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    most = max(len(folder.variants) for folder in folders)
    figure, panels = pyplot.subplots(
        len(folders), squeeze=False, layout="constrained",
        figsize=(max(5.0, 2 + 0.9 * most), 1 + 3.2 * len(folders)),
    )  # fmt: skip
    for axes, folder in zip(panels[:, 0], folders, strict=True):
        for number, own in enumerate(folder.variants.values()):
            means = by_item(own.sdr)
            order = np.argsort(means)[: np.count_nonzero(~np.isnan(means))]
            at = number + np.linspace(-0.35, 0.35, order.size)
            axes.plot(at, means[order], color="0.6", linewidth=1)
            axes.plot(at, own.sdr[order], ".", color=f"C{number % 10}", markersize=5)
            axes.hlines(nan_or(np.mean, means), number - 0.4, number + 0.4, color="k")
        axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
        axes.set_title(f"{folder.name}: items in ascending order, a dot per seed; bar: mean")
        axes.set_ylabel("mean SDR in dB")
        axes.set_xticks(range(len(folder.variants)), folder.variants, rotation=30, ha="right")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def read(paths: Sequence[Path], items: Sequence[str]) -> list[Row]:
    """Return the rows of the files whose item has one of the names."""
    rows = []
    for path in paths:
        own = read_results(path)
        if len(paths) > 1:
            own = [row | {"variant": f"{path.stem}:{row['variant']}"} for row in own]
        if len(versions := {row["code"] for row in own}) > 1:
            print(f"{path}: measured with {len(versions)} versions of the code", file=sys.stderr)
        rows += [row for row in own if any(fnmatchcase(row["item"], name) for name in items)]
    if not rows:
        raise ValueError("there are no results of such items")
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables and save the picture."""
    parser = Script(__doc__, ["{cells}"])
    parser.add_argument("results", nargs="+", type=Path, metavar="CSV")
    parser.add_argument("--baseline", metavar="VARIANT", help="default: the first one")
    parser.add_argument("--items", nargs="+", default=["*"], help="names, may have wildcards")
    parser.add_argument("--each", action="store_true", help="also the SDR of each item")
    parser.add_argument("--rst", action="store_true", help="print reStructuredText")
    parser.add_argument("--plot", type=Path, metavar="PNG")
    args = parser.parse_args(arguments)
    try:
        folders = gathered(read(args.results, args.items))
        baseline = args.baseline or next(iter(folders[0].variants))
        if not any(baseline in folder.variants for folder in folders):
            raise ValueError(f"--baseline {baseline}: no such variant in the results")
    except (OSError, ValueError) as error:
        parser.error(str(error))
    show = list_table if args.rst else plain
    for folder in folders:
        title = f"{folder.name}: {len(folder.items)} items, seeds {' '.join(folder.seeds)}"
        print(show(title, [HEAD, *lines(folder, baseline)]))
        if args.each:
            print(show(f"{folder.name}: SDR", [["variant", *folder.items], *each_item(folder)]))
    if args.plot:
        plot(folders, args.plot)


if __name__ == "__main__":
    main()
