"""Work for other processes, some of it deadly."""

import os
import signal
import time
import warnings
from pathlib import Path

from musisep.cli.guard import say, tell
from musisep.io.replacing import replacing

DEADLY = 3


def doubled(number):
    """Return twice a number; ValueError for what is below 0."""
    if number < 0:
        raise ValueError(f"{number=} must be at least 0")
    return 2 * number


def deadly(number):
    """Return twice a number; one number kills the process."""
    if number == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return doubled(number)


def deadly_once(marker, number=signal.SIGKILL):
    """Kill the process by a signal unless a file is there, which is then."""
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), number)
        time.sleep(1)
    return marker.name


def together(part):
    """Kill the process while another one is busy for a minute; the second time do nothing."""
    name, folder = part
    busy, killed = folder / "busy", folder / "killed"
    if killed.exists():
        return name
    if name == "busy":
        busy.touch()
        time.sleep(60)
    while not busy.exists():
        time.sleep(0.01)
    killed.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return name


def writing(path):
    """Write a file for a minute; tell the process in another one."""
    with replacing(path):
        Path(f"{path}.process").write_text(str(os.getpid()))
        time.sleep(60)


def warning(task, args):
    """Warn, say and tell; a recording of one name kills the process."""
    if task.recording.name == "deadly.wav":
        os.kill(os.getpid(), signal.SIGKILL)
    warnings.warn("it is\nodd", stacklevel=1)
    say(f"{task.recording}: quiet is {args.quiet}")
    return tell([f"{task.recording} with {args.jobs}"])
