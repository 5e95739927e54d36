"""Tell what names of instruments are worth, from what run.py has measured.

    python experiments/run.py default "name[s]" --folders check urmp --out names.csv
    python experiments/e33_names.py names.csv [--first check 50] [--results FOLDER]

The table has mean SDR in dB and share of the right player, without and with names, of the first
items of the folder that `--first` tells, of each kind of them, and of each other folder.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import protocol
from cells import Row
from results import write_table, write_values
from script import Script
from summary import plain, read

BLIND, NAMED = "default", "names"
KINDS = ("duo", "trio", "quartet", "chords", "lines", "one family", "several families")
HEAD = [
    "items", "number", "blind: mean SDR in dB", "right player", "with names: mean SDR",
    "right player", "gain",
]  # fmt: skip


def row(name: str, rows: Sequence[Row]) -> list[str]:
    """Return a row of the table."""
    blind, named = (of_variant(rows, variant) for variant in (BLIND, NAMED))
    sdr = [protocol.figures(own) for own in (blind, named)]
    right = [protocol.by_item(protocol.figures(own, "right_share")) for own in (blind, named)]
    cells = [name, str(len(sdr[0]))]
    for figures, shares in zip(sdr, right, strict=True):
        cells.append(protocol.with_interval(protocol.by_item(figures)))
        cells.append(f"{shares.mean():.1%}" if shares.size else "")
    return [*cells, protocol.with_interval(protocol.by_item(protocol.changes(sdr[1], sdr[0])))]


def of_variant(rows: Sequence[Row], variant: str) -> list[Row]:
    """Return the rows of a variant."""
    return [own for own in rows if own["variant"] == variant]


def gain(rows: Sequence[Row]) -> float:
    """Return the mean gain in dB over the items."""
    blind, named = (protocol.figures(of_variant(rows, variant)) for variant in (BLIND, NAMED))
    return float(np.mean(protocol.by_item(protocol.changes(named, blind))))


def main() -> None:
    """Print the table, and write it."""
    parser = Script(__doc__, ["{cells}", "--first", "tiny", "10"], results=True)
    parser.add_argument("cells", type=Path, metavar="CSV")
    parser.add_argument("--first", nargs=2, default=("check", "50"), metavar=("FOLDER", "N"))
    args = parser.parse_args()
    rows = read([args.cells], ["*"])
    folder, most = args.first[0], int(args.first[1])
    items = sorted({own["item"] for own in rows if own["folder"] == folder})[:most]
    first = [own for own in rows if own["folder"] == folder and own["item"] in items]
    parts = {f"{folder}, first {most}": first}
    parts |= {kind: protocol.of_kind(first, kind) for kind in KINDS}
    for other in dict.fromkeys(own["folder"] for own in rows if own["folder"] != folder):
        parts[other] = [own for own in rows if own["folder"] == other]
    parts = {name: own for name, own in parts.items() if own}
    table = [HEAD, *(row(name, own) for name, own in parts.items())]
    print(plain("names", table))
    if args.results:
        write_table(args.results, "names", table)
        values = {f"{name.partition(',')[0]} gain": gain(own) for name, own in parts.items()}
        write_values(args.results, "names", ", ".join(parts), values)


if __name__ == "__main__":
    main()
