"""Joint search: the tones of a frame from all combinations of a few candidates.

Tones are compared as roots ``(y + eps)^q - eps^q``, in which the patterns of tones that do not
overlap add up. For each instrument the best shifts are candidates; combinations of one
candidate (or silence) for every place grow place by place in a beam, each scored exactly by
linear least squares; the best few are refined by the fit that `peak_pursuit` uses. For two
places the beam holds every pair, and the search is exhaustive over the candidates.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from musisep.compiled import kernel
from musisep.dictsep.exptool import AMP, SHIFT, SIGMA, dot, fit_tones, power
from musisep.dictsep.pursuit import bound_arrays, correlations, patterns
from musisep.dictsep.tones import Floats, Peaks, ToneModel, from_slots, slots

BLOCK = 64
"""Frames that a thread takes at a time; results do not depend on it."""
SILENT = -1
"""In the place of a candidate: the place has no tone."""
COLLINEAR = 1e-3
"""A pattern is refused where less than this share of its energy is new."""
NONE = -1.0
"""Gain of a hypothesis that does not exist."""


class Hypotheses(NamedTuple):
    """The best combinations of candidates of each frame, the best first.

    Attributes
    ----------
    shifts, amps : ndarray, shape (frame, hypothesis, tone)
        Shifts and amplitudes; an amplitude of 0 is silence.
    gains : ndarray, shape (frame, hypothesis)
        By how much the hypothesis lowers the loss; `NONE` where there is no hypothesis.
    """

    shifts: Floats
    amps: Floats
    gains: Floats


@dataclass(frozen=True)
class JointSearch:
    """Finds the tones of each frame; called like every finder of tones.

    Parameters
    ----------
    model : ToneModel
    tones : int
        Number of tones of one instrument at a time.
    most : int, optional
        Number of tones of all instruments at a time; default: as many as have a place.
    candidates : int
        Shifts that are tried for each instrument.
    flanks : tuple of float
        Distances in sigma: shifts so far from the best candidate of all are tried as well, on
        either side and for each instrument, for tones that hide behind a louder one.
    beam : int
        Combinations that are kept from place to place.
    refined : int
        Combinations that are refined; the one of lowest loss is taken.
    steps : int
        Trials of the fit.
    """

    model: ToneModel
    tones: int = 1
    most: int | None = None
    candidates: int = 14
    flanks: tuple[float, ...] = ()
    beam: int = 64
    refined: int = 1
    steps: int = 6

    def __call__(self, frames: Floats, inst_dict: Floats, jobs: int = 1) -> Peaks:
        """Find tones; `frames` [frame, bin], result (frame, tones * instruments)."""
        hypotheses = self.hypotheses(frames, inst_dict, self.refined, jobs)
        return self.refine(frames, inst_dict, hypotheses, jobs)

    def hypotheses(
        self, frames: Floats, inst_dict: Floats, number: int, jobs: int = 1
    ) -> Hypotheses:
        """Return the best `number` combinations of candidates of each frame."""
        model, insts = self.model, slots(inst_dict.shape[1], self.tones)
        if frames.shape[1:] != (model.m,):
            raise ValueError(f"frames.shape={frames.shape} must be [frame, bin], {model.m} bins")
        baseshift, spects = patterns(model, inst_dict)
        rows = np.ascontiguousarray(spects.T)
        norms = _norms(rows, baseshift, model.m)
        distances = np.round(np.array(self.flanks) * model.fsigma).astype(np.int64)
        flanks = np.concatenate((-distances, distances))
        found = Hypotheses(
            np.zeros((len(frames), number, insts.size)),
            np.zeros((len(frames), number, insts.size)),
            np.full((len(frames), number), NONE),
        )

        def search(block: slice) -> None:
            scores = correlations(model.roots(frames[block]), spects, baseshift)
            search_frames(
                scores, norms, rows, baseshift, insts, self.most or insts.size,
                self.candidates, flanks, max(self.beam, number), 1 / model.qexp,
                *(array[block] for array in found),
            )  # fmt: skip

        in_blocks(search, len(frames), jobs)
        return found

    def refine(
        self, frames: Floats, inst_dict: Floats, hypotheses: Hypotheses, jobs: int = 1
    ) -> Peaks:
        """Fit each hypothesis of each frame and return the tones of the one of lowest loss."""
        model, insts = self.model, slots(inst_dict.shape[1], self.tones)
        params = np.zeros((len(frames), 4, insts.size))
        params[:, SIGMA] = model.fsigma
        lower, upper = bound_arrays(model.fsigma, insts.size)
        inst_dict = np.ascontiguousarray(inst_dict)

        def refine(block: slice) -> None:
            refine_frames(
                model.roots(frames[block]) + model.root_floor,
                *(array[block] for array in hypotheses), insts, inst_dict, model.harscale,
                model.pexp, model.qexp, model.fsigma, lower, upper, self.steps, params[block],
            )  # fmt: skip

        in_blocks(refine, len(frames), jobs)
        return from_slots(params, insts)


def in_blocks(work: Callable[[slice], None], size: int, jobs: int) -> None:
    """Call `work` on slices of `size` items, in `jobs` threads."""
    blocks = [slice(start, start + BLOCK) for start in range(0, size, BLOCK)]
    threads = min(jobs, len(blocks))
    if threads < 2:
        for block in blocks:
            work(block)
    else:
        Parallel(n_jobs=threads, backend="threading")(delayed(work)(block) for block in blocks)


def _norms(patterns: Floats, baseshift: int, m: int) -> Floats:
    """Squared norm of the part of a shifted pattern that lies on the axis, [instrument, bin]."""
    energy = np.cumsum(np.pad(patterns**2, ((0, 0), (1, 0))), axis=1)
    first = np.maximum(baseshift - np.arange(m), 0)
    return energy[:, first + m - np.maximum(np.arange(m) - baseshift, 0)] - energy[:, first]


@kernel
def search_frames(  # type: ignore[no-untyped-def]
    scores, norms, patterns, baseshift, insts, most, count, flanks, beam, inverse_qexp, shifts,
    amps, gains,
):  # fmt: skip
    """Fill `shifts`, `amps`, `gains` (see `Hypotheses`) from ``scores`` [frame, inst, bin]."""
    width = count + flanks.size
    for frame in range(scores.shape[0]):
        candidates, scored = pick_candidates(scores[frame], norms, count, flanks)
        gram = gram_matrix(patterns, baseshift, candidates, scores.shape[2])
        members, factors, projections, best = grow(gram, scored, candidates, insts, most, beam)
        for rank in range(min(gains.shape[1], best.size)):
            roots = solve_upper(factors[rank], projections[rank], insts.size)
            gains[frame, rank] = best[rank]
            for place in range(insts.size):
                member = members[rank, place]
                if member != SILENT:
                    shifts[frame, rank, place] = candidates[member // width, member % width]
                    amps[frame, rank, place] = power(roots[place], inverse_qexp)


@kernel
def pick_candidates(scores, norms, count, flanks):  # type: ignore[no-untyped-def]
    """Shifts [inst, count + flanks.size] that may have a tone, and their scores, flattened.

    First the `count` local maxima of highest gain, which is half of score^2 / norm for a
    single pattern, then the flanks of the highest of all. Missing ones are `SILENT`.
    """
    insts, size = scores.shape
    width = count + flanks.size
    chosen = np.full((insts, width), SILENT)
    scored = np.zeros((insts, width))
    gains = np.empty(size)
    summit, summit_gain = SILENT, 0.0
    for inst in range(insts):
        for shift in range(size):
            score, norm = scores[inst, shift], norms[inst, shift]
            gains[shift] = score * score / norm if score > 0.0 and norm > 0.0 else 0.0
        highest_maxima(gains, chosen[inst, :count])
        best = chosen[inst, 0]
        if best != SILENT and gains[best] > summit_gain:
            summit, summit_gain = best, gains[best]
    for inst in range(insts):
        for i in range(flanks.size):
            shift = summit + flanks[i]
            if summit != SILENT and 0 <= shift < size and scores[inst, shift] > 0.0:
                chosen[inst, count + i] = shift
        for i in range(width):
            if chosen[inst, i] != SILENT:
                scored[inst, i] = scores[inst, chosen[inst, i]]
    return chosen, scored.reshape(insts * width)


@kernel
def highest_maxima(values, chosen):  # type: ignore[no-untyped-def]
    """Put the indices of the highest positive local maxima into `chosen`, highest first."""
    found = 0
    for i in range(values.size):
        here = values[i]
        left = values[i - 1] if i > 0 else 0.0
        right = values[i + 1] if i + 1 < values.size else 0.0
        if here <= 0.0 or here < left or here <= right:
            continue
        if found < chosen.size:
            found += 1
        elif here <= values[chosen[-1]]:
            continue
        rank = found - 1
        while rank > 0 and values[chosen[rank - 1]] < here:
            chosen[rank] = chosen[rank - 1]
            rank -= 1
        chosen[rank] = i


@kernel
def gram_matrix(patterns, baseshift, candidates, size):  # type: ignore[no-untyped-def]
    """Scalar products on the axis of the candidates' shifted patterns."""
    insts, count = candidates.shape
    atoms = np.zeros((insts * count, size))
    for inst in range(insts):
        for rank in range(count):
            shift = candidates[inst, rank]
            if shift != SILENT:
                low = max(0, shift - baseshift)
                start = low - shift + baseshift
                atoms[inst * count + rank, low:] = patterns[inst, start : start + size - low]
    gram = np.empty((insts * count, insts * count))
    for i in range(insts * count):
        for j in range(i + 1):
            gram[i, j] = dot(atoms[i], atoms[j])
            gram[j, i] = gram[i, j]
    return gram


