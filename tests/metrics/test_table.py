import numpy as np
import pytest

from musisep.metrics import bss_eval
from musisep.metrics.table import measure_table


def test_rows_come_in_the_order_of_the_references_and_the_mean_last():
    rng = np.random.default_rng(0)
    references = rng.standard_normal((3, 1, 400))
    stems = references[[2, 0, 1]] + 0.1 * rng.standard_normal((3, 1, 400))
    rows = measure_table(["a", "b", "c"], references, stems)
    measured = bss_eval(references, stems)
    assert [row.name for row in rows] == ["a", "b", "c", "mean"]
    assert [row.stem for row in rows] == [1, 2, 0, None]
    for name in ("sdr", "sir", "sar"):
        values = getattr(measured, name)
        np.testing.assert_array_equal([getattr(row, name) for row in rows[:3]], values)
        assert getattr(rows[3], name) == values.mean()


def test_each_reference_needs_a_name():
    with pytest.raises(ValueError, match=r"^names="):
        measure_table(["a"], np.eye(2, 9), np.eye(2, 9))
    with pytest.raises(ValueError, match=r"^references and stems .*: estimates of dtype=object"):
        measure_table(["a", "b"], np.eye(2, 9), [None])


@pytest.mark.parametrize("names", [2, None, {"a": 1}, "ab", b"ab"])
def test_names_that_are_no_sequence_are_refused(names):
    with pytest.raises(ValueError, match=r"^names="):
        measure_table(names, np.eye(2, 9), np.eye(2, 9))
