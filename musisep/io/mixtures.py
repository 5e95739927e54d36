"""What may be separated: a recording in a file, or an array of samples."""

from __future__ import annotations

import math
import os

import numpy as np
from numpy.typing import ArrayLike

from musisep.audio.arrays import check_finite, full_scale, peak
from musisep.io import files
from musisep.io.stored import Floats, Scratch

LOUDEST = 2.0**1000
"""Peak of a mixture up to which sums of stems are finite."""


def load(
    mixture: ArrayLike | Scratch | str | os.PathLike[str],
    sample_rate: int | None,
    scratch: str | os.PathLike[str] | None = None,
    longest_s: float = math.inf,
) -> tuple[Floats | Scratch, int]:
    """Return the mixture as [channel, sample], not to be changed, and its sample rate in Hz.

    Integer samples are fractions of full scale (`musisep.audio.arrays.full_scale`). A file that is
    longer than `longest_s` is kept in the folder `scratch`, if there is one.
    """
    if isinstance(mixture, str | os.PathLike):
        if sample_rate is not None:
            raise ValueError(f"{sample_rate=} must be left out: the file tells it")
        if scratch is None:
            whole: tuple[Floats | Scratch, int] = files.read(mixture)
        else:
            whole = files.spool(mixture, scratch, longest_s)
        refuse_overflow(whole[0], str(mixture))
        return whole
    if isinstance(mixture, Scratch):
        refuse_overflow(mixture, "mixture")
        return mixture, files.check_rate("sample_rate", sample_rate)
    audio = np.atleast_2d(full_scale(mixture, "mixture").astype(np.float64, copy=False))
    if audio.ndim != 2 or not audio.size:
        raise ValueError(
            f"mixture.shape={np.shape(mixture)} must be [channel, sample] or [sample], not empty"
        )
    if audio.shape[0] > files.MAX_CHANNELS:
        raise ValueError(
            f"mixture.shape={audio.shape} has more than {files.MAX_CHANNELS} channels: "
            "is it transposed? It must be [channel, sample]"
        )
    check_finite(audio, "mixture")
    refuse_overflow(audio, "mixture")
    return audio, files.check_rate("sample_rate", sample_rate)


def refuse_overflow(audio: Floats | Scratch, name: str) -> None:
    """Refuse samples whose stems might overflow; ValueError by name."""
    largest = audio.peak if isinstance(audio, Scratch) else peak(audio)
    if largest > LOUDEST:
        raise ValueError(
            f"{name} has a peak of {largest:.3g}, and must have {LOUDEST:.2g} at most, "
            "lest its stems overflow: divide it by its peak"
        )
