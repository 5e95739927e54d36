import numpy as np
import pytest
import scipy.fft

from musisep.audio.inversion import rtisi_la
from musisep.audio.stft import SpectralTransform
from musisep.metrics import spectral_convergence

TRANSFORM = SpectralTransform(256, 64)
TIMES = np.arange(2400) / 8000
SIGNAL = sum(np.sin(440 * k * np.pi * (TIMES + 0.6 * TIMES**3)) / k for k in range(1, 9))
SIGNAL *= np.hanning(2400)
WANTED = np.abs(TRANSFORM.stft(SIGNAL))
OPTIONS = {"transform": TRANSFORM, "length": 2400}


def convergence(signal):
    return spectral_convergence(WANTED, np.abs(TRANSFORM.stft(signal)))


@pytest.mark.parametrize(
    ("look_ahead", "asymmetric", "limit"),
    [(0, False, -27), (0, True, -34), (-1, False, -44), (-1, True, -48), (99, False, -30)],
)
def test_finds_a_harmonic_signal(look_ahead, asymmetric, limit):
    found = rtisi_la(WANTED, look_ahead, asymmetric, 8, **OPTIONS)
    assert found.shape == (2400,)
    assert convergence(found) < limit


@pytest.mark.parametrize(("padding", "limit"), [("reflect", -22), ("constant", -36)])
@pytest.mark.parametrize("length", [2400, 2432, 2463])
def test_signals_that_sound_to_their_ends_are_found_there(padding, limit, length):
    transform = SpectralTransform(256, 64, center_pad_mode=padding)
    signal = sum(np.sin(0.3 * k * np.arange(1, length + 1)) / k for k in range(1, 5))
    wanted = np.abs(transform.stft(signal))
    found = rtisi_la(wanted, max_iter=25, transform=transform, length=length)
    assert spectral_convergence(wanted, np.abs(transform.stft(found))) < limit


def test_looks_by_default_at_all_frames_that_overlap():
    for n_fft, hop, frames in ((256, 64, 3), (256, 100, 2), (250, 50, 4)):
        wanted = np.abs(SpectralTransform(n_fft, hop).stft(SIGNAL))
        options = {"max_iter": 2, "n_fft": n_fft, "hop_length": hop}
        found = rtisi_la(wanted, **options)
        np.testing.assert_array_equal(found, rtisi_la(wanted, frames, **options))
        assert np.abs(found - rtisi_la(wanted, frames - 1, **options)).max() > 1e-6
    narrow = {"transform": SpectralTransform(256, 64, 129), "length": 2400, "max_iter": 2}
    np.testing.assert_array_equal(rtisi_la(WANTED, **narrow), rtisi_la(WANTED, 2, **narrow))


def test_looking_beyond_the_end_is_looking_to_the_end():
    frames = WANTED.shape[1]
    found = rtisi_la(WANTED, frames - 1, max_iter=2, **OPTIONS)
    for more in (frames, 3 * frames):
        np.testing.assert_allclose(rtisi_la(WANTED, more, max_iter=2, **OPTIONS), found, atol=1e-9)


@pytest.mark.parametrize("look_ahead", [0, 1, -1, 5])
@pytest.mark.parametrize("asymmetric", [False, True])
def test_samples_depend_on_no_frames_after_those_that_are_looked_at(look_ahead, asymmetric):
    later = WANTED.copy()
    later[:, 20:] *= np.random.default_rng(0).random(later[:, 20:].shape)
    assert later.max() == WANTED.max()  # else rounding differs
    first, second = (
        rtisi_la(spec, look_ahead, asymmetric, 3, **OPTIONS) for spec in (WANTED, later)
    )
    frame = 20 - (3 if look_ahead < 0 else look_ahead)  # the first one that may differ
    same = frame * 64 - 128
    np.testing.assert_array_equal(first[:same], second[:same])
    assert (first[same : same + 64] != second[same : same + 64]).sum() > 60


@pytest.mark.parametrize("look_ahead", [0, 2, -1])
@pytest.mark.parametrize("alpha", [0.0, 0.99])
def test_true_phases_stay(look_ahead, alpha):
    transform = SpectralTransform(256, 64, window_fn="hamming")
    spectrum = transform.stft(SIGNAL)
    for spec, init in ((spectrum, None), (np.abs(spectrum), spectrum)):
        found = rtisi_la(
            spec, look_ahead, max_iter=5, alpha=alpha, init=init, transform=transform, length=2400
        )
        np.testing.assert_allclose(found, SIGNAL, atol=1e-7)


