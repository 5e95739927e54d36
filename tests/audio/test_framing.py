import numpy as np
import pytest

from musisep.audio._kernels import framing as kernels
from musisep.audio.framing import divide_by_windows, overlap_add, window_frames


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape)


def padding(size: int, reflect: bool) -> np.ndarray:
    """Matrix [padded sample, sample] that continues a signal by 100 samples at either end."""
    mode = "reflect" if reflect else "constant"
    return np.stack([np.pad(unit, 100, mode=mode) for unit in np.eye(size)], axis=1)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_mirrors_stand_on_the_ends(size):
    expected = np.pad(np.arange(size), 20, mode="reflect")
    for function in (kernels.mirrored, kernels.mirrored.py_func):
        assert [function(i, size) for i in range(-20, size + 20)] == list(expected)


@pytest.mark.parametrize("reflect", [True, False])
@pytest.mark.parametrize("size", [1, 2, 12])
@pytest.mark.parametrize("start", [-20, -3, 0, 4, 50])
@pytest.mark.parametrize("compiled", [True, False])
def test_frames_are_cut_out_and_added_as_matrices_say(reflect, size, start, compiled):
    cut = window_frames if compiled else kernels.window_frames.py_func
    add = overlap_add if compiled else kernels.overlap_add.py_func
    window, signal, frames = noise(6), noise(size), noise(4, 6)
    rows = 100 + start + 2 * np.arange(4)[:, None] + np.arange(6)
    framing = window[:, None] * padding(size, reflect)[rows]  # [frame, n, sample]

    result = np.full((4, 6), np.nan)
    cut(signal, window, start, 2, reflect, result)
    np.testing.assert_allclose(result, framing @ signal, atol=1e-15)

    added = signal.copy()
    add(frames, window, 2, start, reflect, added)
    np.testing.assert_allclose(added, signal + np.einsum("tns,tn->s", framing, frames), atol=1e-14)


@pytest.mark.parametrize("hop", [1, 3, 5, 7])
@pytest.mark.parametrize("count", [1, 2, 3, 9, 40])
@pytest.mark.parametrize("start", [0, -3])
def test_windows_are_divided_out(hop, count, start):
    window = 0.5 + noise(7) ** 2
    length = start + (count - 1) * hop + 7
    weights = np.zeros(length)
    overlap_add(np.ones((count, 7)), window, hop, start, False, weights)
    for kind in (np.float64, np.float32):
        signal = noise(2, 3, length).astype(kind)
        expected = signal / weights
        divide_by_windows(signal, window, hop, start, count)
        assert signal.dtype == kind
        np.testing.assert_allclose(signal, expected, rtol=1e-6 if kind == np.float32 else 1e-14)


@pytest.mark.parametrize(("length", "sample"), [(60, 51), (400, 387)])
def test_samples_under_no_window_are_named(length, sample):
    count = (sample - 3) // 4
    with pytest.raises(ValueError, match=rf"sample {sample} of {length=} .*hop_length=4 .* of 7"):
        divide_by_windows(np.ones(length), np.ones(7), 4, 0, count)
    with pytest.raises(ValueError, match="sample 7 of length=60"):
        divide_by_windows(np.ones(60), np.ones(7), 8, 0, 7)
