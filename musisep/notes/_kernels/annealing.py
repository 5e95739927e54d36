"""Kernels of the annealing: the value of an assignment, and how it changes with a note.

``evidence`` is `musisep.notes.assignment.Evidence`.
"""

import math
from collections import namedtuple

import numpy as np

from musisep._util.compiled import kernel
from musisep._util.constants import NONE, TINY

GAIN = 1e-9
"""A value counts as higher if it is by so much more than rounding."""

State = namedtuple("State", "insts pitches precisions sums rests scores")
"""An assignment [note], and sums over each instrument: ``pitches`` [inst, pitch, 1 + dimension]
(precision, and weighted vectors, of its notes of a pitch), ``precisions`` and ``sums``
[inst, dimension] of its pitches, ``rests`` and ``scores`` [inst]."""


@kernel
def anneal(insts, instruments, evidence, rng, sweeps, start_temperature, cooling, longest_swap):
    """Improve ``insts`` [note] in place; return their value (up to a constant)."""
    size = insts.size
    state = counted(insts, instruments, evidence)
    total = total_value(state, evidence)
    best, best_insts = total, insts.copy()
    moved, former = np.empty(size, np.int64), np.empty(size, np.int64)
    for sweep in range(sweeps):
        temperature = max(0.0, start_temperature * (1.0 - sweep / (cooling * sweeps)))
        for _ in range(size):
            total += attempt(state, evidence, rng, temperature, longest_swap, size, moved, former)
            if total > best + GAIN:
                best = total
                for note in range(size):
                    best_insts[note] = insts[note]
    for note in range(size):
        insts[note] = best_insts[note]
    return best


