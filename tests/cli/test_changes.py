"""Recordings that change while they are read, tracks for which there is no room, silence."""

import io
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from duet import SAMPLE_RATE

import musisep.separation
from musisep.__main__ import main
from musisep.cli import batch, guard
from musisep.io import files, stored
from musisep.io.files import tags, write


def test_a_recording_that_changes_while_it_is_read_is_refused(folder, calls, failed, monkeypatch):
    spool = files.spool

    def changing(path, *arguments, **options):
        result = spool(path, *arguments, **options)
        shutil.copy("reed.wav", path)
        return result

    monkeypatch.setattr(files, "spool", changing)
    failed(["mix.wav"], "mix.wav: was changed while it was read; separate it again")
    assert not calls and not Path("separated").exists()


def test_a_recording_may_be_moved_once_it_is_read(folder, calls, stems, monkeypatch):
    write("tagged.wav", stems.sum(axis=0), SAMPLE_RATE, tags={"title": "Sonata"})
    separate = musisep.separation.separate

    def moving(*arguments, **options):
        os.remove("tagged.wav")
        return separate(*arguments, **options)

    monkeypatch.setattr(musisep.separation, "separate", moving)
    assert main(["separate", "tagged.wav"]) == 0
    assert tags("separated/tagged/instrument1.wav") == {"title": "Sonata"}


@pytest.mark.parametrize(("form", "fits"), [("wav", False), ("flac", True)])
def test_room_for_the_tracks_is_looked_for_before_separating(
    folder, calls, failed, monkeypatch, form, fits
):
    usage = SimpleNamespace(free=100_000)
    monkeypatch.setattr(stored.shutil, "disk_usage", lambda _: usage)
    command = ["mix.wav", "--format", form]
    if fits:
        assert main(["separate", *command]) == 0
    else:
        failed(command, r"mix.wav: .* lacks 0\.\d MB of room; make room .*")
    assert len(calls) == fits


def test_recordings_that_differ_in_their_suffix_can_be_kept_apart(folder, calls, stems, capsys):
    write("mix.flac", stems.sum(axis=0), SAMPLE_RATE, subtype="PCM_16")
    with pytest.raises(SystemExit, match="2"):
        main(["separate", "mix.wav", "mix.flac"])
    assert "{suffix}" in capsys.readouterr().err
    template = "{track}-{suffix}/{stem}.{ext}"
    assert main(["separate", "mix.wav", "mix.flac", "--filename", template, "--jobs", "1"]) == 0
    assert {path.name for path in Path("separated").iterdir()} == {"mix-wav", "mix-flac"}


@pytest.mark.parametrize("instruments", ["2", "auto"])
def test_of_silence_nothing_is_called_poor(folder, capsys, instruments):
    write("silence.wav", np.zeros((1, SAMPLE_RATE)), SAMPLE_RATE)
    options = ["--restarts", "1", "--front-end", "mel", "-n", instruments]
    assert main(["separate", "silence.wav", *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.endswith("silent") for line in lines[1:-1])
    assert lines[-1] == "  the model leaves 0.0% of the recording unexplained"
    record = json.loads(Path("separated/silence/separation.json").read_text())
    assert record["found"]["called"] == "unknown"


def test_every_command_tells_its_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["separate", "--version"])
    assert capsys.readouterr().out == f"musisep {musisep.__version__}\n"


def test_the_first_of_many_compiles_for_all_if_nothing_is_compiled(folder, monkeypatch):
    here, elsewhere = [], []

    def run(work, tasks, args, pool, jobs):
        elsewhere.extend(tasks)
        return 0

    monkeypatch.setattr(batch, "_elsewhere", run)
    args = SimpleNamespace(jobs=2, scheduler=None, quiet=True)
    for cold in (True, False):
        monkeypatch.setattr(batch, "is_cold", lambda cold=cold: cold)
        assert batch.run_batch(lambda task, _: here.append(task) or 1, "abc", args) == cold
    assert (here, elsewhere) == (["a"], ["b", "c", "a", "b", "c"])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_a_full_stdout_without_a_buffer_is_told_once(monkeypatch, capsys):
    with open("/dev/full", "wb", buffering=0) as full:
        stream = io.TextIOWrapper(full, write_through=True)
        monkeypatch.setattr(guard.sys, "stdout", stream)
        assert guard.tell(["one"]) == 1
        guard.tell(["two"])
    assert capsys.readouterr().err.count("nothing more can be printed") == 1
