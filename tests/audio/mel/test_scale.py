import numpy as np
import pytest
from peers import librosa

from musisep.audio.mel.scale import mel_filterbank, melscale_fbanks


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
@pytest.mark.parametrize("norm", [None, "slaney"])
@pytest.mark.parametrize("sample_rate", [22050, 44101])
def test_equals_librosa(mel_scale, norm, sample_rate):
    ours = melscale_fbanks(1025, 40.0, 9000.0, 60, sample_rate, norm=norm, mel_scale=mel_scale)
    theirs = librosa.filters.mel(
        sr=sample_rate,
        n_fft=2048,
        n_mels=60,
        fmin=40.0,
        fmax=9000.0,
        htk=mel_scale == "htk",
        norm=norm,
        dtype=np.float64,
    )
    assert ours.shape == (1025, 60)
    np.testing.assert_allclose(ours, theirs.T, atol=1e-10)


def test_corners_are_evenly_spaced_in_mel():
    weights = melscale_fbanks(513, 0.0, 8000.0, 20, 16000)
    mels = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 22)
    corners = 700 * (10 ** (mels / 2595) - 1)
    bins = np.linspace(0, 8000, 513)
    triangles = [np.interp(bins, corners[m : m + 3], [0, 1, 0]) for m in range(20)]
    np.testing.assert_allclose(weights.T, triangles, atol=1e-12)


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
@pytest.mark.parametrize("norm", [None, "slaney"])
@pytest.mark.parametrize("f_max", [5000.0, 16000.0])
def test_what_lies_above_the_bins_is_cut_off(mel_scale, norm, f_max):
    choices = {"norm": norm, "mel_scale": mel_scale}
    weights = melscale_fbanks(257, 100.0, f_max, 30, 8000, **choices)
    # The same filters, seen by bins that go beyond them.
    farther = melscale_fbanks(257 * 8 - 7, 100.0, f_max, 30, 64000, **choices)
    np.testing.assert_allclose(weights, farther[:257], atol=1e-12)
    assert farther[257:].any() and weights[-1].any()


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
def test_ends_may_be_anywhere(mel_scale):
    weights = melscale_fbanks(65, 0.0, 1e308, 8, 8000, norm="slaney", mel_scale=mel_scale)
    assert np.isfinite(weights).all() and weights[1:].any()


@pytest.mark.parametrize(("n_freqs", "sample_rate"), [(513, 44101), (512, 22051), (3, 7)])
def test_bins_are_those_of_an_even_transform_at_odd_rates_too(n_freqs, sample_rate):
    # A filter that rises from 0 Hz to the last bin and beyond shows where the bins are.
    rising = melscale_fbanks(n_freqs, 0.0, 2.0 * sample_rate, 1, sample_rate)[:, 0]
    hz = np.arange(n_freqs) * sample_rate / (2 * (n_freqs - 1))
    peak = 700 * ((1 + 2 * sample_rate / 700) ** 0.5 - 1)
    expected = np.minimum(hz / peak, (2 * sample_rate - hz) / (2 * sample_rate - peak))
    np.testing.assert_allclose(rising, expected, rtol=1e-12)


@pytest.mark.parametrize("n_fft", [2048, 2047])
def test_filters_of_a_transform_stand_at_its_frequencies(n_fft):
    ours = mel_filterbank(n_fft, 0.0, None, 40, 22050, "slaney", "slaney").matrix
    theirs = librosa.filters.mel(sr=22050, n_fft=n_fft, n_mels=40, dtype=np.float64)
    np.testing.assert_allclose(ours, theirs.T, atol=1e-10)


def test_filters_are_kept_and_cannot_be_changed():
    weights = melscale_fbanks(65, 0.0, 4000.0, 8, 8000)
    assert melscale_fbanks(65, 0.0, 4000.0, 8, 8000) is weights
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 1
    bank = mel_filterbank(128, 0.0, None, 8, 8000, None, "htk")
    assert mel_filterbank(128, 0.0, None, 8, 8000, None, "htk") is bank


def test_numpy_integers_do_not_overflow():
    weights = melscale_fbanks(np.uint16(65), 0.0, 4000.0, np.uint8(255), np.int16(8000))
    np.testing.assert_array_equal(weights, melscale_fbanks(65, 0.0, 4000.0, 255, 8000))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_freqs": 0}, "n_freqs=0 must be an integer of at least 1"),
        ({"n_mels": 0}, "n_mels=0 must be an integer of at least 1"),
        ({"n_mels": 8.0}, "n_mels=8.0 must be an integer"),
        ({"sample_rate": 0}, "sample_rate=0 must be an integer of at least 1"),
        ({"f_min": -1.0}, "0 <= f_min=-1.0 < f_max=4000.0"),
        ({"f_min": 3000.0, "f_max": 3000.0}, "f_min=3000.0 < f_max=3000.0"),
        ({"f_min": 4000.0, "f_max": 5000.0}, "f_min < sample_rate / 2=4000.0 must hold"),
        ({"f_max": float("nan")}, "f_max=nan"),
        ({"f_min": [0]}, r"f_min=\[0\] must be a finite number"),
        ({"f_max": None}, "f_max=None must be a finite number"),
        ({"f_min": 1000.0, "f_max": 1000.00000001}, "must be farther apart for n_mels=8 filters"),
        ({"f_max": 1e-320}, "f_max=1e-320 must be farther apart"),
        ({"norm": ["slaney"]}, r"norm=\['slaney'\] must be one of"),
        ({"norm": "l1"}, "norm='l1' must be one of"),
        ({"mel_scale": "bark"}, "mel_scale='bark' must be one of"),
    ],
)
def test_refuses(change, message):
    good = {"n_freqs": 65, "f_min": 0.0, "f_max": 4000.0, "n_mels": 8, "sample_rate": 8000}
    melscale_fbanks(**good)
    with pytest.raises(ValueError, match=message):
        melscale_fbanks(**(good | change))
