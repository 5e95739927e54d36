"""Contours of pitch as trackers write them."""

import re

import numpy as np
import pytest

from musisep.scores.contours import read_contours

LINE = [(0.00, 220), (0.01, 221), (0.02, 0), (0.03, 219), (0.20, 247), (0.21, 247), (0.22, 262)]


def text(rows, separator=","):
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def read(folder, *contents):
    paths = [folder / f"line{number}.csv" for number in range(1, len(contents) + 1)]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content, encoding="utf-8")
    return read_contours(paths)


@pytest.fixture
def score(tmp_path):
    return read(tmp_path, text(LINE))


def test_a_contour_is_cut_where_it_pauses_or_steps(score):
    assert score.names == ("line1",)
    np.testing.assert_allclose(score.notes.onset_s, [0, 0.2, 0.22])
    np.testing.assert_allclose(score.notes.offset_s, [0.04, 0.22, 0.23])
    np.testing.assert_allclose(score.notes.f0_hz, [220, 247, 262], atol=0.1)


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff# made by a tracker\n\n" + text(LINE, " "),
        "time,frequency\n" + text(LINE),
        "time,frequency,confidence\n" + text([(*row, 0.9) for row in LINE]),
        text(LINE, ";").replace(".", ","),
        text(LINE, "\t").replace("\t0\n", "\t-220\n"),
        text(LINE).replace(",0\n", ",\n"),
        text(LINE).replace(",0\n", ",NaN\n"),
    ],
    ids=["comments", "head", "confidence", "decimals", "negative", "missing", "nan"],
)
def test_trackers_write_them_in_many_ways(score, tmp_path, content):
    again = read(tmp_path, content)
    for name in "onset_s", "offset_s", "f0_hz":
        np.testing.assert_array_equal(again.notes[name], score.notes[name])


def test_instruments_have_a_file_or_a_column_each(score, tmp_path):
    both = read(tmp_path, text(LINE), text(LINE[:2]))
    assert both.names == ("line1", "line2")
    columns = read(tmp_path, "t,horn,oboe\n" + text([(*row, 440) for row in LINE]))
    assert columns.names == ("horn", "oboe")
    own = columns.notes.instrument == 0
    np.testing.assert_array_equal(columns.notes.f0_hz[own], score.notes.f0_hz)
    assert read(tmp_path, text([(*row, 440) for row in LINE])).names == (
        "instrument1", "instrument2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("contents", "match"),
    [
        ([""], "is empty"),
        (["time,f0\n"], "has no times and pitches"),
        (["0,0\n1,0\n"], "has no pitch above 0 Hz"),
        (["0,220\n1\n"], "line 2 has 1 columns, and not 2"),
        (["0,220\nx,220\n"], "line 2: 'x,220' is no numbers"),
        (["0,x\n1,220\n"], "line 1: '0,x' is no numbers"),
        (["1,220\n1,220\n"], "line 2 is not later than the one before"),
        (["-1,220\n"], "line 1 begins with -1, which is no time"),
        (["inf,220\n"], "line 1 begins with inf"),
        (["0,1e9\n"], "line 1 has 1e+09, which is no pitch in Hz"),
        (["0,0.5\n"], "line 1 has 0.5, which is no pitch"),
        (["0,220\n", "0,220,330\n"], "line2.csv has several pitches in a line"),
        (["0,220\n", "0,220\n0,0\n"], "line2.csv: line 2 is not later"),
    ],
)
def test_what_is_no_contour_is_refused(tmp_path, contents, match):
    with pytest.raises((ValueError, OSError), match=re.escape(match)):
        read(tmp_path, *contents)
