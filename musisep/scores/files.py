"""Scores in files, by their suffixes."""

import os
from collections.abc import Sequence
from pathlib import Path

from musisep.scores.csvs import read_csv, write_csv
from musisep.scores.score import Score

TABLES, MIDI = (".csv", ".tsv", ".txt"), (".mid", ".midi")
"""Suffixes of files that hold scores."""


def load_score(path: str | os.PathLike[str], names: Sequence[str] | None = None) -> Score:
    r"""Read a score from a table (CSV) or a MIDI file.

    Parameters
    ----------
    path : path
        The file; its suffix tells what it is: see `TABLES` and `MIDI`.
    names : sequence of str, optional
        The instruments; default: those that the file names, which must be among these otherwise.

    Returns
    -------
    Score
        Its notes in the order of onsets.

    Raises
    ------
    ValueError
        If it is no score, or names another instrument.
    AudioFileError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.scores import load_score
    >>> table = "onset_s,duration_s,pitch,instrument\n0.5,1.5,A4,horn\n0,0.5,E4,horn\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "notes.csv"
    ...     _ = path.write_text(table)
    ...     score = load_score(path)
    >>> score.names
    ('horn',)
    >>> score.notes.f0_hz.round(1).tolist()
    [329.6, 440.0]
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
        Notes and names to write.
    path : path
        The file; its suffix tells what it becomes.
    pitch_bends : bool, optional
        Whether pitches in MIDI are exact; default: they are rounded to semitones.

    Raises
    ------
    ValueError
        If the suffix is unknown.
    AudioFileError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.scores import Score, load_score, note_table, save_score
    >>> score = Score(note_table([0.0], [0.5], [550.0], [0]), ("horn",))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "notes.csv"
    ...     save_score(score, path)
    ...     print(path.read_text())
    onset_s,offset_s,pitch,cents,f0_hz,level_db,instrument,certainty
    0.0000,0.5000,C#5,-13.7,550.000,,horn,
    """
    suffix = Path(path).suffix.lower()
    if suffix in MIDI:
        from musisep.scores.midi import write_midi

        write_midi(path, score, bends=pitch_bends)
    elif suffix in TABLES:
        write_csv(path, score)
    else:
        raise ValueError(f"{path} must end in {', '.join(TABLES + MIDI)}")
