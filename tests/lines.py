"""Tones that are given by the shifts of their places, and the notes that they are."""

import numpy as np
from sounding import frames_of

from musisep.notes.tracking import NoteTracking
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Peaks

M, OCTAVE, FSIGMA = 420, 60, 1.9
MODEL = ToneModel(FSIGMA, OCTAVE / np.log(2), M, lowest_hz=55.0, hop_s=0.01)
TRACKING = NoteTracking()
COLUMN = np.array([1, 0.5, 0.8, 0.3, 0.6, 0.2, 0.4, 0.25, 0.3, 0.2, 0.15, 0.1])[:, None]


def tones(*lines, amps=None, spread=0.0, sigma=FSIGMA):
    """Tones from the shifts of each place; None is silence."""
    shifts = np.array(lines, dtype=float).T
    amps = np.ones(shifts.shape) if amps is None else np.array(amps, dtype=float).T
    amps = np.where(np.isnan(shifts), 0.0, amps)
    return Peaks(
        amps, np.nan_to_num(shifts), np.full(amps.shape, sigma), np.full(amps.shape, spread),
        np.zeros(amps.shape, int),
    )  # fmt: skip


def notes_of(peaks, column=COLUMN, tracking=TRACKING):
    return tracking(peaks, frames_of(peaks, column, MODEL), MODEL)
