"""Learning the instruments of a recording from the recording itself.

First it is asked what sounds, not who plays: a palette of one or two columns, which any tone may
take, is learned, and tones are found with it. They are linked into notes, the notes are given to
instruments, and each instrument's column of the dictionary is learned from its notes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np
from joblib import Parallel, delayed

from musisep.analysis import Analysis
from musisep.dictionary import Dictionary
from musisep.dictsep.decode import NOBODY, Guide
from musisep.dictsep.dictlearn import (
    Learner,
    fit_columns,
    gen_random_inst_dict,
    random_batches,
    unexplained,
)
from musisep.dictsep.grouping import group
from musisep.dictsep.notes import Notes
from musisep.dictsep.tones import Floats, Ints, Peaks, from_slots, slots

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and how much there is to do."""

FALLS = (0.5,), (0.5, 3.0)
"""Exponents with which the columns of the first palettes fall with the harmonic, at the start."""

ROUNDS, REFITS = 3, 3
"""For more than two instruments: how often tones are given to them, and columns refitted to what
is found with them."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What has been learned from a recording.

    Attributes
    ----------
    dictionary : Dictionary
        A column for each instrument.
    guide : Guide, optional
        Tones of which it is known who plays them.
    unexplained : tuple of float
        What the tones of each restart's palette leave unexplained.
    chosen : int
        The restart whose tones were used.
    """

    dictionary: Dictionary
    guide: Guide | None = None
    unexplained: tuple[float, ...] = ()
    chosen: int = 0


def learn(
    analysis: Analysis, frames: Floats, jobs: int = 1, report: Progress = no_progress
) -> Learned:
    """Learn a dictionary from `frames` [frame, bin], and who plays which tone."""
    settings = analysis.settings
    *generators, own = np.random.default_rng(settings.seed).spawn(settings.restarts + 1)
    done, total = count(1), settings.restarts * settings.steps

    def attempt(number: int, rng: np.random.Generator) -> tuple[float, Floats, Peaks]:
        palette = learn_palette(
            analysis, frames, number, rng, lambda: report("learning", next(done), total)
        )
        peaks = analysis.anonymous_decoder(frames, palette)
        return unexplained(analysis.model, frames, peaks, palette), palette, peaks

    attempts = Parallel(n_jobs=min(jobs, len(generators)), backend="threading")(
        delayed(attempt)(*numbered) for numbered in enumerate(generators)
    )
    left = tuple(attempt[0] for attempt in attempts)
    chosen = int(np.argmin(left))
    _, palette, peaks = attempts[chosen]
    columns, guide = settle(analysis, frames, palette, peaks, own, jobs)
    return Learned(Dictionary(columns), guide, left, chosen)


def settle(
    analysis: Analysis,
    frames: Floats,
    palette: Floats,
    peaks: Peaks,
    rng: np.random.Generator,
    jobs: int,
) -> tuple[Floats, Guide | None]:
    """Give the tones to instruments, and learn the column of each [harmonic, instrument].

    For more than two instruments this is repeated with the tones that are found with the columns:
    they include octaves and unisons that no palette finds.
    """
    settings, model = analysis.settings, analysis.model
    rounds, refits = (1, 0) if settings.instruments <= 2 else (ROUNDS, REFITS)
    columns, guide = palette, None
    for number in range(rounds):
        if number:
            peaks = analysis.decoder(frames, columns, jobs, guide)
        notes = Notes.of(peaks, frames, model)
        players = group(
            notes, settings.instruments, model.octave, rng, tones=settings.tones, jobs=jobs
        )
        guide = Guide(peaks.shifts, np.append(players, NOBODY)[notes.numbers])
        known = given(peaks, guide.insts, settings.instruments, settings.tones)
        start = columns.mean(axis=1, keepdims=True)
        start = np.repeat(start / start.max(), settings.instruments, axis=1)
        columns = fit_columns(model, frames, known, start, rng)
        for _ in range(refits):
            known = analysis.decoder(frames, columns, jobs, guide)
            columns = fit_columns(model, frames, known, columns, rng)
    return columns, guide


def learn_palette(
    analysis: Analysis,
    frames: Floats,
    number: int,
    rng: np.random.Generator,
    step_done: Callable[[], None],
) -> Floats:
    """Learn columns that any tone may take, from the start of this number; [harmonic, column]."""
    settings = analysis.settings
    orders = np.arange(1.0, settings.harmonics + 1)
    if number < len(FALLS):
        start = orders[:, None] ** -np.array(FALLS[number])
    else:
        start = gen_random_inst_dict(settings.harmonics, len(FALLS[-1]), rng)
    if settings.lifetime:
        fresh = gen_random_inst_dict(settings.harmonics, start.shape[1], rng)
        start = np.concatenate((start, fresh), axis=1)
    search = analysis.anonymous_search
    learner = Learner(
        settings.sigma_bins, search.tones, start.shape[1], settings.harmonics, analysis.model.m,
        settings.lifetime, settings.pexp, settings.qexp, start, finder=search, rng=rng,
    )  # fmt: skip
    for _ in learner.learn(random_batches(frames, settings.batch, rng), settings.steps):
        step_done()
    return learner.get_dict()


def given(peaks: Peaks, players: Ints, instruments: int, tones: int) -> Peaks:
    """Put tones into the places of their players; the loudest if there are too many.

    Parameters
    ----------
    peaks : Peaks, shape (frame, place)
    players : ndarray of int, shape (frame, place)
        The instrument that plays each, or -1 for none.
    instruments, tones : int
        Number of instruments, and of tones of each.

    Returns
    -------
    Peaks, shape (frame, tones * instruments)
    """
    insts = slots(instruments, tones)
    params = np.empty((len(players), 4, insts.size))
    for inst in range(instruments):
        amps = np.where(players == inst, peaks.amps, 0.0)
        places = np.argsort(-amps, axis=1, kind="stable")[:, :tones]
        own = np.take_along_axis(peaks.params, places[:, None], axis=2)
        own[:, 0] = np.take_along_axis(amps, places, axis=1)
        params[:, :, insts == inst] = own
    return from_slots(params, insts)
