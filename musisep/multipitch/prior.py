"""What is known of the tones of a recording before they are looked for."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from musisep._util.constants import NONE
from musisep.tones.peaks import Floats, Ints

if TYPE_CHECKING:
    from musisep.multipitch.joint import Hypotheses, JointSearch


class Proposals(NamedTuple):
    """What a search has proposed for the frames of a recording with a dictionary."""

    search: "JointSearch"
    dictionary: Floats
    hypotheses: "Hypotheses"

    def of(self, search: "JointSearch", dictionary: Floats, number: int) -> bool:
        """Tell whether the same search would propose the same again."""
        same = self.search == search and self.hypotheses.gains.shape[1] == number
        return same and np.array_equal(self.dictionary, dictionary)


class Prior(NamedTuple):
    """Tones that have been found before, and which instrument plays them, as far as it is known.

    Attributes
    ----------
    shifts : ndarray, shape (frame, place)
        Fundamentals, in bins.
    insts : ndarray of int, shape (frame, place)
        Instruments; `NONE` where it is not known who plays the tone, or there is none.
    proposals : Proposals, optional
        What a search has proposed for these frames already, so that it is not done again.
    """

    shifts: Floats
    insts: Ints
    proposals: Proposals | None = None

    @classmethod
    def of_notes(cls, shifts: Floats, numbers: Ints, insts: Ints) -> "Prior":
        """Return the prior that follows from knowing which instrument plays each note.

        Parameters
        ----------
        shifts : ndarray, shape (frame, place)
            Fundamentals, in bins.
        numbers : ndarray of int, shape (frame, place)
            The note that each tone belongs to, or `NONE`.
        insts : ndarray of int, shape (note,)
            The instrument of each note.
        """
        return cls(shifts, np.append(insts, NONE)[numbers])
