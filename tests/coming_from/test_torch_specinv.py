"""The examples of torch_specinv's document in NumPy, and what each of its names gives."""

import numpy as np
import pytest
from coming_from.documented import all_names, check_signature, importable
from coming_from.pages import check_names, check_places, code_in_page

from musisep.audio import inversion
from musisep.audio.inversion import StftMagnitude
from musisep.audio.mel import MelSpectrogramTransform
from musisep.audio.stft import SpectralTransform
from musisep.compat import torch_specinv
from musisep.compat.torch_specinv import (
    ADMM,
    L_BFGS,
    RTISI_LA,
    griffin_lim,
    methods,
    metrics,
    phase_init,
)
from musisep.compat.torch_specinv.metrics import SER, SNR, sc, ser, snr
from musisep.compat.torch_specinv.metrics import spectral_convergence as SC

DOCUMENTED = importable("torch_specinv")
SAMPLE_RATE = 8000
TIME_S = np.arange(SAMPLE_RATE) / SAMPLE_RATE
SIGNAL = np.sin(2 * np.pi * 440 * TIME_S * (1 + 0.1 * TIME_S)) * np.exp(-2 * TIME_S)
WINDOW = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(256) / 256)
HANN = SpectralTransform(256, 64, window=WINDOW)
MAGNITUDES = np.abs(HANN.stft(SIGNAL))
QUIET = {"verbose": False, "window": WINDOW}


def pairs(spectrum):
    return np.stack([spectrum.real, spectrum.imag], axis=-1)


# Names and page


def test_there_are_as_many_names_as_in_the_document():
    assert len(DOCUMENTED) == 12 and len(all_names("torch_specinv")) == 13


@pytest.mark.parametrize("name", DOCUMENTED)
def test_names_and_parameters_are_the_documented_ones(name):
    check_signature("torch_specinv", name, DOCUMENTED[name])


def test_names_are_those_of_the_methods():
    assert set(torch_specinv.__all__) == {*methods.__all__, "methods", "metrics"}
    assert torch_specinv.methods is methods and torch_specinv.metrics is metrics


@pytest.mark.parametrize("name", ["sc", "snr", "ser"])
def test_measures_are_of_all_values_together(name):
    target, found = np.random.default_rng(0).random((2, 2, 5, 7))
    expected = getattr(metrics, name)(found.reshape(10, 7), target.reshape(10, 7))
    for shape in ((2, 5, 7), (70,), (1, 10, 1, 7)):
        measured = getattr(metrics, name)(found.reshape(shape), target.reshape(shape))
        assert measured == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"input of shape=\(5,\) must have that of target, \(6,\)"):
        getattr(metrics, name)(np.ones(5), np.ones(6))


def test_every_documented_name_has_its_place():
    check_names("torch_specinv", all_names("torch_specinv"))
    check_places("torch_specinv")


def test_the_code_of_the_page_runs():
    (code,) = code_in_page("torch_specinv")
    found = {"y": SIGNAL}
    exec(code, found)
    assert found["yhat"].shape == (8000,) and found["reached"] < -20


# Examples


def test_a_signal_from_magnitudes():
    window_size = 256
    stft = SpectralTransform(window_size, window=WINDOW)
    mag = np.abs(stft.stft(SIGNAL))
    yhat = griffin_lim(mag, maxiter=100, alpha=0.3, window=WINDOW)
    mag_hat = np.abs(stft.stft(yhat))
    assert yhat.shape == (125 * 64,)
    assert SC(mag_hat, mag) < -20
    ours = inversion.griffin_lim(mag, 100, alpha=0.3, transform=stft)
    np.testing.assert_array_equal(yhat, ours)


