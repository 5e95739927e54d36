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

import os
from dataclasses import replace
from functools import reduce
from itertools import permutations
from typing import NamedTuple

import numpy as np
from cells import CACHE, code
from items import Item
from joblib import Memory
from shared import Estimate

import musisep
from musisep.analysis import Analysis
from musisep.audio.arrays import Spectra
from musisep.dictsep.columns import fit_pitches, unexplained
from musisep.dictsep.exptool import AMP, SHIFT, SIGMA, SPREAD
from musisep.dictsep.search import Hypotheses
from musisep.dictsep.synthesis import mask_spectrums
from musisep.dictsep.tones import Floats, Peaks, from_slots, slots
from musisep.learning import learn, learn_columns
from musisep.masking import mask
from musisep.settings import Settings

FLOOR_DB = -30.0
"""A stem is silent where its tone is that far below its loudest one."""
FAR_SEMITONES = 1.4
"""Tones that far from a true one have missed it, and farther ones have not missed it more."""
FITTING = 12
"""Trials of a fit."""


class Found(NamedTuple):
    """Frames [frame, bin] of an item, their level, tones (frame, instrument) in them, columns."""

    analysis: Analysis
    frames: Floats
    level: float
    peaks: Peaks
    columns: Floats


def blind(item: Item, seed: int) -> Found:
    """Return what is found by `musisep.separate`, which knows nothing of the stems."""
    number, rate = len(item.stems), item.sample_rate
    separation = musisep.separate(item.mixture, rate, instruments=number, seed=seed)
    analysis, tones = Analysis(separation.settings, rate), separation.tones
    frames, level = analysis.frames(item.mixture)
    params = np.zeros((len(frames), 4, number))
    params[:, SIGMA] = analysis.model.fsigma
    frame = np.rint(tones.time_s * rate / analysis.hop_length).astype(int)
    for name, values in (
        (AMP, tones.amplitude / level),
        (SHIFT, analysis.axis.position(tones.f0_hz)),
        (SPREAD, tones.inharmonicity),
    ):
        params[frame, name, tones.instrument] = values
    peaks = from_slots(params, slots(number, tones=1))
    return Found(analysis, frames, level, peaks, separation.dictionary.amplitudes)


def true(item: Item) -> Found:
    """Return the tones of the stems at their level in the mixture, and their columns."""
    analysis = Analysis(Settings(instruments=len(item.stems)), item.sample_rate)
    frames, level = analysis.frames(item.mixture)
    cached = Memory(os.environ.get(CACHE), verbose=0).cache(_alone)
    peaks, columns = zip(
        *(cached(stem, item.sample_rate, code()) for stem in item.stems), strict=True
    )
    together = reduce(Peaks.merged, (own.renumbered([k]) for k, own in enumerate(peaks)))
    return Found(analysis, frames, level, together.scaled(1 / level), np.hstack(columns))


def _alone(stem: Floats, sample_rate: int, code: str) -> tuple[Peaks, Floats]:
    """Return the tones of a stem [channel, sample], (frame, 1), and its column [harmonic, 1]."""
    analysis = Analysis(Settings(instruments=1), sample_rate)
    frames, level = analysis.frames(stem)
    found = learn(analysis, frames)
    column = found.dictionary.amplitudes
    peaks = analysis.decoder(frames, column, guide=found.guide)
    peaks.amps[peaks.amps < 10 ** (FLOOR_DB / 20) * peaks.amps.max()] = 0
    return peaks.scaled(level), column


def decoded(found: Found) -> Found:
    """Find the tones of the mixture with these columns."""
    return found._replace(peaks=found.analysis.decoder(found.frames, found.columns))


def fitted(found: Found) -> Found:
    """Fit the tones to the mixture, starting from their pitches and amplitudes."""
    peaks = found.peaks
    start = Hypotheses(peaks.shifts[:, None], peaks.amps[:, None], np.ones((len(peaks.amps), 1)))
    search = replace(found.analysis.decoder.search, steps=FITTING)
    return found._replace(peaks=search.refine(found.frames, found.columns, start))


