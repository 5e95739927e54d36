import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musisep.audio.frontend import Grid
from musisep.audio.logfreq import LogAxis
from musisep.tones.peaks import Peaks, places
from musisep.tones.table import TONE_TYPE, pitch_range_hz, tone_table, tones_from_table

GRID = Grid(LogAxis(50, 3200, 60), hop_length=441, sample_rate=44_100, sigma_bins=1.9)


def table(*rows):
    return np.rec.array(list(rows), dtype=TONE_TYPE)


@given(
    seed=st.integers(0, 10**6), instruments=st.integers(1, 3), tones=st.integers(1, 3),
    frames=st.integers(1, 6),
)  # fmt: skip
def test_a_table_of_tones_gives_the_tones_back(seed, instruments, tones, frames):
    rng = np.random.default_rng(seed)
    own = rng.permutation(places(instruments, tones))
    shape = frames, own.size
    made = Peaks(
        rng.uniform(0, 2, shape) * rng.integers(0, 2, shape), rng.uniform(0, 59, shape),
        np.full(shape, 1.9), rng.uniform(0, 2e-3, shape), np.broadcast_to(own, shape),
    )  # fmt: skip
    found = tones_from_table(tone_table(made, GRID), GRID, frames, own, 1.9)
    np.testing.assert_array_equal(found.insts, made.insts)
    np.testing.assert_array_equal(found.sigmas, made.sigmas)
    for frame in range(frames):
        for instrument in range(instruments):
            mine = own == instrument
            sounds = mine & (made.amps[frame] > 0)
            count = sounds.sum()
            for name in ("amps", "shifts", "spreads"):
                values = getattr(found, name)[frame, mine]
                expected = getattr(made, name)[frame, sounds]
                np.testing.assert_allclose(values[:count], expected, rtol=1e-9, atol=1e-9)
            assert not found.amps[frame, mine][count:].any()


def test_columns_are_in_seconds_and_hertz():
    peaks = Peaks([[0, 0.5], [0.25, 0]], [[0, 10], [20, 0]], np.ones((2, 2)), [[0, 1e-3]] * 2,
                  [[0, 1]] * 2)  # fmt: skip
    made = tone_table(peaks, GRID)
    np.testing.assert_allclose(made.time_s, [0, 0.01])
    np.testing.assert_allclose(made.f0_hz, [100, 200])
    assert made.instrument.tolist() == [1, 0]
    assert made.amplitude.tolist() == [0.5, 0.25]
    assert made.inharmonicity.tolist() == [1e-3, 0]


def test_no_tones_are_no_rows_and_back():
    silence = Peaks(*np.zeros((4, 3, 2)), [[0, 1]] * 3)
    made = tone_table(silence, GRID)
    assert made.size == 0
    assert not tones_from_table(made, GRID, 3, places(2, 1), 1.9).amps.any()


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([(0.05, 0, 100, 1, 0)], "frames 5 to 5 must lie below frames=5"),
        ([(-0.01, 0, 100, 1, 0)], "frames -1 to -1 must"),
        ([(0.01, 2, 100, 1, 0)], r"table\[0\] finds no place in its frame: places=\[0 1\]"),
        ([(0.01, -1, 100, 1, 0)], r"table\[0\] finds no place"),
        ([(0.01, 1, 100, 1, 0), (0.01, 0, 100, 1, 0), (0.01, 1, 200, 1, 0)], r"table\[2\] finds"),
    ],
)
def test_tones_without_a_place_are_refused(rows, match):
    with pytest.raises(ValueError, match=match):
        tones_from_table(table(*rows), GRID, 5, places(2, 1), 1.9)


def test_the_pitch_range_leaves_out_what_hardly_sounds():
    tones = table(
        (0.0, 0, 247, 1, 0), (0.1, 0, 220, 1, 0), (0.2, 0, 5000, 0.05, 0), (0.2, 0, 30, 0.05, 0),
        (0.0, 1, 880, 1, 0),
    )  # fmt: skip
    assert pitch_range_hz(tones, 0) == (220, 247)
    assert pitch_range_hz(tones, 1) == (880, 880)
    assert pitch_range_hz(tones, 2) is None
    assert pitch_range_hz(table((0.0, 0, 247, 0, 0)), 0) is None


@pytest.mark.parametrize("wrong", [None, 3, {}, np.ones(3), np.zeros(2, [("time_s", "f8")])])
def test_what_is_no_table_is_refused(wrong):
    with pytest.raises(ValueError, match=r"^table=.* must have the columns time_s"):
        pitch_range_hz(wrong, 0)
    with pytest.raises(ValueError, match=r"^table=.* must have the columns time_s"):
        tones_from_table(wrong, GRID, 3, [0, 1], 1.9)
    with pytest.raises(ValueError, match=r"f0_hz.* must be finite"):
        tones_from_table(table((0.0, 0, np.nan, 1.0, 0.0)), GRID, 3, [0, 1], 1.9)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("grid", None), ("frames", -1), ("frames", 1.5), ("places", ...), ("places", [0.5]),
     ("places", [[0]]), ("sigma", np.ones(2)), ("sigma", 0)],
)  # fmt: skip
def test_where_tones_of_a_table_go_is_checked(name, wrong):
    given = {
        "table": table((0.0, 0, 100.0, 1.0, 0.0)), "grid": GRID, "frames": 3, "places": [0, 1],
        "sigma": 1.9,
    }  # fmt: skip
    assert tones_from_table(**given).amps.tolist() == [[1.0, 0], [0, 0], [0, 0]]
    with pytest.raises(ValueError, match=rf"^{name}"):
        tones_from_table(**{**given, name: wrong})


def test_tables_are_of_tones_on_a_grid():
    for tones, grid, name in ((3, GRID, "tones"), (Peaks.empty(), GRID, "tones")):
        with pytest.raises(ValueError, match=f"^{name}"):
            tone_table(tones, grid)
    with pytest.raises(ValueError, match=r"^grid=3 must be a Grid"):
        tone_table(Peaks([[1.0]], [[2.0]], [[1.0]], [[0.0]], [[0]]), 3)
    with pytest.raises(ValueError, match=r"^instrument=\(\)"):
        pitch_range_hz(table((0.0, 0, 100.0, 1.0, 0.0)), ())
