"""What a run has written into a folder: which files are its own, and what made them.

A run does not mix its files with those of another one, and leaves alone what no run wrote.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from musisep.io.hashing import digest as digest
from musisep.io.replacing import replacing

LARGEST = 2**20
"""Bytes of a record; more is none."""


@dataclass(frozen=True)
class Record:
    """The record of a run, beside the files that it wrote.

    Files stand in it by their places as seen from its own folder, each with the SHA-256 of its
    bytes, from just before it is there. A file belongs to a run as long as it has these bytes.

    Parameters
    ----------
    path : Path
        Where it is kept.
    made : mapping of str to object
        What determines the files, in the types of JSON: runs of which this is equal write the
        same ones.
    files : mapping of str to str
        The files of this run.
    stale : mapping of str to str
        Those of an earlier run, which this one removes when it is complete.
    instruments : int, optional
        How many instruments the files are of, if that is known already.
    found : mapping of str to object, optional
        What was found in the recording, in the types of JSON; None until all files are written.
        It tells a reader more, and makes no difference between runs.
    """

    path: Path
    made: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)
    stale: Mapping[str, str] = field(default_factory=dict)
    instruments: int | None = None
    found: Mapping[str, Any] | None = None

    @classmethod
    def load(cls, path: Path) -> "Record | None":
        """Read a record; None if there is none, or another file of that name."""
        from musisep.io.reading import regular_file  # loads NumPy

        try:
            with regular_file(path) as file:
                content = json.loads(file.read(LARGEST))
            made, *files = (content[name] for name in ("made", "files", "stale"))
            instruments, found = content.get("instruments"), content.get("found", {})
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        known = all(isinstance(part, dict) for part in (made, *files)) and _is_number(instruments)
        return cls(path, made, files[0], files[1], instruments, found) if known else None

    def is_complete(self, outputs_for: Callable[[int], Iterable[Path]]) -> bool:
        """Tell whether an equal run has written all files, and they are still so.

        `outputs_for` returns the files for a number of instruments.
        """
        previous = Record.load(self.path)
        return (
            previous is not None
            and previous.made == self.made
            and previous.instruments is not None
            and previous.found is not None
            and all(
                path.is_file() and previous._owns(path)
                for path in outputs_for(previous.instruments)
            )
        )

    def conflict(self, outputs: Iterable[Path]) -> str:
        """Tell why a run must not write these files unless it is told to; empty if it may."""
        previous = Record.load(self.path)
        if previous is None and os.path.lexists(self.path):
            return f"{self.path} exists, and is no record of a run"
        for path in outputs:
            if path.is_file() and not (previous and previous._owns(path)):
                return f"{path} exists, and no run wrote it or it was changed since"
        difference = _difference(previous.made, self.made) if previous else ""
        for key in previous.files if previous and difference else ():
            if (path := self.path.parent / key).is_file():
                return f"{path} is of another run, {difference}"
        return ""

    def changed(self, paths: Iterable[Path]) -> Path | None:
        """Return the first of the files that is there, and not as a run wrote it, if any."""
        return next((path for path in paths if path.is_file() and not self._owns(path)), None)

    def begin(self, instruments: int) -> "Record":
        """Record that a run begins to write its files; what there was of another is stale."""
        previous = Record.load(self.path) or self
        files, stale = previous.files, previous.stale
        if previous.made != self.made:
            files, stale = {}, {**stale, **files}
        return replace(self, files=files, stale=stale, instruments=instruments)._saved()

    def add(self, path: Path, content: Path) -> "Record":
        """Record what a file will be: what another one is that takes its place."""
        return replace(self, files={**self.files, self._key(path): digest(content)})._saved()

    def finish(self, root: Path, inputs: Iterable[Path], found: Mapping[str, Any]) -> None:
        """Record what was found, and that all is written.

        What is stale below `root` is removed, unless it was changed or is a link or an input.
        """
        kept, folder = {os.path.realpath(path) for path in inputs}, os.path.realpath(root)
        for key in self.stale.keys() - self.files.keys():
            path = self.path.parent / key
            place = os.path.realpath(path)
            mine = (
                place not in kept and not path.is_symlink() and Path(place).is_relative_to(folder)
            )
            if mine and path.is_file() and self._owns(path):
                path.unlink(missing_ok=True)
        replace(self, stale={}, found=found)._saved()

    def _saved(self) -> "Record":
        content = {
            "made": self.made, "files": self.files, "stale": self.stale,
            "instruments": self.instruments, "found": self.found,
        }  # fmt: skip
        text = json.dumps(content, indent=2, allow_nan=False)
        with replacing(self.path) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
        return self

    def _owns(self, path: Path) -> bool:
        """Tell whether a file is as this run, or the one before it, wrote it."""
        key = self._key(path)
        known = [files[key] for files in (self.stale, self.files) if key in files]
        return bool(known) and digest(path) in known

    def _key(self, path: Path) -> str:
        try:
            return Path(os.path.relpath(path, self.path.parent)).as_posix()
        except ValueError:  # on another drive
            return path.absolute().as_posix()


def _is_number(instruments: object) -> bool:
    return instruments is None or (isinstance(instruments, int) and instruments > 0)


def _difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name the first thing in which two runs differ, innermost; empty if there is none."""
    for name in {**now, **before}:
        old, value = before.get(name), now.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            if inner := _difference(old, value):
                return inner
        elif old != value:
            return f"with {name.replace('_', ' ')} {_short(old)} instead of {_short(value)}"
    return ""


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 24 else f"{text[:8]}..."


def state_of(path: Path) -> tuple[int, ...]:
    """Return what is another if a file is replaced or written to."""
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
