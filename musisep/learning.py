"""Learning the instruments of a recording from the recording itself.

First it is asked what sounds, not who plays: a palette of two columns, which any tone may take, is
learned, and tones are found with it. They are linked into notes, the notes are given to
instruments, and each instrument's column of the dictionary is learned from its notes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from musisep.analysis import Analysis
from musisep.dictionary import Dictionary
from musisep.dictsep.columns import (
    audible,
    evenly,
    falling,
    fit_columns,
    normalized,
    smoothed,
    unexplained,
)
from musisep.dictsep.decode import Guide
from musisep.dictsep.grouping import group
from musisep.dictsep.notes import NO_NOTE, Notes
from musisep.dictsep.tones import Floats, Ints, Peaks, from_slots, slots
from musisep.progress import Progress, no_progress

FALLS = 0.5, 3.0
"""Exponents with which the columns of the palette fall with the harmonic at the start."""
UPDATES, SETTLED = 2, 3
"""Of the palette: updates in a step, and last steps, in which its columns may have edges."""
FINAL_UPDATES, FINAL_FRAMES = 10, 1200
"""Updates of an instrument's column, and frames from which it is learned."""
WORTH = 500.0
"""What it is worth in the value of a grouping that all is explained by the tones that follow."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What has been learned from a recording.

    Attributes
    ----------
    dictionary : Dictionary
        A column for each instrument.
    guide : Guide
        Tones of which it is known who plays them.
    unexplained : tuple of float
        What the tones of each different attempt leave unexplained.
    chosen : int
        The attempt that was used.
    """

    dictionary: Dictionary
    guide: Guide
    unexplained: tuple[float, ...] = ()
    chosen: int = 0


def learn(
    analysis: Analysis, frames: Floats, jobs: int = 1, report: Progress = no_progress
) -> Learned:
    """Learn a dictionary from `frames` [frame, bin], and who plays which tone.

    For more than two instruments the tones are given to them again and again, as decoding with
    the columns finds octaves and unisons that no palette finds.
    """
    settings = analysis.settings
    rounds = max(1, settings.instruments - 1)
    done, total = count(1), settings.steps + rounds

    def step_done() -> None:
        report("learning", next(done), total)

    palette = learn_palette(analysis, frames, jobs, step_done)
    peaks = analysis.anonymous_decoder(frames, palette, jobs)
    start = palette.mean(axis=1, keepdims=True)
    rng = np.random.default_rng(settings.seed)
    for _ in range(rounds):
        attempts = settle(analysis, frames, peaks, start, rng, jobs)
        chosen = int(np.argmax([attempt.value for attempt in attempts]))
        peaks = attempts[chosen].found
        step_done()
    best = attempts[chosen]
    left = tuple(attempt.unexplained for attempt in attempts)
    return Learned(Dictionary(best.columns), best.guide, left, chosen)


def recognize(
    analysis: Analysis, frames: Floats, dictionary: Dictionary, jobs: int = 1
) -> Learned:
    """Find out who plays which note with a dictionary that was learned elsewhere.

    A note belongs to the instrument that most of its tones are given to.
    """
    peaks = analysis.decoder(frames, dictionary.amplitudes, jobs)
    notes = Notes.of(peaks, frames, analysis.model)
    votes = np.zeros((notes.shifts.size, analysis.settings.instruments))
    frame, place = np.nonzero(notes.numbers != NO_NOTE)
    voters = notes.numbers[frame, place], peaks.insts[frame, place]
    np.add.at(votes, voters, peaks.amps[frame, place])
    return Learned(dictionary, Guide.of(peaks.shifts, notes.numbers, votes.argmax(axis=1)))


class Attempt(NamedTuple):
    """One answer to who plays: its value, what follows from it, and what that leaves."""

    value: float
    unexplained: float
    columns: Floats
    guide: Guide
    found: Peaks


def settle(
    analysis: Analysis, frames: Floats, peaks: Peaks, start: Floats,
    rng: np.random.Generator, jobs: int,
) -> list[Attempt]:  # fmt: skip
    """Give tones to instruments in some ways, and judge these by the tones that follow.

    Parameters
    ----------
    analysis : Analysis
    frames : ndarray, shape (frame, bin)
    peaks : Peaks, shape (frame, place)
        Tones, in any places.
    start : ndarray, shape (harmonic, 1)
        Column to start with.
    rng : numpy.random.Generator
        Source of randomness.
    jobs : int
        Threads; the result does not depend on it.
    """
    settings, model = analysis.settings, analysis.model
    notes = Notes.of(peaks, frames, model)
    groupings = Parallel(n_jobs=min(jobs, settings.restarts), backend="threading")(
        delayed(group)(notes, settings.instruments, model.octave, own, settings.tones)
        for own in rng.spawn(settings.restarts)
    )

    def judged(value: float, players: Ints) -> Attempt:
        guide = Guide.of(peaks.shifts, notes.numbers, players)
        known = given(peaks, guide.insts, settings.instruments, settings.tones)
        columns = learn_columns(analysis, frames, known, start, jobs)
        found = analysis.exploring_decoder(frames, columns, jobs, guide)
        left = unexplained(model, frames, found, columns)
        return Attempt(value - WORTH * left, left, columns, guide, found)

    different = {players.tobytes(): (value, players) for value, players in groupings}
    return [judged(*grouping) for grouping in different.values()]


def learn_palette(
    analysis: Analysis, frames: Floats, jobs: int, step_done: Callable[[], None]
) -> Floats:
    """Learn columns that any tone may take, [harmonic, column].

    Tones are found and columns fitted to them in turn. The columns are kept smooth at first and
    falling at last: otherwise one tone comes to stand for two that have an octave below in common.
    """
    settings = analysis.settings
    palette = np.arange(1.0, settings.harmonics + 1)[:, None] ** -np.array(FALLS)
    heard = np.ascontiguousarray(frames[evenly(audible(frames), settings.batch)])
    for step in range(settings.steps):
        peaks = analysis.anonymous_search(heard, palette, jobs)
        palette = fit_columns(analysis.model, heard, peaks, palette, UPDATES, jobs)
        palette = (smoothed if step < settings.steps - SETTLED else falling)(palette)
        step_done()
    return palette


def learn_columns(
    analysis: Analysis, frames: Floats, peaks: Peaks, start: Floats, jobs: int = 1
) -> Floats:
    """Learn the column of each instrument from its tones, [harmonic, instrument]."""
    number = analysis.settings.instruments
    sounding = np.flatnonzero((peaks.amps > 0).any(axis=1))
    drawn = sounding[evenly(audible(frames[sounding]), FINAL_FRAMES)]
    columns = np.repeat(normalized(start), number, axis=1)
    return fit_columns(analysis.model, frames[drawn], peaks[drawn], columns, FINAL_UPDATES, jobs)


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
