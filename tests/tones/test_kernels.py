import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musisep.tones import _kernels

SIZE, HAR, HARSCALE = 220, 6, 40.0
AXES = pytest.mark.parametrize("harscale", [HARSCALE, _kernels.LINEAR], ids=["log", "linear"])
PEXPS = pytest.mark.parametrize("pexp", [1.0, 2.0])
QEXPS = pytest.mark.parametrize("qexp", [0.5, 1.0])
INSTS = np.array([0, 1, 0, 1, 1])


def tones(harscale, seed=0, insts=INSTS):
    """Overlapping tones, some of whose harmonics lie beyond the axis, and a dictionary."""
    rng = np.random.default_rng(seed)
    top = 200 if harscale else 60
    params = np.stack(
        [
            rng.uniform(0.2, 2, insts.size),
            rng.uniform(0.1 * top, top, insts.size),
            rng.uniform(1.5, 4, insts.size),
            rng.uniform(0, 2e-3, insts.size),
        ]
    )
    return params, rng.uniform(0.1, 1, (HAR, 2))


FRAMES = {
    harscale: np.array([tones(harscale, seed)[0] for seed in range(3)])
    for harscale in (HARSCALE, _kernels.LINEAR)
}
FRAME_INSTS = np.array([INSTS, 1 - INSTS, [0, 0, 0, 0, 1]])
"""Instruments of the tones of `FRAMES`, [frame, tone]."""


def spectrum(seed=5):
    return np.random.default_rng(seed).uniform(0, 1, SIZE)


def added(params, insts, inst_dict, harscale, pexp, size=SIZE):
    powers = np.zeros(size)
    _kernels.inst_shift(params, insts, inst_dict, harscale, pexp, powers)
    return powers


def assert_close(found, expected, rtol):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * np.abs(expected).max())


@AXES
@PEXPS
@pytest.mark.parametrize("seed", range(5))
def test_add_tones(harscale, pexp, seed):
    params, inst_dict = tones(harscale, seed)
    expected = naive.powers(params, INSTS, inst_dict, harscale, pexp, SIZE)
    found = added(params, INSTS, inst_dict, harscale, pexp)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_any_exponent_will_do():
    params, inst_dict = tones(HARSCALE)
    expected = naive.powers(params, INSTS, inst_dict, HARSCALE, 1.3, SIZE)
    np.testing.assert_allclose(added(params, INSTS, inst_dict, HARSCALE, 1.3), expected, 1e-10)


def test_gaussians_end_at_six_sigma():
    params = np.array([[1.0], [50.0], [2.0], [0.0]])
    powers = added(params, INSTS[:1], np.ones((1, 2)), HARSCALE, 1.0)
    np.testing.assert_array_equal(np.flatnonzero(powers), np.arange(38, 63))
    assert powers[38] == pytest.approx(np.exp(-18))


