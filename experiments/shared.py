"""Work that many variants have in common: the frames of an item, and what is learned from them."""

import os
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from cells import CACHE, code
from items import Item
from joblib import Memory

from musisep.analysis import Analysis
from musisep.dictsep.dictlearn import unexplained
from musisep.dictsep.tones import Floats, Peaks
from musisep.separation import learn, mask
from musisep.settings import Settings


class Estimate(NamedTuple):
    """Stems [instrument, channel, sample], what is unexplained, seconds that a cache has saved."""

    stems: Floats
    unexplained: float
    saved_s: float


@dataclass(frozen=True)
class Learned:
    """An item, its frames [frame, bin] and their level, and the dictionaries learned from them."""

    item: Item
    analysis: Analysis
    frames: Floats
    level: float
    dictionaries: list[Floats]
    saved_s: float

    def estimate(self, peaks: Peaks, inst_dict: Floats) -> Estimate:
        """Return the stems that follow from the tones of the frames."""
        stems = mask(self.analysis, self.item.mixture, peaks.scaled(self.level), inst_dict)
        return Estimate(stems, self.unexplained(peaks, inst_dict), self.saved_s)

    def unexplained(self, peaks: Peaks, inst_dict: Floats) -> float:
        """Return what tones leave unexplained of the frames."""
        return unexplained(self.analysis.model, self.frames, peaks, inst_dict)


def learned(item: Item, seed: int, **settings: Any) -> Learned:
    """Learn from an item, or take from the cache what was learned from it by the same code."""
    analysis = Analysis(
        Settings(instruments=len(item.stems), seed=seed, **settings), item.sample_rate
    )
    frames, level = analysis.frames(item.mixture)
    begin = time.perf_counter()
    cached = Memory(os.environ.get(CACHE), verbose=0).cache(_dictionaries)
    dictionaries, seconds = cached(analysis.settings, item.sample_rate, frames, code())
    saved_s = seconds - (time.perf_counter() - begin)
    return Learned(item, analysis, frames, level, dictionaries, saved_s)


def _dictionaries(
    settings: Settings, sample_rate: int, frames: Floats, code: str
) -> tuple[list[Floats], float]:
    """Return the dictionaries, and how long it took."""
    begin = time.perf_counter()
    dictionaries = [found.amplitudes for found in learn(Analysis(settings, sample_rate), frames, 1)]
    return dictionaries, time.perf_counter() - begin
