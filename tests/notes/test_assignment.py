import itertools

import numpy as np
import pytest

from musisep.dictsep import grouping
from musisep.dictsep.grouping import PARAMETERS, anneal, features, group, semitones, weights
from musisep.dictsep.notes import HARMONICS, Notes

OCTAVE = 60.0
OTHER_PARAMETERS = np.array([0.7, 0.3, 3.0, 0.8, 5.0, 1.7, 0.4, 0.6, 0.3, 0.8])
BRIGHT = np.linspace(1, 0.7, HARMONICS)
HOLLOW = np.where(np.arange(HARMONICS) % 2, 0.1, 0.9)
SOFT = 0.6 ** np.arange(HARMONICS)


def made_notes(columns, ranges, seed=0, chords=30, noise=0.1, unrest=0.1):
    """Chords of a note of every instrument, and who plays them.

    ``ranges`` are the lowest and highest pitches of each instrument in semitones, ``unrest`` that
    of their notes.
    """
    rng = np.random.default_rng(seed)
    players = np.tile(np.arange(len(columns)), chords)
    size = players.size
    low, high = np.array(ranges)[players].T
    shifts = OCTAVE / 12 * rng.integers(low, high + 1) + rng.normal(0, 0.3, size)
    profiles = np.array(columns)[players] * np.exp(rng.normal(0, noise, (size, HARMONICS)))
    chord = np.arange(size).reshape(chords, -1)
    pairs = np.array([pair for row in chord for pair in itertools.combinations(row, 2)], int)
    pairs = pairs.reshape(-1, 2)
    notes = Notes(
        np.zeros((0, 0), int), 20 * (np.arange(size) // len(columns)), np.full(size, 20), shifts,
        np.exp(rng.normal(-1, 0.1, size)),
        np.broadcast_to(unrest, len(columns))[players] * np.exp(rng.normal(0, 0.2, size)),
        profiles, rng.random((size, HARMONICS)) < 0.7, pairs, np.full(len(pairs), 20.0),
    )  # fmt: skip
    return notes, players


def random_notes(rng, size=30):
    pairs = np.array([(i, j) for i in range(size) for j in range(i + 1, min(i + 4, size))])
    return Notes(
        np.zeros((0, 0), int), np.arange(size), rng.integers(5, 60, size),
        OCTAVE * rng.uniform(1, 2.5, size), rng.uniform(0.05, 1, size),
        rng.choice([0, 0.03, 0.3], size), rng.uniform(0, 2.5, (size, HARMONICS)),
        rng.random((size, HARMONICS)) < 0.6, pairs, rng.uniform(0, 30, len(pairs)),
    )  # fmt: skip


def log_normal(values, precisions, covariance):
    """Log density of observations whose own precisions are given, relative to them alone."""
    own = np.diag(1 / precisions)
    _, both = np.linalg.slogdet(own + covariance)
    quadratic = values @ np.linalg.solve(own + covariance, values)
    return -0.5 * (quadratic + both + np.log(precisions).sum())


def timbre(values, counts, pitches, origin, parameters):
    """Log likelihood of one feature of one instrument's notes."""
    pitch_variance, note_variance, height, slope = parameters[:4]
    means, precisions, places, total = [], [], [], 0.0
    for pitch in np.unique(pitches):
        own, weight = values[pitches == pitch], counts[pitches == pitch]
        number, mean = weight.sum(), np.average(own, weights=weight)
        variance, trust = pitch_variance + note_variance / number, min(1, number)
        total -= 0.5 * np.sum(weight * (own - mean) ** 2) / note_variance
        total -= 0.5 * max(number - 1, 0) * np.log(note_variance) + 0.5 * trust * np.log(variance)
        means.append(mean)
        precisions.append(trust / variance)
        places.append((pitch - origin) / 12)
    line = height + slope * np.outer(places, places)
    return total + log_normal(np.array(means), np.array(precisions), line)


def naive_value(labels, notes, tones, parameters):
    """The objective, from the description in the module."""
    values, known = features(notes)
    counts = weights(notes)
    pitches = semitones(notes.shifts, counts, OCTAVE)
    octaves = notes.shifts / OCTAVE - np.average(notes.shifts / OCTAVE, weights=counts)
    mean, spread, timbre_weight, register_weight, leap, leap_max = parameters[4:]
    total = 0.0
    for inst in np.unique(labels):
        mine = labels == inst
        for feature in range(values.shape[1]):
            own = mine & known[:, feature]
            if own.any():
                total += timbre_weight * timbre(
                    values[own, feature], counts[own], pitches[own], (pitches.max() + 1) / 2,
                    parameters,
                )  # fmt: skip
        x, weight = octaves[mine], counts[mine]
        total += register_weight * log_normal(x, weight / spread, np.full((x.size,) * 2, mean))
        total -= register_weight * 0.5 * weight.sum() * np.log(spread)
        total -= leap * np.minimum(np.abs(np.diff(x)), leap_max).sum()
    for (one, other), together in zip(notes.pairs, notes.together, strict=True):
        frames = np.clip(together - grouping.OVERLAP_FREE, 0, grouping.OVERLAP_MAX)
        if labels[one] == labels[other]:
            lighter = min(counts[one], counts[other], 1)
            total -= grouping.OVERLAP * frames * np.sqrt(lighter) * (tones == 1)
        elif (octaves[one] > octaves[other]) == (labels[one] > labels[other]):
            total -= grouping.CROSSING * frames
    return total


def annealed(labels, notes, instruments, tones, parameters, sweeps, seed=0):
    """Value and labels after `sweeps`; none leave the labels as they are."""
    labels, rng = labels.copy(), np.random.default_rng(seed)
    evidence = grouping._evidence(notes, OCTAVE, tones)
    return anneal(labels, instruments, *evidence, parameters, rng, sweeps, 3.0, 0.7), labels


@pytest.mark.parametrize("parameters", [PARAMETERS, OTHER_PARAMETERS])
@pytest.mark.parametrize(("instruments", "tones"), [(2, 1), (3, 1), (3, 2)])
def test_the_value_is_the_objective(instruments, tones, parameters):
    rng = np.random.default_rng(instruments)
    notes = random_notes(rng)
    for _ in range(5):
        labels = rng.integers(0, instruments, notes.amps.size)
        value, same = annealed(labels, notes, instruments, tones, parameters, 0)
        np.testing.assert_array_equal(same, labels)
        assert value == pytest.approx(naive_value(labels, notes, tones, parameters), abs=1e-8)


@pytest.mark.parametrize("sweeps", [1, 20])
@pytest.mark.parametrize(("instruments", "tones"), [(2, 1), (3, 1), (3, 2)])
def test_moves_keep_the_value_up_to_date(instruments, tones, sweeps):
    rng = np.random.default_rng(instruments)
    notes = random_notes(rng)
    start = rng.integers(0, instruments, notes.amps.size)
    value, labels = annealed(start, notes, instruments, tones, OTHER_PARAMETERS, sweeps)
    before = naive_value(start, notes, tones, OTHER_PARAMETERS)
    assert value > before + 0.1 and not np.array_equal(labels, start)
    assert value == pytest.approx(naive_value(labels, notes, tones, OTHER_PARAMETERS), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_no_single_note_is_better_elsewhere_after_long_annealing(seed):
    notes = random_notes(np.random.default_rng(seed), 20)
    value, labels = annealed(np.zeros(20, int), notes, 2, 1, PARAMETERS, 500, seed)
    for note in range(20):
        moved = labels.copy()
        moved[note] = 1 - moved[note]
        assert naive_value(moved, notes, 1, PARAMETERS) <= value + 1e-6


def test_relabelling_changes_the_value_by_what_it_says():
    rng = np.random.default_rng(0)
    notes = random_notes(rng)
    size, instruments = notes.amps.size, 3
    labels = rng.integers(0, instruments, size)
    data = (*grouping._evidence(notes, OCTAVE, 1), OTHER_PARAMETERS)
    values, pitches = data[0], data[4]
    groups = np.zeros((instruments, values.shape[1], pitches.max() + 1, 4))
    sums, register = np.zeros((instruments, values.shape[1], 7)), np.zeros((instruments, 3))
    for note in range(size):
        grouping.count_note(note, labels[note], 1.0, groups, sums, register, data)
    scores = np.array(
        [grouping.score(*own, OTHER_PARAMETERS) for own in zip(sums, register, strict=True)]
    )
    state = (labels, groups, sums, register, scores)
    value = naive_value(labels, notes, 1, OTHER_PARAMETERS)
    for note in rng.integers(0, size, 60):
        new = (labels[note] + rng.integers(1, instruments)) % instruments
        value += grouping.relabel(note, new, state, data)
        assert labels[note] == new
        expected = naive_value(labels, notes, 1, OTHER_PARAMETERS)
        assert value == pytest.approx(expected, abs=1e-6)


def agreement(labels, players):
    """Share of the notes that are right, whatever the instruments are called."""
    return max(
        np.mean(np.array(names)[labels] == players)
        for names in itertools.permutations(range(players.max() + 1))
    )


def separated(columns, ranges, seed, **options):
    notes, players = made_notes(columns, ranges, seed)
    rng = np.random.default_rng(seed)
    return group(notes, len(columns), OCTAVE, rng, **options)[1], players


@pytest.mark.parametrize("seed", range(3))
def test_timbre_tells_instruments_of_one_register_apart(seed):
    labels, players = separated([BRIGHT, HOLLOW], [(12, 24), (12, 24)], seed)
    assert agreement(labels, players) == 1


@pytest.mark.parametrize("seed", range(3))
def test_register_tells_instruments_of_one_timbre_apart(seed):
    labels, players = separated([SOFT, SOFT], [(28, 40), (6, 18)], seed)
    np.testing.assert_array_equal(labels, players)  # the highest is the first


@pytest.mark.parametrize("seed", range(3))
def test_three_instruments_are_told_apart(seed):
    labels, players = separated([BRIGHT, HOLLOW, SOFT], [(20, 32), (14, 26), (8, 20)], seed)
    assert agreement(labels, players) > 0.95


@pytest.mark.parametrize("seed", range(3))
def test_an_instrument_of_several_tones_plays_chords(seed):
    notes, players = made_notes([HOLLOW, HOLLOW, BRIGHT], [(12, 17), (18, 24), (12, 24)], seed)
    players = players // 2
    generators = np.random.default_rng(seed).spawn(6)
    answers = [group(notes, 2, OCTAVE, rng, tones=2) for rng in generators]
    _, labels = max(answers, key=lambda answer: answer[0])
    assert agreement(labels, players) > 0.95


@pytest.mark.parametrize("seed", range(3))
def test_unrest_tells_instruments_apart_that_differ_in_nothing_else(seed):
    rng = np.random.default_rng(seed)
    ranges = [(12, 24), (12, 24)]
    notes, players = made_notes([SOFT, SOFT], ranges, seed, unrest=[0.02, 0.5])
    _, labels = group(notes, 2, OCTAVE, rng)
    assert agreement(labels, players) == 1
    _, labels = group(notes._replace(unrest=np.full(players.size, 0.1)), 2, OCTAVE, rng)
    assert agreement(labels, players) < 0.8


@pytest.mark.parametrize("instruments", [2, 3])
def test_of_few_notes_the_best_labels_of_all_are_found(instruments):
    notes = random_notes(np.random.default_rng(2), 8 - instruments)
    value, labels = group(notes, instruments, OCTAVE, np.random.default_rng(0))
    best = max(
        naive_value(np.array(every), notes, 1, PARAMETERS)
        for every in itertools.product(range(instruments), repeat=8 - instruments)
    )
    assert naive_value(labels, notes, 1, PARAMETERS) == pytest.approx(best)
    assert value == pytest.approx(best)


@pytest.mark.parametrize("tones", [1, 2])
def test_the_seed_decides_and_the_value_is_that_of_the_players(tones):
    notes = random_notes(np.random.default_rng(0), 60)
    answers = {}
    for seed in range(4):
        value, labels = group(notes, 3, OCTAVE, np.random.default_rng(seed), tones)
        again, same = group(notes, 3, OCTAVE, np.random.default_rng(seed), tones)
        assert value == again and labels.tobytes() == same.tobytes()
        assert value == pytest.approx(naive_value(labels, notes, tones, PARAMETERS))
        answers[labels.tobytes()] = value
    assert len(answers) > 1


def test_one_instrument_plays_all_and_no_notes_are_nobodys():
    notes, _ = made_notes([SOFT, BRIGHT], [(6, 18), (20, 30)], chords=4)
    rng = np.random.default_rng(0)
    value, labels = group(notes, 1, OCTAVE, rng)
    np.testing.assert_array_equal(labels, np.zeros(8, int))
    assert value == 0
    nothing = Notes(
        np.zeros((3, 2), int), *np.zeros((2, 0), int), *np.zeros((3, 0)), np.zeros((0, HARMONICS)),
        np.zeros((0, HARMONICS), bool), np.zeros((0, 2), int), np.zeros(0),
    )  # fmt: skip
    value, labels = group(nothing, 2, OCTAVE, rng)
    assert value == 0 and labels.shape == (0,)


def test_a_note_alone():
    notes, _ = made_notes([SOFT], [(16, 16)], chords=1)
    value, labels = group(notes, 2, OCTAVE, np.random.default_rng(0))
    assert labels.shape == (1,) and np.isfinite(value)


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_overlaps_of_light_notes_cost_less(weight):
    notes, _ = made_notes([SOFT, SOFT], [(28, 40), (6, 18)], chords=3)
    notes = notes._replace(amps=np.array([1, weight, 1, 1, 1, 1.0]))
    counts = weights(notes)
    first, partners, overlap = (grouping._evidence(notes, OCTAVE, 1)[i] for i in (5, 6, 7))
    prices = {
        (note, partners[j]): overlap[j] for note in range(6) for j in range(*first[note : note + 2])
    }
    lighter = np.sqrt(min(counts[:2].min(), 1))
    full = grouping.OVERLAP * min(20 - grouping.OVERLAP_FREE, grouping.OVERLAP_MAX)
    assert prices[0, 1] == prices[1, 0] == pytest.approx(full * lighter)
    assert prices.keys() == {(0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4)}


def test_start_is_by_register_in_equal_shares_but_for_some_or_all_labels():
    notes, players = made_notes([SOFT, SOFT], [(28, 40), (6, 18)], chords=100)
    even = notes._replace(amps=np.ones(players.size))
    differing = np.array([
        np.mean(grouping._start(even, 2, np.random.default_rng(seed)) != players)
        for seed in range(12)
    ])  # fmt: skip
    few = differing < grouping.FLIPPED[0]
    assert 0 < few.sum() < 12 and np.all(differing > 0)
    assert np.all(np.abs(differing[~few] - 0.5) < 0.15)


def test_semitones_follow_the_tuning_of_the_recording():
    wanted = np.array([7, 0, 12, 3, 3])
    for detuned in (0.0, 0.3, 0.6):
        shifts = OCTAVE / 12 * (20 + wanted + detuned + np.array([0.1, -0.1, 0, 0.1, -0.1]))
        np.testing.assert_array_equal(semitones(shifts, np.ones(5), OCTAVE), wanted)


def test_long_and_loud_notes_count_more_up_to_a_limit():
    notes = random_notes(np.random.default_rng(0), 5)
    notes = notes._replace(amps=np.array([1, 1, 2, 1, 60.0]), lengths=np.array([5, 10, 5, 5, 60]))
    found = weights(notes)
    assert found[0] == found[3] < found[1] == found[2] < found[4]
    assert found[4] == grouping.WEIGHT_MAX**grouping.WEIGHT_POWER


def test_features_do_not_depend_on_the_level_of_the_recording():
    notes = random_notes(np.random.default_rng(0))
    values, known = features(notes)
    louder, _ = features(notes._replace(amps=10 * notes.amps))
    np.testing.assert_allclose(values, louder, atol=1e-12)
    assert known[:, -2:].all()
    np.testing.assert_array_equal(known[:, :-2], notes.seen)
    counts = known * weights(notes)[:, None]
    np.testing.assert_allclose((counts * values).sum(0), 0, atol=1e-9)
