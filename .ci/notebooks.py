"""Execute the notebooks of docs/notebooks, each in an empty folder; an error in a cell ends it.

    python .ci/notebooks.py [SOURCE ...] [--jobs N] [--out FOLDER] [--timeout SECONDS]

They are kept as Python files in the form of sphinx-gallery, which jupytext reads.
"""

import argparse
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import jupytext
import nbformat
from nbclient import NotebookClient

HOME = Path(__file__).parents[1] / "docs" / "notebooks"
FORM = {"extension": ".py", "format_name": "sphinx", "rst2md": True}


def main() -> None:
    """Execute all that are named, or all that there are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path, metavar="SOURCE", help="default: all")
    parser.add_argument("--jobs", type=int, default=1, help="at a time (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write .ipynb there")
    parser.add_argument("--timeout", type=int, default=300, help="seconds for a cell (%(default)s)")
    args = parser.parse_args()
    sources = args.sources or sorted(HOME.glob("*.py"))
    if not sources:
        parser.error(f"no notebook in {HOME}")
    with ThreadPoolExecutor(args.jobs) as pool:
        for line in pool.map(lambda source: execute(source, args.out, args.timeout), sources):
            print(line, flush=True)


def read(source: Path) -> nbformat.NotebookNode:
    """Read a notebook; its sections are one level below its title."""
    notebook = jupytext.read(source, fmt=FORM)
    texts = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    for cell in texts[1:]:
        cell.source = re.sub("^#", "##", cell.source, flags=re.MULTILINE)
    return notebook


def execute(source: Path, out: Path | None, timeout: int) -> str:
    """Execute a notebook; return what it is called and how long it took."""
    start = time.perf_counter()
    notebook = read(source)
    with TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(
            notebook, timeout=timeout, kernel_name="python3", resources=resources
        ).execute()
    if out:
        out.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, out / f"{source.stem}.ipynb")
    return f"{source.name}: {time.perf_counter() - start:.0f} s"


if __name__ == "__main__":
    main()
