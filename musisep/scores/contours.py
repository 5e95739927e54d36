"""Contours of pitch, as pitch trackers and annotation tools write them, as scores."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from musisep.scores.naming import fit_names
from musisep.scores.reading import content_of
from musisep.scores.score import Score, note_table
from musisep.tones.peaks import Floats

LARGEST = 2**26
"""Bytes of a file; more is none."""
PAUSE_S = 0.05
"""A contour is cut where it is silent for longer."""
STEP = 0.5
"""It is cut where its pitch is so many semitones from the mean since the last cut."""
SHORTEST_S = 0.01
"""A lone point sounds for so long."""
LOWEST_HZ, HIGHEST_HZ = 1.0, 100_000.0
OTHERS = ("confidence", "probability", "voicing", "voiced")
"""Columns that trackers write beside the pitch, such as CREPE."""


def read_contours(paths: Sequence[Path]) -> Score:
    r"""Read the pitches of each instrument at many times.

    Each line has a time in seconds and a fundamental frequency in Hz, with a file for each
    instrument; or one file has several frequencies in a line, one for each instrument. Columns are
    separated by commas, semicolons, tabs or spaces; with semicolons and tabs numbers may have a
    decimal comma. A head may name the columns; those that it calls as in `OTHERS` are left out.
    Where a frequency is 0, negative, NaN or missing, the instrument is silent.

    Parameters
    ----------
    paths : sequence of path
        One file for each instrument, or a single one.

    Returns
    -------
    Score
        Notes that follow the contours, which are cut so that each stays within half a semitone.
        Instruments are called as the files or, in a single one with a head, as the columns.

    Raises
    ------
    ValueError
        If a file is no such table; the message names it and the line.
    AudioFileError
        If a file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.scores.contours import read_contours
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "violin.txt"
    ...     _ = path.write_text("0.00 440\n0.01 441\n0.02 440\n0.03 0\n0.04 660\n")
    ...     score = read_contours([path])
    >>> score.names
    ('violin',)
    >>> score.notes.f0_hz.round().tolist()
    [440.0, 660.0]
    """
    names: list[str] = []
    contours: list[tuple[Floats, Floats]] = []
    for path in paths:
        try:
            head, table = _table(path)
        except ValueError as error:
            raise ValueError(f"{path}: {error}" if len(paths) > 1 else str(error)) from None
        own = head[1:] if len(paths) == 1 and table.shape[1] > 2 else [Path(path).stem]
        own = own or [""] * (table.shape[1] - 1)
        if len(paths) > 1 and table.shape[1] > 2:
            raise ValueError(f"{path} has several pitches in a line; give one file, or one of each")
        names += own
        contours += [(table[:, 0], column) for column in table[:, 1:].T]
    notes = [(*note, number) for number, contour in enumerate(contours) for note in cut(*contour)]
    if not notes:
        raise ValueError("has no pitch above 0 Hz")
    onset_s, offset_s, f0_hz, numbers = np.array(notes).T
    table = note_table(onset_s, offset_s, f0_hz, numbers.astype(np.int64))
    return Score(table, tuple(fit_names(names)))


def cut(times_s: Floats, f0_hz: Floats) -> Iterable[tuple[float, float, float]]:
    """Yield the notes of a contour: onset and offset in seconds, pitch in Hz.

    Parameters
    ----------
    times_s : ndarray, shape (point,)
        Rising.
    f0_hz : ndarray, shape (point,)
        What is not above 0 is silence.
    """
    voiced = np.flatnonzero(f0_hz > 0)
    if not voiced.size:
        return
    step_s = float(np.median(np.diff(times_s))) if times_s.size > 1 else SHORTEST_S
    points = list(zip(times_s[voiced], 12 * np.log2(f0_hz[voiced]), strict=True))
    begin, last, total, size = points[0][0], points[0][0], 0.0, 0
    for time_s, pitch in points:
        paused = time_s - last > max(PAUSE_S, 1.5 * step_s)
        if size and (paused or abs(pitch - total / size) > STEP):
            end = last + step_s if paused else time_s
            yield float(begin), float(end), float(2 ** (total / size / 12))
            begin, total, size = time_s, 0.0, 0
        last, total, size = time_s, total + pitch, size + 1
    yield float(begin), float(last + step_s), float(2 ** (total / size / 12))


def _table(path: Path) -> tuple[list[str], Floats]:
    """Return the names of the columns, if there are any, and the numbers of a file."""
    content = content_of(path, LARGEST, "contour")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"is no text in UTF-8 ({error.reason})") from None
    head: list[str] = []
    others: set[int] = set()
    rows: list[list[float]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [cell for place, cell in enumerate(_cells(line)) if place not in others]
        try:
            row = [float(cell) if cell else math.nan for cell in cells]
        except ValueError:
            if rows or head or _is_number(cells[0]):
                raise ValueError(f"line {number}: {line.strip()[:40]!r} is no numbers") from None
            others = {place for place, name in enumerate(cells) if name.lower() in OTHERS}
            head = [name for place, name in enumerate(cells) if place not in others]
            continue
        _check(number, row, rows, head)
        rows.append(row)
    if not rows:
        raise ValueError("has no times and pitches")
    return head, np.array(rows)


def _cells(line: str) -> list[str]:
    separator = next((sign for sign in ";\t," if sign in line), None)
    if separator is None:
        return line.split()
    point = {ord(","): "."} if separator != "," else {}
    return [cell.strip().translate(point) for cell in line.split(separator)]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _check(number: int, row: list[float], rows: list[list[float]], head: list[str]) -> None:
    """Refuse a line that does not fit those before it."""
    width = len(rows[0]) if rows else max(len(head or row), 2)
    if len(row) != width:
        raise ValueError(f"line {number} has {len(row)} columns, and not {width}")
    if not (row[0] >= 0 and math.isfinite(row[0])):
        raise ValueError(f"line {number} begins with {row[0]:g}, which is no time in seconds")
    if rows and row[0] <= rows[-1][0]:
        raise ValueError(f"line {number} is not later than the one before")
    for pitch in row[1:]:
        if pitch > 0 and not LOWEST_HZ <= pitch <= HIGHEST_HZ:
            raise ValueError(f"line {number} has {pitch:g}, which is no pitch in Hz")
