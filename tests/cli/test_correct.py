"""`musisep correct`: what was edited is told to the separation, and nothing is lost."""

import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest

import musisep.separation
from musisep.__main__ import main
from musisep.scores import NOBODY
from musisep.tones.table import TONE_TYPE

OUT = Path("separated/mix")
NOTES = [(0, 0.5, 587.3), (0.5, 1, 659.3), (1, 1.6, 740.0), (1.6, 2, 659.3), (0, 0.7, 220)]
NAMES = ("reed", "string")


@pytest.fixture
def separate(folder, calls, monkeypatch):
    """Return a function that runs `musisep separate`, which finds `NOTES`."""
    oracle = musisep.separation.separate

    def with_notes(mixture, sample_rate, *, settings, **options):
        found = oracle(mixture, sample_rate, settings=settings, **options)
        hop_s = round(settings.hop_s * sample_rate) / sample_rate
        rows = [
            (hop_s * frame, player, f0_hz, 1.0, 0.0)
            for player, notes in enumerate((NOTES[:4], NOTES[4:]))
            for onset_s, offset_s, f0_hz in notes
            for frame in range(round(onset_s / hop_s), round(offset_s / hop_s))
        ]
        return replace(found, tones=np.rec.fromrecords(rows, dtype=TONE_TYPE))

    monkeypatch.setattr(musisep.separation, "separate", with_notes)

    def run(*options):
        assert main(["separate", "mix.wav", "--quiet", *options]) == 0

    return run


@pytest.fixture
def separated(separate):
    separate("--notes", "csv,midi", "--stem-names", ",".join(NAMES))
    return OUT


@pytest.fixture
def wrong(capsys):
    """Return a function that runs `correct`, which must end with status 1 and one message."""

    def run(match, *options, folder=OUT):
        capsys.readouterr()
        assert main(["correct", str(folder), "--quiet", *options]) == 1
        assert re.fullmatch(f"musisep: {match}\n", capsys.readouterr().err)

    return run


def correct(*options, folder=OUT):
    assert main(["correct", str(folder), "--quiet", *options]) == 0


