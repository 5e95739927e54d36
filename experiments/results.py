"""Files of results that the documentation includes; each names the command that made it.

A table is NAME.rst: the command and the commit, and what the script has made. Values that prose
quotes are NAME.json: ``{"command", "commit", "data", "values": {name: number}}``.
"""

import json
import math
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from summary import list_table

from musisep.io.files import replacing

REPOSITORY = Path(__file__).resolve().parents[1]


def write_table(folder: Path, name: str, rows: Sequence[Sequence[str]], before: str = "") -> None:
    """Write rows of cells, the head first, as FOLDER/NAME.rst, below a paragraph."""
    paragraph = f"{before}\n\n" if before else ""
    write_text(folder, name, paragraph + list_table("", rows))


def write_text(folder: Path, name: str, text: str) -> None:
    """Write reStructuredText as FOLDER/NAME.rst."""
    head = f".. record:: {command()}\n   :commit: {commit()}\n\n"
    lines = (line.rstrip() for line in text.strip().splitlines())
    _write(folder / f"{name}.rst", head + "\n".join(lines) + "\n")


def write_values(folder: Path, name: str, data: str, values: Mapping[str, float]) -> None:
    """Write numbers as FOLDER/NAME.json; `data` says of which recordings they are.

    They are kept with six digits; a value that is not finite is left out.
    """
    finite = {key: float(f"{value:.6g}") for key, value in values.items() if math.isfinite(value)}
    content = {"command": command(), "commit": commit(), "data": data, "values": finite}
    text = json.dumps(content, indent=2, ensure_ascii=False)
    _write(folder / f"{name}.json", text + "\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{path.name} is written", flush=True)


def command() -> str:
    """Return the command line of this process, as one types it in the repository.

    Folders outside the repository are called DATA/NAME: where they lie matters to nobody.
    """
    script, *others = sys.argv
    return shlex.join(["python", _shown(script), *map(_shown, others)])


def _shown(argument: str) -> str:
    path = Path(argument)
    if not (path.is_absolute() or ".." in path.parts or path.exists()):
        return argument
    path = path.resolve()
    if path.is_relative_to(REPOSITORY):
        return path.relative_to(REPOSITORY).as_posix()
    return f"DATA/{path.name}"


def commit() -> str:
    """Return the short hash of the repository's commit, with "-dirty" if files were changed.

    Documents, and files that git does not know, change nothing that is measured. Without git it is
    "unknown".
    """
    git = ["git", "-C", str(REPOSITORY)]
    try:
        short = _output([*git, "rev-parse", "--short", "HEAD"])
        status = [*git, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs"]
        changed = _output(status)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{short}-dirty" if changed else short


def _output(arguments: Sequence[str]) -> str:
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    return done.stdout.strip()
