"""Execute the notebooks of docs/notebooks; an error in a cell ends it.

    python .ci/notebooks.py [SOURCE ...] [--out FOLDER] [--timeout SECONDS]

They are kept as Python files (jupytext's percent format), without what their cells print.
"""

import argparse
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

HOME = Path(__file__).parents[1] / "docs" / "notebooks"


def main() -> None:
    """Execute all that are named, or all that there are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path, metavar="SOURCE", help="default: all")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write .ipynb and HTML there")
    parser.add_argument("--timeout", type=int, default=300, help="seconds for a cell (%(default)s)")
    args = parser.parse_args()
    sources = args.sources or sorted(HOME.glob("*.py"))
    if not sources:
        parser.error(f"no notebook in {HOME}")
    for source in sources:
        start = time.perf_counter()
        notebook = jupytext.read(source)
        client = NotebookClient(
            notebook,
            timeout=args.timeout,
            kernel_name="python3",
            resources={"metadata": {"path": str(source.parent)}},
        )
        client.execute()
        print(f"{source.name}: {time.perf_counter() - start:.0f} s")
        if args.out:
            write(notebook, args.out, source.stem)


def write(notebook: nbformat.NotebookNode, folder: Path, name: str) -> None:
    """Write what was executed."""
    from nbconvert import HTMLExporter

    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")
    page, _ = HTMLExporter().from_notebook_node(notebook)
    (folder / f"{name}.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
