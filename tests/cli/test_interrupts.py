"""One recording: stopped or killed at any stage, or out of room; and how the next run goes on."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from duet import SAMPLE_RATE, duet

import musisep
from musisep.io.files import write
from musisep.tones.dictionary import Dictionary

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="signals and limits are the system's"
)

SCRIPT = """
import os, resource, signal, sys
number, stage, *sys.argv[1:] = sys.argv[1:]
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background

def stopping(usual):
    def stop(*arguments, **options):
        result = usual(*arguments, **options)
        os.kill(os.getpid(), int(number))
        return result
    return stop

if stage == "compiling":
    from numba.core.event import Listener, register
    class Compiling(Listener):
        on_start = on_end = stopping(lambda *_: None)
    register("numba:compile", Compiling())
elif stage == "keeping":
    import pickle
    pickle.dump = stopping(pickle.dump)  # of numba, into the index of its cache
elif stage == "reading":
    import soundfile
    soundfile.SoundFile.read = stopping(soundfile.SoundFile.read)
elif stage == "writing":
    import soundfile
    soundfile.SoundFile.write = stopping(soundfile.SoundFile.write)
elif stage == "replacing":
    os.replace = stopping(os.replace)
elif stage == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(number),) * 2)
from musisep.__main__ import main
sys.exit(main())
"""
COMMAND = ["separate", "mix.wav", "--dictionary", "duet.npz", "--residual", "--quiet"]
NAMES = {"instrument1.wav", "instrument2.wav", "residual.wav", "separation.json"}


def run(folder, stage, number, *options, **environment):
    """Run the command, which something befalls at a stage."""
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(int(number)), stage, *COMMAND, *options],
        cwd=folder, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(musisep.__file__).parents[1]), **environment},
    )  # fmt: skip


def written(folder):
    """All that is below --out, by names."""
    return {path.name: path.read_bytes() for path in Path(folder).rglob("separated/**/*")
            if path.is_file()}  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A folder in which nothing befell the command."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write(folder / "mix.wav", duet().sum(axis=0)[: SAMPLE_RATE // 2], SAMPLE_RATE)
    columns = [1 / np.arange(1, 13) ** 1.5, (np.arange(12) % 2 == 0) / np.arange(1, 13)]
    Dictionary(np.stack(columns, axis=1)).save(folder / "duet.npz")
    assert run(folder, "", 0).returncode == 0
    assert set(written(folder)) == NAMES
    return folder


@pytest.fixture
def folder(undisturbed, tmp_path):
    """A folder in which nothing has been written yet."""
    for name in ("mix.wav", "duet.npz"):
        shutil.copy(undisturbed / name, tmp_path)
    return tmp_path


def assert_the_next_run_goes_on(folder, undisturbed):
    result = run(folder, "", 0, "--skip-existing")
    assert (result.returncode, result.stderr) == (0, "")
    assert written(folder) == written(undisturbed)


@pytest.mark.parametrize(
    ("stage", "number", "left"),
    [
        ("reading", signal.SIGTERM, set()),
        ("writing", signal.SIGINT, {"separation.json"}),
        ("writing", signal.SIGTERM, {"separation.json"}),
        ("replacing", signal.SIGTERM, {"separation.json"}),
    ],
)
def test_a_run_that_is_stopped_leaves_no_temporary_file(folder, undisturbed, stage, number, left):
    result = run(folder, stage, number)
    assert (result.returncode, result.stderr) == (128 + number, "musisep: stopped\n")
    assert set(written(folder)) == left
    assert_the_next_run_goes_on(folder, undisturbed)


@pytest.mark.parametrize(
    ("stage", "number"), [("compiling", signal.SIGINT), ("keeping", signal.SIGTERM)]
)
def test_a_run_that_is_stopped_while_it_compiles_leaves_no_half_file(folder, stage, number):
    result = run(folder, stage, number, NUMBA_CACHE_DIR=str(folder / "cache"))
    assert (result.returncode, result.stderr) == (128 + number, "musisep: stopped\n")
    assert written(folder) == {}
    assert list(folder.glob("cache/**/*.tmp.*")) == []


def test_what_a_killed_run_leaves_is_removed_by_the_next(folder, undisturbed):
    assert run(folder, "writing", signal.SIGKILL).returncode == -signal.SIGKILL
    temporary = set(written(folder)) - {"separation.json"}
    assert len(temporary) == 1 and ".part" in temporary.pop()
    assert_the_next_run_goes_on(folder, undisturbed)


@pytest.mark.parametrize(("room", "left"), [(500, set()), (20_000, {"separation.json"})])
def test_without_room_there_is_one_line_and_no_half_track(folder, undisturbed, room, left):
    result = run(folder, "full", room)
    assert result.returncode == 1
    name = "instrument1.wav" if left else "separation.json"
    told = rf"musisep: mix.wav: 'separated/mix/{name}' cannot be written: File too large; .*room.*"
    assert re.fullmatch(told + "\n", result.stderr)
    assert set(written(folder)) == left
    assert_the_next_run_goes_on(folder, undisturbed)
