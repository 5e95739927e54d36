"""Stages of the main path: what is heard in a passage of a recording, and which tones it has.

A short recording is one passage, a long one has many: see `musisep.separation` and
`musisep.pieces`.
"""

from __future__ import annotations

from typing import NamedTuple

from musisep._util.progress import Progress
from musisep.audio.frontend import Grid
from musisep.audio.sides import Sides, sides_on
from musisep.io.stored import Stack
from musisep.learning.learner import Learned
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
    """

    frames: Floats
    level: float
    grid: Grid
    model: ToneModel
    sides: Sides | None


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
    """

    tones: Peaks
    voices: Voices
    unexplained: float


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
    """

    stems: Floats | Stack
    learned: Learned
    tones: Table
    unexplained: float
    certainty: Floats | None


def hear(parts: Stages, audio: Floats, sample_rate: int, settings: Settings) -> Passage:
    """Look at a passage [channel, sample] with a sample rate in Hz."""
    frames, level, grid = parts.front_end(audio, sample_rate)
    model = ToneModel.on(grid, settings.pexp, settings.qexp)
    return Passage(frames, level, grid, model, sides_on(grid, audio))


def find(parts: Stages, heard: Passage, learned: Learned, report: Progress) -> Found:
    """Find the tones of a passage whose instruments are known."""
    frames, level, _, model, _ = heard
    dictionary = learned.dictionary
    report("finding tones", 0, 1)
    tones = parts.finder(frames, dictionary, model, learned.prior)
    report("finding tones", 1, 1)
    voices = parts.voicing(frames, tones, dictionary, model)
    if learned.prior is not None:
        voices = voices.shared(learned.prior, Prices.near_sigmas * model.fsigma)
    return Found(
        tones.scaled(level),
        voices.with_tones(voices.tones.scaled(level)),
        unexplained(frames, tones, dictionary, model),
    )
