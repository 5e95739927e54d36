"""Decoding: the tones of all frames together.

Each frame offers its best combinations of candidates (`search.JointSearch.hypotheses`). The
path through them is taken that costs least: what a frame leaves unexplained, and prices for
what a line seldom does, namely jump, begin or end. Who plays is told by a guide, which names the
instrument of tones that have been found before; without one there is a price for crossing the
line of another instrument.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musisep.compiled import kernel
from musisep.dictsep.search import BLOCK, Hypotheses, JointSearch
from musisep.dictsep.tones import Floats, Ints, Peaks, ToneModel, slots

GLIDE = 1.5
"""Sigmas that a shift may move from frame to frame for nothing."""
NEAR = 3.0
"""Sigmas within which a tone is taken for one of the guide."""
NOBODY = -1
"""In the place of an instrument: it is not known who plays the tone."""


class Guide(NamedTuple):
    """Tones of which it is known who plays them.

    Attributes
    ----------
    shifts : ndarray, shape (frame, place)
        Fundamentals, in bins.
    insts : ndarray of int, shape (frame, place)
        Instruments, or `NOBODY`.
    """

    shifts: Floats
    insts: Ints

    @classmethod
    def of(cls, shifts: Floats, numbers: Ints, players: Ints) -> "Guide":
        """Return the guide for tones of whose notes it is known who plays them.

        Parameters
        ----------
        shifts : ndarray, shape (frame, place)
            Fundamentals, in bins.
        numbers : ndarray of int, shape (frame, place)
            The note that each tone belongs to, or -1 for none.
        players : ndarray of int, shape (note,)
            The instrument of each note.
        """
        return cls(shifts, np.append(players, NOBODY)[numbers])


@dataclass(frozen=True)
class Decoder:
    """Finds the tones of successive frames; called like every finder of tones.

    Prices are in units of twice the mean loss of silence over all frames.

    Parameters
    ----------
    search : JointSearch
        Proposes combinations and refines the chosen ones.
    hypotheses : int
        Combinations that a frame offers.
    jump : float
        Price of a jump of the shift, up to twice as much for a large one.
    onset : float
        Price of a tone's begin and of its end.
    crossing : float
        Price of two instruments being in the reverse of their usual order, per frame; without a
        guide.
    contradiction : float
        Price of a tone that the guide gives to another instrument, per frame.
    unison : float
        Price of a tone at the pitch of another instrument, which sounds as well, per frame.
    novelty : float
        Price of a tone that the guide does not know, per frame.
    """

    search: JointSearch
    hypotheses: int = 40
    jump: float = 0.2
    onset: float = 0.2
    crossing: float = 0.03
    contradiction: float = 0.1
    unison: float = 0.01
    novelty: float = 0.04

    @property
    def model(self) -> ToneModel:
        """What tones look like."""
        return self.search.model

    def __call__(
        self, frames: Floats, inst_dict: Floats, jobs: int = 1, guide: Guide | None = None
    ) -> Peaks:
        """Find tones; `frames` [frame, bin], result (frame, tones * instruments)."""
        if not len(frames):
            return self.search(frames, inst_dict, jobs)
        offered = self.search.hypotheses(frames, inst_dict, self.hypotheses, jobs)
        silence = self.silence(frames)
        unit = 2 * max(silence.mean(), np.finfo(np.float64).tiny)
        insts = slots(inst_dict.shape[1], self.search.tones)
        costs = np.where(offered.gains < 0, np.inf, silence[:, None] - offered.gains) / unit
        if guide is None:
            costs += self.crossing * crossings(offered, insts)
        else:
            add_contradictions(
                offered.shifts, offered.amps, insts, *guide, NEAR * self.model.fsigma,
                self.contradiction, self.unison, self.novelty, costs,
            )  # fmt: skip
        path = cheapest_path(
            offered.shifts, offered.amps, costs, self.jump, self.onset, GLIDE * self.model.fsigma,
            self.model.octave,
        )  # fmt: skip
        index = np.arange(len(frames)), path
        chosen = Hypotheses(*(array[index][:, None] for array in offered))
        return self.search.refine(frames, inst_dict, chosen, jobs)

    def silence(self, frames: Floats) -> Floats:
        """Loss of each frame [frame, bin] without tones."""
        losses = np.empty(len(frames))
        for first in range(0, len(frames), BLOCK):
            roots = self.model.roots(frames[first : first + BLOCK])
            losses[first : first + BLOCK] = 0.5 * np.einsum("ij,ij->i", roots, roots)
        return losses


def crossings(offered: Hypotheses, insts: NDArray[np.int64]) -> Floats:
    """Pairs of places whose instruments are in reverse order, (frame, hypothesis).

    What order is usual is taken from the best hypotheses of the single frames, weighted by
    their gains.
    """
    result = np.zeros(offered.gains.shape)
    sounding = offered.amps > 0
    for i in range(insts.size):
        for j in range(i):
            if insts[i] == insts[j]:
                continue
            together = sounding[:, :, i] & sounding[:, :, j]
            above = (offered.shifts[:, :, i] - offered.shifts[:, :, j]) * together
            usual = np.sign(above[:, 0] @ np.maximum(offered.gains[:, 0], 0))
            result += above * usual < 0
    return result


@kernel
def add_contradictions(  # type: ignore[no-untyped-def]
    shifts, amps, insts, guide_shifts, guide_insts, near, contradiction, unison, novelty, costs
):
    """Add to ``costs`` [frame, hypothesis] prices for tones that the guide does not give.

    A tone is another's if it is near to one of the guide that is, and to none that is its own: it
    contradicts the guide unless such another sounds there as well. It is new if it is near to none.
    """
    frames, number, places = shifts.shape
    for frame in range(frames):
        for hypothesis in range(number):
            for place in range(places):
                if amps[frame, hypothesis, place] <= 0.0:
                    continue
                price = np.inf
                for tone in range(guide_insts.shape[1]):
                    inst, shift = guide_insts[frame, tone], guide_shifts[frame, tone]
                    if inst == NOBODY or abs(shift - shifts[frame, hypothesis, place]) >= near:
                        continue
                    here = 0.0 if inst == insts[place] else contradiction
                    for other in range(places):
                        distance = abs(shift - shifts[frame, hypothesis, other])
                        sounds = amps[frame, hypothesis, other] > 0.0
                        if insts[other] == inst != insts[place] and sounds and distance < near:
                            here = unison
                    price = min(price, here)
                costs[frame, hypothesis] += novelty if price == np.inf else price


@kernel
def cheapest_path(shifts, amps, costs, jump, onset, glide, octave):  # type: ignore[no-untyped-def]
    """Hypothesis of each frame on the path of least total cost and price (Viterbi)."""
    frames, number, places = shifts.shape
    back = np.zeros((frames, number), np.int64)
    total, before = costs[0].copy(), np.empty(number)
    for frame in range(1, frames):
        before[:] = total
        for here in range(number):
            total[here] = np.inf
            if costs[frame, here] == np.inf:
                continue
            for there in range(number):
                price = before[there] + costs[frame, here]
                for place in range(places):
                    if price >= total[here]:
                        break
                    sounds = amps[frame, here, place] > 0.0
                    sounded = amps[frame - 1, there, place] > 0.0
                    if sounds != sounded:
                        price += onset
                    elif sounds:
                        move = abs(shifts[frame, here, place] - shifts[frame - 1, there, place])
                        if move > glide:
                            price += jump * (1.0 + min(move / octave, 1.0))
                if price < total[here]:
                    total[here] = price
                    back[frame, here] = there
    path = np.empty(frames, np.int64)
    path[-1] = np.argmin(total)
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = back[frame, path[frame]]
    return path
