import numpy as np
import pytest
import scipy.fft
from peers import librosa

from musisep import metrics
from musisep.audio.inversion import admm, griffin_lim
from musisep.audio.stft import SpectralTransform
from musisep.metrics import spectral_convergence

TRANSFORM = SpectralTransform(256, 64)
TIMES = np.arange(2400) / 8000
SIGNAL = sum(np.sin(440 * k * np.pi * (TIMES + 0.6 * TIMES**3)) / k for k in range(1, 9))
SIGNAL *= np.hanning(2400)
SPECTRUM = TRANSFORM.stft(SIGNAL)
WANTED = np.abs(SPECTRUM)
OPTIONS = {"transform": TRANSFORM, "length": 2400}
NOISE = np.random.default_rng(0).random((2, 3, 33, 9))
EACH = pytest.mark.parametrize("algorithm", [griffin_lim, admm])
KINDS = pytest.mark.parametrize("kind", [np.float32, np.float64])


def convergence(signal):
    return spectral_convergence(WANTED, np.abs(TRANSFORM.stft(signal)))


@pytest.mark.parametrize("padding", ["constant", "reflect"])
def test_the_original_algorithm_never_gets_worse(padding):
    # Frames reach beyond the ends, so that only with silence there it is a projection.
    transform = SpectralTransform(64, 20, center_pad_mode=padding)
    wanted = np.random.default_rng(1).random((33, 12))
    halves = np.r_[1, np.full(31, 2), 1]  # the frequencies that stand for two
    errors = []
    for n in range(15):
        found = griffin_lim(wanted, n, 0, 0, init="random", rng=2, transform=transform)
        errors.append(halves @ (np.abs(transform.stft(found)) - wanted) ** 2 @ np.ones(12))
    assert errors[-1] < 0.8 * errors[0]
    if padding == "constant":
        assert (np.diff(errors) < 0).all()


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("init", ["zero", "random"])
def test_griffin_lim_equals_librosa(alpha, init):
    found = griffin_lim(
        WANTED, 20, 0, alpha, init=init, rng=np.random.default_rng(3), transform=TRANSFORM
    )
    expected = librosa.griffinlim(
        WANTED,
        n_iter=20,
        hop_length=64,
        momentum=alpha,
        init=None if init == "zero" else init,
        random_state=np.random.default_rng(3),
        pad_mode="reflect",
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8 * np.abs(expected).max())


def test_multipliers_of_weight_1_are_griffin_lim():
    options = {"init": "random", "rng": 4, "transform": TRANSFORM, "eva_iter": 4}
    found, history = admm(WANTED, 12, 0, 1, return_history=True, **options)
    expected, same = griffin_lim(WANTED, 13, 0, 0, return_history=True, **options)
    np.testing.assert_allclose(found, expected, atol=1e-11)  # with the plain step at the end
    np.testing.assert_array_equal(history.iterations, [0, 4, 8, 12])
    np.testing.assert_allclose(history.values[[0, 1, 2, 3]], same.values[[0, 1, 2, 4]], atol=1e-9)


@pytest.mark.parametrize("rho", [0.0, 0.1])
def test_multipliers_are_their_definition(rho):
    state = WANTED * np.exp(2j * np.pi * np.random.default_rng(5).random(WANTED.shape))
    start = state.copy()
    for _ in range(4):
        consistent = TRANSFORM.stft(TRANSFORM.istft(state, 2400))
        near = (rho * state + consistent) / (1 + rho)
        target = 2 * near - state
        state = state - near + WANTED * np.exp(1j * np.angle(target))
    consistent = TRANSFORM.stft(TRANSFORM.istft(state, 2400))
    state = WANTED * np.exp(1j * np.angle(consistent))
    found = admm(WANTED, 4, 0, rho, init=start, **OPTIONS)
    np.testing.assert_allclose(found, TRANSFORM.istft(state, 2400), atol=1e-9)


@EACH
@pytest.mark.parametrize("init", [None, SPECTRUM])
def test_true_phases_stay(algorithm, init):
    spec = SPECTRUM if init is None else WANTED
    found = algorithm(spec, 20, 0, init=init, **OPTIONS)
    np.testing.assert_allclose(found, SIGNAL, atol=1e-11)


@pytest.mark.parametrize(
    ("algorithm", "options", "limit"),
    [
        (griffin_lim, {"alpha": 0}, -25),
        (griffin_lim, {}, -29),
        (griffin_lim, {"init": "pghi"}, -47),
        (admm, {}, -48),
        (admm, {"init": "zero"}, -42),
    ],
)
def test_finds_a_harmonic_signal(algorithm, options, limit):
    found = algorithm(WANTED, 60, **options, rng=0, **OPTIONS)
    assert found.shape == (2400,)
    assert convergence(found) < limit


def test_parameters_of_a_transform_stand_for_it():
    wanted = np.abs(SpectralTransform(64, 16, window_fn="hamming", center=False).stft(SIGNAL[:400]))
    found = griffin_lim(wanted, 3, hop_length=16, window_fn="hamming", center=False)
    assert found.shape == (400,)
    transform = SpectralTransform(64, 16, window_fn="hamming", center=False)
    np.testing.assert_array_equal(found, griffin_lim(wanted, 3, transform=transform))


