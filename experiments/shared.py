"""Work that many variants have in common: the frames of an item, and what is learned from them."""

import os
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from cells import CACHE, code
from items import Item
from joblib import Memory

from musisep.analysis import Analysis
from musisep.dictsep.columns import fit_pitches, unexplained
from musisep.dictsep.decode import Guide
from musisep.dictsep.tones import Floats, Peaks
from musisep.learning import Learned, learn
from musisep.masking import mask
from musisep.settings import Settings


class Estimate(NamedTuple):
    """Stems [instrument, channel, sample], what is unexplained, seconds that a cache has saved."""

    stems: Floats
    unexplained: float
    saved_s: float


@dataclass(frozen=True)
class Prepared:
    """An item, its frames [frame, bin] and their level, and what has been learned from them."""

    item: Item
    analysis: Analysis
    frames: Floats
    level: float
    learned: Learned
    saved_s: float

    @property
    def columns(self) -> Floats:
        """The dictionary [harmonic, instrument]."""
        return self.learned.dictionary.amplitudes

    @property
    def guide(self) -> Guide:
        """Who plays which tone, as far as it is known."""
        return self.learned.guide

    def estimate(self, peaks: Peaks) -> Estimate:
        """Return the stems that follow from the tones of the frames."""
        analysis, columns = self.analysis, self.columns
        voices = fit_pitches(analysis.model, self.frames, peaks, columns)
        stems = mask(analysis, self.item.mixture, voices, self.level)
        left = unexplained(analysis.model, self.frames, peaks, columns)
        return Estimate(stems, left, self.saved_s)


def learned(item: Item, seed: int, **settings: Any) -> Prepared:
    """Learn from an item, or take from the cache what was learned from it by the same code."""
    analysis = Analysis(
        Settings(instruments=len(item.stems), seed=seed, **settings), item.sample_rate
    )
    frames, level = analysis.frames(item.mixture)
    begin = time.perf_counter()
    cached = Memory(os.environ.get(CACHE), verbose=0).cache(_learned)
    found, seconds = cached(analysis.settings, item.sample_rate, frames, code())
    saved_s = seconds - (time.perf_counter() - begin)
    return Prepared(item, analysis, frames, level, found, saved_s)


def _learned(
    settings: Settings, sample_rate: int, frames: Floats, code: str
) -> tuple[Learned, float]:
    """Return what is learned, and how long it took."""
    begin = time.perf_counter()
    found = learn(Analysis(settings, sample_rate), frames)
    return found, time.perf_counter() - begin
