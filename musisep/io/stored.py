"""Signals that are not in memory: in files without a name, or computed when they are asked for."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musisep.audio.arrays import Real, peak
from musisep.io.formats import BLOCK_FRAMES
from musisep.io.replacing import problem, reason

Floats = NDArray[np.float64]
ITEM = np.dtype(np.float64).itemsize
ADVICE = "make room on the disk, or choose another folder"


class Stored(ABC):
    """A signal [..., sample] that is had in parts: ``signal[..., first:stop]`` is an array.

    ``numpy.asarray(signal)`` is all of it.

    Attributes
    ----------
    shape : tuple of int
    """

    shape: tuple[int, ...]
    dtype = np.dtype(np.float64)

    @abstractmethod
    def read(self, first: int, stop: int) -> Floats:
        """Return samples from `first` to `stop`, which lie within the signal."""

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of samples in all."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        """Length of the first axis."""
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        """Return ``[..., first:stop]``, or what NumPy's indices select, of the whole signal."""
        if isinstance(key, tuple) and len(key) == 2 and key[0] is Ellipsis:
            samples = range(self.shape[-1])[key[1]] if isinstance(key[1], slice) else None
            if samples is not None and samples.step == 1:
                return self.read(samples.start, max(samples.start, samples.stop))
        return np.asarray(self)[key]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all of it."""
        values = self.read(0, self.shape[-1])
        return values if dtype is None else values.astype(dtype, copy=False)


class Scratch(Stored):
    """A signal [channel, sample] in a temporary file, to which samples are appended.

    The file has no name, so that it vanishes with the object, or with the process.

    Parameters
    ----------
    folder : path
        Where there is room; it must exist.
    channels : int

    Attributes
    ----------
    peak : float
        Greatest magnitude of the samples.

    Raises
    ------
    AudioFileError
        If no file can be made there; also later, if there is no room.
    """

    def __init__(self, folder: str | os.PathLike[str], channels: int) -> None:
        self._folder, self._lock = Path(folder), Lock()
        self.shape, self.peak = (channels, 0), 0.0
        try:
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._problem(error) from error
        weakref.finalize(self, self._file.close)

    def append(self, block: Real) -> None:
        """Add samples [channel, sample] at the end."""
        channels, length = self.shape
        content = memoryview(block.T.astype(np.float64, copy=False).tobytes())
        try:
            with self._lock:
                self._file.seek(length * channels * ITEM)
                while content:
                    content = content[self._file.write(content) :]
        except OSError as error:
            raise self._problem(error) from error
        self.shape = channels, length + block.shape[1]
        self.peak = max(self.peak, peak(block))

    def read(self, first: int, stop: int) -> Floats:
        """Return samples from `first` to `stop` [channel, sample]."""
        channels, _ = self.shape
        content = bytearray((stop - first) * channels * ITEM)
        empty = memoryview(content)
        with self._lock:
            self._file.seek(first * channels * ITEM)
            while empty:
                empty = empty[self._file.readinto(empty) :]
        return np.frombuffer(content).reshape(-1, channels).T.copy()

    def _problem(self, error: OSError) -> OSError:
        return problem(self._folder, f"cannot hold a temporary file: {reason(error)}; {ADVICE}")


class Spool:
    """Keeps samples in memory, and in a temporary file as soon as they are many.

    Parameters
    ----------
    folder : path
        For the file.
    channels : int
    most : int
        Samples of each channel that are kept in memory.
    """

    def __init__(self, folder: str | os.PathLike[str], channels: int, most: int) -> None:
        self._folder, self._channels, self._most = folder, channels, most
        self._blocks: list[Floats] = []
        self._length = 0
        self._scratch: Scratch | None = None

    def append(self, block: Floats) -> None:
        """Add samples [channel, sample]."""
        self._length += block.shape[1]
        self._blocks.append(block)
        if self._length > self._most:
            self._scratch = self._scratch or Scratch(self._folder, self._channels)
            while self._blocks:
                self._scratch.append(self._blocks.pop(0))

    def signal(self) -> Floats | Scratch:
        """Return what was added [channel, sample]."""
        return self._scratch or np.concatenate(self._blocks, axis=1)


class Stack(Stored):
    """Signals [channel, sample] as one [signal, channel, sample].

    Parameters
    ----------
    signals : sequence of Scratch
        Of the same shape.
    """

    def __init__(self, signals: Sequence[Scratch]) -> None:
        self._signals = list(signals)

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """Of all."""
        return len(self._signals), *self._signals[0].shape

    def append(self, block: Floats) -> None:
        """Add samples [signal, channel, sample] at the end."""
        for signal, own in zip(self._signals, block, strict=True):
            signal.append(own)

    def read(self, first: int, stop: int) -> Floats:
        """Return samples from `first` to `stop`."""
        return np.stack([signal.read(first, stop) for signal in self._signals])

    def __iter__(self) -> Iterator[Scratch]:
        """Yield the signals."""
        return iter(self._signals)

    def __getitem__(self, key: Any) -> Any:
        """Return a signal by its number, or as `Stored`."""
        return self._signals[key] if isinstance(key, int) else super().__getitem__(key)

    def reorder(self, order: Sequence[int]) -> None:
        """Put the signals into another order."""
        self._signals = [self._signals[number] for number in order]


def check_room(folder: str | os.PathLike[str], size: int) -> None:
    """Refuse a folder in which there is no room for so many bytes.

    Parameters
    ----------
    folder : path
        A folder that exists.
    size : int
        Bytes that will be written.

    Raises
    ------
    AudioFileError
        If there is less room.

    Examples
    --------
    >>> import tempfile
    >>> from musisep.io.files import AudioFileError, check_room
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_room(folder, 1000)
    ...     try:
    ...         check_room(folder, 10**18)
    ...     except AudioFileError as error:
    ...         print("of room" in str(error))
    True
    """
    missing = size - shutil.disk_usage(folder).free
    if missing > 0:
        lacking = f"{missing / 1e9:.1f} GB" if missing >= 1e9 else f"{missing / 1e6:.1f} MB"
        raise problem(Path(folder), f"lacks {lacking} of room; {ADVICE}")


def blocks_of(signal: "Real | Stored", size: int = BLOCK_FRAMES) -> Iterator[Real]:
    """Yield a signal [..., sample] in blocks."""
    for first in range(0, signal.shape[-1], size):
        yield signal[..., first : first + size]


def peak_of(signal: "Real | Stored") -> float:
    """Return the greatest magnitude of a signal; it is not finite if some sample is not."""
    return max(map(peak, blocks_of(signal)), default=0.0)
