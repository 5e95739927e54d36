"""The script that makes the library of instruments."""

import json

import numpy as np
import pytest
from duet import SAMPLE_RATE, duet
from lessons_of import lesson_of, profiles_of

from musisep.io.files import write


@pytest.fixture
def script(experiments):
    import e20_library

    return e20_library


def item(folder, score=None):
    folder.mkdir()
    stems = duet()
    write(folder / "mix.flac", stems.sum(axis=0), SAMPLE_RATE, subtype="PCM_24")
    for name, stem in zip(("reed1", "string"), stems, strict=True):
        write(folder / f"{name}.flac", stem, SAMPLE_RATE, subtype="PCM_24")
    if score:
        (folder / "score.json").write_text(json.dumps(score))
    return folder


def test_names_and_samples_are_those_of_the_score(script, tmp_path):
    plain = script.lesson(item(tmp_path / "plain"))
    assert plain.instruments == ("reed", "string")
    assert plain.players == ("plain reed1", "plain string")
    stems = [
        {"stem": "string", "instrument": "violin", "sample_group": "F:1", "notes": []},
        {"stem": "reed1", "instrument": "alto_sax", "sample_group": "M:2", "notes": []},
    ]
    scored = script.lesson(item(tmp_path / "scored", {"stems": stems}))
    assert scored.instruments == ("alto-saxophone", "violin")
    assert scored.players == ("M:2", "F:1")
    np.testing.assert_array_equal(scored.rows, plain.rows)


def test_stems_are_named_by_their_true_notes(script, capsys):
    lessons = [lesson_of(seed=seed)[0] for seed in (7, 8)]
    found = script.report("some", lessons, profiles_of())
    assert found["stems"] == "4" and found["first name right"] == "100%"
    assert found["notes nearest to their own"] in ("98%", "99%", "100%")
    swapped = [one._replace(instruments=("tuba", "oboe")) for one in lessons]
    wrong = script.report("wrong", swapped, profiles_of())
    assert wrong["first name right"] == "0%" and wrong["among three"] == "100%"
    assert "surprise by independent notes 1: " in capsys.readouterr().out


def test_the_library_and_a_table_are_written(script, monkeypatch, tmp_path, capsys):
    lessons = [lesson_of(seed=seed)[0] for seed in range(4)]
    monkeypatch.setattr(script, "lessons", lambda folders, cache, jobs: lessons)
    out, table = tmp_path / "library.npz", tmp_path / "library.rst"
    monkeypatch.setattr("sys.argv", [
        "e20", "--train", "a", "--check", "b", "--cache", "c", "--out", str(out), "--results",
        str(tmp_path),
    ])  # fmt: skip
    script.main()
    assert script.Profiles.load(out).names == ("oboe", "tuba")
    text = table.read_text()
    assert "\n\nIt has 2 instruments: oboe, tuba.\n\n" in text
    assert "   * - b\n     - 4\n     - 8\n     - 100%" in text
    assert "2 instruments, weight" in capsys.readouterr().out
