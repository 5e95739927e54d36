"""Work that many variants have in common."""

import hashlib
import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from items import Floats, Item
from joblib import Memory

import musisep
from musisep._util.progress import Progress, no_progress
from musisep.audio.arrays import Spectra
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.audio.sides import Sides
from musisep.audio.stft import SpectralTransform
from musisep.learning.learner import Learned, Learner
from musisep.masking.ratio import SpectralMask
from musisep.multipitch.finder import ToneFinder
from musisep.settings import Settings
from musisep.stages import make_stages
from musisep.tones.model import ToneModel

CACHE = "MUSISEP_EXPERIMENTS_CACHE"
"""Environment variable with the folder in which `kept` keeps results, if any."""


class Estimate(NamedTuple):
    """Stems [instrument, channel, sample], what is unexplained, seconds that a cache has saved.

    `part` is which samples of the item were separated; the others are as of a
    `musisep.Separation`.
    """

    stems: Floats
    unexplained: float
    saved_s: float = 0.0
    part: slice = slice(None)
    certainty: Floats | None = None
    confidence: Floats | None = None
    called: str = ""


class KeptLearner:
    """Learns as another learner does, or takes from the cache what that has learned.

    Attributes
    ----------
    saved_s : float
        Seconds that the cache has saved.
    """

    def __init__(self, learner: Learner) -> None:
        self.learner, self.saved_s = learner, 0.0

    def __call__(
        self,
        frames: Floats,
        model: ToneModel,
        report: Progress = no_progress,
        sides: Sides | None = None,
    ) -> Learned:
        """Return what the same code has learned from these frames [frame, bin]."""
        begin = time.perf_counter()
        learned, seconds = kept(_learned)(self.learner, frames, model, sides, code())
        self.saved_s += seconds - (time.perf_counter() - begin)
        return learned


def _learned(
    learner: Learner, frames: Floats, model: ToneModel, sides: Sides | None, code: str
) -> tuple[Learned, float]:
    """Return what is learned, and how long it took."""
    begin = time.perf_counter()
    learned = learner(frames, model, no_progress, sides)
    return learned, time.perf_counter() - begin


def kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, whose results are kept in the cache, if there is one."""
    return Memory(os.environ.get(CACHE), verbose=0).cache(function)


@lru_cache(maxsize=1)
def code() -> str:
    """Return what changes with every change of the package's code."""
    sources = sorted(Path(musisep.__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


def found_by(item: Item, seed: int, finder: ToneFinder, **options: Any) -> Estimate:
    """Separate by a tone finder; all that do so for an item and a seed have one dictionary."""
    settings = Settings(instruments=len(item.stems), seed=seed, **options)
    learner = KeptLearner(make_stages(settings).learner)
    separation = musisep.separate(
        item.mixture, item.sample_rate, settings=settings,
        stages={"learner": learner, "finder": finder},
    )  # fmt: skip
    return Estimate(separation.stems, separation.unexplained, learner.saved_s)


def mask_transform(sample_rate: int) -> SpectralTransform:
    """Return the transform whose spectrum the masks divide by default."""
    return SpectralMask().transform(LogFrequencyFrontEnd().grid(sample_rate))


def ideal_shares(stems: Spectra, mixture: Spectra) -> Spectra:
    """Divide the spectra of a mixture in proportion to the magnitudes of its stems."""
    magnitudes = np.abs(stems)
    total = magnitudes.sum(axis=0)
    masks = np.divide(magnitudes, total, out=np.zeros_like(magnitudes), where=total > 0)
    return masks * mixture
