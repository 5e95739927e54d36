"""What finders of tones have in common: how they are called, and what they may know before."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from musisep._util.checks import instance
from musisep._util.constants import NONE
from musisep._util.limits import MOST_AMPLITUDE
from musisep.tones.checks import checked_frames
from musisep.tones.model import ToneModel, checked_dictionary
from musisep.tones.peaks import Floats, Ints, Peaks

NO_GAIN = -1.0
"""Gain of a hypothesis that does not exist."""
ROUNDING = 1e-12
"""Frames whose maximum is below this share of the recording's hold rounding only, -240 dB."""
SAMPLED = 64
"""One frame of so many is compared to recognise a recording."""


class Hypotheses(NamedTuple):
    """The best combinations of candidates of each frame, the best first.

    Attributes
    ----------
    shifts, amps : ndarray [frame, hypothesis, tone]
        Shifts and amplitudes; an amplitude of 0 is silence.
    gains : ndarray [frame, hypothesis]
        By how much the hypothesis lowers the loss; `NO_GAIN` where there is no hypothesis.
    """

    shifts: Floats
    amps: Floats
    gains: Floats

    def widened(self, tones: int, wider: int) -> "Hypotheses":
        """Return the same with places for more tones of each instrument, which are silent."""
        if wider == tones:
            return self
        frames, number, size = self.shifts.shape
        missing = [(0, 0)] * 3 + [(0, wider - tones)]
        shifts, amps = (
            np.pad(values.reshape(frames, number, -1, tones), missing).reshape(
                frames, number, size // tones * wider
            )
            for values in (self.shifts, self.amps)
        )
        return self._replace(shifts=shifts, amps=amps)


def check_hypotheses(hypotheses: Hypotheses, frames: int, places: int) -> None:
    """Refuse hypotheses that are not of so many frames and places; ValueError."""
    instance("hypotheses", hypotheses, Hypotheses)
    shape = hypotheses.shifts.shape
    same = hypotheses.amps.shape == shape and hypotheses.gains.shape == shape[:2]
    if not same or len(shape) != 3 or shape[::2] != (frames, places):
        raise ValueError(f"hypotheses of {shape=} must be of {frames=} and {places=}")


class Proposals(NamedTuple):
    """What a search has proposed for the frames of a recording with a dictionary.

    Attributes
    ----------
    search : JointSearch
    sample : ndarray [frame, bin]
        Some of the frames.
    dictionary : ndarray [harmonic, instrument]
    model : ToneModel
    hypotheses : Hypotheses
    """

    search: object
    sample: Floats
    dictionary: Floats
    model: ToneModel
    hypotheses: Hypotheses

    @classmethod
    def made(
        cls,
        search: object,
        frames: Floats,
        dictionary: Floats,
        model: ToneModel,
        hypotheses: Hypotheses,
    ) -> "Proposals":
        """Keep what a search has proposed for `frames` [frame, bin]."""
        return cls(search, frames[::SAMPLED].copy(), dictionary, model, hypotheses)

    def of(
        self, search: object, frames: Floats, dictionary: Floats, model: ToneModel, number: int
    ) -> bool:
        """Tell whether the same search would propose the same again."""
        same = self.search == search and self.hypotheses.gains.shape[1] == number
        same = same and self.model == model and len(self.hypotheses.gains) == len(frames)
        return (
            same
            and np.array_equal(self.dictionary, dictionary)
            and np.array_equal(self.sample, frames[::SAMPLED])
        )


