import numpy as np
import pytest
import scipy.integrate
import scipy.stats

from musisep.metrics import component_loss, kl_div_loss

SHAPE = (4, 32, 17, 1)


@pytest.fixture
def arrays():
    """A mask, a target and a residual, which is negative where both cancel in the mixture."""
    rng = np.random.default_rng(5)
    return rng.random(SHAPE), rng.random(SHAPE), rng.normal(0, 1, SHAPE)


def components(mask, target, residual):
    """The three terms, one element after the other."""
    n = mask.size
    damage = sum((m * y - y) ** 2 for m, y in zip(mask.flat, target.flat, strict=True)) / n
    left = [m * r for m, r in zip(mask.flat, residual.flat, strict=True)]
    noise = sum(value**2 for value in left) / n
    norms = sum(value**2 for value in left) ** 0.5, sum(r**2 for r in residual.flat) ** 0.5
    pairs = zip(left, residual.flat, strict=True)
    return damage, noise, sum((a / norms[0] - r / norms[1]) ** 2 for a, r in pairs) / n


@pytest.mark.parametrize(("alpha", "beta"), [(0.2, 0.8), (0.3, 0.1), (0, 1), (0.5, 0), (0, 0)])
def test_three_components_are_weighted(arrays, alpha, beta):
    damage, noise, shape = components(*arrays)
    expected = (1 - alpha - beta) * damage + alpha * noise + beta * shape
    loss = component_loss(*arrays, alpha=alpha, beta=beta)
    assert loss == pytest.approx(expected, rel=1e-12, abs=1e-15)
    assert type(loss) is float


@pytest.mark.parametrize("alpha", [0, 0.2, 1])
def test_two_components_are_weighted(arrays, alpha):
    damage, noise, _ = components(*arrays)
    expected = (1 - alpha) * damage + alpha * noise
    assert component_loss(*arrays, alpha=alpha) == pytest.approx(expected, rel=1e-12)


def test_known_values():
    mask, target, residual = [[1.0, 0.0]], [[3.0, 1.0]], [[0.0, 2.0]]
    assert component_loss(mask, target, residual) == pytest.approx(0.8 * 1 / 2)
    assert component_loss([[0.5, 0.5]], [[0, 0]], residual) == pytest.approx(0.2 * 1 / 2)
    # What is left of the residual is silent, so that its shape is missed by a norm of 1.
    assert component_loss(mask, target, residual, 0.2, 0.8) == pytest.approx(0.8 / 2)
    assert component_loss([1.0], [2.0], [0.0], 0.2, 0.8) == 0


def test_the_best_mask_depends_on_the_weights(arrays):
    _, target, residual = arrays
    keeps, cuts = np.ones(SHAPE), np.zeros(SHAPE)
    for alpha, best, other in [(0.05, keeps, cuts), (0.95, cuts, keeps)]:
        losses = [component_loss(mask, target, residual, alpha) for mask in (best, other)]
        assert losses[0] < losses[1]


def test_the_third_component_does_not_depend_on_the_size_of_the_residual(arrays):
    mask, target, residual = arrays
    losses = [component_loss(mask, target, f * residual, 0, 1) for f in (1e-170, 1e-3, 1e60)]
    np.testing.assert_allclose(losses, components(*arrays)[2], rtol=1e-12)


def test_weights_in_decimals_may_add_up_to_one(arrays):
    for hundredths in range(101):
        component_loss(*arrays, alpha=hundredths / 100, beta=(100 - hundredths) / 100)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int16])
def test_other_numbers_are_measured_as_doubles(arrays, dtype):
    given = [(100 * values).astype(dtype) for values in arrays]
    expected = component_loss(*(values.astype(np.float64) for values in given))
    assert component_loss(*given) == expected


@pytest.mark.parametrize(("mean", "deviation"), [(0, 1), (1.5, 0.2), (-0.3, 2)])
def test_kl_div_loss_is_the_integral(mean, deviation):
    modelled, standard = scipy.stats.norm(mean, deviation), scipy.stats.norm()
    integral, _ = scipy.integrate.quad(
        lambda x: modelled.pdf(x) * (modelled.logpdf(x) - standard.logpdf(x)),
        mean - 12 * deviation, mean + 12 * deviation,
    )  # fmt: skip
    assert kl_div_loss([mean], [deviation]) == pytest.approx(integral, abs=1e-8)


def test_kl_div_loss_is_summed():
    rng = np.random.default_rng(1)
    mu, sigma = rng.normal(0, 1, SHAPE), rng.uniform(0.1, 2, SHAPE)
    expected = 0.5 * sum(
        m**2 + s**2 - np.log(s**2) - 1 for m, s in zip(mu.flat, sigma.flat, strict=True)
    )
    assert kl_div_loss(mu, sigma) == pytest.approx(expected, rel=1e-12)
    assert type(kl_div_loss(mu, sigma)) is float


def test_bad_arrays_are_refused(arrays):
    mask, target, residual = arrays
    with pytest.raises(ValueError, match=r"mask.shape=.*, target.shape=\(32, 17, 1\), .* the same"):
        component_loss(mask, target[0], residual)
    with pytest.raises(ValueError, match=r"mu.shape=\(0,\), sigma.shape=\(0,\) must be the same"):
        kl_div_loss([], [])
    with pytest.raises(ValueError, match=r"residual of dtype=complex128 must be real numbers"):
        component_loss(mask, target, residual + 0j)
    with pytest.raises(ValueError, match=r"mask must be an array of numbers"):
        component_loss([[1], [1, 2]], target, residual)
    for value in (np.nan, np.inf, -1e200):
        with pytest.raises(ValueError, match=r"target must be finite numbers of at most 2\^240"):
            component_loss(mask, np.full(SHAPE, value), residual)
    for value in (0, -1):
        with pytest.raises(ValueError, match=rf"sigma.min\(\)={value}.0 must be above 0"):
            kl_div_loss([1.0, 2.0], [1.0, value])


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ({"alpha": -0.1}, "alpha=-0.1 must be from 0 to 1"),
        ({"beta": 1.1}, "beta=1.1 must be from 0 to 1"),
        ({"alpha": 0.5, "beta": 0.6}, "alpha=0.5 and beta=0.6 must add up to at most 1"),
    ],
)
def test_bad_weights_are_refused(arrays, weights, match):
    with pytest.raises(ValueError, match=match):
        component_loss(*arrays, **weights)
