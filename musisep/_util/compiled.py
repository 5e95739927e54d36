"""How kernels are compiled: the one place that configures numba.

Numba compiles a cached kernel anew when its own file has changed, not when only a kernel that it
calls from another file has: after such a change delete ``*.nbi`` and ``*.nbc`` in ``__pycache__``.
"""

from collections.abc import Callable
from typing import Any

import numba


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` without the interpreter's lock, cached on disk where that is possible."""
    return _compiled(function, fastmath=False)


def sum_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """`kernel` whose sums may be taken in any (fixed) order, so that they run in vectors."""
    return _compiled(function, fastmath={"reassoc", "contract"})


def _compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    # Numba looks for a writable folder for its cache when the decorator runs and raises if
    # there is none (read-only installation, no home): then compile anew in each process.
    try:
        return numba.njit(function, nogil=True, cache=True, **options)
    except RuntimeError:
        return numba.njit(function, nogil=True, **options)
