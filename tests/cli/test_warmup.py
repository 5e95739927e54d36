"""`musisep warm-up`: what it says, and that later runs have nothing to compile."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import musisep
from musisep import warming
from musisep.__main__ import main
from musisep.cli import invert
from musisep.cli.compiling import NEEDED, ONCE
from musisep.io.files import write

LATER = """
import sys
import numpy as np
import musisep
from musisep._util.compiled import telling
from musisep.audio.features import rms
from musisep.audio.stft import SpectralTransform
from musisep.dictsep import pursuit
from musisep.warming import QUICK, SAMPLE_RATE, sound

compiled = []
with telling(compiled.append, lambda kernel: None):
    for x in (sound(), sound()[0], sound()[:, :1000]):
        musisep.separate(x, SAMPLE_RATE, **QUICK, steps=2)
        musisep.separate(x, SAMPLE_RATE, **QUICK, method="adam", runs=2, lifetime=0, instruments=3)
    musisep.Spectrogram.of(sound(), SAMPLE_RATE).invert(max_iter=2)
    for kind in (np.float32, np.float64):
        rms(sound(kind))
        transform = SpectralTransform(512, 128)
        transform.istft(transform.stft(sound(kind)[0]))
    tone = pursuit.Peaks([1.0], [20.0], [2.0], [0.0], [0])
    rest = [0], np.ones((3, 1)), 30.0, 1.0, 0.5, 99, 1, np.ones(99)
    for loss in (pursuit.inst_shift_obj, pursuit.inst_shift_grad, pursuit.inst_shift_dict_grad):
        loss(tone.get_array(), *rest)
