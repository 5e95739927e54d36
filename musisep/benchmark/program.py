"""Any other program, as a command."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from musisep.benchmark.item import Item, Signals
from musisep.evaluation.folders import tracks_in
from musisep.evaluation.tracks import MOST_CUT, read_alike
from musisep.io import files

FIELDS = ("{mixture}", "{stems}", "{out}")
"""What stands in a command for the file of the mixture, the number of its stems, and a folder for
what is found."""


def words(command: str) -> list[str]:
    """Return the words of a command; ValueError if it lacks the fields that it needs."""
    try:
        found = shlex.split(command)
    except ValueError as error:
        raise ValueError(f"command={command!r} has no clear words: {error}") from None
    if not found or any(not any(f in word for word in found) for f in ("{mixture}", "{out}")):
        raise ValueError(f"command={command!r} must hold {{mixture}} and {{out}}")
    return found


def run_program(command: str, item: Item) -> Signals:
    r"""Run a command, without a shell, and read the stems that it has written.

    Every audio file below its folder counts, but for those called mixture, mix or residual.

    Parameters
    ----------
    command : str
        Words as in a shell; ``{mixture}`` stands for the file of the mixture, ``{out}`` for the
        folder of the stems, and ``{stems}`` for their number.
    item : Item
        What is separated; without a file, its mixture is written to a temporary one.

    Returns
    -------
    ndarray [instrument, channel, sample]
        Stems by the names of their files.

    Raises
    ------
    ValueError
        If the command lacks fields, or fails, or writes what are no stems of the mixture.

    Examples
    --------
    A program that copies the mixture twice:

    >>> import sys
    >>> import numpy as np
    >>> from musisep.benchmark.item import Item
    >>> from musisep.benchmark.program import run_program
    >>> code = "import shutil; [shutil.copy('{mixture}', '{out}/' + n + '.wav') for n in 'ab']"
    >>> stems = np.array([[[0.5, 0.25]], [[0.0, 0.25]]])
    >>> item = Item(stems.sum(axis=0), stems, 8000)
    >>> run_program(f"'{sys.executable}' -c \"{code}\"", item).tolist()
    [[[0.5, 0.5]], [[0.5, 0.5]]]
    """
    with tempfile.TemporaryDirectory() as scratch:
        out, path = Path(scratch, "out"), item.path
        out.mkdir()
        if path is None:
            path = Path(scratch, "mixture.wav")
            files.write(path, item.mixture, item.sample_rate, subtype="FLOAT")
        values = dict(zip(FIELDS, (str(path), str(len(item.references)), str(out)), strict=True))
        argv = [_filled(word, values) for word in words(command)]
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except OSError as error:
            raise ValueError(f"{argv[0]} cannot be run: {error.strerror}") from error
        if done.returncode:
            last = done.stdout.decode(errors="replace").strip().splitlines()[-1:]
            raise ValueError(f"{argv[0]} ends with exit status {done.returncode}: {' '.join(last)}")
        return _stems(out, item)


def _filled(word: str, values: dict[str, str]) -> str:
    for field, value in values.items():
        word = word.replace(field, value)
    return word


def _stems(out: Path, item: Item) -> Signals:
    """Return the stems [instrument, channel, sample] in a folder, alike to the mixture."""
    paths = [path for track in tracks_in(out) for path in track.stems.values()]
    if len(paths) != len(item.references):
        raise ValueError(f"it wrote {len(paths)} stems, not {len(item.references)}")
    stems, rate, _ = read_alike(paths)
    channels, samples = item.mixture.shape
    if rate != item.sample_rate or abs(stems.shape[-1] - samples) > MOST_CUT:
        raise ValueError(
            f"its stems have {stems.shape[-1]} samples at {rate} Hz, the mixture {samples} at "
            f"{item.sample_rate} Hz"
        )
    if stems.shape[1] not in (1, channels):
        raise ValueError(f"its stems have {stems.shape[1]} channels, the mixture {channels}")
    missing = max(0, samples - stems.shape[-1])
    stems = np.pad(stems, [(0, 0), (0, 0), (0, missing)])[..., :samples]
    return np.array(np.broadcast_to(stems, item.references.shape))