def test_a_signal_from_mel_values():
    trsfn = MelSpectrogramTransform(
        sample_rate=SAMPLE_RATE, n_fft=256, hop_length=64, n_mels=60, norm="slaney",
        mel_scale="slaney", power=1.0, output_scale="log", log_mode="log1p", log_multiplier=1.0,
    )  # fmt: skip
    mag = trsfn(SIGNAL)
    np.testing.assert_allclose(mag, np.log1p(trsfn.filterbank.project(MAGNITUDES)))
    yhat = L_BFGS(mag, trsfn, len(SIGNAL), outer_max_iter=10, verbose=False)
    assert yhat.shape == SIGNAL.shape
    assert sc(trsfn(yhat), mag) < -20


# What else is documented


def test_results_are_those_of_the_core():
    given = {"transform": HANN, "verbose": False}
    pairs_of = (
        (griffin_lim(MAGNITUDES, 20, **QUIET), inversion.griffin_lim(MAGNITUDES, 20, **given)),
        (ADMM(MAGNITUDES, 20, **QUIET), inversion.admm(MAGNITUDES, 20, **given)),
        (
            RTISI_LA(MAGNITUDES, 1, True, 3, 0.5, **QUIET),
            inversion.rtisi_la(MAGNITUDES, 1, True, 3, 0.5, **given),
        ),
    )
    for found, wanted in pairs_of:
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("method", [griffin_lim, ADMM])
def test_pairs_of_reals_are_where_it_starts(method):
    spectrum = HANN.stft(SIGNAL)
    found = method(pairs(spectrum), 0, **QUIET)
    np.testing.assert_allclose(found, SIGNAL[: found.size], atol=1e-12)
    np.testing.assert_array_equal(method(spectrum, 0, **QUIET), found)
    started = method(phase_init(MAGNITUDES, window=WINDOW), 0, **QUIET)
    np.testing.assert_allclose(started, method(MAGNITUDES, 0, **QUIET), atol=1e-12)


def test_two_frames_of_magnitudes_are_no_pairs():
    few = np.ascontiguousarray(MAGNITUDES[:, :2])
    assert griffin_lim(few, 1, **QUIET).shape == (64,)
    assert phase_init(np.stack([few, few]), window=WINDOW).shape == (2, 129, 2, 2)


def test_phases_to_start_from_are_pairs_of_reals():
    found = phase_init(MAGNITUDES, window=WINDOW)
    assert found.shape == (129, 126, 2)
    np.testing.assert_allclose(np.hypot(*np.moveaxis(found, -1, 0)), MAGNITUDES)
    np.testing.assert_array_equal(found, pairs(inversion.phase_init(MAGNITUDES, transform=HANN)))


def test_the_window_is_a_rectangle_unless_given():
    rect = SpectralTransform(256, 64, window_fn="rect")
    spectrum = rect.stft(SIGNAL)
    found = griffin_lim(spectrum, 0, verbose=False)
    np.testing.assert_allclose(found, SIGNAL[: found.size], atol=1e-12)


@pytest.mark.parametrize(
    "theirs, ours",
    [
        ({"n_fft": 256, "hop_length": 32}, {"hop_length": 32}),
        ({"win_length": 200, "window": WINDOW[:200]}, {"win_length": 200, "window": WINDOW[:200]}),
        ({"center": False, "window": WINDOW + 0.1}, {"center": False, "window": WINDOW + 0.1}),
        ({"pad_mode": "constant"}, {"center_pad_mode": "constant"}),
        ({"normalized": True}, {"normalized": True}),
    ],
    ids=lambda options: next(iter(options)),
)
def test_parameters_of_torch_stft(theirs, ours):
    transform = SpectralTransform(256, **{"window_fn": "rect", **ours})
    spectrum = transform.stft(SIGNAL)
    found = griffin_lim(pairs(spectrum), 0, verbose=False, **theirs)
    np.testing.assert_allclose(found, SIGNAL[: found.size], atol=1e-10)
    found = griffin_lim(np.abs(spectrum), 3, verbose=False, **theirs)
    wanted = inversion.griffin_lim(np.abs(spectrum), 3, verbose=False, transform=transform)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("size", [256, 255])
