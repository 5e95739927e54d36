"""Long recordings: learned from excerpts, separated in pieces that overlap.

What the instruments sound like is learned from stretches that are spread over the whole recording.
Its pieces are then separated one after the other, as `musisep.learning.continued` says. Neither
takes more memory if the recording is longer, nor do stems that are kept in files.
"""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from musisep._util.constants import TINY
from musisep._util.limits import MOST_WHOLE_SAMPLES
from musisep._util.progress import Progress, no_progress
from musisep.audio.frontend import Grid
from musisep.io.stored import ITEM, Scratch, Stack, check_room
from musisep.learning.continued import PieceLearner
from musisep.learning.from_notes import NotesLearner
from musisep.learning.learner import Learned
from musisep.learning.selection import evenly_spaced
from musisep.learning.told import Told
from musisep.metrics.levels import level_db
from musisep.passages import Found, Outcome, Passage, find, hear, sounding, tell
from musisep.settings import Settings
from musisep.stages import Stages
from musisep.tones.loss import silence_losses
from musisep.tones.peaks import Floats, Peaks
from musisep.tones.table import Table, tone_table

STRETCHES = 8
"""In which a long recording is looked at to learn from; they are `longest_s` together."""
PIECES = 4
"""Of a recording of `longest_s`: how long they are."""
AUDIBLE_DB = -40.0
"""Stretches are looked at that are so loud, relative to the loudest."""
PAUSE_S, RAMP_S = 0.3, 0.02
"""Silence between stretches, and the time in which they fade in and out."""
MARGIN_S = 3.0
"""What a piece has in common with the next one, on either side of the seam."""
FADE_S = 0.2
"""Time in which stems of a piece fade over into those of the next one."""


def longest_s(settings: Settings, channels: int, sample_rate: int) -> float:
    """Return how long a recording is at most that is separated as a whole, in seconds."""
    return min(settings.whole_s, MOST_WHOLE_SAMPLES / (channels * sample_rate))


def in_pieces(
    parts: Stages,
    mixture: Floats | Scratch,
    sample_rate: int,
    settings: Settings,
    report: Progress,
    scratch: str | os.PathLike[str] | None,
    told: Told,
) -> Outcome:
    """Separate a recording [channel, sample] in pieces; its stems may be kept in a folder."""
    most_s = longest_s(settings, len(mixture), sample_rate)
    if scratch is not None:
        check_room(scratch, ITEM * settings.most_instruments * mixture.size)
    audio, seconds = excerpts(mixture, sample_rate, most_s)
    heard = hear(parts, audio, sample_rate, settings)
    heard = heard._replace(times_s=np.interp(heard.times_s, *seconds))
    learner = tell(parts, told, heard).learner
    learned = learner(heard.frames, heard.model, report, heard.sides)
    instruments = learned.dictionary.shape[1]
    grid, level = heard.grid, heard.level
    del heard
    learned = replace(learned, prior=None)  # which is of the stretches
    learner = NotesLearner(
        instruments, settings.tones, settings.restarts, settings.seed, assignment=parts.assignment
    )
    of_piece = PieceLearner(learned, parts.finder, learner)
    result = Joined((instruments, *mixture.shape), grid, scratch)
    spans = spans_of(mixture.shape[1], most_s / PIECES, grid)
    before: Peaks | None = None
    for number, span in enumerate(spans):
        report("separating", number, len(spans))
        audio = mixture[..., span.start : span.stop]
        start_s = span.start / sample_rate
        piece = at_level(hear(parts, audio, sample_rate, settings, start_s), level)
        own = tell(replace(parts, learner=replace(of_piece, before=before)), told, piece)
        known = own.learner(piece.frames, piece.model, no_progress, piece.sides)
        found = find(own, piece, known, no_progress)
        weight = float(silence_losses(piece.frames, piece.model).sum())
        del piece  # before more memory is taken
        result.add_stems(parts.mask(audio, found.voices, grid, no_progress), span)
        result.add_tones(found, span, weight, known.certainty)
        before = found.tones[span.end_margin(grid.hop_length)]
    report("separating", len(spans), len(spans))
    return result.outcome(learned)


