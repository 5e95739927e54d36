import itertools

import numpy as np
import pytest
from chords import HARMONICS, OCTAVE, made_notes, random_notes, value_of

from musisep.notes._kernels import annealing as kernels
from musisep.notes.assignment import (
    AnnealedAssignment,
    Annealing,
    Clashes,
    Likelihood,
    TimbreFeatures,
    Weighting,
    semitones,
)
from musisep.notes.tracking import Notes

BRIGHT = np.linspace(1, 0.7, HARMONICS)
HOLLOW = np.where(np.arange(HARMONICS) % 2, 0.1, 0.9)
SOFT = 0.6 ** np.arange(HARMONICS)


def agreement(insts, true):
    """Share of the notes that are right, whatever the instruments are called."""
    return max(
        np.mean(np.array(names)[insts] == true)
        for names in itertools.permutations(range(true.max() + 1))
    )


def separated(columns, ranges, seed, **options):
    notes, true = made_notes(columns, ranges, seed)
    rng = np.random.default_rng(seed)
    return AnnealedAssignment(**options)(notes, len(columns), rng)[1], true


@pytest.mark.parametrize("seed", range(3))
def test_timbre_tells_instruments_of_one_register_apart(seed):
    insts, true = separated([BRIGHT, HOLLOW], [(12, 24), (12, 24)], seed)
    assert agreement(insts, true) == 1


@pytest.mark.parametrize("seed", range(3))
def test_register_tells_instruments_of_one_timbre_apart(seed):
    insts, true = separated([SOFT, SOFT], [(28, 40), (6, 18)], seed)
    np.testing.assert_array_equal(insts, true)  # the highest is the first


@pytest.mark.parametrize("seed", range(3))
def test_three_instruments_are_told_apart(seed):
    insts, true = separated([BRIGHT, HOLLOW, SOFT], [(20, 32), (14, 26), (8, 20)], seed)
    assert agreement(insts, true) > 0.95


@pytest.mark.parametrize("seed", range(3))
def test_an_instrument_of_several_tones_plays_chords(seed):
    notes, true = made_notes([HOLLOW, HOLLOW, BRIGHT], [(12, 17), (18, 24), (12, 24)], seed)
    true = true // 2
    generators = np.random.default_rng(seed).spawn(6)
    answers = [AnnealedAssignment(tones=2)(notes, 2, rng) for rng in generators]
    _, insts = max(answers, key=lambda answer: answer[0])
    assert agreement(insts, true) > 0.95


@pytest.mark.parametrize("seed", range(3))
def test_movement_tells_instruments_apart_that_differ_in_nothing_else(seed):
    rng = np.random.default_rng(seed)
    ranges = [(12, 24), (12, 24)]
    notes, true = made_notes([SOFT, SOFT], ranges, seed, movement=[0.02, 0.5])
    _, insts = AnnealedAssignment()(notes, 2, rng)
    assert agreement(insts, true) == 1
    _, insts = AnnealedAssignment()(notes._replace(movement=np.full(true.size, 0.1)), 2, rng)
    assert agreement(insts, true) < 0.8


@pytest.mark.parametrize("instruments", [2, 3])
def test_of_few_notes_the_best_labels_of_all_are_found(instruments):
    notes = random_notes(np.random.default_rng(2), 8 - instruments)
    value, insts = AnnealedAssignment()(notes, instruments, np.random.default_rng(0))
    best = max(
        value_of(np.array(every), notes)
        for every in itertools.product(range(instruments), repeat=8 - instruments)
    )
    assert value_of(insts, notes) == pytest.approx(best)
    assert value == pytest.approx(best)


@pytest.mark.parametrize("tones", [1, 2])
def test_the_seed_decides_and_the_value_is_that_of_the_instruments(tones):
    notes = random_notes(np.random.default_rng(0), 60)
    answers = {}
    for seed in range(4):
        value, insts = AnnealedAssignment(tones)(notes, 3, np.random.default_rng(seed))
        again, same = AnnealedAssignment(tones)(notes, 3, np.random.default_rng(seed))
        assert value == again and insts.tobytes() == same.tobytes()
        assert value == pytest.approx(value_of(insts, notes, tones))
        answers[insts.tobytes()] = value
    assert len(answers) > 1


