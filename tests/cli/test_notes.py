"""Notes are written and read by `musisep separate`, and hints are heeded."""

import json
from pathlib import Path

import numpy as np
import pytest
from duet import SAMPLE_RATE
from scored import RATE, duet_score, played, rows

from musisep.__main__ import main
from musisep.io.files import write
from musisep.scores import Score
from musisep.scores.files import load_score, save_score

OUT = Path("separated/mix")
SCORE = duet_score()


def names():
    return sorted(path.name for path in OUT.iterdir() if path.suffix != ".wav")


def run(*arguments):
    return main(["separate", "mix.wav", "--quiet", *arguments])


def made():
    return json.loads((OUT / "separation.json").read_text())["made"]


@pytest.mark.parametrize(
    ("options", "beside"),
    [
        (["--notes", "csv"], ["notes.csv"]),
        (["--notes", " MIDI "], ["notes.mid"]),
        (["--notes", "midi,csv"], ["notes.csv", "notes.mid"]),
        (["--report"], ["notes.csv", "notes.mid", "report.html"]),
    ],
)
def test_what_is_asked_for_is_written_beside_the_tracks(folder, noted, capsys, options, beside):
    assert main(["separate", "mix.wav", *options]) == 0
    assert names() == sorted([*beside, "found.csv", "separation.json"])
    told = capsys.readouterr().out.splitlines()
    assert told[-len(beside) :] == [f"  separated/mix/{name}" for name in beside]
    record = json.loads((OUT / "separation.json").read_text())
    assert {*beside, "found.csv"} < record["files"].keys()
    for name in set(beside) - {"report.html"}:
        found = load_score(OUT / name)
        assert found.names == ("instrument1", "instrument2") and len(found) == 4
    assert {path.suffix for path in folder.iterdir()} <= {".wav", ""}


def test_without_it_there_are_none(folder, noted):
    assert run() == 0
    assert names() == ["separation.json"]


def test_notes_have_the_names_of_the_stems(folder, noted):
    assert run("--notes", "csv,midi", "--stem-names", "Cello,Flöte") == 0
    for name in ("notes.csv", "notes.mid"):
        assert {row[3] for row in rows(load_score(OUT / name))} == {"Cello", "Flöte"}


def test_pitches_of_midi_files_are_exact_with_bends(folder, noted):
    hz = {}
    for options in ([], ["--pitch-bends", "--overwrite"]):
        assert run("--notes", "midi", *options) == 0
        hz[bool(options)] = np.sort(load_score(OUT / "notes.mid").notes.f0_hz)
    np.testing.assert_allclose(hz[True], [220, 246.9, 587.3, 659.3], rtol=2e-4)
    assert not np.allclose(hz[True], hz[False], rtol=2e-5)


def test_other_bends_are_another_run_only_where_they_make_a_difference(folder, noted, failed):
    assert run("--notes", "csv") == 0
    assert run("--notes", "csv", "--pitch-bends", "--skip-existing") == 0
    assert run("--notes", "csv,midi", "--skip-existing") == 0 and len(noted) == 2
    bent = ["mix.wav", "--notes", "csv,midi", "--pitch-bends", "--skip-existing"]
    failed(bent, "mix.wav: .*with pitch bends False instead of True; use --overwrite, or .*")


def test_the_page_has_the_notes_and_names_the_recording(folder, noted):
    assert run("--report", "--stem-names", "low,high") == 0
    page = (OUT / "report.html").read_text(encoding="utf-8")
    assert "<title>mix" in page and '"high"' in page
    assert len(page) > 20_000


