import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from musisep._util import compiled

KERNEL = """
from musisep._util.compiled import kernel

@kernel
def total(values):
    result = values[0]
    for value in values[1:]:
        result += value
    return result
"""
USE = """
import sys
import warnings
import numpy as np
from tiny import total
exec(sys.argv[1])
floats = total(np.array([0.5, 0.25, 2.0]))
complexes = total(np.array([1j, 2.0, 3.5j]))
hits = sum(total.stats.cache_hits.values())
print(floats, complexes, hits)
"""
RIGHT = "2.75 (2+4.5j)"
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
STRICT = "warnings.simplefilter('error')"


def start(folder, setup="", **environment):
    """Start a process that uses a kernel of two signatures."""
    paths = os.pathsep.join([str(folder), str(Path(compiled.__file__).parents[2])])
    environment = {
        **os.environ, "PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(folder / "cache"), **environment
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", USE, setup],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def run(folder, setup="", **environment):
    """Return what it prints: the results and how often the cache helped; and its messages."""
    process = start(folder, setup, **environment)
    printed, messages = process.communicate()
    assert process.returncode == 0, messages
    return printed.strip(), messages


@pytest.fixture(scope="module")
def cached(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cached")
    (folder / "tiny.py").write_text(KERNEL)
    assert run(folder) == (f"{RIGHT} 0", "")
    assert run(folder) == (f"{RIGHT} 2", "")
    shutil.copytree(folder / "cache", folder / "sound")
    return folder


@pytest.fixture
def folder(cached):
    """The folder of a kernel with a sound cache."""
    shutil.rmtree(cached / "cache", ignore_errors=True)
    shutil.copytree(cached / "sound", cached / "cache")
    return cached


def truncated(data):
    return data[: len(data) // 2]


def random(data):
    return np.random.default_rng(0).bytes(len(data))


def zeros(data):
    return bytes(len(data))


def one_bit(data):
    place = len(data) * 2 // 3
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def block(data):
    place = len(data) // 2
    return data[:place] + bytes(64) + data[place + 64 :]


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [
        *(("*.nbi", damage) for damage in (truncated, zeros, random)),
        *(("*.nbc", damage) for damage in (truncated, random, one_bit, block)),
        ("*.nb?", lambda data: b""),
    ],
)
def test_a_damaged_cache_is_told_in_one_line_and_made_anew(folder, pattern, damage):
    files = list((folder / "cache").rglob(pattern))
    assert files
    for file in files:
        file.write_bytes(damage(file.read_bytes()))
    printed, messages = run(
        folder, "warnings.showwarning = lambda text, *_: sys.stderr.write(f'{text}\\n')"
    )
    assert printed.startswith(RIGHT)
    assert messages.count("\n") == 1
    assert "are damaged: they are compiled anew" in messages
    assert run(folder) == (f"{RIGHT} 2", "")


def test_a_damaged_cache_stops_nobody_who_wants_no_warnings(folder):
    for file in (folder / "cache").rglob("*.nbi"):
        file.write_bytes(b"")
    printed, messages = run(folder, STRICT)
    assert printed.startswith(RIGHT)
    assert messages.startswith("musisep: compiled kernels in ")
    assert messages.count("\n") == 1


def test_without_room_for_the_cache_kernels_are_compiled_in_each_run(folder):
    shutil.rmtree(folder / "cache")
    for _ in range(2):
        printed, messages = run(folder, f"{STRICT}; {FULL}")
        assert printed == f"{RIGHT} 0"
        assert messages.count("\n") == 1
        assert "are not written (File too large): every run compiles them anew" in messages
        assert "set NUMBA_CACHE_DIR" in messages
    assert not [file for file in (folder / "cache").rglob("*") if file.is_file()]
    assert run(folder) == (f"{RIGHT} 0", "")
    assert run(folder) == (f"{RIGHT} 2", "")


def test_a_damaged_cache_that_cannot_be_replaced_is_left_out(folder):
    for file in (folder / "cache").rglob("*.nbi"):
        file.write_bytes(b"damaged")
    printed, messages = run(folder, f"{STRICT}; {FULL}")
    assert printed == f"{RIGHT} 0"
    assert messages.count("\n") == 1


def test_what_was_compiled_for_something_else_is_not_run(folder):
    # Processes that start at once may leave an index that refers to the code of another signature.
    one, two = sorted((folder / "cache").rglob("*.nbc"))
    kept = one.read_bytes()
    shutil.copy(two, one)
    two.write_bytes(kept)
    assert run(folder) == (f"{RIGHT} 0", "")
    assert run(folder) == (f"{RIGHT} 2", "")


def test_four_cold_starts_at_once(folder):
    shutil.rmtree(folder / "cache")
    for process in [start(folder) for _ in range(4)]:
        printed, messages = process.communicate()
        assert printed.startswith(RIGHT)
        assert messages == ""
    assert run(folder)[0].startswith(RIGHT)


def test_without_a_compiler_kernels_are_plain_functions(folder):
    setup = "from types import SimpleNamespace as S; total.stats = S(cache_hits={})"
    assert run(folder, setup, NUMBA_DISABLE_JIT="1") == (f"{RIGHT} 0", "")


def test_kernels_work_without_a_place_for_the_cache(monkeypatch):
    def no_locator(*_):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(compiled.FunctionCache, "__init__", no_locator)
    total = compiled.sum_kernel(lambda values: values.sum())
    assert total(np.arange(4.0)) == 6
    assert total.stats.cache_path is None
    assert isinstance(total, numba.core.dispatcher.Dispatcher)


TOLD = """
import gc
import numpy as np
from musisep._util.compiled import kernel, telling


@kernel
def inner(a):
    return a + np.zeros(1)[0]  # numba compiles something of its own for it


@kernel
def outer(a, b):
    return inner(a) + b


def begun(kernel):
    print("begun", kernel.__name__, gc.isenabled())


def ended(kernel):
    print("ended", kernel.__name__)


with telling(begun, ended):
    print(outer(1, 2))
    print(outer(1.0, 2.0))
    print(gc.isenabled())
"""


def test_each_compilation_is_told_of_and_a_warm_cache_not_at_all(tmp_path):
    (tmp_path / "told.py").write_text(TOLD)
    command = [sys.executable, str(tmp_path / "told.py")]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    outputs = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    compiled = "begun outer False\nbegun inner False\nended inner\nended outer\n3.0\n"
    assert outputs == [2 * compiled + "True\n", "3.0\n3.0\nTrue\n"]


def test_who_collects_no_garbage_need_not_afterwards(monkeypatch):
    monkeypatch.setattr(compiled.gc, "enable", lambda: pytest.fail("enabled"))
    monkeypatch.setattr(compiled.gc, "isenabled", lambda: False)
    with compiled.telling(lambda kernel: None, lambda kernel: None):
        pass
