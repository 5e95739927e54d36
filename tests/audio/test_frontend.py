import numpy as np
import pytest

from musisep.analysis import Analysis
from musisep.audio.logfreq import log_spectrogram
from musisep.settings import Settings

RATE = 16_000


@pytest.mark.parametrize("front_end", ["cqt", "pursuit", "mel"])
@pytest.mark.parametrize("channels", [1, 3])
def test_frames_are_the_root_mean_square_over_the_channels(front_end, channels):
    analysis = Analysis(Settings(front_end=front_end), RATE)
    audio = (
        np.random.default_rng(0).normal(size=(channels, 5000)) * [[0.1], [2.0], [0.0]][:channels]
    )
    before = audio.copy()
    frames, level = analysis.frames(audio)
    spects = [
        log_spectrogram(
            channel, RATE, analysis.axis, hop_length=analysis.hop_length, front_end=front_end
        )
        for channel in audio
    ]
    expected = np.sqrt(np.mean(np.square(spects), axis=0)).T
    np.testing.assert_allclose(level * frames, expected, rtol=1e-9, atol=1e-12)
    assert frames.max() == 1 and frames.flags.c_contiguous
    np.testing.assert_array_equal(audio, before)


@pytest.mark.parametrize("level", [0.0, 1e-200, 1e200])
def test_frames_of_any_level(level):
    analysis = Analysis(Settings(), RATE)
    audio = np.full((2, 3000), -level)
    audio[:, 0] = 0
    frames, found = analysis.frames(audio)
    assert np.isfinite(frames).all() and np.isfinite(found)
    assert frames.max() == (level > 0)


def test_the_exploring_decoder_trusts_its_guide_less():
    analysis = Analysis(Settings(tones=2), RATE)
    usual, exploring = analysis.decoder, analysis.exploring_decoder
    assert exploring.contradiction < usual.contradiction
    assert exploring.novelty < usual.novelty
    assert exploring.search == usual.search and exploring.search.tones == 2
