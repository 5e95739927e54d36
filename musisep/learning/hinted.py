"""Hints of a user: in which range, at which side and at which end of the chord instruments play."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musisep.notes.assignment import Assigned, Assignment
from musisep.notes.tracking import Notes
from musisep.tones.peaks import Floats

OUTSIDE, MOST_OUTSIDE = 3.0, 9.0
"""Log likelihood that a note loses for each semitone beyond the range of an instrument, and at
most; a guess."""
SIDED = 6.0
"""Log likelihood that a note loses if it is heard at the other side than an instrument sits, half
of it in the middle; a guess."""
LEADING = 4.0
"""Log likelihood that a note gains for the lead if it is above, or below, all that sound with it,
and loses if it is not; a guess."""


@dataclass(frozen=True, eq=False)
class Hinted:
    """Tells an assignment what a user knows; an `Assignment`.

    Parameters
    ----------
    assignment : Assignment
    ranges : sequence of tuple of float or None
        Lowest and highest fundamental frequency of each instrument in Hz; None if it is unknown.
    lead : {"high", "low"}, optional
        Whether the first instrument plays the highest notes or the lowest.
    positions : sequence of float, optional
        Where each instrument sits, from -1, left, to 1, right.
    """

    assignment: Assignment
    ranges: Sequence[tuple[float, float] | None] = ()
    lead: str | None = None
    positions: Sequence[float] | None = None

    def __call__(self, notes: Notes, instruments: int, rng: np.random.Generator) -> Assigned:
        """Return the answer of the assignment."""
        known = np.zeros((notes.shifts.size, instruments))
        for number, limits in enumerate(self.ranges):
            if limits is not None:
                known[:, number] -= beyond(notes, *limits)
        if self.lead is not None:
            known[:, 0] += leading(notes, 1.0 if self.lead == "high" else -1.0)
        if self.positions is not None and notes.sides is not None:
            known += at_sides(notes.sides, self.positions)
        return Assigned(*self.assignment(notes.told(known), instruments, rng))


def beyond(notes: Notes, low_hz: float, high_hz: float) -> Floats:
    """Return the log likelihood [note] that notes lose as they are beyond a range in Hz."""
    low, high = (notes.octave * np.log2(hz / notes.lowest_hz) for hz in (low_hz, high_hz))
    far = np.maximum(np.maximum(low - notes.shifts, notes.shifts - high), 0.0)
    return np.minimum(12 / notes.octave * OUTSIDE * far, MOST_OUTSIDE)


def leading(notes: Notes, sign: float) -> Floats:
    """Return the log likelihood [note] that notes gain for the lead.

    `sign` is 1 if the lead plays the highest notes, and -1 if it plays the lowest. A note that
    sounds alone gains nothing.
    """
    one, other = notes.pairs.T
    above = sign * (notes.shifts[one] - notes.shifts[other]) > 0
    size = notes.shifts.size
    inner = np.bincount(np.where(above, other, one), notes.together, size)
    outer = np.bincount(np.where(above, one, other), notes.together, size)
    shares = np.minimum(1.0, np.stack((outer, inner)) / np.maximum(notes.lengths, 1))
    return LEADING * np.where(inner > 0, -shares[1], shares[0])


def at_sides(sides: np.ndarray, positions: Sequence[float]) -> Floats:
    """Return the log likelihoods [note, instrument] of the sides at which notes are heard."""
    seats = np.exp(0.5j * np.pi * (np.asarray(positions) + 1))
    return np.asarray(0.5 * SIDED * (np.real(sides[:, None] * seats.conj()) - 1))
