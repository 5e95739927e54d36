import numpy as np
import pytest
from chords import PLAIN, random_notes, random_players, value_of

from musisep.notes import players
from musisep.notes._kernels import annealing as kernels
from musisep.notes.assignment import AnnealedAssignment

OTHER = random_players()


def evidence_of(notes, model, tones=1):
    return AnnealedAssignment(tones, model)._evidence(notes)


def annealed(insts, notes, instruments, tones, model, sweeps, seed=0):
    """Value and insts after `sweeps`; none leave the insts as they are."""
    insts, rng = insts.copy(), np.random.default_rng(seed)
    evidence = evidence_of(notes, model, tones)
    return kernels.anneal(insts, instruments, evidence, rng, sweeps, 3.0, 0.7, 20), insts


@pytest.mark.parametrize("model", [PLAIN, OTHER], ids=["plain", "other"])
@pytest.mark.parametrize(("instruments", "tones"), [(2, 1), (3, 1), (3, 2)])
def test_the_value_is_the_log_density_of_the_vectors_and_the_log_odds(instruments, tones, model):
    rng = np.random.default_rng(instruments)
    notes = random_notes(rng)
    for _ in range(5):
        insts = rng.integers(0, instruments, notes.amps.size)
        value, same = annealed(insts, notes, instruments, tones, model, 0)
        np.testing.assert_array_equal(same, insts)
        assert value == pytest.approx(value_of(insts, notes, model, tones), abs=1e-8)


@pytest.mark.parametrize("instruments", [2, 3])
def test_what_is_known_of_notes_is_part_of_the_value(instruments):
    rng = np.random.default_rng(instruments)
    notes = random_notes(rng)
    notes = notes._replace(known=rng.normal(0, 2, (notes.amps.size, instruments)))
    insts = rng.integers(0, instruments, notes.amps.size)
    for sweeps in (0, 1, 20):
        value, found = annealed(insts, notes, instruments, 1, OTHER, sweeps)
        known = notes.known[np.arange(found.size), found].sum()
        assert value == pytest.approx(value_of(found, notes, OTHER) + known, abs=1e-7)


def test_notes_further_apart_than_the_window_do_not_follow_each_other():
    size = players.WINDOW + 4
    notes = random_notes(np.random.default_rng(0), size)
    for place in (players.WINDOW, players.WINDOW + 1):
        insts = np.ones(size, int)
        insts[[0, place]] = 0
        value, _ = annealed(insts, notes, 2, 1, OTHER, 0)
        assert value == pytest.approx(value_of(insts, notes, OTHER), abs=1e-8)


@pytest.mark.parametrize("sweeps", [1, 20])
@pytest.mark.parametrize(("instruments", "tones"), [(2, 1), (3, 1), (3, 2)])
def test_moves_keep_the_value_up_to_date(instruments, tones, sweeps):
    rng = np.random.default_rng(instruments)
    notes = random_notes(rng, 70)
    start = rng.integers(0, instruments, notes.amps.size)
    value, insts = annealed(start, notes, instruments, tones, OTHER, sweeps)
    before = value_of(start, notes, OTHER, tones)
    assert value > before + 0.1 and not np.array_equal(insts, start)
    assert value == pytest.approx(value_of(insts, notes, OTHER, tones), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_no_single_note_is_better_elsewhere_after_long_annealing(seed):
    notes = random_notes(np.random.default_rng(seed), 20)
    value, insts = annealed(np.zeros(20, int), notes, 2, 1, OTHER, 500, seed)
    for note in range(20):
        moved = insts.copy()
        moved[note] = 1 - moved[note]
        assert value_of(moved, notes, OTHER) <= value + 1e-6


def test_moving_a_note_changes_the_value_by_what_it_says():
    rng = np.random.default_rng(0)
    notes = random_notes(rng, 60)
    size, instruments = notes.amps.size, 3
    insts = rng.integers(0, instruments, size)
    evidence = evidence_of(notes, OTHER)
    dimension = evidence.vectors.shape[1]
    state = kernels.State(
        insts,
        np.zeros((instruments, evidence.pitches.max() + 1, 1 + dimension)),
        np.zeros((instruments, dimension)),
        np.zeros((instruments, dimension)),
        np.zeros(instruments),
        np.zeros(instruments),
    )
    for note in range(size):
        kernels.count_note(note, insts[note], 1.0, state, evidence)
    for inst in range(instruments):
        state.scores[inst] = kernels.score(inst, state, evidence.player_variance)
    value = value_of(insts, notes, OTHER)
    for note in rng.integers(0, size, 60):
        new = (insts[note] + rng.integers(1, instruments)) % instruments
        value += kernels.move(note, new, state, evidence)
        assert insts[note] == new
        assert value == pytest.approx(value_of(insts, notes, OTHER), abs=1e-6)
