"""Kernels of the annealing: the value of an assignment, and how it changes with a note.

``evidence`` is `musisep.notes.assignment.Evidence`, ``likelihood`` is
`musisep.notes.assignment.Likelihood`.
"""

import math
from collections import namedtuple

import numpy as np

from musisep._util.compiled import kernel
from musisep._util.constants import NONE

GAIN = 1e-9
"""A value counts as higher if it is by so much more than rounding."""
NOTE, WEIGHT, FEATURE, SQUARE = range(4)
"""Sums over the notes of a pitch: number, weight, weighted feature and its square."""
ONE, PLACE, PLACE2, MEAN, MEAN_PLACE, MEAN2, REST = range(7)
"""Sums over the pitches of an instrument, see `add_pitch`."""
PITCHES, PITCH, PITCH2 = range(3)
"""Weighted sums over the notes of an instrument: of 1, of the octave, and of its square."""

State = namedtuple("State", "insts groups lines register scores")
"""An assignment [note], and sums over each instrument: ``groups`` [inst, feature, pitch, 4],
``lines`` [inst, feature, 7], ``register`` [inst, 3], ``scores`` [inst]."""


@kernel
def anneal(
    insts, instruments, evidence, likelihood, rng, sweeps, start_temperature, cooling, longest_swap
):
    """Improve ``insts`` [note] in place; return their value (up to a constant)."""
    size, total = insts.size, 0.0
    features, pitches = evidence.values.shape[1], evidence.pitches.max() + 1
    state = State(
        insts,
        np.zeros((instruments, features, pitches, 4)),
        np.zeros((instruments, features, 7)),
        np.zeros((instruments, 3)),
        np.zeros(instruments),
    )
    for note in range(size):
        count_note(note, insts[note], 1.0, state, evidence, likelihood)
    for inst in range(instruments):
        state.scores[inst] = score(state.lines[inst], state.register[inst], likelihood)
        total += state.scores[inst]
        last = NONE
        for note in range(size):
            if insts[note] == inst:
                total -= leap(last, note, evidence.octaves, likelihood)
                last = note
    for note in range(size):
        total -= 0.5 * clashes(note, insts[note], insts, evidence)
    best, best_insts = total, insts.copy()
    moved, former = np.empty(size, np.int64), np.empty(size, np.int64)
    for sweep in range(sweeps):
        temperature = max(0.0, start_temperature * (1.0 - sweep / (cooling * sweeps)))
        for _ in range(size):
            note = rng.integers(0, size)
            old = insts[note]
            new = (old + rng.integers(1, instruments)) % instruments
            number = propose(note, old, new, rng, insts, evidence, longest_swap, moved, former)
            change = 0.0
            for i in range(number):
                change += move(moved[i], old + new - former[i], state, evidence, likelihood)
            if accepted(change, temperature, rng):
                total += change
                if total > best + GAIN:
                    best = total
                    best_insts[:] = insts
            else:
                for i in range(number):
                    move(moved[i], former[i], state, evidence, likelihood)
    insts[:] = best_insts
    return best


@kernel
def accepted(change, temperature, rng):
    """Tell whether a change of the value is accepted at a temperature (Metropolis)."""
    if change > 0.0:
        return True
    return temperature > 0.0 and rng.random() < math.exp(change / temperature)


@kernel
def propose(note, old, new, rng, insts, evidence, longest_swap, moved, former):
    """Choose notes that exchange two instruments; return how many.

    The note alone; or also those that sound with it; or also those that sound with these; or a
    run of successive notes of both instruments.
    """
    moved[0], former[0] = note, old
    number = 1
    kind = rng.integers(0, 4)
    if kind == 3:
        length = rng.integers(2, longest_swap)
        for other in range(note + 1, insts.size):
            if number == length:
                break
            if insts[other] == old or insts[other] == new:
                moved[number], former[number] = other, insts[other]
                number += 1
        return number
    begin, wanted = 0, new
    for _ in range(kind):
        end = number
        for i in range(begin, end):
            for j in range(evidence.first[moved[i]], evidence.first[moved[i] + 1]):
                other = evidence.partners[j]
                if insts[other] != wanted:
                    continue
                fresh = True
                for k in range(number):
                    if moved[k] == other:
                        fresh = False
                if fresh:
                    moved[number], former[number] = other, wanted
                    number += 1
        begin, wanted = end, old + new - wanted
    return number


@kernel
def move(note, new, state, evidence, likelihood):
    """Give a note to another instrument; return the change of the value."""
    insts = state.insts
    old = insts[note]
    change = clashes(note, old, insts, evidence)
    change += detour(note, old, insts, evidence.octaves, likelihood)
    insts[note] = new
    change -= clashes(note, new, insts, evidence)
    change -= detour(note, new, insts, evidence.octaves, likelihood)
    count_note(note, old, -1.0, state, evidence, likelihood)
    count_note(note, new, 1.0, state, evidence, likelihood)
    for inst in (old, new):
        value = score(state.lines[inst], state.register[inst], likelihood)
        change += value - state.scores[inst]
        state.scores[inst] = value
    return change


