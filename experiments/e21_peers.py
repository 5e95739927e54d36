"""Put our figures beside those that others have for the same recordings, by one protocol.

    python experiments/e21_peers.py DATA [--methods musisep,adam,nmf] [--out FOLDER]
        [--results FOLDER]

DATA holds an item in each folder, and ``baselines.json``: the SDR in dB of each stem, by item and
by who reached it. Methods are run by `musisep benchmark`, which keeps what it has measured: a
gain is allowed, stems are assigned by the mean SIR, the SDR is averaged over the stems of an item.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from results import write_table, write_values
from script import Script

from musisep.__main__ import main as musisep
from musisep.benchmark.tables import text_lines
from musisep.metrics.averages import interval, mean, middle

Figures = dict[str, dict[str, float]]
"""Mean SDR over the stems, by who reached it and item."""


def published(data: Path) -> Figures:
    """Return the figures that stand beside the items."""
    known = json.loads((data / "baselines.json").read_text(encoding="utf-8"))
    found: Figures = {}
    for item, figures in known.items():
        for name, stems in figures.items():
            found.setdefault(name, {})[item] = mean(stems)
    return found


def reached(table: Path) -> Figures:
    """Return the figures of a benchmark."""
    found: Figures = {}
    for result in json.loads(table.read_text(encoding="utf-8"))["results"]:
        stems = [
            float("nan" if m["SDR"] is None else m["SDR"]) for m in result["measures"].values()
        ]
        if stems:
            found.setdefault(result["method"], {})[result["track"]] = mean(stems)
    return found


def table_of(ours: Figures, theirs: Figures) -> list[list[str]]:
    """Return rows of cells: who, who measured, mean and interval, median, worst, items."""
    items = sorted({item for figures in ours.values() for item in figures})
    table = [["method", "figures", "mean SDR", "median", "worst", *items]]
    for kind, group in (("measured", ours), ("given", theirs)):
        for name, figures in group.items():
            table.append([name, kind, *_row(figures, items)])
    return table


def _text(decibels: float) -> str:
    return f"{round(decibels, 1) + 0.0:.1f}"


def _row(figures: Mapping[str, float], items: list[str]) -> list[str]:
    values = [figures[item] for item in items if item in figures]
    low, high = map(_text, interval(values))
    worst = min(values, default=float("nan"))
    cells = [f"{_text(mean(values))} [{low}, {high}]", _text(middle(values)), _text(worst)]
    return [*cells, *(_text(figures[item]) if item in figures else "" for item in items)]


def main() -> None:
    """Run the methods and print the table."""
    quick = ["{items}", "--methods", "ideal-mask,mixture", "--out", "{scratch}"]
    parser = Script(__doc__, quick, results=True)
    parser.add_argument("data", type=Path)
    parser.add_argument("--methods", default="musisep,ideal-mask,mixture")
    parser.add_argument("--out", type=Path, default=Path("benchmark"))
    args = parser.parse_args()
    status = musisep(
        ["benchmark", str(args.data), "--methods", args.methods, "--out", str(args.out), "--quiet"]
    )
    ours, theirs = reached(args.out / "table.json"), published(args.data)
    table = table_of(ours, theirs)
    print("", *text_lines(table), sep="\n")
    if args.results:
        name = f"peers_{args.data.resolve().name}"
        write_table(args.results, name, table)
        values = {who: mean(list(own.values())) for who, own in (theirs | ours).items()}
        items = len({item for own in ours.values() for item in own})
        write_values(args.results, name, f"{items} items of {args.data.name}", values)
    raise SystemExit(status)


if __name__ == "__main__":
    main()