def test_one_instrument_plays_all_and_no_notes_are_nobodys():
    notes, _ = made_notes([SOFT, BRIGHT], [(6, 18), (20, 30)], chords=4)
    rng = np.random.default_rng(0)
    value, insts = AnnealedAssignment()(notes, 1, rng)
    np.testing.assert_array_equal(insts, np.zeros(8, int))
    assert value == 0
    nothing = Notes(
        np.zeros((3, 2), int), *np.zeros((2, 0), int), *np.zeros((3, 0)), np.zeros((0, HARMONICS)),
        np.zeros((0, HARMONICS), bool), np.zeros((0, 2), int), np.zeros(0),
        OCTAVE,
    )  # fmt: skip
    value, insts = AnnealedAssignment()(nothing, 2, rng)
    assert value == 0 and insts.shape == (0,)


def test_a_note_alone():
    notes, _ = made_notes([SOFT], [(16, 16)], chords=1)
    value, insts = AnnealedAssignment()(notes, 2, np.random.default_rng(0))
    assert insts.shape == (1,) and np.isfinite(value)


@pytest.mark.parametrize("weight", [0.5, 2.0])
@pytest.mark.parametrize("tones", [1, 2])
def test_overlaps_of_light_notes_cost_less(weight, tones):
    notes, _ = made_notes([SOFT, SOFT], [(28, 40), (6, 18)], chords=3)
    notes = notes._replace(amps=np.array([1, weight, 1, 1, 1, 1.0]))
    counts, clashes = Weighting()(notes), Clashes()
    evidence = AnnealedAssignment(tones)._evidence(notes, counts)
    prices = {
        (note, evidence.partners[j]): evidence.overlap[j]
        for note in range(6)
        for j in range(*evidence.first[note : note + 2])
    }
    lighter = np.sqrt(min(counts[:2].min(), 1)) * (tones == 1)
    full = clashes.overlap * min(20 - clashes.free_frames, clashes.most_frames)
    assert prices[0, 1] == prices[1, 0] == pytest.approx(full * lighter)
    assert prices.keys() == {(0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4)}


def test_start_is_by_register_in_equal_shares_but_for_some_or_all_labels():
    notes, true = made_notes([SOFT, SOFT], [(28, 40), (6, 18)], chords=100)
    even, assign = notes._replace(amps=np.ones(true.size)), AnnealedAssignment()
    weights = assign.weighting(even)
    differing = np.array([
        np.mean(assign._start(even, weights, 2, np.random.default_rng(seed)) != true)
        for seed in range(12)
    ])  # fmt: skip
    few = differing < Annealing().random_shares[0]
    assert 0 < few.sum() < 12 and np.all(differing > 0)
    assert np.all(np.abs(differing[~few] - 0.5) < 0.15)


def test_semitones_follow_the_tuning_of_the_recording():
    wanted = np.array([7, 0, 12, 3, 3])
    for detuned in (0.0, 0.3, 0.6):
        shifts = OCTAVE / 12 * (20 + wanted + detuned + np.array([0.1, -0.1, 0, 0.1, -0.1]))
        notes = random_notes(np.random.default_rng(0), 5)._replace(shifts=shifts)
        np.testing.assert_array_equal(semitones(notes, np.ones(5)), wanted)


def test_long_and_loud_notes_count_more_up_to_a_limit():
    notes = random_notes(np.random.default_rng(0), 5)
    notes = notes._replace(amps=np.array([1, 1, 2, 1, 60.0]), lengths=np.array([5, 10, 5, 5, 60]))
    found, limit = Weighting()(notes), Weighting()
    assert found[0] == found[3] < found[1] == found[2] < found[4]
    assert found[4] == limit.most**limit.power


def test_features_do_not_depend_on_the_level_of_the_recording():
    notes = random_notes(np.random.default_rng(0))
    weights = Weighting()(notes)
    values, known = TimbreFeatures()(notes, weights)
    louder, _ = TimbreFeatures()(notes._replace(amps=10 * notes.amps), weights)
    np.testing.assert_allclose(values, louder, atol=1e-12)
    assert known[:, -2:].all()
    np.testing.assert_array_equal(known[:, :-2], notes.seen)
    counts = known * weights[:, None]
    np.testing.assert_allclose((counts * values).sum(0), 0, atol=1e-9)


