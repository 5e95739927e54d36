"""A tone finder around another one: tones outside of a range of frequencies are left out."""

from dataclasses import dataclass

import numpy as np

from musisep.multipitch.finder import ToneFinder
from musisep.tones.peaks import Peaks


@dataclass(frozen=True)
class InRange:
    finder: ToneFinder
    lowest_hz: float
    highest_hz: float

    def __call__(self, frames, dictionary, model, prior=None):
        tones = self.finder(frames, dictionary, model, prior)
        hz = model.lowest_hz * 2 ** (tones.shifts / model.octave)
        amps = np.where((hz >= self.lowest_hz) & (hz <= self.highest_hz), tones.amps, 0)
        return Peaks(amps, tones.shifts, tones.sigmas, tones.spreads, tones.insts)
