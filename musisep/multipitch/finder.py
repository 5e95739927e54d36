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

    Parameters
    ----------
    shifts : ndarray [frame, hypothesis, tone]
        Fundamentals, in bins.
    amps : ndarray [frame, hypothesis, tone]
        Amplitudes; 0 is silence.
    gains : ndarray [frame, hypothesis]
        By how much the hypothesis lowers the loss; `NO_GAIN` where there is no hypothesis.

    Examples
    --------
    One frame has two hypotheses of one tone; then there is room for a second tone, which is silent:

    >>> import numpy as np
    >>> from musisep.multipitch.finder import Hypotheses
    >>> shifts, amps = np.array([[[20.0], [32.0]]]), np.array([[[1.0], [0.4]]])
    >>> hypotheses = Hypotheses(shifts, amps, gains=np.array([[0.8, 0.3]]))
    >>> hypotheses.widened(tones=1, wider=2).amps.tolist()
    [[[1.0, 0.0], [0.4, 0.0]]]
    """

    shifts: Floats
    amps: Floats
    gains: Floats

    def widened(self, tones: int, wider: int) -> "Hypotheses":
        """Return the same with places for more tones of each instrument, which are silent.

        Parameters
        ----------
        tones : int
            Number of places that each instrument has.
        wider : int
            Number of places that it is to have.

        Returns
        -------
        Hypotheses
            With `wider` places of each instrument.
        """
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

    Parameters
    ----------
    search : object
        What determines the hypotheses beside the rest, as a `JointSearch`.
    sample : ndarray [frame, bin]
        Some of the frames, by which the recording is recognised.
    dictionary : ndarray [harmonic, instrument]
        Relative amplitudes of the harmonics.
    model : ToneModel
        What tones look like.
    hypotheses : Hypotheses
        What was proposed.

    Examples
    --------
    The same search for the same frames need not be done again, another one must:

    >>> import math
    >>> import numpy as np
    >>> from musisep.multipitch.finder import Proposals
    >>> from musisep.multipitch.joint import JointSearch
    >>> from musisep.tones.model import ToneModel
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=120)
    >>> search, frames, column = JointSearch(), np.zeros((3, 120)), np.array([[1.0], [0.5]])
    >>> found = search.propose(frames, column, model, number=4)
    >>> known = Proposals.made(search, frames, column, model, found)
    >>> known.of(search, frames, column, model, number=4)
    True
    >>> known.of(JointSearch(candidates=20), frames, column, model, number=4)
    False
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
        """Keep what a search has proposed for frames.

        Parameters
        ----------
        search : object
            What determines the hypotheses beside the rest, as a `JointSearch`.
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major; one frame of `SAMPLED` is kept.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.
        hypotheses : Hypotheses
            What was proposed.

        Returns
        -------
        Proposals
            What is kept.
        """
        return cls(search, frames[::SAMPLED].copy(), dictionary, model, hypotheses)

    def of(
        self, search: object, frames: Floats, dictionary: Floats, model: ToneModel, number: int
    ) -> bool:
        """Tell whether the same search would propose the same again.

        Parameters
        ----------
        search : object
            What determines the hypotheses beside the rest, as a `JointSearch`.
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.
        number : int
            Number of hypotheses of each frame.

        Returns
        -------
        bool
            Whether all of these are the same.
        """
        same = self.search == search and self.hypotheses.gains.shape[1] == number
        same = same and self.model == model and len(self.hypotheses.gains) == len(frames)
        return (
            same
            and np.array_equal(self.dictionary, dictionary)
            and np.array_equal(self.sample, frames[::SAMPLED])
        )


class Prior(NamedTuple):
    """Tones that have been found before, and which instrument plays them, as far as it is known.

    Parameters
    ----------
    shifts : ndarray [frame, place]
        Fundamentals, in bins.
    insts : ndarray of int [frame, place]
        Instruments; `NONE`, -1, where it is not known who plays the tone, or there is none.
    proposals : Proposals, optional
        What a search has proposed for these frames already, so that it is not done again.
    chances : ndarray [frame, place, instrument], optional
        Probability of each instrument that it plays the tone; 0 where nobody is known to.
    demands : ndarray [frame, place], optional
        Price if its instrument does not play the tone; default: 0.

    Examples
    --------
    A note lasts for the first two of three frames, and instrument 1 plays it:

    >>> import numpy as np
    >>> from musisep.multipitch.finder import Prior
    >>> shifts, numbers = np.array([[20.0], [20.1], [35.0]]), np.array([[0], [0], [-1]])
    >>> prior = Prior.of_notes(shifts, numbers, insts=np.array([1]))
    >>> prior.insts.ravel().tolist()
    [1, 1, -1]
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
            Tones of the same frames.
        instruments : int
            Number of instruments.
        near : float
            Distance in bins up to which a tone is one of the prior.

        Returns
        -------
        ndarray [frame, tone, instrument] or None
            Probabilities. Where the prior does not know the tone, it is its instrument's.

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
        """Return a prior of the places of both, of the same frames; proposals are left out.

        Parameters
        ----------
        other : Prior
            What else is known of the frames.

        Returns
        -------
        Prior
            With the places of `other` after these; with chances if both have them.
        """
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

        Returns
        -------
        Prior
            Of these frames and places.
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
    """Frames, dictionary, prior → tones.

    Examples
    --------
    A finder takes the highest bin of each frame for the fundamental of a tone of instrument 0:

    >>> import math
    >>> import numpy as np
    >>> from musisep.tones.model import ToneModel
    >>> from musisep.tones.peaks import Peaks
    >>> def highest(frames, dictionary, model, prior=None):
    ...     amps, shifts = frames.max(axis=1)[:, None], frames.argmax(axis=1)[:, None]
    ...     sigmas = np.full(amps.shape, model.fsigma)
    ...     return Peaks(amps, shifts, sigmas, 0 * amps, np.zeros(amps.shape, int))
    >>> model = ToneModel(fsigma=1.0, harscale=24 / math.log(2), m=4)
    >>> tones = highest(np.array([[0.0, 0.1, 1.0, 0.1]]), np.array([[1.0]]), model)
    >>> tones.shifts.tolist()
    [[2.0]]
    """

    def __call__(
        self, frames: Floats, dictionary: Floats, model: ToneModel, prior: Prior | None = None
    ) -> Peaks:
        """Find tones in frames.

        Parameters
        ----------
        frames : ndarray [frame, bin]
            Log-frequency spectrogram, frame-major, with maximum 1.
        dictionary : ndarray [harmonic, instrument]
            Relative amplitudes of the harmonics.
        model : ToneModel
            What tones look like.
        prior : Prior, optional
            What is known of the frames.

        Returns
        -------
        Peaks [frame, tones * instruments]
            With amplitude 0 where there is no tone.
        """
