import itertools

import numpy as np
import pytest
from chords import PLAIN, constant, made_notes, notes_of, random_notes, random_players, value_of
from melodies import COLUMNS, MODEL, mixture
from sounding import frames_of

from musisep._util.constants import NONE
from musisep.notes import players
from musisep.notes._kernels import annealing as kernels
from musisep.notes.assignment import (
    AnnealedAssignment,
    Annealing,
    Assigned,
    agreed,
    chances_of,
    same_names,
)
from musisep.notes.players import Network
from musisep.notes.tracking import NoteTracking
from musisep.tones.peaks import Peaks

BRIGHT, HOLLOW, SOFT = (1.5, -1, 1), (-1.5, 1, 1), (0, -1, -2)
OTHER = random_players()
PLAYED = AnnealedAssignment(players=PLAIN)
LIKELIEST = Annealing(samples=0)


def agreement(insts, true):
    """Share of the notes that are right, whatever the instruments are called."""
    return max(
        np.mean(np.array(names)[insts] == true)
        for names in itertools.permutations(range(true.max() + 1))
    )


def best(assign, notes, instruments, seed=0, restarts=6):
    """The answer of highest value, as the learner takes it."""
    answers = [
        assign(notes, instruments, rng) for rng in np.random.default_rng(seed).spawn(restarts)
    ]
    return max(answers, key=lambda answer: answer[0])[1]


def separated(sounds, ranges, seed, assign=PLAYED):
    notes, true = made_notes(sounds, ranges, seed)
    return best(assign, notes, len(sounds), seed), true


@pytest.mark.parametrize("seed", range(3))
def test_sound_tells_instruments_of_one_register_apart(seed):
    insts, true = separated([BRIGHT, HOLLOW], [(12, 24), (12, 24)], seed)
    assert agreement(insts, true) == 1


@pytest.mark.parametrize("seed", range(3))
def test_register_tells_instruments_of_one_sound_apart(seed):
    assign = AnnealedAssignment(players=PLAIN._replace(crossing=3.0))
    insts, true = separated([SOFT, SOFT], [(28, 40), (6, 18)], seed, assign)
    np.testing.assert_array_equal(insts, true)  # the highest is the first


@pytest.mark.parametrize("seed", range(3))
def test_three_instruments_are_told_apart(seed):
    insts, true = separated([BRIGHT, HOLLOW, SOFT], [(20, 32), (14, 26), (8, 20)], seed)
    assert agreement(insts, true) > 0.95


@pytest.mark.parametrize("seed", range(3))
def test_an_instrument_of_several_tones_plays_chords(seed):
    notes, true = made_notes([HOLLOW, HOLLOW, BRIGHT], [(12, 17), (18, 24), (12, 24)], seed)
    true = true // 2
    insts = best(AnnealedAssignment(tones=2, players=PLAIN), notes, 2, seed)
    assert agreement(insts, true) > 0.95


def melody(shifts, onsets=None):
    """Notes that differ in pitch and onset only, none of which sound together."""
    size = len(shifts)
    onsets = 20 * np.arange(size) if onsets is None else onsets
    plain = np.zeros((size, 3))
    return notes_of(onsets, np.full(size, 10), shifts, np.ones(size), plain, plain > 0, [], [])


def steps(feature, odds):
    """A model that likes, or dislikes, one feature of what follows."""
    inner = np.zeros((13, 2))
    inner[feature, 0] = 1
    following = constant(0.0)._replace(inner=inner, outer=np.array([odds / np.tanh(1), 0.0]))
    return PLAIN._replace(following=following, player_variance=np.full(3, 1e-6))


def test_a_line_keeps_to_its_steps():
    """Two instruments alternate, each at one pitch; nothing but the unisons tells them apart."""
    true = np.random.default_rng(0).integers(0, 2, 40)
    unison = AnnealedAssignment(players=steps(1, 3.0), annealing=LIKELIEST)
    _, insts, _ = unison(melody(60 + 17 * true), 2, np.random.default_rng(0))
    assert agreement(insts, true) == 1


def test_an_octave_that_begins_and_ends_with_its_host_stays_with_it():
    """Octaves of which a model likes those in step, and no others."""
    inner = np.zeros((13, 2))
    inner[[5, 8, 9], 0] = 3  # an octave; of one begin; of one end
    in_step = Network(inner, np.array([-7.5, 0]), np.array([3.0, 0]), np.array(0.0))
    host, ghost = np.arange(0, 60, 2), np.arange(1, 60, 2)
    onsets, lengths = np.repeat(30 * np.arange(30), 2), np.full(60, 20)
    late = np.arange(30) % 3 == 0
    onsets[ghost] += 8 * late
    values = np.zeros((60, 3))
    notes = notes_of(
        onsets, lengths, np.tile([100, 160], 30), np.ones(60), values, values > 0,
        np.stack((host, ghost), 1), np.full(30, 12.0),
    )  # fmt: skip
    model = PLAIN._replace(together=in_step, player_variance=np.full(3, 1e-6), crossing=0.0)
    insts = best(AnnealedAssignment(players=model, annealing=LIKELIEST), notes, 2)
    np.testing.assert_array_equal(insts[host] != insts[ghost], late)


