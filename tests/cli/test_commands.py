"""What a new user types: files without a command, commands that do not exist, nothing at all."""

import shutil

import pytest

from musisep.__main__ import main

ALL = {"mix/instrument1.wav", "mix/instrument2.wav", "mix/separation.json"}


@pytest.mark.parametrize(
    "arguments",
    ["mix.wav", "./mix.wav", "--quiet mix.wav", "-n 2 mix.wav", "-n2 mix.wav", "-- mix.wav"],
)
def test_a_file_or_an_option_without_a_command_is_separated(folder, calls, written, arguments):
    assert main(arguments.split()) == 0
    assert written() == {f"separated/{name}" for name in ALL}
    assert len(calls) == 1


def test_the_demo_needs_no_command(folder, calls, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["--demo", "mix.wav"])
    assert "--demo brings its own recording" in capsys.readouterr().err


def test_files_need_no_suffix_and_commands_come_first(folder, calls, capsys):
    shutil.copy("mix.wav", "song")
    shutil.copy("mix.wav", "invert")
    assert main(["song"]) == 0
    assert capsys.readouterr().out.startswith("song\n  separated/song/instrument1.wav")
    assert main(["./invert"]) == 0
    assert capsys.readouterr().out.startswith("invert\n  separated/invert/instrument1.wav")
    with pytest.raises(SystemExit, match="2"):
        main(["invert"])
    assert capsys.readouterr().err.startswith("usage: musisep invert ")


@pytest.mark.parametrize("first", ["seperate", "Separate", "inverse", "sep-arate", "help", ""])
def test_a_mistyped_command_gets_a_list_of_commands(folder, calls, capsys, first):
    with pytest.raises(SystemExit, match="2"):
        main([first, "mix.wav"])
    usage, message = capsys.readouterr().err.splitlines()
    assert usage.startswith("usage: musisep ")
    names = (
        "separate, correct, invert, config, train, instruments, data, evaluate, benchmark and "
        "warm-up"
    )
    commands = f"the commands are {names}"
    assert message == f"musisep: error: {first!r} is no file and no command; {commands}"
    assert calls == []


@pytest.mark.parametrize("first", ["missing.wav", "no/such", "-"])
def test_a_missing_file_is_called_a_file(folder, calls, capsys, first):
    assert main([first]) == 1
    assert capsys.readouterr().err.startswith(f"musisep: {first}: cannot be read: No such file")


def test_an_unknown_option_is_named(folder, calls, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["--unknown", "mix.wav"])
    usage, message = capsys.readouterr().err.splitlines()
    assert usage.startswith("usage: musisep ")
    assert message == "musisep: error: unrecognized arguments: --unknown"


def test_nothing_is_answered_by_help_with_an_example(capsys):
    with pytest.raises(SystemExit, match="2"):
        main([])
    told = capsys.readouterr()
    assert told.out == ""
    assert "musisep song.wav " in told.err
    assert len(told.err.splitlines()) < 30


@pytest.mark.parametrize("option", ["-h", "--help", "--he"])
def test_help_of_all_commands(capsys, option):
    with pytest.raises(SystemExit, match="0"):
        main([option])
    told = capsys.readouterr().out
    assert "musisep song.wav " in told
    assert "separate  " in told and "invert  " in told