@kernel
def clashes(note, inst, insts, evidence):
    """Price of the notes that sound with this one: of the same instrument, or in reverse order."""
    octaves, price = evidence.octaves, 0.0
    for j in range(evidence.first[note], evidence.first[note + 1]):
        other = evidence.partners[j]
        if insts[other] == inst:
            price += evidence.overlap[j]
        elif (octaves[note] - octaves[other]) * (inst - insts[other]) > 0.0:
            price += evidence.crossing[j]
    return price


@kernel
def leap(one, other, octaves, likelihood):
    """Price of the leap between two notes, of which there may be `NONE`."""
    if one == NONE or other == NONE:
        return 0.0
    return likelihood.leap * min(abs(octaves[one] - octaves[other]), likelihood.leap_max)


@kernel
def detour(note, inst, insts, octaves, likelihood):
    """Price of the leaps to and from a note in an instrument's line, less that past it."""
    before, after = note - 1, note + 1
    while before >= 0 and insts[before] != inst:
        before -= 1
    while after < insts.size and insts[after] != inst:
        after += 1
    if before < 0:
        before = NONE
    if after == insts.size:
        after = NONE
    return (
        leap(before, note, octaves, likelihood)
        + leap(note, after, octaves, likelihood)
        - leap(before, after, octaves, likelihood)
    )


@kernel
def count_note(note, inst, sign, state, evidence, likelihood):
    """Add a note to, or take it from, what is known of an instrument."""
    pitch, values = evidence.pitches[note], evidence.values
    place = (pitch - 0.5 * state.groups.shape[2]) / 12.0
    weight = sign * evidence.weights[note]
    for i in range(values.shape[1]):
        if evidence.known[note, i]:
            group, line = state.groups[inst, i, pitch], state.lines[inst, i]
            add_pitch(group, place, -1.0, likelihood, line)
            group[NOTE] += sign
            if group[NOTE] < 0.5:
                group[:] = 0.0
            else:
                group[WEIGHT] += weight
                group[FEATURE] += weight * values[note, i]
                group[SQUARE] += weight * values[note, i] ** 2
            add_pitch(group, place, 1.0, likelihood, line)
    register, octave = state.register[inst], evidence.octaves[note]
    register[PITCHES] += weight
    register[PITCH] += weight * octave
    register[PITCH2] += weight * octave**2


@kernel
def add_pitch(group, place, sign, likelihood, line):
    """Add the notes of a pitch to the sums of a line, times `sign`: their mean is an observation.

    The mean m of the n notes of a pitch at place x is normal about the line, with the variance v =
    pitch_variance + note_variance / n. The sums are those of min(1, n) / v times 1, x, x^2, m, m x
    and m^2, of which `score` integrates the line out. The rest is what does not depend on the line:
    the log likelihood of the notes about their mean, and -1/2 min(1, n) log v.
    """
    if group[NOTE] < 0.5:
        return
    # The weights add up to a number of notes of their own.
    number, mean = group[WEIGHT], group[FEATURE] / group[WEIGHT]
    variance = likelihood.pitch_variance + likelihood.note_variance / number
    confidence = sign * min(1.0, number)
    share = confidence / variance
    line[ONE] += share
    line[PLACE] += share * place
    line[PLACE2] += share * place * place
    line[MEAN] += share * mean
    line[MEAN_PLACE] += share * mean * place
    line[MEAN2] += share * mean * mean
    deviation = max(0.0, group[SQUARE] - number * mean * mean)
    note_variance = likelihood.note_variance
    line[REST] -= 0.5 * sign * deviation / note_variance + 0.5 * confidence * math.log(variance)
    line[REST] -= 0.5 * sign * (max(number, 1.0) - 1.0) * math.log(note_variance)


@kernel
def score(lines, register, likelihood):
    """Weighted log likelihood of an instrument's features and pitches, lines integrated out."""
    height, slope = likelihood.height_variance, likelihood.slope_variance
    timbre = 0.0
    for i in range(lines.shape[0]):
        line = lines[i]
        a, b, c = 1.0 / height + line[ONE], line[PLACE], 1.0 / slope + line[PLACE2]
        det = a * c - b * b
        fit = c * line[MEAN] ** 2 - 2.0 * b * line[MEAN] * line[MEAN_PLACE]
        fit = (fit + a * line[MEAN_PLACE] ** 2) / det
        timbre += 0.5 * (fit - line[MEAN2] - math.log(det * height * slope)) + line[REST]
    spread = likelihood.range_variance
    a = 1.0 / likelihood.mean_variance + register[PITCHES] / spread
    pitch = 0.5 * (register[PITCH] / spread) ** 2 / a - 0.5 * register[PITCH2] / spread
    breadth = 0.5 * math.log(a * likelihood.mean_variance)
    pitch -= breadth + 0.5 * register[PITCHES] * math.log(spread)
    return likelihood.timbre_weight * timbre + likelihood.register_weight * pitch
