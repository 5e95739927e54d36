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

SOUGHT = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
"""Sample formats in which any sample can be gone to; all others are decoded from the beginning."""

UNKNOWN = 2**62
"""So many samples or more are told by a decoder that does not know."""

STDERR = Lock()
"""Held by who has redirected it."""


class Decoder(sf.SoundFile):
    """A file that is read from the beginning to the end.

    `SoundFile` goes to where it is after each block, where it can. libmpg123 then lacks what
    earlier frames hold for the next ones (the bit reservoir), and decodes something else.
    """

    def seekable(self) -> bool:
        """Tell that no position can be gone to, so that nothing tries."""
        return False

    def skip(self, frames: int) -> int:
        """Go on by a number of samples of each channel; return how many there were."""
        if frames and self.subtype in SOUGHT and self.frames < UNKNOWN:
            return int(self.seek(frames, os.SEEK_CUR))
        return sum(map(len, self.blocks_of(frames)))

    def blocks_of(self, frames: int) -> Iterator[NDArray[np.float64]]:
        """Yield blocks [sample, channel] of what arrives, of at most so many samples together.

        `SoundFile.blocks` would make up what the header only promises.
        """
        while frames > 0:
            block = self.read(min(BLOCK_FRAMES, frames), always_2d=True)
            if not len(block):
                return
            yield block
            frames -= len(block)


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
    with STDERR, tempfile.TemporaryFile() as log:
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
