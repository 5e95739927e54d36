"""How kernels are compiled: the one place that configures numba.

Numba compiles a cached kernel anew when its own file has changed, not when only a kernel that it
calls from another file has: after such a change delete ``*.nbi`` and ``*.nbc`` in ``__pycache__``.

What is slow to compile: arrays that are written to arrays (``a[:] = b``, ``a += b``), for which
shapes are compared and an error is composed; arrays as indices; and calls with a variable that was
set to ``0``, as this is a type of its own (``np.int64(0)`` is not).
"""

import gc
import hashlib
import os
import pickle
import secrets
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.event import Event, Listener, install_listener
from numba.core.serialize import dumps

from musisep._util.messages import COMPILED_ANEW


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` without the interpreter's lock, cached on disk where that is possible."""
    return _compiled(function, fastmath=False)


def sum_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """`kernel` whose sums may be taken in any (fixed) order, so that they run in vectors."""
    return _compiled(function, fastmath={"reassoc", "contract"})


def _compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    # A wrapper for C, which nobody calls, would take a tenth of the time.
    options |= {"nogil": True, "no_cfunc_wrapper": True}
    compiled = numba.njit(function, **options)
    if hasattr(compiled, "enable_caching"):  # not the plain function of NUMBA_DISABLE_JIT
        # Numba looks for a writable folder for its cache and raises if there is none (read-only
        # installation, no home): then compile anew in each process.
        with suppress(RuntimeError, OSError):
            compiled._cache = _Cache(function)  # as `enable_caching` does with numba's own
    return compiled


@contextmanager
def telling(begun: Callable[[Any], None], ended: Callable[[Any], None]) -> Iterator[None]:
    """Call `begun` before, and `ended` after each kernel that is compiled within the block.

    Meanwhile garbage is not collected: numba makes so many objects that looking for it takes a
    sixth of the time.
    """
    listener = _Compilations(begun, ended)
    try:
        with install_listener("numba:compile", listener):
            yield
    finally:
        listener.collect()


def is_kernel(value: Any) -> bool:
    """Tell whether a value is a kernel; with NUMBA_DISABLE_JIT none is."""
    return isinstance(value, numba.core.dispatcher.Dispatcher)


def name_of(kernel: Any) -> str:
    """Return the module and the name of a kernel."""
    return f"{kernel.__module__}.{kernel.__name__}"


def cache_folder(kernel: Any) -> str | None:
    """Return where the compiled code of a kernel is kept, or None if nowhere."""
    folder: str | None = kernel.stats.cache_path
    return folder


def kept(kernel: Any) -> int:
    """Count the types of arguments for which the compiled code of a kernel is kept on disk."""
    return kernel._cache.count() if cache_folder(kernel) else 0


class _Compilations(Listener):
    """Calls functions with kernels; numba compiles in one thread at a time."""

    def __init__(self, begun: Callable[[Any], None], ended: Callable[[Any], None]) -> None:
        self._begun, self._ended = begun, ended
        self._depth, self._collecting = 0, gc.isenabled()

    def on_start(self, event: Event) -> None:
        """Hear that a compilation begins."""
        gc.disable()
        self._depth += 1
        if _is_own(event):
            self._begun(event.data["dispatcher"])

    def on_end(self, event: Event) -> None:
        """Hear that it ends."""
        self._depth -= 1
        if not self._depth:
            self.collect()
        if _is_own(event):
            self._ended(event.data["dispatcher"])

    def collect(self) -> None:
        """Collect garbage again, if it was before."""
        if self._collecting:
            gc.enable()


def _is_own(event: Event) -> bool:
    """Tell whether a compilation is of a kernel, not of what numba has for one."""
    return not event.data["dispatcher"].__module__.startswith("numba.")


class _Cache(FunctionCache):
    """A cache that can only help: one that is damaged or cannot be written costs time, no more."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = _Checked(self.cache_path, f"checked-{self._impl.filename_base}", stamp)

    def count(self) -> int:
        """Count what is kept; 0 if it cannot be read."""
        try:
            return len(self._cache_file._load_index())
        except Exception:  # see `load_overload`
            return 0

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is compiled for a signature, or None; forget all of a damaged cache."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # damaged bytes can mean anything to pickle
            with suppress(OSError):
                self.flush()
            _tell("damaged: they are compiled anew", self.cache_path)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what is compiled for a signature, if there is room."""
        try:
            super().save_overload(sig, data)
        except Exception as error:  # also of an index that is damaged and cannot be replaced
            why = getattr(error, "strerror", None) or error
            _tell(f"not written ({why}): {COMPILED_ANEW}", self.cache_path)


class _Checked(IndexDataCacheFile):
    """Files with a checksum, as LLVM would run damaged code, and with what they were compiled for.

    Of processes that start at once, one may overwrite what the index of another refers to.
    """

    def save(self, key: Any, data: Any) -> None:
        """Keep `data` by its key."""
        text = dumps((key, data))
        super().save(key, (hashlib.sha256(text).digest(), text))

    def load(self, key: Any) -> Any:
        """Return what was kept by this very key, or None; any error if it is damaged."""
        found = super().load(key)
        if found is None:
            return None
        digest, text = found
        if hashlib.sha256(text).digest() != digest:
            raise ValueError("checksum")
        saved_key, data = pickle.loads(text)
        return data if saved_key == key else None

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[IO[bytes]]:
        """Write a file whole or not at all; numba's own leaves half of it if a signal comes."""
        temporary = f"{filepath}.tmp.{secrets.token_hex(8)}"
        try:
            with open(temporary, "wb") as file:
                yield file
            os.replace(temporary, filepath)
        finally:
            with suppress(OSError):
                os.unlink(temporary)


_told: list[str] = []


def _tell(what: str, folder: str) -> None:
    """Say what is the matter, once in a process, even where warnings are errors."""
    message = f"compiled kernels in {folder} are {what}"
    if _told:
        return
    _told.append(message)
    try:
        warnings.warn(message, stacklevel=2)
    except UserWarning:
        print(f"musisep: {message}", file=sys.stderr)
