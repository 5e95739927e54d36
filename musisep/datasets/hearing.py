"""Listening to the files of a recording, piece by piece, so that their length takes no memory."""

import hashlib
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from musisep.audio.arrays import peak
from musisep.datasets.recordings import Audio, Recording
from musisep.io import files

PIECE = 65_536
"""Samples of each channel that are heard at a time."""
FULL = 1 - 2.0**-15
"""The greatest sample of 16 bits."""
FLAT = 3
"""So many equal samples at full scale, one after the other, are cut off rather than reached."""


@dataclass
class Heard:
    """What was heard in a file.

    Attributes
    ----------
    path : Path
    info : AudioInfo, optional
        None if it cannot be read at all.
    error : str
        Why it was not heard to its end; empty if it was.
    notes : list of str
        What reading it warned of.
    peak : float
    clipped : int
        Places where samples are cut off at full scale.
    """

    path: Path
    info: files.AudioInfo | None = None
    error: str = ""
    notes: list[str] = field(default_factory=list)
    peak: float = 0.0
    clipped: int = 0
    _hash: Any = field(default_factory=hashlib.sha256, repr=False)

    @classmethod
    def begin(cls, path: Path) -> "Heard":
        """Look at the header of a file."""
        heard = cls(path)
        with heard._noting():
            heard.info = files.info(path)
        return heard

    @property
    def digest(self) -> str:
        """Equal for equal samples, whatever the file format is."""
        return self._hash.hexdigest() if self.info else ""

    def pieces(self) -> Iterator[Audio]:
        """Yield pieces [channel, sample], all of `PIECE` samples but the last, up to an error."""
        arriving = _cut(files.blocks(self.path))
        while not self.error:
            piece = None
            with self._noting():
                piece = next(arriving, None)
            if piece is None:
                return
            self.peak = max(self.peak, peak(piece))
            self.clipped += clipped(piece)
            self._hash.update(np.ascontiguousarray(piece.T, dtype="<f4").tobytes())
            yield piece

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Keep errors and warnings of this context, each once."""
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                yield
        except (OSError, ValueError) as error:
            self.error = str(error)
        texts = (str(warning.message) for warning in caught)
        self.notes += [text for text in dict.fromkeys(texts) if text not in self.notes]


def clipped(audio: Audio) -> int:
    """Count the places [channel, sample] where a run of `FLAT` samples at full scale begins.

    Samples of floating point above it have one value only if they are cut off there.
    """
    samples = max(0, audio.shape[1] - FLAT + 1)
    first = audio[:, :samples]
    flat = np.abs(first) >= FULL
    for later in range(1, FLAT):
        flat &= audio[:, later : later + samples] == first
    return int(np.count_nonzero(flat))


def hear(recording: Recording) -> tuple[list[Heard], float]:
    """Listen to all files of a recording.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    heard : list of Heard
        The references, then the mixture if it has a file.
    difference_db : float
        Level of the mixture less the sum of the references, relative to the mixture; NaN if there
        is no mixture, or it is silent, or files do not fit.
    """
    heard = [Heard.begin(path) for path in recording.paths]
    comparable = recording.mixture is not None and _fit([one.info for one in heard])
    energies = np.zeros(2)
    for pieces in zip_longest(*(one.pieces() for one in heard)):
        if comparable and not any(piece is None for piece in pieces):
            energies += _energies(pieces)
    whole = comparable and energies[1] > 0 and not any(one.error for one in heard)
    with np.errstate(divide="ignore"):
        return heard, float(10 * np.log10(energies[0] / energies[1])) if whole else math.nan


def _fit(infos: Sequence[files.AudioInfo | None]) -> bool:
    """Tell whether files have one length and rate, and each one channel or as many as the most."""
    known = [info for info in infos if info]
    channels = {info.channels for info in known} - {1}
    alike = {(info.samples, info.sample_rate) for info in known}
    return len(known) == len(infos) and len(alike) == 1 and len(channels) <= 1


def _cut(blocks: Iterator[Audio]) -> Iterator[Audio]:
    """Yield blocks [channel, sample] as pieces of one length, the last of which may be shorter."""
    kept: list[Audio] = []
    length = 0
    for block in blocks:
        kept.append(block)
        length += block.shape[1]
        while length >= PIECE:
            whole = np.concatenate(kept, axis=1)
            yield whole[:, :PIECE]
            kept, length = [whole[:, PIECE:]], length - PIECE
    if length:
        yield np.concatenate(kept, axis=1)


def _energies(pieces: Sequence[Audio]) -> Audio:
    """Return the energy of the mixture less its references, and that of the mixture, the last."""
    *references, mixture = pieces
    shape = np.broadcast_shapes(*(piece.shape for piece in pieces))
    rest = np.array(np.broadcast_to(mixture, shape))
    for reference in references:
        rest -= reference
    return np.array([np.vdot(rest, rest), np.vdot(mixture, mixture) * shape[0] / len(mixture)])
