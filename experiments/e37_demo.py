"""Show what the command prints for the recording that comes with the package.

    python experiments/e37_demo.py [--results docs/results]

The page on starting has these lines.
"""

import os
from contextlib import chdir, redirect_stdout
from io import StringIO
from tempfile import TemporaryDirectory

from results import write_text
from script import Script

from musisep.__main__ import main as musisep


def printed() -> str:
    """Return what the command prints, with the recording's name alone."""
    lines = StringIO()
    with TemporaryDirectory() as folder, chdir(folder), redirect_stdout(lines):
        status = musisep(["separate", "--demo", "--quiet"])
    if status:
        raise SystemExit(status)
    first, *others = lines.getvalue().splitlines()
    return "\n".join([os.path.basename(first), *others])


def main() -> None:
    """Print it, and write it."""
    args = Script(__doc__, results=True).parse_args()
    text = printed()
    print(text)
    if args.results:
        block = "\n".join(f"   {line}" for line in text.splitlines())
        write_text(args.results, "demo", f".. code-block:: text\n\n{block}")


if __name__ == "__main__":
    main()
