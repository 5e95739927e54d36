import numpy as np
import pytest

from musisep.audio._kernels import framing as kernels
from musisep.audio.framing import Overlap, overlap_add, window_frames


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


@pytest.mark.parametrize("hop", [1, 3, 5, 7, 9])
@pytest.mark.parametrize("count", [1, 2, 3, 9, 40])
@pytest.mark.parametrize("start", [0, -3])
@pytest.mark.parametrize("spare", [-5, 0, 20])
def test_windows_are_divided_out(hop, count, start, spare):
    window = 0.5 + noise(7) ** 2
    length = max(1, start + (count - 1) * hop + 7 + spare)
    weights = np.zeros(length)
    overlap_add(np.ones((count, 7)), window, hop, start, False, weights)
    covered = weights > 0
    overlap = Overlap(window, hop)
    ends = overlap.ends(start, count, length)
    for kind in (np.float64, np.float32):
        frames = noise(2, count, 7).astype(kind)
        found, expected = np.zeros((2, length), kind), np.zeros((2, length))
        for k in range(2):
            overlap_add(frames[k], overlap.inverse.astype(kind), hop, start, False, found[k])
            overlap_add(frames[k], np.ones(7, kind), hop, start, False, expected[k])
        ends.complete(found)
        expected[:, covered] /= weights[covered]
        atol = 1e-6 if kind == np.float32 else 1e-14
        np.testing.assert_allclose(found, expected, atol=atol)
    assert ends.lost == (length if covered.all() else covered.argmin())
    assert ends.reach == 1 + np.flatnonzero(covered).max()


def test_samples_under_no_window_become_0():
    window = np.array([0.0, 0, 1, 1, 0])
    ends = Overlap(window, 2).ends(0, 3, 12)
    assert (ends.lost, ends.reach) == (0, 8)
    signal = np.ones(12)
    overlap_add(np.ones((3, 5)), window, 2, 0, False, signal)
    ends.complete(signal)
    assert not signal[:2].any()
    apart = Overlap(window, 3)
    np.testing.assert_array_equal(apart.inverse, [1, 0, 1, 1, 0])
    assert apart.ends(0, 30, 80)[3:] == (0, 79)
    assert apart.ends(-2, 30, 80)[3:] == (2, 80)
    rounded = Overlap(np.array([1e-17, 1, 1e-15]), 3)
    np.testing.assert_allclose(rounded.inverse, [0, 1, 1e15])
    assert rounded.ends(0, 30, 90)[3:] == (0, 90)
    nothing = Overlap(np.zeros(5), 2)
    assert not nothing.inverse.any()
    assert nothing.ends(0, 3, 9)[3:] == (0, 0)