class Prior(NamedTuple):
    """Tones that have been found before, and which instrument plays them, as far as it is known.

    Attributes
    ----------
    shifts : ndarray [frame, place]
        Fundamentals, in bins.
    insts : ndarray of int [frame, place]
        Instruments; `NONE` where it is not known who plays the tone, or there is none.
    proposals : Proposals, optional
        What a search has proposed for these frames already, so that it is not done again.
    chances : ndarray [frame, place, instrument], optional
        Probability of each instrument that it plays the tone; 0 where nobody is known to.
    demands : ndarray [frame, place], optional
        Price if its instrument does not play the tone; default: 0.
    """

    shifts: Floats
    insts: Ints
    proposals: Proposals | None = None
    chances: Floats | None = None
    demands: Floats | None = None

    def chances_of(self, tones: Peaks, instruments: int, near: float) -> Floats | None:
        """Return how likely instruments play tones of the same frames; None if that is unknown.

        Parameters
        ----------
        tones : Peaks [frame, tone]
        instruments : int
        near : float
            Distance in bins up to which a tone is one of the prior.

        Returns
        -------
        ndarray [frame, tone, instrument]
            Where the prior does not know the tone, it is its instrument's.

        Raises
        ------
        ValueError
            If the chances are not of these frames, of the places of the prior and of so many
            instruments.
        """
        if self.chances is None:
            return None
        wanted = (len(tones.amps), self.shifts.shape[1], instruments)
        if self.chances.shape != wanted:
            raise ValueError(
                f"prior.chances.shape={self.chances.shape} must be ({wanted[0]} frames, "
                f"{wanted[1]} places, {instruments} instruments)"
            )
        shifts, insts = tones.shifts[:, :, None], tones.insts[:, :, None]  # [frame, tone, place]
        same = np.abs(shifts - self.shifts[:, None]) <= near
        same &= insts == self.insts[:, None]
        certain = (insts == np.arange(instruments)) + 0.0
        if not same.shape[2]:
            return certain
        chances = np.take_along_axis(self.chances, same.argmax(axis=2)[:, :, None], axis=1)
        return np.where(same.any(axis=2, keepdims=True), chances, certain)

    def joined(self, other: "Prior") -> "Prior":
        """Return a prior of the places of both, of the same frames; proposals are left out."""
        chances = None
        if self.chances is not None and other.chances is not None:
            chances = np.concatenate((self.chances, other.chances), axis=1)
        demands = [
            np.zeros(one.shifts.shape) if one.demands is None else one.demands
            for one in (self, other)
        ]
        return Prior(
            np.concatenate((self.shifts, other.shifts), axis=1),
            np.concatenate((self.insts, other.insts), axis=1),
            chances=chances,
            demands=np.concatenate(demands, axis=1),
        )

    @classmethod
    def of_notes(
        cls, shifts: Floats, numbers: Ints, insts: Ints, chances: Floats | None = None
    ) -> "Prior":
        """Return the prior that follows from knowing which instrument plays each note.

        Parameters
        ----------
        shifts : ndarray [frame, place]
            Fundamentals, in bins.
        numbers : ndarray of int [frame, place]
            The note that each tone belongs to, or `NONE`.
        insts : ndarray of int [note]
            The instrument of each note.
        chances : ndarray [note, instrument], optional
            Probability of each instrument that it plays the note.
        """
        if chances is not None:
            chances = np.vstack((chances, np.zeros(chances.shape[1])))[numbers]
        return cls(shifts, np.append(insts, NONE)[numbers], chances=chances)


def without_rounding(frames: Floats) -> Floats:
    """Return frames [frame, bin], of maximum 1, in which those that hold only rounding are 0.

    Tones that are fitted to rounding may be anything.
    """
    rounding = frames.max(axis=1, initial=0.0) < ROUNDING
    return np.where(rounding[:, None], 0.0, frames) if rounding.any() else frames


def checked_input(
    frames: ArrayLike, dictionary: ArrayLike, model: ToneModel
) -> tuple[Floats, Floats]:
    """Return frames [frame, bin] and dictionary [harmonic, instrument] as finders take them.

    Raises
    ------
    ValueError
        If a shape does not fit, or there is no instrument.
    """
    frames = checked_frames(frames, model)
    columns = checked_dictionary(dictionary, np.empty(0, np.int64), "dictionary")
    if not columns.size:
        raise ValueError(f"dictionary.shape={columns.shape} must have an instrument")
    if not 0 <= columns.min() <= columns.max() <= MOST_AMPLITUDE:
        raise ValueError(f"dictionary must hold numbers from 0 to {MOST_AMPLITUDE:g}")
    return frames, columns


class ToneFinder(Protocol):
    """Frames, dictionary, prior → tones."""

    def __call__(
        self, frames: Floats, dictionary: Floats, model: ToneModel, prior: Prior | None = None
    ) -> Peaks:
        """Find tones in `frames` [frame, bin] with a dictionary [harmonic, instrument].

        The result has shape (frame, tones * instruments), and amplitude 0 where there is no tone.
        """
