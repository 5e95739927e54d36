"""Which files a command works on: those that are named, and those that folders hold."""

import os
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from musisep.cli.base import UsageError, say
from musisep.io.formats import UNREAD_SUFFIXES, readable_suffixes

NAMED = 3
"""So many of the files or folders that are left out are told by name."""


class Found(NamedTuple):
    """A file to work on, and its folder as seen from the one that was named."""

    path: Path
    subfolder: Path = Path()


@dataclass
class Contents:
    """What a folder holds, without hidden files and folders.

    Attributes
    ----------
    files : list of Path
        In the order of their names.
    unseen : list of Path
        Folders that were not looked into.
    locked : list of Path
        Folders that the system does not let us look into.
    """

    files: list[Path] = field(default_factory=list)
    unseen: list[Path] = field(default_factory=list)
    locked: list[Path] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path, recursive: bool, out: Path) -> "Contents":
        """Look into a folder, and with `recursive` into those below, but for `out` and links."""
        contents, written = cls(), identity(out)

        def fail(error: OSError) -> None:
            contents.locked.append(Path(error.filename))

        for place, folders, names in os.walk(folder, onerror=fail):
            shown = [Path(place, name) for name in folders if name[0] != "."]
            shown = [path for path in shown if identity(path) != written]
            entered = {path.name for path in shown if recursive and not path.is_symlink()}
            folders[:] = entered
            contents.unseen += [path for path in shown if path.name not in entered]
            files = (Path(place, name) for name in names if name[0] != ".")
            contents.files += [path for path in files if os.path.isfile(path)]
        for paths in (contents.files, contents.unseen, contents.locked):
            paths.sort()
        return contents

    def audio(self, suffixes: Collection[str] = ()) -> list[Path]:
        """Return the audio files that are read, and those with one of the suffixes."""
        known = {*readable_suffixes(), *suffixes}
        return [path for path in self.files if path.suffix.lower() in known]

    def other_audio(self) -> list[Path]:
        """Return the audio files that are not read."""
        return [path for path in self.files if path.suffix.lower() in UNREAD_SUFFIXES]

    def left_out(self, recursive: bool) -> str:
        """Tell which folders were not looked into, and why; empty if there are none."""
        if not self.unseen:
            return ""
        names = _names(self.unseen)
        if recursive:
            return f"links to folders are not followed: {names}"
        return f"subfolders are not looked into without --recursive: {names}"


def find(
    named: Iterable[Path], *, recursive: bool, out: Path, suffixes: Collection[str] = ()
) -> list[Found]:
    """Return the files that are named, with audio files in the place of folders, each file once.

    A folder without any stands for itself, as does one that cannot be looked into; both fail in
    `check_recording`.

    Parameters
    ----------
    named : iterable of Path
    recursive : bool
        Whether subfolders are searched as well.
    out : Path
        The folder for what is written; it is not searched when it is a subfolder.
    suffixes : collection of str
        Of other files that count.

    Returns
    -------
    list of Found
        In the order in which they were named, the files of a folder by name.

    Raises
    ------
    UsageError
        If a folder is to be searched, with its subfolders, that also gets what is written.
    """
    places: dict[str, Found] = {}
    for path in named:
        for found in _found(path, recursive, out, suffixes):
            places.setdefault(identity(found.path), found)
    return list(places.values())


def _found(named: Path, recursive: bool, out: Path, suffixes: Collection[str]) -> Iterator[Found]:
    if not os.path.isdir(named):
        yield Found(named)
        return
    if recursive and identity(named) == identity(out):
        wrong = f"--out {out} is searched as well, and what is written there would be an input"
        raise UsageError(f"{wrong}; name another folder")
    contents = Contents.of(named, recursive, out)
    audio, others = contents.audio(suffixes), contents.other_audio()
    if audio and others:
        kinds = ", ".join(sorted({path.suffix.lower() for path in others}))
        say(f"{named}: left out, as {kinds} is not read: {others[0].name} and other such files")
    if audio and contents.unseen:
        say(f"{named}: {contents.left_out(recursive)}")
    for path in audio + contents.locked or [named]:
        yield Found(path, Path() if path == named else path.parent.relative_to(named))


def check_recording(path: Path, recursive: bool, out: Path) -> None:
    """Raise OSError for a folder, in which `find` has found nothing to read."""
    if not os.path.isdir(path):
        return
    os.listdir(path)
    contents = Contents.of(path, recursive, out)
    wrong = [f"holds no audio file that is read ({' '.join(readable_suffixes())})"]
    if left := contents.left_out(recursive):
        wrong.append(left)
    if others := contents.other_audio():
        wrong.append(f"convert {_names(others)} first, with ffmpeg")
    raise IsADirectoryError("; ".join(wrong))


def _names(paths: list[Path]) -> str:
    names = [path.name for path in paths[:NAMED]]
    return ", ".join(names + ["..."] * (len(paths) > NAMED))


def identity(path: Path) -> str:
    """Return one text for one place, whatever leads there."""
    place = os.path.realpath(path)
    if sys.platform in ("darwin", "win32"):  # as a rule they tell names apart by less
        return unicodedata.normalize("NFC", place).casefold()
    return place
