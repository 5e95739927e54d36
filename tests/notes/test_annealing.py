import numpy as np
import pytest
from chords import OTHER, USUAL, random_notes, value_of

from musisep.notes._kernels import annealing as kernels
from musisep.notes.assignment import AnnealedAssignment


def evidence_of(notes, tones=1):
    assign = AnnealedAssignment(tones)
    return assign._evidence(notes, assign.weighting(notes))


def annealed(insts, notes, instruments, tones, likelihood, sweeps, seed=0):
    """Value and insts after `sweeps`; none leave the insts as they are."""
    insts, rng = insts.copy(), np.random.default_rng(seed)
    evidence = evidence_of(notes, tones)
    value = kernels.anneal(insts, instruments, evidence, likelihood, rng, sweeps, 3.0, 0.7, 20)
    return value, insts


@pytest.mark.parametrize("likelihood", [USUAL, OTHER])
@pytest.mark.parametrize(("instruments", "tones"), [(2, 1), (3, 1), (3, 2)])
def test_the_value_is_the_objective(instruments, tones, likelihood):
    rng = np.random.default_rng(instruments)
    notes = random_notes(rng)
    for _ in range(5):
        insts = rng.integers(0, instruments, notes.amps.size)
        value, same = annealed(insts, notes, instruments, tones, likelihood, 0)
        np.testing.assert_array_equal(same, insts)
        assert value == pytest.approx(value_of(insts, notes, tones, likelihood), abs=1e-8)


@pytest.mark.parametrize("sweeps", [1, 20])
@pytest.mark.parametrize(("instruments", "tones"), [(2, 1), (3, 1), (3, 2)])
def test_moves_keep_the_value_up_to_date(instruments, tones, sweeps):
    rng = np.random.default_rng(instruments)
    notes = random_notes(rng)
    start = rng.integers(0, instruments, notes.amps.size)
    value, insts = annealed(start, notes, instruments, tones, OTHER, sweeps)
    before = value_of(start, notes, tones, OTHER)
    assert value > before + 0.1 and not np.array_equal(insts, start)
    assert value == pytest.approx(value_of(insts, notes, tones, OTHER), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_no_single_note_is_better_elsewhere_after_long_annealing(seed):
    notes = random_notes(np.random.default_rng(seed), 20)
    value, insts = annealed(np.zeros(20, int), notes, 2, 1, USUAL, 500, seed)
    for note in range(20):
        moved = insts.copy()
        moved[note] = 1 - moved[note]
        assert value_of(moved, notes) <= value + 1e-6


def test_moving_a_note_changes_the_value_by_what_it_says():
    rng = np.random.default_rng(0)
    notes = random_notes(rng)
    size, instruments = notes.amps.size, 3
    insts = rng.integers(0, instruments, size)
    evidence = evidence_of(notes)
    features, pitches = evidence.values.shape[1], evidence.pitches.max() + 1
    state = kernels.State(
        insts,
        np.zeros((instruments, features, pitches, 4)),
        np.zeros((instruments, features, 7)),
        np.zeros((instruments, 3)),
        np.zeros(instruments),
    )
    for note in range(size):
        kernels.count_note(note, insts[note], 1.0, state, evidence, OTHER)
    for inst in range(instruments):
        state.scores[inst] = kernels.score(state.lines[inst], state.register[inst], OTHER)
    value = value_of(insts, notes, 1, OTHER)
    for note in rng.integers(0, size, 60):
        new = (insts[note] + rng.integers(1, instruments)) % instruments
        value += kernels.move(note, new, state, evidence, OTHER)
        assert insts[note] == new
        assert value == pytest.approx(value_of(insts, notes, 1, OTHER), abs=1e-6)