def test_no_iterations_leave_the_start():
    spectrum = TRANSFORM.stft(SIGNAL)
    np.testing.assert_allclose(rtisi_la(spectrum, max_iter=0, **OPTIONS), SIGNAL, atol=1e-12)
    zero = TRANSFORM.istft(WANTED, 2400)
    found = rtisi_la(WANTED, max_iter=0, init="zero", **OPTIONS)
    np.testing.assert_allclose(found, zero, atol=1e-12)
    assert convergence(rtisi_la(WANTED, max_iter=0, **OPTIONS)) < convergence(zero) - 5


def test_iterations_help():
    levels = [convergence(rtisi_la(WANTED, max_iter=n, **OPTIONS)) for n in (0, 2, 8)]
    assert levels[0] > levels[1] + 3 > levels[2] + 6


def test_an_asymmetric_window_is_of_no_effect_with_phases():
    options = {"max_iter": 2, "init": "zero", **OPTIONS}
    found = rtisi_la(WANTED, asymmetric_window=True, **options)
    np.testing.assert_array_equal(found, rtisi_la(WANTED, **options))


@pytest.mark.parametrize("init", [None, "single-pass"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_batches_threads_and_precision(init, kind):
    wanted = np.random.default_rng(0).random((2, 3, 33, 7)).astype(kind)
    wanted[1] *= 1000
    found = rtisi_la(wanted, max_iter=3, init=init)
    assert found.dtype == kind and found.shape == (2, 3, 96)
    for index in np.ndindex(2, 3):
        np.testing.assert_array_equal(found[index], rtisi_la(wanted[index], max_iter=3, init=init))
    with scipy.fft.set_workers(2):
        np.testing.assert_array_equal(rtisi_la(wanted, max_iter=3, init=init), found)


def test_progress_counts_frames(capfd):
    calls = []
    wanted = np.ones((2, 33, 5))
    rtisi_la(wanted, max_iter=1, progress=lambda *call: calls.append(call))
    assert calls == [("RTISI-LA", done, 10) for done in range(1, 11)]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("kind", "factor"), [(np.float64, 1e300), (np.float32, 1e37)])
def test_huge_magnitudes(kind, factor):
    wanted = np.random.default_rng(0).random((33, 9)).astype(kind)
    found = rtisi_la(kind(factor) * wanted, max_iter=5) / kind(factor)
    np.testing.assert_allclose(found, rtisi_la(wanted, max_iter=5), atol=500 * np.finfo(kind).eps)


def test_silence_and_a_single_frame():
    np.testing.assert_array_equal(rtisi_la(np.zeros((33, 5)), max_iter=2), np.zeros(64))
    for length in (1, 15):
        found = rtisi_la(np.ones((33, 1)), max_iter=3, length=length)
        assert found.shape == (length,) and np.isfinite(found).all()
    silent = WANTED.copy()
    silent[:, 10:20] = 0  # and then sound again, which has no phases to go on from
    found = rtisi_la(silent, max_iter=5, **OPTIONS)
    np.testing.assert_array_equal(found[11 * 64 + 128 : 18 * 64 - 128], 0)
    assert spectral_convergence(silent, np.abs(TRANSFORM.stft(found))) < -12


@pytest.mark.parametrize("hop_length", [64, 100])
def test_a_single_frame_may_be_shorter_than_a_hop(hop_length):
    options = {"hop_length": hop_length, "length": 20}
    assert np.isfinite(rtisi_la(np.ones((33, 1)), max_iter=3, **options)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"look_ahead": -2}, "look_ahead=-2 must be an integer of at least -1"),
        ({"look_ahead": 1.0}, "look_ahead=1.0 must be an integer"),
        ({"asymmetric_window": 1}, "asymmetric_window=1 must be True or False"),
        ({"max_iter": -1}, "max_iter=-1 must be an integer of at least 0"),
        ({"alpha": -0.1}, "alpha=-0.1 must be at least 0"),
        ({"alpha": np.inf}, "alpha=inf must be a finite number"),
        ({"init": "loud"}, "init='loud' must be one of"),
        ({"length": 80}, "spec has frames=5, but a signal of length=80 has 6"),
        ({"n_fft": 66}, r"shape=\(33, 5\) .* have 34 frequencies"),
        ({"hop_length": 65, "length": 300}, "lies under no window"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        rtisi_la(np.ones((33, 5)), **options)