@EACH
@KINDS
def test_batches_threads_and_precision(algorithm, kind):
    wanted = NOISE.astype(kind)
    wanted[1] *= 1000
    wanted[0, 1] = 0
    found = algorithm(wanted, 5, 0)
    assert found.dtype == kind and found.shape == (2, 3, 128)
    for index in np.ndindex(2, 3):
        np.testing.assert_array_equal(found[index], algorithm(wanted[index], 5, 0))
    spectra = wanted.astype(np.result_type(kind, np.complex64))
    assert algorithm(spectra, 1).dtype == kind


@EACH
def test_threads_do_not_matter(algorithm, monkeypatch):
    monkeypatch.setattr("musisep.audio.blocks.CACHE_POINTS", 512)
    wanted = np.random.default_rng(0).random((33, 200))
    found, history = algorithm(wanted, 4, return_history=True)
    for workers in (2, 3):
        with scipy.fft.set_workers(workers):
            again, same = algorithm(wanted, 4, return_history=True)
        np.testing.assert_array_equal(again, found)
        np.testing.assert_array_equal(same.values, history.values)


@EACH
def test_inputs_stay(algorithm):
    spectrum = SPECTRUM.copy()
    algorithm(spectrum, 2, init=spectrum, **OPTIONS)
    np.testing.assert_array_equal(spectrum, SPECTRUM)


@EACH
def test_no_iterations_leave_the_start(algorithm):
    found, history = algorithm(WANTED, 0, init="zero", return_history=True, **OPTIONS)
    np.testing.assert_allclose(found, TRANSFORM.istft(WANTED, 2400), atol=1e-12)
    assert history.iterations.tolist() == [0]
    assert history.values == pytest.approx([convergence(found)])


@EACH
def test_measures_at_the_start_now_and_then_and_at_the_end(algorithm):
    def iterations(max_iter, eva_iter):
        _, history = algorithm(
            WANTED, max_iter, 0, eva_iter=eva_iter, return_history=True, **OPTIONS
        )
        return history.iterations.tolist()

    assert iterations(10, 4) == [0, 4, 8, 10]
    assert iterations(8, 4) == [0, 4, 8]
    assert iterations(3, 10) == [0, 3]


@EACH
def test_a_small_gain_ends_it(algorithm):
    options = {"eva_iter": 5, "return_history": True, **OPTIONS}
    found, history = algorithm(WANTED, 1000, 0.01, **options)
    last = history.iterations[-1]
    assert 5 <= last < 1000 and last % 5 == 0
    np.testing.assert_array_equal(found, algorithm(WANTED, int(last), 0, **options)[0])
    errors = 10 ** (history.values / 10)  # squared
    gains = -np.diff(errors) / errors[0]
    assert (gains[:-1] >= 0.01).all() or (gains[:-1] < 0).any()
    assert 0 <= gains[-1] < 0.01


@EACH
@pytest.mark.parametrize("metric", ["sc", "snr", "ser"])
def test_history_agrees_with_the_metrics(algorithm, metric):
    measure = {"sc": metrics.spectral_convergence, "snr": metrics.snr, "ser": metrics.ser}[metric]
    for n in (4, 7):
        found, history = algorithm(
            100 * WANTED, n, 0, eva_iter=4, metric=metric, return_history=True, **OPTIONS
        )
        expected = measure(100 * WANTED, np.abs(TRANSFORM.stft(found)))
        np.testing.assert_allclose(history.values[history.iterations.tolist().index(n)], expected)


@EACH
def test_histories_of_a_batch_end_where_they_end(algorithm):
    noise = np.random.default_rng(0).random(WANTED.shape)
    batch, options = np.stack([noise, WANTED, 0 * WANTED]), {"eva_iter": 2, **OPTIONS}
    found, history = algorithm(batch, 8, 0.1, return_history=True, **options)
    assert history.iterations.tolist() == [0, 2, 4, 6, 8]
    assert history.values.shape == (3, 5)
    alone, own = algorithm(noise, 8, 0.1, return_history=True, **options)
    assert 2 <= own.values.size < 5
    np.testing.assert_array_equal(found[0], alone)
    np.testing.assert_array_equal(history.values[0, : own.values.size], own.values)
    assert np.isnan(history.values[0, own.values.size :]).all()
    assert np.isfinite(history.values[1]).all()
    assert np.isnan(history.values[2]).all()


@EACH
def test_progress_rises_to_the_total(algorithm, capfd):
    calls = []
    name = {griffin_lim: "Griffin-Lim", admm: "ADMM"}[algorithm]
    algorithm(NOISE[0, :2], 5, 0, progress=lambda *call: calls.append(call))
    done = [call[1] for call in calls]
    assert {(stage, total) for stage, _, total in calls} == {(name, 10)}
    assert done == sorted(done) and done[0] == 0 and set(done) == set(range(11))
    assert capfd.readouterr() == ("", "")


