"""Tables of notes in text files: what is written is read, and edited files may be anything."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scored import duet_score, rows

from musisep.scores import NOBODY, Score, note_table
from musisep.scores.csvs import pitch_hz, read_csv, write_csv, written

HEAD = "onset_s,offset_s,pitch,instrument\n"


def read(folder, content, names=None):
    path = folder / "notes.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return read_csv(path, names)


def test_what_is_written_is_read(tmp_path):
    notes = note_table(
        [0.1, 0.25, 0.5, 0.75], [0.2, 0.5, 0.75, 1e4], [441.3, np.nan, 27.0, 9000.0],
        [0, 1, NOBODY, 1], level_db=[-12.34, np.nan, np.nan, -50], certainty=[0.987, 1, np.nan, 0],
    )  # fmt: skip
    score = Score(notes, ("Größe, 1", 'a "b"'.replace('"', "'")))
    write_csv(tmp_path / "notes.csv", score)
    again = read_csv(tmp_path / "notes.csv", score.names)
    assert again.names == score.names
    for name, within in (("onset_s", 5e-5), ("offset_s", 5e-5), ("f0_hz", 5e-4), ("level_db", 0.05),
                         ("certainty", 5e-4), ("instrument", 0)):  # fmt: skip
        np.testing.assert_allclose(again.notes[name], notes[name], rtol=0, atol=1.01 * within)
    assert written(again) == written(score)


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(1e-3, 100), st.floats(1, 1e5)), max_size=5))
def test_any_score_is_read_as_it_was_written(tmp_path_factory, notes):
    onset_s, length_s, f0_hz = np.array(notes).reshape(-1, 3).T
    table = note_table(onset_s, onset_s + length_s, f0_hz, np.zeros(len(notes), int))
    score = Score(table, ("a",))
    again = read(tmp_path_factory.getbasetemp(), written(score), ["a"])
    np.testing.assert_allclose(again.notes.onset_s, score.notes.onset_s, atol=1e-4)
    np.testing.assert_allclose(np.sort(again.notes.f0_hz), np.sort(f0_hz), atol=1e-3)


def test_an_edited_note_needs_a_pitch_or_a_frequency(tmp_path):
    text = (
        "Instrument, Pitch ,cents,f0_hz,onset_s,duration_s,comment\n"
        "oboe,A4,,,1,0.5,by hand\n"
        "oboe,bb3,50,,2,0.5,\n"
        "horn,,,300.5,3,0.5,\n"
        "\n"
        " , ,,,,,\n"
        "horn,60.5,,,4,0.5,\n"
        "horn,Rest,,,5,0.5\n"
        "nobody,C4,,,6,0.5,x,y,z\n"
    )
    score = read(tmp_path, text)
    assert score.names == ("oboe", "horn")
    hz = [440, 233.0819 * 2 ** (50 / 1200), 300.5, 261.6256 * 2 ** (0.5 / 12), np.nan, 261.6256]
    players = ["oboe", "oboe", "horn", "horn", "horn", "nobody"]
    expected = [(at, at + 0.5, f0_hz, player)
                for at, f0_hz, player in zip(range(1, 7), hz, players, strict=True)]  # fmt: skip
    for row, wanted in zip(rows(score), expected, strict=True):
        assert row[3] == wanted[3]
        assert row[:3] == pytest.approx(wanted[:3], rel=1e-6, nan_ok=True)


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffonset_s;offset_s;pitch;instrument\r\n0,5;1,25;A4;oboe\r\n",  # of a spreadsheet
        "onset_s\toffset_s\tpitch\tinstrument\n0,5\t1.25\tA4\toboe",
        'onset_s,offset_s,pitch,instrument\r"0.5",1.25,A4,"oboe"\r',  # of an old Mac
    ],
)
def test_spreadsheets_have_other_separators(tmp_path, content):
    assert rows(read(tmp_path, content)) == [(0.5, 1.25, pytest.approx(440), "oboe")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n\n", "line [01]: has no column onset_s"),
        ("onset_s,pitch,instrument\n", "line 1: has no column offset_s or duration_s"),
        ("onset_s,offset_s,pitch\n", "line 1: has no column instrument"),
        ("onset_s,offset_s,instrument\n", "line 1: has no column pitch or f0_hz"),
        (HEAD, "has no notes of an instrument"),
        (HEAD.encode("utf-16"), "is no text in UTF-8 .*; save it as CSV in UTF-8"),
        ((HEAD + "0,1,A4,Flöte").encode("latin-1"), "is no text in UTF-8 .*; save it as .*"),
        (HEAD + "0,1,A4,a\n\nx,1,A4,a", "line 4: onset_s 'x' must be a number"),
        (HEAD + "0,1,A4,a\n0;1;A4;a", "line 3: onset_s '0;1;A4;a' must be a number"),
        (HEAD + "1,1,A4,a", "line 2: must begin at 0 s or later, and end after it begins"),
        (HEAD + "-1,1,A4,a", "line 2: must begin at 0 s or later, and end after it begins"),
        (HEAD + "nan,1,A4,a", "line 2: must begin at 0 s or later, and end after it begins"),
        (HEAD + "0,inf,A4,a", "line 2: offset_s 'inf' must be a number"),
        (HEAD + "0,1e999,A4,a", "line 2: offset_s '1e999' must be a number"),
        (HEAD + "0,,A4,a", "line 2: must begin at 0 s or later, and end after it begins"),
        (HEAD + "0", "line 2: must begin at 0 s or later, and end after it begins"),
        (HEAD + "0,1,H4,a", "line 2: pitch 'H4' must be a note, as A4 or Bb3, or a MIDI number"),
        (HEAD + "0,1,440,a", "line 2: pitch '440' must be a note, .*"),
        (HEAD + "0,1,nan,a", "line 2: pitch 'nan' must be a note, .*"),
        (HEAD + "0,1,,a", "line 2: needs a pitch, as A4, or rest, or f0_hz above 0"),
        (HEAD + "0,1,A4,", "line 2: needs an instrument, or nobody"),
        (HEAD + "0,1,A4", "line 2: needs an instrument, or nobody"),
        (HEAD + "0,1,rest,nobody", "line 2: a rest must be of an instrument"),
        (HEAD + "0,1,A4,a\n\n\n0,1,A4,b/c", "line 5: .*b/c.*"),
        (HEAD + "0,1,A4," + 140_000 * "x", "line 2: field larger than field limit .*"),
        (HEAD + '0,1,A4,"' + 140_000 * "x", "line 2: field larger than field limit .*"),
        (140_000 * "x", "line 1: field larger than field limit .*"),
        (HEAD[:-1] + ",f0_hz\n0,1,A4,a,-3", "line 2: f0_hz -3 must be above 0"),
        (HEAD[:-1] + ",f0_hz\n0,1,A4,a,220", "line 2: pitch A4 and f0_hz 220 contradict each .*"),
        (HEAD[:-1] + ",f0_hz\n0,1,A4,a,inf", "line 2: f0_hz 'inf' must be a number"),
        (HEAD[:-1] + ",f0_hz\n0,1,,a,inf", "line 2: f0_hz 'inf' must be a number"),
        (HEAD[:-1] + ",cents\n0,1,A4,a,1e99", r"line 2: cents 1e\+99 must be from -100000 to 1.*"),
        (HEAD[:-1] + ",cents\n0,1,A4,a,-inf", "line 2: cents '-inf' must be a number"),
        (HEAD[:-1] + ",level_db\n0,1,A4,a,inf", "line 2: level_db 'inf' must be a number"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path, content, message):
    with pytest.raises(ValueError) as error:
        read(tmp_path, content)
    assert re.fullmatch(message, str(error.value))


def test_an_instrument_that_nobody_knows_is_named_with_its_line(tmp_path):
    text = HEAD + "0,1,A4,oboe\n\n0,1,A4,hron\n"
    with pytest.raises(
        ValueError, match=r"^line 4: there is no instrument 'hron', but oboe, horn$"
    ):
        read(tmp_path, text, ["oboe", "horn"])
    assert read(tmp_path, text.replace("hron", "horn"), ["horn", "oboe"]).names == ("horn", "oboe")
    assert len(read(tmp_path, HEAD, ["horn"])) == 0  # all notes were deleted


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    with open(tmp_path / "notes.csv", "wb") as file:
        file.truncate(2**26 + 1)
    with pytest.raises(ValueError, match=r"^is larger than 64 MB, which is no list of notes$"):
        read_csv(tmp_path / "notes.csv")


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    (tmp_path / "notes.csv").mkdir()
    with pytest.raises(OSError, match=r"notes\.csv"):
        write_csv(tmp_path / "notes.csv", duet_score())
    assert [path.name for path in tmp_path.iterdir()] == ["notes.csv"]


def test_pitches_are_names_or_numbers():
    assert pitch_hz("A4") == pitch_hz("69") == pitch_hz("69.0") == pytest.approx(440)
    assert pitch_hz("Bb3") == pitch_hz("A#3") == pytest.approx(233.0819)


def test_excel_says_its_separator_in_a_line_of_its_own(tmp_path):
    lines = "sep=;\r\nonset_s;offset_s;pitch;instrument\r\n0,5;1;A4;oboe\r\n"
    assert read(tmp_path, lines).notes.onset_s.tolist() == [0.5]
    with pytest.raises(ValueError, match=r"^line 4: needs an instrument, or nobody$"):
        read(tmp_path, lines + "2;3;A4;\r\n")
