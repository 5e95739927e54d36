"""Scores in files, by their suffixes."""

import os
from collections.abc import Sequence
from pathlib import Path

from musisep.scores.csvs import read_csv, write_csv
from musisep.scores.score import Score

TABLES, MIDI = (".csv", ".tsv", ".txt"), (".mid", ".midi")
"""Suffixes of files that hold scores."""


def load_score(path: str | os.PathLike[str], names: Sequence[str] | None = None) -> Score:
    """Read a score from a table (CSV) or a MIDI file.

    Parameters
    ----------
    path : path
        Its suffix tells what it is: see `TABLES` and `MIDI`.
    names : sequence of str, optional
        The instruments; default: those that the file names, which must be among these otherwise.

    Raises
    ------
    ValueError
        If it is no score, or names another instrument.
    AudioFileError
        If it cannot be read.
    """
    suffix = Path(path).suffix.lower()
    if suffix in MIDI:
        from musisep.scores.midi import read_midi

        return read_midi(path, names)
    if suffix in TABLES:
        return read_csv(path, names)
    raise ValueError(f"is no score by its name; it must end in {', '.join(TABLES + MIDI)}")


def save_score(score: Score, path: str | os.PathLike[str], *, pitch_bends: bool = False) -> None:
    """Write a score as a table (CSV) or a MIDI file.

    Parameters
    ----------
    score : Score
    path : path
        Its suffix tells what it becomes.
    pitch_bends : bool
        In MIDI: whether pitches are exact; default: they are rounded to semitones.

    Raises
    ------
    ValueError
        If the suffix is unknown.
    AudioFileError
        If the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix in MIDI:
        from musisep.scores.midi import write_midi

        write_midi(path, score, bends=pitch_bends)
    elif suffix in TABLES:
        write_csv(path, score)
    else:
        raise ValueError(f"{path} must end in {', '.join(TABLES + MIDI)}")
