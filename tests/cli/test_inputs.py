"""Folders that are searched with their subfolders, or without."""

import os
import shutil
from pathlib import Path

import pytest

from musisep.__main__ import main

MANY = ["a/b/x.wav", "a/x.wav", "c d/x.wav", "x.wav", "細/x.wav"]


@pytest.fixture
def music(folder):
    """A folder of recordings of one name in subfolders."""
    for name in MANY:
        path = Path("music", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("mix.wav", path)
    return Path("music")


def heads(output):
    """The recordings that were told about, in their order."""
    return [line for line in output.splitlines() if line[0] != " "]


def test_subfolders_are_searched_and_kept_apart(music, calls, capsys):
    assert main(["separate", "music", "--recursive", "--quiet"]) == 0
    output = capsys.readouterr()
    assert (heads(output.out), output.err) == ([f"music/{name}" for name in MANY], "")
    for name in MANY:
        place = Path("separated", name).with_suffix("")
        assert sorted(os.listdir(place))[-3:] == [
            "instrument1.wav", "instrument2.wav", "separation.json"
        ]  # fmt: skip
    assert main(["separate", "music", "--recursive", "--skip-existing"]) == 0
    assert len(calls) == len(MANY)


def test_a_name_without_the_subfolder_is_refused_if_it_is_not_enough(music, calls, refused):
    template = ["--filename", "{track}/{stem}.{ext}"]
    refused(["music", "--recursive", *template], r"written twice, for .*; put .*{subfolder}")
    assert main(["separate", "music/a/x.wav", *template, "--quiet"]) == 0


@pytest.mark.parametrize(
    ("template", "place"),
    [("{subfolder}/{stem}-{track}.{ext}", "a/b/instrument1-x.wav"),
     ("{stem}/{subfolder}/{track}.{ext}", "instrument1/a/b/x.wav")],
)  # fmt: skip
def test_the_subfolder_stands_where_the_name_has_it(music, calls, template, place):
    assert main(["separate", "music", "--recursive", "--quiet", "--filename", template]) == 0
    assert Path("separated", place).is_file()


def test_hidden_files_and_folders_are_left_out(music, calls, capsys):
    Path("music/.trash").mkdir()
    shutil.copy("mix.wav", "music/.trash/y.wav")
    shutil.copy("mix.wav", "music/a/._x.wav")
    for options in (["--recursive"], []):
        assert main(["separate", "music", *options, "--quiet", "--overwrite"]) == 0
        output = capsys.readouterr()
        assert not any(name in output.out + output.err for name in (".trash", "._x"))


def test_links_to_folders_are_not_followed_and_told_of(music, calls, capsys):
    Path("elsewhere").mkdir()
    shutil.copy("mix.wav", "elsewhere/far.wav")
    Path("music/a/loop").symlink_to(Path("music").absolute())
    Path("music/there").symlink_to(Path("elsewhere").absolute())
    Path("music/linked.wav").symlink_to(Path("elsewhere/far.wav").absolute())
    assert main(["separate", "music", "--recursive", "--quiet"]) == 0
    output = capsys.readouterr()
    assert heads(output.out) == sorted([*(f"music/{name}" for name in MANY), "music/linked.wav"])
    assert output.err == "musisep: music: links to folders are not followed: loop, there\n"


def test_a_folder_that_is_a_link_is_searched(music, calls, capsys):
    Path("link").symlink_to("music")
    assert main(["separate", "link", "--recursive", "--quiet"]) == 0
    assert heads(capsys.readouterr().out) == [f"link/{name}" for name in MANY]


def test_what_was_written_is_no_input_of_the_next_run(music, calls, capsys):
    command = ["separate", ".", "--recursive", "--quiet", "--skip-existing"]
    for _ in range(2):
        assert main(command) == 0
        names = sorted([*(f"music/{name}" for name in MANY), "mix.wav", "reed.wav", "string.wav"])
        assert heads(capsys.readouterr().out) == names
    assert len(calls) == len(names)


@pytest.mark.parametrize("command", ["separate", "invert"])
def test_a_folder_that_is_searched_is_not_written_into(music, calls, command, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([command, "music", "--recursive", "--out", "./music"])
    message = capsys.readouterr().err.splitlines()[-1]
    assert "--out music is searched as well, and what is written there would be" in message


def test_a_file_that_is_found_twice_is_taken_once(music, calls, capsys):
    Path("music/x.wav").unlink()
    assert main(["separate", "music/a", "music", "--recursive", "--quiet"]) == 0
    names = ["a/b/x.wav", "a/x.wav", "c d/x.wav", "細/x.wav"]
    assert heads(capsys.readouterr().out) == [f"music/{name}" for name in names]
    assert Path("separated/b/x/instrument1.wav").is_file()  # as seen from music/a
    assert Path("separated/c d/x/instrument1.wav").is_file()


def test_without_the_option_it_is_told_which_subfolders_were_left_out(music, calls, capsys, failed):
    Path("music/separated").mkdir()
    assert main(["separate", "music", "--quiet", "--out", "music/separated"]) == 0
    left = "subfolders are not looked into without --recursive: a, c d, 細"
    assert capsys.readouterr().err == f"musisep: music: {left}\n"
    os.remove("music/x.wav")
    for name in ("d", "e.wav"):
        Path("music", name).mkdir()
    failed(["music"], r"music: holds no audio file that is read \(.*\); subfolders are not .*"
                      r" without --recursive: a, c d, d, ...")  # fmt: skip


def test_a_folder_without_subfolders_is_told_nothing_of_them(folder, calls, failed):
    Path("empty").mkdir()
    for options in ([], ["--recursive"]):
        failed(["empty", *options], r"empty: holds no audio file that is read \([^;]*\)")


def test_audio_that_is_not_read_is_told_of_at_any_depth(music, calls, capsys, failed):
    for name in ("one.m4a", "two.wma"):
        Path("music/a/b", name).touch()
    assert main(["separate", "music", "--recursive", "--quiet"]) == 0
    told = "left out, as .m4a, .wma is not read: one.m4a and other such files"
    assert capsys.readouterr().err == f"musisep: music: {told}\n"
    for name in MANY:
        Path("music", name).unlink()
    failed(
        ["music", "--recursive"], "music: holds no .*; convert one.m4a, two.wma first, with ff.*"
    )


def test_a_folder_that_cannot_be_looked_into_fails_and_the_rest_is_done(
    music, calls, monkeypatch, capsys
):
    def guarded(usual):
        def look(path="."):
            if os.fspath(path) == "music/c d":
                raise PermissionError(13, "Permission denied", os.fspath(path))
            return usual(path)

        return look

    for name in ("scandir", "listdir"):  # root may look into anything
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))
    assert main(["separate", "music", "--recursive", "--quiet"]) == 1
    output = capsys.readouterr()
    assert heads(output.out) == [f"music/{name}" for name in MANY if "c d" not in name]
    assert output.err == "musisep: music/c d: Permission denied\n"


def test_stored_spectrograms_and_recordings_are_inverted_with_their_subfolders(music, capsys):
    options = ["--iterations", "0", "--duration", "0.2", "--quiet"]
    shutil.rmtree("music/a")
    assert main(["invert", "music", "--recursive", *options]) == 0
    assert heads(capsys.readouterr().out) == ["music/c d/x.wav", "music/x.wav", "music/細/x.wav"]
    written = {path.as_posix() for path in Path("inverted").rglob("*.wav")}
    assert written == {"inverted/c d/x.wav", "inverted/x.wav", "inverted/細/x.wav"}