def test_existing_notes_are_skipped_or_kept_as_tracks_are(folder, noted, failed):
    assert run("--notes", "csv", "--report") == 0
    assert run("--notes", "csv", "--report", "--skip-existing") == 0 and len(noted) == 1
    (OUT / "notes.mid").unlink()
    assert run("--report", "--skip-existing") == 0 and len(noted) == 2
    with open(OUT / "notes.csv", "a") as file:
        file.write("1,1.5,A4,,,,instrument1,\n")
    edited = (OUT / "notes.csv").read_bytes()
    for more in ([], ["--skip-existing"]):
        failed(
            ["mix.wav", "--report", *more],
            "mix.wav: separated/mix/notes.csv exists, and no run wrote it or it was changed .*",
        )
    assert (OUT / "notes.csv").read_bytes() == edited
    assert run("--report", "--overwrite") == 0
    assert (OUT / "notes.csv").read_bytes() != edited


def test_notes_of_another_seed_go_with_its_tracks(folder, noted):
    assert run("--report") == 0
    assert run("--seed", "1", "--overwrite") == 0
    assert names() == ["separation.json"]


@pytest.mark.parametrize("name", ["score.csv", "score.mid"])
def test_a_score_is_told_and_names_the_tracks(folder, noted, name):
    save_score(SCORE, name, pitch_bends=True)
    assert run("--notes-in", name, "--residual") == 0
    told = noted[0]
    assert told["align_score"] and sorted(told["score"].names) == ["reed", "string"]
    np.testing.assert_allclose(told["score"].notes.f0_hz, SCORE.notes.f0_hz, rtol=1e-4)
    assert sorted(path.stem for path in OUT.glob("*.wav")) == ["reed", "residual", "string"]
    assert made()["sha256 of the score"]


def test_times_of_a_score_can_be_kept_and_are_those_of_the_whole_recording(folder, noted):
    save_score(SCORE, "score.csv")
    options = "--notes-in", "score.csv", "--aligned", "--start", "0.5", "--duration", "1"
    assert run(*options, "--stem-names", "a,b") == 0
    told = noted[0]
    assert not told["align_score"]
    wanted = SCORE.excerpt(0.5, 1.5)
    np.testing.assert_allclose(told["score"].notes.onset_s, wanted.notes.onset_s, atol=1e-4)
    np.testing.assert_allclose(told["score"].notes.offset_s, wanted.notes.offset_s, atol=1e-4)
    assert sorted(path.stem for path in OUT.glob("*.wav")) == ["a", "b"]


def test_contours_are_told_with_their_own_times(folder, noted):
    Path("flute.csv").write_text("time,f0\n0,440\n0.1,440\n0.2,0\n")
    Path("bass.txt").write_text("0 110\n0.1 110\n")
    assert run("--pitches", "flute.csv", "bass.txt") == 0
    told = noted[0]
    assert not told["align_score"] and told["score"].names == ("flute", "bass")
    assert sorted(path.stem for path in OUT.glob("*.wav")) == ["bass", "flute"]
    assert made()["sha256 of the pitches 1"] != made()["sha256 of the pitches 2"]


def test_other_notes_or_hints_are_another_run(folder, noted, failed):
    save_score(SCORE, "score.csv")
    assert run("--notes-in", "score.csv", "--stem-names", "a,b") == 0
    base = ["mix.wav", "--stem-names", "a,b"]
    failed([*base, "--notes-in", "score.csv", "--lead", "high"],
           "mix.wav: .* is of another run, with hints None instead of .*")  # fmt: skip
    save_score(Score(SCORE.notes[1:], SCORE.names), "score.csv")
    failed([*base, "--notes-in", "score.csv"], "mix.wav: .*, with sha256 of the score .*")
    failed(base, "mix.wav: .*, with sha256 of the score .* instead of None; .*")


