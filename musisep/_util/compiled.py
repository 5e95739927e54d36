"""How kernels are compiled: the one place that configures numba.

Numba compiles a cached kernel anew when its own file has changed, not when only a kernel that it
calls from another file has: after such a change delete ``*.nbi`` and ``*.nbc`` in ``__pycache__``.
"""

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


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile `function` without the interpreter's lock, cached on disk where that is possible."""
    return _compiled(function, fastmath=False)


def sum_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """`kernel` whose sums may be taken in any (fixed) order, so that they run in vectors."""
    return _compiled(function, fastmath={"reassoc", "contract"})


def _compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    compiled = numba.njit(function, nogil=True, **options)
    if hasattr(compiled, "enable_caching"):  # not the plain function of NUMBA_DISABLE_JIT
        # Numba looks for a writable folder for its cache and raises if there is none (read-only
        # installation, no home): then compile anew in each process.
        with suppress(RuntimeError, OSError):
            compiled._cache = _Cache(function)  # as `enable_caching` does with numba's own
    return compiled


@contextmanager
def telling(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` when the first kernel is compiled within the block, which takes its time."""
    with install_listener("numba:compile", _First(tell)):
        yield


@contextmanager
def telling_each(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` after each kernel that is compiled within the block."""
    with install_listener("numba:compile", _Each(tell)):
        yield


def is_kernel(value: Any) -> bool:
    """Tell whether a value is a kernel; with NUMBA_DISABLE_JIT none is."""
    return isinstance(value, numba.core.dispatcher.Dispatcher)


def cache_folder(kernel: Any) -> str | None:
    """Return where the compiled code of a kernel is kept, or None if nowhere."""
    folder: str | None = kernel.stats.cache_path
    return folder


def kept(kernel: Any) -> int:
    """Count the types of arguments for which the compiled code of a kernel is kept on disk."""
    return kernel._cache.count() if cache_folder(kernel) else 0


class _Each(Listener):
    """Calls a function after each event."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def on_start(self, event: Event) -> None:
        """Hear that a compilation begins."""

    def on_end(self, event: Event) -> None:
        """Hear that it ends."""
        self._tell()


class _First(Listener):
    """Calls a function at the first event; numba compiles in one thread at a time."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell: Callable[[], None] | None = tell

    def on_start(self, event: Event) -> None:
        """Hear that a compilation begins."""
        tell, self._tell = self._tell, None
        if tell:
            tell()

    def on_end(self, event: Event) -> None:
        """Hear that it ends."""


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
            _tell(f"not written ({why}): the next run compiles them anew", self.cache_path)


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
