"""Transforms of signals that arrive in blocks: from long files, or from a microphone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import iterable
from musisep.audio.arrays import Real, as_samples
from musisep.audio.axes import Framing

Frames = TypeVar("Frames")


def stream(
    transform: Callable[[ArrayLike], Frames], blocks: Iterable[ArrayLike]
) -> Iterator[Frames]:
    """Transform a signal that arrives in blocks.

    Joined along their frames, the results are what the transform makes of the whole signal. The
    memory that is taken does not depend on its length, but on that of a block and of a frame.

    Parameters
    ----------
    transform : SpectralTransform, MelSpectrogramTransform, MFCCTransform, \
SpectralFeatureTransform, CQT or HarmonicCQT
        Without what refers to a maximum over all frames: `top_db`, and "spectral_contrast".
    blocks : iterable of array_like [..., sample]
        Parts of the signal, one after the other, of any sizes, also empty ones. All must have the
        same channels and the same precision.

    Returns
    -------
    iterator
        What `transform` returns, as soon as frames are complete: of the frames that a block
        completes, and in the end of those that reach beyond the signal. With `center`, the first
        ones come when half a frame has arrived.

    Raises
    ------
    ValueError
        At once if the transform is none of these, or refers to a maximum; when it comes if a
        block does not fit to the first or holds no samples of a signal; in the end if there was
        no block, or if the signal is too short for the transform.

    Notes
    -----
    Spectra, and what follows from them, are the same to the last bit. Constant-Q coefficients are
    the same but for rounding: they are sums that go on from frame to frame.

    A constant-Q transform looks at its kernel_width again with each block: those of several
    kernel_width are the fastest.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.audio.stft import SpectralTransform
    >>> from musisep.audio.streams import stream
    >>> signal = np.sin(np.arange(22050) / 10)
    >>> blocks = (signal[start : start + 5000] for start in range(0, 22050, 5000))
    >>> transform = SpectralTransform(n_fft=2048, hop_length=512)
    >>> [spectrum.shape for spectrum in stream(transform, blocks)]    # [frequency, frame]
    [(1025, 8), (1025, 10), (1025, 10), (1025, 10), (1025, 4), (1025, 2)]

    A file, whose blocks are [sample, channel] with the package soundfile:

    >>> from importlib import resources
    >>> import soundfile
    >>> path = resources.files("musisep") / "demo" / "mix.flac"       # 476280 samples
    >>> blocks = soundfile.blocks(str(path), 65536, always_2d=True)
    >>> sum(part.shape[-1] for part in stream(transform, (block.T for block in blocks)))
    931
    """
    framing = getattr(transform, "framing", None)
    if not isinstance(framing, Framing):
        raise ValueError(
            f"transform={type(transform).__name__} must be a SpectralTransform, another transform "
            f"of its frames, CQT or HarmonicCQT"
        )
    if framing.maximum_of:
        raise ValueError(
            f"transform with {framing.maximum_of} must not refer to the maximum over all frames, "
            f"which is not known before the end"
        )
    iterable("blocks", blocks)
    return _transformed(transform, framing, _checked(blocks))


def _checked(blocks: Iterable[ArrayLike]) -> Iterator[Real]:
    """Hand on blocks in the precision to compute in; all must be like the first."""
    first = None
    for block in (as_samples(block, "block") for block in blocks):
        first = block[..., :0] if first is None else first
        if block.shape[:-1] != first.shape[:-1] or block.dtype != first.dtype:
            raise ValueError(
                f"block of shape={block.shape} and dtype={block.dtype} must be of "
                f"{(*first.shape[:-1], 'sample')} and {first.dtype}, as the first"
            )
        yield block


def _transformed(
    transform: Callable[[ArrayLike], Frames], framing: Framing, blocks: Iterator[Real]
) -> Iterator[Frames]:
    needed = max(framing.lead + 1, framing.samples - framing.lead)
    beginning = _collect(blocks, needed)
    if beginning.shape[-1] < needed:  # which is all of the signal
        yield transform(beginning)
        return
    # Frames that lie within the samples: what is beyond the ends is put before and after them.
    within = replace(transform, center=False)  # type: ignore[type-var]
    buffer = Buffer(framing, _continued(beginning, framing.lead, 0, framing)[..., : framing.lead])
    for block in chain([beginning], blocks):
        buffer.add(block)
        if frames := buffer.complete:
            yield within(buffer.take(frames))
    if frames := framing.count(buffer.length) - buffer.taken:
        buffer.end(frames)
        yield within(buffer.take(frames))


def _collect(blocks: Iterator[Real], needed: int) -> Real:
    """Join blocks until there are so many samples, or no more blocks."""
    taken, length = [], 0
    for block in blocks:
        taken.append(block.copy())  # whoever sends blocks may use the same memory again
        length += block.shape[-1]
        if length >= needed:
            break
    if not taken:
        raise ValueError("blocks must hold at least one block, not none")
    return np.concatenate(taken, axis=-1)


def _continued(signal: Real, before: int, after: int, framing: Framing) -> Real:
    """Let a signal go on beyond its ends."""
    width = [(0, 0)] * (signal.ndim - 1) + [(before, after)]
    return np.pad(signal, width, mode="reflect" if framing.mirrored else "constant")


@dataclass
class Buffer:
    """Samples that are needed for the frames to come.

    Parameters
    ----------
    framing : Framing
    held : ndarray [..., sample]
        At first, what is before the signal.
    """

    framing: Framing
    held: Real
    place: int = 0
    """Where the next frame begins; it may be behind what is held."""
    length: int = 0
    """Samples of the signal that have come."""
    taken: int = 0
    """Frames that have been taken."""

    def add(self, block: Real) -> None:
        """Append samples of the signal."""
        self.held = np.concatenate([self.held, block], axis=-1)
        self.length += block.shape[-1]

    @property
    def complete(self) -> int:
        """Number of frames whose samples are there."""
        behind = self.held.shape[-1] - self.place - self.framing.samples
        return 1 + behind // self.framing.hop

    def end(self, frames: int) -> None:
        """Append what so many frames see beyond the end of the signal."""
        missing = self.place + self._span(frames) - self.held.shape[-1]
        self.held = _continued(self.held, 0, missing, self.framing)

    def take(self, frames: int) -> Real:
        """Return the samples of the next frames, and keep those of later ones and for a mirror."""
        samples = self.held[..., self.place : self.place + self._span(frames)]
        self.place += frames * self.framing.hop
        self.taken += frames
        done = min(self.place, self.held.shape[-1] - self.framing.lead - 1)
        self.held = self.held[..., done:]
        self.place -= done
        return samples

    def _span(self, frames: int) -> int:
        return (frames - 1) * self.framing.hop + self.framing.samples
