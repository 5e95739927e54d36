"""What separation in pieces costs."""

import numpy as np


def test_an_item_is_played_several_times_and_measured_in_three_ways(experiments):
    import e19_long
    from items import Item

    item = Item("x", ["a", "b"], np.ones((1, 8)), np.full((2, 1, 8), 0.5), 8000)
    calls = []

    def measure(item, whole_s):
        calls.append((item.mixture.shape, item.stems.shape, whole_s))
        return float(len(calls)), 10.0 * len(calls)

    assert e19_long.row(item, 3, 5.0, False, measure) == [1, 2, 3, 20, 30]
    long, never = ((1, 24), (2, 1, 24)), e19_long.NEVER_S
    assert calls == [((1, 8), (2, 1, 8), never), (*long, never), (*long, 5.0)]
    row = e19_long.row(item, 3, 5.0, True, measure)
    assert np.isnan(row[1]) and np.isnan(row[3]) and row[2] == 5


def test_sdr_is_a_mean_over_stems(experiments):
    import e19_long

    rng = np.random.default_rng(0)
    stems, noise = rng.normal(size=(2, 2, 1, 500))
    found = stems + np.array([0.1, 0.01])[:, None, None] * noise
    assert abs(e19_long.sdr_db(stems, found) - 30) < 1
