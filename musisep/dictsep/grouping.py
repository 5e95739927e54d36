"""Grouping: which instrument plays each note.

Notes that sound together belong to different instruments, which seldom cross; notes of one
instrument are alike in timbre, loudness and register, and form lines. The objective says so:

* Timbre. The roots of the harmonics relative to the note's amplitude, its level, and how much its
  pitch moves from frame to frame are features. For each instrument a feature is a straight line
  over pitch, plus an effect of the pitch (a resonance makes neighbouring pitches differ, but recurs
  with the pitch), plus an effect of the note; all normal, and the line and the effects are
  integrated out.
* Register. The pitches of an instrument are normal about an unknown mean.
* Line, overlap, crossing. Leaps between successive notes of an instrument cost, as do notes of one
  instrument that sound together, and notes that sound together in reverse order of the instruments,
  of which the first is the highest.

Simulated annealing seeks the labels of highest value.
"""

import math

import numpy as np
from numpy.typing import NDArray

from musisep.compiled import kernel
from musisep.dictsep.notes import Notes
from musisep.dictsep.tones import Floats, Ints

SWEEPS, HOTTEST, COOLING = 100, 1.5, 0.7
"""Moves per note; temperature at first; share of the sweeps until it is 0."""
TIMBRE, REGISTER = 0.2, 0.5
"""Weights of the log likelihoods: features and frames are less independent than they seem."""
PITCH_VARIANCE, NOTE_VARIANCE = 0.5, 0.4
"""Variances of a feature from pitch to pitch, and from note to note of one pitch."""
LINE_VARIANCE, SLOPE_VARIANCE = 4.0, 0.5
"""Prior variances of a feature's line over pitch: of its height, of its slope per octave."""
MEAN_VARIANCE, RANGE_VARIANCE = 9.0, 1.0
"""Variances of the mean pitch of an instrument and of its pitches, in octaves."""
ROOT_SCALE, LEVEL_SCALE, UNREST_SCALE, UNREST_MIN = 3.0, 2.4, 2.0, 0.01
"""Features: this times the root of a relative harmonic, this times the level in bels, this times
the logarithm of the unrest of the pitch, to which so many sigmas are added."""
RELATIVE_MAX = 2.0
"""Harmonics are not counted as higher than this times the amplitude of the tone."""
LEAP, LEAP_MAX = 0.1, 1.0
"""Price of a leap of an octave; a larger leap costs no more than this many octaves."""
OVERLAP, OVERLAP_FREE, OVERLAP_MAX = 0.1, 8.0, 15.0
"""Price of a frame in which one instrument plays two notes; frames that are free; most frames."""
CROSSING = 0.01
"""Price of a frame in which two instruments are in reverse order."""
WEIGHT_MAX, WEIGHT_POWER = 3.0, 0.8
"""Limit and exponent of the weights of notes, which are their root energy times root length."""
FLIPPED = 0.1, 1.0
"""Shares of the labels that are random at the start, the others being by register."""
LONGEST_SWAP = 20
"""Notes up to which a move exchanges two instruments."""
PARAMETERS = np.array([
    PITCH_VARIANCE, NOTE_VARIANCE, LINE_VARIANCE, SLOPE_VARIANCE, MEAN_VARIANCE, RANGE_VARIANCE,
    TIMBRE, REGISTER, LEAP, LEAP_MAX,
])  # fmt: skip


def group(
    notes: Notes, instruments: int, octave: float, rng: np.random.Generator, tones: int = 1
) -> tuple[float, Ints]:
    """Say which instrument plays each note.

    Parameters
    ----------
    notes : Notes
    instruments : int
        Number of instruments.
    octave : float
        Bins of an octave.
    rng : numpy.random.Generator
        Source of randomness: another one may lead to another answer.
    tones : int
        Number of tones of one instrument at a time; more than one may overlap for nothing.

    Returns
    -------
    value : float
        Of the objective, up to a constant.
    players : ndarray of int, shape (note,)
        Numbers of instruments, of which 0 mostly plays the highest notes.
    """
    if instruments == 1 or not notes.shifts.size:
        return 0.0, np.zeros(notes.shifts.size, np.int64)
    labels = _start(notes, instruments, rng)
    value = anneal(
        labels, instruments, *_evidence(notes, octave, tones), PARAMETERS, rng, SWEEPS, HOTTEST,
        COOLING,
    )  # fmt: skip
    return value, labels


