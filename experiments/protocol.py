"""Tables of what `run.py` has measured: what carries over to recordings that nobody tuned on.

    python experiments/protocol.py results.csv [more.csv ...] [--tables kinds copies] [--rst]

The tables, a set for each folder and variant:

* kinds: for all items and for each kind of them: mean SDR, share of the items above 5 dB, share of
  the tones' amplitude that goes to the right player, and gain over the baseline;
* copies: how far the SDR of changed copies (see copies.py) is from that of the items themselves;
* confidence: what the SDR is where the separation is sure, and where it is not;
* players: how many are found, where that is not told.

Means over items have their 95 % interval in brackets: bootstrap over items, an item with its mean
over the seeds. Cells that failed or have no SDR are left out. With several files, variants are
called file:variant.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from cells import Row
from copies import PLAIN
from items import Floats
from scipy.stats import spearmanr
from script import Script
from summary import EXACT, list_table, nan_or, plain, read, text

GOOD_DB = 5.0
STEADY_DB = 1.0
"""A copy whose SDR differs by less is separated as the item itself."""
DRAWS = 10_000
"""Of items, for an interval."""
PARTS = 5
"""Of the cells in the order of their confidence."""
ALL = "all"

Cells = dict[tuple[str, str], float]
"""A figure by item and seed."""
Table = list[list[str]]


def figures(rows: Iterable[Row], column: str = "sdr_db") -> Cells:
    """Return the figures that a column has."""
    found = {(row["item"], row["seed"]): float(row[column] or "nan") for row in rows}
    return {cell: figure for cell, figure in found.items() if not np.isnan(figure)}


def changes(own: Cells, base: Cells) -> Cells:
    """Return the differences of the cells that both have."""
    return {cell: figure - base[cell] for cell, figure in own.items() if cell in base}


def by_item(cells: Cells) -> Floats:
    """Return the means over the seeds."""
    items: dict[str, list[float]] = {}
    for (item, _), figure in cells.items():
        items.setdefault(item, []).append(figure)
    return np.array([np.mean(own) for own in items.values()])


@EXACT
def with_interval(values: Floats) -> str:
    """Return the mean over the items, and the interval of it."""
    if values.size < 2:
        return text(nan_or(np.mean, values))
    draws = np.random.default_rng(0).integers(values.size, size=(DRAWS, values.size))
    low, high = np.quantile(values[draws].mean(axis=1), (0.025, 0.975))
    return f"{text(values.mean())} [{text(low)}, {text(high)}]"


def share(chosen: Floats) -> str:
    """Return which share is chosen, in percent."""
    return f"{np.mean(chosen):.0%}" if len(chosen) else ""


def of_kind(rows: Iterable[Row], kind: str) -> list[Row]:
    """Return the rows of the items of a kind."""
    return [row for row in rows if kind in (ALL, *row["kinds"].split(";"))]


def kinds_table(own: Sequence[Row], base: Sequence[Row]) -> Iterator[tuple[str, Table]]:
    """Yield the figures of each kind, and the gains over the rows of the baseline."""
    own = [row for row in own if row["copy"] == PLAIN]
    base = [row for row in base if row["copy"] == PLAIN]
    places = {(at, kind) for row in own for at, kind in enumerate(row["kinds"].split(";")) if kind}
    table = [["kind", "items", "mean SDR", f"above {GOOD_DB:g} dB", "right player", "gain"]]
    for kind in (ALL, *(kind for _, kind in sorted(places))):
        rows = of_kind(own, kind)
        sdr, right = figures(rows), by_item(figures(rows, "right_share"))
        gains = by_item(changes(sdr, figures(base)))
        values = by_item(sdr)
        cells = [
            with_interval(values), share(values > GOOD_DB),
            f"{right.mean():.1%}" if right.size else "",
            "" if own == base else with_interval(gains),
        ]  # fmt: skip
        table.append([kind, str(values.size), *cells])
    yield "by kind", table


def copies_table(own: Sequence[Row], base: Sequence[Row]) -> Iterator[tuple[str, Table]]:
    """Yield how far the SDR of the copies is from that of the items."""
    table = [["copy", "items", "SDR of the items", "change", f"within {STEADY_DB:g} dB", "worst"]]
    items = figures(row for row in own if row["copy"] == PLAIN)
    for copy in dict.fromkeys(row["copy"] for row in own if row["copy"] != PLAIN):
        sdr = figures(row for row in own if row["copy"] == copy)
        change = by_item(changes(sdr, items))
        before = by_item({cell: items[cell] for cell in sdr if cell in items})
        cells = [
            text(nan_or(np.mean, before)), with_interval(change),
            share(np.abs(change) < STEADY_DB), text(nan_or(np.min, change)),
        ]  # fmt: skip
        table.append([copy, str(change.size), *cells])
    yield "changed copies", table


def confidence_tables(own: Sequence[Row], base: Sequence[Row]) -> Iterator[tuple[str, Table]]:
    """Yield the SDR by confidence, and by what it is called."""
    rows = [row for row in own if row["copy"] == PLAIN]
    sdr, confidence = figures(rows), figures(rows, "confidence")
    cells = sorted(sdr.keys() & confidence, key=lambda cell: confidence[cell])
    values = np.array([sdr[cell] for cell in cells])
    sure = np.array([confidence[cell] for cell in cells])
    correlation = spearmanr(sure, values).statistic if len(cells) > 2 else np.nan
    head = ["cells", "mean SDR", f"above {GOOD_DB:g} dB", "worst"]
    table = [["confidence", *head]]
    for part in np.array_split(np.arange(len(cells)), PARTS):
        if part.size:
            table.append([f"{sure[part[0]]:.2f} to {sure[part[-1]]:.2f}", *_heard(values[part])])
    yield f"confidence, rank correlation with the SDR {text(correlation)}", table
    table = [["called", *head]]
    for word in sorted({row["called"] for row in rows if row["called"]}):
        own_sdr = figures(row for row in rows if row["called"] == word)
        table.append([word, *_heard(np.array(list(own_sdr.values())))])
    yield "what it is called", table


def _heard(sdr: Floats) -> list[str]:
    mean, worst = (nan_or(statistic, sdr) for statistic in (np.mean, np.min))
    return [str(sdr.size), text(mean), share(sdr > GOOD_DB), text(worst)]


def players_table(own: Sequence[Row], base: Sequence[Row]) -> Iterator[tuple[str, Table]]:
    """Yield how many players are found, for each true number of them."""
    rows = [row for row in own if row["copy"] == PLAIN and row["players_found"]]
    pairs = np.array(
        [(row["instruments"].count(";") + 1, int(row["players_found"])) for row in rows], dtype=int
    ).reshape(-1, 2)
    true, found = pairs.T
    numbers = sorted(set(found))
    table = [["players", *(f"found {number}" for number in numbers)]]
    for number in sorted(set(true)):
        counts = (np.count_nonzero(found[true == number] == other) for other in numbers)
        table.append([str(number), *map(str, counts)])
    off = np.abs(found - true)
    yield f"players, {share(off == 0)} right, {share(off <= 1)} within one", table


TABLES = {
    "kinds": kinds_table,
    "copies": copies_table,
    "confidence": confidence_tables,
    "players": players_table,
}


def tables(
    rows: Sequence[Row], wanted: Sequence[str], baseline: str
) -> Iterator[tuple[str, Table]]:
    """Yield titles and tables: of each folder and variant in it, the wanted ones."""
    for folder in dict.fromkeys(row["folder"] for row in rows):
        here = [row for row in rows if row["folder"] == folder]
        base = [row for row in here if row["variant"] == baseline]
        for variant in dict.fromkeys(row["variant"] for row in here):
            own = [row for row in here if row["variant"] == variant]
            for name in wanted:
                for title, table in TABLES[name](own, base):
                    yield f"{folder}, {variant}: {title}", table


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = Script(__doc__, ["{cells}"])
    parser.add_argument("results", nargs="+", type=Path, metavar="CSV")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=["kinds"])
    parser.add_argument("--baseline", metavar="VARIANT", help="default: the first one")
    parser.add_argument("--items", nargs="+", default=["*"], help="names, may have wildcards")
    parser.add_argument("--kinds", nargs="+", default=[], help="of these items only")
    parser.add_argument("--rst", action="store_true", help="print reStructuredText")
    args = parser.parse_args(arguments)
    try:
        rows = read(args.results, args.items)
        for kind in args.kinds:
            rows = of_kind(rows, kind)
        if not rows:
            raise ValueError(f"--kinds {' '.join(args.kinds)}: there are no results of such items")
        baseline = args.baseline or rows[0]["variant"]
        if not any(row["variant"] == baseline for row in rows):
            raise ValueError(f"--baseline {baseline}: no such variant in the results")
    except (OSError, ValueError) as error:
        parser.error(str(error))
    show = list_table if args.rst else plain
    for title, table in tables(rows, args.tables, baseline):
        print(show(title, table))


if __name__ == "__main__":
    main()
