"""Stages of the main path: what is heard in a passage of a recording, and which tones it has.

A short recording is one passage, a long one has many: see `musisep.separation` and
`musisep.pieces`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from musisep._util.progress import Progress
from musisep.audio.frontend import Grid
from musisep.audio.sides import Sides, sides_on
from musisep.io.stored import Stack
from musisep.learning.learner import Learned
from musisep.learning.told import Told, with_expected
from musisep.masking.voices import Voices
from musisep.multipitch.viterbi import Prices
from musisep.settings import Settings
from musisep.stages import Stages
from musisep.tones.loss import unexplained
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Peaks
from musisep.tones.table import Table


class Passage(NamedTuple):
    """A passage as tones are found in it.

    Attributes
    ----------
    frames : ndarray, shape (frame, bin)
        Log-frequency spectrogram.
    level : float
        What it has been divided by.
    grid : Grid
        Where its frames and bins lie.
    model : ToneModel
        What tones look like in it.
    sides : ndarray of complex, shape (frame, bin), optional
        Where between two channels it is heard, if there are two and that tells anything.
    times_s : ndarray, shape (frame,)
        When its frames are, in seconds from the begin of the recording.
    """

    frames: Floats
    level: float
    grid: Grid
    model: ToneModel
    sides: Sides | None
    times_s: Floats


class Found(NamedTuple):
    """The tones of a passage.

    Attributes
    ----------
    tones : Peaks, shape (frame, tone)
        With amplitudes of the mixture.
    voices : Voices
        The same with the columns that they sound with; those that several instruments may have
        played are shared.
    unexplained : float
        What they leave unexplained, as share of the loss of silence.
    certainties : ndarray, shape (frame, tone), optional
        Probability that the instrument of a tone plays it.
    """

    tones: Peaks
    voices: Voices
    unexplained: float
    certainties: Floats | None


class Outcome(NamedTuple):
    """What came out of a recording.

    Attributes
    ----------
    stems : ndarray or Stack, shape (instrument, channel, sample)
    learned : Learned
    tones : recarray
        As `musisep.tones.table.tone_table` makes it.
    unexplained : float
        What these leave unexplained, as share of the loss of silence.
    certainty : ndarray, shape (instrument,), optional
        Mean probability that the notes of an instrument are its own.
    certainties : ndarray, shape (tone,), optional
        Probability of each tone of the table that its instrument plays it.
    """

    stems: Floats | Stack
    learned: Learned
    tones: Table
    unexplained: float
    certainty: Floats | None
    certainties: Floats | None


def hear(
    parts: Stages, audio: Floats, sample_rate: int, settings: Settings, start_s: float = 0.0
) -> Passage:
    """Look at a passage [channel, sample] with a sample rate in Hz, which begins at `start_s`."""
    frames, level, grid = parts.front_end(audio, sample_rate)
    model = ToneModel.on(grid, settings.pexp, settings.qexp)
    times_s = start_s + np.arange(len(frames)) * grid.hop_length / grid.sample_rate
    return Passage(frames, level, grid, model, sides_on(grid, audio), times_s)


def tell(parts: Stages, told: Told, heard: Passage) -> Stages:
    """Return parts that know what is told of a passage."""
    expected = told.expected(heard.times_s, heard.model)
    if expected is None:
        return parts
    return replace(
        parts,
        learner=with_expected(parts.learner, expected),
        finder=with_expected(parts.finder, expected),
    )


def find(parts: Stages, heard: Passage, learned: Learned, report: Progress) -> Found:
    """Find the tones of a passage whose instruments are known."""
    frames, model, dictionary = heard.frames, heard.model, learned.dictionary
    report("finding tones", 0, 1)
    tones = parts.finder(frames, dictionary, model, learned.prior)
    report("finding tones", 1, 1)
    voices, certainties = parts.voicing(frames, tones, dictionary, model), None
    if learned.prior is not None:
        near = Prices.near_sigmas * model.fsigma
        voices = voices.shared(learned.prior, near)
        chances = learned.prior.chances_of(tones, dictionary.shape[1], near)
        if chances is not None:
            certainties = np.take_along_axis(chances, tones.insts[..., None], axis=2)[..., 0]
    return Found(
        tones.scaled(heard.level),
        voices.with_tones(voices.tones.scaled(heard.level)),
        unexplained(frames, tones, dictionary, model),
        certainties,
    )


def sounding(found: Found, frames: slice = slice(None)) -> Floats | None:
    """Return the certainties of the tones that sound, in the order of `tone_table`."""
    if found.certainties is None:
        return None
    return found.certainties[frames][found.tones.amps[frames] > 0]
