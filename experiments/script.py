"""What the scripts of this folder share: options that all of them have, and peers that may lack.

``--quick`` stands for arguments that a script names: a run of seconds on tiny items (see tiny.py),
which needs nothing but the repository and shows that the script works. Arguments after it count
more. A script that makes a table of the documentation has ``--results FOLDER``.
"""

import argparse
import atexit
import shutil
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any


class Script(argparse.ArgumentParser):
    """Reads the arguments of a script.

    Parameters
    ----------
    doc : str
        The docstring of the script; its first line says what the script is for.
    quick : sequence of str
        What ``--quick`` stands for. In it "{items}" becomes a folder of tiny items, "{cells}" a
        file of results, and "{scratch}" an empty folder; all are removed when the script ends.
    seed : bool
        Whether there is an option ``--seed``, by default 0.
    results : bool
        Whether there is an option ``--results``.
    """

    def __init__(
        self, doc: str, quick: Sequence[str] = (), *, seed: bool = False, results: bool = False
    ) -> None:
        super().__init__(
            description=doc.splitlines()[0],
            epilog=f"--quick stands for: {' '.join(quick)}" if quick else None,
        )
        self.quick = [*quick, "--results", "{scratch}"] if results else list(quick)
        self.add_argument("--quick", action="store_true", help="a run of seconds, as a trial")
        if seed:
            self.add_argument("--seed", type=int, default=0, help="default: %(default)s")
        if results:
            self.add_argument(
                "--results", type=Path, metavar="FOLDER", help="write what the docs include there"
            )

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Put what ``--quick`` stands for before the other arguments."""
        given = sys.argv[1:] if args is None else list(args)
        if "--quick" in given:
            given = [*made(self.quick), *given]
        return super().parse_known_args(given, namespace)


def made(arguments: Sequence[str]) -> list[str]:
    """Return arguments with temporary files in the places of their names."""
    import tiny  # which itself needs a script

    makers = {"items": tiny.items, "cells": tiny.cells, "scratch": lambda folder: folder}
    values: dict[str, str] = {}
    for name, maker in makers.items():
        if any(f"{{{name}}}" in argument for argument in arguments):
            folder = Path(mkdtemp(prefix="musisep-quick-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            values[name] = str(maker(folder))
    return [argument.format_map(values) for argument in arguments]


def peer(name: str, part: str = "") -> Any:
    """Import a package to compare with, or say that it is skipped and return None.

    `part` is the module in it that is wanted.
    """
    try:
        return import_module(f"{name}.{part}" if part else name)
    except ModuleNotFoundError as error:
        skip(f"{error.name} is not installed")
    except (ImportError, OSError, RuntimeError) as error:
        skip(f"{name} does not work: {error}")
    return None


def program(*names: str) -> bool:
    """Tell whether programs are installed; say which are not."""
    missing = [name for name in names if shutil.which(name) is None]
    for name in missing:
        skip(f"the program {name} is not installed")
    return not missing


def skip(reason: str) -> None:
    """Say on one line why something is left out."""
    print(f"skipped: {reason}", flush=True)
