"""How level and pitch of a note go: how it begins, decays and trembles."""

import numpy as np
from numpy.typing import NDArray

from musisep._util.constants import NONE, TINY
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats, Ints, Peaks

Bools = NDArray[np.bool_]

COURSE = (
    "level", "duration", "movement", "rise", "attack", "slope", "decay", "vibrato", "flicker",
    "detuning", "inharmonicity", "width",
)  # fmt: skip
"""Names of the numbers of a note, in their order."""
LONG_FRAMES, FALLING_FRAMES = 12, 10
"""Frames of a note, and of a note after its summit, from which on their slopes are known."""
EDGE_FRAMES = 2.5
"""Frames at either end of a note that vibrato and flicker leave out."""
SUMMIT_DB = 3.0
"""A note has risen when its level is so near to its highest."""


class ByNote:
    """Sums over the tones of each of `size` notes; ``note`` [tone] is the note of each tone."""

    def __init__(self, note: Ints, size: int) -> None:
        self.note, self.size = note, size
        self.count = np.bincount(note, minlength=size)

    def total(self, values: Floats) -> Floats:
        """Return sums [note] of values [tone]."""
        return np.bincount(self.note, values, self.size).astype(np.float64)

    def mean(self, values: Floats, weights: Floats) -> Floats:
        """Return weighted means [note]."""
        return self.total(values * weights) / np.maximum(self.total(weights), TINY)

    def least(self, values: Floats) -> Floats:
        """Return minima [note]."""
        minima = np.full(self.size, np.inf)
        np.minimum.at(minima, self.note, values)
        return minima

    def line(self, time: Floats, values: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """Return slopes [note] of the lines nearest to values over time, and deviations."""
        x = time - self.mean(time, weights)[self.note]
        y = values - self.mean(values, weights)[self.note]
        slope = self.total(weights * x * y) / np.maximum(self.total(weights * x * x), TINY)
        return slope, np.sqrt(self.mean((y - slope[self.note] * x) ** 2, weights))


def course(numbers: Ints, peaks: Peaks, model: ToneModel, size: int) -> tuple[Floats, Bools]:
    """Return how level and pitch of notes go: the numbers that `COURSE` names.

    Parameters
    ----------
    numbers : ndarray of int [frame, place]
        To which note each tone belongs, or `NONE`, -1.
    peaks : Peaks [frame, place]
        Tones.
    model : ToneModel
        What tones look like; its `hop_s` are the seconds between frames.
    size : int
        Number of notes.

    Returns
    -------
    values : ndarray [note, number]
        Numbers in units of about their spread.
    known : ndarray of bool [note, number]
        Whether they are known: slopes of short notes are not.

    Examples
    --------
    A note of half a second dies away by 30 dB per second:

    >>> import math
    >>> import numpy as np
    >>> from musisep.notes.course import COURSE, course
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120, hop_s=0.01)
    >>> amps = 10 ** (-30 / 20 * 0.01 * np.arange(50.0))[:, None]
    >>> tones = Peaks(amps, 0 * amps + 40, 0 * amps + 1, 0 * amps, np.zeros((50, 1), int))
    >>> values, known = course(np.zeros((50, 1), int), tones, model, size=1)
    >>> round(float(np.exp(values[0, COURSE.index("duration")])), 3)  # its unit is a logarithm
    0.5
    >>> round(float(20 * values[0, COURSE.index("slope")]), 3)  # its unit is 20 dB per second
    -30.0
    """
    sounding = numbers != NONE
    amps, shifts = peaks.amps[sounding], peaks.shifts[sounding]
    frame = np.nonzero(sounding)[0].astype(np.float64)
    notes = ByNote(numbers[sounding], size)
    note, always = notes.note, np.ones(frame.size)
    level = 20 * np.log10(np.maximum(amps, TINY))
    cents = 1200 / model.octave * shifts
    onset, end = notes.least(frame)[note], -notes.least(-frame)[note]
    time = model.hop_s * (frame - onset)
    summit = -notes.least(-level)[note]
    at_summit = notes.least(np.where(level == summit, time, np.inf))[note]
    after = (time >= at_summit).astype(np.float64)
    core = ((frame - onset > EDGE_FRAMES) & (end - frame > EDGE_FRAMES)).astype(np.float64)
    slope, _ = notes.line(time, level, always)
    decay, _ = notes.line(time, level, after)
    _, vibrato = notes.line(time, cents, core)
    _, flicker = notes.line(time, level, core)
    risen = notes.least(np.where(level > summit - SUMMIT_DB, time, np.inf))
    attack = notes.mean(level - summit, (frame - onset < 2).astype(np.float64))
    loud = notes.mean(amps**2, always)
    loudness = notes.total(amps)
    values = np.column_stack((
        10 * np.log10(np.maximum(loud, TINY)) / 8,
        np.log(np.maximum(notes.count, 1) * model.hop_s),
        np.log(movement(numbers, peaks.shifts, size) / model.fsigma + 0.01),
        np.log(risen + 0.01) / 1.2,
        attack / 5,
        np.clip(slope, -60, 60) / 20,
        np.clip(decay, -80, 20) / 20,
        np.log(vibrato + 0.5) / 0.7,
        np.log(flicker + 0.05) / 0.6,
        detuning(notes.mean(cents, amps), loudness) / 20,
        np.log(notes.mean(peaks.spreads[sounding], amps) + 1e-6) / 2,
        10 * np.log(np.maximum(notes.mean(peaks.sigmas[sounding], amps) / model.fsigma, 0.1)),
    ))  # fmt: skip
    known = np.ones(values.shape, np.bool_)
    long = notes.count >= LONG_FRAMES
    for name in ("slope", "vibrato", "flicker"):
        known[:, COURSE.index(name)] = long
    known[:, COURSE.index("decay")] = long & (notes.total(after) >= FALLING_FRAMES)
    return values, known


def movement(numbers: Ints, shifts: Floats, size: int) -> Floats:
    """Return by how many bins the pitch of each note moves from frame to frame in the mean."""
    frame, place = np.nonzero(numbers != NONE)
    order = np.lexsort((frame, numbers[frame, place]))
    frame, place = frame[order], place[order]
    note, steps = numbers[frame, place], np.abs(np.diff(shifts[frame, place]))
    follows = (np.diff(note) == 0) & (np.diff(frame) == 1)
    note, steps = note[1:][follows], steps[follows]
    return np.bincount(note, steps, size) / np.maximum(np.bincount(note, minlength=size), 1)


def tuning(cents: Floats, weights: Floats) -> float:
    """Return by how many cents, -50 to 50, a recording is higher than the nearest semitones."""
    return float(np.angle(np.sum(weights * np.exp(2j * np.pi * cents / 100))) / (2 * np.pi) * 100)


def detuning(cents: Floats, weights: Floats) -> Floats:
    """Return by how many cents notes are higher than the nearest semitones of a recording."""
    return (cents - tuning(cents, weights) + 50) % 100 - 50
