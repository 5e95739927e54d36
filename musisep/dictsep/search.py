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
import scipy.fft
from joblib import Parallel, delayed
from numpy.typing import NDArray

from musisep.compiled import kernel
from musisep.dictsep.exptool import AMP, SHIFT, SIGMA, dot, fit_tones, power
from musisep.dictsep.pursuit import bound_arrays, patterns
from musisep.dictsep.tones import Floats, Peaks, ToneModel, from_slots, slots
from musisep.gaussians import CUT

BLOCK = 64
"""Frames that a thread takes at a time; results do not depend on it."""
SILENT = -1
"""In the place of a candidate: the place has no tone."""
COLLINEAR = 1e-3
"""A pattern is refused where less than this share of its energy is new."""
NONE = -1.0
"""Gain of a hypothesis that does not exist."""

TINY = float(np.finfo(np.float64).tiny)
Complexes = NDArray[np.complex128]


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
        size, transforms = _transforms(rows, baseshift, model.m)
        products = scipy.fft.irfft(transforms[:, None] * transforms.conj(), size)
        origin = math.ceil(CUT * model.fsigma)
        rows = np.ascontiguousarray(rows[:, baseshift - origin : 2 * baseshift])
        distances = np.round(np.array(self.flanks) * model.fsigma).astype(np.int64)
        flanks = np.concatenate((-distances, distances))
        found = Hypotheses(
            np.zeros((len(frames), number, insts.size)),
            np.zeros((len(frames), number, insts.size)),
            np.full((len(frames), number), NONE),
        )

        def search(block: slice) -> None:
            spectra = scipy.fft.rfft(model.roots(frames[block]), size)[:, None]
            scores = scipy.fft.irfft(spectra * transforms, size)[..., : model.m]
            search_frames(
                scores, norms, rows, products, origin, insts, self.most or insts.size,
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


def _transforms(patterns: Floats, baseshift: int, m: int) -> tuple[int, Complexes]:
    """Length of a circle that holds the axis and a pattern, and conjugate transforms on it.

    A pattern reaches no further than `baseshift` up from its fundamental, which is put at 0.
    """
    size = scipy.fft.next_fast_len(m + baseshift, real=True)
    padded = np.pad(patterns, ((0, 0), (0, size - patterns.shape[1])))
    return size, scipy.fft.rfft(np.roll(padded, -baseshift, axis=1)).conj()


@kernel
def search_frames(  # type: ignore[no-untyped-def]
    scores, norms, patterns, products, origin, insts, most, count, flanks, beam, inverse_qexp,
    shifts, amps, gains,
):  # fmt: skip
    """Fill `shifts`, `amps`, `gains` (see `Hypotheses`) from ``scores`` [frame, inst, bin]."""
    width = count + flanks.size
    for frame in range(scores.shape[0]):
        candidates, scored = pick_candidates(scores[frame], norms, count, flanks)
        gram = gram_matrix(patterns, products, norms, origin, candidates)
        members, roots, best = grow(gram, scored, insts, most, beam, gains.shape[1])
        for rank in range(best.size):
            gains[frame, rank] = best[rank]
            for place in range(insts.size):
                member = members[rank, place]
                if member != SILENT:
                    shifts[frame, rank, place] = candidates[member // width, member % width]
                    amps[frame, rank, place] = power(roots[rank, place], inverse_qexp)


@kernel
def pick_candidates(scores, norms, count, flanks):  # type: ignore[no-untyped-def]
    """Shifts [inst, count + flanks.size] that may have a tone, and their scores.

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
        single_gains(scores[inst], norms[inst], gains)
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
    return chosen, scored


@kernel
def single_gains(scores, norms, gains):  # type: ignore[no-untyped-def]
    """Twice what a single tone gains at each shift; 0 where it has no norm."""
    for shift in range(gains.size):
        score = max(scores[shift], 0.0)  # np.divide, for / does not run in vectors
        gains[shift] = np.divide(score * score, max(norms[shift], TINY))


@kernel
def highest_maxima(values, chosen):  # type: ignore[no-untyped-def]
    """Put the indices of the highest positive local maxima into `chosen`, highest first."""
    heights, found, least = np.empty(chosen.size), 0, 0.0
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
def insert(value, name, values, names, size):  # type: ignore[no-untyped-def]
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
def gram_matrix(patterns, products, norms, origin, candidates):  # type: ignore[no-untyped-def]
    """Scalar products on the axis of the candidates' shifted patterns.

    They are those of the whole patterns, ``products`` [inst, inst, lag], less those of the parts
    on either side of the axis; ``patterns`` have their fundamental at `origin`.
    """
    insts, count = candidates.shape
    end = origin + norms.shape[1]
    gram = np.zeros((insts * count, insts * count))
    for i in range(insts * count):
        inst, shift = i // count, candidates[i // count, i % count]
        if shift == SILENT:
            continue
        gram[i, i] = norms[inst, shift]
        below, above = patterns[inst, : max(origin - shift, 0)], patterns[inst, end - shift :]
        for j in range(i):
            other, second = j // count, candidates[j // count, j % count]
            if second == SILENT:
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
def grow(gram, scored, insts, most, beam, number):  # type: ignore[no-untyped-def]
    """Grow combinations of at most `most` tones place by place; return the best `number`.

    From place to place the best `beam` are kept. A combination is a row of ``members``
    [beam, place] (candidate or `SILENT`) with the coefficients of its least squares, and the
    inverse of its Gram matrix, where silent places are 0. A member is refused if it adds
    nothing new, or if some coefficient would be negative. Returns members, coefficients,
    gains.
    """
    places, count = insts.size, scored.shape[1]
    scored = scored.reshape(scored.size)
    members, roots = np.full((1, places), SILENT), np.zeros((1, places))
    inverses, gains = np.zeros((1, places, places)), np.zeros(1)
    scores, fresh, weights = np.empty(count), np.empty(count), np.empty((places, count))
    for place in range(places):
        first = insts[place] * count
        room = min(number if place == places - 1 else beam, gains.size * (count + 1))
        best, names, found = np.empty(room), np.empty(room, np.int64), 0
        for parent in range(gains.size):
            name = parent * (count + 1)
            found = insert(gains[parent], name, best, names, found)
            if most < places and np.sum(members[parent] != SILENT) == most:
                continue
            # Places of one instrument are alike: take its candidates in rising order.
            begin = 0
            if place > 0 and insts[place - 1] == insts[place]:
                before = members[parent, place - 1]
                begin = count if before == SILENT else before - first + 1
            extend(
                gram, scored, members[parent], roots[parent], inverses[parent], first, scores,
                fresh, weights,
            )  # fmt: skip
            for i in range(begin, count):
                if scores[i] <= 0.0 or fresh[i] <= COLLINEAR * gram[first + i, first + i]:
                    continue
                root = scores[i] / fresh[i]
                gain = gains[parent] + 0.5 * scores[i] * root
                if found == room and gain <= best[-1]:
                    continue
                least = 0.0
                for other in range(place):
                    least = min(least, roots[parent, other] - root * weights[other, i])
                if least >= 0.0:
                    found = insert(gain, name + i + 1, best, names, found)
        parents, joined = names[:found] // (count + 1), names[:found] % (count + 1)
        gains = best[:found]
        members, roots, inverses = members[parents], roots[parents], inverses[parents]
        for rank in range(found):
            if joined[rank]:
                member = first + joined[rank] - 1
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
def extend(  # type: ignore[no-untyped-def]
    gram, scored, members, roots, inverse, first, scores, fresh, weights
):
    """Find what each of the candidates from `first` on would add to a combination.

    ``scores`` gets their scalar products with what the combination leaves, ``fresh`` the part
    of their energy that is new, ``weights`` [place, candidate] how much of its members they
    replace.
    """
    last = first + scores.size
    scores[:] = scored[first:last]
    for i in range(scores.size):
        fresh[i] = gram[first + i, first + i]
    for place in range(members.size):
        weight = weights[place]
        weight[:] = 0.0
        if members[place] == SILENT:
            continue
        for other in range(members.size):
            if members[other] != SILENT:
                share, row = inverse[place, other], gram[members[other], first:last]
                for i in range(scores.size):
                    weight[i] += share * row[i]
        root, row = roots[place], gram[members[place], first:last]
        for i in range(scores.size):
            scores[i] -= root * row[i]
            fresh[i] -= weight[i] * row[i]


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