@EACH
@KINDS
def test_silence(algorithm, kind):
    found, history = algorithm(np.zeros((33, 5), kind), 5, return_history=True)
    np.testing.assert_array_equal(found, np.zeros(64, kind))
    assert found.dtype == kind
    assert history.iterations.tolist() == [0] and np.isnan(history.values).all()


@EACH
@pytest.mark.parametrize(
    ("kind", "factor"), [(np.float64, 1e300), (np.float32, 1e37), (np.float64, 1e-300)]
)
def test_levels_do_not_matter(algorithm, kind, factor):
    wanted = NOISE[0, 0].astype(kind)
    found = algorithm(kind(factor) * wanted, 10) / kind(factor)
    np.testing.assert_allclose(found, algorithm(wanted, 10), atol=2e3 * np.finfo(kind).eps)


@EACH
def test_magnitudes_that_no_signal_has(algorithm):
    for wanted in (NOISE, np.eye(33, 9), (9 * NOISE).astype(int), NOISE > 0.5):
        found = algorithm(wanted, 10)
        assert found.dtype == np.float64 and np.isfinite(found).all() and found.any()


@EACH
def test_a_single_frame(algorithm):
    wanted = np.ones((33, 1))
    with pytest.raises(ValueError, match="length=None must be given for frames=1"):
        algorithm(wanted, 2)
    for length in (1, 7, 15):
        found = algorithm(wanted, 2, length=length)
        assert found.shape == (length,) and np.isfinite(found).all()
    with pytest.raises(ValueError, match="frames=1, but a signal of length=16 has 2"):
        algorithm(wanted, 2, length=16)
    found = algorithm(wanted, 2, window_fn="hamming", center=False)
    assert found.shape == (64,) and np.isfinite(found).all()


def spoilt(value):
    spec = np.ones((2, 33, 5), np.result_type(type(value), np.float64))
    spec[1, 3, 2] = value
    return spec


@EACH
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (spoilt(np.nan), r"spec\[\(1, 3, 2\)\]=nan must be finite and not negative"),
        (spoilt(np.inf), r"spec\[\(1, 3, 2\)\]=inf must be finite"),
        (spoilt(-1.0), r"spec\[\(1, 3, 2\)\]=-1.0 must be finite and not negative"),
        (spoilt(complex(0, np.nan)), r"spec\[\(1, 3, 2\)\]=.*nanj\)? must be finite"),
        (np.ones((33, 0)), r"spec of shape=\(33, 0\) .* none of the axes empty"),
        (np.ones((0, 33, 5)), r"spec of shape=\(0, 33, 5\) .* none of the axes empty"),
        (np.ones(33), r"spec of shape=\(33,\) and dtype=float64 must be numbers"),
        (np.full((33, 5), "a"), "spec of .*dtype=<U1 must be numbers"),
        (np.ones((32, 5)), r"shape=\(32, 5\) .* have 33 frequencies"),
    ],
)
def test_refuses_magnitudes(algorithm, spec, message):
    with pytest.raises(ValueError, match=message):
        algorithm(spec, 2, n_fft=64)


@EACH
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_iter": -1}, "max_iter=-1 must be an integer of at least 0"),
        ({"max_iter": 2.0}, "max_iter=2.0 must be an integer"),
        ({"eva_iter": 0}, "eva_iter=0 must be an integer of at least 1"),
        ({"tol": -1e-9}, "tol=-1e-09 must be at least 0"),
        ({"tol": np.nan}, "tol=nan must be a finite number"),
        ({"metric": "SC"}, "metric='SC' must be one of"),
        ({"return_history": 1}, "return_history=1 must be True or False"),
        ({"length": 0}, "length=0 must be an integer of at least 1"),
        ({"length": 63}, "spec has frames=5, but a signal of length=63 has 4"),
        ({"length": 80}, "spec has frames=5, but a signal of length=80 has 6"),
        ({"transform": SpectralTransform(64, 16), "n_fft": 64}, "transform and n_fft must not"),
        ({"transform": SpectralTransform(66, 16)}, "have 34 frequencies"),
        ({"window_fn": "hat"}, "window_fn='hat'"),
        ({"hop_length": 65, "length": 300}, "lies under no window: decrease hop_length=65"),
        ({"center": False}, "sample 0 of length=128 lies under no window"),
    ],
)
def test_refuses_options(algorithm, options, message):
    with pytest.raises(ValueError, match=message):
        algorithm(np.ones((33, 5)), **options)


def test_refuses_weights():
    for alpha, message in ((-0.1, "at least 0"), (np.inf, "a finite number"), ("1", "a finite")):
        with pytest.raises(ValueError, match=f"alpha={alpha!r} must be {message}"):
            griffin_lim(WANTED, alpha=alpha)
        with pytest.raises(ValueError, match=f"rho={alpha!r} must be {message}"):
            admm(WANTED, rho=alpha)
    with pytest.raises(TypeError, match="fft_length"):
        admm(WANTED, fft_length=256)