def weights(notes: Notes) -> Floats:
    """How much each note counts, 1 on average before the largest are limited."""
    sizes = notes.amps * notes.lengths
    return np.minimum(sizes / max(sizes.mean(), 1e-300), WEIGHT_MAX) ** WEIGHT_POWER


def features(notes: Notes) -> tuple[Floats, NDArray[np.bool_]]:
    """Features of the timbre, centred, and whether they are known: (note, feature) each."""
    roots = ROOT_SCALE * np.sqrt(np.minimum(notes.profiles, RELATIVE_MAX))
    levels = LEVEL_SCALE * np.log10(np.maximum(notes.amps, 1e-9))
    unrest = UNREST_SCALE * np.log(notes.unrest + UNREST_MIN)
    values = np.column_stack((roots, levels, unrest))
    always = np.ones((len(values), 2), np.bool_)
    known = np.column_stack((notes.seen, always))
    counts = known * weights(notes)[:, None]
    values -= np.sum(values * counts, axis=0) / np.maximum(counts.sum(axis=0), 1e-9)
    return values, known


def semitones(shifts: Floats, counts: Floats, octave: float) -> Ints:
    """Pitches in semitones of the recording's own tuning, from 0 on."""
    turns = 12 * shifts / octave
    tuning = np.angle(np.sum(counts * np.exp(2j * np.pi * turns))) / (2 * np.pi)
    numbers = np.rint(turns - tuning).astype(np.int64)
    return numbers - numbers.min()


def _evidence(notes: Notes, octave: float, tones: int) -> tuple[NDArray, ...]:  # type: ignore[type-arg]
    """Return what `anneal` needs of the notes, in its order."""
    counts = weights(notes)
    octaves = notes.shifts / octave
    octaves -= np.average(octaves, weights=counts)
    frames = np.clip(notes.together - OVERLAP_FREE, 0, OVERLAP_MAX)
    pairs, frames = notes.pairs[frames > 0], frames[frames > 0]
    both, twice = np.concatenate((pairs, pairs[:, ::-1])), np.concatenate((frames, frames))
    order = np.argsort(both[:, 0], kind="stable")
    first = np.searchsorted(both[order, 0], np.arange(counts.size + 1))
    lighter = np.sqrt(np.minimum(counts[both].min(axis=1), 1))[order]
    return (
        *features(notes), counts, octaves, semitones(notes.shifts, counts, octave), first,
        both[order, 1], twice[order] * lighter * (OVERLAP if tones == 1 else 0.0),
        twice[order] * CROSSING,
    )  # fmt: skip


def _start(notes: Notes, instruments: int, rng: np.random.Generator) -> Ints:
    """Labels to start with: by register, but for some at random; or all at random."""
    chance = rng.integers(0, instruments, notes.shifts.size)
    counts = weights(notes)
    order = np.argsort(-notes.shifts, kind="stable")
    above = np.cumsum(counts[order]) - 0.5 * counts[order]
    labels = np.empty_like(chance)
    labels[order] = np.minimum(above / counts.sum() * instruments, instruments - 1)
    return np.where(rng.random(labels.size) < rng.choice(FLIPPED), chance, labels)


