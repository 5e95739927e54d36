import numpy as np
import pytest

from musisep.learning.adam_b import Adam_B

SETTINGS = {"alpha": 0.01, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6}


def directions(steps, har, columns):
    return np.random.default_rng(0).standard_normal((steps, har, columns))


def naive(start, directions, lo, hi, alpha, beta1, beta2, eps):
    """One column, entry by entry."""
    har = len(start)
    value, first, second = list(start), [0.0] * har, 0.0
    for step, direction in enumerate(directions, 1):
        mean_square = sum(entry**2 for entry in direction) / har
        second = beta2 * second + (1 - beta2) * mean_square
        for h in range(har):
            first[h] = beta1 * first[h] + (1 - beta1) * direction[h]
            unbiased = first[h] / (1 - beta1**step)
            scale = (second / (1 - beta2**step)) ** 0.5 + eps
            value[h] = min(max(value[h] + alpha * unbiased / scale, lo), hi)
    return value


@pytest.mark.parametrize(("lo", "hi"), [(-100, 100), (0.25, 0.75)])
def test_equals_a_plain_loop(lo, hi):
    start, moves = np.full((5, 3), 0.5), directions(200, 5, 3)
    adam = Adam_B(start, lo, hi, **SETTINGS)
    for move in moves:
        adam.step(move)
    expected = [naive(start[:, k], moves[:, :, k], lo, hi, **SETTINGS) for k in range(3)]
    np.testing.assert_allclose(adam.value, np.transpose(expected), rtol=1e-12)
    assert (lo in adam.value) == (lo > 0)


def test_defaults_are_those_documented():
    adam, moves = Adam_B(np.full((4, 1), 0.5)), directions(20, 4, 1)
    for move in moves:
        adam.step(move)
    expected = naive([0.5] * 4, moves[:, :, 0], 0, 1, 1e-4, 0.9, 0.999, 1e-8)
    np.testing.assert_allclose(adam.value[:, 0], expected, rtol=1e-12)


def test_first_step_follows_the_direction_with_a_root_mean_square_of_alpha():
    adam, direction = Adam_B(np.full((4, 2), 0.5), alpha=0.01), directions(1, 4, 2)[0]
    move = adam.step(direction) - 0.5
    np.testing.assert_allclose(np.sqrt(np.mean(move**2, axis=0)), 0.01, rtol=1e-6)
    np.testing.assert_allclose(move / np.abs(move).max(0), direction / np.abs(direction).max(0))


def test_step_returns_the_value_within_the_bounds():
    adam = Adam_B([[0.99], [0.01]], alpha=0.1)
    returned = adam.step([[1.0], [-1.0]])
    np.testing.assert_array_equal(returned, [[1], [0]])
    np.testing.assert_array_equal(adam.value, returned)


def test_a_zero_direction_moves_nothing():
    adam = Adam_B([[0.3], [0.6]])
    np.testing.assert_array_equal(adam.step([[0.0], [0.0]]), [[0.3], [0.6]])


def test_reset_starts_one_column_afresh():
    start, moves = np.full((4, 2), 0.5), directions(40, 4, 2)
    adam, other = Adam_B(start, alpha=0.001), Adam_B(start, alpha=0.001)
    for move in moves[:30]:
        adam.step(move)
        other.step(move)
    adam.reset(1)
    adam.value[:, 1] = 0.5
    np.testing.assert_array_equal(adam.steps, [30, 0])
    fresh = Adam_B(start, alpha=0.001)
    for move in moves[30:]:
        adam.step(move)
        other.step(move)
        fresh.step(move)
    np.testing.assert_array_equal(adam.steps, [40, 10])
    np.testing.assert_array_equal(adam.value[:, 0], other.value[:, 0])
    np.testing.assert_array_equal(adam.value[:, 1], fresh.value[:, 1])


def test_the_caller_s_array_is_left_alone():
    start = np.full((3, 1), 0.5)
    adam = Adam_B(start, alpha=0.1)
    adam.step(np.ones((3, 1)))
    np.testing.assert_array_equal(start, 0.5)


def test_dictionaries_have_two_axes():
    with pytest.raises(ValueError, match=r"init\.shape=\(3,\) must be \[harmonic, instrument\]"):
        Adam_B([0.1, 0.2, 0.3])


def test_the_initial_value_is_within_the_bounds():
    found = Adam_B([[3.0, 0.5], [-1.0, 0.2]], lo=0.1, hi=0.4).value
    np.testing.assert_array_equal(found, [[0.4, 0.4], [0.1, 0.2]])
