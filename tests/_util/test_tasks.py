"""Lists of tasks, of which some kill what works on them."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path

import deadly
import pytest

from musisep._util.cluster import Cluster
from musisep._util.processes import Processes
from musisep._util.tasks import Lost, run_tasks


@pytest.fixture(params=["processes", "cluster"])
def pool(request):
    """Two processes, or a cluster of two workers."""
    if request.param == "processes":
        made = Processes(2)
    else:
        made = Cluster(request.getfixturevalue("cluster"))
    with made:
        yield made


def test_results_are_those_of_one_process(pool):
    expected = list(run_tasks(deadly.doubled, range(5)))
    assert expected == [(n, 2 * n) for n in range(5)]
    assert sorted(run_tasks(deadly.doubled, range(5), pool)) == expected
    assert sorted(run_tasks(deadly.doubled, [], pool)) == []


def test_what_work_raises_is_raised(pool):
    with pytest.raises(ValueError, match="number=-1 must be at least 0"):
        list(run_tasks(deadly.doubled, [1, -1], pool))


def test_a_task_that_kills_takes_no_other_along(pool):
    results = dict(run_tasks(deadly.deadly, range(6), pool))
    lost = results.pop(deadly.DEADLY)
    assert isinstance(lost, Lost) and "memory may be too small" in str(lost)
    assert results == {n: 2 * n for n in (0, 1, 2, 4, 5)}


def test_a_death_is_survived(pool, tmp_path):
    markers = [tmp_path / str(n) for n in range(4)]
    for marker in markers[1:]:
        marker.touch()
    assert sorted(run_tasks(deadly.deadly_once, markers, pool)) == [
        (n, str(n)) for n in range(4)
    ]  # fmt: skip


def test_a_process_that_is_told_to_end_is_a_death(tmp_path):
    work = partial(deadly.deadly_once, number=signal.SIGTERM)
    with Processes(2) as pool:
        assert list(run_tasks(work, [tmp_path / "marker"], pool)) == [(0, "marker")]


def test_what_died_beside_a_killer_is_done(tmp_path):
    tasks = [("busy", tmp_path), ("killer", tmp_path), ("busy", tmp_path)]
    with Processes(2) as pool:
        wait([pool.submit(time.sleep, 0.5) for _ in range(2)])  # two processes are there
        results = list(run_tasks(deadly.together, tasks, pool))
    assert sorted(results) == [(0, "busy"), (1, "killer"), (2, "busy")]


class Gone:
    """A pool whose cluster is gone."""

    def width(self):
        return 1

    def died(self, error):
        return False

    def submit(self, work, task):
        future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future


def test_a_pool_that_is_gone_is_an_error():
    with pytest.raises(ConnectionError, match="connection"):
        list(run_tasks(deadly.doubled, [1], Gone()))


def wait_for(condition):
    """Wait until something is so, for a minute at most."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def ended(process):
    """Tell whether a process is gone, or will be as soon as its parent asks."""
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1][0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="asks Linux for processes")
def test_processes_clear_away_and_end_with_the_block(tmp_path):
    paths = [tmp_path / "a.wav", tmp_path / "b.wav"]
    marks = [Path(f"{path}.process") for path in paths]
    with pytest.raises(KeyboardInterrupt), Processes(2) as pool:
        for path in paths:
            pool.submit(deadly.writing, path)
        wait_for(lambda: all(mark.exists() and mark.read_text() for mark in marks))
        raise KeyboardInterrupt
    assert all(ended(int(mark.read_text())) for mark in marks)
    assert sorted(tmp_path.iterdir()) == marks


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="asks Linux for processes")
def test_processes_clear_away_and_end_with_what_they_work_for(tmp_path):
    path, mark = tmp_path / "a.wav", tmp_path / "a.wav.process"
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "import deadly\n"
        "from musisep._util.processes import Processes\n"
        "if __name__ == '__main__':\n"
        "    with Processes(1) as pool:\n"
        f"        pool.submit(deadly.writing, Path({str(path)!r})).result()\n"
    )
    parent = subprocess.Popen([sys.executable, script], stderr=subprocess.DEVNULL)
    wait_for(lambda: mark.exists() and mark.read_text())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_for(lambda: ended(int(mark.read_text())))
    assert sorted(tmp_path.iterdir()) == [mark, script]


@pytest.mark.parametrize("address", ["nonsense", "gopher://localhost:70"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match=address.split(":")[0]):
        Cluster(address)


def test_a_scheduler_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr("musisep._util.cluster.CONNECTING_S", 0.2)
    with pytest.raises(ConnectionError, match="no Dask scheduler answers at localhost:1 within"):
        Cluster("localhost:1")


def test_without_dask_it_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match="pip install dask distributed"):
        Cluster("localhost:8786")


def test_a_worker_that_dies_while_its_result_is_on_the_way_is_a_death():
    cfexecutor = pytest.importorskip("distributed.cfexecutor")
    pool = Cluster.__new__(Cluster)
    pool._deaths = (KeyError,)
    died = {"__name__": cfexecutor.__name__}
    exec("def fail():\n    typ, exc, tb = 3", died)
    with pytest.raises(TypeError) as caught:
        died["fail"]()
    assert pool.died(caught.value)
    with pytest.raises(TypeError) as caught:
        len(3)
    assert not pool.died(caught.value)
    assert pool.died(KeyError()) and not pool.died(ValueError())
