import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

from musisep import Dictionary
from musisep.io import leftovers
from musisep.io.files import AudioFileError, replacing
from musisep.io.leftovers import ABANDONED_S, UNKNOWN, temporary_name

KILLED = """
import os, signal, sys
from pathlib import Path
from musisep.io.files import replacing
with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
WRITING = """
import sys
from pathlib import Path
from musisep.io.files import replacing
with replacing(Path(sys.argv[1])) as temporary:
    print(temporary.name, flush=True)
    sys.stdin.readline()
    temporary.write_text("whole")
"""


def put(path, text="new"):
    with replacing(path) as temporary:
        temporary.write_text(text)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


@pytest.mark.parametrize(
    ("make", "kind"),
    [(os.mkfifo, "pipe"), (unix_socket, "socket"), (os.mkdir, "folder"),
     (lambda path: os.symlink("/dev/null", path), "device")],
)  # fmt: skip
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_regular_file_is_never_replaced(make, kind, linked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "out.npz"
    make(path)
    if linked:
        path = tmp_path / "link.npz"
        path.symlink_to("out.npz")
    before = [(entry.name, entry.lstat().st_mode) for entry in sorted(tmp_path.iterdir())]
    text = f"{path.name}' cannot be written: it is a {kind}, no regular file; choose another"
    with pytest.raises(AudioFileError, match=text) as error:
        Dictionary(np.ones((2, 1))).save(path)
    assert "\n" not in str(error.value)
    assert before == [(entry.name, entry.lstat().st_mode) for entry in sorted(tmp_path.iterdir())]


def test_the_target_of_a_link_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "target.csv", tmp_path / "here" / "link.csv"
    target.write_text("old")
    (tmp_path / "between").symlink_to(target)
    link.symlink_to("../between")
    put(link)
    assert target.read_text() == "new"
    assert os.readlink(link) == "../between"
    assert names(tmp_path / "here") == ["link.csv"]
    assert names(tmp_path / "there") == ["target.csv"]


def test_a_link_to_nothing_makes_its_target(tmp_path):
    (tmp_path / "link.csv").symlink_to("new/target.csv")
    put(tmp_path / "link.csv")
    assert (tmp_path / "new" / "target.csv").read_text() == "new"
    assert (tmp_path / "link.csv").is_symlink()


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "one.csv").symlink_to("two.csv")
    (tmp_path / "two.csv").symlink_to("one.csv")
    with pytest.raises(AudioFileError, match=r"one.csv' cannot be written: .*links"):
        put(tmp_path / "one.csv")
    assert names(tmp_path) == ["one.csv", "two.csv"]


def test_an_error_in_the_block_leaves_what_was_there(tmp_path):
    put(tmp_path / "x.csv", "old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "x.csv") as temporary:
        temporary.write_text(str(1 / 0))
    assert (tmp_path / "x.csv").read_text() == "old"
    assert names(tmp_path) == ["x.csv"]


def test_what_is_ready_is_told_before_it_is_there(tmp_path):
    told = []

    def ready(temporary):
        told.append((temporary.read_text(), (tmp_path / "x.csv").exists()))

    with replacing(tmp_path / "x.csv", ready) as temporary:
        temporary.write_text("new")
        assert told == []
    assert told == [("new", False)]
    assert (tmp_path / "x.csv").read_text() == "new"


def test_what_is_not_to_be_takes_nobodys_place(tmp_path):
    def refuse(_):
        raise OSError(28, "No space left on device")

    put(tmp_path / "x.csv", "old")
    with (
        pytest.raises(OSError, match="No space left"),
        replacing(tmp_path / "x.csv", refuse) as temporary,
    ):
        temporary.write_text("new")
    assert (tmp_path / "x.csv").read_text() == "old"
    assert names(tmp_path) == ["x.csv"]


def test_what_a_killed_run_has_left_is_removed_by_the_next(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "x.wav"], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = names(tmp_path)
    assert leftovers.NAME.fullmatch(left)
    put(tmp_path / "y.csv")
    assert names(tmp_path) == ["y.csv"]


def test_what_a_living_run_writes_is_not_removed(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", WRITING, tmp_path / "x.csv"]
    with subprocess.Popen(command, **pipes) as process:
        temporary = process.stdout.readline().strip()
        os.utime(tmp_path / temporary, (0, 0))
        put(tmp_path / "y.csv")
        assert names(tmp_path) == [temporary, "y.csv"]
        process.stdin.write("\n")
    assert process.returncode == 0
    assert (tmp_path / "x.csv").read_text() == "whole"
    assert names(tmp_path) == ["x.csv", "y.csv"]


@pytest.mark.parametrize("known", [True, False])
def test_of_other_places_only_what_is_a_day_old_is_removed(known, tmp_path, monkeypatch):
    if not known:
        monkeypatch.setattr(leftovers, "_machine", lambda: None)
    dead = 2**22 + 1  # above the greatest number of a process
    for machine in ("0123456789abcdef", UNKNOWN):
        for age in (ABANDONED_S - 600, ABANDONED_S + 600):
            path = tmp_path / f".{machine}-{dead}-{int(age):016x}.part.wav"
            path.write_text("half")
            time = path.stat().st_mtime - age
            os.utime(path, (time, time))
    put(tmp_path / "x.csv")
    young = f"{int(ABANDONED_S - 600):016x}.part.wav"
    assert names(tmp_path) == [
        f".{UNKNOWN}-{dead}-{young}", f".0123456789abcdef-{dead}-{young}", "x.csv"
    ]  # fmt: skip


def test_files_of_others_are_not_touched(tmp_path):
    ours = temporary_name(".wav")
    foreign = [
        ours[1:], f"{ours}.x", f"a{ours}", ours.replace(".part", ".PART"), ours.upper(),
        ".0123456789abcdef.part.wav", ".part", "x.part", ".x-1-y.part.wav",
    ]  # fmt: skip
    for name in foreign:
        (tmp_path / name).write_text("theirs")
        os.utime(tmp_path / name, (0, 0))
    folder, link = (f".{UNKNOWN}-1-{number:016x}.part" for number in (1, 2))
    (tmp_path / folder).mkdir()
    (tmp_path / link).symlink_to("nowhere")
    for name in (folder, link):
        os.utime(tmp_path / name, (0, 0), follow_symlinks=False)
    put(tmp_path / "x.csv")
    assert names(tmp_path) == sorted([*foreign, folder, link, "x.csv"])


@pytest.mark.skipif(os.name != "posix", reason="needs permissions of POSIX")
def test_permissions_of_what_is_replaced_stay(tmp_path):
    path = tmp_path / "x.txt"
    path.touch()
    path.chmod(0o600)
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
