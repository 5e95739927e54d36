"""What a command says and shows while kernels are compiled."""

import os
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

import musisep
from musisep import warming
from musisep._util import compiled
from musisep._util.messages import COMPILED_ANEW
from musisep.cli import compiling
from musisep.cli.compiling import NEEDED, ONCE

NOWHERE = f"musisep: compiled kernels cannot be kept: {COMPILED_ANEW}\n"
USE = """
import tiny
from musisep.cli.compiling import compiling
for number in (1, 2.0, 3j):
    with compiling(False):
        tiny.twice(number)
"""


@pytest.fixture(autouse=True)
def untold():
    """In the place of the fixture that silences what is tested here."""
    compiling._say_once.cache_clear()


@pytest.fixture
def compile_each(monkeypatch):
    """Return a function that compiles kernels within the block; they have names and folders."""
    listeners = []

    @contextmanager
    def telling(*functions):
        listeners.append(functions)
        yield

    def compile_each(*kernels, quiet=False, helped=False):
        with compiling.compiling(quiet, helped=helped):
            begun, ended = listeners.pop()
            for kernel in kernels:
                begun(kernel)
                ended(kernel)

    monkeypatch.setattr(compiled, "telling", telling)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    return compile_each


@pytest.fixture
def bars(monkeypatch):
    """What bars are told."""
    told = []

    class Bars:
        def __init__(self, quiet):
            told.append(quiet)

        def __call__(self, *progress):
            told.append(progress)

        def close(self):
            told.append("closed")

    monkeypatch.setattr(compiling, "Bars", Bars)
    return told


class Kernel:
    """Something compiled that is kept in a folder, for so many kinds of arguments already."""

    numbers = count()

    def __init__(self, folder="/cache", kept=0):
        self.stats = SimpleNamespace(cache_path=folder)
        self._cache = SimpleNamespace(count=lambda: kept)
        self.__module__, self.__name__ = "kernels", f"kernel{next(self.numbers)}"


def test_the_bar_counts_each_kernel_once_and_grows_if_there_are_more(compile_each, bars):
    kernels = [Kernel() for _ in range(NEEDED + 1)]
    compile_each(kernels[0], kernels[0], *kernels[1:])
    counts = [told[1:] for told in bars[1:-1]]
    assert counts[:5] == [(0, NEEDED), (1, NEEDED), (1, NEEDED), (1, NEEDED), (1, NEEDED)]
    assert counts[-2:] == [(NEEDED, NEEDED), (NEEDED + 1, NEEDED + 1)]
    assert (bars[0], bars[1][0], bars[-1]) == (False, "compiling", "closed")


def test_the_first_compilation_is_told_of_once_in_a_process(compile_each, capsys):
    for _ in range(2):
        compile_each(Kernel(), Kernel())
    assert capsys.readouterr().err == f"musisep: {ONCE}\n"


def test_who_wants_quiet_is_told_nothing(compile_each, bars, capsys):
    compile_each(Kernel(None), quiet=True)
    assert capsys.readouterr().err == ""
    assert bars[0] is True


@pytest.fixture
def helpers(monkeypatch):
    """What helpers are told; each compiles a kernel of its own, and then the block's first one."""
    started = []

    @contextmanager
    def helping(*given):
        *told, heard = given
        started.append(told)
        heard("kernels.other")
        heard("kernels.same")
        yield
        started.append("ended")

    monkeypatch.setattr(compiling, "helping", helping)
    return started


def test_what_a_helper_compiles_counts_and_it_is_started_once(compile_each, bars, helpers):
    kernels = [Kernel(), Kernel(), Kernel()]
    kernels[1].__name__ = "same"
    compile_each(*kernels, helped=True)
    assert helpers == [["musisep.warming", "1"], "ended"]
    assert [done for _, done, _ in bars[1:-1]] == [2, 3, 3, 3, 3, 4]
    assert compiling.HELPER == warming.HELPER


def test_what_is_kept_or_cannot_be_kept_needs_no_helper(compile_each, helpers):
    compile_each(Kernel(), helped=False)
    compile_each(Kernel(kept=1), Kernel(None), helped=True)
    assert helpers == []


def test_nothing_compiled_nothing_told(compile_each, bars, capsys):
    compile_each()
    assert capsys.readouterr().err == ""
    assert bars == [False, "closed"]


@pytest.fixture
def nowhere(tmp_path):
    """Run Python with a kernel that cannot be kept: files stand in the places of all folders."""
    (tmp_path / "tiny.py").write_text(
        "from musisep._util.compiled import kernel\n\n@kernel\ndef twice(x):\n    return 2 * x\n"
    )
    (tmp_path / "__pycache__").write_text("")
    (tmp_path / "file").write_text("")
    paths = os.pathsep.join([str(tmp_path), str(Path(musisep.__file__).parents[1])])
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment |= {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    places = "HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA"
    environment |= dict.fromkeys(places, str(tmp_path / "file"))

    def run(**more):
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", USE], env=environment | more,
            capture_output=True, text=True, check=True,
        ).stderr  # fmt: skip

    return run


def test_what_cannot_be_kept_is_told_once_with_its_cost_and_what_to_do(nowhere, tmp_path):
    assert nowhere() == NOWHERE
    assert nowhere(NUMBA_CACHE_DIR=str(tmp_path / "file")) == NOWHERE
    assert nowhere(NUMBA_CACHE_DIR=str(tmp_path / "cache")) == f"musisep: {ONCE}\n"
    assert nowhere(NUMBA_CACHE_DIR=str(tmp_path / "cache")) == ""


def test_a_chosen_folder_that_is_none_is_told_of(nowhere, tmp_path):
    (tmp_path / "__pycache__").unlink()
    told = nowhere(NUMBA_CACHE_DIR=str(tmp_path / "file"))
    reason = "NUMBA_CACHE_DIR is no folder that you may write to"
    assert told == f"musisep: {ONCE}; {reason}: kept in {tmp_path / '__pycache__'}\n"
    assert nowhere(NUMBA_CACHE_DIR=str(tmp_path / "file")) == ""
