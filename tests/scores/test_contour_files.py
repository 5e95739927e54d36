"""Contours of pitch trackers become notes that follow them."""

import re

import numpy as np
import pytest

from musisep.scores.contours import cut, read_contours

TIMES_S = np.arange(100) * 0.01


def written(folder, *contents):
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / f"part{number}.f0.csv")
        paths[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
    return paths


def notes(times_s, f0_hz):
    return [pytest.approx(note, rel=1e-3, abs=1e-9) for note in cut(times_s, f0_hz)]


def test_a_contour_is_cut_where_it_is_silent_or_its_pitch_changes():
    f0_hz = np.where(TIMES_S < 0.295, 440.0, np.where(TIMES_S < 0.595, 494.0, 440.0))
    assert notes(TIMES_S, f0_hz) == [(0, 0.3, 440), (0.3, 0.6, 494), (0.6, 1.0, 440)]
    f0_hz = np.where((TIMES_S > 0.395) & (TIMES_S < 0.595), [0.0, -440.0] * 50, 440.0)
    assert notes(TIMES_S, f0_hz) == [(0, 0.4, 440), (0.6, 1.0, 440)]
    f0_hz[[10, 11]] = np.nan  # a gap of 20 ms is none
    assert notes(TIMES_S, f0_hz) == [(0, 0.4, 440), (0.6, 1.0, 440)]


def test_glides_are_followed_within_half_a_semitone():
    f0_hz = 440 * 2 ** (TIMES_S / 4)  # three semitones
    found = list(cut(TIMES_S, f0_hz))
    assert found[0][0] == 0 and found[-1][1] == pytest.approx(1.0)
    for begin, end, hz in found:
        own = f0_hz[(begin - 1e-9 < TIMES_S) & (end - 1e-9 > TIMES_S)]
        assert np.abs(12 * np.log2(own / hz)).max() < 0.8
    assert [one[1] for one in found[:-1]] == [one[0] for one in found[1:]]


def test_silence_and_single_points():
    assert list(cut(TIMES_S, 0 * TIMES_S)) == []
    assert notes(np.array([0.5]), np.array([440.0])) == [(0.5, 0.51, 440)]


@pytest.mark.parametrize(
    "text",
    ["0.0,440\n0.01,440\n0.02,0\n", "\ufefftime;f0\r\n0;440\r\n.01;440\r\n.02;\r\n",
     "# by a tracker\n0 440\n0.01 440.0\n\n0.02 nan", "time\tf0\n0\t440\n0.01\t440\n0.02\t-440"],
)  # fmt: skip
def test_files_are_what_trackers_write(tmp_path, text):
    score = read_contours(written(tmp_path, text))
    assert score.names == ("part0.f0",)
    assert [note[:3] for note in score.notes.tolist()] == [pytest.approx((0, 0.02, 440))]


def test_several_files_or_columns_are_instruments(tmp_path):
    score = read_contours(written(tmp_path, "0 440\n1 440", "0 220\n1 0"))
    assert score.names == ("part0.f0", "part1.f0")
    (path,) = written(tmp_path, "time,flute,oboe,bass\n0,440,220,0\n1,440,,110")
    score = read_contours([path])
    assert score.names == ("flute", "oboe", "bass")
    assert sorted(set(score.notes.instrument)) == [0, 1, 2]
    (path,) = written(tmp_path, "0\t440\t0\n1\t440\t220")
    assert read_contours([path]).names == ("instrument1", "instrument2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,f0\n", "has no times and pitches"),
        ("# nothing\n\n", "has no times and pitches"),
        ("0,0\n1,0", "has no pitch above 0 Hz"),
        ("0,440\nx,440", "line 2: 'x,440' is no numbers"),
        ("a,b\nc,d\n0,440", "line 2: 'c,d' is no numbers"),
        ("0,440\n0,440", "line 2 is not later than the one before"),
        ("0,440\n\n1,440\n0.5,440", "line 4 is not later than the one before"),
        ("0,440,220\n1,440", "line 2 has 2 columns, and not 3"),
        ("440\n440", "line 1 has 1 columns, and not 2"),
        ("-1,440", "line 1 begins with -1, which is no time in seconds"),
        ("inf,440", "line 1 begins with inf, which is no time in seconds"),
        (",440", "line 1 begins with nan, which is no time in seconds"),
        ("0,440\n1,1e9", r"line 2 has 1e\+09, which is no pitch in Hz"),
        ("0,0.5", "line 1 has 0.5, which is no pitch in Hz"),
        ("0,inf", "line 1 has inf, which is no pitch in Hz"),
        ("0,440".encode("utf-16"), "is no text in UTF-8 .*"),
    ],
)
def test_what_is_no_contour_is_said_with_its_line(tmp_path, text, message):
    with pytest.raises(ValueError) as error:
        read_contours(written(tmp_path, text))
    assert re.fullmatch(message, str(error.value))


def test_of_several_files_the_wrong_one_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"part1\.f0\.csv: line 1 has 0.5, which is no pitch"):
        read_contours(written(tmp_path, "0 440\n1 440", "0 0.5"))
    with pytest.raises(ValueError, match=r"part1\.f0\.csv has several pitches in a line; give"):
        read_contours(written(tmp_path, "0 440\n1 440", "0 220 330"))
    with open(tmp_path / "huge.csv", "wb") as file:
        file.truncate(2**26 + 1)
    with pytest.raises(ValueError, match=r"^is larger than 64 MB, which is no contour$"):
        read_contours([tmp_path / "huge.csv"])