@AXES
@pytest.mark.parametrize("shift", [-40.0, -12.5, 2.0, 215.0, 226.0, 5000.0])
def test_tones_at_and_beyond_the_ends_of_the_axis(harscale, shift):
    params = np.array([[1.0], [shift], [2.0], [0.0]])
    inst_dict = np.ones((HAR, 2))
    expected = naive.powers(params, INSTS[:1], inst_dict, harscale, 1.0, SIZE)
    found = added(params, INSTS[:1], inst_dict, harscale, 1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert np.any(found) == (-12 <= shift <= 231 or (shift < -12 and harscale > 0))


@AXES
def test_no_tones_and_silent_tones_add_nothing(harscale):
    params, inst_dict = tones(harscale)
    assert not np.any(added(params[:, :0], INSTS[:0], inst_dict, harscale, 1.0))
    params[_kernels.AMP] = 0
    assert not np.any(added(params, INSTS, inst_dict, harscale, 2.0))
    assert not np.any(added(params, INSTS, np.zeros((HAR, 2)), harscale, 2.0))


@AXES
def test_spectra_are_added_to_what_is_there(harscale):
    params, inst_dict = tones(harscale)
    powers = np.ones(SIZE)
    _kernels.inst_shift(params, INSTS, inst_dict, harscale, 1.0, powers)
    np.testing.assert_allclose(powers, 1 + added(params, INSTS, inst_dict, harscale, 1.0))


@AXES
@PEXPS
@pytest.mark.parametrize("seed", range(3))
def test_add_jacobian(harscale, pexp, seed):
    params, inst_dict = tones(harscale, seed)
    powers, jacobian = np.zeros(SIZE), np.zeros((*params.shape, SIZE))
    _kernels.inst_shift_grad(params, INSTS, inst_dict, harscale, pexp, powers, jacobian)
    expected = naive.gradient(
        lambda x: naive.powers(x, INSTS, inst_dict, harscale, pexp, SIZE), params
    )
    np.testing.assert_allclose(powers, added(params, INSTS, inst_dict, harscale, pexp), 1e-12)
    for row, expected_row in zip(jacobian, np.moveaxis(expected, 0, -1), strict=True):
        assert_close(row, expected_row, 1e-9)


def gradients(params, insts, inst_dict, harscale, pexp, qexp, y):
    """Loss and its gradients by `params` and by the dictionary, from the kernels."""
    powers, residual, slope = np.zeros(SIZE), np.empty(SIZE), np.empty(SIZE)
    jacobian = np.zeros((*params.shape, SIZE))
    target = (y + _kernels.EPS) ** qexp
    _kernels.inst_shift_grad(params, insts, inst_dict, harscale, pexp, powers, jacobian)
    loss = _kernels.residual_and_slope(powers, target, pexp, qexp, residual, slope)
    more, less = slope * target, slope * (residual + target)
    grads = np.zeros((2, *inst_dict.shape))
    _kernels.inst_shift_dict_grad(params, insts, inst_dict, harscale, pexp, more, less, grads)
    return loss, jacobian @ (residual * slope), grads


def assert_gradients(params, insts, inst_dict, harscale, pexp, qexp, y):
    arguments = harscale, pexp, qexp, y
    loss, by_params, (higher, lower) = gradients(params, insts, inst_dict, *arguments)
    assert loss == pytest.approx(naive.loss(params, insts, inst_dict, *arguments), rel=1e-10)
    expected = naive.gradient(lambda x: naive.loss(x, insts, inst_dict, *arguments), params)
    for row, expected_row in zip(by_params, expected, strict=True):
        assert_close(row, expected_row, 1e-8)
    expected = naive.gradient(lambda x: naive.loss(params, insts, x, *arguments), inst_dict)
    assert_close(lower - higher, expected, 1e-8)


@AXES
@PEXPS
@QEXPS
@pytest.mark.parametrize("seed", range(3))
def test_gradients(harscale, pexp, qexp, seed):
    params, inst_dict = tones(harscale, seed)
    assert_gradients(params, INSTS, inst_dict, harscale, pexp, qexp, spectrum())


@AXES
@QEXPS
def test_gradients_at_empty_entries_of_the_dictionary(harscale, qexp):
    params, inst_dict = tones(harscale)
    inst_dict[[0, 2, 5], [1, 0, 0]] = 0
    assert_gradients(params, INSTS, inst_dict, harscale, 1.0, qexp, spectrum())


@AXES
@QEXPS
def test_gradients_by_the_amplitude_of_silent_tones(harscale, qexp):
    params, inst_dict = tones(harscale)
    params[_kernels.AMP, 2:] = 0
    arguments = harscale, 1.0, qexp, spectrum()
    found = gradients(params, INSTS, inst_dict, *arguments)[1]
    expected = naive.gradient(lambda x: naive.loss(x, INSTS, inst_dict, *arguments), params)
    assert np.all(expected[_kernels.AMP, 2:])
    assert_close(found, expected, 1e-8)


@AXES
@PEXPS
def test_loss_of_equals_the_loss_beside_the_slope(harscale, pexp):
    params, inst_dict = tones(harscale)
    arguments = INSTS, inst_dict, harscale, pexp, 0.5
    y = spectrum()
    loss = _kernels.loss_of(params, *arguments, (y + _kernels.EPS) ** 0.5, np.full(SIZE, np.nan))
    assert loss == pytest.approx(naive.loss(params, *arguments, y), rel=1e-10)


@AXES
@PEXPS
@QEXPS
def test_losses_and_their_gradients_sum_over_frames(harscale, pexp, qexp):
    params, inst_dict = FRAMES[harscale], tones(harscale)[1]
    y = np.array([spectrum(seed) for seed in range(3)])
    grads = np.ones((2, *inst_dict.shape))
    arguments = inst_dict, harscale, pexp, qexp
    targets = (y + _kernels.EPS) ** qexp
    _kernels.add_loss_dict_grads(params, FRAME_INSTS, *arguments, targets, grads)
    loss = _kernels.add_losses(params, FRAME_INSTS, *arguments, targets)
    parts = [
        gradients(own, insts, *arguments, one)
        for own, insts, one in zip(params, FRAME_INSTS, y, strict=True)
    ]
    assert loss == pytest.approx(sum(part[0] for part in parts), rel=1e-10)
    np.testing.assert_allclose(grads, 1 + sum(part[2] for part in parts), rtol=1e-10)


@AXES
@PEXPS
def test_what_calls_for_lower_harmonics_is_there_without_a_target(harscale, pexp):
    params, inst_dict = FRAMES[harscale], tones(harscale)[1]
    arguments = inst_dict, harscale, pexp, 1.0
    grads, silent = np.zeros((2, 2, *inst_dict.shape))
    _kernels.add_loss_dict_grads(params, FRAME_INSTS, *arguments, np.ones((3, SIZE)), grads)
    _kernels.add_loss_dict_grads(params, FRAME_INSTS, *arguments, np.zeros((3, SIZE)), silent)
    assert not silent[0].any() and np.all(grads[0] > 0)
    np.testing.assert_allclose(grads[1], silent[1], rtol=1e-10)


@AXES
@pytest.mark.parametrize("shift", [-60.0, 3.0, 40.0, 190.0, 300.0])
def test_a_span_holds_the_harmonics_and_no_more(harscale, shift):
    params = np.array([[1.0], [shift], [2.0], [2e-3]])
    inst_dict = np.ones((HAR, 2))
    powers = naive.powers(params, INSTS[:1], inst_dict, harscale, 1.0, 10 * SIZE)
    bins = np.flatnonzero(powers) if np.any(powers) else np.array([0, -1])
    expected = np.clip([bins[0], bins[-1] + 1], 0, SIZE)
    np.testing.assert_array_equal(_kernels.span(params, 0, HAR, harscale, SIZE), expected)


def test_normal_equations():
    rng = np.random.default_rng(0)
    spans = np.array([[0, 90], [40, SIZE], [150, 150]])
    rows, (residual, slope) = np.zeros((12, SIZE)), rng.standard_normal((2, SIZE))
    for i in range(12):
        rows[i, slice(*spans[i % 3])] = rng.standard_normal(np.diff(spans[i % 3])[0])
    found = np.where(rows, rows, np.nan)  # what lies outside is not read
    normal, gradient = np.zeros((12, 12)), np.full(12, np.nan)
    _kernels.normal_equations(found, spans, residual, slope, normal, gradient)
    jacobian = rows * slope
    np.testing.assert_allclose(normal, np.triu(jacobian @ jacobian.T), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(gradient, jacobian @ residual, rtol=1e-10, atol=1e-12)


def normal_equations(n=7):
    rng = np.random.default_rng(0)
    factor = rng.standard_normal((n, 2 * n))
    return factor @ factor.T, rng.standard_normal(n)


@pytest.mark.parametrize("held", [[], [0], [6], [1, 2, 5], list(range(7))])
@pytest.mark.parametrize("damping", [0.0, 1e-3, 10.0])
def test_solve_damped(held, damping):
    matrix, gradient = normal_equations()
    free = np.ones(7, bool)
    free[held] = False
    normal = np.where(np.tri(7, k=-1, dtype=bool), np.nan, matrix)
    damped = (matrix + damping * np.diag(np.diag(matrix)))[np.ix_(free, free)]
    expected = np.zeros(7)
    expected[free] = np.linalg.solve(damped, -gradient[free])
    for _ in range(2):  # it keeps what it needs to solve again
        step = np.full(7, np.nan)
        assert _kernels.solve_damped(normal, gradient, free, damping, step)
        np.testing.assert_allclose(step, expected, rtol=1e-10)


def test_solve_damped_refuses_indefinite_matrices_unless_damping_mends_them():
    matrix, free, step = np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones(2, bool), np.empty(2)
    assert not _kernels.solve_damped(matrix.copy(), np.ones(2), free, 0.5, step)
    assert _kernels.solve_damped(matrix.copy(), np.ones(2), free, 1.5, step)
    assert _kernels.solve_damped(matrix, np.ones(2), np.array([True, False]), 0.0, step)
    np.testing.assert_array_equal(step, [-1, 0])


LOWER = np.repeat([[0.0], [0.0], [1.6], [0.0]], 3, axis=1)
UPPER = np.repeat([[np.inf], [np.inf], [3.0], [2e-3]], 3, axis=1)
TRUE = np.array([[1.0, 0.4, 0.7], [20.0, 31.0, 47.0], [2.0, 1.9, 2.3], [1e-3, 5e-4, 1.5e-3]])
FIT_INSTS = np.array([0, 1, 1])


def fit(params, y, pexp, qexp, steps, tol=0.0):
    arguments = FIT_INSTS, tones(HARSCALE)[1], HARSCALE, pexp, qexp, (y + _kernels.EPS) ** qexp
    return _kernels.fit_tones(params, *arguments, LOWER, UPPER, steps, tol)


@PEXPS
@QEXPS
def test_fit_tones_recovers_tones_from_a_perturbed_start(pexp, qexp):
    y = naive.magnitudes(TRUE, FIT_INSTS, tones(HARSCALE)[1], HARSCALE, pexp, SIZE)
    params = TRUE * [[1.2, 0.8, 1.1], [1, 1, 1], [1, 1, 1], [0, 0, 0]] + [[0], [0.7], [0.1], [0]]
    loss = fit(params, y, pexp, qexp, 200)
    np.testing.assert_allclose(params, TRUE, rtol=1e-6)
    assert loss < 1e-12


@given(seed=st.integers(0, 10**6), qexp=st.sampled_from([0.5, 1.0]), steps=st.integers(0, 12))
def test_fit_tones_keeps_the_bounds_and_never_raises_the_loss(seed, qexp, steps):
    rng = np.random.default_rng(seed)
    y = rng.uniform(0, 1, SIZE) * rng.integers(0, 2, SIZE)
    params = LOWER + np.array([[2.0], [240.0], [1.4], [2e-3]]) * rng.uniform(0, 1, (4, 3))
    params[:, rng.integers(0, 2, 3) == 1] = LOWER[:, :1]
    arguments = FIT_INSTS, tones(HARSCALE)[1], HARSCALE, 1.0, qexp, y
    before = naive.loss(params, *arguments)
    loss = fit(params, y, 1.0, qexp, steps)
    assert np.all(params >= LOWER) and np.all(params <= UPPER)
    after = naive.loss(params, *arguments)
    assert after <= before * (1 + 1e-12)
    assert loss == pytest.approx(after, rel=1e-9)


def test_fit_tones_of_silence_is_silence():
    params = TRUE.copy()
    fit(params, np.zeros(SIZE), 1.0, 0.5, 100)
    assert params[_kernels.AMP].max() < 1e-9


def test_fit_tones_stops_at_its_tolerance():
    y = spectrum()
    coarse, fine = TRUE.copy(), TRUE.copy()
    assert fit(coarse, y, 1.0, 0.5, 100, tol=0.9) > fit(fine, y, 1.0, 0.5, 100)