def levelled(found: Found) -> Found:
    """Forget the amplitudes: all tones that sound get that of the frame's highest bin."""
    peaks = found.peaks
    amps = (peaks.amps > 0) * found.frames.max(axis=1, keepdims=True)
    peaks = Peaks(amps, peaks.shifts, peaks.sigmas, peaks.spreads, peaks.insts)
    return found._replace(peaks=peaks)


def assigned(found: Found, true: Peaks) -> Found:
    """Give the tones of each frame to the instruments whose true pitches are nearest.

    Where that does not decide, and for the columns, what is right most often is taken.
    """
    peaks = found.peaks
    far = FAR_SEMITONES / 12 * found.analysis.settings.bins_per_octave
    orders = np.array(list(permutations(range(len(true)))))
    distances = np.abs(peaks.shifts[:, orders] - true.shifts[:, None])  # [frame, order, place]
    distances = np.where(peaks.amps[:, orders] > 0, np.minimum(distances, far), far)
    costs = np.sum(distances * (true.amps[:, None] > 0), axis=2)
    usual = np.argsort(costs.sum(axis=0), kind="stable")
    orders = orders[usual]
    chosen = orders[np.argmin(costs[:, usual], axis=1)]  # the first, so the most usual, of equals
    moved = peaks[np.arange(len(chosen))[:, None], chosen]
    moved.insts = true.insts
    return found._replace(peaks=moved, columns=found.columns[:, peaks.insts[0, orders[0]]])


def estimate(item: Item, found: Found) -> Estimate:
    """Return the stems that follow."""
    analysis, frames, level, peaks, columns = found
    voices = fit_pitches(analysis.model, frames, peaks, columns)
    stems = mask(analysis, item.mixture, voices, level)
    return Estimate(stems, unexplained(analysis.model, frames, peaks, columns), saved_s=0.0)


def masks(item: Item, seed: int) -> Floats:
    """Divide the mixture by the magnitudes of the stems' spectra."""

    def divide(frames: slice, spectra: Spectra) -> Spectra:
        return np.stack(mask_spectrums(np.abs(spectra[1:]), spectra[0])[0])

    transform = Analysis(Settings(), item.sample_rate).transform
    signals = np.concatenate((item.mixture[None], item.stems))
    return transform.map_spectra(signals, divide, item.stems.shape[:2])


def tones(item: Item, seed: int) -> Estimate:
    """Tell the tones and the columns."""
    return estimate(item, true(item))


def amplitudes(item: Item, seed: int) -> Estimate:
    """Tell the columns, and where fitting starts."""
    return estimate(item, fitted(true(item)))


def pitches(item: Item, seed: int) -> Estimate:
    """Tell the columns and the pitches."""
    return estimate(item, fitted(levelled(true(item))))


def columns_and_assignment(item: Item, seed: int) -> Estimate:
    """Tell the columns, and whose the tones are that are found with them."""
    stems = true(item)
    given = assigned(decoded(stems), stems.peaks)
    return estimate(item, fitted(given._replace(columns=stems.columns)))


def columns(item: Item, seed: int) -> Estimate:
    """Tell the columns."""
    return estimate(item, decoded(true(item)))


def assignment(item: Item, seed: int) -> Estimate:
    """Tell whose the tones are that are found blindly."""
    given = assigned(blind(item, seed), true(item).peaks)
    start = given.columns.mean(axis=1, keepdims=True)
    learned = learn_columns(given.analysis, given.frames, given.peaks, start)
    return estimate(item, fitted(given._replace(columns=learned)))


VARIANTS = {
    "oracle-masks": masks,
    "oracle-tones": tones,
    "oracle-amplitudes": amplitudes,
    "oracle-pitches": pitches,
    "oracle-columns-and-assignment": columns_and_assignment,
    "oracle-columns": columns,
    "oracle-assignment": assignment,
}
