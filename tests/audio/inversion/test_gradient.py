import doctest
import inspect
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.fft

from musisep import metrics
from musisep.audio.inversion import ConstantQMagnitude, StftMagnitude, l_bfgs, representations
from musisep.audio.mel import MelSpectrogramTransform
from musisep.audio.stft import SpectralTransform

RATE = 8000
TIMES = np.arange(2000) / RATE
SIGNAL = sum(np.sin(440 * k * np.pi * (TIMES + 0.6 * TIMES**3)) / k for k in range(1, 9))
STFT = StftMagnitude(SpectralTransform(256, 64))
CONSTANT_Q = ConstantQMagnitude(RATE, 200 * 2 ** (np.arange(40) / 10), 0.05, 50)
MEL = {"sample_rate": RATE, "n_fft": 256, "hop_length": 64, "n_mels": 30}
REPRESENTATIONS = {
    "stft": STFT,
    "constant-q": CONSTANT_Q,
    "mel": MelSpectrogramTransform(**MEL, output_scale="linear", power=1.0),
    "log": MelSpectrogramTransform(**MEL, output_scale="log", log_mode="add", log_amin=1e-2),
}
SMALL = StftMagnitude(SpectralTransform(64, 16))
NOISE = np.random.default_rng(0).random((2, 3, 33, 9))


def loss(representation, wanted, signal):
    return np.square(representation(signal) - wanted).sum()


@dataclass(frozen=True)
class Matrix:
    """A linear representation of our own: products with a matrix, as one frame."""

    matrix: np.ndarray

    def shape(self, length):
        return len(self.matrix), 1

    def linearized(self, x):
        return (self.matrix @ x)[:, None], lambda gradient: self.matrix.T @ gradient[:, 0]


@pytest.mark.parametrize(
    ("name", "fall"), [("stft", 17), ("constant-q", 20), ("mel", 18), ("log", 13)]
)
def test_the_loss_falls(name, fall):
    representation = REPRESENTATIONS[name]
    wanted = representation(SIGNAL)
    options = {"samples": 2000, "rng": 1, "transform_fn": representation}
    start, found = (l_bfgs(wanted, max_iter=n, **options) for n in (0, 80))
    losses = [loss(representation, wanted, signal) for signal in (start, found)]
    assert 10 * np.log10(losses[0] / losses[1]) > fall


