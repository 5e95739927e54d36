"""Temporary files: names that tell who writes them, and removing those of killed runs."""

import hashlib
import os
import re
import secrets
import stat
from contextlib import suppress
from functools import cache
from pathlib import Path

NAME = re.compile(r"\.([0-9a-f]{16})-([0-9]{1,10})-[0-9a-f]{16}\.part(\.[^.]*)?")
"""Of a temporary file: the machine and the process that write it, and something random."""
ABANDONED_S = 24 * 3600.0
"""Age from which a file counts as left over if nobody here can tell whether its run lives."""
UNKNOWN = "0" * 16
"""Stands for a machine that does not tell which one it is."""


def temporary_name(suffix: str) -> str:
    """Return a new hidden name with a suffix."""
    return f".{_machine() or UNKNOWN}-{os.getpid()}-{secrets.token_hex(8)}.part{suffix}"


def remove_leftovers(temporary: Path) -> None:
    """Remove what killed runs have left beside a temporary file that has just been made.

    Only regular files go whose names are of `temporary_name` to the letter: of a process of this
    machine that is dead, or of another machine and older than a day by the clock of the folder.
    Where it is unknown which machine this is, only age counts. What cannot be removed stays.
    """
    with suppress(OSError):
        now = temporary.stat().st_mtime
        with os.scandir(temporary.parent) as entries:
            found = [(Path(entry), NAME.fullmatch(entry.name)) for entry in entries]
        for path, name in found:
            if name and path != temporary:
                with suppress(OSError):
                    _remove_if_dead(path, name[1], int(name[2]), now)


def _remove_if_dead(path: Path, machine: str, process: int, now: float) -> None:
    status = path.lstat()
    old = now - status.st_mtime > ABANDONED_S
    dead = not _lives(process) if machine == _machine() else old
    if dead and stat.S_ISREG(status.st_mode):
        path.unlink()


def _lives(process: int) -> bool:
    """Whether a process of this machine lives; only asked on Linux, where signal 0 does nothing."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


@cache
def _machine() -> str | None:
    """Name what gives processes their numbers: this start of this host, and the container in it.

    None where the system does not tell all of this, which is all but Linux.
    """
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text()
        container = os.readlink("/proc/self/ns/pid")
        text = f"{os.uname().nodename} {start} {container}"
    except (OSError, AttributeError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()[:16]