def tracked(lines, amps, columns):
    """Notes of the lines [frame, instrument] of some columns, and who plays them."""
    insts = np.broadcast_to(np.arange(lines.shape[1]), lines.shape)
    peaks = Peaks(amps, lines, np.full(lines.shape, MODEL.fsigma), 0 * lines, insts)
    frames = frames_of(peaks, COLUMNS[:, columns], MODEL)
    frames += 1e-3 * np.random.default_rng(0).random(frames.shape)
    notes = NoteTracking()(peaks, np.ascontiguousarray(frames), MODEL)
    true = np.zeros(notes.shifts.size, int)
    true[notes.numbers[notes.numbers != NONE]] = insts[notes.numbers != NONE]
    return notes, true


@pytest.mark.parametrize("instruments", [2, 3])
def test_the_fitted_model_knows_who_plays_melodies(instruments):
    peaks, _ = mixture(instruments)
    notes, true = tracked(peaks.shifts, peaks.amps, np.arange(instruments))
    np.testing.assert_array_equal(best(AnnealedAssignment(), notes, instruments), true)


@pytest.mark.parametrize("instruments", [2, 3])
def test_of_few_notes_the_best_labels_of_all_are_found(instruments):
    notes = random_notes(np.random.default_rng(2), 8 - instruments)
    assign = AnnealedAssignment(players=OTHER, annealing=LIKELIEST)
    value, insts, _ = assign(notes, instruments, np.random.default_rng(0))
    highest = max(
        value_of(np.array(every), notes, OTHER)
        for every in itertools.product(range(instruments), repeat=8 - instruments)
    )
    assert value_of(insts, notes, OTHER) == pytest.approx(highest)
    assert value == pytest.approx(highest)


@pytest.mark.parametrize("tones", [1, 2])
def test_the_seed_decides_and_the_value_is_that_of_the_instruments(tones):
    notes = random_notes(np.random.default_rng(0), 60)
    assign, answers = AnnealedAssignment(tones, OTHER), {}
    likeliest = AnnealedAssignment(tones, OTHER, LIKELIEST)
    for seed in range(4):
        value, insts, chances = assign(notes, 3, np.random.default_rng(seed))
        again, same, sure = assign(notes, 3, np.random.default_rng(seed))
        assert value == again and insts.tobytes() == same.tobytes()
        assert chances.tobytes() == sure.tobytes()
        highest, insts, _ = likeliest(notes, 3, np.random.default_rng(seed))
        assert value == highest == pytest.approx(value_of(insts, notes, OTHER, tones))
        answers[insts.tobytes()] = value
    assert len(answers) > 1


def test_one_instrument_plays_all_and_no_notes_are_nobodys():
    notes, _ = made_notes([SOFT, BRIGHT], [(6, 18), (20, 30)], chords=4)
    rng = np.random.default_rng(0)
    value, insts, chances = AnnealedAssignment(players=OTHER)(notes, 1, rng)
    assert value == pytest.approx(value_of(insts, notes, OTHER))
    np.testing.assert_array_equal(insts, np.zeros(8, int))
    np.testing.assert_array_equal(chances, np.ones((8, 1)))
    values = np.zeros((0, 3))
    nothing = notes_of([], [], [], [], values, values > 0, [], [])
    found = AnnealedAssignment()(nothing, 2, rng)
    assert found.value == 0 and found.insts.shape == found.certainty.shape == (0,)


@pytest.mark.parametrize("notes", [1, 2])
def test_notes_alone(notes):
    given = random_notes(np.random.default_rng(0), notes)._replace(
        pairs=np.zeros((0, 2), int), together=np.zeros(0)
    )
    found = PLAYED(given, 2, np.random.default_rng(0))
    value, insts, chances = found
    assert insts.shape == (notes,) and chances.shape == (notes, 2)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    np.testing.assert_array_equal(chances.max(axis=1), found.certainty)
    assert value == pytest.approx(max(value_of(own, given) for own in (0 * insts, insts)))


