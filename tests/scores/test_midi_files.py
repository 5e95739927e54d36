"""MIDI files: what is written is read, and files of other programs, or damaged ones, may come."""

import io
import re

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scored import duet_score, rows

from musisep._util.pitches import hz_of
from musisep.scores import NOBODY, Score, note_table
from musisep.scores.midi import read_midi, write_midi

DETUNED = Score(
    note_table([0.1, 0.1, 0.5, 0.5], [0.5, 0.9, 0.7, 1.0], [450.0, 220.0, 445.0, 8.0],
               [0, 1, 0, 1], level_db=[-10, -30, np.nan, -90]),
    ("Größe", "日本"),
)  # fmt: skip


def midi(*tracks, kind=1, **options):
    file = mido.MidiFile(type=kind, **options)
    file.tracks += [mido.MidiTrack(messages) for messages in tracks]
    return file


def note(pitch, start, length, channel=0, velocity=80):
    """A note that begins `start` ticks after what is before it."""
    common = {"note": pitch, "channel": channel}
    return [mido.Message("note_on", time=start, velocity=velocity, **common),
            mido.Message("note_on", time=length, velocity=0, **common)]  # fmt: skip


def named(name):
    return mido.MetaMessage("track_name", name=name)


def read(folder, file, names=None):
    file.save(folder / "score.mid")
    return read_midi(folder / "score.mid", names)


def test_exact_pitches_are_kept_with_bends(tmp_path):
    write_midi(tmp_path / "notes.mid", DETUNED, bends=True)
    again = read_midi(tmp_path / "notes.mid")
    assert again.names == DETUNED.names
    np.testing.assert_allclose(again.notes.onset_s, DETUNED.notes.onset_s, atol=3e-4)
    np.testing.assert_allclose(again.notes.offset_s, DETUNED.notes.offset_s, atol=3e-4)
    hz = np.maximum(DETUNED.notes.f0_hz, hz_of(0))  # MIDI has no lower one
    np.testing.assert_allclose(again.notes.f0_hz, hz, rtol=1e-4)
    np.testing.assert_array_equal(again.notes.instrument, DETUNED.notes.instrument)


def test_pitches_are_rounded_without_bends(tmp_path):
    write_midi(tmp_path / "notes.mid", DETUNED)
    found = read_midi(tmp_path / "notes.mid").notes
    np.testing.assert_allclose(np.sort(found.f0_hz)[1:], [220, 440, 440], rtol=1e-9)
    messages = [message.type for track in mido.MidiFile(tmp_path / "notes.mid").tracks
                for message in track]  # fmt: skip
    assert "pitchwheel" not in messages


def test_louder_notes_are_struck_harder(tmp_path):
    write_midi(tmp_path / "notes.mid", DETUNED)
    struck = [[message.velocity for message in track if message.type == "note_on"]
              for track in mido.MidiFile(tmp_path / "notes.mid").tracks]  # fmt: skip
    assert struck == [[], [112, 80], [64, 16]]  # the second is of unknown level


def test_rests_and_notes_of_nobody_are_left_out(tmp_path):
    notes = note_table([0, 1, 2], [1, 2, 3], [440, np.nan, 330], [0, 0, NOBODY])
    write_midi(tmp_path / "notes.mid", Score(notes, ("a", "b")))
    found = read_midi(tmp_path / "notes.mid", ["a", "b"])
    assert rows(found) == [(0, 1, pytest.approx(440), "a")]
    assert found.names == ("a", "b")


def test_more_instruments_than_channels_are_kept_apart(tmp_path):
    names = tuple(f"part {number}" for number in range(20))
    score = Score(note_table(0, 1, 440 + np.arange(20), np.arange(20)), names)
    write_midi(tmp_path / "notes.mid", score, bends=True)
    again = read_midi(tmp_path / "notes.mid")
    assert again.names == names
    np.testing.assert_allclose(again.notes.f0_hz, score.notes.f0_hz, rtol=1e-4)


def test_repeated_notes_stay_apart(tmp_path):
    notes = note_table([0, 0.5, 1.0], [0.5, 1.0, 1.5], [440, 443, 438], 0)
    write_midi(tmp_path / "notes.mid", Score(notes, ("a",)), bends=True)
    again = read_midi(tmp_path / "notes.mid").notes
    np.testing.assert_allclose(again.onset_s, notes.onset_s)
    np.testing.assert_allclose(again.f0_hz, notes.f0_hz, rtol=1e-4)


