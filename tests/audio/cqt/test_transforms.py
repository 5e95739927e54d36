import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import librosa

from musisep.audio import cqt
from musisep.audio.cqt import CQT, HarmonicCQT, constantq, create_cqt_kernels, to_log_magnitude
from musisep.audio.cqt.cosinewindows import COSINE_WINDOWS

RATE = 8000
SIZES = {"sr": RATE, "hop_length": 100, "fmin": 80.0, "n_bins": 30, "bins_per_octave": 6}
HARMONIC = {
    "harmonics": (0.5, 1, 2, 3),
    "sr": RATE,
    "hop_length": 100,
    "fmin": 100.0,
    "bins_per_semitone": 3,
    "n_bins": 60,
}


def noise(*shape):
    return np.random.default_rng(1).standard_normal(shape)


def direct(signal, hop_length, center=True, **parameters):
    """The signal times the conjugate of every kernel, at every hop."""
    quality = 1 / (2 ** (1 / parameters["bins_per_octave"]) - 1)
    kernels, width, roots, _ = create_cqt_kernels(Q=quality, fs=parameters.pop("sr"), **parameters)
    padded = np.pad(signal, width // 2, mode="reflect") if center else signal
    frames = np.lib.stride_tricks.sliding_window_view(padded, width)[::hop_length]
    return roots * (kernels.conj() @ frames.T)


def assert_equals_direct(signal, tolerance=1e-12, **parameters):
    values = CQT(**parameters)(signal)
    expected = direct(signal, **parameters)
    assert values.shape == expected.shape
    # With norm=1 no value can be larger than this.
    largest = abs(signal).max() * np.sqrt(CQT(**parameters).lengths.max())
    assert abs(values - expected).max() <= tolerance * largest


@pytest.mark.parametrize("hop_length", [1, 2, 3, 16, 25, 100, 128, 333, 1000, 4000, 10**9])
@pytest.mark.parametrize("bins_per_octave", [1, 6, 24])
def test_equals_direct_correlation(hop_length, bins_per_octave):
    sizes = {**SIZES, "bins_per_octave": bins_per_octave, "n_bins": 5 * bins_per_octave}
    assert_equals_direct(noise(2500), **{**sizes, "hop_length": hop_length})


@settings(max_examples=25)
@given(
    hop_length=st.integers(1, 700),
    length=st.integers(1, 1000),
    fmin=st.floats(100, 250),
    bins_per_octave=st.integers(5, 12),
    gamma=st.sampled_from([0.0, 3.0, 50.0]),
    center=st.booleans(),
)
def test_equals_direct_correlation_for_any_sizes(length, **parameters):
    parameters = {**SIZES, **parameters, "n_bins": 20}
    if not parameters["center"]:
        length += CQT(**parameters).kernel_width
    assert_equals_direct(noise(length), **parameters)


@pytest.mark.parametrize(
    "window",
    [*COSINE_WINDOWS, ("general_cosine", [0.5, 0.3, 0.1, 0.1]), ("general_hamming", 0.7)],
)
@pytest.mark.parametrize("norm", [0, 1, 2, 3])
def test_windows_and_norms(window, norm):
    signal, parameters = noise(2000), {**SIZES, "window": window, "norm": norm}
    values, expected = CQT(**parameters)(signal), direct(signal, **parameters)
    assert abs(values - expected).max() <= 1e-12 * abs(expected).max()


def test_many_bins_per_octave():
    # Kernels of up to 46,000 samples, or 185 hops, between which frequencies are interpolated.
    sizes = {"sr": 22050, "hop_length": 256, "fmin": 70.0, "bins_per_octave": 100}
    signal = noise(20_000)
    values = CQT(**sizes, n_bins=600)(signal)
    for bin_number in (0, 77, 300, 599):
        one = {**sizes, "fmin": 70.0 * 2 ** (bin_number / 100), "n_bins": 1}
        expected = direct(signal, **one)[0]
        assert abs(values[bin_number] - expected).max() <= 1e-11 * abs(expected).max()


@pytest.mark.parametrize("hop_length", [7, 100])
def test_long_signals_in_parts(monkeypatch, hop_length):
    signal, parameters = noise(4000), {**SIZES, "hop_length": hop_length}
    whole = CQT(**parameters)(signal)
    monkeypatch.setattr("musisep.audio.cqt.sinusoids.CHUNK_FRAMES", 5)
    monkeypatch.setattr("musisep.audio.cqt.sinusoids.GROUP_POINTS", 3000)
    np.testing.assert_allclose(CQT(**parameters)(signal), whole, atol=1e-12 * abs(whole).max())


def test_kernels():
    sizes = {"Q": 8.0, "fs": 1000, "fmin": 100.0, "n_bins": 3, "bins_per_octave": 2}
    kernels, width, roots, frequencies = create_cqt_kernels(**sizes)
    np.testing.assert_allclose(frequencies, [100, 100 * 2**0.5, 200])
    # ceil(8 * 1000 / f); from sample 64 - 40 and 64 - 20, or one earlier for 57 samples
    assert width == 128
    np.testing.assert_allclose(roots[:, 0] ** 2, [80, 57, 40])
    shape = np.hanning(81)[:-1]
    phases = 2 * np.pi * 0.1 * np.arange(-40, 40)
    np.testing.assert_allclose(kernels[0, 24:104], shape / shape.sum() * np.exp(1j * phases))
    for kernel, first, length in zip(kernels, (24, 35, 44), (80, 57, 40), strict=True):
        used = np.flatnonzero(kernel)
        assert (used[0], used[-1]) == (first + 1, first + length - 1)  # a Hann window begins at 0
    np.testing.assert_allclose(kernels[:, 64].imag, 0, atol=1e-17)


@pytest.mark.parametrize("norm", [0, 1, 2])
def test_norms_of_kernels(norm):
    sizes = {"Q": 8.0, "fs": 1000, "fmin": 100.0, "n_bins": 3, "bins_per_octave": 2}
    kernels = create_cqt_kernels(**sizes, norm=norm, window="boxcar")[0]
    expected = [1 / 80, 1 / 57, 1 / 40] if norm == 0 else 1
    order = np.inf if norm == 0 else norm
    np.testing.assert_allclose(np.linalg.norm(kernels, ord=order, axis=1), expected)


def test_gamma_shortens_kernels():
    transform = CQT(**SIZES, gamma=20.0)
    quality = 1 / (2 ** (1 / 6) - 1)
    expected = np.ceil(quality * RATE / (transform.frequencies_hz + 20 * quality))
    np.testing.assert_array_equal(transform.lengths, expected)


def test_a_tone():
    transform = CQT(**{**SIZES, "bins_per_octave": 12, "n_bins": 60})
    tone = 3 * np.cos(2 * np.pi * transform.frequencies_hz[24] * np.arange(20_000) / RATE + 0.4)
    values = transform(tone)[24]
    inner = slice(20, -20)
    np.testing.assert_allclose(abs(values[inner]), 1.5 * np.sqrt(transform.lengths[24]), rtol=1e-3)
    # The phase is that of the tone in the frame's centre.
    times = 100 * np.arange(values.size) / RATE
    phases = values * np.exp(-2j * np.pi * transform.frequencies_hz[24] * times)
    np.testing.assert_allclose(np.angle(phases[inner]), 0.4, atol=1e-3)


@pytest.mark.parametrize("bins_per_octave", [6, 12, 36])
def test_tones_compared_with_librosa(bins_per_octave):
    sizes = {"sr": 22050, "hop_length": 512, "fmin": 150.0, "bins_per_octave": bins_per_octave}
    sizes["n_bins"] = 4 * bins_per_octave
    tone = np.cos(2 * np.pi * 600.0 / 22050 * np.arange(40_000))
    ours, theirs = (
        abs(values)[2 * bins_per_octave, 30:-30]
        for values in (CQT(**sizes)(tone), librosa.cqt(tone, **sizes))
    )
    # It takes another Q; the filters with which it resamples ripple.
    step = 2 ** (1 / bins_per_octave)
    longer = (step**2 + 1) / (step**2 - 1) * (step - 1)
    np.testing.assert_allclose(ours / theirs, longer**-0.5, rtol=3e-3)


def test_leading_axes():
    signal, transform = noise(2, 3, 1500), CQT(**SIZES)
    values = transform(signal)
    assert values.shape == (2, 3, 30, transform.frame_count(1500)) == (2, 3, 30, 16)
    np.testing.assert_array_equal(values[1, 2], transform(signal[1, 2]))


@pytest.mark.parametrize("hop_length", [20, 100])
def test_single_precision(hop_length):
    signal, transform = noise(3000), CQT(**{**SIZES, "hop_length": hop_length})
    values, expected = transform(signal.astype(np.float32)), transform(signal)
    assert values.dtype == np.complex64
    assert expected.dtype == transform(signal.astype(np.int16)).dtype == np.complex128
    assert abs(values - expected).max() < 1e-6 * abs(expected).max()


def test_input_is_left_alone():
    signal = noise(1500)
    before = signal.copy()
    CQT(**SIZES)(signal)
    np.testing.assert_array_equal(signal, before)


def test_silence_is_silent():
    assert not CQT(**SIZES)(np.zeros(3000)).any()


@pytest.mark.parametrize("hop_length", [10, 100, 128, 333])
@pytest.mark.parametrize("last", [1.0, np.nan])
def test_silence_after_noise_is_silent(hop_length, last):
    signal = np.concatenate([noise(3960), np.zeros(6000)])
    signal[3959] = last
    transform = CQT(**{**SIZES, "hop_length": hop_length})
    for values, length in zip(transform(signal), transform.lengths, strict=True):
        first = -(-(3960 + (length + 1) // 2) // hop_length)  # the kernel begins after the noise
        assert not values[first:].any()
        assert abs(values[first - 2]) != 0


def test_without_center():
    transform = CQT(**SIZES, center=False)
    assert transform.kernel_width == 1024
    assert transform.frame_count(1024) == 1
    assert transform.frame_count(1224) == 3
    with pytest.raises(ValueError, match="must have at least 1024 samples"):
        transform(noise(1023))


def test_empty_signal():
    with pytest.raises(ValueError, match="must have at least one sample"):
        CQT(**SIZES)(np.zeros((2, 0)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sr": 0}, "sr=0 must be an integer of at least 1"),
        ({"hop_length": 0}, "hop_length=0 must be an integer of at least 1"),
        ({"hop_length": 1.5}, "hop_length=1.5 must be an integer"),
        ({"n_bins": 0}, "n_bins=0 must be an integer of at least 1"),
        ({"bins_per_octave": 0}, "bins_per_octave=0 must be an integer of at least 1"),
        ({"norm": -1}, "norm=-1 must be an integer of at least 0"),
        ({"fmin": 0.0}, "fmin=0.0 must be finite and above 0"),
        ({"fmin": np.nan}, "fmin=nan must be a finite number"),
        ({"gamma": -1.0}, "gamma=-1.0 must be at least 0"),
        ({"fmin": "80"}, "fmin='80' must be a finite number"),
        ({"fmin": None}, "fmin=None must be a finite number"),
        ({"fmax": "a"}, "fmax='a' must be a finite number"),
        ({"gamma": None}, "gamma=None must be a finite number"),
        ({"gamma": np.inf}, "gamma=inf must be a finite number"),
        ({"center": "no"}, "center='no' must be True or False"),
        ({"bins_per_octave": 10**16}, "bins_per_octave=10{16} must be less"),
        ({"n_bins": 10**12}, "end at inf Hz, above sr / 2=4000"),
        ({"window": ("general_cosine", "a")}, r"window=\('general_cosine', 'a'\): "),
        ({"n_bins": 35}, r"n_bins=35 from fmin=80.0 .* end at 4063.75 Hz, above sr / 2=4000"),
        ({"n_bins": 10**6}, "end at inf Hz, above sr / 2=4000"),
        ({"fmax": 2000.0}, r"n_bins=30 from fmin=80.0 .* end at 2280.7 Hz, above fmax=2000"),
        ({"gamma": 1e5}, r"gamma=100000.0 make kernels of 1 to 1 samples, which must be at least"),
        ({"fmin": 1e-6}, r"fmin=1e-06 and .* samples, which must be .* at most 1073741824"),
        ({"window": "bartlett"}, "window='bartlett' must be a sum of cosines: one of boxcar, hann"),
        ({"window": "none"}, "window='none': Invalid window name"),
    ],
)
def test_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        CQT(**{**SIZES, **changed})


def test_limits_themselves_are_allowed():
    top = 80.0 * 2 ** (29 / 6)
    assert CQT(**SIZES, fmax=top).frequencies_hz[-1] == top
    assert CQT(sr=8000, hop_length=100, fmin=125.0, n_bins=6, bins_per_octave=1).n_bins == 6


@pytest.mark.parametrize("signal", [np.ones(9, complex), None, "abc"])
def test_refuses_what_is_not_real(signal):
    with pytest.raises(ValueError, match=r"signal of dtype=.* must hold real numbers"):
        CQT(**SIZES)(signal)
    with pytest.raises(ValueError, match=r"signal of dtype=.* must hold real numbers"):
        HarmonicCQT(**HARMONIC)(signal)


def test_frozen():
    transform, harmonic = CQT(**SIZES), HarmonicCQT(**HARMONIC)
    with pytest.raises(dataclasses.FrozenInstanceError):
        transform.fmin = 1.0
    bank = transform.bank
    for array in (
        *(transform.frequencies_hz, transform.lengths, harmonic.frequencies_hz, harmonic.places),
        *(bank.frequencies, bank.lengths, bank.gains, bank.amplitudes),
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_harmonics_are_kept():
    harmonics = [1, 2]
    transform = HarmonicCQT(**{**HARMONIC, "harmonics": harmonics})
    harmonics.append(3)
    assert transform.harmonics == (1.0, 2.0)


@pytest.mark.parametrize("changed", [{}, {"center_bins": True}, {"gamma": 5.0}])
def test_harmonics_are_transforms_of_their_own(changed):
    signal, transform = noise(2, 4000), HarmonicCQT(**HARMONIC, **changed)
    values = transform(signal)
    assert values.shape == (2, 4, 60, 41)
    fmin = 100.0 / 2 ** (2 / 36) if "center_bins" in changed else 100.0
    for number, harmonic in enumerate((0.5, 1, 2, 3)):
        layer = CQT(
            sr=RATE,
            hop_length=100,
            fmin=harmonic * fmin,
            n_bins=60,
            bins_per_octave=36,
            gamma=changed.get("gamma", 0.0),
        )
        np.testing.assert_allclose(transform.frequencies_hz[number], layer.frequencies_hz)
        expected = layer(signal)
        scale = abs(expected).max()
        np.testing.assert_allclose(values[:, number], expected, atol=1e-11 * scale)


def test_bins_that_harmonics_share_are_computed_once():
    # 0.5, 1 and 2 are octaves of 36 bins: 60 + 36 + 36 bins, and 60 more for 3.
    assert HarmonicCQT(**HARMONIC).bank.lengths.size == 192


@pytest.mark.parametrize("center", [True, False])
def test_harmonics_that_a_recording_cannot_contain_are_silent(center):
    # Fundamentals up to 3.1 kHz, of which the sixth harmonic is at 18.6 kHz.
    sizes = {**HARMONIC, "harmonics": (1, 3, 6, 50), "center": center}
    transform = HarmonicCQT(**{**sizes, "n_bins": 180})
    signal = noise(2, 9000)
    values = transform(signal)
    above = transform.frequencies_hz > RATE / 2
    np.testing.assert_allclose(transform.frequencies_hz[2], 6 * transform.frequencies_hz[0])
    np.testing.assert_array_equal(above.sum(axis=1), [0, 45, 81, 180])
    np.testing.assert_array_equal(transform.audible, ~above)
    assert not values[:, above].any()
    for number, (harmonic, count) in enumerate(zip((1, 3, 6), (180, 135, 99), strict=True)):
        own = {**sizes, "harmonics": (1, harmonic), "n_bins": count}  # with the same lowest
        expected = HarmonicCQT(**own)(signal)[:, 1]
        np.testing.assert_allclose(values[:, number, :count], expected, atol=1e-11)


def test_a_tone_is_not_found_again_beyond_half_the_sample_rate():
    transform = HarmonicCQT(**{**HARMONIC, "harmonics": (1, 6), "n_bins": 150})
    tone = np.cos(2 * np.pi * 3500 * np.arange(8000) / RATE)  # the alias would be at 4500 Hz
    levels = abs(transform(tone))[1, :, 40]
    assert transform.frequencies_hz[1, levels.argmax()] == pytest.approx(3500, rel=0.01)
    assert levels[transform.frequencies_hz[1] > 4000].max() == 0


def test_half_the_sample_rate_itself_is_audible():
    transform = HarmonicCQT(
        harmonics=(1, 2), sr=8000, hop_length=100, fmin=125.0, bins_per_semitone=1, n_bins=61
    )
    np.testing.assert_array_equal(transform.audible.sum(axis=1), [61, 49])


def test_harmonics_without_center_have_common_frames():
    transform = HarmonicCQT(**HARMONIC, center=False)
    signal = noise(transform.lowest.kernel_width + 550)
    values = transform(signal)
    assert values.shape == (4, 60, 6)
    np.testing.assert_allclose(values[0], transform.lowest(signal), atol=1e-12)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"harmonics": ()}, r"harmonics=\(\) must be a sequence of some numbers"),
        ({"harmonics": (1, 0)}, "harmonics=0 must be finite and above 0"),
        ({"harmonics": 1}, "harmonics=1 must be a sequence of some numbers"),
        ({"harmonics": iter([1])}, "harmonics=<.*> must be a sequence of some numbers"),
        ({"harmonics": [[1.0], [1.0, 2]]}, "harmonics must be an array of numbers"),
        ({"harmonics": ["a"]}, "harmonics='a' must be a finite number"),
        ({"fmin": "a"}, "fmin='a' must be a finite number"),
        ({"center_bins": "no"}, "center_bins='no' must be True or False"),
        ({"bins_per_semitone": 0}, "bins_per_semitone=0 must be an integer of at least 1"),
        (
            {"harmonics": (50, 90)},
            r"fmin=100.0 and harmonics=.* must leave a bin up to sr",
        ),
        ({"n_bins": 10**12}, r"n_bins=10{12} from 300 Hz end at inf Hz, which must be finite"),
        ({"n_bins": 0}, "n_bins=0 must be an integer of at least 1"),
        ({"fmax": 500.0}, "above fmax=500"),
        ({"hop_length": 0}, "hop_length=0 must be an integer of at least 1"),
    ],
)
def test_harmonics_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        HarmonicCQT(**{**HARMONIC, **changed})