def test_to_play_together_tells_less_where_an_instrument_may_have_several_tones():
    notes, _ = made_notes([SOFT, SOFT], [(28, 40), (6, 18)], chords=2)
    for odds in (-2.0, 2.0):
        model = PLAIN._replace(together=constant(odds))
        for tones, wanted in ((1, odds), (2, 0.5 * odds)):
            alike = AnnealedAssignment(tones, model)._evidence(notes).alike
            np.testing.assert_allclose(alike, wanted)


def test_both_notes_of_a_pair_know_of_it():
    notes = random_notes(np.random.default_rng(0), 12)
    evidence = AnnealedAssignment(players=OTHER)._evidence(notes)
    told = {
        (note, int(evidence.partners[j])): (evidence.alike[j], evidence.crossing[j])
        for note in range(12)
        for j in range(*evidence.first[note : note + 2])
    }
    wanted = dict(zip(map(tuple, notes.pairs), zip(*OTHER.pairs(notes), strict=True), strict=True))
    assert told == wanted | {(other, one): price for (one, other), price in wanted.items()}


def test_start_is_by_register_in_equal_shares_but_for_some_or_all_labels():
    notes, true = made_notes([SOFT, SOFT], [(28, 40), (6, 18)], chords=100)
    even = notes._replace(amps=np.ones(true.size))
    differing = np.array([
        np.mean(PLAYED._start(even, 2, np.random.default_rng(seed)) != true) for seed in range(12)
    ])  # fmt: skip
    few = differing < Annealing().random_shares[0]
    assert 0 < few.sum() < 12 and np.all(differing > 0)
    assert np.all(np.abs(differing[~few] - 0.5) < 0.15)


def test_without_sweeps_notes_stay_where_they_start():
    notes, true = made_notes([SOFT, SOFT], [(28, 40), (6, 18)])
    annealing = Annealing(sweeps=0, samples=0, random_shares=(0.0,))
    still = AnnealedAssignment(players=PLAIN, annealing=annealing)
    value, insts, chances = still(notes, 2, np.random.default_rng(0))
    np.testing.assert_array_equal(insts, still._start(notes, 2, np.random.default_rng(0)))
    assert value == pytest.approx(value_of(insts, notes))
    assert agreement(insts, true) > 0.9
    np.testing.assert_array_equal(chances, np.eye(2)[insts])


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_answers_are_drawn_as_likely_as_the_model_says(temperature):
    """The pairs, which never keep each other from moving, have names by crossing."""
    notes, _ = made_notes([(0.5, 0, 0), (-0.5, 0, 0)], [(20, 24), (14, 18)], chords=2)
    model = PLAIN._replace(together=constant(0.1), crossing=1.2)
    annealing = Annealing(samples=60_000, temperature=temperature)
    found, likeliest = (
        AnnealedAssignment(players=model, annealing=own)(notes, 2, np.random.default_rng(0))
        for own in (annealing, LIKELIEST)
    )
    every = np.array(list(itertools.product(range(2), repeat=4)))
    odds = np.exp([value_of(own, notes, model) / temperature for own in every])
    every = every[:, None] == np.arange(2)[:, None]
    named = np.array([own[same_names(likeliest.chances, own.T)] for own in every])
    np.testing.assert_allclose(
        found.chances.T, np.tensordot(odds / odds.sum(), named, 1), atol=0.02
    )
    assert np.ptp(found.chances) > 0.2 / temperature


def test_drawn_answers_are_named_like_the_likeliest_which_decides_where_they_do_not():
    likeliest = np.array([0, 0, 0, 1, 1, 2, 2])
    drawn = np.array([[1, 1, 1, 2, 2, 0, 0], [2, 2, 0, 1, 1, 0, 0]])
    wanted = np.eye(3)[likeliest]
    wanted[2] = [0.5, 0, 0.5]
    np.testing.assert_allclose(chances_of(drawn, likeliest, 3), wanted, atol=1e-3)
    np.testing.assert_array_equal(chances_of(drawn[:0], likeliest, 3), np.eye(3)[likeliest])


