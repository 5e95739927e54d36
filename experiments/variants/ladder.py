"""A ladder of oracles: what is lost on each rung between ideal masks and blind separation.

    python experiments/run.py ladder default --folders FOLDER ... --cache CACHE --out ladder.csv
    python experiments/summary.py ladder.csv --baseline oracle-masks

Each oracle is told something that only the true stems tell, and finds the rest in the mixture:

* oracle-masks: the magnitudes of the stems' spectra;
* oracle-tones: the tones of each stem, as they are found in it alone, and its column;
* oracle-amplitudes: the same, but they are only where fitting the tones to the mixture starts;
* oracle-pitches: the same without the amplitudes, which start as equal;
* oracle-columns-and-assignment, oracle-columns: the columns of the stems, with the tones that are
  found in the mixture, with and without being told whose they are;
* oracle-assignment: whose the tones are that blind separation finds; columns are learned from them.

What the stems tell is kept in the cache, so how long a variant took means nothing.
"""

from functools import reduce
from itertools import permutations
from typing import NamedTuple

import numpy as np
from items import Floats, Item
from shared import code, ideal_shares, kept, mask_transform

import musisep
from musisep._util.progress import no_progress
from musisep.audio.arrays import Spectra
from musisep.audio.frontend import Frames
from musisep.multipitch.finder import Hypotheses
from musisep.multipitch.joint import JointSearch
from musisep.multipitch.viterbi import Viterbi
from musisep.settings import Settings
from musisep.stages import make_stages
from musisep.tones.dictionary import Dictionary
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Peaks, places
from musisep.tones.table import tones_from_table

FLOOR_DB = -30.0
"""A stem is silent where its tone is that far below its loudest one."""
FAR_SEMITONES = 1.4
"""Tones that far from a true one have missed it, and farther ones have not missed it more."""
FITTING = 12
"""Trials of a fit."""


class Found(NamedTuple):
    """Frames of an item, tones (frame, instrument) in them, columns [harmonic, instrument]."""

    frames: Frames
    model: ToneModel
    tones: Peaks
    columns: Floats


def blind(item: Item, seed: int) -> Found:
    """Return what is found by `musisep.separate`, which knows nothing of the stems."""
    number, rate = len(item.stems), item.sample_rate
    separation = musisep.separate(item.mixture, rate, instruments=number, seed=seed)
    frames = make_stages(separation.settings).front_end(item.mixture, rate)
    model = ToneModel.on(frames.grid)
    tones = tones_from_table(
        separation.tones, frames.grid, len(frames.magnitudes), places(number, 1), model.fsigma
    )
    return Found(frames, model, tones.scaled(1 / frames.level), separation.dictionary.amplitudes)


def true(item: Item) -> Found:
    """Return the tones of the stems at their level in the mixture, and their columns."""
    settings = Settings(instruments=len(item.stems))
    frames = make_stages(settings).front_end(item.mixture, item.sample_rate)
    tones, columns = zip(
        *(kept(_alone)(stem, item.sample_rate, code()) for stem in item.stems), strict=True
    )
    together = reduce(Peaks.merged, (own.renumbered([k]) for k, own in enumerate(tones)))
    model = ToneModel.on(frames.grid)
    return Found(frames, model, together.scaled(1 / frames.level), np.hstack(columns))


def _alone(stem: Floats, sample_rate: int, code: str) -> tuple[Peaks, Floats]:
    """Return the tones of a stem [channel, sample], (frame, 1), and its column [harmonic, 1]."""
    settings = Settings(instruments=1)
    stages = make_stages(settings)
    frames, level, grid = stages.front_end(stem, sample_rate)
    model = ToneModel.on(grid)
    learned = stages.learner(frames, model, no_progress)
    tones = stages.finder(frames, learned.dictionary, model, learned.prior)
    tones.amps[tones.amps < 10 ** (FLOOR_DB / 20) * tones.amps.max()] = 0
    return tones.scaled(level), learned.dictionary


def decoded(found: Found) -> Found:
    """Find the tones of the mixture with these columns."""
    return found._replace(tones=Viterbi()(found.frames.magnitudes, found.columns, found.model))


