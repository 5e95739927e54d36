"""Training: what is learned from mixtures whose stems are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musisep._util.constants import NONE, TINY
from musisep.instruments.lessons import Lesson
from musisep.learning.from_notes import NotesLearner
from musisep.settings import Settings
from musisep.stages import make_stages
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Ints

HARMONICS = 10
"""Of a tone, by which it is told whose it is."""
CLEAR = 0.5
"""A note is one of the reference that has more than this share of it."""
MOST_HARMONICS = 25
"""Of a column."""


def hear_lesson(
    mixture: Floats,
    references: Floats,
    instruments: Sequence[str],
    sample_rate: int,
    settings: Settings | None = None,
    *,
    players: Sequence[str] | None = None,
) -> Lesson:
    """Find the notes of a mixture, as a separation does, and say whose they are by its references.

    Parameters
    ----------
    mixture : ndarray [channel, sample]
        The mixture.
    references : ndarray [reference, channel, sample]
        True stems.
    instruments : sequence of str
        What plays each.
    sample_rate : int
        In Hz.
    settings : Settings, optional
        How notes are found, by the method "notes"; default: the defaults.
    players : sequence of str, optional
        Who plays each; default: somebody else for each name of an instrument.

    Returns
    -------
    Lesson
        The notes, and whose they are.

    Examples
    --------
    A note of a cello, 3 semitones below middle C, and one of a flute, 11 above it, are found in the
    bands of these pitches (`musisep.instruments.profiles.BANDS`):

    >>> import numpy as np
    >>> from musisep.models.hearing import hear_lesson
    >>> seconds = np.arange(8000) / 8000
    >>> references = np.array([
    ...     [0.1 * sum(np.sin(2 * np.pi * hz * h * seconds) / h for h in (1, 2, 3))]
    ...     for hz in (220, 494)
    ... ])
    >>> lesson = hear_lesson(references.sum(axis=0), references, ["cello", "flute"], 8000)
    >>> sorted(zip(lesson.owners.tolist(), lesson.bands.tolist()))
    [(0, 3), (1, 5)]
    """
    settings = (settings or Settings()).changed({"instruments": max(2, len(references))})
    stages = make_stages(settings)
    learner = stages.learner
    assert isinstance(learner, NotesLearner)
    frames, _, grid = stages.front_end(mixture, sample_rate)
    model = ToneModel.on(grid, settings.pexp, settings.qexp)
    tones = learner.anybodys_tones(frames, model, lambda: None).tones
    notes = learner.tracking(tones, frames, model)
    frame, place = np.nonzero(notes.numbers != NONE)
    note, size = notes.numbers[frame, place], notes.shifts.size
    spectra = []
    for reference in references:
        own, level, _ = stages.front_end(reference, sample_rate)
        spectra.append(level * heard_at(own, frame, tones.shifts[frame, place], model))

    def by_note(values: Floats) -> Floats:
        total = np.zeros((size, *values.shape[1:]))
        np.add.at(total, note, values)
        return total

    heard = np.stack([by_note(own) for own in spectra])  # (reference, note, harmonic)
    loud = heard[:, :, :HARMONICS].sum(axis=2)
    shares = loud / np.maximum(loud.sum(axis=0), TINY)
    owners = np.where(shares.max(axis=0) > CLEAR, shares.argmax(axis=0), NONE)
    own = heard[owners, np.arange(size)] * (owners != NONE)[:, None]
    players = instruments if players is None else players
    return Lesson.of_notes(notes, owners, own, instruments, players)


def heard_at(frames: Floats, frame: Ints, shifts: Floats, model: ToneModel) -> Floats:
    """Return magnitudes (tone, harmonic) of a spectrogram at the harmonics of tones; 0 above it."""
    orders = np.arange(1, MOST_HARMONICS + 1)
    bins = np.rint(shifts[:, None] + model.harscale * np.log(orders)).astype(np.int64)
    inside = bins < frames.shape[1]
    return np.where(inside, frames[frame[:, None], np.minimum(bins, frames.shape[1] - 1)], 0.0)
