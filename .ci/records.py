"""Check that the commits which figures in the documentation name hold the scripts that they name.

    python .ci/records.py REPOSITORY

A page says ``.. record:: SCRIPT, SCRIPT ...`` and ``:commit: COMMIT`` (docs/_ext/figures.py), a
file of values has "command" and "commit" (experiments/results.py). The commit must be in the
history of HEAD, and not "-dirty". Without history nothing can be checked, which is said.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

RECORD = re.compile(r"^\.\. record:: (.+)\n +:commit: (\S+)$", re.MULTILINE)
LIKE_A_RECORD = re.compile(r"\brecord(::|\})")
SCRIPT = re.compile(r"[\w/]+\.py")


def main() -> None:
    """Check all pages and values; say what is wrong."""
    root = Path(sys.argv[1])
    if not _has_history(root):
        print("there is no history here: the commits of figures are not checked")
        return
    docs = root / "docs"
    paths = sorted([*docs.rglob("*.rst"), *docs.rglob("*.md"), *docs.glob("results/*.json")])
    faults = [
        f"{path.relative_to(root)}: {fault}" for path in paths for fault in _faults(root, path)
    ]
    sys.exit("\n".join(faults) or None)


def _faults(root: Path, path: Path) -> Iterator[str]:
    """Yield what is wrong with a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        content = json.loads(text)
        records = [(content["command"], content["commit"])]
    else:
        records = RECORD.findall(text)
        if len(records) != len(LIKE_A_RECORD.findall(text)):
            yield "a record is not '.. record:: SCRIPT' and '   :commit: COMMIT' on two lines"
    for scripts, commit in records:
        if not re.fullmatch("[0-9a-f]{7,40}", commit):
            yield f"'{commit}' is no commit"
        elif not _git(root, "merge-base", "--is-ancestor", commit, "HEAD"):
            yield f"commit {commit} is not in the history"
        else:
            for script in SCRIPT.findall(scripts):
                if not _git(root, "cat-file", "-e", f"{commit}:{script}"):
                    yield f"commit {commit} has no {script}"


def _has_history(root: Path) -> bool:
    """Tell whether there is a history, and the whole of it."""
    command = ["git", "-C", str(root), "rev-parse", "--is-shallow-repository"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() == "false" and _git(root, "cat-file", "-e", "HEAD")


def _git(root: Path, *arguments: str) -> bool:
    """Tell whether git says yes."""
    return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True).returncode == 0


main()
