from pathlib import Path

import numpy as np
import pytest
from chords import HOP_S, LOWEST_HZ, OCTAVE, PLAIN, notes_of, random_notes, random_players

from musisep.notes import players
from musisep.notes.players import Network, Players
from musisep.notes.sound import NoteSound


def two(onsets, ends, pitches, decibels):
    """Two notes, of which times are in seconds, and pitches in semitones above the lowest."""
    onsets, ends = (np.rint(np.array(times) / HOP_S).astype(int) for times in (onsets, ends))
    values = np.zeros((2, 3))
    together = max(min(ends) - max(onsets), 0)
    return notes_of(
        onsets, ends - onsets, OCTAVE / 12 * np.array(pitches), 10 ** (np.array(decibels) / 20),
        values, values > 0, [[0, 1]], [together],
    )  # fmt: skip


def arrays_of(model):
    """The arrays of a file, by name."""
    arrays = model._asdict()
    for name in ("together", "following"):
        network = arrays.pop(name)
        arrays |= {f"{name}_{field}": value for field, value in network._asdict().items()}
    return {name: np.asarray(value) for name, value in arrays.items()}


def saved(path, arrays):
    np.savez_compressed(path, source=np.array("a test"), **arrays)
    return path


def test_pitches_are_semitones_above_the_middle():
    shifts = OCTAVE * np.log2(np.array([261.63, 440, 55]) / LOWEST_HZ)
    notes = random_notes(np.random.default_rng(0), 3)._replace(shifts=shifts)
    np.testing.assert_allclose(players.semitones(notes), [0, 9, -27], atol=1e-3)


def test_long_and_loud_notes_count_more_up_to_a_limit():
    notes = random_notes(np.random.default_rng(0), 5)
    notes = notes._replace(amps=np.array([1, 1, 2, 1, 60.0]), lengths=np.array([5, 10, 5, 5, 60]))
    found = players.sizes(notes)
    assert found[0] == found[3] < found[1] == found[2] < found[4] == players.LARGEST**0.5
    even = notes._replace(amps=np.ones(5), lengths=np.full(5, 7))
    np.testing.assert_allclose(players.sizes(even), 1)


def test_pitch_classes_follow_the_tuning_of_the_recording():
    wanted = np.array([7, 0, 12, 3, 3])
    for detuned in (0.0, 0.3, 0.6):
        shifts = OCTAVE / 12 * (20 + wanted + detuned + np.array([0.1, -0.1, 0, 0.1, -0.1]))
        notes = random_notes(np.random.default_rng(0), 5)._replace(shifts=shifts)
        np.testing.assert_array_equal(players.pitch_classes(notes), [2, 0, 3, 1, 1])


def test_inputs_are_features_about_their_means_what_is_known_and_octaves():
    values = np.array([[1.0, 2, 0], [3, 5, 0], [5, 99, 40], [5, 0, -40]])
    known = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 1]], bool)
    shifts = OCTAVE * np.log2(261.63 / LOWEST_HZ * np.array([1, 2, 0.5, 1]))
    notes = notes_of(range(4), [10] * 4, shifts, [1] * 4, values, known, [], [])
    heavy = notes._replace(lengths=np.array([10, 30, 10, 10]))
    root = players.sizes(heavy)[1] / players.sizes(heavy)[0]
    for own, mean in ((notes, 3.5), (heavy, (2 + root * 5) / (1 + root))):
        found = players.inputs(own)
        np.testing.assert_allclose(found[:, 1], [2 - mean, 5 - mean, 0, 0])
        np.testing.assert_array_equal(found[:, 2], [0, 0, 6, -6])  # limited
        np.testing.assert_array_equal(found[:, 3:6], known - 0.5)
        np.testing.assert_allclose(found[:, 6], [0, 1, -1, 0], atol=1e-9)


def test_vectors_and_precisions_are_a_map_of_the_inputs():
    model, notes = random_players(), random_notes(np.random.default_rng(0))
    vectors, precisions = model.vectors(notes)
    mapped = players.inputs(notes) @ model.projection + model.offset
    np.testing.assert_allclose(vectors, mapped[:, :4])
    np.testing.assert_allclose(precisions, np.log(1 + np.exp(mapped[:, 4])))