@kernel
def anneal(  # type: ignore[no-untyped-def]
    labels, instruments, values, known, counts, octaves, pitches, first, partners, overlap,
    crossing, parameters, rng, sweeps, hottest, cooling,
):  # fmt: skip
    """Improve ``labels`` [note] in place; return their value (up to a constant)."""
    size, total = labels.size, 0.0
    groups = np.zeros((instruments, values.shape[1], pitches.max() + 1, 4))
    sums = np.zeros((instruments, values.shape[1], 7))
    register = np.zeros((instruments, 3))
    scores = np.zeros(instruments)
    data = (values, known, counts, octaves, pitches, first, partners, overlap, crossing, parameters)
    state = (labels, groups, sums, register, scores)
    for note in range(size):
        count_note(note, labels[note], 1.0, groups, sums, register, data)
    for inst in range(instruments):
        scores[inst] = score(sums[inst], register[inst], parameters)
        total += scores[inst]
        last = -1
        for note in range(size):
            if labels[note] == inst:
                total -= leap(last, note, octaves, parameters)
                last = note
    for note in range(size):
        total -= 0.5 * clashes(
            note, labels[note], labels, octaves, first, partners, overlap, crossing
        )
    best, best_labels = total, labels.copy()
    moved, former = np.empty(size, np.int64), np.empty(size, np.int64)
    for sweep in range(sweeps):
        heat = max(0.0, hottest * (1.0 - sweep / (cooling * sweeps)))
        for _ in range(size):
            note = rng.integers(0, size)
            old = labels[note]
            new = (old + rng.integers(1, instruments)) % instruments
            number = propose(note, old, new, rng, labels, first, partners, moved, former)
            change = 0.0
            for i in range(number):
                change += relabel(moved[i], old + new - former[i], state, data)
            if change > 0.0 or (heat > 0.0 and rng.random() < math.exp(change / heat)):
                total += change
                if total > best + 1e-9:
                    best = total
                    best_labels[:] = labels
            else:
                for i in range(number):
                    relabel(moved[i], former[i], state, data)
    labels[:] = best_labels
    return best


@kernel
def propose(note, old, new, rng, labels, first, partners, moved, former):  # type: ignore[no-untyped-def]
    """Choose notes that exchange two instruments; return how many.

    The note alone; or also those that sound with it; or also those that sound with these; or a
    run of successive notes of both instruments.
    """
    moved[0], former[0] = note, old
    number = 1
    kind = rng.integers(0, 4)
    if kind == 3:
        length = rng.integers(2, LONGEST_SWAP)
        for other in range(note + 1, labels.size):
            if number == length:
                break
            if labels[other] == old or labels[other] == new:
                moved[number], former[number] = other, labels[other]
                number += 1
        return number
    begin, wanted = 0, new
    for _ in range(kind):
        end = number
        for i in range(begin, end):
            for j in range(first[moved[i]], first[moved[i] + 1]):
                other = partners[j]
                if labels[other] != wanted:
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
def relabel(note, new, state, data):  # type: ignore[no-untyped-def]
    """Give a note to another instrument; return the change of the value."""
    labels, groups, sums, register, scores = state
    _, _, _, octaves, _, first, partners, overlap, crossing, parameters = data
    old = labels[note]
    change = clashes(note, old, labels, octaves, first, partners, overlap, crossing)
    change += detour(note, old, labels, octaves, parameters)
    labels[note] = new
    change -= clashes(note, new, labels, octaves, first, partners, overlap, crossing)
    change -= detour(note, new, labels, octaves, parameters)
    count_note(note, old, -1.0, groups, sums, register, data)
    count_note(note, new, 1.0, groups, sums, register, data)
    for inst in (old, new):
        value = score(sums[inst], register[inst], parameters)
        change += value - scores[inst]
        scores[inst] = value
    return change


@kernel
def clashes(note, label, labels, octaves, first, partners, overlap, crossing):  # type: ignore[no-untyped-def]
    """Price of the notes that sound with this one: of the same instrument, or in reverse order."""
    price = 0.0
    for j in range(first[note], first[note + 1]):
        other = partners[j]
        if labels[other] == label:
            price += overlap[j]
        elif (octaves[note] - octaves[other]) * (label - labels[other]) > 0.0:
            price += crossing[j]
    return price