def edit(old, new, path=OUT / "notes.csv"):
    """Replace a text once."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def give_first_note(path=OUT / "notes.csv"):
    """Give the first note of the reed to the string."""
    edit(",reed,", ",string,", path)


def told(calls):
    """Begin, pitch and instrument of the corrections of the last call."""
    notes = calls[-1]["corrections"].notes
    return [(n.onset_s, round(float(n.f0_hz)), int(n.instrument)) for n in notes]


def test_a_table_that_was_edited_is_told(separated, calls, capsys):
    give_first_note()
    correct()
    assert told(calls) == [(0, 587, 1)]
    assert calls[-1]["edited"].notes.instrument.tolist() == [1, 1, 0, 0, 0]
    assert calls[-1]["edited"].names == NAMES
    assert "1 note given or added\n" in capsys.readouterr().out
    assert ",string," in (OUT / "corrections.csv").read_text()


def test_midi_that_was_edited_is_told(separated, calls):
    file = mido.MidiFile(OUT / "notes.mid")
    file.tracks.append(file.tracks.pop(1))  # another order
    for message in file.tracks[1]:
        if message.type.startswith("note"):
            message.note = 45
    file.save(OUT / "notes.mid")
    correct()
    assert sorted(told(calls)) == [(0, 110, 1), (0, 220, NOBODY)]


def test_notes_may_be_elsewhere(separated, calls):
    elsewhere = Path("edited.csv")
    shutil.copy(OUT / "notes.csv", elsewhere)
    give_first_note(elsewhere)
    correct("--notes", str(elsewhere))
    assert told(calls) == [(0, 587, 1)]


def test_nothing_is_done_if_nothing_was_corrected(separated, calls, capsys):
    correct()
    edit("\n", "\r\n\n")
    correct()
    assert capsys.readouterr().out.count("no note was corrected since") == 2
    assert len(calls) == 1


def test_corrections_add_up_and_can_be_taken_back(separated, calls):
    give_first_note()
    correct()
    edit(",string,", ",reed,")
    correct()
    assert sorted(told(calls)) == [(0, 220, 0), (0, 587, 1)]
    lines = (OUT / "corrections.csv").read_text().splitlines()
    (OUT / "corrections.csv").write_text("\n".join(lines[:1] + lines[2:]))
    correct()
    assert told(calls) == [(0, 587, 1)]


def test_all_corrections_can_be_taken_back(separated, calls):
    give_first_note()
    correct()
    path = OUT / "corrections.csv"
    path.write_text(path.read_text().splitlines()[0])
    correct()
    assert told(calls) == []
    assert len(path.read_text().splitlines()) == 1


@pytest.mark.parametrize("name", ["notes.mid", "found.csv", "reed.wav"])
def test_files_that_were_changed_as_well_are_not_replaced_unasked(separated, calls, wrong, name):
    give_first_note()
    changed = (OUT / name).read_bytes() + b"\n"
    (OUT / name).write_bytes(changed)
    wrong(rf"{OUT / name} was changed since; use --overwrite, or move it")
    assert (OUT / name).read_bytes() == changed
    correct("--overwrite")
    assert len(calls) == 2


def test_edited_notes_are_not_replaced_by_others_unasked(separated, wrong):
    shutil.copy(OUT / "notes.csv", "other.csv")
    give_first_note(Path("other.csv"))
    edit(",reed,", ",nobody,")
    wrong(rf"{OUT / 'notes.csv'} was changed since; .*", "--notes", "other.csv")
    correct("--notes", "other.csv", "--overwrite")


def test_what_cannot_be_meant_is_refused_with_the_name_of_the_file(separated, calls, wrong):
    place = f"{OUT / 'notes.csv'}: "
    kept = (OUT / "notes.csv").read_text()
    for change, match in (
        (kept.replace("reed", "Reed", 1), "line 3: there is no instrument 'Reed', but reed, .*"),
        (kept.splitlines()[0], "has none of the notes that were found; .*"),
        (kept.replace("instrument", "player"), "line 1: has no column instrument"),
    ):
        (OUT / "notes.csv").write_text(change)
        wrong(place + match)
    assert len(calls) == 1


def test_the_folder_and_the_recording_can_be_moved(separated, calls, wrong):
    moved = Path("elsewhere/deep/tracks")
    moved.parent.mkdir(parents=True)
    shutil.move(OUT, moved)
    give_first_note(moved / "notes.csv")
    wrong(r".*mix\.wav is not there any more; name it with --recording", folder=moved)
    wrong(
        r".*reed\.wav is another recording than these tracks are of",
        "--recording", "reed.wav", folder=moved,
    )  # fmt: skip
    correct("--recording", "mix.wav", folder=moved)
    assert not OUT.exists()
    assert (moved / "corrections.csv").is_file()
    edit(",reed,", ",string,", moved / "notes.csv")
    correct(folder=moved)
    assert len(calls) == 3


def test_references_that_are_gone_are_not_needed(separate, calls, capsys):
    separate("--notes", "csv", "--references", "reed.wav", "string.wav")
    Path("reed.wav").unlink()
    edit(",instrument1,", ",instrument2,")
    correct()
    error = capsys.readouterr().err
    assert error == f"musisep: {OUT}: will not be measured: reed.wav is not there any more\n"
    assert len(calls) == 2


def test_instruments_that_were_counted_are_so_many(separate, calls):
    separate("--notes", "csv", "--instruments", "auto")
    edit(",instrument1,", ",instrument2,")
    correct()
    assert calls[-1]["settings"].instruments == 2
    assert told(calls) == [(0, 587, 1)]


def test_what_the_run_was_told_must_be_as_it_was(separate, dictionary, wrong):
    dictionary.save("duet.npz")
    separate("--notes", "csv", "--dictionary", "duet.npz")
    edit(",instrument1,", ",instrument2,")
    replace(dictionary, amplitudes=dictionary.amplitudes[:, ::-1].copy()).save("duet.npz")
    wrong(f"{OUT}: the dictionary was changed since; put it back, or separate anew")


def test_options_are_those_of_the_run(separate, calls):
    separate("--notes", "csv", "--seed", "7", "--start", "0.1", "--format", "flac", "--residual")
    edit(",instrument1,", ",instrument2,")
    correct()
    assert calls[-1]["settings"] == calls[0]["settings"]
    assert calls[-1]["mixture"].shape == calls[0]["mixture"].shape
    assert {path.name for path in OUT.iterdir()} == {
        "instrument1.flac", "instrument2.flac", "residual.flac", "notes.csv", "found.csv",
        "corrections.csv", "separation.json",
    }  # fmt: skip


def test_folders_of_no_use_are_refused(separate, wrong, folder):
    advice = "name a folder, or a record, of musisep separate"
    wrong(rf"nothing: has no complete separation\.json; {advice}", folder="nothing")
    wrong(rf"\.: has no complete separation\.json; {advice}", folder=".")
    separate()
    wrong(rf"{OUT}: has no found\.csv; separate it with --report or --notes first")
    record = json.loads((OUT / "separation.json").read_text())
    del record["found"]["options"]
    (OUT / "separation.json").write_text(json.dumps(record))
    wrong(rf"{OUT}: is of an earlier version, which kept no options; separate it again")


def test_corrections_are_not_lost_when_it_is_separated_again(separated, separate, capsys):
    give_first_note()
    correct()
    kept = (OUT / "corrections.csv").read_bytes()
    capsys.readouterr()
    again = ["separate", "mix.wav", "--quiet", "--notes", "csv,midi", "--stem-names"]
    assert main([*again, ",".join(NAMES)]) == 1
    assert "of another run, with sha256 of the corrections" in capsys.readouterr().err
    assert (OUT / "corrections.csv").read_bytes() == kept


@pytest.mark.parametrize("template", ["{track}/{stem}.{ext}", "{track} {stem}.{ext}"])
def test_the_command_that_a_page_shows_corrects(separate, calls, template):
    separate("--report", "--filename", template)
    (page,) = Path("separated").rglob("*report.html")
    (command,) = re.findall(r'"command":"musisep correct ([^"]*) --notes"', page.read_text())
    (notes,) = Path("separated").rglob("*notes.csv")
    edit(",instrument1,", ",instrument2,", notes)
    correct(folder=shlex.split(command)[0])
    assert told(calls) == [(0, 587, 1)]
