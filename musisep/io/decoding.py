"""libsndfile as a decoder that goes from the beginning to the end, and what it complains of."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from musisep.io.formats import BLOCK_FRAMES

CODED = ("FLAC",)
"""Formats that call their samples so, too, but hold something else."""
SOUGHT = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
"""Sample formats in which any sample can be gone to; all others are decoded from the beginning."""
STDERR_LOCK = Lock()
"""Held by who has redirected it."""


class Decoder(sf.SoundFile):
    """A file that is read from the beginning to the end.

    `SoundFile` goes to where it is after each block, where it can. libmpg123 then lacks what
    earlier frames hold for the next ones (the bit reservoir), and decodes something else.

    Attributes
    ----------
    position : int
        How many samples of each channel have been passed.
    """

    position = 0

    def seekable(self) -> bool:
        """Tell that no position can be gone to, so that nothing tries."""
        return False

    def blocks_of(self, excerpt: range) -> Iterator[NDArray[np.float64]]:
        """Yield blocks [sample, channel] of what arrives of an excerpt.

        Where a sample cannot just be gone to, all before it is decoded, block by block, so that it
        is the same whatever the excerpt. `SoundFile.blocks` would make up what the header only
        promises.
        """
        if self.subtype in SOUGHT and self.format not in CODED and excerpt.start < self.frames:
            self.position = self.seek(excerpt.start)
        while self.position < excerpt.stop:
            begin = self.position
            block = self.read(min(BLOCK_FRAMES, self.frames - begin), always_2d=True)
            if not len(block):
                return
            self.position += len(block)
            wanted = block[max(0, excerpt.start - begin) : excerpt.stop - begin]
            if len(wanted):
                yield wanted


@contextmanager
def complaints(expected: bool = True) -> Iterator[list[str]]:
    """Catch the lines that libraries in C write to stderr; they are in the list afterwards.

    The process has one stderr, so that blocks of several threads wait for each other, and what
    another thread writes meanwhile is caught as well. Nothing is done where none are `expected`.
    """
    lines: list[str] = []
    if not expected:
        yield lines
        return
    with STDERR_LOCK, tempfile.TemporaryFile() as log:
        try:
            stderr = os.dup(2)
        except OSError:  # closed: there is nothing to catch
            yield lines
            return
        if sys.stderr:
            sys.stderr.flush()
        os.dup2(log.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            log.seek(0)
            lines += log.read().decode(errors="replace").splitlines()
