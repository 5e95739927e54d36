"""Another process that helps: it ends with the block, and with its parent however that ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import musisep
from musisep._util import helping as module
from musisep._util.helping import helping

ENDLESS = """
import os, sys, time
from musisep._util.helping import end_with_parent
end_with_parent()
print(os.getpid(), sys.argv[1], flush=True)
while True:
    time.sleep(0.05)
"""
PARENT = """
import time
from musisep._util.helping import helping
with helping("endless", "now", lambda line: print(line, flush=True)):
    time.sleep(60)
"""


@pytest.fixture
def endless(tmp_path, monkeypatch):
    """A module that would not end by itself."""
    (tmp_path / "endless.py").write_text(ENDLESS)
    paths = os.pathsep.join([str(tmp_path), str(Path(musisep.__file__).parents[1])])
    monkeypatch.setenv("PYTHONPATH", paths)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def ends(pid):
    """Tell whether a process is gone within ten seconds."""
    for _ in range(200):
        if not is_running(pid):
            return True
        time.sleep(0.05)
    return False


def test_it_is_heard_and_ends_with_the_block(endless):
    heard = []
    with helping("endless", "now", heard.append):
        while not heard:
            time.sleep(0.01)
        pid, argument = heard[0].split()
        assert argument == "now"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks the system for processes")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_its_parent(endless, number):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline().split()[0])
    assert is_running(pid)
    parent.send_signal(number)
    parent.communicate()
    assert ends(pid)


def test_a_helper_that_fails_is_not_missed(endless, capfd):
    heard = []
    with helping("there_is_no_such_module", "", heard.append):
        time.sleep(0.2)
    assert heard == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "value"), [("frozen", True), ("executable", ""), ("executable", "/no/python")]
)
def test_without_a_python_to_start_there_is_no_helper(endless, name, value, monkeypatch):
    monkeypatch.setattr(module.sys, name, value, raising=False)
    heard = []
    with helping("endless", "", heard.append):
        time.sleep(0.5)
    assert heard == []


def test_it_looks_for_modules_in_no_working_folder(tmp_path, monkeypatch):
    (tmp_path / "endless.py").write_text("print('from the working folder', flush=True)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(musisep.__file__).parents[1]))
    heard = []
    with helping("endless", "", heard.append):
        time.sleep(0.5)
    assert heard == []


def test_it_works_with_the_same_package(tmp_path, monkeypatch):
    (tmp_path / "musisep").mkdir()
    (tmp_path / "musisep" / "__init__.py").touch()
    code = "import sys, musisep; print(musisep.__file__, flush=True); sys.stdin.read()"
    (tmp_path / "where.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    heard = []
    with helping("where", "", heard.append):
        while not heard:
            time.sleep(0.01)
    assert heard == [musisep.__file__]
