"""Many recordings in processes and on a cluster, where the model is real."""

import argparse
import io
import os
import signal
import sys
import time
from pathlib import Path
from threading import Thread

import deadly
import pytest
from duet import SAMPLE_RATE

import musisep
from musisep.__main__ import main
from musisep._util.progress import Bars
from musisep.cli.base import plain_messages
from musisep.cli.batch import in_order, roomy, run_batch
from musisep.cli.guard import say, tell
from musisep.cli.planning import Task
from musisep.io.files import write

NUMBER = 4
QUICK = ["--front-end", "mel", "--restarts", "1", "-o", "out"]


@pytest.fixture
def recordings(folder, stems):
    """A folder of recordings, of which one is damaged."""
    Path("mixes").mkdir()
    for number in range(NUMBER):
        mixture = stems.sum(axis=0) * 0.9**number
        write(f"mixes/{number}.wav", mixture[: SAMPLE_RATE // 2], SAMPLE_RATE)
    Path("mixes/1damaged.wav").write_bytes(b"RIFF")
    return Path("mixes")


@pytest.fixture
def separated(recordings, capsys):
    """Return a function that separates them; returns stdout, stderr, and files as bytes."""

    def run(out, *options):
        assert main(["separate", "mixes", *QUICK, "-o", out, *options]) == 1
        output = capsys.readouterr()
        files = {p.relative_to(out): p.read_bytes() for p in Path(out).rglob("*") if p.is_file()}
        return output.out.replace(out, "OUT"), output.err, files

    return run


def test_processes_write_and_tell_the_same_as_one(separated):
    alone = separated("one", "--jobs", "1")
    assert separated("two", "--jobs", "2") == alone
    told, said, files = alone
    names = [line for line in told.splitlines() if line.startswith("mixes")]
    assert names == [f"mixes/{number}.wav" for number in range(NUMBER)]
    assert len(files) == 3 * NUMBER
    assert said.startswith("musisep: mixes/1damaged.wav: ") and said.count("\n") == 1


def test_a_cluster_writes_and_tells_the_same_though_a_worker_dies(separated, cluster):
    from distributed import Client

    alone = separated("one", "--jobs", "1")

    def kill():
        while not list(Path("many").rglob("instrument1.wav")):
            time.sleep(0.01)
        with Client(cluster, set_as_default=False) as client:
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    assert separated("many", "--scheduler", cluster) == alone
    killer.join()


def test_what_is_complete_is_left_out_elsewhere_too(separated):
    _, _, files = separated("two", "--jobs", "2")
    told, _, same = separated("two", "--jobs", "2", "--skip-existing")
    assert told.count("has its tracks already") == NUMBER
    assert same == files


def test_another_version_on_a_worker_is_refused(recordings, cluster, monkeypatch, capsys):
    monkeypatch.setattr("musisep.cli.batch.__version__", "0.0")
    assert main(["separate", "mixes", "--scheduler", cluster]) == 1
    said = capsys.readouterr().err
    assert f"has musisep {musisep.__version__}, here is 0.0" in said
    assert said.count("\n") == 1
    assert not Path("separated").exists()


def test_what_others_print_is_printed_and_a_killer_is_one_line(capsys):
    tasks = [Task(Path(name), ()) for name in ("a.wav", "deadly.wav", "c.wav", "b.wav")]
    options = argparse.Namespace(
        jobs=4, quiet=False, scheduler=None, run=lambda: 0, refuse=capsys.readouterr
    )
    with plain_messages():
        assert run_batch(deadly.warning, tasks, options) == 1
    output = capsys.readouterr()
    assert output.out.splitlines() == [f"{name}.wav with 1" for name in "acb"]
    *said, killer, odd = sorted(output.err.splitlines())
    assert said == [f"musisep: {name}.wav: quiet is True" for name in "abc"]
    assert killer.startswith("musisep: deadly.wav: what worked on it died")
    assert odd == "musisep: it is odd"


@pytest.mark.parametrize(
    ("address", "status", "match"),
    [("nonsense", 2, "--scheduler nonsense is no address"), ("localhost:1", 1, "no Dask sched")],
)
def test_a_wrong_address_is_one_line(recordings, monkeypatch, capsys, address, status, match):
    monkeypatch.setattr("musisep._util.cluster.CONNECTING_S", 0.2)
    try:
        assert main(["separate", "mixes", "--scheduler", address]) == status
    except SystemExit as error:
        assert error.code == status
    assert match in capsys.readouterr().err.splitlines()[-1]


def test_a_cluster_without_dask_is_one_line(recordings, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["separate", "mixes", "--scheduler", "localhost:8786"]) == 1
    said = capsys.readouterr().err
    assert "pip install dask distributed" in said and said.count("\n") == 1


def test_results_in_order_come_as_soon_as_they_can():
    came = []

    def results():
        for number in (1, 0, 3, 2):
            came.append(number)
            yield number, f"result {number}"

    found = [(result, len(came)) for result in in_order(results())]
    assert found == [("result 0", 2), ("result 1", 2), ("result 2", 4), ("result 3", 4)]


def test_lines_are_printed_beside_bars(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", screen)
    bars = Bars()
    bars("recordings", 1, 4)
    say("something")
    tell(["mix.wav"])
    bars.close()
    lines = screen.getvalue().split("\n")
    assert lines[0].endswith("\rmusisep: something")
    assert lines[1].endswith("\rmix.wav")
    assert "1/4" in lines[2] and "<" in lines[2]  # the time that is left


def test_processes_are_as_many_as_memory_is_for(monkeypatch):
    def memory(pages):
        monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": pages, "SC_PAGE_SIZE": 2**20}.get)

    memory(8 * 1024)
    assert roomy(16) == 5 and roomy(4) == 4
    memory(100)
    assert roomy(4) == 1
    monkeypatch.delattr(os, "sysconf")
    assert roomy(4) == 4