def test_features_of_ones_own_tell_instruments_apart():
    notes, true = made_notes([SOFT, SOFT], [(12, 24), (12, 24)])
    told = np.where(true, 3.0, -3.0)[:, None]

    def features(notes, weights):
        return told, np.ones(told.shape, np.bool_)

    _, insts = AnnealedAssignment(features=features)(notes, 2, np.random.default_rng(0))
    assert agreement(insts, true) == 1


def test_without_sweeps_notes_stay_where_they_start():
    notes, true = made_notes([SOFT, SOFT], [(28, 40), (6, 18)])
    still = AnnealedAssignment(annealing=Annealing(sweeps=0, random_shares=(0.0,)))
    value, insts = still(notes, 2, np.random.default_rng(0))
    even = still._start(notes, still.weighting(notes), 2, np.random.default_rng(0))
    np.testing.assert_array_equal(insts, even)
    assert value == pytest.approx(value_of(insts, notes))
    assert agreement(insts, true) > 0.9


def test_integers_are_floats_to_the_kernels():
    notes = random_notes(np.random.default_rng(0))
    AnnealedAssignment(annealing=Annealing(sweeps=1))(notes, 2, np.random.default_rng(0))
    before = len(kernels.anneal.signatures)
    whole = AnnealedAssignment(
        likelihood=Likelihood(*[1] * 10), clashes=Clashes(1, 1, 8, 15),
        annealing=Annealing(sweeps=1, start_temperature=1, cooling=1),
    )  # fmt: skip
    whole(notes, 2, np.random.default_rng(0))
    assert len(kernels.anneal.signatures) == before
    assert type(whole.annealing.start_temperature) is type(whole.annealing.cooling) is float


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("notes", None), ("instruments", range(5)), ("instruments", 0), ("instruments", 10**5),
     ("instruments", np.ones((1, 2))), ("rng", np.inf), ("rng", None)],
)  # fmt: skip
def test_what_cannot_be_assigned_is_refused(name, wrong):
    given = {
        "notes": random_notes(np.random.default_rng(0)), "instruments": 2,
        "rng": np.random.default_rng(0),
    }  # fmt: skip
    with pytest.raises(ValueError, match=f"^{name}="):
        AnnealedAssignment()(**{**given, name: wrong})


def test_numbers_of_instruments_of_few_bits_count_like_others():
    notes = random_notes(np.random.default_rng(0))
    found = [
        AnnealedAssignment()(notes, kind(5), np.random.default_rng(0)) for kind in (np.int16, int)
    ]
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


@pytest.mark.parametrize("turn", [0, 170])
@pytest.mark.parametrize("seed", range(3))
def test_sides_tell_instruments_apart_that_are_alike(seed, turn):
    """Wherever the two are, also across the cut of the angle."""
    notes, true = made_notes([SOFT, SOFT], [(12, 24), (12, 24)], seed)
    rng = np.random.default_rng(seed)
    degrees = turn + 35 * true + rng.normal(0, 3, true.size)
    notes = notes._replace(sides=0.98 * np.exp(1j * np.radians(degrees)))
    insts = AnnealedAssignment()(notes, 2, rng)[1]
    assert agreement(insts, true) == 1


def test_sides_that_scatter_within_a_note_count_little():
    notes, _ = made_notes([SOFT, SOFT], [(12, 24), (12, 24)])
    directions = np.exp(1j * np.random.default_rng(0).uniform(0, 2 * np.pi, notes.shifts.size))
    directions[3] = 0
    weights = Weighting()(notes)
    usual, _ = TimbreFeatures()(notes, weights)
    for near, least, most in ((0.999, 5, 12), (0.3, 0, 0.3)):
        placed = notes._replace(sides=near * directions)
        values, known = TimbreFeatures()(placed, weights)
        np.testing.assert_array_equal(values[:, :-2], usual)
        assert least < values[:, -2:].std() < most
        assert not known[3, -2:].any() and known[:3, -2:].all()