@kernel
def grow(gram, scored, candidates, insts, most, beam):  # type: ignore[no-untyped-def]
    """Grow combinations of at most `most` tones place by place; keep the best `beam` of them.

    A combination is a row of ``members`` [beam, place] (candidate or `SILENT`) with the
    Cholesky factor of its Gram matrix and the scores in that factor's coordinates; a silent
    place is a row of the unit matrix. Returns members, factors, projections, gains.
    """
    places, count = insts.size, candidates.shape[1]
    members = np.full((1, places), SILENT)
    factors = np.zeros((1, places, places))
    projections, gains = np.zeros((1, places)), np.zeros(1)
    for place in range(places):
        first = insts[place] * count
        room = gains.size * (count + 1)
        parents, joined = np.empty(room, np.int64), np.empty(room, np.int64)
        new_gains = np.empty(room)
        number = 0
        for parent in range(gains.size):
            parents[number], joined[number], new_gains[number] = parent, SILENT, gains[parent]
            number += 1
            if np.sum(members[parent] != SILENT) == most:
                continue
            # Places of one instrument are alike: take its candidates in rising order.
            begin = first
            if place > 0 and insts[place - 1] == insts[place]:
                before = members[parent, place - 1]
                begin = first + count if before == SILENT else before + 1
            for member in range(begin, first + count):
                if candidates[insts[place], member - first] == SILENT:
                    continue
                gain = extend(
                    gram, scored, members[parent], factors[parent], projections[parent], place,
                    member,
                )  # fmt: skip
                if gain > 0.0:
                    parents[number], joined[number] = parent, member
                    new_gains[number] = gains[parent] + gain
                    number += 1
        order = np.argsort(-new_gains[:number], kind="mergesort")[:beam]
        members, factors = members[parents[order]], factors[parents[order]]
        projections, gains = projections[parents[order]], new_gains[order]
        for rank in range(order.size):
            member = joined[order[rank]]
            members[rank, place] = member
            factors[rank, place, place] = 1.0
            projections[rank, place] = 0.0
            if member != SILENT:
                extend(gram, scored, members[rank], factors[rank], projections[rank], place, member)
    return members, factors, projections, gains


