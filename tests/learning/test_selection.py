import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from musisep.learning.selection import QUIET, audible, evenly_spaced


def test_quiet_frames_are_not_audible():
    frames = np.ones((6, 4))
    frames[[1, 4]] *= np.array([[0.9], [1.1]]) * QUIET
    np.testing.assert_array_equal(audible(frames), [0, 2, 3, 4, 5])
    np.testing.assert_array_equal(audible(1e-9 * frames), [0, 2, 3, 4, 5])
    assert audible(0 * frames).size == audible(frames[:0]).size == 0


@given(size=st.integers(0, 60), number=st.integers(1, 70))
def test_evenly_drawn_indices_keep_order_ends_and_distance(size, number):
    indices = 3 * np.arange(size) + 7
    found = evenly_spaced(indices, number)
    assert found.size == min(size, number)
    assert set(found) <= set(indices)
    steps = np.diff(found) // 3
    assert np.all(steps > 0)
    if found.size > 1:
        assert found[0] == indices[0] and found[-1] == indices[-1]
        assert steps.max() - steps.min() <= 1
