"""Tables of notes: what people and spreadsheets make of them is read, or refused by its line."""

import numpy as np
import pytest

from musisep.io.files import AudioFileError
from musisep.scores import NOBODY, Score, note_table
from musisep.scores.csvs import read_csv, write_csv, written

PLAIN = """onset_s,offset_s,pitch,cents,f0_hz,level_db,instrument,certainty
0.0000,0.5000,A4,0.0,440.000,-20.0,horn,0.900
0.5000,1.2500,Bb3,10.0,,,oboe,
1.2500,2.0000,rest,,,,oboe,
2.0000,2.5000,A4,0.0,440.000,-20.0,nobody,0.100
"""


def rows(score):
    """Onset, offset, pitch in Hz to a tenth, name of the instrument."""
    names = (*score.names, "nobody")
    return [
        (note.onset_s, note.offset_s, round(float(note.f0_hz), 1), names[note.instrument])
        for note in score.notes
    ]


def read(path, content, names=None):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_csv(path, names)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "notes.csv"


@pytest.fixture
def plain(path):
    return read(path, PLAIN)


def test_a_table_is_read(plain):
    assert plain.names == ("horn", "oboe")
    assert rows(plain)[:2] == [(0, 0.5, 440.0, "horn"), (0.5, 1.25, 234.4, "oboe")]
    assert np.isnan(plain.notes.f0_hz[2])
    assert plain.notes.instrument[2] == 1
    assert plain.notes.instrument[3] == NOBODY
    np.testing.assert_array_equal(plain.notes.level_db[:2], [-20, np.nan])


def test_what_is_written_is_read_as_it_was(plain, path):
    write_csv(path, plain)
    again = read_csv(path)
    assert written(again) == written(plain)
    assert again.names == plain.names


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
        lambda text: text.replace(",", ";").replace(".", ","),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace("\n", "\n\n,,,,,,,\n"),
        lambda text: text.replace("\n", ",a remark\n"),
        lambda text: text.replace("nobody", "Nobody").replace("rest", " REST "),
        lambda text: text.replace("horn", '"horn"').replace("onset_s", " Onset_S"),
        lambda text: "\n".join(",".join(line.split(",")[::-1]) for line in text.splitlines()),
        lambda text: "\n".join((lines := text.splitlines())[:1] + lines[:0:-1]),
    ],
    ids=["bom", "semicolons", "tabs", "empty", "extra", "case", "quotes", "columns", "order"],
)
def test_other_ways_to_write_it_are_the_same(plain, path, change):
    again = read(path, change(PLAIN), names=plain.names)
    assert written(again) == written(plain)


def test_durations_and_midi_numbers_are_understood(path):
    score = read(path, "onset_s,duration_s,pitch,instrument\n1,0.5,69,horn\n")
    assert rows(score) == [(1, 1.5, 440.0, "horn")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.5000,1.2500", "1.2500,0.5000", "line 3: must begin at 0 s or later, and end after"),
        ("0.5000,1.2500", "nan,1.25", "line 3: must begin at 0 s"),
        ("0.5000,1.2500", "0.5,inf", "line 3: must begin at 0 s"),
        ("0.5000,1.2500", "00:01,1.25", "line 3: onset_s '00:01' must be a number"),
        ("Bb3", "H3", "line 3: pitch 'H3' must be a note, as A4 or Bb3"),
        ("Bb3,10.0", ",", "line 3: needs a pitch"),
        ("Bb3,10.0,", ",,-1", "line 3: needs a pitch"),
        ("A4,0.0", "B4,0.0", "line 2: pitch B4 and f0_hz 440 contradict each other"),
        (",horn", ",Horn", "line 2: there is no instrument 'Horn', but horn, oboe"),
        (",horn", ",", "line 2: needs an instrument, or nobody"),
        ("instrument", "player", "has no column instrument in its first line"),
        ("offset_s", "end", "has no column offset_s or duration_s"),
        ("\n0.5", "\n\n\n0.5000,1,A4,,,,tuba,\n", "line 5: there is no instrument 'tuba'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(path, old, new, message):
    with pytest.raises(ValueError, match=message):
        read(path, PLAIN.replace(old, new, 1), names=("horn", "oboe"))


def test_other_encodings_are_refused(path):
    for encoding in "utf-16", "latin-1":
        with pytest.raises(ValueError, match="is no text in UTF-8"):
            read(path, PLAIN.replace("horn", "hörn").encode(encoding))


def test_files_without_notes_are_refused(path):
    with pytest.raises(AudioFileError, match="is empty"):
        read(path, "")
    with pytest.raises(ValueError, match="has no notes of an instrument"):
        read(path, PLAIN.splitlines()[0])
    assert len(read(path, PLAIN.splitlines()[0], names=("horn",))) == 0


def test_nobody_is_no_name_of_an_instrument():
    for name in "nobody", "Nobody":
        with pytest.raises(ValueError, match="stands for something else"):
            Score(note_table(0, 1, 440, 0), (name,))
