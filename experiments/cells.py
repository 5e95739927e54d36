"""A cell is a copy of an item, separated by a variant with a seed; results are a CSV of cells."""

import csv
import io
import os
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import variants
from copies import COPIES, PLAIN
from items import Floats, read_item
from numpy.typing import ArrayLike
from players import right_share, true_notes
from shared import code

from musisep.metrics import BssEval, bss_eval

KEY = ("folder", "item", "copy", "variant", "seed")
COLUMNS = (
    *KEY, "kinds", "sdr_db", "right_share", "seconds", "rtf", "unexplained", "instruments",
    "players_found", "sdr", "sir", "sar", "confidence", "confidences", "certainties", "called",
    "error", "code",
)  # fmt: skip
"""Of the results: `sdr_db` and `confidence` are means over the stems; the figures of each stem, in
the order of the true ones, are joined by semicolons, as are the kinds of the item. `players_found`
counts the stems found; where there are more or fewer than true ones, there is no SDR. `confidence`,
what it is made of, and `called`, a word for it, are there if the separation tells them."""

Row = dict[str, str]


class Cell(NamedTuple):
    """The folder of an item, a variant and the file that defines it, a seed, and a copy."""

    item: Path
    variant: str
    file: Path
    seed: int
    copy: str = PLAIN

    @property
    def key(self) -> tuple[str, ...]:
        """What identifies the cell in the results."""
        return self.item.parent.name, self.item.name, self.copy, self.variant, str(self.seed)


def measure(cell: Cell) -> Row:
    """Return the row of a cell; an error of the variant stands in it."""
    try:
        return _begun(cell) | _figures(cell)
    except Exception as error:
        return failed(cell, error)


def failed(cell: Cell, error: Exception) -> Row:
    """Return the row of a cell that has no figures."""
    return _begun(cell) | {"error": " ".join(f"{type(error).__name__}: {error}".split())}


def _begun(cell: Cell) -> Row:
    return dict.fromkeys(COLUMNS, "") | dict(zip(KEY, cell.key, strict=True)) | {"code": code()}


def _figures(cell: Cell) -> Row:
    copy, variant = COPIES[cell.copy], variants.load(cell.file)[cell.variant]
    item = copy.made(read_item(cell.item))
    begin = time.perf_counter()
    result = variant(item, cell.seed)
    seconds = time.perf_counter() - begin + getattr(result, "saved_s", 0.0)
    found = getattr(result, "stems", result)
    true = item.stems[..., getattr(result, "part", slice(None))]
    measures = _compared(*(copy.scored(stems, item.sample_rate) for stems in (true, found)))
    tones, left = getattr(result, "tones", None), getattr(result, "unexplained", None)
    right = None if tones is None else right_share(tones, true_notes(item))
    by_stem, certainties = (
        None if values is None else np.asarray(values)[measures.permutation]
        for values in (getattr(result, name, None) for name in ("confidence", "certainty"))
    )
    return {
        "kinds": ";".join(item.kinds),
        "sdr_db": _text(measures.sdr.mean()),
        "right_share": _text(right),
        "seconds": _text(seconds),
        "rtf": _text(seconds * item.sample_rate / item.mixture.shape[1]),
        "unexplained": _text(left),
        "instruments": ";".join(item.instruments),
        "players_found": str(len(found)),
        "sdr": _text(measures.sdr),
        "sir": _text(measures.sir),
        "sar": _text(measures.sar),
        "confidence": _text(None if by_stem is None else by_stem.mean()),
        "confidences": _text(by_stem),
        "certainties": _text(certainties),
        "called": getattr(result, "called", ""),
    }


def _compared(true: Floats, found: Floats) -> BssEval:
    """Return the measures of the true stems; NaN if another number of stems is found."""
    if len(found) == len(true):
        return bss_eval(true, found)
    return BssEval(*np.full((3, len(true)), np.nan), np.arange(len(found)))


def _text(values: ArrayLike | None) -> str:
    return "" if values is None else ";".join(f"{value:.4f}" for value in np.atleast_1d(values))


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
