"""What a run has written into a folder: which files are its own, and what made them.

A run does not mix its files with those of another one, and leaves alone what no run wrote.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from musisep.io.replacing import replacing


@dataclass(frozen=True)
class Record:
    """The record of a run, beside the files that it wrote.

    Files stand in it by their places as seen from its own folder, each with the SHA-256 of its
    bytes, or with None as long as it is still to be written.

    Parameters
    ----------
    path : Path
        Where it is kept.
    made : mapping of str to object
        What determines the samples, in the types of JSON: runs of which this is equal write the
        same ones.
    files : mapping of str to str or None
        The files of this run.
    stale : mapping of str to str or None
        Those of an earlier run, which this one removes when it is complete.
    """

    path: Path
    made: Mapping[str, Any]
    files: Mapping[str, str | None] = field(default_factory=dict)
    stale: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Record | None":
        """Read a record; None if there is none, or another file of that name."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            parts = [content[name] for name in ("made", "files", "stale")]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return cls(path, *parts) if all(isinstance(part, dict) for part in parts) else None

    def save(self) -> None:
        """Write it; `AudioFileError` if that is impossible."""
        content = {"made": self.made, "files": self.files, "stale": self.stale}
        with replacing(self.path) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def is_complete(self, outputs: Iterable[Path]) -> bool:
        """Tell whether an equal run has written all of these files, and they are still so."""
        previous = Record.load(self.path)
        return (
            previous is not None
            and previous.made == self.made
            and all(previous.files.get(previous._key(path)) for path in outputs)
            and all(previous._owns(path) for path in outputs)
        )

    def conflict(self, outputs: Iterable[Path]) -> str:
        """Tell why a run must not write these files unless it is told to; empty if it may."""
        previous = Record.load(self.path)
        for path in outputs:
            if path.is_file() and not (previous and previous._owns(path)):
                return f"{path} exists, and no run wrote it or it was changed since"
        difference = _difference(previous.made, self.made) if previous else ""
        for key in previous.files if previous and difference else ():
            if (path := self.path.parent / key).is_file():
                return f"{path} is of another run, {difference}"
        return ""

    def begin(self, outputs: Iterable[Path]) -> "Record":
        """Record that a run begins to write its files; what there was of another is stale."""
        previous = Record.load(self.path) or self
        kept, stale = dict(previous.files), dict(previous.stale)
        if previous.made != self.made:
            kept, stale = {}, stale | kept
        files = kept | dict.fromkeys(map(self._key, outputs))
        begun = replace(self, files=files, stale=stale)
        begun.save()
        return begun

    def finish(self) -> None:
        """Record what was written, and remove what is stale, unless somebody has changed it."""
        stale = replace(self, files=self.stale)
        for key in self.stale.keys() - self.files.keys():
            path = self.path.parent / key
            if ".." not in Path(key).parts and not Path(key).is_absolute() and stale._owns(path):
                path.unlink(missing_ok=True)
        written = {
            key: known or digest(self.path.parent / key) for key, known in self.files.items()
        }
        replace(self, files=written, stale={}).save()

    def _owns(self, path: Path) -> bool:
        """Tell whether a file is as this run wrote it, or was still to be written by it."""
        known = {**self.stale, **self.files}.get(self._key(path), "")
        return path.is_file() and known in (None, digest(path))

    def _key(self, path: Path) -> str:
        return Path(os.path.relpath(path, self.path.parent)).as_posix()


def _difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name the first thing in which two runs differ, innermost; empty if there is none."""
    for name, value in now.items():
        old = before.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            if inner := _difference(old, value):
                return inner
        elif old != value:
            return f"with {name.replace('_', ' ')} {_short(old)} instead of {_short(value)}"
    return ""


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 24 else f"{text[:8]}..."


def digest(path: Path) -> str:
    """Return the SHA-256 of the bytes of a regular file; `AudioFileError` if there is none."""
    from musisep.io.reading import regular_file  # loads NumPy

    with regular_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