@kernel
def extend(gram, scored, members, factor, projection, place, member):  # type: ignore[no-untyped-def]
    """Put `member` in a place of a combination; return the gain, or 0 if it is refused.

    Writes row `place` of the factor and of the projection. A member is refused if it adds
    nothing new, or if some coefficient of the least squares would not be positive.
    """
    fresh, score = gram[member, member], scored[member]
    row = factor[place]
    for i in range(place):
        row[i] = 0.0
        if members[i] != SILENT:
            row[i] = gram[member, members[i]]
            for j in range(i):
                row[i] -= factor[i, j] * row[j]
            row[i] /= factor[i, i]
            fresh -= row[i] * row[i]
            score -= row[i] * projection[i]
    if fresh <= COLLINEAR * gram[member, member] or score <= 0.0:
        return 0.0
    row[place] = math.sqrt(fresh)
    projection[place] = score / row[place]
    roots = solve_upper(factor, projection, place + 1)
    for i in range(place):
        if members[i] != SILENT and roots[i] <= 0.0:
            return 0.0
    return 0.5 * projection[place] * projection[place]


@kernel
def solve_upper(factor, projection, size):  # type: ignore[no-untyped-def]
    """Solve ``factor^T x = projection`` in the first `size` places."""
    x = np.empty(size)
    for i in range(size - 1, -1, -1):
        x[i] = projection[i]
        for j in range(i + 1, size):
            x[i] -= factor[j, i] * x[j]
        x[i] /= factor[i, i]
    return x


@kernel
def refine_frames(  # type: ignore[no-untyped-def]
    targets, shifts, amps, gains, insts, inst_dict, harscale, pexp, qexp, fsigma, lower, upper,
    steps, params,
):  # fmt: skip
    """Fit the hypotheses of each frame; ``params`` [frame, 4, tone] gets the best of each."""
    trial, highest = np.zeros(lower.shape), upper.copy()
    for frame in range(targets.shape[0]):
        lowest = np.inf
        for rank in range(gains.shape[1]):
            if gains[frame, rank] <= 0.0:
                continue
            trial[:] = 0.0
            trial[AMP] = amps[frame, rank]
            trial[SHIFT] = shifts[frame, rank]
            trial[SIGMA] = fsigma
            for place in range(insts.size):  # silent places stay silent
                highest[AMP, place] = upper[AMP, place] if trial[AMP, place] > 0.0 else 0.0
            loss = fit_tones(
                trial, insts, inst_dict, harscale, pexp, qexp, targets[frame], lower, highest,
                steps, 1e-3,
            )  # fmt: skip
            if loss < lowest:
                lowest = loss
                params[frame] = trial
