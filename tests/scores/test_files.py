"""Suffixes tell what a file of notes is; names of other programs are made fit."""

import numpy as np
import pytest
from scored import duet_score, rows

from musisep.scores.files import load_score, save_score
from musisep.scores.naming import fit_names
from musisep.stems import stem_names


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.TXT", "a.mid", "a.MIDI"])
def test_a_score_is_read_as_it_was_written(tmp_path, name):
    save_score(duet_score(), tmp_path / name, pitch_bends=True)
    again = load_score(tmp_path / name)
    for row, wanted in zip(rows(again), rows(duet_score()), strict=True):
        assert row[3] == wanted[3]
        assert row[:3] == pytest.approx(wanted[:3], rel=1e-4, abs=1e-3)
    assert load_score(tmp_path / name, ["string", "x", "reed"]).names == ("string", "x", "reed")


def test_pitches_of_midi_files_are_rounded_unless_they_are_to_be_exact(tmp_path):
    save_score(duet_score(), tmp_path / "a.mid")
    pitches = 12 * np.log2(load_score(tmp_path / "a.mid").notes.f0_hz / 440)
    np.testing.assert_allclose(pitches, np.rint(pitches), atol=1e-9)


@pytest.mark.parametrize("name", ["a.xml", "a", "a.csv.gz"])
def test_other_suffixes_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in \.csv, \.tsv, \.txt, \.mid, \.midi$"):
        save_score(duet_score(), tmp_path / name)
    with pytest.raises(ValueError, match=r"is no score by its name; it must end in \.csv, "):
        load_score(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_names_are_made_fit_for_tracks():
    given = ["Violin I/II", "", "VIOLIN i-ii", "..hidden", " Oboe ", "a\nb", "mix", "Residual",
             "a=b,c", "Flöte", "\ufeff"]  # fmt: skip
    fit = fit_names(given)
    assert fit[:5] == ["Violin I-II", "instrument2", "VIOLIN i-ii 2", "hidden", "Oboe"]
    assert fit[9] == "Flöte"
    assert stem_names(len(given), fit) == fit  # which refuses what cannot be one
