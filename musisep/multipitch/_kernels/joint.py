"""Kernels of the joint search: candidates, combinations of them, and their fit.

A candidate is a shift for one instrument. Combinations are rows of ``members`` [beam, place], whose
entries are candidates, or `NONE` where the place is silent.
"""

import numpy as np

from musisep._util.compiled import kernel
from musisep._util.constants import NONE, TINY
from musisep.tones._kernels import AMP, SHIFT, SIGMA, SPREAD, dot, fit_tones, power

COLLINEAR = 1e-3
"""A pattern is refused where less than this share of its energy is new, a guess."""
TOLERANCE = 1e-3
"""Relative fall of the loss at which a fit ends, a guess."""


@kernel
def search_frames(
    scores, norms, patterns, products, origin, insts, most, count, flanks, beam, prices,
    inverse_qexp, shifts, amps, gains,
):  # fmt: skip
    """Fill `shifts`, `amps`, `gains` (see `Hypotheses`) from ``scores`` [frame, inst, bin].

    ``prices`` [frame] are what a tone must gain.
    """
    width = count + flanks.size
    for frame in range(scores.shape[0]):
        candidates, scored = pick_candidates(scores[frame], norms, count, flanks)
        gram = gram_matrix(patterns, products, norms, origin, candidates)
        members, roots, best = grow(gram, scored, insts, most, beam, gains.shape[1], prices[frame])
        for rank in range(best.size):
            gains[frame, rank] = best[rank]
            for place in range(insts.size):
                member = members[rank, place]
                if member != NONE:
                    shifts[frame, rank, place] = candidates[member // width, member % width]
                    amps[frame, rank, place] = power(roots[rank, place], inverse_qexp)


@kernel
def pick_candidates(scores, norms, count, flanks):
    """Shifts [inst, count + flanks.size] that may have a tone, and their scores.

    First the `count` local maxima of highest gain, which is half of score^2 / norm for a
    single pattern, then the flanks of the highest of all. Missing ones are `NONE`.
    """
    insts, size = scores.shape
    width = count + flanks.size
    chosen, scored = np.empty((insts, width), np.int64), np.zeros((insts, width))
    chosen[:] = NONE
    gains = np.empty(size)
    summit, summit_gain = NONE, 0.0
    for inst in range(insts):
        single_gains(scores[inst], norms[inst], gains)
        highest_maxima(gains, chosen[inst, :count])
        best = chosen[inst, 0]
        if best != NONE and gains[best] > summit_gain:
            summit, summit_gain = best, gains[best]
    for inst in range(insts):
        for i in range(flanks.size):
            shift = summit + flanks[i]
            if summit != NONE and 0 <= shift < size and scores[inst, shift] > 0.0:
                chosen[inst, count + i] = shift
        for i in range(width):
            if chosen[inst, i] != NONE:
                scored[inst, i] = scores[inst, chosen[inst, i]]
    return chosen, scored


@kernel
def single_gains(scores, norms, gains):
    """Twice what a single tone gains at each shift; 0 where it has no norm."""
    for shift in range(gains.size):
        score = max(scores[shift], 0.0)  # np.divide, for / does not run in vectors
        gains[shift] = np.divide(score * score, max(norms[shift], TINY))


@kernel
def highest_maxima(values, chosen):
    """Put the indices of the highest positive local maxima into `chosen`, highest first."""
    heights, found, least = np.empty(chosen.size), np.int64(0), 0.0
    for i in range(values.size):
        here = values[i]
        if here <= least:
            continue
        left = values[i - 1] if i > 0 else 0.0
        right = values[i + 1] if i + 1 < values.size else 0.0
        if here >= left and here > right:
            found = insert(here, i, heights, chosen, found)
            least = heights[-1] if found == chosen.size else 0.0


@kernel
def insert(value, name, values, names, size):
    """Insert into the first `size` of `values`, which fall, and their `names`; return the new size.

    Where the list is full, the lowest drops out.
    """
    if size == values.size:
        if value <= values[size - 1]:
            return size
        size -= 1
    rank = size
    while rank > 0 and values[rank - 1] < value:
        values[rank], names[rank] = values[rank - 1], names[rank - 1]
        rank -= 1
    values[rank], names[rank] = value, name
    return size + 1


@kernel
def gram_matrix(patterns, products, norms, origin, candidates):
    """Scalar products on the axis of the candidates' shifted patterns.

    They are those of the whole patterns, ``products`` [inst, inst, lag], less those of the parts
    on either side of the axis; ``patterns`` have their fundamental at `origin`.
    """
    insts, count = candidates.shape
    end = origin + norms.shape[1]
    gram = np.zeros((insts * count, insts * count))
    for i in range(insts * count):
        inst, shift = i // count, candidates[i // count, i % count]
        if shift == NONE:
            continue
        gram[i, i] = norms[inst, shift]
        below, above = patterns[inst, : max(origin - shift, 0)], patterns[inst, end - shift :]
        for j in range(i):
            other, second = j // count, candidates[j // count, j % count]
            if second == NONE:
                continue
            low, high = patterns[other, : max(origin - second, 0)], patterns[other, end - second :]
            down, up = min(below.size, low.size), min(above.size, high.size)
            gram[i, j] = (
                products[inst, other, shift - second]
                - dot(below[below.size - down :], low[low.size - down :])
                - dot(above[:up], high[:up])
            )
            gram[j, i] = gram[i, j]
    return gram


@kernel
def grow(gram, scored, insts, most, beam, number, price):
    """Grow combinations of at most `most` tones place by place; return the best `number`.

    From place to place the best `beam` are kept. A combination is a row of ``members``
    [beam, place] (candidate or `NONE`) with the coefficients of its least squares, and the
    inverse of its Gram matrix, where silent places are 0. A member is refused if it adds
    nothing new, or if some coefficient would be negative. Returns members, coefficients,
    gains less `price` for each tone.
    """
    places, count = insts.size, scored.shape[1]
    scored = scored.reshape(scored.size)
    members, roots = np.empty((1, places), np.int64), np.zeros((1, places))
    members[:] = NONE
    inverses, gains = np.zeros((1, places, places)), np.zeros(1)
    scores, fresh, weights = np.empty(count), np.empty(count), np.empty((places, count))
    for place in range(places):
        first = insts[place] * count
        room = min(number if place == places - 1 else beam, gains.size * (count + 1))
        best, names, found = np.empty(room), np.empty(room, np.int64), np.int64(0)
        for parent in range(gains.size):
            name = parent * (count + 1)
            found = insert(gains[parent], name, best, names, found)
            tones = 0
            for member in members[parent]:
                tones += member != NONE
            if tones == most:
                continue
            # Places of one instrument are alike: take its candidates in rising order.
            begin = 0
            if place > 0 and insts[place - 1] == insts[place]:
                before = members[parent, place - 1]
                begin = count if before == NONE else before - first + 1
            extend(
                gram, scored, members[parent], roots[parent], inverses[parent], first, scores,
                fresh, weights,
            )  # fmt: skip
            for i in range(begin, count):
                if scores[i] <= 0.0 or fresh[i] <= COLLINEAR * gram[first + i, first + i]:
                    continue
                root = scores[i] / fresh[i]
                gain = gains[parent] + 0.5 * scores[i] * root - price
                if found == room and gain <= best[-1]:
                    continue
                least = 0.0
                for other in range(place):
                    least = min(least, roots[parent, other] - root * weights[other, i])
                if least >= 0.0:
                    found = insert(gain, name + i + 1, best, names, found)
        gains, old_members, old_roots, old_inverses = best[:found], members, roots, inverses
        members, roots = np.empty((found, places), np.int64), np.empty((found, places))
        inverses = np.empty((found, places, places))
        for rank in range(found):
            parent, joined = names[rank] // (count + 1), names[rank] % (count + 1)
            for i in range(places):
                members[rank, i], roots[rank, i] = old_members[parent, i], old_roots[parent, i]
                for j in range(places):
                    inverses[rank, i, j] = old_inverses[parent, i, j]
            if joined:
                member = first + joined - 1
                extend(
                    gram, scored, members[rank], roots[rank], inverses[rank], member, scores[:1],
                    fresh[:1], weights,
                )  # fmt: skip
                weights[place, 0] = -1.0
                for i in range(place + 1):
                    roots[rank, i] -= scores[0] / fresh[0] * weights[i, 0]
                    for j in range(place + 1):
                        inverses[rank, i, j] += weights[i, 0] * weights[j, 0] / fresh[0]
                members[rank, place] = member
    return members, roots, gains


@kernel
def extend(gram, scored, members, roots, inverse, first, scores, fresh, weights):
    """Find what each of the candidates from `first` on would add to a combination.

    ``scores`` gets their scalar products with what the combination leaves, ``fresh`` the part
    of their energy that is new, ``weights`` [place, candidate] how much of its members they
    replace.
    """
    last = first + scores.size
    for i in range(scores.size):
        scores[i], fresh[i] = scored[first + i], gram[first + i, first + i]
    for place in range(members.size):
        weight = weights[place]
        weight[:] = 0.0
        if members[place] == NONE:
            continue
        for other in range(members.size):
            if members[other] != NONE:
                share, row = inverse[place, other], gram[members[other], first:last]
                for i in range(scores.size):
                    weight[i] += share * row[i]
        root, row = roots[place], gram[members[place], first:last]
        for i in range(scores.size):
            scores[i] -= root * row[i]
            fresh[i] -= weight[i] * row[i]


@kernel
def refine_frames(
    targets, shifts, amps, gains, insts, inst_dict, harscale, pexp, qexp, fsigma, lower, upper,
    steps, params,
):  # fmt: skip
    """Fit the hypotheses of each frame; ``params`` [frame, 4, tone] gets the best of each."""
    trial, highest = np.empty(lower.shape), upper.copy()
    for frame in range(targets.shape[0]):
        lowest = np.inf
        for rank in range(gains.shape[1]):
            if gains[frame, rank] <= 0.0:
                continue
            for place in range(insts.size):
                trial[AMP, place] = amps[frame, rank, place]
                trial[SHIFT, place] = shifts[frame, rank, place]
                trial[SIGMA, place], trial[SPREAD, place] = fsigma, 0.0
                # silent places stay silent
                highest[AMP, place] = upper[AMP, place] if trial[AMP, place] > 0.0 else 0.0
            loss = fit_tones(
                trial, insts, inst_dict, harscale, pexp, qexp, targets[frame], lower, highest,
                steps, TOLERANCE,
            )  # fmt: skip
            if loss < lowest:
                lowest = loss
                for i in range(trial.shape[0]):
                    for place in range(insts.size):
                        params[frame, i, place] = trial[i, place]