def test_log_magnitude():
    np.testing.assert_allclose(to_log_magnitude([10j, -0.1, 3 + 4j]), [20, -20, 13.9794], rtol=1e-6)
    np.testing.assert_allclose(to_log_magnitude([0.0, 1e-9]), [-160, -160])
    np.testing.assert_allclose(to_log_magnitude([0, 5, 100], epsilon=10.0), [20, 20, 40])


@pytest.mark.parametrize("kind", [np.float32, np.complex64])
def test_log_magnitude_in_single_precision(kind):
    assert to_log_magnitude(np.ones((2, 3), kind)).dtype == np.float32


def test_log_magnitude_leaves_its_input_alone():
    values = np.array([2.0, 3.0])
    to_log_magnitude(values)
    np.testing.assert_array_equal(values, [2.0, 3.0])


def test_log_magnitude_refuses():
    with pytest.raises(ValueError, match=r"epsilon=0\.0 must be finite and above 0"):
        to_log_magnitude(1.0, epsilon=0.0)
    with pytest.raises(ValueError, match="epsilon=None must be a finite number"):
        to_log_magnitude(1.0, epsilon=None)
    with pytest.raises(ValueError, match=r"x of dtype=.* must hold numbers"):
        to_log_magnitude("a")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"Q": 0.0}, r"Q=0\.0 must be finite and above 0"),
        ({"fs": 0}, "fs=0 must be an integer of at least 1"),
        ({"norm": -1}, "norm=-1 must be an integer of at least 0"),
        ({"bins_per_octave": 0}, "bins_per_octave=0 must be an integer of at least 1"),
        ({"fmin": 600.0}, "above sr / 2=500"),
        ({"Q": "a"}, "Q='a' must be a finite number"),
        ({"window": ("general_cosine", "a")}, r"window=\('general_cosine', 'a'\): "),
    ],
)
def test_kernels_refused(changed, message):
    sizes = {"Q": 8.0, "fs": 1000, "fmin": 100.0, "n_bins": 3, "bins_per_octave": 2}
    with pytest.raises(ValueError, match=message):
        create_cqt_kernels(**{**sizes, **changed})


def test_gaussian_transforms_are_here_too():
    assert cqt.constant_q is constantq.constant_q
    assert cqt.inverse_constant_q is constantq.inverse_constant_q
