import numpy as np
import pytest
import scipy.fft

from musisep import metrics
from musisep.audio.inversion import misi
from musisep.audio.inversion.joint import add_up, misi_steps
from musisep.audio.stft import SpectralTransform

TRANSFORM = SpectralTransform(256, 64)
TIMES = np.arange(2400) / 8000
GLIDE = sum(np.sin(440 * k * np.pi * (TIMES + 0.6 * TIMES**3)) / k for k in range(1, 9))
STEADY = sum(np.sin(634 * k * np.pi * TIMES + k) / k for k in range(1, 6))
TRUE = np.stack([GLIDE * np.hanning(2400), STEADY * np.linspace(1, 0.2, 2400)])
MIXTURE = TRUE.sum(0)
WANTED = np.abs(TRANSFORM.stft(TRUE))
OPTIONS = {"transform": TRANSFORM}


@pytest.mark.parametrize("max_iter", [0, 1, 10])
@pytest.mark.parametrize("init", [None, "random", "single-pass"])
def test_signals_add_up_to_the_mixture(max_iter, init):
    mixture = MIXTURE + np.random.default_rng(0).standard_normal(2400)
    found = misi(WANTED, mixture, max_iter, init=init, rng=0, **OPTIONS)
    assert found.shape == TRUE.shape
    np.testing.assert_allclose(found.sum(0), mixture, atol=1e-12)


def test_true_phases_stay():
    found = misi(WANTED, MIXTURE, 10, 0, init=TRANSFORM.stft(TRUE), **OPTIONS)
    np.testing.assert_allclose(found, TRUE, atol=1e-12)


def test_improves_on_the_phases_of_the_mixture():
    phasors = np.exp(1j * np.angle(TRANSFORM.stft(MIXTURE)))
    masked = TRANSFORM.istft(WANTED * phasors, 2400)
    before, start, after = (
        metrics.si_sdr(TRUE, signals)
        for signals in (masked, *(misi(WANTED, MIXTURE, n, **OPTIONS) for n in (0, 20)))
    )
    assert (start > before).all()
    assert (after > before + 40).all()


def test_an_iteration_is_its_definition():
    signals = misi(WANTED, MIXTURE, 0, **OPTIONS)
    spectra = WANTED * np.exp(1j * np.angle(TRANSFORM.stft(signals)))
    expected = TRANSFORM.istft(spectra, 2400)
    expected += (MIXTURE - expected.sum(0)) / 2
    np.testing.assert_allclose(misi(WANTED, MIXTURE, 1, **OPTIONS), expected, atol=1e-10)


@pytest.mark.parametrize("extra", [0, 1])
def test_steps_are_those_of_misi(extra):
    expected = misi(WANTED, MIXTURE, 4, 0, **OPTIONS)
    signals = np.stack([*[MIXTURE] * extra, *misi(WANTED, MIXTURE, 0, **OPTIONS)])
    shapes, reports = set(), []

    def magnitudes_of(frames, spectra):
        shapes.add(len(spectra))
        return WANTED.swapaxes(1, 2)[:, frames]

    found = misi_steps(signals, MIXTURE, TRANSFORM, magnitudes_of, 4, reports.append, extra=extra)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.shares_memory(found, signals)
    assert (shapes, reports) == ({2 + extra}, [1, 2, 3, 4])


def test_magnitudes_that_follow_from_the_mixture():
    shares = np.stack([np.linspace(0, 1, 129), np.linspace(1, 0, 129)])

    def magnitudes_of(frames, spectra):
        return np.abs(spectra[0]) * shares[:, None]

    expected = add_up(TRUE[::-1].copy(), MIXTURE)
    signals = np.concatenate([[MIXTURE], expected])
    found = misi_steps(signals, MIXTURE, TRANSFORM, magnitudes_of, 3, extra=1)
    for _ in range(3):
        phasors = np.exp(1j * np.angle(TRANSFORM.stft(expected)))
        spectra = np.abs(TRANSFORM.stft(MIXTURE)) * shares[..., None] * phasors
        expected = add_up(TRANSFORM.istft(spectra, 2400), MIXTURE)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    np.testing.assert_array_equal(signals[0], MIXTURE)


def test_the_phases_of_the_spectra_do_not_matter():
    spectra = WANTED * np.exp(1j * np.random.default_rng(1).random(WANTED.shape))
    found, expected = (misi(spec, MIXTURE, 3, **OPTIONS) for spec in (spectra, WANTED))
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_channels_and_precision(kind):
    wanted = np.stack([WANTED, WANTED[::-1]], 1).astype(kind)  # [instrument, channel, ...]
    mixture = np.stack([MIXTURE, MIXTURE])
    found = misi(wanted, mixture, 5, 0, **OPTIONS)
    assert found.dtype == kind and found.shape == (2, 2, 2400)
    tolerance = 1e-11 if kind == np.float64 else 1e-3
    for channel in range(2):
        alone = misi(wanted[:, channel], MIXTURE, 5, 0, **OPTIONS)
        np.testing.assert_allclose(found[:, channel], alone, atol=tolerance)


