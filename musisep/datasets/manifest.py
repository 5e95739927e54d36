"""Manifests: a table of the files of a data set, for those that no layout fits."""

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from musisep._util import checks
from musisep._util.messages import shown
from musisep.datasets.layouts import text_of
from musisep.datasets.names import SPLITS
from musisep.datasets.recordings import Recording
from musisep.io.replacing import problem
from musisep.names import canonical
from musisep.stems import MIXTURE

COLUMNS = ("track", "file", "role", "instrument", "split")
"""Of a CSV file; the first three are needed."""
NEEDED = COLUMNS[:3]
KEYS = ("track", "references", "mixture", "instruments", "split")
"""Of a track in a JSON file; the first two are needed."""


@dataclass
class _Track:
    """What is known so far of a recording."""

    name: str
    split: str
    references: dict[str, Path] = field(default_factory=dict)
    instruments: dict[str, str] = field(default_factory=dict)
    mixture: Path | None = None

    def add(self, role: str, file: Path, instrument: str = "") -> None:
        """Add a file; ValueError if its role is taken."""
        if role.lower() == MIXTURE:
            if self.mixture:
                raise ValueError(f"track {self.name!r} has two mixtures; remove one of them")
            self.mixture = file
        elif role in self.references:
            raise ValueError(f"track {self.name!r} has two files for {role!r}; remove one of them")
        else:
            self.references[role] = file
            if instrument:
                self.instruments[role] = canonical(instrument)

    def recording(self) -> Recording:
        """Return the recording; ValueError if it has no reference."""
        if not self.references:
            raise ValueError(f"track {self.name!r} has no references; add a row for each")
        name = f"{self.split}/{self.name}" if self.split else self.name
        return Recording(self.references, self.mixture, name, self.instruments)


def read_manifest(path: str | os.PathLike[str]) -> list[Recording]:
    r"""Read the recordings of a data set from a table.

    Parameters
    ----------
    path : path
        A CSV file with the columns track, file, role ("mixture", or the name of the reference), and
        perhaps instrument and split, a row for each file; or a JSON file with a list of tracks,
        each an object with track, references (files by name), and perhaps mixture, instruments (by
        name of the reference) and split. Files are relative to the manifest.

    Returns
    -------
    list of Recording
        In the order of the manifest. Whether the files are there is not looked at.

    Raises
    ------
    AudioFileError
        If it cannot be read, or is not as described; the message names the line or the track.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.datasets import read_manifest
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Path(folder, "songs.csv")
    ...     _ = table.write_text(
    ...         "track,file,role,instrument,split\n"
    ...         "march,a.wav,melody,oboe,train\n"
    ...         "march,b.wav,bass,bassoon,train\n"
    ...     )
    ...     (march,) = read_manifest(table)
    >>> march.name, march.instruments
    ('train/march', {'melody': 'oboe', 'bass': 'bassoon'})
    """
    path = checks.path("path", path)
    readers = {".csv": _rows, ".json": _listed}
    if path.suffix.lower() not in readers:
        raise problem(path, "is no manifest, which ends in .csv or .json; or name a folder")
    text = text_of(path)
    try:
        tracks = list(readers[path.suffix.lower()](text, path.parent))
        if not tracks:
            raise ValueError("it names no tracks")
        return [track.recording() for track in tracks]
    except RecursionError:
        raise problem(path, "is no manifest: it is nested too deeply") from None
    except (ValueError, csv.Error) as error:
        raise problem(path, f"is no manifest as it should be: {error}") from error


def _rows(text: str, folder: Path) -> Iterator[_Track]:
    """Return the tracks of a CSV file; ValueError if a row is not as it should be."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    columns = [name.strip() for name in reader.fieldnames or ()]
    _check_names("column", columns, COLUMNS, NEEDED)
    if len(set(columns)) < len(columns):
        raise ValueError(f"columns={','.join(columns)} must be different")
    reader.fieldnames = columns
    tracks: dict[tuple[str, str], _Track] = {}
    for row in reader:
        try:
            if None in row:
                raise ValueError(f"it has more than {len(columns)} fields")
            cells = {name: (cell or "").strip() for name, cell in row.items()}
            for name in NEEDED:
                if not cells[name]:
                    raise ValueError(f"its {name} is empty")
            key = _checked_split(cells.get("split")), cells["track"]
            track = tracks.setdefault(key, _Track(key[1], key[0]))
            track.add(cells["role"], _file(folder, cells["file"]), cells.get("instrument", ""))
        except ValueError as error:
            raise ValueError(f"line {reader.line_num}: {error}") from None
    return iter(tracks.values())


def _listed(text: str, folder: Path) -> Iterator[_Track]:
    """Return the tracks of a JSON file; ValueError if one is not as it should be."""
    tracks = json.loads(text)
    if not isinstance(tracks, list):
        raise ValueError("it must hold a list of tracks")
    names = set()
    for number, entry in enumerate(tracks, start=1):
        try:
            track = _entry(entry, folder)
            if (track.split, track.name) in names:
                raise ValueError(f"track={track.name!r} is there twice")
            names.add((track.split, track.name))
        except ValueError as error:
            raise ValueError(f"track number {number}: {error}") from None
        yield track


def _entry(entry: Any, folder: Path) -> _Track:
    if not isinstance(entry, Mapping):
        raise ValueError(f"{shown(entry)} must be an object")
    _check_names("key", list(entry), KEYS, KEYS[:2])
    track = _Track(_text("track", entry["track"]), _checked_split(entry.get("split")))
    instruments = _texts("instruments", entry.get("instruments") or {})
    references = _texts("references", entry["references"])
    for name in instruments:
        if name not in references:
            raise ValueError(f"instruments: there is no reference {name!r}")
    for name, file in references.items():
        if name.lower() == MIXTURE:
            raise ValueError(f"references: {name!r} is the key of its own beside them")
        track.add(name, _file(folder, file), instruments.get(name, ""))
    if entry.get("mixture") is not None:
        track.add(MIXTURE, _file(folder, _text(MIXTURE, entry["mixture"])))
    return track


def _check_names(
    kind: str, names: list[str], allowed: tuple[str, ...], needed: tuple[str, ...]
) -> None:
    for name in names:
        if name not in allowed:
            raise ValueError(f"unknown {kind} {shown(name)}; there may be {', '.join(allowed)}")
    if missing := [name for name in needed if name not in names]:
        raise ValueError(f"it lacks the {kind} {missing[0]!r}; there may be {', '.join(allowed)}")


def _checked_split(split: object) -> str:
    checks.one_of("split", split or "", ("", *SPLITS))
    return str(split or "")


def _file(folder: Path, name: str) -> Path:
    if "\0" in name:
        raise ValueError(f"{shown(name)} is no name of a file")
    return folder / name


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name}={shown(value)} must be text")
    return value


def _texts(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name}={shown(value)} must be an object of texts by name")
    return {key: _text(f"{name}: {key}", text) for key, text in value.items()}
