import numpy as np
import pytest
import scipy.fft

from musisep.audio.frontend import Frames, LogFrequencyFrontEnd, silent_frames
from musisep.audio.logfreq import log_spectrogram

RATE = 16_000


@pytest.mark.parametrize("name", ["cqt", "pursuit", "mel"])
@pytest.mark.parametrize("channels", [1, 3])
def test_frames_are_the_root_mean_square_over_the_channels(name, channels):
    audio = (
        np.random.default_rng(0).normal(size=(channels, 5000)) * [[0.1], [2.0], [0.0]][:channels]
    )
    before = audio.copy()
    frames, level, grid = LogFrequencyFrontEnd(name, floor=None)(audio, RATE)
    spects = [
        log_spectrogram(channel, RATE, grid.axis, hop_length=grid.hop_length, front_end=name)
        for channel in audio
    ]
    expected = np.sqrt(np.mean(np.square(spects), axis=0)).T
    np.testing.assert_allclose(level * frames, expected, rtol=1e-9, atol=1e-12)
    assert frames.max() == 1 and frames.flags.c_contiguous
    np.testing.assert_array_equal(audio, before)


@pytest.mark.parametrize("level", [0.0, 1e-200, 1e200])
def test_frames_of_any_level(level):
    audio = np.full((2, 3000), -level)
    audio[:, 0] = 0
    frames, found, _ = LogFrequencyFrontEnd()(audio, RATE)
    assert np.isfinite(frames).all() and np.isfinite(found)
    assert frames.max() == (level > 0)


def test_jobs_change_no_byte():
    audio = np.random.default_rng(0).normal(size=(2, 8000))
    one = LogFrequencyFrontEnd()(audio, RATE)
    with scipy.fft.set_workers(2):
        two = LogFrequencyFrontEnd()(audio, RATE)
    assert one.magnitudes.tobytes() == two.magnitudes.tobytes() and one.level == two.level


def test_the_grid_says_where_frames_and_bins_lie():
    front_end = LogFrequencyFrontEnd(
        hop_s=0.02, fmin_hz=100, fmax_hz=9000, bins_per_octave=48, sigma_bins=1.5
    )
    grid = front_end.grid(RATE)
    assert (grid.hop_length, grid.sample_rate, grid.sigma_bins) == (320, RATE, 1.5)
    assert grid.axis.fmin_hz == 100 and grid.axis.fmax_hz < RATE / 2
    assert grid.axis.harscale == pytest.approx(48 / np.log(2), rel=1e-9)
    sine = np.sin(2 * np.pi * 800 * np.arange(RATE) / RATE)
    frames, level, same = front_end(sine[None], RATE)
    assert same == grid
    assert frames.shape == (51, grid.axis.bins)
    assert frames[25].argmax() == pytest.approx(3 * 48, abs=1)
    assert level == pytest.approx(1, rel=0.05)
    with pytest.raises(ValueError, match=r"fmin_hz=5000\.0 must be below 3920"):
        LogFrequencyFrontEnd(fmin_hz=5000).grid(8000)


def test_a_function_may_make_the_spectrogram():
    asked = []

    def flat(signal, sample_rate, axis, hop_length, sigma_bins, out):
        asked.append((sample_rate, hop_length, sigma_bins))
        out[:] = np.arange(1.0, axis.bins + 1)[:, None]

    own = LogFrequencyFrontEnd(flat, floor=None)
    frames, level, grid = own(np.ones((1, 4000)), RATE)
    assert asked == [(RATE, grid.hop_length, grid.sigma_bins)]
    np.testing.assert_allclose(frames[0], np.arange(1.0, grid.axis.bins + 1) / grid.axis.bins)
    assert level == pytest.approx(grid.axis.bins)


def test_frames_of_a_spectrogram_have_maximum_one():
    grid = LogFrequencyFrontEnd().grid(RATE)
    spectrogram = np.random.default_rng(0).uniform(0, 5, (7, 3))
    frames = Frames.of(spectrogram, grid)
    np.testing.assert_allclose(frames.level * frames.magnitudes, spectrogram.T)
    assert frames.magnitudes.max() == 1 and frames.magnitudes.flags.c_contiguous
    silence = Frames.of(np.zeros((7, 3)), grid)
    assert silence.level == 1 and not silence.magnitudes.any()


@pytest.mark.parametrize("name", ["cqt", "pursuit", "mel"])
def test_frames_in_digital_silence_are_silent(name):
    audio = np.zeros((2, 3 * RATE))
    audio[1, RATE : 2 * RATE] = np.sin(2 * np.pi * 60 * np.arange(RATE) / RATE)
    frames, _, grid = LogFrequencyFrontEnd(name, silence_s=0.2)(audio, RATE)
    time_s = np.arange(len(frames)) * grid.hop_length / RATE
    beyond = np.maximum(1 - time_s, time_s - 2)  # seconds from what sounds
    hop_s = grid.hop_length / RATE
    assert not frames[beyond > 0.1 + 2 * hop_s].any()
    assert frames[beyond < 0.1 - 2 * hop_s].any(axis=1).all()


@pytest.mark.parametrize("samples", [1, 9, 10, 11, 35])
def test_silent_frames_have_only_zeros_around_them(samples):
    rng = np.random.default_rng(samples)
    for _ in range(20):
        mixture = np.where(rng.uniform(size=(2, samples)) < 0.05, -1.0, 0.0)
        centres = np.arange(1 + samples // 10) * 10
        expected = [not mixture[:, max(c - 20, 0) : c + 20].any() for c in centres]
        np.testing.assert_array_equal(silent_frames(mixture, 10, 2), expected)


@pytest.mark.parametrize(
    ("mixture", "options"),
    [
        (np.zeros(900), {}), (np.zeros((2, 0)), {}), ([["a"]], {}), (np.zeros((1, 900), int), {}),
        (np.zeros((1, 900)), {"silence_s": None}), (np.zeros((1, 900)), {"hop_s": "1"}),
        (np.zeros((1, 900)), {"floor": 0.3}),
    ],
)  # fmt: skip
def test_what_is_no_mixture_or_no_time_is_refused_by_name(mixture, options):
    with pytest.raises(ValueError, match=f"^{next(iter(options), 'mixture')}"):
        LogFrequencyFrontEnd(**options)(mixture, RATE)


def test_integer_mixtures_are_fractions_of_full_scale():
    mixture = np.rint(9000 * np.sin(np.arange(3000)[None] * 0.3)).astype(np.int16)
    found, expected = (
        LogFrequencyFrontEnd()(mixture, RATE),
        LogFrequencyFrontEnd()(mixture / 2**15, RATE),
    )
    assert found.level == expected.level
    np.testing.assert_array_equal(found.magnitudes, expected.magnitudes)
