"""Scores as tables in text files, for people and spreadsheets."""

import csv
import io
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from musisep._util.pitches import HIGHEST, hz_of, midi_near, midi_of, pitch_name
from musisep.io.replacing import replacing
from musisep.scores.naming import number_of
from musisep.scores.reading import content_of
from musisep.scores.score import NOBODY, NoteTable, Score, note_table
from musisep.stems import NOBODY as NOBODYS
from musisep.stems import stem_names

COLUMNS = (
    "onset_s", "offset_s", "pitch", "cents", "f0_hz", "level_db", "instrument", "certainty"
)  # fmt: skip
"""Of a file that is written; when it is read, others do not matter, nor their order."""
REST = "rest"
"""Pitch of a rest."""
LARGEST = 2**26
"""Bytes of a file; more is none."""
FAR_CENTS = 50.0
"""A pitch and a frequency that differ by more contradict each other."""
MOST_CENTS = 100_000.0
"""By so much a pitch may be missed; more is none."""


def pitch_hz(text: str) -> float:
    """Return the frequency of a pitch: a name, as A4, Bb3 or F#5, or a MIDI number; ValueError."""
    midi: float | None = midi_of(text)
    if midi is None:
        try:
            midi = float(text)
        except ValueError:
            midi = math.nan
    if not 0 <= midi <= HIGHEST:
        raise ValueError(f"pitch {text!r} must be a note, as A4 or Bb3, or a MIDI number")
    return hz_of(midi)


def write_csv(path: str | os.PathLike[str], score: Score) -> None:
    """Write a score with the columns `COLUMNS`, whole or not at all.

    Raises
    ------
    AudioFileError
        If the file cannot be written.
    """
    with replacing(Path(path)) as temporary:
        temporary.write_text(written(score), encoding="utf-8", newline="")


