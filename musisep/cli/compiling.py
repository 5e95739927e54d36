"""What a command says and shows while kernels are compiled."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from typing import Any

from musisep._util.helping import helping
from musisep._util.messages import COMPILED_ANEW
from musisep._util.progress import Bars
from musisep.cli.guard import say

NEEDED = 58
"""Kernels that a separation with the default settings needs, by which the bar ends."""
HELPER = "musisep.warming"
"""What another process runs, see `musisep.warming.HELPER`."""
ONCE = "compiling, once after each installation, which takes up to 20 seconds"


@contextmanager
def compiling(quiet: bool, needed: int = NEEDED, helped: bool = False) -> Iterator[Bars]:
    """Give the bars of a command, of which one is for kernels that are compiled in the block.

    It ends with so many as are `needed`. A line says once in a process that kernels are compiled,
    and what to do if they cannot be kept. If they can and it is to be `helped`, another process
    compiles what a separation needs last, from the first kernel on of which nothing is kept.
    """
    from musisep._util.compiled import cache_folder, kept, name_of, telling

    compiled = set[str]()
    with ExitStack() as stack:

        def begun(kernel: Any) -> None:
            nonlocal helped
            if not quiet:
                _say_once(_notice(cache_folder(kernel)))
            if helped and cache_folder(kernel) and not kept(kernel):
                stack.enter_context(helping(HELPER, "1", compiled.add))
                helped = False
            show()

        def ended(kernel: Any) -> None:
            compiled.add(name_of(kernel))
            show()

        def show() -> None:
            bars("compiling", len(compiled), max(needed, len(compiled)))

        bars = stack.enter_context(closing(Bars(quiet)))
        stack.enter_context(telling(begun, ended))
        yield bars


def is_cold() -> bool:
    """Tell whether no kernel is kept that every separation needs, so that each process compiles."""
    from musisep._util.compiled import is_kernel, kept
    from musisep.tones._kernels import add_losses

    return is_kernel(add_losses) and not kept(add_losses)


def _notice(folder: str | None) -> str:
    """Return what there is to say when a kernel is compiled that is kept there, or nowhere."""
    chosen = os.environ.get("NUMBA_CACHE_DIR", "")
    if folder is None:
        return f"compiled kernels cannot be kept: {COMPILED_ANEW}"
    if not folder.startswith(chosen):
        return f"{ONCE}; NUMBA_CACHE_DIR is no folder that you may write to: kept in {folder}"
    return ONCE


_say_once = cache(say)