def fitted(found: Found) -> Found:
    """Fit the tones to the mixture, starting from their pitches and amplitudes."""
    tones = found.tones
    start = Hypotheses(tones.shifts[:, None], tones.amps[:, None], np.ones((len(tones.amps), 1)))
    search = JointSearch(steps=FITTING)
    return found._replace(
        tones=search.refine(found.frames.magnitudes, found.columns, found.model, start)
    )


def levelled(found: Found) -> Found:
    """Forget the amplitudes: all tones that sound get that of the frame's highest bin."""
    tones = found.tones
    amps = (tones.amps > 0) * found.frames.magnitudes.max(axis=1, keepdims=True)
    tones = Peaks(amps, tones.shifts, tones.sigmas, tones.spreads, tones.insts)
    return found._replace(tones=tones)


def assigned(found: Found, true: Peaks) -> Found:
    """Give the tones of each frame to the instruments whose true pitches are nearest.

    Where that does not decide, and for the columns, what is right most often is taken.
    """
    tones = found.tones
    far = FAR_SEMITONES / 12 * found.model.octave
    orders = np.array(list(permutations(range(len(true)))))
    distances = np.abs(tones.shifts[:, orders] - true.shifts[:, None])  # [frame, order, place]
    distances = np.where(tones.amps[:, orders] > 0, np.minimum(distances, far), far)
    costs = np.sum(distances * (true.amps[:, None] > 0), axis=2)
    usual = np.argsort(costs.sum(axis=0), kind="stable")
    orders = orders[usual]
    chosen = orders[np.argmin(costs[:, usual], axis=1)]  # the first, so the most usual, of equals
    moved = tones[np.arange(len(chosen))[:, None], chosen]
    moved.insts = true.insts
    return found._replace(tones=moved, columns=found.columns[:, tones.insts[0, orders[0]]])


def estimate(item: Item, found: Found) -> musisep.Separation:
    """Return the separation that follows."""
    return musisep.separate(
        item.mixture, item.sample_rate, dictionary=Dictionary(found.columns),
        stages={"front_end": lambda *_: found.frames, "finder": lambda *_: found.tones},
    )  # fmt: skip


def masks(item: Item, seed: int) -> Floats:
    """Divide the mixture by the magnitudes of the stems' spectra."""

    def divide(frames: slice, spectra: Spectra) -> Spectra:
        return ideal_shares(spectra[1:], spectra[0])

    signals = np.concatenate((item.mixture[None], item.stems))
    return mask_transform(item.sample_rate).map_spectra(signals, divide, item.stems.shape[:2])


def tones(item: Item, seed: int) -> musisep.Separation:
    """Tell the tones and the columns."""
    return estimate(item, true(item))


def amplitudes(item: Item, seed: int) -> musisep.Separation:
    """Tell the columns, and where fitting starts."""
    return estimate(item, fitted(true(item)))


def pitches(item: Item, seed: int) -> musisep.Separation:
    """Tell the columns and the pitches."""
    return estimate(item, fitted(levelled(true(item))))


def columns_and_assignment(item: Item, seed: int) -> musisep.Separation:
    """Tell the columns, and whose the tones are that are found with them."""
    stems = true(item)
    given = assigned(decoded(stems), stems.tones)
    return estimate(item, fitted(given._replace(columns=stems.columns)))


def columns(item: Item, seed: int) -> musisep.Separation:
    """Tell the columns."""
    return estimate(item, decoded(true(item)))


def assignment(item: Item, seed: int) -> musisep.Separation:
    """Tell whose the tones are that are found blindly."""
    given = assigned(blind(item, seed), true(item).tones)
    learner = make_stages(Settings(instruments=len(item.stems))).learner
    start = given.columns.mean(axis=1, keepdims=True)
    columns = learner.learn_columns(given.frames.magnitudes, given.tones, start, given.model)
    return estimate(item, fitted(given._replace(columns=columns)))


VARIANTS = {
    "oracle-masks": masks,
    "oracle-tones": tones,
    "oracle-amplitudes": amplitudes,
    "oracle-pitches": pitches,
    "oracle-columns-and-assignment": columns_and_assignment,
    "oracle-columns": columns,
    "oracle-assignment": assignment,
}
