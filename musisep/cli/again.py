"""How a run is repeated: its options, kept in its record."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from musisep.cli.planning import Task

PATHS = ("out", "dictionary", "model", "notes_in", "save_dictionary")
"""Options that are paths; `LISTS` are several."""
LISTS = ("pitches", "references")
NOT_KEPT = (
    "run", "refuse", "recordings", "demo", "quiet", "jobs", "scheduler", "overwrite",
    "skip_existing", "recursive", "corrected", "command",
)  # fmt: skip
"""Options that do not change what is written."""


def again(task: Task, args: argparse.Namespace) -> dict[str, Any]:
    """Return where the recording is, and the options, in the types of JSON.

    Paths are seen from the folder of the record, so that all of it can be moved.
    """
    folder = task.record.parent
    options: dict[str, Any] = {}
    for name, value in vars(args).items():
        if name in PATHS and value is not None:
            value = _seen_from(folder, value)
        elif name in LISTS:
            value = [_seen_from(folder, path) for path in value]
        if name not in NOT_KEPT:
            options[name] = value
    name = Path(task.template).name
    if "{stem}" not in str(Path(task.template).parent):
        options |= {"out": ".", "filename": name}
    else:
        options |= {"filename": task.template}
    return {"recording": _seen_from(folder, task.recording), "options": options}


def options_of(found: Mapping[str, Any], folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the recording and the options that `again` has kept in a record in a folder.

    Raises
    ------
    ValueError
        If the record has none.
    """
    kept, recording = found.get("options"), found.get("recording")
    if not isinstance(kept, dict) or not isinstance(recording, str):
        raise ValueError("is of an earlier version, which kept no options; separate it again")
    options = dict(kept)
    for name in PATHS:
        if isinstance(options.get(name), str):
            options[name] = _normal(folder / options[name])
    for name in LISTS:
        options[name] = [_normal(folder / path) for path in options.get(name) or ()]
    if isinstance(options.get("instruments"), list):
        options["instruments"] = tuple(options["instruments"])
    return _normal(folder / recording), options


def _seen_from(folder: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return path.absolute().as_posix()


def _normal(path: Path) -> Path:
    return Path(os.path.normpath(path))
