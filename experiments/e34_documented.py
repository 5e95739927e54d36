"""Put the documented method beside the default, from what run.py has measured.

    python experiments/run.py adam adam-viterbi default --folders musisep duets urmp --out adam.csv
    python experiments/e34_documented.py adam.csv [--results FOLDER]

``musisep`` is the folder of the package, whose one item is the demo. The table has the SDR in dB,
the mean over the stems, of some items, and means over several with the worst in brackets.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from cells import Row
from protocol import figures
from results import write_text, write_values
from script import Script
from summary import list_table, plain, read

METHODS = {
    "adam": '``method="adam"``',
    "adam-viterbi": '``method="adam"``, ``finder="viterbi"``',
    "default": "default",
}
ROWS = {
    "demo": ("musisep", "demo"),
    "D1": ("duets", "D1"),
    "urmp18": ("urmp", "urmp18"),
    "D1 to D10": ("duets", "D[1-9]", "D10"),
    "urmp, eight duets": ("urmp", "*"),
    "tiny": ("tiny", "*"),
}
"""Folders and names of items, which may have wildcards; rows without items are left out."""
TITLE = "SDR in dB, mean over the stems; in brackets the worst item"


def chosen(rows: Sequence[Row], folder: str, *names: str) -> list[Row]:
    """Return the rows of items."""
    return [
        row
        for row in rows
        if row["folder"] == folder and any(fnmatchcase(row["item"], name) for name in names)
    ]


def main() -> None:
    """Print the table, and write it."""
    parser = Script(__doc__, ["{cells}"], results=True)
    parser.add_argument("cells", type=Path, metavar="CSV")
    args = parser.parse_args()
    rows = read([args.cells], ["*"])
    table, values = [["items", *METHODS.values()]], {}
    for name, items in ROWS.items():
        cells = []
        for method in METHODS:
            own = [row for row in chosen(rows, *items) if row["variant"] == method]
            sdr = list(figures(own).values())
            if not sdr:
                cells.append("")
                continue
            worst = f" ({min(sdr):.1f})" if len(sdr) > 1 else ""
            cells.append(f"{np.mean(sdr):.1f}{worst}")
            values[f"{name} {method}"] = float(np.mean(sdr))
        if any(cells):
            table.append([name, *cells])
    print(plain(TITLE, table))
    if args.results:
        write_text(args.results, "documented_method", list_table(TITLE, table))
        folders = dict.fromkeys(row["folder"] for row in rows)
        write_values(args.results, "documented_method", ", ".join(folders), values)


if __name__ == "__main__":
    main()
