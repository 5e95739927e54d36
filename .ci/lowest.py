"""Print the lowest versions that setup.py declares, as constraints for pip.

python .ci/lowest.py [EXTRA ...]
"""

import ast
import sys
from pathlib import Path

SETUP = Path(__file__).parents[1] / "setup.py"


def requirements(extras: list[str]) -> list[str]:
    """Read what setup.py requires, without running it."""
    setup = next(
        node
        for node in ast.walk(ast.parse(SETUP.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setup"
    )
    declared = {keyword.arg: keyword.value for keyword in setup.keywords}
    found = ast.literal_eval(declared["install_requires"])
    of_extras = ast.literal_eval(declared["extras_require"])
    return found + [requirement for extra in extras for requirement in of_extras[extra]]


for requirement in requirements(sys.argv[1:]):
    name, bound, version = requirement.partition(">=")
    if not bound:
        sys.exit(f"setup.py: {requirement!r} states no lowest version")
    print(f"{name}=={version}")