def test_spectra_may_have_all_frequencies(size):
    transform = SpectralTransform(size, 64, window_fn="rect")
    half = transform.stft(SIGNAL)
    both = np.concatenate([half, half[(size - 1) // 2 : 0 : -1].conj()])
    assert len(both) == size
    options = {"verbose": False, "hop_length": 64, "onesided": False}
    found = griffin_lim(both, 0, **options)
    np.testing.assert_allclose(found, SIGNAL[: found.size], atol=1e-12)
    start = phase_init(np.abs(both), hop_length=64, onesided=False)
    assert start.shape == (*both.shape, 2)
    spectra = start[..., 0] + 1j * start[..., 1]
    one = slice(1, (size + 1) // 2)  # what has another one at the negative frequency
    np.testing.assert_array_equal(spectra[one], spectra[::-1][: one.stop - 1].conj())


def test_names_of_the_released_version_will_do():
    for method in (griffin_lim, ADMM):
        found = method(MAGNITUDES, maxiter=6, evaiter=3, **QUIET)
        np.testing.assert_array_equal(found, method(MAGNITUDES, max_iter=6, eva_iter=3, **QUIET))
    found = RTISI_LA(MAGNITUDES, maxiter=2, **QUIET)
    np.testing.assert_array_equal(found, RTISI_LA(MAGNITUDES, max_iter=2, **QUIET))
    with pytest.raises(TypeError, match="maxiter and max_iter"):
        griffin_lim(MAGNITUDES, maxiter=6, max_iter=6)


def test_steps_of_the_optimizer_have_iterations():
    measure = StftMagnitude(HANN)
    wanted, start = measure(SIGNAL), 0.1 * np.random.default_rng(0).standard_normal(SIGNAL.size)
    options = {"tol": 0, "verbose": False, "eva_iter": 1}
    found = L_BFGS(wanted, measure, init_x0=start, maxiter=2, max_iter=3, **options)
    ours = inversion.l_bfgs(wanted, measure, init_x0=start, max_iter=6, tol=0, verbose=False)
    np.testing.assert_array_equal(found, ours)
    few = L_BFGS(wanted, measure, None, start, 2, max_iter=3, history_size=1, **options)
    assert not np.array_equal(few, found)
    with pytest.raises(TypeError, match="no option 'lr'"):
        L_BFGS(wanted, measure, init_x0=start, lr=0.1)


def test_unknown_parameters_are_named():
    for method in (griffin_lim, ADMM, RTISI_LA, phase_init):
        with pytest.raises(
            TypeError, match=rf"{method.__name__}\(\) got 'pad_mod', and knows n_fft"
        ):
            method(MAGNITUDES, pad_mod="reflect")
    with pytest.raises(ValueError, match=r"spec of shape=\(129,\)"):
        griffin_lim(MAGNITUDES[:, 0])


def test_measures():
    rng = np.random.default_rng(0)
    found, wanted = np.abs(rng.standard_normal((2, 20, 30)))
    norm = np.linalg.norm
    expected = 20 * np.log10(norm(found - wanted) / norm(wanted))
    assert isinstance(sc(found, wanted), float)
    assert sc(found, wanted) == SC(found, wanted) == pytest.approx(expected)
    difference = found / norm(found) - wanted / norm(wanted)
    assert (
        snr(found, wanted) == SNR(found, wanted) == pytest.approx(-20 * np.log10(norm(difference)))
    )
    expected = 20 * np.log10(norm(found) / norm(found - wanted))
    assert ser(found, wanted) == SER(found, wanted) == pytest.approx(expected)


def test_two_sided_spectrograms_have_all_frequencies():
    with pytest.raises(ValueError, match=r"spec of shape=\(64, 5\) must have 65 frequencies"):
        griffin_lim(np.ones((64, 5)), 2, n_fft=65, onesided=False)