@pytest.mark.parametrize("name", ["stft", "constant-q"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_derivative_is_that_of_the_magnitudes(name, kind):
    representation = REPRESENTATIONS[name]
    rng = np.random.default_rng(2)
    signal, step = rng.standard_normal((2, 500))
    values, pullback = representation.linearized(signal.astype(kind))
    np.testing.assert_array_equal(values, representation(signal.astype(kind)))
    weights = rng.standard_normal(values.shape)
    gradient = pullback(weights)
    assert values.dtype == kind
    assert gradient.dtype == kind
    ahead, behind = (representation(signal + side * 1e-6 * step) for side in (1, -1))
    expected = np.vdot(weights, (ahead - behind) / 2e-6)
    np.testing.assert_allclose(gradient @ step, expected, rtol=1e-5 if kind == np.float64 else 1e-2)


@pytest.mark.parametrize("name", ["stft", "constant-q"])
def test_silence_has_no_derivative(name):
    values, pullback = REPRESENTATIONS[name].linearized(np.zeros(500))
    np.testing.assert_array_equal(values, 0)
    np.testing.assert_array_equal(pullback(np.ones(values.shape)), np.zeros(500))


def test_representations_of_several_channels_and_of_one():
    pair = np.random.default_rng(3).standard_normal((2, 500))
    for representation, transform in (
        (STFT, STFT.transform.stft),
        (CONSTANT_Q, CONSTANT_Q.transform.forward),
    ):
        np.testing.assert_allclose(representation(pair), np.abs(transform(pair)), atol=1e-12)
    for representation in (STFT, CONSTANT_Q):
        for values, channel in zip(representation(pair), pair, strict=True):
            np.testing.assert_array_equal(values, representation(channel))
        with pytest.raises(ValueError, match=r"shape=\(2, 500\) must be one channel"):
            representation.linearized(pair)


def test_shapes_are_known_before():
    for representation in REPRESENTATIONS.values():
        for length in (1, 49, 50, 2000):
            assert representation.shape(length) == representation(np.ones(length)).shape


def test_true_signal_stays():
    for representation in REPRESENTATIONS.values():
        found = l_bfgs(representation(SIGNAL), representation, init_x0=SIGNAL, max_iter=10)
        np.testing.assert_array_equal(found, SIGNAL)


def test_own_representation():
    matrix = np.random.default_rng(4).standard_normal((20, 12))
    wanted = np.random.default_rng(5).standard_normal((20, 1))
    expected = np.linalg.lstsq(matrix, wanted[:, 0])[0]
    for start in ({"samples": 12, "rng": 0}, {"init_x0": np.ones(12), "samples": 12}):
        found = l_bfgs(wanted, Matrix(matrix), **start, tol=0, max_iter=100)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_random_starts_have_the_level_that_fits():
    wanted = STFT(100 * SIGNAL)
    rng = np.random.default_rng(6)
    noise = rng.standard_normal(2000)
    start = l_bfgs(wanted, STFT, 2000, max_iter=0, rng=6)
    losses = {level: loss(STFT, wanted, level * noise) for level in 10.0 ** np.arange(-5, 2)}
    np.testing.assert_allclose(start, min(losses, key=losses.get) * noise)
    np.testing.assert_array_equal(
        l_bfgs(wanted, STFT, 2000, max_iter=0, rng=np.random.default_rng(6)), start
    )


def test_options_reach_scipy(monkeypatch):
    seen = {}
    minimize = scipy.optimize.minimize

    def spy(*arguments, options, **others):
        seen.update(options)
        return minimize(*arguments, options=options, **others)

    monkeypatch.setattr(scipy.optimize, "minimize", spy)
    l_bfgs(NOISE[0, 0], SMALL, 128, max_iter=7, rng=0)
    assert (seen["maxcor"], seen["maxiter"], seen["ftol"], seen["gtol"]) == (5, 7, 0, 0)
    l_bfgs(NOISE[0, 0], SMALL, 128, max_iter=7, rng=0, maxcor=9, maxls=11, gtol=1e-3)
    assert (seen["maxcor"], seen["maxls"], seen["gtol"]) == (9, 11, 1e-3)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_batches_threads_and_precision(kind):
    wanted = NOISE.astype(kind)
    start = np.random.default_rng(7).standard_normal((3, 128))
    found = l_bfgs(wanted, SMALL, init_x0=start, max_iter=5)
    assert found.dtype == kind and found.shape == (2, 3, 128)
    for index in np.ndindex(2, 3):
        alone = l_bfgs(wanted[index], SMALL, init_x0=start[index[1]], max_iter=5)
        np.testing.assert_array_equal(found[index], alone)
    with scipy.fft.set_workers(2):
        np.testing.assert_array_equal(l_bfgs(wanted, SMALL, init_x0=start, max_iter=5), found)
    random = l_bfgs(wanted, SMALL, 128, max_iter=5, rng=0)
    np.testing.assert_array_equal(random[0, 0], l_bfgs(wanted[0, 0], SMALL, 128, max_iter=5, rng=0))


@pytest.mark.parametrize("metric", ["sc", "snr", "ser"])
def test_history_agrees_with_the_metrics(metric):
    options = {"rng": 0, "tol": 0, "metric": metric, "return_history": True, "eva_iter": 4}
    found, history = l_bfgs(NOISE[0, 0], SMALL, 128, max_iter=10, **options)
    assert history.iterations.tolist() == [0, 4, 8, 10]
    measure = {"sc": metrics.spectral_convergence, "snr": metrics.snr, "ser": metrics.ser}[metric]
    np.testing.assert_allclose(history.values[-1], measure(NOISE[0, 0], SMALL(found)))
    start, first = l_bfgs(NOISE[0, 0], SMALL, 128, max_iter=0, **options)
    assert first.iterations.tolist() == [0]
    np.testing.assert_allclose(first.values, measure(NOISE[0, 0], SMALL(start)))


def test_a_small_gain_ends_it():
    options = {"rng": 0, "eva_iter": 3, "return_history": True}
    found, history = l_bfgs(NOISE[0, 0], SMALL, 128, max_iter=1000, tol=0.01, **options)
    last = int(history.iterations[-1])
    assert 3 <= last < 300
    again, _ = l_bfgs(NOISE[0, 0], SMALL, 128, max_iter=last, tol=0, **options)
    np.testing.assert_array_equal(found, again)


def test_progress_rises_to_the_total(capfd):
    calls = []
    l_bfgs(NOISE[0, :2], SMALL, 128, max_iter=5, tol=0, progress=lambda *call: calls.append(call))
    assert {(stage, total) for stage, _, total in calls} == {("L-BFGS", 10)}
    done = [call[1] for call in calls]
    assert done == sorted(done) and set(done) == set(range(11))
    assert capfd.readouterr() == ("", "")


def test_silence_is_found():
    start = l_bfgs(np.zeros((33, 9)), SMALL, 128, max_iter=0, rng=0)
    found = l_bfgs(np.zeros((33, 9)), SMALL, 128, max_iter=50, rng=0)
    assert np.abs(found).max() < 1e-3 * np.abs(start).max()
    found, history = l_bfgs(
        np.zeros((33, 9)), SMALL, init_x0=np.zeros(128), max_iter=5, return_history=True
    )
    np.testing.assert_array_equal(found, np.zeros(128))
    assert np.isnan(history.values).all()


def test_levels_from_very_soft_to_very_loud():
    wanted = STFT(SIGNAL)
    for factor in (1e-5, 1.0, 1e5):
        found = l_bfgs(factor * wanted, STFT, 2000, max_iter=60, rng=1) / factor
        assert metrics.spectral_convergence(wanted, STFT(found)) < -16


@pytest.mark.parametrize(("kind", "factor"), [(np.float64, 1e300), (np.float32, 1e37)])
@pytest.mark.parametrize("start", [{"samples": 128, "rng": 0}, {"init_x0": np.ones(128)}])
def test_magnitudes_whose_squares_are_infinite_are_refused(kind, factor, start):
    with pytest.raises(ValueError, match=r"spec has values above .*: the sum of squares"):
        l_bfgs(kind(factor) * NOISE[0, 0].astype(kind), SMALL, max_iter=3, **start)


def test_inputs_stay():
    wanted, start = NOISE[0, 0].copy(), np.ones(128)
    l_bfgs(wanted, SMALL, init_x0=start, max_iter=3)
    np.testing.assert_array_equal(wanted, NOISE[0, 0])
    np.testing.assert_array_equal(start, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": None}, "samples=None must be given if init_x0 is not"),
        ({"samples": 0}, "samples=0 must be an integer of at least 1"),
        ({"init_x0": np.ones(127)}, r"init_x0 of shape=\(127,\) must be .* have samples=128"),
        ({"init_x0": np.full(128, np.nan)}, r"init_x0 of shape=\(128,\) must be finite"),
        ({"init_x0": np.ones((2, 128))}, r"init_x0 of shape=\(2, 128\) must be \[\.\.\., sample\]"),
        ({"init_x0": np.ones(128) * 1j}, "init_x0 of dtype=complex128 must hold real numbers"),
        ({"samples": 100}, r"spec of shape=\(33, 9\) must be .*=\(33, 7\), which signals of 100"),
        ({"spec": np.ones((32, 9))}, r"spec of shape=\(32, 9\) must be .*\(33, 9\)"),
        ({"spec": np.ones(33)}, r"spec of shape=\(33,\) must be .*\[\.\.\., band, frame\]"),
        ({"spec": np.ones((33, 0))}, r"spec of shape=\(33, 0\) must be finite"),
        ({"spec": np.full((33, 9), np.nan)}, "must be finite"),
        ({"spec": np.full((33, 9), -np.inf)}, "must be finite"),
        ({"spec": np.ones((33, 9)) * 1j}, "spec of dtype=complex128 must hold real numbers"),
        ({"max_iter": -1}, "max_iter=-1 must be"),
        ({"tol": -1}, "tol=-1 must be at least 0"),
        ({"eva_iter": 0}, "eva_iter=0 must be"),
        ({"metric": "mse"}, "metric='mse' must be one of"),
    ],
)
def test_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        l_bfgs(**{"spec": np.ones((33, 9)), "transform_fn": SMALL, "samples": 128, **change})


@pytest.mark.parametrize("transform_fn", [None, 3, np.abs])
def test_what_is_no_representation_is_told_what_it_takes(transform_fn):
    message = (
        r"^transform_fn=.* must be a Representation: .* linearized\(x\) that returns two things"
    )
    with pytest.raises(ValueError, match=message):
        l_bfgs(np.ones((5, 3)), transform_fn, 100)


def test_the_example_of_a_representation_prints_what_it_says():
    failed, tried = doctest.testmod(representations)
    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("memory", ""),
        ("outer_max_iter", ": it is max_iter here"),
        ("maxiter", ": it is max_iter here"),
        ("evaiter", ": it is eva_iter here"),
        ("history_size", ": it is maxcor here"),
        ("tolerance_grad", ": it is gtol here"),
        ("max_eval", ": it is maxfun here"),
    ],
)
def test_unknown_options_are_named(name, hint):
    message = rf"^l_bfgs\(\) got an unexpected keyword argument '{name}'{hint}$"
    with pytest.raises(TypeError, match=message):
        l_bfgs(NOISE[0, 0], SMALL, 128, **{name: 3})


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"maxcor": 0}, "maxcor=0 must be an integer of at least 1"),
        ({"maxls": 2.5}, "maxls=2.5 must be an integer"),
        ({"maxfun": 2**31}, "maxfun=2147483648 must be at most 2147483647"),
        ({"ftol": -1e-9}, "ftol=-1e-09 must be at least 0"),
        ({"gtol": np.nan}, "gtol=nan must be a finite number"),
    ],
)
def test_options_out_of_their_range_are_refused(option, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        l_bfgs(NOISE[0, 0], SMALL, 128, **option)


def test_help_shows_the_options():
    shown = inspect.signature(l_bfgs).parameters
    assert {"maxcor": 5, "maxls": 20, "ftol": 0, "gtol": 0}.items() <= {
        name: parameter.default for name, parameter in shown.items()
    }.items()
    assert "options" not in shown


def test_calls_of_the_representation_are_limited():
    _, history = l_bfgs(NOISE[0, 0], SMALL, 128, tol=0, rng=0, maxfun=4, return_history=True)
    assert 1 <= history.iterations[-1] <= 4


def test_values_too_small_for_a_gradient_are_refused():
    with pytest.raises(ValueError, match=r"^spec has a peak of 1e-300: divide"):
        l_bfgs(np.full((9, 5), 1e-300), StftMagnitude(SpectralTransform(16, 4)), 16)
