import numpy as np
import pytest
from peers import librosa

from musisep.audio.features.chroma import chroma_fbanks


@pytest.mark.parametrize("n_fft", [3, 64, 1023, 2048])
@pytest.mark.parametrize("n_chroma", [1, 7, 12, 36])
@pytest.mark.parametrize("tuning", [0.0, -0.4])
def test_equals_librosa(n_fft, n_chroma, tuning):
    ours = chroma_fbanks(8000, n_fft, n_chroma=n_chroma, tuning=tuning)
    theirs = librosa.filters.chroma(
        sr=8000, n_fft=n_fft, n_chroma=n_chroma, tuning=tuning, dtype=np.float64
    )
    np.testing.assert_allclose(ours, theirs.T, rtol=1e-9, atol=1e-15)


def test_kept_and_read_only():
    weights = chroma_fbanks(8000, 64)
    assert weights is chroma_fbanks(8000, 64)
    assert not weights.flags.writeable


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sample_rate": 0}, "sample_rate=0 .* at least 1"),
        ({"n_fft": 1}, "n_fft=1 .* at least 2"),
        ({"n_chroma": 0}, "n_chroma=0 .* at least 1"),
        ({"tuning": 1e300}, "tuning=1e[+]300 must be within an octave, n_chroma=12"),
        ({"tuning": [0]}, r"tuning=\[0\] must be a finite number"),
        ({"tuning": np.inf}, "tuning=inf must be a finite number"),
    ],
)
def test_refuses(parameters, message):
    with pytest.raises(ValueError, match=message):
        chroma_fbanks(**{"sample_rate": 8000, "n_fft": 64, **parameters})
