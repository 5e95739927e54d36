"""Changed copies of an artificial duet."""

import numpy as np
import pytest
from duet import SAMPLE_RATE


@pytest.fixture
def plain(scored):
    from items import read_item

    return read_item(scored)


@pytest.fixture
def copied(plain):
    """Return what makes a copy, and what is scored of its stems."""
    from copies import COPIES

    def made(name):
        copy = COPIES[name]
        item = copy.made(plain)
        return item, copy.scored(item.stems, item.sample_rate)

    return made


def rms(signal):
    return np.sqrt(np.mean(signal**2))


def test_every_copy_has_its_mixture_and_leaves_the_item_as_it_is(plain, copied):
    from copies import COPIES

    before = plain.mixture.copy(), plain.stems.copy(), [own.copy() for own in plain.notes]
    rest = rms(plain.mixture - plain.stems.sum(axis=0))
    for name in COPIES:
        item, scored = copied(name)
        assert scored.ndim == 3, name
        assert len(item.notes) == 2
        left = item.mixture - item.stems.sum(axis=0)
        if not name.startswith("noise"):
            assert rms(left) <= 1.1 * rest, name  # nothing but the noise of the item
    np.testing.assert_array_equal(plain.mixture, before[0])
    np.testing.assert_array_equal(plain.stems, before[1])
    for own, old in zip(plain.notes, before[2], strict=True):
        np.testing.assert_array_equal(own, old)


@pytest.mark.parametrize("level_db", [-50, -30])
def test_noise_is_so_much_softer(level_db, plain, copied):
    item, scored = copied(f"noise{level_db}")
    level = rms(item.mixture - plain.mixture) / rms(plain.mixture)
    assert 20 * np.log10(level) == pytest.approx(level_db, abs=0.1)
    np.testing.assert_array_equal(scored, plain.stems)


def test_a_gain(plain, copied):
    item, scored = copied("gain0.9")
    np.testing.assert_allclose(item.mixture, 0.9 * plain.mixture)
    np.testing.assert_allclose(scored, 0.9 * plain.stems)


def test_rounding_gives_whole_steps_of_16_bits(plain, copied):
    item, _ = copied("16bit")
    steps = item.mixture * 2**15
    np.testing.assert_array_equal(steps, np.rint(steps))
    assert 0 < np.abs(item.mixture - plain.mixture).max() < 2 / 2**15


def test_another_rate(plain, copied):
    item, scored = copied("32khz")
    assert item.sample_rate == 32_000
    assert scored.shape[-1] == item.mixture.shape[1] == 2 * plain.mixture.shape[1]
    np.testing.assert_allclose(scored[..., 2000:-2000:2], plain.stems[..., 1000:-1000], atol=0.01)


def test_panned_players_have_the_same_downmix(plain, copied):
    item, scored = copied("panned")
    assert item.mixture.shape[0] == 2
    np.testing.assert_allclose(item.mixture.mean(axis=0), plain.mixture[0], atol=1e-12)
    np.testing.assert_allclose(scored, plain.stems, atol=1e-12)
    (left, right), (other_left, other_right) = item.stems
    assert rms(left) == pytest.approx(3 * rms(right))
    assert rms(other_right) == pytest.approx(3 * rms(other_left))


def test_what_comes_before_is_not_scored(plain, copied):
    late, scored = copied("late37ms")
    np.testing.assert_array_equal(scored, plain.stems)
    assert not late.mixture[:, : round(0.037 * SAMPLE_RATE)].any()
    solo, scored = copied("solo9s")
    np.testing.assert_array_equal(scored, plain.stems)
    length = plain.stems.shape[-1]
    assert solo.mixture.shape[1] == 9 * SAMPLE_RATE + length
    np.testing.assert_array_equal(solo.mixture[:, :length], plain.stems[0])
    assert not solo.stems[1, :, : 9 * SAMPLE_RATE].any()


def test_notes_move_with_the_sound(plain, copied):
    late, solo = copied("late37ms")[0], copied("solo9s")[0]
    for own, later, after in zip(plain.notes, late.notes, solo.notes, strict=True):
        np.testing.assert_allclose(later - own, np.tile([0.037, 0.037, 0], (len(own), 1)))
        np.testing.assert_allclose(after[-len(own) :, :2], own[:, :2] + 9)
    np.testing.assert_allclose(solo.notes[0][:4], plain.notes[0])
    assert len(solo.notes[1]) == len(plain.notes[1])


def test_one_player_is_softer(plain, copied):
    _, scored = copied("soft12db")
    np.testing.assert_allclose(scored[0], 10**-0.6 * plain.stems[0])
    np.testing.assert_array_equal(scored[1], plain.stems[1])


def test_players_take_turns(plain, copied):
    item, scored = copied("turns0.5s")
    time = np.arange(scored.shape[-1]) / SAMPLE_RATE
    for stem, turns in zip(scored, ([(0.25, 1.25)], [(0.75, 1.75)]), strict=True):
        for middle in np.ravel(turns):
            assert rms(stem[:, np.abs(time - middle) < 0.2]) > 0.01
    assert not np.any((scored[0] != 0) & (scored[1] != 0))
    for own, begin in zip(item.notes, (0, 0.5), strict=True):
        into = (own[:, :2] - begin) % 1
        assert np.all((into <= 0.5 + 1e-9) | (into >= 1 - 1e-9))
        assert np.all(own[:, 0] < own[:, 1])
    assert np.sum(item.notes[0][:, 1] - item.notes[0][:, 0]) == pytest.approx(1)
    assert np.all(copied("turns5s")[1][1] == 0)


def test_items_without_a_score_have_copies(plain):
    from copies import COPIES

    for copy in COPIES.values():
        assert copy.made(plain._replace(notes=None)).notes is None
