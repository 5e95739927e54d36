"""How kernels are compiled: the one place that configures numba."""

from collections.abc import Callable
from typing import Any

import numba


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` without the interpreter's lock, cached on disk where that is possible.

    Numba looks for a writable folder for its cache when the decorator runs and raises
    ``RuntimeError`` if there is none (read-only installation, no home); the kernel then
    works all the same and is compiled anew in each process.
    """
    try:
        return numba.njit(function, nogil=True, cache=True)
    except RuntimeError:
        return numba.njit(function, nogil=True)