def test_hints_are_told(folder, noted):
    write("mix.wav", np.random.default_rng(0).uniform(-0.5, 0.5, (2, 2000)), SAMPLE_RATE)
    assert run("--lead", "low", "--position=-0.5,right", "--ranges", "instrument2=C2-C4") == 0
    hints = noted[0]["hints"]
    assert hints.lead == "low"
    np.testing.assert_allclose(hints.positions_of(2, 2), [-0.5, 1])
    assert hints.ranges_of(["instrument1", "instrument2"])[0] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--notes xml", "argument --notes: 'xml' must be csv or midi"),
        ("--notes csv,", "argument --notes: '' must be csv or midi"),
        ("--notes-in score.csv --pitches a.csv", "--notes-in and --pitches both tell what is "),
        ("--aligned", "--aligned is of use with --notes-in only"),
        ("--notes-in score.csv -n 3", "--instruments 3, but the score has 2: string, reed; make "),
        ("reed.wav --notes-in score.csv", "--notes-in suits one recording, these are 2"),
        ("--lead middle", "argument --lead: invalid choice"),
        ("--ranges reed", "argument --ranges: "),
        ("--ranges oboe=C4-C5", "'oboe': no instrument is called so; they are instrument1, "),
        ("--position left,right,left", "position"),
        ("--lead high -n auto", "auto"),
        ("--derive notes=mix --format csv", "argument --format: invalid choice"),
    ],
)  # fmt: skip
def test_wrong_usage_is_refused_before_anything_is_computed(
    folder, noted, refused, options, message
):
    save_score(SCORE, "score.csv")
    refused(["mix.wav", *options.split()], message)
    assert noted == [] and not Path("separated").exists()


@pytest.mark.parametrize(
    ("name", "content", "option", "message"),
    [
        ("a.csv", "onset_s,pitch\n", "--notes-in", "a.csv: line 1: has no column offset_s or .*"),
        ("a.csv", "\xff\xfe", "--notes-in", "a.csv: is no text in UTF-8 .*; save it as CSV .*"),
        ("a.mid", "MThd", "--notes-in", r"a.mid: is no MIDI file, or damaged \(.+\); export .*"),
        ("a.xml", "<a/>", "--notes-in", "a.xml: is no score by its name; it must end in .*"),
        ("a.csv", "", "--notes-in", "a.csv: is empty .*"),
        ("a.csv", "0,1e9", "--pitches", r"a.csv: line 1 has 1e\+09, which is no pitch in Hz"),
    ],
)
def test_files_that_are_no_notes_are_named(folder, noted, failed, name, content, option, message):
    Path(name).write_bytes(content.encode("latin-1"))
    failed(["mix.wav", option, name], message)
    failed(["mix.wav", option, "missing.csv"], "missing.csv: cannot be read: .*")
    assert noted == []


def test_what_is_read_is_not_replaced_or_removed(folder, noted, refused):
    assert run("--notes", "csv") == 0
    notes = (OUT / "notes.csv").read_bytes()
    told = "--notes-in", str(OUT / "notes.csv"), "--overwrite"
    overwritten = "separated/mix/notes.csv is an input and would be overwritten; change --out"
    refused(["mix.wav", *told, "--notes", "csv"], overwritten)
    assert run(*told) == 0
    assert (OUT / "notes.csv").read_bytes() == notes
    assert "found.csv" not in names()  # of the run before


def test_the_whole_way_from_a_score_to_corrected_tracks(folder):
    """With the model: a score is aligned, a note is corrected."""
    write("mix.wav", played(SCORE), RATE)
    slow = SCORE.notes.copy()
    slow.onset_s, slow.offset_s = 1.3 * slow.onset_s, 1.3 * slow.offset_s
    save_score(Score(slow, SCORE.names), "score.mid", pitch_bends=True)
    assert run("--notes-in", "score.mid", "--notes", "csv", "--restarts", "1", "--jobs", "1") == 0
    found = load_score(OUT / "notes.csv", SCORE.names)
    number = int(np.argmin(np.abs(found.notes.f0_hz - 740)))
    assert found.names[found.notes.instrument[number]] == "reed"
    text = (OUT / "notes.csv").read_text().splitlines()
    text[number + 1] = text[number + 1].replace("reed", "string")
    (OUT / "notes.csv").write_text("\n".join(text))
    assert main(["correct", str(OUT), "--quiet", "--jobs", "1"]) == 0
    again = load_score(OUT / "notes.csv", SCORE.names)
    owner = again.notes.instrument[int(np.argmin(np.abs(again.notes.f0_hz - 740)))]
    assert again.names[owner] == "string"
