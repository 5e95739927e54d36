import numpy as np
import pytest

from musisep.audio.caches import cache_clear, cache_info
from musisep.audio.stft import get_transform


def test_transforms_are_kept():
    cache_clear()
    first = get_transform(n_fft=16, hop_length=4)
    assert get_transform(n_fft=16, hop_length=4) is first
    assert get_transform(n_fft=16, hop_length=5) is not first
    window = np.hanning(16)
    given = get_transform(n_fft=16, hop_length=4, window=window)
    assert given is not get_transform(n_fft=16, hop_length=4, window=window)
    assert cache_info()["transforms"][:2] == (1, 2)  # hits, misses
    cache_clear()
    assert cache_info()["transforms"][:2] == (0, 0)
    with pytest.raises(ValueError, match="n_fft=0"):
        get_transform(n_fft=0)
    get_transform(n_fft=300)
    with pytest.raises(ValueError, match=r"n_fft=300.0 must be an integer"):
        get_transform(n_fft=300.0)
    own = get_transform(n_fft=4, window=(1.0, 2.0, 3.0, 4.0))
    np.testing.assert_array_equal(own.frame_window, [1, 2, 3, 4])
    general = ("general_cosine", [0.5, 0.5])  # SciPy takes it, a cache does not
    assert get_transform(n_fft=8, window_fn=general).bins == 5
