"""`musisep correct`: notes that were edited are heeded, and nobody's work is lost."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from duet import SAMPLE_RATE
from scored import rows

import musisep
from musisep.__main__ import main
from musisep.io.files import write
from musisep.scores.csvs import read_csv
from musisep.scores.midi import read_midi, write_midi
from musisep.scores.score import Score, chosen

OUT = Path("separated/mix")
NAMES = ("instrument1", "instrument2")


@pytest.fixture
def separated(folder, noted):
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


def test_it_is_told_what_was_corrected_and_it_is_separated_anew(separated, noted, capsys):
    edit(given=[1], deleted=[2])
    with open(OUT / "notes.csv", "a") as file:
        file.write("1.0,1.5,rest,,,,instrument2,\n0.1,0.2,C6,,,,instrument1,\n")
    capsys.readouterr()
    assert correct() == 0
    assert capsys.readouterr().out.startswith(
        "separated/mix: 2 notes given or added, 1 note taken away, 1 rest\nmix.wav\n"
    )
    told = noted[1]
    assert [row[3] for row in rows(told["corrections"])] == [
        "instrument1", "instrument1", "nobody", "instrument2"
    ]  # fmt: skip
    assert len(told["edited"]) == 5 and told["settings"].seed == 3
    assert sorted(contents()) == ["corrections.csv", "found.csv", "instrument1.wav",
                                  "instrument2.wav", "notes.csv", "notes.mid",
                                  "separation.json"]  # fmt: skip
    assert contents()["found.csv"] == contents()["notes.csv"]
    assert correct() == 0 and len(noted) == 2  # nothing was corrected since


def test_a_recording_that_was_moved_must_be_named_and_be_the_same(separated, noted, capsys):
    edit(given=[1])
    os.rename("mix.wav", "moved.wav")
    assert refused(capsys).endswith("mix.wav is not there any more; name it with --recording\n")
    assert "is another recording than these" in refused(capsys, "--recording", "reed.wav")
    assert correct("--recording", "moved.wav") == 0
    assert sorted(path.name for path in Path("separated").iterdir()) == ["mix"]


def test_tracks_that_were_changed_since_are_not_replaced_unasked(separated, noted, capsys):
    edit(given=[1])
    write(OUT / "instrument2.wav", np.zeros((1, 100)), SAMPLE_RATE)
    before = contents()
    assert "instrument2.wav was changed since; use --overwrite, or move it" in refused(capsys)
    assert contents() == before and len(noted) == 1
    assert correct("--overwrite") == 0
    assert len(contents()["instrument2.wav"]) > 1000


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
def test_wrong_notes_are_named_with_their_line(separated, noted, capsys, change, message):
    (OUT / "notes.csv").write_text(change((OUT / "notes.csv").read_text()))
    before = contents()
    assert message in refused(capsys)
    assert contents() == before and len(noted) == 1


def test_corrected_tracks_are_not_replaced_by_another_run_unasked(separated, noted, failed):
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


def test_everything_that_was_chosen_is_chosen_again(folder, noted, dictionary):
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
    one, two = noted
    for name in ("settings", "hints", "align_score"):
        assert one[name] == two[name] and one[name] is not None
    assert rows(one["score"]) == rows(two["score"])
    np.testing.assert_array_equal(one["dictionary"].amplitudes, two["dictionary"].amplitudes)
    after = json.loads(Path("out/stereo/separation-of-stereo.json").read_text())
    assert after["found"]["options"] == record["found"]["options"]
    changed = {name for name, value in after["made"].items() if record["made"].get(name) != value}
    assert changed == {"sha256 of the corrections"}
    assert sorted(after["files"]) == sorted([*record["files"], "corrections-of-stereo.csv"])