def test_threads_do_not_matter(monkeypatch):
    monkeypatch.setattr("musisep.audio.blocks.CACHE_POINTS", 2048)
    found = misi(WANTED, MIXTURE, 3, **OPTIONS)
    for workers in (2, 3):
        with scipy.fft.set_workers(workers):
            np.testing.assert_array_equal(misi(WANTED, MIXTURE, 3, **OPTIONS), found)


@pytest.mark.parametrize("metric", ["sc", "snr", "ser"])
def test_history_measures_all_signals_together(metric):
    options = {"metric": metric, "return_history": True, **OPTIONS}
    found, history = misi(WANTED, MIXTURE, 7, 0, eva_iter=3, **options)
    assert history.iterations.tolist() == [0, 3, 6, 7]
    assert history.values.shape == (4,)
    measure = {"sc": metrics.spectral_convergence, "snr": metrics.snr, "ser": metrics.ser}[metric]
    pairs = np.concatenate(WANTED), np.concatenate(np.abs(TRANSFORM.stft(found)))
    np.testing.assert_allclose(history.values[-1], measure(*pairs))
    _, history = misi(WANTED, MIXTURE, 1000, 0.01, eva_iter=2, **options)
    assert 2 <= history.iterations[-1] < 100


def test_progress_rises_to_the_total(capfd):
    calls = []
    misi(WANTED, MIXTURE, 4, 0, progress=lambda *call: calls.append(call), **OPTIONS)
    assert calls == [("MISI", done, 4) for done in range(5)]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("kind", "factor"), [(np.float64, 1e300), (np.float32, 1e37), (np.float64, 1e-300)]
)
def test_levels_do_not_matter(kind, factor):
    wanted, mixture = WANTED.astype(kind) / 64, MIXTURE.astype(kind) / 64
    found = misi(kind(factor) * wanted, kind(factor) * mixture, 3, **OPTIONS) / kind(factor)
    expected = misi(wanted, mixture, 3, **OPTIONS)
    np.testing.assert_allclose(found, expected, atol=2e3 * np.finfo(kind).eps)


def test_silence_of_signals_or_of_the_mixture():
    found, history = misi(0 * WANTED, 0 * MIXTURE, 3, return_history=True, **OPTIONS)
    np.testing.assert_array_equal(found, 0)
    assert np.isnan(history.values).all()
    np.testing.assert_allclose(misi(0 * WANTED, MIXTURE, 3, **OPTIONS), [MIXTURE / 2] * 2)
    found = misi(WANTED, 0 * MIXTURE, 3, **OPTIONS)
    np.testing.assert_allclose(found[0], -found[1], atol=1e-12)
    one = misi(WANTED[:1], MIXTURE, 3, **OPTIONS)  # a single one is the mixture
    np.testing.assert_allclose(one, MIXTURE[None], atol=1e-12)


def test_inputs_stay():
    wanted, mixture = WANTED.copy(), MIXTURE.copy()
    misi(wanted, mixture, 2, **OPTIONS)
    np.testing.assert_array_equal(wanted, WANTED)
    np.testing.assert_array_equal(mixture, MIXTURE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spec": WANTED[0]}, r"spec of shape=\(129, 38\) must be \[instrument, \.\.\., freq"),
        ({"mixture": TRUE}, r"spec of shape=\(2, 129, 38\) must be .*mixture, \(2,\)"),
        ({"mixture": MIXTURE[:2300]}, "frames=38, but a signal of length=2300 has 36"),
        ({"mixture": MIXTURE * np.nan}, "mixture must be finite"),
        ({"mixture": MIXTURE * 1j}, "mixture of dtype=complex128 must hold real numbers"),
        ({"spec": -WANTED}, r"spec\[\(0, 0, 0\)\]=.* must be finite and not negative"),
        ({"spec": WANTED[:0]}, "none of the axes empty"),
        ({"spec": WANTED[:, :-1]}, r"shape=\(2, 128, 38\) .* have 129 frequencies"),
        ({"init": "mixture"}, "init='mixture' must be one of"),
        ({"n_fft": 256}, "transform and n_fft must not both be given"),
        ({"max_iter": -1}, "max_iter=-1 must be"),
        ({"tol": -1}, "tol=-1 must be at least 0"),
    ],
)
def test_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        misi(**{"spec": WANTED, "mixture": MIXTURE, **OPTIONS, **change})


def test_refuses_hops_longer_than_the_window():
    transform = SpectralTransform(64, 65)
    wanted = np.abs(transform.stft(TRUE))
    with pytest.raises(ValueError, match="lies under no window: decrease hop_length=65"):
        misi(wanted, MIXTURE, 2, transform=transform)
