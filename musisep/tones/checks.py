"""What functions of tones may be given: kernels check neither shapes nor indices."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import instance
from musisep.audio.arrays import as_real
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Peaks


def checked_frames(frames: ArrayLike, model: ToneModel) -> Floats:
    """Return magnitudes as the kernels want them, if they fit a model.

    Parameters
    ----------
    frames : array_like [frame, bin]
    model : ToneModel
        Tells how many bins there must be.

    Returns
    -------
    ndarray of float64 [frame, bin]

    Raises
    ------
    ValueError
        If something is of another class or shape, or a magnitude is negative.
    """
    instance("model", model, ToneModel)
    values = np.ascontiguousarray(as_real(frames, "frames"), dtype=np.float64)
    if values.shape[1:] != (model.m,):
        raise ValueError(f"frames.shape={values.shape} must be [frame, bin], {model.m} bins")
    if values.min(initial=0.0) < 0:
        raise ValueError(f"frames.min()={values.min()} must be at least 0: they hold magnitudes")
    return values


def frames_with_tones(
    frames: ArrayLike, tones: Peaks, model: ToneModel, name: str = "peaks"
) -> Floats:
    """Return `checked_frames`, if there are tones [frame, tone] of as many; ValueError by name."""
    values = checked_frames(frames, model)
    check_tones(name, tones)
    if len(tones.amps) != len(values):
        raise ValueError(
            f"{name} of shape={tones.amps.shape} must be [frame, tone], of {len(values)} frames"
        )
    return values


def check_tones(name: str, tones: Peaks) -> None:
    """Refuse what are no tones [frame, tone]; ValueError by name."""
    instance(name, tones, Peaks)
    if tones.amps.ndim != 2:
        raise ValueError(f"{name} of shape={tones.amps.shape} must be [frame, tone]")