def test_the_same_notes_are_the_same_bytes(tmp_path):
    for name in ("a.mid", "b.mid"):
        write_midi(tmp_path / name, duet_score(), bends=True)
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def test_tempi_count_for_all_tracks_wherever_they_stand(tmp_path):
    tempi = [mido.MetaMessage("set_tempo", tempo=1_000_000, time=0),
             mido.MetaMessage("set_tempo", tempo=250_000, time=960)]  # fmt: skip
    file = midi([named("a"), *note(69, 480, 960)], tempi, ticks_per_beat=480)
    assert rows(read(tmp_path, file)) == [(1.0, 2.25, pytest.approx(440), "a")]


def test_drums_and_empty_tracks_are_left_out_and_names_are_made_fit(tmp_path):
    file = midi([named("Conductor")], [named("drums"), *note(40, 0, 96, channel=9)],
                [named("Solo/Tutti"), *note(60, 0, 96)], [*note(62, 0, 96)],
                [named("Solo/Tutti"), *note(64, 0, 96)])  # fmt: skip
    assert read(tmp_path, file).names == ("Solo-Tutti", "instrument2", "Solo-Tutti 2")


def test_channels_of_a_single_track_are_instruments(tmp_path):
    file = midi([*note(60, 0, 96, channel=3), *note(62, 0, 96, channel=1)], kind=0)
    score = read(tmp_path, file)
    assert score.names == ("instrument1", "instrument2")
    assert [row[3] for row in rows(score)] == ["instrument2", "instrument1"]


def test_ranges_of_bends_are_heeded(tmp_path):
    bend = [mido.Message("control_change", control=control, value=value)
            for control, value in ((101, 0), (100, 0), (6, 12))]  # fmt: skip
    bend.append(mido.Message("pitchwheel", pitch=4096))
    file = midi([named("a"), *note(69, 0, 96), *bend, *note(69, 0, 96)])
    np.testing.assert_allclose(read(tmp_path, file).notes.f0_hz, [440, 440 * 2**0.5])


def test_notes_that_overlap_or_never_end_are_kept(tmp_path):
    on = [mido.Message("note_on", note=69, time=time) for time in (0, 480, 480)]
    off = [mido.Message("note_off", note=69, time=480)]
    file = midi([named("a"), *on, *off, mido.MetaMessage("end_of_track", time=960)],
                ticks_per_beat=480)  # fmt: skip
    found = read(tmp_path, file).notes
    np.testing.assert_allclose(found.onset_s, [0, 0.5, 1.0])
    np.testing.assert_allclose(sorted(found.offset_s), [1.5, 2.5, 2.5])


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (midi([named("a")]), "has no notes with pitches; export a score"),
        (midi([*note(60, 0, 96, channel=9)]), "has no notes with pitches; export a score"),
        (midi([*note(60, 0, 0)]), "has no notes with pitches; export a score"),
        (midi([*note(60, 0, 96)], kind=2), "is no MIDI file, .*different pieces.*; export it .*"),
        (midi([*note(60, 0, 96)], ticks_per_beat=0xE728 - 0x10000), "is no MIDI .*SMPTE.*"),
    ],
)
def test_what_is_no_score_is_said(tmp_path, file, message):
    with pytest.raises(ValueError) as error:
        read(tmp_path, file)
    assert re.fullmatch(message, str(error.value))


def test_a_track_that_was_renamed_is_named(tmp_path):
    file = midi([named("oboe"), *note(60, 0, 96)])
    with pytest.raises(ValueError, match=r"^there is no instrument 'oboe', but horn, flute$"):
        read(tmp_path, file, ["horn", "flute"])


GOOD = io.BytesIO()
midi([named("a"), *note(60, 0, 96), *note(62, 0, 96)]).save(file=GOOD)


@given(at=st.integers(0, len(GOOD.getvalue()) - 1), byte=st.integers(0, 255), end=st.booleans())
def test_damaged_files_are_read_or_refused_in_a_line(tmp_path_factory, at, byte, end):
    content = bytearray(GOOD.getvalue())
    content[at] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.mid"
    path.write_bytes(content[: at + 1] if end else content)
    try:
        score = read_midi(path)
    except ValueError as error:
        assert "\n" not in str(error) and re.search(" MIDI file|no notes", str(error))
        assert "()" not in str(error)
    else:
        assert len(score)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    with open(tmp_path / "score.mid", "wb") as file:
        file.truncate(2**23 + 1)
    with pytest.raises(ValueError, match=r"^is larger than 8 MB, which is no score$"):
        read_midi(tmp_path / "score.mid")
