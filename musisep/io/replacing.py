"""Writing a file whole or not at all, and the error of a file that cannot be read or written."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class AudioFileError(OSError):
    """A file cannot be read or written; one line: the file, what is wrong, what to do."""


def problem(path: Path, text: str) -> AudioFileError:
    """Return the error that something is the matter with a file."""
    return AudioFileError(" ".join(f"{str(path)!r} {text}".splitlines()))


def reason(error: Exception) -> str:
    """Return what the operating system, or libsndfile, has to say."""
    text = getattr(error, "strerror", None) or getattr(error, "error_string", None) or str(error)
    return text.strip().removesuffix(".")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file beside `path`, which takes its place if the block succeeds.

    It has the suffix of `path`. Missing folders are made. An error of the operating system becomes
    `AudioFileError`, and what was at `path` before stays.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.open("xb").close()
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        advice = "choose another folder, or make room on the disk"
        raise problem(path, f"cannot be written: {reason(error)}; {advice}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
