"""Write the tables of README.md from those in docs/results, with the commands that made these.

    python experiments/readme.py

A test compares them with what stands there.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from results import REPOSITORY

from musisep.io.files import replacing

README = REPOSITORY / "README.md"
BEGIN = "<!-- figures: experiments/readme.py writes what follows from docs/results -->"
END = "<!-- end of figures -->"
METHODS = {
    "musisep": "**musisep**",
    "score": "musisep, with a score",
    "nmf": "NMF, clustered",
    "adam": "documented method (`--method adam`)",
    "MSI-DIS (trained deep net)": "MSI-DIS, a trained network",
    "ideal-mask": "ideal ratio mask, which knows the answer",
    "mixture": "the mixture itself",
}
"""Rows of the first table, by their names in the results."""
KINDS = ("duo", "trio", "quartet", "chords")
"""Columns of the second."""

Rows = list[list[str]]


class Result(NamedTuple):
    """A file of results: its tables by title, and what made it."""

    tables: dict[str, Rows]
    command: str
    commit: str

    def column(self, head: str, title: str = "") -> dict[str, str]:
        """Return a column of a table, by the first cells of the rows."""
        heads, *rows = self.tables[title]
        place = heads.index(head)
        return {row[0]: rounded(row[place]) for row in rows}


def rounded(cell: str) -> str:
    """Return a cell whose decibels have one digit behind the point."""
    return re.sub(r"-?\d+\.\d+", lambda match: f"{round(float(match[0]), 1) + 0.0:.1f}", cell)


def read(path: Path) -> Result:
    """Read a file that `results.py` has written."""
    text = path.read_text(encoding="utf-8")
    made = re.match(r"\.\. record:: (.+)\n   :commit: (\S+)\n", text)
    if made is None:
        raise SystemExit(f"{path.name} does not begin with its record")
    found: dict[str, Rows] = {}
    for line in text.splitlines():
        if line.startswith(".. list-table::"):
            rows = found.setdefault(line.partition("::")[2].strip(), [])
        elif cell := re.fullmatch(r"   (\* -|  -) ?(.*)", line):
            if cell[1] == "* -":
                rows.append([])
            rows[-1].append(cell[2])
    return Result(found, made[1], made[2])


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows, the head first, as a table in Markdown."""
    head, *others = rows
    lines = [head, ["---"] * len(head), *others]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def block(results: Path) -> str:
    """Return what README.md says in figures."""
    names = ("peers_urmp", "scores", "benchmark_check", "recordings")
    files = [read(results / f"{name}.rst") for name in names]
    peers, scores, check, recordings = files
    urmp = peers.column("mean SDR") | {"score": scores.column("exact")["urmp (8)"]}
    rendered = check.column("SDR")
    methods = [
        ["", "recorded duets (URMP, 8)", "rendered ensembles (50)"],
        *([shown, urmp.get(name, ""), rendered.get(name, "")] for name, shown in METHODS.items()),
    ]
    kinds = recordings.column("mean SDR", "check, now: by kind")
    by_kind = [
        ["musisep, rendered ensembles (100)", *KINDS],
        ["mean SDR", *(kinds[kind] for kind in KINDS)],
    ]
    made = "\n".join(f"* `{file.command}`, commit {file.commit}" for file in files)
    return "\n\n".join([table(methods), table(by_kind), f"Made by\n\n{made}"])


def written(text: str, results: Path) -> str:
    """Return the text of README.md with its figures."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{README.name} must have the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{block(results)}\n\n{END}{after}"


def main() -> None:
    """Write it."""
    text = written(README.read_text(encoding="utf-8"), REPOSITORY / "docs" / "results")
    with replacing(README) as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
