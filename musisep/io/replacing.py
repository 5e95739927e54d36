"""Writing a file whole or not at all, and the error of a file that cannot be read or written."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from musisep._util import checks
from musisep.io.leftovers import remove_leftovers, temporary_name

KINDS = {
    stat.S_IFDIR: "folder",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}
"""What may be at a path and is no regular file."""


class AudioFileError(OSError):
    """A file cannot be read or written; one line: the file, what is wrong, what to do.

    Attributes
    ----------
    path : Path, optional
        The file, if there is one.
    """

    path: Path | None = None


def problem(path: Path, text: str) -> AudioFileError:
    """Return the error that something is the matter with a file."""
    error = AudioFileError(" ".join(f"{str(path)!r} {text}".splitlines()))
    error.path = path
    return error


def reason(error: Exception) -> str:
    """Return what the operating system, or libsndfile, has to say."""
    text = getattr(error, "strerror", None) or getattr(error, "error_string", None) or str(error)
    return text.strip().removesuffix(".")


def check_regular(path: Path, purpose: str) -> None:
    """Refuse what is no regular file, nor a link to one, before it is "read" or "written".

    Raises
    ------
    AudioFileError
        If there is a folder, a pipe, a socket or a device.
    OSError
        If there is nothing, or nothing that can be looked at.
    """
    kind = stat.S_IFMT(os.stat(path).st_mode)
    if kind != stat.S_IFREG:
        found = f"it is a {KINDS.get(kind, 'special file')}, no regular file"
        raise problem(path, f"cannot be {purpose}: {found}; choose another")


@contextmanager
def replacing(path: Path, ready: Callable[[Path], object] | None = None) -> Iterator[Path]:
    """Give a temporary file, which takes the place of `path` if the block succeeds.

    It is in the same folder and has the same suffix. Missing folders are made. What was at `path`
    before stays if anything fails. A symbolic link is followed: its target is replaced, or made,
    and the link stays. The permissions of what is replaced stay. Temporary files that killed
    runs have left in the folder are removed.

    Parameters
    ----------
    path : path
        The file to replace, or to make.
    ready : callable, optional
        Called with the temporary file just before it takes the place; if that fails, it takes
        nobody's place.

    Yields
    ------
    Path
        The temporary file, which exists and is empty.

    Raises
    ------
    AudioFileError
        If there is a folder, a pipe, a socket or a device, or the operating system refuses.
    ValueError
        If `path` is no path.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.io.files import replacing
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "notes.txt"
    ...     with replacing(path) as temporary:
    ...         _ = temporary.write_text("A4")
    ...         there_before = path.exists()
    ...     path.read_text(), there_before
    ('A4', False)
    """
    path = checks.path("path", path)
    temporary = None
    try:
        with suppress(FileNotFoundError):
            check_regular(path, "written")
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        temporary = target.with_name(temporary_name(path.suffix))
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.open("xb").close()
        remove_leftovers(temporary)
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        if ready:
            ready(temporary)
        with suppress(OSError):
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except AudioFileError:
        raise
    except OSError as error:
        advice = "choose another folder, or make room on the disk"
        raise problem(path, f"cannot be written: {reason(error)}; {advice}") from error
    finally:
        if temporary:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
