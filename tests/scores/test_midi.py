"""MIDI files: what is written is read as it was, and those of other programs are understood."""

import mido
import numpy as np
import pytest

from musisep.scores import NOBODY, Score, note_table
from musisep.scores.corrections import corrections
from musisep.scores.files import load_score, save_score
from musisep.scores.midi import read_midi, write_midi

SCORE = Score(
    note_table(
        [0, 0.5, 0.5, 1, 1.5, 2],
        [0.5, 1, 2, 1.5, 2, 3],
        [440, 440, 220 * 2 ** (0.3 / 12), 466.16, np.nan, 100],
        [0, 0, 1, 0, 0, NOBODY],
        level_db=[-20, -10, -60, np.nan, np.nan, -20],
    ),
    ("Hořn, první", "oboe"),
)
PLAYED = 4


def message(kind, time=0, **options):
    return mido.Message(kind, time=time, **options)


def saved(path, *tracks, **options):
    file = mido.MidiFile(ticks_per_beat=480, **options)
    file.tracks += [mido.MidiTrack(track) for track in tracks]
    file.save(path)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "score.mid"


@pytest.mark.parametrize("bends", [False, True])
def test_what_is_written_is_read_as_it_was(path, bends):
    write_midi(path, SCORE, bends=bends)
    again = read_midi(path, SCORE.names)
    assert len(again) == PLAYED
    for name in "onset_s", "offset_s", "instrument":
        np.testing.assert_allclose(again.notes[name], SCORE.notes[name][:PLAYED], atol=1e-3)
    cents = 1200 * np.log2(again.notes.f0_hz / SCORE.notes.f0_hz[:PLAYED])
    assert np.abs(cents).max() == pytest.approx(0 if bends else 30, abs=0.1)


def test_notes_that_were_not_edited_are_no_corrections(path):
    played = Score(SCORE.notes[:PLAYED], SCORE.names)
    write_midi(path, played)
    assert len(corrections(played, read_midi(path, played.names))) == 0


def test_louder_notes_are_faster_and_each_instrument_has_a_track(path):
    write_midi(path, SCORE)
    tracks = mido.MidiFile(path).tracks[1:]
    assert len(tracks) == 2
    faster = [[on.velocity for on in track if on.type == "note_on"] for track in tracks]
    assert faster == [[88, 112, 80], [16]]


def test_tempi_change_in_time_with_all_tracks(path):
    tempi = [mido.MetaMessage("set_tempo", tempo=tempo, time=480) for tempo in (250_000, 2_000_000)]
    notes = [message("note_on", note=69, time=240), message("note_off", note=69, time=960)]
    score = read_midi(saved(path, tempi, [mido.MetaMessage("track_name", name="a"), *notes]))
    assert score.names == ("a",)
    # at first two beats in a second, then four, then half of one
    assert score.notes.onset_s[0] == pytest.approx(0.25)
    assert score.notes.offset_s[0] == pytest.approx(0.5 + 0.25 + 1.0)


def test_a_single_track_has_an_instrument_for_each_channel_but_drums(path):
    track = [
        message(kind, channel=channel, note=60 + channel, time=time)
        for kind, time in (("note_on", 0), ("note_off", 480))
        for channel in (3, 9, 0)
    ]
    score = read_midi(saved(path, track, type=0))
    assert score.names == ("instrument1", "instrument2")
    np.testing.assert_allclose(score.notes.f0_hz, [261.626, 311.127], atol=1e-3)


def test_notes_without_an_end_last_as_long_as_the_track(path):
    track = [message("note_on", note=69), message("note_on", note=60, time=480)]
    track += [message("note_on", note=60, velocity=0, time=480)]
    score = read_midi(saved(path, track))
    np.testing.assert_allclose(score.notes.offset_s, [1.0, 1.0])


def test_names_are_made_fit_for_files(path):
    names = ["a/b", "", "mix", "Nobody", "horn", "Horn"]
    notes = [message("note_on", note=69), message("note_off", note=69, time=480)]
    tracks = [[mido.MetaMessage("track_name", name=name), *notes] for name in names]
    fit = ("a-b", "instrument2", "mix part", "Nobody part", "horn", "Horn 2")
    assert read_midi(saved(path, *tracks)).names == fit


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda content: content[:60], r"or damaged \(it ends too early\)"),
        (lambda content: b"RIFF" + content[4:], "is no MIDI file"),
        (lambda content: content[:12] + b"\xe7\x28" + content[14:], "films, SMPTE"),
        (lambda content: content[:9] + b"\x02" + content[10:], "different pieces"),
    ],
)
def test_damaged_files_are_refused(path, change, match):
    write_midi(path, SCORE)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=match):
        read_midi(path)


def test_files_without_notes_and_other_instruments_are_refused(path):
    with pytest.raises(ValueError, match="has no notes with pitches"):
        read_midi(saved(path, [message("program_change", program=1)]))
    write_midi(path, SCORE)
    with pytest.raises(ValueError, match="there is no instrument 'oboe', but"):
        read_midi(path, [SCORE.names[0], "tuba"])


def test_suffixes_tell_what_a_score_is(tmp_path):
    for name in "a.csv", "a.MID", "a.midi", "a.txt":
        save_score(SCORE, tmp_path / name)
        assert len(load_score(tmp_path / name)) == (PLAYED if "mid" in name.lower() else 6)
    assert (tmp_path / "a.MID").read_bytes()[:4] == b"MThd"
    with pytest.raises(ValueError, match=r"must end in \.csv"):
        save_score(SCORE, tmp_path / "a.xml")
    with pytest.raises(ValueError, match="is no score by its name"):
        load_score(tmp_path / "a.xml")