def written(score: Score) -> str:
    """Return the text that `write_csv` writes."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for onset_s, offset_s, f0_hz, level_db, number, certainty in score.notes.tolist():
        pitch, cents = (REST, math.nan) if math.isnan(f0_hz) else _named(f0_hz)
        instrument = NOBODYS if number == NOBODY else score.names[number]
        writer.writerow((
            f"{onset_s:.4f}", f"{offset_s:.4f}", pitch, _text(cents, 1), _text(f0_hz, 3),
            _text(level_db, 1), instrument, _text(certainty, 3),
        ))  # fmt: skip
    return file.getvalue()


def read_csv(path: str | os.PathLike[str], names: Sequence[str] | None = None) -> Score:
    """Read a score.

    A line needs ``onset_s``, ``offset_s`` or ``duration_s``, ``instrument``, and ``pitch`` or
    ``f0_hz``. The pitch of a rest is ``rest``, the instrument of a note that is none ``nobody``.
    Fields are separated by commas, semicolons or tabs; with the last two numbers may
    have a decimal comma.

    Parameters
    ----------
    path : path
    names : sequence of str, optional
        The instruments; default: those that the file names, in the order of their first lines.

    Raises
    ------
    ValueError
        If it is no such table; the message names the line.
    AudioFileError
        If the file cannot be read.
    """
    content = content_of(path, LARGEST, "list of notes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is no text in UTF-8 ({error.reason}); save it as CSV in UTF-8") from None
    head = text.partition("\n")[0]
    told = head.lower().startswith("sep=")  # by Excel
    delimiter = head[4:5] if told and head[4:5] in set(",;\t") else max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    notes, players, known = [], [], list(names or ())
    try:
        if told:
            next(rows)
        columns = _columns(next(rows, []))
        for row in rows:
            if any(field.strip() for field in row):
                cells = dict(zip(columns, (field.strip() for field in row), strict=False))
                notes.append(_note(cells, decimal_comma=delimiter != ","))
                players.append(_player(cells["instrument"], known, fixed=names is not None))
    except (ValueError, csv.Error) as error:
        raise ValueError(f"line {rows.line_num}: {error}") from None
    if not known:
        raise ValueError("has no notes of an instrument")
    return Score(_table(notes, players), tuple(known))


def _columns(head: Sequence[str]) -> list[str]:
    """Return the names of columns; ValueError if one lacks."""
    columns = [name.strip().lower() for name in head]
    for wanted in (("onset_s",), ("offset_s", "duration_s"), ("instrument",), ("pitch", "f0_hz")):
        if not set(wanted) & set(columns):
            raise ValueError(f"has no column {' or '.join(wanted)}")
    return columns


def _note(cells: Mapping[str, str], *, decimal_comma: bool) -> tuple[float, ...]:
    """Return onset, offset, frequency, level and certainty of a line."""

    def number(name: str) -> float:
        text = cells.get(name, "")
        try:
            value = float(text.replace(",", ".") if decimal_comma else text) if text else math.nan
        except ValueError:
            value = math.inf
        if math.isinf(value):
            raise ValueError(f"{name} {text!r} must be a number")
        return value

    onset_s, offset_s = number("onset_s"), number("offset_s")
    if math.isnan(offset_s):
        offset_s = onset_s + number("duration_s")
    if not 0 <= onset_s < offset_s:
        raise ValueError("must begin at 0 s or later, and end after it begins")
    if not cells.get("instrument"):
        raise ValueError(f"needs an instrument, or {NOBODYS}")
    pitch = cells.get("pitch", "")
    if pitch.lower() != REST:
        f0_hz = _f0_hz(pitch, number("cents"), number("f0_hz"))
    elif cells["instrument"] == NOBODYS:
        raise ValueError("a rest must be of an instrument")
    else:
        f0_hz = math.nan
    return onset_s, offset_s, f0_hz, number("level_db"), number("certainty")


def _f0_hz(pitch: str, cents: float, f0_hz: float) -> float:
    """Return the frequency that a pitch and cents, a frequency, or all of these give."""
    if f0_hz <= 0:
        raise ValueError(f"f0_hz {f0_hz:g} must be above 0")
    if abs(cents) > MOST_CENTS:
        raise ValueError(f"cents {cents:g} must be from -{MOST_CENTS:g} to {MOST_CENTS:g}")
    if not pitch:
        if math.isnan(f0_hz):
            raise ValueError("needs a pitch, as A4, or rest, or f0_hz above 0")
        return f0_hz
    named = pitch_hz(pitch) * 2 ** (0.0 if math.isnan(cents) else cents / 1200)
    if abs(1200 * math.log2(f0_hz / named)) > FAR_CENTS:
        advice = "change both, or empty one of them"
        raise ValueError(f"pitch {pitch} and f0_hz {f0_hz:g} contradict each other; {advice}")
    return named if math.isnan(f0_hz) else f0_hz


def _player(name: str, known: list[str], *, fixed: bool) -> int:
    """Return the number of an instrument, which becomes known unless those that are are all."""
    if name.casefold() == NOBODYS:
        return NOBODY
    if name not in known and not fixed:
        known[:] = stem_names(len(known) + 1, [*known, name])
    return number_of(name, known)


def _table(notes: Sequence[tuple[float, ...]], numbers: Sequence[int]) -> NoteTable:
    onset_s, offset_s, f0_hz, level_db, certainty = np.array(notes).reshape(-1, 5).T
    insts = np.array(numbers, np.int64)
    return note_table(onset_s, offset_s, f0_hz, insts, level_db=level_db, certainty=certainty)


def _named(f0_hz: float) -> tuple[str, float]:
    """Return the name of the nearest pitch, and by how many cents it is missed."""
    exact = midi_near(f0_hz)
    nearest = min(max(round(exact), 0), HIGHEST)
    return pitch_name(nearest), 100 * (exact - nearest)


def _text(value: float, digits: int) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"