def test_notes_with_other_features_are_refused():
    notes = random_notes(np.random.default_rng(0), features=5)
    with pytest.raises(ValueError, match=r"sound has 5 features, but the model .* fitted to 3$"):
        PLAIN.vectors(notes)


def test_a_network_has_one_hidden_layer():
    network, rows = random_players().together, np.random.default_rng(0).random((5, 13))
    for row, found in zip(rows, network(rows), strict=True):
        hidden = [np.tanh(row @ network.inner[:, i] + network.inner_bias[i]) for i in range(3)]
        assert found == pytest.approx(np.dot(hidden, network.outer) + network.outer_bias)


@pytest.mark.parametrize("swapped", [False, True])
def test_what_is_known_of_notes_that_sound_together(swapped):
    high_first = slice(None, None, -1 if swapped else 1)
    onsets, ends = np.array([0.1, 0.0])[high_first], np.array([0.5, 0.6])[high_first]
    notes = two(onsets, ends, np.array([32.0, 20])[high_first], np.array([-20, -5])[high_first])
    (found,) = players.pair_features(notes)
    near_begin, near_end = np.exp(-((0.1 / 0.04) ** 2)), np.exp(-((0.1 / 0.06) ** 2))
    wanted = [
        0.4 / 0.3, 1, 0, 0, 1, 1, 1, -1.5, near_begin, near_end, 0.3, -0.3, np.log(0.42) + 1,
    ]  # fmt: skip
    np.testing.assert_allclose(found, wanted, atol=1e-9)


@pytest.mark.parametrize(
    ("pitches", "wanted"),
    [((20.5, 20), [1, 1, 0, 0, 0.5]), ((22, 20), [0, 1, 0, 0, 2]), ((39, 20), [0, 0, 1, 0, 19]),
     ((69, 20), [0, 0, 0, 0, 36])],
)  # fmt: skip
def test_intervals_of_notes_that_sound_together(pitches, wanted):
    (found,) = players.pair_features(two([0, 0], [3, 3], pitches, [0, 0]))
    np.testing.assert_allclose(found[2:7], [*wanted[:4], wanted[4] / 12], atol=1e-6)
    assert found[0] == 3 and found[1] == 1  # three seconds count as 0.9


def test_what_is_known_of_notes_that_follow():
    notes = two([0, 0.6], [0.5, 1.6], [20, 32], [-10, 5])
    (found,) = players.step_features(notes, np.array([0]), np.array([1]))
    near = np.exp(-((0.1 / 0.06) ** 2))
    wanted = [2, 0, 0, 0, 1, 0.1, near, 0, 0, 1.5, 1.5, 0, np.log(0.5)]
    np.testing.assert_allclose(found, wanted, atol=1e-9)


@pytest.mark.parametrize(
    ("interval", "wanted"), [(0.5, [1, 0, 0]), (2, [0, 1, 0]), (-4, [0, 0, 1]), (5, [0, 0, 0])]
)
def test_intervals_of_notes_that_follow(interval, wanted):
    notes = two([0, 2], [0.5, 3], [30, 30 + interval], [0, 0])
    (found,) = players.step_features(notes, np.array([0]), np.array([1]))
    np.testing.assert_array_equal(found[1:4], wanted)
    assert found[0] == pytest.approx(abs(interval) / 6) and found[7] == 1
    overlapping = two([0, 0.4], [0.5, 3], [30, 30], [0, 0])
    (found,) = players.step_features(overlapping, np.array([0]), np.array([1]))
    assert found[5] == pytest.approx(-0.1) and found[8] == 1


def test_crossing_is_paid_by_the_time_up_to_a_limit():
    notes = random_notes(np.random.default_rng(0), 3)._replace(together=np.array([10, 50, 70]))
    np.testing.assert_allclose(players.crossing_times(notes), [0.5, 2.5, 3])
    np.testing.assert_allclose(PLAIN.pairs(notes)[1], [0.15, 0.75, 0.9])


def test_notes_that_never_sound_together_have_no_pairs():
    notes = notes_of(
        [0, 9], [5, 5], [50, 60], [1, 1], np.zeros((2, 3)), np.ones((2, 3)) > 0, [], []
    )
    assert [own.shape for own in random_players().pairs(notes)] == [(0,), (0,)]


