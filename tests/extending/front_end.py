"""A front end: the usual frames, without what is far below the loudest point."""

from dataclasses import dataclass

import numpy as np

from musisep.audio.frontend import Frames, FrontEnd, LogFrequencyFrontEnd

USUAL = LogFrequencyFrontEnd()


@dataclass(frozen=True)
class Gated:
    inner: FrontEnd = USUAL
    floor_db: float = -50.0

    def __call__(self, mixture, sample_rate) -> Frames:
        frames = self.inner(mixture, sample_rate)
        heard = frames.magnitudes > 10 ** (self.floor_db / 20)
        return frames._replace(magnitudes=np.where(heard, frames.magnitudes, 0.0))
