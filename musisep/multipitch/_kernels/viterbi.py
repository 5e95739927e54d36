"""Kernels of the decoding: prices for contradicting a prior, and the cheapest path."""

import numpy as np

from musisep._util.compiled import kernel
from musisep._util.constants import NONE


@kernel
def add_contradictions(
    shifts, amps, insts, prior_shifts, prior_insts, demands, near, contradiction, unison, novelty,
    costs,
):  # fmt: skip
    """Add to ``costs`` [frame, hypothesis] prices for tones that the prior does not give.

    A tone is another's if it is near to one of the prior that is, and to none that is its own: it
    contradicts the prior unless such another sounds there as well. It is new if it is near to none.
    A tone of the prior that its own instrument does not play costs what it demands.
    """
    frames, number, places = shifts.shape
    for frame in range(frames):
        for hypothesis in range(number):
            for place in range(places):
                if amps[frame, hypothesis, place] <= 0.0:
                    continue
                price = np.inf
                for tone in range(prior_insts.shape[1]):
                    inst, shift = prior_insts[frame, tone], prior_shifts[frame, tone]
                    if inst == NONE or abs(shift - shifts[frame, hypothesis, place]) >= near:
                        continue
                    here = 0.0 if inst == insts[place] else contradiction
                    for other in range(places):
                        distance = abs(shift - shifts[frame, hypothesis, other])
                        sounds = amps[frame, hypothesis, other] > 0.0
                        if insts[other] == inst != insts[place] and sounds and distance < near:
                            here = unison
                    price = min(price, here)
                costs[frame, hypothesis] += novelty if price == np.inf else price
            for tone in range(prior_insts.shape[1]):
                if prior_insts[frame, tone] == NONE or demands[frame, tone] == 0.0:
                    continue
                missing = True
                for place in range(places):
                    distance = abs(prior_shifts[frame, tone] - shifts[frame, hypothesis, place])
                    if (
                        insts[place] == prior_insts[frame, tone]
                        and amps[frame, hypothesis, place] > 0.0
                        and distance < near
                    ):
                        missing = False
                if missing:
                    costs[frame, hypothesis] += demands[frame, tone]


@kernel
def cheapest_path(shifts, amps, costs, jump, onset, glide, octave):
    """Hypothesis of each frame on the path of least total cost and price (Viterbi)."""
    frames, number, places = shifts.shape
    back = np.zeros((frames, number), np.int64)
    total, before = costs[0].copy(), np.empty(number)
    for frame in range(1, frames):
        for here in range(number):
            before[here], total[here] = total[here], np.inf
        for here in range(number):
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
