"""Write the tables of README.md from the values in docs/results, and which commands made these.

python experiments/readme.py
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows, the head first, as a table in Markdown."""
    head, *others = rows
    lines = [head, ["---"] * len(head), *others]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def decibels(values: Mapping[str, float], name: str) -> str:
    """Return a value, or nothing if it is not known."""
    return f"{round(values[name], 1) + 0.0:.1f}" if name in values else ""


def block(results: Path) -> str:
    """Return what README.md says in figures."""

    def read(name: str) -> Any:
        return json.loads((results / f"{name}.json").read_text(encoding="utf-8"))

    files = {name: read(name) for name in ("peers_urmp", "benchmark_check", "scores", "recordings")}
    urmp, check, scores, kinds = (file["values"] for file in files.values())
    methods = [
        [shown, decibels(urmp | {"score": scores["urmp exact"]}, name), decibels(check, name)]
        for name, shown in METHODS.items()
    ]
    by_kind = [
        [shown, *(decibels(kinds, f"{folder} {kind} dB") for kind in KINDS)]
        for folder, shown in (("check", "rendered ensembles"), ("real", "excerpts of recordings"))
    ]
    heads = (
        ["", "recorded duets (URMP, 8)", "rendered ensembles (50)"],
        ["musisep", "duos", "trios", "quartets", "with chords"],
    )
    made = "\n".join(f"* `{file['command']}`, commit {file['commit']}" for file in files.values())
    return "\n\n".join(
        [table([heads[0], *methods]), table([heads[1], *by_kind]), f"Made by\n\n{made}"]
    )


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
