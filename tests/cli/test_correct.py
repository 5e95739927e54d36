"""`musisep correct`: notes that were edited are heeded, and nobody's work is lost."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from duet import SAMPLE_RATE
from scored import rows

import musisep.separation
from musisep.__main__ import main
from musisep.io.files import write
from musisep.result import Separation
from musisep.scores.csvs import read_csv
from musisep.scores.midi import read_midi, write_midi
from musisep.scores.score import Score, chosen
from musisep.tones.table import TONE_TYPE

OUT = Path("separated/mix")
NAMES = ("instrument1", "instrument2")
NOTES = [(0, 0, 0.5, 220.0), (1, 0, 0.4, 587.3), (0, 0.6, 1.0, 246.9), (1, 0.5, 1.0, 659.3)]
"""What is found: instrument, begin, end, pitch."""


@pytest.fixture
def calls(monkeypatch, stems, dictionary):
    """The calls of `separate`, which finds the same notes at once, whatever it is told."""
    made = []

    def oracle(mixture, sample_rate, *, settings, progress, **given):
        made.append(given | {"settings": settings})
        found = 0.9 * stems[::-1, None, : mixture.shape[1]]
        hop_s = round(settings.hop_s * sample_rate) / sample_rate
        tones = [(frame * hop_s, inst, f0_hz, 1.0, 0.0)
                 for inst, begin, end, f0_hz in NOTES
                 for frame in range(round(begin / hop_s), round(end / hop_s))]  # fmt: skip
        table = np.array(sorted(tones), TONE_TYPE).view(np.recarray)
        return Separation(found, mixture, sample_rate, dictionary, table, settings, 0.25)

    monkeypatch.setattr(musisep.separation, "separate", oracle)
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)
    return made


@pytest.fixture
def separated(folder, calls):
    """The folder of tracks and notes of a first run."""
    assert main(["separate", "mix.wav", "--notes", "csv,midi", "--seed", "3", "--quiet"]) == 0
    return folder / OUT


def edit(*, given=(), deleted=(), path=OUT / "notes.csv", base=OUT / "found.csv"):
    """Give notes to the other instrument, or delete them, by their numbers."""
    score = read_csv(base, NAMES)
    score.notes.instrument[list(given)] = 1 - score.notes.instrument[list(given)]
    left = chosen(score.notes, ~np.isin(np.arange(len(score)), deleted))
    musisep.scores.files.save_score(Score(left, NAMES), path)


def correct(*arguments):
    return main(["correct", str(OUT), "--quiet", *arguments])


def refused(capsys, *arguments):
    """Run `correct`, which must fail, and return the only line that it says."""
    capsys.readouterr()
    assert correct(*arguments) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    return told.err.removeprefix("musisep: ")


def contents(folder=OUT):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def corrections():
    return [(round(row[0], 1), round(row[2]), row[3])
            for row in rows(read_csv(OUT / "corrections.csv", NAMES))]  # fmt: skip


def test_nothing_is_done_where_nothing_was_corrected(separated, calls, capsys):
    before = contents()
    assert correct() == 0
    assert capsys.readouterr().out.endswith("separated/mix: no note was corrected since\n")
    text = (OUT / "notes.csv").read_text()
    (OUT / "notes.csv").write_text(text.replace("\n", "\r\n"))  # by an editor
    assert correct() == 0
    assert capsys.readouterr().out == "separated/mix: no note was corrected since\n"
    assert len(calls) == 1 and contents() | {"notes.csv": before["notes.csv"]} == before


def test_it_is_told_what_was_corrected_and_it_is_separated_anew(separated, calls, capsys):
    edit(given=[1], deleted=[2])
    with open(OUT / "notes.csv", "a") as file:
        file.write("1.0,1.5,rest,,,,instrument2,\n0.1,0.2,C6,,,,instrument1,\n")
    capsys.readouterr()
    assert correct() == 0
    assert capsys.readouterr().out.startswith(
        "separated/mix: 2 notes given or added, 1 note taken away, 1 rest\nmix.wav\n"
    )
    told = calls[1]
    assert [row[3] for row in rows(told["corrections"])] == [
        "instrument1", "instrument1", "nobody", "instrument2"
    ]  # fmt: skip
    assert len(told["edited"]) == 5 and told["settings"].seed == 3
    assert sorted(contents()) == ["corrections.csv", "found.csv", "instrument1.wav",
                                  "instrument2.wav", "notes.csv", "notes.mid",
                                  "separation.json"]  # fmt: skip
    assert contents()["found.csv"] == contents()["notes.csv"]
    assert correct() == 0 and len(calls) == 2  # nothing was corrected since


def test_notes_of_midi_files_are_corrected_as_well(separated, calls):
    edit(given=[0], path=OUT / "notes.mid")
    assert correct() == 0
    assert corrections() == [(0.0, 220, "instrument2")]


def test_corrections_accumulate_and_later_ones_win(separated, calls):
    edit(given=[0])
    assert correct() == 0
    edit(deleted=[2])
    assert correct() == 0
    both = [(0.0, 220, "instrument2"), (0.5, 659, "nobody")]
    assert corrections() == both and len(calls[2]["corrections"]) == 2
    edit(deleted=[0])
    assert correct() == 0
    assert corrections() == [(0.0, 220, "nobody"), both[1]]


def test_a_folder_that_was_moved_with_its_recording_is_found(separated, calls, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.move("separated", moved)
    shutil.move("mix.wav", moved)
    folder = moved / OUT
    edit(given=[1], path=folder / "notes.csv", base=folder / "found.csv")
    os.chdir(moved / "separated")
    assert main(["correct", "mix", "--quiet"]) == 0
    assert (folder / "corrections.csv").is_file() and len(calls) == 2
    assert not (tmp_path / "separated").exists()


def test_a_recording_that_was_moved_must_be_named_and_be_the_same(separated, calls, capsys):
    edit(given=[1])
    os.rename("mix.wav", "moved.wav")
    assert refused(capsys).endswith("mix.wav is not there any more; name it with --recording\n")
    assert "is another recording than these" in refused(capsys, "--recording", "reed.wav")
    assert correct("--recording", "moved.wav") == 0
    assert sorted(path.name for path in Path("separated").iterdir()) == ["mix"]


def test_tracks_that_were_changed_since_are_not_replaced_unasked(separated, calls, capsys):
    edit(given=[1])
    write(OUT / "instrument2.wav", np.zeros((1, 100)), SAMPLE_RATE)
    before = contents()
    assert "instrument2.wav was changed since; use --overwrite, or move it" in refused(capsys)
    assert contents() == before and len(calls) == 1
    assert correct("--overwrite") == 0
    assert len(contents()["instrument2.wav"]) > 1000


def test_two_files_that_were_edited_are_not_guessed_at(separated, calls, capsys):
    edit(given=[1])
    edit(deleted=[2], path=OUT / "notes.mid")
    before = contents()
    assert "notes.mid was edited as well as separated/mix/notes.csv; name" in refused(capsys)
    named = "--notes", str(OUT / "notes.mid")
    assert "notes.csv was edited as well as separated/mix/notes.mid; name" in refused(
        capsys, *named
    )
    assert contents() == before
    assert correct(*named, "--overwrite") == 0
    assert [row[2] for row in corrections()] == ["nobody"]


def test_notes_of_another_place_are_taken_if_they_are_named(separated, calls):
    edit(given=[3], path="mine.mid")
    assert correct("--notes", "mine.mid") == 0
    assert corrections() == [(0.6, 247, "instrument2")]
    assert Path("mine.mid").is_file()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("instrument1", "horn"),
         "separated/mix/notes.csv: line 2: there is no instrument 'horn', but instrument1, "),
        (lambda text: text.replace("0.0000", "soon", 1), "notes.csv: line 2: onset_s 'soon' must "),
        (lambda text: "", "notes.csv' is empty (0 bytes)"),
        (lambda text: text.replace("onset_s", "begin"), "notes.csv: line 1: has no column onset_s"),
        (lambda text: "\0\1\2", "notes.csv: line 1: has no column onset_s"),
    ],
)  # fmt: skip
def test_wrong_notes_are_named_with_their_line(separated, calls, capsys, change, message):
    (OUT / "notes.csv").write_text(change((OUT / "notes.csv").read_text()))
    before = contents()
    assert message in refused(capsys)
    assert contents() == before and len(calls) == 1


def test_a_folder_that_cannot_be_corrected_is_said(separated, calls, capsys):
    (OUT / "found.csv").write_text("onset_s\n")
    assert "found.csv was changed" in refused(capsys)
    (OUT / "found.csv").unlink()
    assert "has no found.csv; separate it with --report or --notes first" in refused(capsys)
    record = json.loads((OUT / "separation.json").read_text())
    del record["found"]["options"]
    (OUT / "separation.json").write_text(json.dumps(record))
    assert "is of an earlier version, which kept no options; separate it" in refused(capsys)
    (OUT / "separation.json").unlink()
    assert "has no complete separation.json; name a folder" in refused(capsys)
    shutil.rmtree(OUT)
    assert "has no complete separation.json; name a folder" in refused(capsys)


@pytest.mark.parametrize("options", [[], 3, None])
def test_a_record_that_somebody_edited_is_refused_in_a_line(separated, calls, capsys, options):
    edit(given=[1])
    record = json.loads((OUT / "separation.json").read_text())
    record["found"]["options"] = options
    (OUT / "separation.json").write_text(json.dumps(record))
    assert "separated/mix" in refused(capsys)


def test_corrected_tracks_are_not_replaced_by_another_run_unasked(separated, calls, failed):
    edit(given=[1])
    assert correct() == 0
    before = contents()
    again = ["mix.wav", "--notes", "csv,midi", "--seed", "3"]
    difference = r"with sha256 of the corrections \w+\.\.\. instead of None"
    for more in ([], ["--skip-existing"]):
        failed([*again, *more], f"mix.wav: .* is of another run, {difference}; use --overwrite, .*")
    assert contents() == before
    assert main(["separate", *again, "--overwrite"]) == 0
    assert "corrections.csv" not in contents()


def test_everything_that_was_chosen_is_chosen_again(folder, calls, dictionary):
    dictionary.save("duet.npz")
    write_midi("score.mid", Score(musisep.scores.note_table(0, 1, 440, [0, 1]), ("a", "b")))
    options = [
        "--dictionary", "duet.npz", "--stem-names", "low,high", "--residual", "--format", "flac",
        "--derive", "half=mix-0.5*low", "--start", "0.25", "--duration", "1", "--pitch-bends",
        "--lead", "low", "--ranges", "a=C2-C5,b=C4-C7", "--position", "left,0.5",
        "--notes-in", "score.mid", "--aligned", "-o", "out",
        "--filename", "{track}/{stem}-of-{track}.{ext}", "--notes", "midi",
    ]  # fmt: skip
    write("stereo.wav", np.tile(musisep.io.files.read("mix.wav")[0], (2, 1)), SAMPLE_RATE)
    assert main(["separate", "stereo.wav", *options, "--quiet"]) == 0
    record = json.loads(Path("out/stereo/separation-of-stereo.json").read_text())
    place, names = Path("out/stereo/notes-of-stereo.mid"), ("low", "high")
    score = read_midi(place, names)
    write_midi(place, Score(chosen(score.notes, np.arange(len(score)) > 0), names))
    assert main(["correct", str(Path("out/stereo/separation-of-stereo.json")), "--quiet"]) == 0
    one, two = calls
    for name in ("settings", "hints", "align_score"):
        assert one[name] == two[name] and one[name] is not None
    np.testing.assert_array_equal(one["score"].notes, two["score"].notes)
    np.testing.assert_array_equal(one["dictionary"].amplitudes, two["dictionary"].amplitudes)
    after = json.loads(Path("out/stereo/separation-of-stereo.json").read_text())
    assert after["found"]["options"] == record["found"]["options"]
    changed = {name for name, value in after["made"].items() if record["made"][name] != value}
    assert changed == {"sha256 of the corrections"}
    assert sorted(after["files"]) == sorted([*record["files"], "corrections-of-stereo.csv"])
