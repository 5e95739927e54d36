"""What is told beforehand of who plays what: a score, contours of pitch, corrections."""

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from musisep._util.constants import NONE
from musisep.multipitch.expected import Expected
from musisep.multipitch.viterbi import Prices
from musisep.scores.found import BEGIN_LATE_S, END_LATE_S
from musisep.scores.score import Score
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Floats

Part = TypeVar("Part")

NOVEL = 0.05
"""What tones cost more that a score does not have, in units of `Prices`."""


@dataclass(frozen=True)
class Trust:
    """How much is made of notes that are told.

    Parameters
    ----------
    early_s, late_s : float
        A note may sound so long before it begins and after it ends, in seconds.
    weight : float
        Log likelihood that a note gains for the instrument that is to play all of it.
    demand : float
        Price per frame of a note that does not sound, in units of `Prices`.
    firm : bool
        Whether what sounds there is the note's in any case.
    """

    early_s: float = 0.05
    late_s: float = 0.1
    weight: float = 8.0
    demand: float = 0.02
    firm: bool = False


FIRM = Trust(early_s=0.0, late_s=END_LATE_S, weight=50.0, demand=0.3, firm=True)
"""Of corrections: more than anything else tells."""
WEAK = Trust(early_s=0.0, late_s=END_LATE_S, weight=1.0, demand=0.0)
"""Of notes that were not corrected: instruments keep their names, and it tells little else."""


@dataclass(frozen=True, eq=False)
class Told:
    """What is told of a recording beforehand.

    Parameters
    ----------
    score : Score, optional
        Nearly all that is played, when it is played; some of it may be wrong.
    corrections : Score, optional
        Notes and rests that are certain.
    edited : Score, optional
        All notes as they are since they were corrected.
    trust : Trust
        How much is made of the score.
    """

    score: Score | None = None
    corrections: Score | None = None
    edited: Score | None = None
    trust: Trust = Trust()

    def __bool__(self) -> bool:
        """Return whether anything is told."""
        return any(told is not None for told in (self.score, self.corrections, self.edited))

    def expected(self, times_s: Floats, model: ToneModel) -> Expected | None:
        """Return what is told of frames at rising times in seconds; None for nothing."""
        told = [
            expected_on(score, times_s, model, trust)
            for score, trust in (
                (self.score, self.trust), (self.corrections, FIRM), (self.edited, WEAK),
            )
            if score is not None
        ]  # fmt: skip
        if not told:
            return None
        joined = told[0]
        for more in told[1:]:
            joined = joined.joined(more)
        return replace(joined, complete=self.score is not None)


def expected_on(score: Score, times_s: Floats, model: ToneModel, trust: Trust) -> Expected:
    """Return what a score tells of frames at rising times in seconds."""
    notes = score.notes
    rests, nobodys = np.isnan(notes.f0_hz), notes.instrument == NONE
    late_s = np.where(rests, END_LATE_S, np.where(nobodys, BEGIN_LATE_S, -trust.early_s))
    begins = np.searchsorted(times_s, notes.onset_s + late_s)
    late_s = np.where(rests, BEGIN_LATE_S, np.where(nobodys, END_LATE_S, trust.late_s))
    ends = np.searchsorted(times_s, notes.offset_s + late_s)
    told = Expected(
        begins=begins,
        ends=ends,
        shifts=model.harscale * np.log(notes.f0_hz / model.lowest_hz),
        insts=notes.instrument.copy(),
        weights=np.full(len(notes), trust.weight),
        demands=np.full(len(notes), trust.demand),
        firm=np.full(len(notes), trust.firm),
        near=Prices.near_sigmas * model.fsigma,
    )
    return told.chosen(ends > begins)


def with_expected(part: Part, expected: Expected) -> Part:
    """Return a part, such as a learner, that knows what is expected, and so those it is made of.

    Parameters
    ----------
    part : object
        A dataclass may have a field ``expected``, and parts in ``learner`` and ``finder``.
    expected : Expected
    """
    if not is_dataclass(part):
        return part
    any_part: Any = part
    names = {field.name for field in fields(any_part)}
    changes: dict[str, Any] = {
        name: with_expected(getattr(any_part, name), expected)
        for name in names & {"learner", "finder"}
    }
    if "expected" in names:
        changes["expected"] = expected
    if "prices" in names and expected.complete:
        prices = any_part.prices
        changes["prices"] = replace(prices, novelty=prices.novelty + NOVEL)
    told: Part = replace(any_part, **changes)
    return told