sys.exit(len(compiled))
"""
"""Ends with the number of kernels that it had to compile."""
PACKAGES = str(Path(musisep.__file__).parents[1])


def python(*arguments, **environment):
    """Run Python with warnings as errors, and return the finished process."""
    environment = {**os.environ, "PYTHONPATH": PACKAGES, **environment}
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments], env=environment, capture_output=True, text=True
    )


def in_terminal(*arguments, **environment):
    """Return what Python prints to a terminal on stderr, on lines of their own."""
    termios = pytest.importorskip("termios")
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    environment = {
        **os.environ, "PYTHONPATH": PACKAGES, "TQDM_MININTERVAL": "0", **environment
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, stderr=slave, stdout=subprocess.DEVNULL
    )
    os.close(slave)
    shown = b""
    with os.fdopen(master, "rb", buffering=0) as screen, suppress(OSError):  # at the end
        while some := screen.read(4096):
            shown += some
    assert process.wait() == 0
    return shown.decode().replace("\r", "\n").splitlines()


def check_compiling(shown, needed):
    """Refuse what a first run has shown, unless it was one line and a bar up to the needed."""
    assert shown.count(f"musisep: {ONCE}") == 1
    bar = [line for line in shown if line.startswith("compiling:")]
    assert f" 1/{needed} " in "".join(bar)
    assert f" {needed}/{needed} " in bar[-1]


def test_the_first_inversion_tells_that_it_compiles(tmp_path):
    write(tmp_path / "mix.wav", warming.sound(), warming.SAMPLE_RATE)
    command = "-m", "musisep", "invert", str(tmp_path / "mix.wav"), "-o", str(tmp_path / "out")
    shown = in_terminal(*command, "--iterations", "2", NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    check_compiling(shown, invert.NEEDED)


def test_the_first_run_tells_that_it_compiles_and_no_kernel_is_left_after_a_warm_up(tmp_path):
    cache = str(tmp_path / "cache")
    demo = "-m", "musisep", "--demo", "--overwrite", "--jobs", "1", "-o", str(tmp_path / "out")
    check_compiling(in_terminal(*demo, NUMBA_CACHE_DIR=cache), NEEDED)
    assert not [line for line in in_terminal(*demo, NUMBA_CACHE_DIR=cache) if "compiling" in line]
    first = python("-m", "musisep", "warm-up", NUMBA_CACHE_DIR=cache)
    assert (first.returncode, first.stderr) == (0, "")
    number, kinds, fresh = map(int, re.findall(r"(\d+) (?:kernels|kinds|of)", first.stdout))
    assert number == len(warming.kernels()) and kinds > fresh > number - NEEDED
    assert first.stdout.endswith(f"\n  they are kept below {cache}\n")
    again = python("-m", "musisep", "warm-up", NUMBA_CACHE_DIR=cache)
    assert f"{number} kernels are compiled for {kinds} kinds of arguments, 0 of" in again.stdout
    later = python("-c", LATER, NUMBA_CACHE_DIR=cache)
    assert (later.returncode, later.stderr) == (0, "")


def test_all_files_of_kernels_are_known():
    package = Path(musisep.__file__).parent
    files = {
        path.relative_to(package.parent).with_suffix("").as_posix().replace("/", ".")
        for path in package.rglob("*.py")
        if "@kernel" in path.read_text(encoding="utf-8")
    }
    assert {name.rpartition(".")[0] for name in warming.kernels()} == files


@pytest.fixture
def quick(monkeypatch):
    """Nothing to do, and all in the cache but for what a test changes."""
    monkeypatch.setattr(warming, "JOBS", ())
    monkeypatch.setattr(warming, "kept", lambda kernel: 1)
    monkeypatch.setattr(warming, "cache_folder", lambda kernel: f"/cache/{kernel.__module__}")


def test_what_is_there_is_told(quick, capsys):
    assert main(["warm-up"]) == 0
    told = capsys.readouterr()
    number = len(warming.kernels())
    assert told.out.startswith(f"{number} kernels are compiled for {number} kinds of arguments, 0 ")
    assert told.out.endswith(" s\n  they are kept below /cache\n")
    assert told.err == ""


def test_without_a_folder_for_the_cache_the_cost_is_told_at_once(quick, monkeypatch, capsys):
    monkeypatch.setattr(warming, "cache_folder", lambda kernel: None)
    monkeypatch.setattr(warming, "warm_up", lambda *_: pytest.fail("in vain"))
    assert main(["warm-up"]) == 1
    assert capsys.readouterr().err == (
        "musisep: compiled kernels cannot be kept: every run compiles them anew, which takes about "
        "20 seconds; set NUMBA_CACHE_DIR to a folder with room that you may write to\n"
    )


def test_kernels_that_are_not_kept_are_a_failure(quick, monkeypatch, capsys):
    monkeypatch.setattr(warming, "kept", lambda kernel: int(kernel.__name__ != "rolloffs"))
    assert main(["warm-up", "--quiet"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert re.match(r"musisep: 1 of \d+ kernels are not kept below /cache: every run", told.err)
    assert warming.warm_up().missing == ("musisep.audio.features._kernels.moments.rolloffs",)


def test_where_nothing_is_compiled_nothing_is_done():
    result = python("-m", "musisep", "warm-up", NUMBA_DISABLE_JIT="1")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "musisep: nothing is compiled here: NUMBA_DISABLE_JIT is set\n"


def test_a_full_disk_is_a_failure(tmp_path):
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "from musisep import warming; warming.JOBS = ()\n"
        "from musisep.__main__ import main; sys.exit(main(['warm-up']))"
    )
    result = python("-c", code, NUMBA_CACHE_DIR=str(tmp_path))
    assert result.returncode == 1
    assert "kernels are not kept below " in result.stderr


def test_the_report_counts_kernels(quick, monkeypatch):
    seen = []
    monkeypatch.setattr(warming, "JOBS", [lambda: None])
    warming.warm_up(lambda *told: seen.append(told))
    assert seen == [("compiling", seen[0][1], len(warming.kernels()))]
    assert 0 <= seen[0][1] <= len(warming.kernels())