def excerpts(
    mixture: Floats | Scratch, sample_rate: int, total_s: float
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Return audible stretches of a recording, evenly spaced, one after the other with pauses.

    Parameters
    ----------
    mixture : ndarray or Scratch, shape (channel, sample)
        Longer than `total_s`.
    sample_rate : int
        In Hz.
    total_s : float
        Seconds of all stretches together.

    Returns
    -------
    audio : ndarray, shape (channel, sample)
    seconds : tuple of ndarray, shape (point,)
        Times in it, and when these are in the recording; both rise, linearly between points.
    """
    length, size = mixture.shape[1], max(1, round(total_s / STRETCHES * sample_rate))
    starts = np.linspace(0, length - size, -(-length // size)).astype(np.int64)
    levels = np.array([level_db(mixture[..., start : start + size]) for start in starts])
    chosen = evenly_spaced(np.flatnonzero(levels >= levels.max() + AUDIBLE_DB), STRETCHES)
    ramp = np.minimum(1, (np.arange(size) + 0.5) / (RAMP_S * sample_rate))
    weights = ramp * ramp[::-1]
    pause = np.zeros((len(mixture), round(PAUSE_S * sample_rate)))
    parts = []
    for start in starts[chosen]:
        parts += [weights * mixture[..., start : start + size], pause]
    begins = np.arange(chosen.size) * (size + pause.shape[1])
    here, there = (
        np.stack((first, first + size), axis=1).ravel() / sample_rate
        for first in (begins, starts[chosen])
    )
    return np.concatenate(parts[:-1], axis=1), (here, there)


def at_level(heard: Passage, level: float) -> Passage:
    """Return a passage whose spectrogram is divided by another level."""
    frames = heard.frames
    np.multiply(frames, heard.level / level, out=frames)
    return heard._replace(frames=frames, level=level)


class Span(NamedTuple):
    """A piece of a recording, in samples.

    Attributes
    ----------
    start, stop : int
        With the margins that it has in common with its neighbours.
    begin, end : int
        Without; these are the seams.
    """

    start: int
    stop: int
    begin: int
    end: int

    @property
    def last(self) -> bool:
        """Whether it is the last one, which has no margin at its end."""
        return self.stop == self.end

    def own_frames(self, hop: int) -> slice:
        """Return the frames between the seams, as the piece counts them."""
        return slice(
            (self.begin - self.start) // hop,
            None if self.last else (self.end - self.start) // hop,
        )

    def end_margin(self, hop: int) -> slice:
        """Return the frames that the next piece has as well: as many before the seam as behind."""
        return slice((2 * self.end - self.stop - self.start) // hop, None)


def spans_of(length: int, piece_s: float, grid: Grid) -> list[Span]:
    """Divide a recording of so many samples into pieces of about `piece_s` seconds.

    They begin on frames of the grid.
    """
    hop = grid.hop_length
    margin = max(1, round(MARGIN_S * grid.sample_rate / hop)) * hop
    size = max(round(piece_s * grid.sample_rate), 2 * margin)
    number = max(1, round(length / size))
    seams = [hop * round(length * k / (number * hop)) for k in range(number)] + [length]
    return [
        Span(
            max(0, begin - margin),
            length if end == length else end + margin,
            begin,
            end,
        )
        for begin, end in pairwise(seams)
    ]


class Joined:
    """The stems and tones of pieces, put together one after the other.

    Parameters
    ----------
    shape : tuple of int
        Of the stems, (instrument, channel, sample).
    grid : Grid
    scratch : path, optional
        Folder for the stems; default: they are kept in memory.

    Attributes
    ----------
    stems : ndarray or Stack, shape (instrument, channel, sample)
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        grid: Grid,
        scratch: str | os.PathLike[str] | None,
    ) -> None:
        self._grid, self._length = grid, 0
        self._fade = 2 * round(FADE_S * grid.sample_rate / 2)
        self._tail: Floats | None = None
        self.stems: Floats | Stack
        if scratch is None:
            self.stems = np.empty(shape)
        else:
            self.stems = Stack([Scratch(scratch, shape[1]) for _ in range(shape[0])])
        self._tables: list[Table] = []
        self._certainties: list[Floats | None] = []
        self._left, self._weight = 0.0, 0.0
        self._sure, self._heard = np.zeros((2, shape[0]))
        self._certain = True

    def add_stems(self, stems: Floats, span: Span) -> None:
        """Add the stems [instrument, channel, sample] of the next piece, with its margins."""
        half = self._fade // 2
        rising = (np.arange(self._fade) + 0.5) / self._fade
        if self._tail is None:
            block = stems
        else:
            block = stems[..., span.begin - half - span.start :]
            block[..., : self._fade] *= rising
            block[..., : self._fade] += self._tail
        if not span.last:
            cut = block.shape[-1] - (span.stop - span.end - half)
            self._tail = block[..., cut - self._fade : cut] * rising[::-1]
            block = block[..., : cut - self._fade]
        if isinstance(self.stems, Stack):
            self.stems.append(block)
        else:
            self.stems[..., self._length : self._length + block.shape[-1]] = block
        self._length += block.shape[-1]

    def add_tones(self, found: Found, span: Span, weight: float, certainty: Floats | None) -> None:
        """Add the tones of the next piece, and with a weight what they leave unexplained."""
        grid = self._grid
        frames = span.own_frames(grid.hop_length)
        table = tone_table(found.tones[frames], grid)
        table.time_s += span.begin / grid.sample_rate
        self._tables.append(table)
        self._certainties.append(sounding(found, frames))
        self._left += weight * found.unexplained
        self._weight += weight
        amounts = np.bincount(table.instrument, table.amplitude, len(self._heard))
        self._heard += amounts
        self._certain = self._certain and certainty is not None
        if certainty is not None:
            self._sure += amounts * certainty

    def outcome(self, learned: Learned) -> Outcome:
        """Return all of it."""
        return Outcome(
            stems=self.stems,
            learned=learned,
            tones=np.concatenate(self._tables).view(np.recarray),
            unexplained=self._left / max(self._weight, TINY),
            certainty=self._sure / np.maximum(self._heard, TINY) if self._certain else None,
            certainties=joined(self._certainties),
        )


def joined(values: list[Floats | None]) -> Floats | None:
    """Return the values of all pieces one after the other; None if those of one are unknown."""
    known = [one for one in values if one is not None]
    return np.concatenate(known) if len(known) == len(values) else None
