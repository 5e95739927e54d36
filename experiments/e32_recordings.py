"""Tell what carries over to recordings that nobody tuned on, from what run.py has measured.

    python experiments/run.py default --folders train check urmp duets real --out now.csv
    python experiments/run.py default --folders check --copies "*" --out copies.csv
    python experiments/e32_recordings.py now.csv [--before CSV] [--copies CSV] [--confidence check]
        [--results FOLDER]

The tables are those of protocol.py: by kind for each folder, what confidence tells for some of
them, and how far changed copies are from the mono duos themselves. ``--before`` is a file of an
earlier version, with the same items.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import protocol
from cells import Row
from copies import PLAIN
from results import write_text, write_values
from script import Script
from summary import list_table, plain, read

NOW, BEFORE = "now", "before"
COPIED = "duo", "mono"
"""Kinds of the items whose copies count."""


def labelled(path: Path, label: str) -> list[Row]:
    """Return the rows of the variant "default", which gets another name."""
    rows = [row for row in read([path], ["*"]) if row["variant"] == "default"]
    return [row | {"variant": label} for row in rows]


def tables(rows: Sequence[Row], told: Sequence[str]) -> Iterator[tuple[str, protocol.Table]]:
    """Yield titles and tables: by kind, then what the confidence tells for some folders."""
    baseline = BEFORE if any(row["variant"] == BEFORE for row in rows) else NOW
    yield from protocol.tables(rows, ["kinds"], baseline)
    sure = [row for row in rows if row["folder"] in told and row["variant"] == NOW]
    yield from protocol.tables(sure, ["confidence"], NOW)


def values_of(rows: Sequence[Row]) -> dict[str, float]:
    """Return mean SDR in dB and share of the right player in percent, by folder and kind."""
    values = {}
    now = [row for row in rows if row["variant"] == NOW and row["copy"] == PLAIN]
    for folder in dict.fromkeys(row["folder"] for row in now):
        own = [row for row in now if row["folder"] == folder]
        for kind in dict.fromkeys([protocol.ALL, *(k for r in own for k in r["kinds"].split(";"))]):
            chosen = protocol.of_kind(own, kind)
            for name, column, factor in (("dB", "sdr_db", 1), ("right", "right_share", 100)):
                means = protocol.by_item(protocol.figures(chosen, column))
                if means.size:
                    values[f"{folder} {kind} {name}"] = round(factor * float(np.mean(means)), 3)
    return values


def main() -> None:
    """Print the tables, and write them."""
    quick = ["{cells}", "--copies", "{cells}", "--confidence", "tiny"]
    parser = Script(__doc__, quick, results=True)
    parser.add_argument("now", type=Path, metavar="CSV")
    parser.add_argument("--before", type=Path, metavar="CSV")
    parser.add_argument("--copies", type=Path, metavar="CSV")
    parser.add_argument("--confidence", nargs="*", default=["check"], metavar="FOLDER")
    args = parser.parse_args()
    rows = labelled(args.before, BEFORE) if args.before else []
    rows += labelled(args.now, NOW)
    found = list(tables(rows, args.confidence))
    if args.copies:
        copied = labelled(args.copies, NOW)
        for kind in COPIED:
            copied = protocol.of_kind(copied, kind)
        found += protocol.tables(copied, ["copies"], NOW)
    print(*(plain(*table) for table in found), sep="\n")
    if args.results:
        write_text(args.results, "recordings", "\n".join(list_table(*table) for table in found))
        folders = dict.fromkeys(row["folder"] for row in rows)
        write_values(args.results, "recordings", ", ".join(folders), values_of(rows))


if __name__ == "__main__":
    main()
