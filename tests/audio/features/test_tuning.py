import inspect

import numpy as np
import pytest
import scipy.fft

from musisep.audio import CQT, SpectralTransform, chroma_stft, estimate_tuning
from musisep.audio.features._kernels.tuning import circular_moments

RATE = 22050


def tones(tuning: float, *, per_octave: int = 12, vibrato: float = 0.0, phase: int = 1):
    """Harmonic tones of several bins of a scale that is off by `tuning`."""
    rng = np.random.default_rng(phase)
    time_s = np.arange(RATE // 3) / RATE
    played = []
    for step in (-1.0, 3.0, -0.5, 5.0, 8.0, 1.0, -7.0):
        hz = 440 * 2 ** ((np.rint(step * per_octave / 12) + tuning) / per_octave)
        bend = vibrato / per_octave * np.log(2) * np.sin(2 * np.pi * 6 * time_s)
        turns = np.cumsum(hz * np.exp(bend)) / RATE
        partials = [np.sin(2 * np.pi * (h * turns + rng.random())) / h for h in range(1, 9)]
        played.append(sum(partials))
    return np.concatenate(played)


def distance(found, expected):
    """Distance on the circle that a bin makes."""
    return abs((found - expected + 0.5) % 1 - 0.5)


@pytest.mark.parametrize("tuning", [-0.5, -0.45, -0.2, 0.0, 0.13, 0.3, 0.49])
@pytest.mark.parametrize("vibrato", [0.0, 0.2])
def test_detuned_tones(tuning, vibrato):
    found = estimate_tuning(tones(tuning, vibrato=vibrato))
    assert isinstance(found, float) and -0.5 <= found < 0.5
    assert distance(found, tuning) <= 0.02


@pytest.mark.parametrize("sample_rate", [16000, 44100])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_any_rate_and_type(sample_rate, kind):
    signal = tones(0.0).astype(kind)
    # Played at another rate, the same samples are off by the ratio of the rates.
    tuning = 12 * np.log2(sample_rate / RATE)
    assert distance(estimate_tuning(signal, sample_rate=sample_rate), tuning) <= 0.03


@pytest.mark.parametrize("per_octave", [1, 24, 36])
def test_scales_of_other_bins(per_octave):
    # The octaves of a tone are in every scale; their frequencies are exact for long frames.
    time_s = np.arange(2 * RATE) / RATE
    hz = 440 * 2 ** (-0.3 / per_octave)
    signal = np.sin(2 * np.pi * hz * time_s) + np.sin(4 * np.pi * hz * time_s)
    found = estimate_tuning(signal, bins_per_octave=per_octave, n_fft=8192)
    assert distance(found, -0.3) <= 0.02


def test_the_result_is_a_multiple_of_the_resolution():
    signal = tones(0.13)
    assert estimate_tuning(signal, resolution=0.1) == 0.1
    assert estimate_tuning(signal, resolution=0.5) == 0.0
    fine = estimate_tuning(signal, resolution=1e-4)
    assert estimate_tuning(signal) == np.rint(100 * fine) / 100
    assert fine != np.rint(100 * fine) / 100


def test_a_peak_alone_is_where_it_is():
    time_s = np.arange(RATE) / RATE
    for hz in (300.0, 440.0, 452.0, 1000.0, 3000.0):
        found = estimate_tuning(np.sin(2 * np.pi * hz * time_s), resolution=0.001, center=False)
        assert distance(found, 12 * np.log2(hz / 440)) <= 0.001


def test_peaks_are_looked_for_in_a_range_only():
    time_s = np.arange(RATE) / RATE
    low, high = (np.sin(2 * np.pi * 440 * 2**octaves * time_s) for octaves in (1 / 60, 1 + 1 / 24))
    assert distance(estimate_tuning(5 * low + high), 0.2) <= 0.02
    assert distance(estimate_tuning(5 * low + high, f_min=600.0), 0.5) <= 0.02
    assert distance(estimate_tuning(low + 5 * high, f_max=600.0), 0.2) <= 0.02
    assert estimate_tuning(low, f_max=1e9) == estimate_tuning(low, f_max=RATE / 2)


def test_what_is_weak_does_not_count():
    time_s = np.arange(RATE) / RATE
    loud = np.sin(2 * np.pi * 440 * time_s)
    many = sum(np.sin(2 * np.pi * 440 * 2 ** (n + 0.3 / 12) * time_s) for n in (-1, 1, 2, 3))
    assert distance(estimate_tuning(loud + 0.01 * many), 0.0) <= 0.01


def test_silence_noise_and_what_is_not_finite():
    assert estimate_tuning(np.zeros(5000)) == 0
    assert estimate_tuning(np.zeros(1)) == 0
    for kind in (np.float32, np.float64):
        noise = np.random.default_rng(3).standard_normal(5000).astype(kind)
        assert -0.5 <= estimate_tuning(noise) < 0.5
        for scale in (1e-12, 1e12):
            assert estimate_tuning(kind(scale) * noise) == estimate_tuning(noise)
    noise[2500] = np.nan
    assert np.isnan(estimate_tuning(noise))


def test_each_signal_by_itself():
    batch = np.stack([tones(0.1), 1e-3 * tones(-0.4), 0 * tones(0.0)])[:, np.newaxis]
    found = estimate_tuning(batch)
    assert found.shape == (3, 1)
    assert found.tolist() == [[estimate_tuning(signal[0])] for signal in batch]
    with scipy.fft.set_workers(2):
        np.testing.assert_array_equal(estimate_tuning(batch), found)
    assert distance(found[0, 0], 0.1) <= 0.02 and distance(found[1, 0], -0.4) <= 0.02


def test_spectrograms_give_what_their_signals_give():
    signal = np.stack([tones(0.22), tones(-0.3)])
    spectra = SpectralTransform(2048, 512).stft(signal)
    expected = estimate_tuning(signal)
    np.testing.assert_array_equal(estimate_tuning(spectrogram=spectra), expected)
    np.testing.assert_array_equal(estimate_tuning(spectrogram=np.abs(spectra)), expected)
    assert estimate_tuning(spectrogram=spectra[0]) == expected[0]


def test_it_is_what_chroma_and_constant_q_take():
    # Half a semitone sharp of C, in the middle between two pitch classes unless they are told.
    time_s = np.arange(2 * RATE) / RATE
    tone = np.sin(2 * np.pi * 440 * 2 ** (-8.55 / 12) * time_s)
    tuning = estimate_tuning(tone)
    assert distance(tuning, 0.45) <= 0.02
    plain, tuned = (chroma_stft(tone, norm=1, tuning=t)[:, 20] for t in (0.0, tuning))
    assert tuned.argmax() == 0 and tuned.max() > plain.max()
    bins = {"sr": RATE, "hop_length": 512, "n_bins": 24, "bins_per_octave": 12}
    loudest = [
        abs(CQT(fmin=fmin, **bins)(tone))[:, 20].max()
        for fmin in (220.0, 220.0 * 2 ** (tuning / 12))
    ]
    assert loudest[1] > 1.1 * loudest[0]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_moments_are_their_sum(kind):
    powers = np.random.default_rng(5).random((6, 40)).astype(kind) ** 8
    powers[4], powers[5, 7] = 0, np.nan
    found = circular_moments(powers, 3, 30, 21.5, 12, 3)
    expected = np.zeros((6, 6))
    for t, frame in enumerate(powers.astype(float)):
        for k in range(3, 30):
            left, top, right = frame[k - 1 : k + 2] ** 0.115
            strong = frame[k] > 0.01 * frame[3:30].max()
            if strong and frame[k - 1] < frame[k] >= frame[k + 1]:
                place = k + 0.5 * (left - right) / (left - 2 * top + right)
                turn = np.exp(2j * np.pi * 12 * np.log2(21.5 * place / 440))
                moments = frame[k] * turn ** np.arange(1, 4)
                expected[t] += np.concatenate([moments.real, moments.imag])
    assert (expected[:4] != 0).all() and not expected[4].any()
    expected[5] = np.nan
    np.testing.assert_allclose(found, expected, rtol=1e-4 if kind == np.float32 else 1e-9)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bins_per_octave": 0}, "bins_per_octave=0 must be an integer of at least 1"),
        ({"resolution": 0}, "resolution=0 must be from 0.0001 to 0.5"),
        ({"resolution": "fine"}, "resolution='fine' must be a finite number"),
        ({"sample_rate": 0}, "sample_rate=0 must be an integer of at least 1"),
        ({"f_min": -1.0}, "0 <= f_min=-1.0 < f_max=4000.0 must have a bin between them"),
        ({"f_min": 500.0, "f_max": 505.0}, "there is one every 10.7.* Hz"),
        ({"f_min": 1e300}, r"f_min=1e\+300"),
        ({"f_max": None}, "f_max=None must be a finite number"),
        ({"n_fft": 1}, "must have a bin between them"),
        ({"n_fft": 0}, "n_fft=0 must be"),
        ({"x": np.zeros(0)}, r"x of shape=\(0,\) must have at least one sample"),
        ({"x": None}, "x=None must be a signal, unless a spectrogram is given"),
        ({"spectrogram": np.ones((1025, 3))}, "x and spectrogram must not both be given"),
        ({"x": None, "spectrogram": np.ones((5, 3))}, "spectrogram of shape=.* frequencies=1025"),
        ({"x": None, "spectrogram": -np.ones((1025, 3))}, "spectrogram with a value of -1"),
    ],
)
def test_refuses(parameters, message):
    with pytest.raises(ValueError, match=message):
        estimate_tuning(**{"x": np.zeros(3000), **parameters})


def test_the_signature_shows_the_parameters():
    shown = list(inspect.signature(estimate_tuning).parameters)
    own = ["sample_rate", "n_fft", "hop_length", "bins_per_octave", "resolution", "f_min", "f_max"]
    assert shown[:9] == ["x", "spectrogram", *own]
    assert {"win_length", "window_fn", "center"} <= set(shown)
    with pytest.raises(TypeError, match=r"^estimate_tuning\(\) got .* 'norm'"):
        estimate_tuning(np.zeros(3000), norm=2)


def test_a_peak_that_rounding_makes_flat_has_its_place_in_the_middle():
    powers = np.zeros((1, 32))
    powers[0, 9:12] = np.nextafter(1.0, 0), 1.0, 1.0  # powers of them are equal
    found = circular_moments(powers, 3, 30, 44.0, 12, 1)
    assert found[0] == pytest.approx([1.0, 0.0], abs=1e-9)  # 440 Hz