def test_lines_look_at_the_next_notes():
    model, notes = random_players(), random_notes(np.random.default_rng(0), players.WINDOW + 3)
    found = model.lines(notes)
    assert found.shape == (notes.shifts.size, players.WINDOW)
    for one, ahead in ((0, 1), (0, players.WINDOW), (2, 7)):
        step = players.step_features(notes, np.array([one]), np.array([one + ahead]))
        assert found[one, ahead - 1] == pytest.approx(model.following(step)[0])
    np.testing.assert_array_equal(found[-1], 0)
    assert found[-2, 0] != 0 and not found[-2, 1:].any()


def test_the_fitted_model_fits_the_notes():
    model = players.fitted()
    assert model is players.fitted()
    assert len(model.projection) == 2 * NoteSound().features + 1
    assert model.player_variance.min() > 0 and model.pitch_variance.min() > 0
    notes = random_notes(np.random.default_rng(0), features=NoteSound().features)
    vectors, precisions = model.vectors(notes)
    assert np.isfinite(vectors).all() and precisions.min() > 0
    assert all(np.isfinite(own).all() for own in (*model.pairs(notes), model.lines(notes)))


def test_the_fitted_model_takes_a_faint_octave_below_for_a_ghost_before_a_fifth():
    def odds(interval, decibels):
        notes = two([0, 0], [0.6, 0.6], [40, 40 + interval], [0, decibels])
        return players.fitted().pairs(notes)[0][0]

    assert odds(-12, -20) > odds(-12, 0) > odds(-7, 0)


def test_a_model_is_what_its_file_holds(tmp_path):
    model = random_players()
    found = players.load(saved(tmp_path / "own.npz", arrays_of(model)))
    for name, array in arrays_of(found).items():
        np.testing.assert_array_equal(array, arrays_of(model)[name])
    assert isinstance(found, Players) and isinstance(found.following, Network)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("projection", np.ones((7, 3))), ("offset", np.ones(4)), ("pitch_variance", np.ones(5)),
     ("crossing", np.array(np.nan)), ("together_inner", np.ones((12, 3))),
     ("following_outer_bias", np.ones(1)), ("player_variance", np.full(4, np.inf))],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(tmp_path, name, wrong):
    arrays = arrays_of(random_players()) | {name: wrong}
    path = saved(tmp_path / "own.npz", arrays)
    with pytest.raises(ValueError, match=rf"own\.npz: is not a model of players .*\({name} must"):
        players.load(path)


def test_a_missing_or_damaged_file_is_named(tmp_path):
    arrays = arrays_of(random_players())
    path = saved(tmp_path / "own.npz", arrays)
    octets = path.read_bytes()
    place = octets.index(b"projection.npy") + 40
    changed = octets[:place] + b"what" + octets[place + 4 :]
    for damaged in (octets[:300], changed, b"", b"no archive"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"own\.npz: is not a model of players"):
            players.load(path)
    del arrays["together_outer"]
    with pytest.raises(ValueError, match=r"own\.npz: is not a model of players .*together_outer"):
        players.load(saved(path, arrays))
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        players.load(tmp_path / "none.npz")


def test_the_fitted_file_stands_beside_the_model():
    path = Path(players.__file__).with_name("fitted.npz")
    found = players.load(path)
    assert all(
        np.array_equal(own, arrays_of(players.fitted())[name])
        for name, own in arrays_of(found).items()
    )


def test_sides_that_scatter_within_a_note_count_little():
    notes = random_notes(np.random.default_rng(0), 40)
    directions = np.exp(1j * np.random.default_rng(0).uniform(0, 2 * np.pi, 40))
    directions[3] = 0
    for precision in (1.0, 4.0):
        for near, least, most in ((0.999, 5, 10), (0.3, 0, 0.3)):
            vectors, variance = players.placed(
                notes._replace(sides=near * directions), np.full(40, precision)
            )
            assert least < precision**0.5 * vectors.std() < most
            mean = np.average(np.delete(vectors, 3, 0), 0, players.sizes(notes)[np.arange(40) != 3])
            np.testing.assert_allclose(vectors[3], mean)  # where that one is is not known
            unit = vectors[0, 0] / (near * directions[0].real)
            np.testing.assert_allclose(variance, unit**2)


def test_notes_of_one_channel_have_no_places():
    vectors, variance = players.placed(random_notes(np.random.default_rng(0), 4), np.ones(4))
    assert vectors.shape == (4, 0) and variance.shape == (0,)
