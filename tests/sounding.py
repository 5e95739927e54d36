"""What tones of many frames sound like."""

import numpy as np

from musisep.masking.synthesis import synthesise
from musisep.masking.voices import Voices


def frames_of(peaks, inst_dict, model):
    """Frames [frame, bin] of tones (frame, tone) of any instruments."""
    alone = peaks.of_instruments(np.zeros_like(peaks.insts))
    voices = Voices(alone, peaks.insts, np.ascontiguousarray(inst_dict), 1)
    return synthesise(voices, model.harscale, model.pexp, model.m)[0]


def similarity(columns, true):
    """Cosines of all pairs of columns."""
    unit, other = (x / np.linalg.norm(x, axis=0) for x in (columns, true))
    return unit.T @ other
