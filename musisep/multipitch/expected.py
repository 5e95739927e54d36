"""Tones that are expected: what is known beforehand, by a score or by corrections, of frames."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musisep._util.constants import NONE
from musisep.multipitch.finder import Prior
from musisep.tones.peaks import Floats, Ints, Peaks

Bools = NDArray[np.bool_]

LEGATO_FRAMES = 26
"""Notes of an instrument that overlap for fewer frames are no chord: 0.3 s, of which half is what
they may be early and late."""
MOST_TONES = 2
"""More tones at a time cost more than they find (`docs/decisions/players.rst`, "Scores")."""

COLUMNS = ("begins", "ends", "shifts", "insts", "weights", "demands", "firm")
"""What there is of each event."""


@dataclass(frozen=True, eq=False)
class Expected:
    """What is known beforehand of who plays what, event by event.

    Parameters
    ----------
    begins : ndarray of int [event]
        Its first frame.
    ends : ndarray of int [event]
        The first frame behind it.
    shifts : ndarray [event]
        Pitch in bins; NaN for a rest, in which the instrument plays nothing.
    insts : ndarray of int [event]
        Who plays it; `NONE`, -1, if nobody plays this pitch.
    weights : ndarray [event]
        Log likelihood that a note gains for its instrument, if all of it is expected.
    demands : ndarray [event]
        Price per frame if the tone does not sound, in units of `musisep.multipitch.viterbi.Prices`.
    firm : ndarray of bool [event]
        Whether it is certain: then a tone that is found there is its instrument's.
    near : float
        Bins within which a tone is the expected one.
    complete : bool
        Whether nearly all that sounds is expected, as by a score.

    Examples
    --------
    Instrument 1 plays a note in the frames 2 to 4, and nothing in the last frame. Of the tones that
    were found for it, one is expected:

    >>> import numpy as np
    >>> from musisep.multipitch.expected import Expected
    >>> from musisep.tones.peaks import Peaks
    >>> expected = Expected(
    ...     begins=np.array([2, 5]), ends=np.array([5, 6]), shifts=np.array([40.0, np.nan]),
    ...     insts=np.array([1, 1]), weights=np.ones(2), demands=np.zeros(2),
    ...     firm=np.zeros(2, bool), near=1.5,
    ... )
    >>> expected.prior(frames=6, instruments=2).insts.ravel().tolist()
    [-1, -1, 1, 1, 1, -1]
    >>> shifts = np.array([[33.0], [33.0], [33.0], [40.2], [40.2], [40.2]])
    >>> tones = Peaks(0 * shifts + 1, shifts, 0 * shifts + 1, 0 * shifts, np.ones((6, 1), int))
    >>> expected.owned(tones).amps.ravel().tolist()
    [0.0, 0.0, 0.0, 1.0, 1.0, 0.0]
    """

    begins: Ints
    ends: Ints
    shifts: Floats
    insts: Ints
    weights: Floats
    demands: Floats
    firm: Bools
    near: float
    complete: bool = False

    @property
    def rests(self) -> Bools:
        """Which events are rests."""
        return np.isnan(self.shifts)

    @property
    def plays(self) -> Bools:
        """Which events are notes that somebody plays."""
        return ~self.rests & (self.insts != NONE)

    @cached_property
    def tones(self) -> int:
        """Number of tones that an instrument plays at a time, `MOST_TONES` at most."""
        most = 1
        for inst in np.unique(self.insts[self.plays]):
            own = self.plays & (self.insts == inst)
            begins, ends = self.begins[own], self.ends[own]
            lasting = np.maximum(ends - LEGATO_FRAMES, (begins + ends) // 2)
            running = np.searchsorted(np.sort(begins), begins, side="right")
            over = np.searchsorted(np.sort(lasting), begins, side="right")
            most = max(most, int((running - over).max()))
        return min(most, MOST_TONES)

    def chosen(self, which: Bools | Ints) -> "Expected":
        """Return some of the events, or some of them several times.

        Parameters
        ----------
        which : ndarray of bool or int [event]
            Which events, as a mask or by their numbers.

        Returns
        -------
        Expected
            What is known by these.
        """
        return replace(self, **{name: getattr(self, name)[which] for name in COLUMNS})

    def joined(self, other: "Expected") -> "Expected":
        """Return what is known by both, of the same frames.

        Parameters
        ----------
        other : Expected
            What else is known.

        Returns
        -------
        Expected
            The events of both; `near` and `complete` are those of this one.
        """
        both: dict[str, Any] = {
            name: np.concatenate((getattr(self, name), getattr(other, name))) for name in COLUMNS
        }
        return replace(self, **both)

    def of_anybody(self, columns: int) -> "Expected":
        """Return the same as it is while nobody knows who plays: for each of so many columns.

        Rests tell nothing then, and nothing is demanded of a column.

        Parameters
        ----------
        columns : int
            Number of common columns.

        Returns
        -------
        Expected
            With the columns in the place of instruments.
        """
        told = np.flatnonzero(~self.rests)
        every = self.chosen(np.tile(told, columns))
        own = np.repeat(np.arange(columns), told.size)
        insts = np.where(every.insts == NONE, NONE, own)
        return replace(
            every, insts=insts, demands=np.zeros(insts.size), firm=np.zeros(insts.size, np.bool_)
        )

    def of_players(self, players: Ints) -> "Expected":
        """Return what is known of some of the instruments, which get numbers from 0 on.

        Parameters
        ----------
        players : ndarray of int [player]
            Numbers of the instruments.

        Returns
        -------
        Expected
            Their events, and the pitches that nobody plays.
        """
        own = self.insts[:, None] == players
        told = replace(self, insts=np.where(own.any(axis=1), own.argmax(axis=1), NONE))
        return told.chosen(own.any(axis=1) | (self.insts == NONE))

    def excluded(self, block: slice, instruments: int, bins: int) -> Bools:
        """Return where tones cannot be, in a block of frames.

        Parameters
        ----------
        block : slice
            The frames, with start and stop.
        instruments : int
            Number of instruments.
        bins : int
            Number of bins.

        Returns
        -------
        ndarray of bool [frame, instrument, bin]
            True in rests, and at pitches that nobody plays.
        """
        out = np.zeros((block.stop - block.start, instruments, bins), np.bool_)
        for event in self._in(block, ~self.plays):
            frames = self._frames(event, block)
            owner = slice(None) if self.insts[event] == NONE else self.insts[event]
            out[frames, owner, self._window(event, bins)] = True
        return out

    def outside(self, block: slice, instruments: int, bins: int) -> Bools:
        """Return where no tone is expected, in a block of frames.

        Parameters
        ----------
        block : slice
            The frames, with start and stop.
        instruments : int
            Number of instruments.
        bins : int
            Number of bins.

        Returns
        -------
        ndarray of bool [frame, instrument, bin]
            False at the notes that instruments play, unless tones are excluded there.
        """
        out = np.ones((block.stop - block.start, instruments, bins), np.bool_)
        for event in self._in(block, self.plays):
            frames = self._frames(event, block)
            out[frames, self.insts[event], self._window(event, bins)] = False
        return out | self.excluded(block, instruments, bins)

    def prior(self, frames: int, instruments: int) -> Prior:
        """Return the tones that are expected in so many frames as a prior.

        Parameters
        ----------
        frames : int
            Number of frames.
        instruments : int
            Number of instruments.

        Returns
        -------
        Prior
            With chances and demands.
        """
        counts = np.zeros(frames, np.int64)
        wanted = np.flatnonzero(self.plays)
        for event in wanted:
            counts[self.begins[event] : self.ends[event]] += 1
        shape = frames, int(counts.max(initial=0))
        shifts, insts, demands = np.zeros(shape), np.full(shape, NONE), np.zeros(shape)
        counts[:] = 0
        for event in wanted:
            frame = np.arange(self.begins[event], self.ends[event])
            place = counts[frame]
            shifts[frame, place], insts[frame, place] = self.shifts[event], self.insts[event]
            demands[frame, place] = self.demands[event]
            counts[frame] += 1
        chances = (insts[..., None] == np.arange(instruments)) + 0.0
        return Prior(shifts, insts, chances=chances, demands=demands)

    def owned(self, tones: Peaks) -> Peaks:
        """Return tones of which those that nobody expects of them are silent.

        Parameters
        ----------
        tones : Peaks [frame, place]
            Tones, whose `insts` are those who play them.

        Returns
        -------
        Peaks [frame, place]
            With amplitude 0 where the instrument is not expected to play the tone.
        """
        own = np.zeros(tones.amps.shape, np.bool_)
        for event in np.flatnonzero(self.plays):
            frames = slice(self.begins[event], self.ends[event])
            near = np.abs(tones.shifts[frames] - self.shifts[event]) < self.near
            own[frames] |= near & (tones.insts[frames] == self.insts[event])
        amps = np.where(own, tones.amps, 0.0)
        return Peaks(amps, tones.shifts, tones.sigmas, tones.spreads, tones.insts)

    def enforced(self, tones: Peaks) -> Peaks:
        """Return tones of which those at the pitch of a firm event are its own.

        Other instruments keep theirs if some other event lets them play there, too. An instrument
        may have more tones at a time then than it has places.

        Parameters
        ----------
        tones : Peaks [frame, place]
            Tones, whose `insts` are those who play them.

        Returns
        -------
        Peaks [frame, place]
            The same tones, some of other instruments.
        """
        result = tones.copy()
        for event in np.flatnonzero(self.plays & self.firm):
            frames = slice(self.begins[event], self.ends[event])
            near = np.abs(tones.shifts[frames] - self.shifts[event]) < self.near
            others = [*self._beside(event), self.insts[event]]
            given = near & ~np.isin(result.insts[frames], others)
            result.insts[frames][given] = self.insts[event]
        return result

    def _beside(self, event: np.intp) -> Ints:
        """Return the instruments that play a pitch and time as well, by what is no mere score."""
        together = (self.begins < self.ends[event]) & (self.ends > self.begins[event])
        near = np.abs(self.shifts - self.shifts[event]) < self.near
        return self.insts[together & near & self.plays & (self.firm | (self.demands == 0))]

    def evidence(self, numbers: Ints, shifts: Floats, instruments: int) -> Floats:
        """Return the log likelihoods that notes have by what is expected.

        Parameters
        ----------
        numbers : ndarray of int [frame, place]
            To which note each tone belongs, or `NONE`, -1.
        shifts : ndarray [note]
            Mean pitch of each note, in bins.
        instruments : int
            Number of instruments.

        Returns
        -------
        ndarray [note, instrument]
            Log likelihoods, up to a constant for each note.
        """
        known = np.zeros((shifts.size, instruments))
        lengths = np.bincount(numbers[numbers != NONE], minlength=shifts.size)
        for event in np.flatnonzero(self.insts != NONE):
            inside = numbers[self.begins[event] : self.ends[event]]
            counts = np.bincount(inside[inside != NONE], minlength=shifts.size)
            note = np.flatnonzero(counts)
            share = counts[note] / lengths[note] * self.weights[event]
            if self.rests[event]:
                known[note, self.insts[event]] -= share
            else:
                near = np.abs(shifts[note] - self.shifts[event]) < self.near
                known[note[near], self.insts[event]] += share[near]
        return known

    def _in(self, block: slice, which: Bools) -> Ints:
        """Return the events of a kind in a block of frames."""
        return np.flatnonzero(which & (self.begins < block.stop) & (self.ends > block.start))

    def _frames(self, event: int, block: slice) -> slice:
        begin = max(int(self.begins[event]) - block.start, 0)
        return slice(begin, max(int(self.ends[event]) - block.start, 0))

    def _window(self, event: int, bins: int) -> slice:
        if self.rests[event]:
            return slice(0, bins)
        low = int(np.ceil(self.shifts[event] - self.near))
        return slice(max(low, 0), max(int(np.floor(self.shifts[event] + self.near)) + 1, 0))