@pytest.mark.parametrize("names", list(itertools.permutations(range(3))))
def test_instruments_have_the_names_by_which_they_are_known(names):
    """Of every fifth note it is known who plays it, the others go with it."""
    notes, true = made_notes([BRIGHT, HOLLOW, SOFT], [(20, 32), (14, 26), (8, 20)])
    wanted = np.array(names)[true]
    known = 4.0 * np.eye(3)[wanted] * (np.arange(true.size) // 3 % 5 == 0)[:, None]
    insts = best(PLAYED, notes._replace(known=known), 3)
    assert np.mean(insts == wanted) > 0.95


@pytest.mark.parametrize("names", [[0, 1], [1, 0]])
def test_instruments_that_are_known_may_have_registers_in_any_order(names):
    """Nothing but register tells the notes apart of which it is not known who plays them."""
    notes, true = made_notes([SOFT, SOFT], [(28, 40), (6, 18)])
    wanted = np.array(names)[true]
    known = 4.0 * np.eye(2)[wanted] * (np.arange(true.size) // 2 % 5 == 0)[:, None]
    assign = AnnealedAssignment(players=PLAIN._replace(crossing=3.0))
    np.testing.assert_array_equal(best(assign, notes._replace(known=known), 2), wanted)


def test_what_is_known_outweighs_what_notes_sound_like():
    notes, true = made_notes([BRIGHT, HOLLOW], [(12, 24), (12, 24)])
    odd = true.size // 2
    known = np.zeros((true.size, 2))
    known[odd, 1 - true[odd]] = 100
    insts = best(PLAYED, notes._replace(known=known), 2)
    others = np.arange(true.size) // 2 != odd // 2
    assert insts[odd] == 1 - true[odd]
    assert agreement(insts[others], true[others]) == 1


def test_what_is_known_must_be_of_these_notes_and_instruments():
    notes, _ = made_notes([BRIGHT, HOLLOW], [(12, 24), (12, 24)])
    for shape in ((60, 3), (59, 2)):
        with pytest.raises(ValueError, match=r"notes.known.shape=\(\d+, \d\) must be \(60, 2\)"):
            PLAYED(notes._replace(known=np.zeros(shape)), 2, np.random.default_rng(0))


def test_a_note_that_sounds_like_none_is_the_least_certain():
    notes, true = made_notes([BRIGHT, HOLLOW], [(18, 22), (18, 22)], chords=20)
    alone = notes._replace(pairs=notes.pairs[1:], together=notes.together[1:])
    values = notes.sound.values.copy()
    values[0] = np.average(values, axis=0, weights=players.sizes(notes))
    doubtful = alone._replace(sound=notes.sound._replace(values=values, known=values < 9))
    found = PLAYED(doubtful, 2, np.random.default_rng(0))
    assert found.certainty.argmin() == 0 and np.median(found.certainty) > 0.95
    assert agreement(found.insts[1:], true[1:]) == 1


def test_answers_agree_on_the_mean_of_their_chances_whatever_they_call_the_instruments():
    sure = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    other = np.array([[0.0, 1.0], [1.0, 0.0], [0.8, 0.2]])
    best = Assigned(2.0, sure.argmax(axis=1), sure)
    value, insts, chances = agreed([Assigned(1.0, other.argmax(axis=1), other), best])
    np.testing.assert_allclose(chances, (sure + other[:, ::-1]) / 2)
    np.testing.assert_array_equal(insts, [0, 1, 1])
    assert value == 2
    bare = Assigned(3.0, np.array([1, 1, 0]))
    assert agreed([best, bare]) is bare and agreed([best, bare._replace(value=0.0)]) is best


def test_integers_are_floats_to_the_kernels():
    notes = random_notes(np.random.default_rng(0))
    AnnealedAssignment(players=PLAIN, annealing=Annealing(sweeps=1))(
        notes, 2, np.random.default_rng(0)
    )
    before = len(kernels.anneal.signatures)
    whole = Annealing(sweeps=1, start_temperature=1, cooling=1)
    AnnealedAssignment(players=PLAIN, annealing=whole)(notes, 2, np.random.default_rng(0))
    assert len(kernels.anneal.signatures) == before
    assert type(whole.start_temperature) is type(whole.cooling) is float


def test_the_fitted_model_stays_as_it_is():
    features = len(players.fitted().projection) // 2
    notes = random_notes(np.random.default_rng(0), features=features)

    def octets():
        model = players.fitted()
        arrays = [*model[:4], *model.together, *model.following]
        return [array.tobytes() for array in arrays], model.crossing

    before = octets()
    value, insts, _ = AnnealedAssignment(annealing=LIKELIEST)(notes, 3, np.random.default_rng(0))
    assert octets() == before
    assert value == pytest.approx(value_of(insts, notes, players.fitted()))


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


def test_what_is_no_model_and_no_swap_are_refused():
    with pytest.raises(ValueError, match=r"^players="):
        AnnealedAssignment(players="fitted")
    with pytest.raises(ValueError, match=r"^longest_swap=2 must"):
        Annealing(longest_swap=2)


def test_numbers_of_instruments_of_few_bits_count_like_others():
    notes = random_notes(np.random.default_rng(0))
    found = [PLAYED(notes, kind(5), np.random.default_rng(0)) for kind in (np.int16, int)]
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
    assert agreement(PLAYED(notes, 2, rng)[1], true) == 1