@kernel
def leap(one, other, octaves, parameters):  # type: ignore[no-untyped-def]
    """Price of the leap between two notes; -1 stands for none."""
    if one < 0 or other < 0:
        return 0.0
    return parameters[8] * min(abs(octaves[one] - octaves[other]), parameters[9])


@kernel
def detour(note, label, labels, octaves, parameters):  # type: ignore[no-untyped-def]
    """Price of the leaps to and from a note in an instrument's line, less that past it."""
    before, after = note - 1, note + 1
    while before >= 0 and labels[before] != label:
        before -= 1
    while after < labels.size and labels[after] != label:
        after += 1
    if after == labels.size:
        after = -1
    return (
        leap(before, note, octaves, parameters)
        + leap(note, after, octaves, parameters)
        - leap(before, after, octaves, parameters)
    )


@kernel
def count_note(note, inst, sign, groups, sums, register, data):  # type: ignore[no-untyped-def]
    """Add a note to, or take it from, what is known of an instrument.

    ``groups`` [inst, feature, pitch, 4] holds number, weight, and weighted sums of the feature and
    of its square; ``sums`` [inst, feature, 7] what `group_sums` gives, over the pitches.
    """
    values, known, counts, octaves, pitches, _, _, _, _, parameters = data
    pitch = pitches[note]
    place = (pitch - 0.5 * groups.shape[2]) / 12.0
    weight = sign * counts[note]
    for i in range(values.shape[1]):
        if known[note, i]:
            own = groups[inst, i, pitch]
            group_sums(own, place, -1.0, parameters, sums[inst, i])
            own[0] += sign
            if own[0] < 0.5:
                own[:] = 0.0
            else:
                own[1] += weight
                own[2] += weight * values[note, i]
                own[3] += weight * values[note, i] ** 2
            group_sums(own, place, 1.0, parameters, sums[inst, i])
    register[inst, 0] += weight
    register[inst, 1] += weight * octaves[note]
    register[inst, 2] += weight * octaves[note] ** 2


@kernel
def group_sums(own, place, sign, parameters, sums):  # type: ignore[no-untyped-def]
    """Add the notes of a pitch to the sums of the line, times `sign`: their mean is an observation.

    Six sums are weighted ones of 1, place, place^2, mean, mean * place, mean^2; the seventh is the
    log likelihood of the deviations from the mean, and of the variance of the observation.
    """
    if own[0] < 0.5:
        return
    number, mean = own[1], own[2] / own[1]
    variance = parameters[0] + parameters[1] / number
    trust = sign * min(1.0, number)
    share = trust / variance
    sums[0] += share
    sums[1] += share * place
    sums[2] += share * place * place
    sums[3] += share * mean
    sums[4] += share * mean * place
    sums[5] += share * mean * mean
    deviation = max(0.0, own[3] - number * mean * mean)
    sums[6] -= 0.5 * sign * deviation / parameters[1] + 0.5 * trust * math.log(variance)
    sums[6] -= 0.5 * sign * (max(number, 1.0) - 1.0) * math.log(parameters[1])


@kernel
def score(sums, register, parameters):  # type: ignore[no-untyped-def]
    """Weighted log likelihood of an instrument's features and pitches, lines integrated out."""
    height, slope = parameters[2], parameters[3]
    timbre = 0.0
    for i in range(sums.shape[0]):
        own = sums[i]
        a, b, c = 1.0 / height + own[0], own[1], 1.0 / slope + own[2]
        det = a * c - b * b
        fit = (c * own[3] ** 2 - 2.0 * b * own[3] * own[4] + a * own[4] ** 2) / det
        timbre += 0.5 * (fit - own[5] - math.log(det * height * slope)) + own[6]
    mean, spread = parameters[4], parameters[5]
    a = 1.0 / mean + register[0] / spread
    pitch = 0.5 * (register[1] / spread) ** 2 / a - 0.5 * register[2] / spread
    pitch -= 0.5 * math.log(a * mean) + 0.5 * register[0] * math.log(spread)
    return parameters[6] * timbre + parameters[7] * pitch
