"""A cell is one item, separated by one variant with one seed; results are a CSV of cells."""

import csv
import hashlib
import io
import os
import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import variants
from items import read_item
from numpy.typing import ArrayLike

import musisep
from musisep.metrics import bss_eval

KEY = ("folder", "item", "variant", "seed")
COLUMNS = (
    *KEY, "sdr_db", "seconds", "rtf", "unexplained", "instruments", "sdr", "sir", "sar", "error",
    "code",
)  # fmt: skip
"""Of the results: `sdr_db` is the mean of the stems; their own figures are joined by semicolons."""

CACHE = "MUSISEP_EXPERIMENTS_CACHE"
"""Environment variable with the folder in which `shared.kept` keeps results, if any."""

Row = dict[str, str]


class Cell(NamedTuple):
    """The folder of an item, a variant and the file that defines it, and a seed."""

    item: Path
    variant: str
    file: Path
    seed: int

    @property
    def key(self) -> tuple[str, ...]:
        """What identifies the cell in the results."""
        return self.item.parent.name, self.item.name, self.variant, str(self.seed)


def measure(cell: Cell) -> Row:
    """Return the row of a cell; an error of the variant stands in it."""
    row = dict.fromkeys(COLUMNS, "") | dict(zip(KEY, cell.key, strict=True))
    try:
        return row | {"code": code()} | _figures(cell)
    except Exception as error:
        return row | {"code": code(), "error": " ".join(f"{type(error).__name__}: {error}".split())}


def _figures(cell: Cell) -> Row:
    item, variant = read_item(cell.item), variants.load(cell.file)[cell.variant]
    begin = time.perf_counter()
    result = variant(item, cell.seed)
    seconds = time.perf_counter() - begin + getattr(result, "saved_s", 0.0)
    measures = bss_eval(item.stems, getattr(result, "stems", result))
    left = getattr(result, "unexplained", None)
    return {
        "sdr_db": _text(measures.sdr.mean()),
        "seconds": _text(seconds),
        "rtf": _text(seconds * item.sample_rate / item.mixture.shape[1]),
        "unexplained": "" if left is None else _text(left),
        "instruments": ";".join(item.instruments),
        "sdr": _text(measures.sdr),
        "sir": _text(measures.sir),
        "sar": _text(measures.sar),
    }


def _text(values: ArrayLike) -> str:
    return ";".join(f"{value:.4f}" for value in np.atleast_1d(values))


@lru_cache(maxsize=1)
def code() -> str:
    """Return what changes with every change of the package's code."""
    sources = sorted(Path(musisep.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


def read_results(path: Path) -> list[Row]:
    """Return the rows of a file, of each cell the last one; none if there is no file.

    Raises ValueError if it is not a file of results.
    """
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path}: the first line must be {','.join(COLUMNS)}")
        return list({tuple(row[name] for name in KEY): row for row in reader}.values())


def append_result(path: Path, row: Row) -> None:
    """Append a row, and the header if the file is new, by a single write."""
    lines = io.StringIO()
    writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    if not path.exists():
        writer.writeheader()
    writer.writerow(row)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(file, lines.getvalue().encode())
    finally:
        os.close(file)
