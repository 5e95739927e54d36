"""Scores and contours that `separate` is given."""

import re
from pathlib import Path

import pytest

from musisep.__main__ import main

TABLE = """onset_s,offset_s,pitch,instrument
0,0.5,D5,reed
1.6,3.5,E5,reed
0,2,A3,string
"""


@pytest.fixture
def score(folder):
    path = Path("score.csv")
    path.write_text(TABLE, encoding="utf-8")
    return str(path)


def separate(*options):
    assert main(["separate", "mix.wav", "--quiet", *options]) == 0


def times(call):
    notes = call["score"].notes
    return [(round(note.onset_s, 6), round(note.offset_s, 6)) for note in notes]


def test_a_score_names_the_tracks_and_keeps_its_times_until_it_is_aligned(score, calls, written):
    separate("--notes-in", score)
    assert {"separated/mix/reed.wav", "separated/mix/string.wav"} < written()
    assert times(calls[0]) == [(0, 2), (0, 0.5), (1.6, 3.5)]


def test_an_aligned_score_is_cut_as_the_recording_is(score, calls):
    separate("--notes-in", score, "--aligned", "--start", "0.4", "--duration", "0.5")
    assert times(calls[0]) == [(0, 0.5), (0, 0.1)]


def test_contours_are_in_the_time_of_the_recording(folder, calls):
    for name in "reed", "string":
        rows = "".join(f"{number / 100:.2f},440\n" for number in range(200))
        Path(f"{name}.f0").write_text(rows)
    separate("--pitches", "reed.f0", "string.f0", "--start", "1.5")
    assert times(calls[0]) == [(0, 0.5)] * 2
    assert calls[0]["score"].names == ("reed", "string")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--duration", "1"], "leave --start and --duration out, or add --aligned"),
        (["--pitches", "reed.f0"], "leave one out"),
        (["-n", "3"], "--instruments 3, but the score has 2: reed, string; make them alike"),
    ],
)
def test_options_that_contradict_a_score_are_refused(score, calls, refused, options, match):
    refused(["mix.wav", "--notes-in", score, *options], match)
    assert not calls


def test_an_excerpt_without_notes_is_refused(score, calls, failed):
    Path(score).write_text(TABLE.replace("\n0,", "\n1,").replace("1,0.5", "1,1.5"))
    options = ["--notes-in", score, "--aligned", "--duration", "0.5", "--quiet"]
    failed(["mix.wav", *options], r"mix\.wav: the score has no notes from 0 to 0\.5 s")
    assert not calls


def test_the_file_that_is_at_fault_is_named(folder, calls, failed):
    Path("reed.f0").write_text("0,440\n")
    advice = "check its name, its folder and its permissions"
    options = ["--pitches", "reed.f0", "string.f0", "--quiet"]
    failed(
        ["mix.wav", *options], rf"string\.f0: cannot be read: No such file or directory; {advice}"
    )
    Path("string.f0").write_text("0,440\n0,440\n")
    failed(["mix.wav", *options], re.escape("string.f0: line 2 is not later than the one before"))
