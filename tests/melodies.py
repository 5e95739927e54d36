"""Melodies of up to three instruments of known columns, as tones and frames."""

import numpy as np
from sounding import frames_of

from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Peaks

HARMONICS = 8
SAW = 1 / np.arange(1.0, HARMONICS + 1)
HOLLOW = np.array([1, 0.05, 0.7, 0.05, 0.5, 0.05, 0.4, 0.05])
THIRD = np.array([0.3, 1, 0.1, 0.6, 0.1, 0.4, 0.1, 0.3])
COLUMNS = np.stack([SAW, HOLLOW, THIRD], axis=1)
NOTE = 24
MELODIES = np.array([
    [31, 33, 35, 36, 33, 31, 30, 35],
    [19, 21, 16, 20, 23, 18, 21, 16],
    [9, 7, 10, 12, 8, 5, 10, 6],
])  # fmt: skip
GRID = LogFrequencyFrontEnd(fmin_hz=60, fmax_hz=3600, bins_per_octave=60).grid(8000)
MODEL = ToneModel.on(GRID)


def mixture(instruments, columns=COLUMNS):
    """Tones of some instruments that each play a melody, and the frames."""
    lines = np.repeat(MELODIES[:instruments], NOTE, axis=1).T * MODEL.octave / 12
    amps = np.tile(np.linspace(1, 0.5, NOTE), MELODIES.shape[1])[:, None] + 0 * lines
    sigmas = np.full(lines.shape, MODEL.fsigma)
    insts = np.broadcast_to(np.arange(instruments), lines.shape)
    peaks = Peaks(amps, lines, sigmas, 0 * lines, insts)
    return peaks, np.ascontiguousarray(frames_of(peaks, columns[:, :instruments], MODEL))


def insts_of(peaks, prior, near=3.0):
    """Instrument of each true tone according to the prior; -1 if it does not say."""
    close = np.abs(prior.shifts[:, None] - peaks.shifts[:, :, None]) < near
    return np.where(close, prior.insts[:, None], -1).max(axis=2)
