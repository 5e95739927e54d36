"""Check that the commits which figures in the documentation name hold the scripts that they name.

    python .ci/records.py REPOSITORY

A page says ``.. record:: SCRIPT, SCRIPT ...`` and ``:commit: COMMIT`` (docs/_ext/figures.py).
Without the history of the repository nothing can be checked, which is said.
"""

import re
import subprocess
import sys
from pathlib import Path

RECORD = re.compile(r"^\.\. record:: (.+)\n +:commit: (\S+)$", re.MULTILINE)
SCRIPT = re.compile(r"[\w/]+\.py")


def main() -> None:
    """Check all pages; say what is wrong."""
    root = Path(sys.argv[1])
    if not _knows(root, "HEAD"):
        print("there is no history here: the commits of figures are not checked")
        return
    faults, number = [], 0
    for page in sorted((root / "docs").rglob("*.rst")):
        for scripts, commit in RECORD.findall(page.read_text(encoding="utf-8")):
            number += 1
            where = f"{page.relative_to(root)}: commit {commit}"
            if not _knows(root, f"{commit}^{{commit}}"):
                faults.append(f"{where} is not known")
            faults += [
                f"{where} has no {script}"
                for script in SCRIPT.findall(scripts)
                if not _knows(root, f"{commit}:{script}")
            ]
    if not number:
        faults.append("no page has a record: is the pattern right?")
    sys.exit("\n".join(faults) or None)


def _knows(root: Path, name: str) -> bool:
    """Tell whether git knows an object."""
    command = ["git", "-C", str(root), "cat-file", "-e", name]
    return subprocess.run(command, capture_output=True).returncode == 0


main()
