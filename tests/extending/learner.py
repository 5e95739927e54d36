"""A learner: the higher of two tones is the first instrument's; columns by multiplicative steps."""

from dataclasses import dataclass

import numpy as np

from musisep.learning.learner import Learned
from musisep.learning.updates import fit_columns
from musisep.multipitch.finder import Prior
from musisep.multipitch.joint import JointSearch


@dataclass(frozen=True)
class ByHeight:
    instruments: int = 2
    harmonics: int = 12

    def __call__(self, frames, model, report, sides=None):
        columns = 1 / np.arange(1.0, self.harmonics + 1)[:, None]
        tones = JointSearch(self.instruments)(frames, columns, model)
        heights = np.where(tones.amps > 0, -tones.shifts, 0)
        insts = heights.argsort(axis=1, kind="stable").argsort(axis=1)
        own, start = tones.of_instruments(insts), np.repeat(columns, self.instruments, axis=1)
        learned = fit_columns(frames, own, start, model, updates=20)
        return Learned(learned, Prior(tones.shifts, insts))