@kernel
def draw(insts, instruments, evidence, rng, temperature, longest_swap, drawn):
    """Fill ``drawn`` [sweep, note] with answers by their likelihood at a temperature (Metropolis).

    The first follows from ``insts``, which are changed. Moves of more than half of all notes are
    left out: they would exchange names.
    """
    size = insts.size
    state = counted(insts, instruments, evidence)
    moved, former = np.empty(size, np.int64), np.empty(size, np.int64)
    for sweep in range(len(drawn)):
        for _ in range(size):
            attempt(state, evidence, rng, temperature, longest_swap, size // 2, moved, former)
        for note in range(size):
            drawn[sweep, note] = insts[note]


@kernel
def counted(insts, instruments, evidence):
    """Make the sums of an assignment."""
    dimension, highest = evidence.vectors.shape[1], 0
    for pitch in evidence.pitches:
        highest = max(highest, pitch)
    state = State(
        insts,
        np.zeros((instruments, highest + 1, 1 + dimension)),
        np.zeros((instruments, dimension)),
        np.zeros((instruments, dimension)),
        np.zeros(instruments),
        np.zeros(instruments),
    )
    for note in range(insts.size):
        count_note(note, insts[note], 1.0, state, evidence)
    for inst in range(instruments):
        state.scores[inst] = score(inst, state, evidence.player_variance)
    return state


@kernel
def total_value(state, evidence):
    """Value of an assignment, up to a constant."""
    insts, total = state.insts, np.sum(state.scores)
    for inst in range(state.scores.size):
        last = NONE
        for note in range(insts.size):
            if insts[note] == inst:
                total += step(last, note, evidence.lines)
                last = note
    for note in range(insts.size):
        inst = insts[note]
        total += known(note, inst, evidence) + 0.5 * company(note, inst, insts, evidence)
    return total


@kernel
def attempt(state, evidence, rng, temperature, longest_swap, most, moved, former):
    """Propose a move of at most so many notes, make it if it is accepted; return the change."""
    insts = state.insts
    note = rng.integers(0, insts.size)
    old = insts[note]
    new = (old + rng.integers(1, state.scores.size)) % state.scores.size
    number = propose(note, old, new, rng, insts, evidence, longest_swap, moved, former)
    if number > most:
        return 0.0
    change = 0.0
    for i in range(number):
        change += move(moved[i], old + new - former[i], state, evidence)
    if accepted(change, temperature, rng):
        return change
    for i in range(number):
        move(moved[i], former[i], state, evidence)
    return 0.0


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
    run of successive notes of both instruments, which now and then goes on to the end.
    """
    moved[0], former[0] = note, old
    number = 1
    kind = rng.integers(0, 4)
    if kind == 3:
        length = rng.integers(2, longest_swap)
        if rng.integers(0, 40) == 0:
            length = insts.size
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
                if insts[other] != wanted or evidence.alike[j] > 0.0:
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
def move(note, new, state, evidence):
    """Give a note to another instrument; return the change of the value."""
    insts = state.insts
    old = insts[note]
    change = -company(note, old, insts, evidence) - detour(note, old, insts, evidence.lines)
    insts[note] = new
    change += company(note, new, insts, evidence) + detour(note, new, insts, evidence.lines)
    change += known(note, new, evidence) - known(note, old, evidence)
    count_note(note, old, -1.0, state, evidence)
    count_note(note, new, 1.0, state, evidence)
    for inst in (old, new):
        value = score(inst, state, evidence.player_variance)
        change += value - state.scores[inst]
        state.scores[inst] = value
    return change


@kernel
def known(note, inst, evidence):
    """Log likelihood of a note by what is known of an instrument beforehand."""
    return evidence.known[note, inst] if evidence.known.shape[1] else 0.0


@kernel
def company(note, inst, insts, evidence):
    """Log odds of the notes that sound with this one, if it is the instrument's."""
    octaves, value = evidence.octaves, 0.0
    for j in range(evidence.first[note], evidence.first[note + 1]):
        other = evidence.partners[j]
        if insts[other] == inst:
            value += evidence.alike[j]
        elif (octaves[note] - octaves[other]) * (inst - insts[other]) > 0.0:
            value -= evidence.crossing[j]
    return value


@kernel
def step(one, other, lines):
    """Log odds that a note follows another in a line; either may be `NONE`."""
    if one == NONE or other == NONE or other - one > lines.shape[1]:
        return 0.0
    return lines[one, other - one - 1]


@kernel
def detour(note, inst, insts, lines):
    """Log odds of the steps to and from a note in an instrument's line, less that past it."""
    window = lines.shape[1]
    before, after = note - 1, note + 1
    while before >= 0 and note - before <= window and insts[before] != inst:
        before -= 1
    if before < 0 or insts[before] != inst:
        before = NONE
    while after < insts.size and after - note <= window and insts[after] != inst:
        after += 1
    if after >= insts.size or insts[after] != inst:
        after = NONE
    return step(before, note, lines) + step(note, after, lines) - step(before, after, lines)


@kernel
def count_note(note, inst, sign, state, evidence):
    """Add a note to, or take it from, what is known of an instrument.

    The notes of a pitch have a vector with the variance v about the player's: their precision n
    counts as n / (1 + v n). The rest is what does not depend on the player's vector.
    """
    own, vector = state.pitches[inst, evidence.pitches[note]], evidence.vectors[note]
    weight = sign * evidence.precisions[note]
    precision = own[0]
    changed = max(0.0, precision + weight)
    odds, gain = 1.0, 0.0
    for d in range(vector.size):
        variance = evidence.pitch_variance[d]
        total = own[1 + d]
        more = total + weight * vector[d]
        before, after = 1.0 + variance * precision, 1.0 + variance * changed
        state.precisions[inst, d] += changed / after - precision / before
        state.sums[inst, d] += more / after - total / before
        gain += variance * (more * more / after - total * total / before)
        odds *= before / after
        own[1 + d] = more
    own[0] = changed
    state.rests[inst] += 0.5 * (gain + math.log(max(odds, TINY)))


@kernel
def score(inst, state, player_variance):
    """Log likelihood of the vectors of an instrument's notes, that of the player integrated out."""
    value, odds = 0.0, 1.0
    for d in range(player_variance.size):
        spread = 1.0 + player_variance[d] * max(0.0, state.precisions[inst, d])
        value += player_variance[d] * state.sums[inst, d] ** 2 / spread
        odds *= spread
    return state.rests[inst] + 0.5 * (value - math.log(odds))
