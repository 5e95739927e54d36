"""`--instruments clarinet,horn`: instruments by name, and stems that are named."""

import json
from pathlib import Path

import numpy as np

from musisep.__main__ import main
from musisep.cli import summary
from musisep.instruments import Likeness

NAMED = ["separate", "mix.wav", "--quiet", "--instruments"]


def test_tracks_are_called_like_the_instruments(folder, calls, written):
    assert main([*NAMED, "Violin 2,ob"]) == 0
    assert calls[0]["settings"].instruments == ("violin", "oboe")
    assert written() == {
        f"separated/mix/{name}" for name in ("violin.wav", "oboe.wav", "separation.json")
    }
    made = json.loads(Path("separated/mix/separation.json").read_text())["made"]
    assert made["settings"]["instruments"] == ["violin", "oboe"]


def test_two_of_a_kind_are_numbered(folder, calls, written):
    assert main([*NAMED, "violin,violin"]) == 0
    assert {"separated/mix/violin1.wav", "separated/mix/violin2.wav"} < written()


def test_other_names_of_tracks_win(folder, calls, written):
    assert main([*NAMED, "violin,oboe", "--stem-names", "anna,ben", "--only", "ben"]) == 0
    assert "separated/mix/ben.wav" in written() and "separated/mix/anna.wav" not in written()


def test_what_is_named_and_complete_is_left_out(folder, calls):
    assert main([*NAMED, "violin,oboe"]) == 0
    assert main([*NAMED, "violin,oboe", "--skip-existing"]) == 0
    assert len(calls) == 1
    assert main([*NAMED, "violin,flute", "--overwrite"]) == 0
    assert len(calls) == 2


def test_unknown_names_are_refused_at_once(folder, calls, refused):
    refused(["mix.wav", "-n", "violin,lute"], "'lute' is no instrument here; there are accordion, ")
    refused(["mix.wav", "-n", "two"], "'two' is no instrument here")
    refused(["mix.wav", "-n", "violin,"], "must be 1 to 16 names, or a number")
    refused(["mix.wav", "-n", "violin", "--method", "adam"], "names must be a number")
    assert not calls


class Found:
    """A separation of two stems, of which one has no notes."""

    likenesses = ([Likeness("oboe", 0.8), Likeness("flute", 0.1)], [])

    class settings:
        names = ()


def test_blind_stems_are_told_by_what_they_sound_like():
    assert summary.likeness_lines(Found) == ["  most like: instrument1 oboe (80%)"]
    assert summary.likeness_lines(Found, ["a", "b"]) == ["  most like: a oboe (80%)"]


class Named(Found):
    """A separation of two named instruments."""

    names_right = np.array([0.9, 0.8])

    class settings:
        names = ("oboe", "horn")


def test_it_is_told_how_likely_given_names_are_right():
    told = "  probability of the right name: oboe 90%, horn 80%"
    assert summary.likeness_lines(Named, ["oboe", "horn"]) == [told]

    class Doubtful(Named):
        names_right = np.array([np.nan, 0.6])

    told = "  probability of the right name: horn 60%; listen which is which"
    assert summary.likeness_lines(Doubtful, ["oboe", "horn"]) == [told]


def test_nothing_is_told_of_names_if_nothing_is_known():
    class Alone(Named):
        names_right = np.array([1.0])

        class settings:
            names = ("oboe",)

    class Unheard(Named):
        names_right = np.array([np.nan, np.nan])

    class Unknown(Named):
        names_right = None

    class Silent(Found):
        likenesses = ([], [])

    class Other(Found):
        likenesses = None

    class Alike(Named):
        class settings:
            names = ("horn", "horn")

    for own in (Alone, Unheard, Unknown, Silent, Other, Alike):
        assert summary.likeness_lines(own) == []
