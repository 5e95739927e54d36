import multiprocessing
import subprocess
import sys
import threading
import time

import pytest
import scipy.fft

from musisep._util import threads


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_item_is_worked_on_once(workers):
    done = []
    with scipy.fft.set_workers(workers):
        threads.each(done.append, range(50))
        threads.each(done.append, [])
    assert sorted(done) == list(range(50))


def test_as_many_threads_as_scipy_says():
    together = threading.Barrier(2, timeout=30)  # broken, hence raises, unless two threads meet
    with scipy.fft.set_workers(2):
        threads.each(lambda item: together.wait(), range(2))


def test_one_worker_is_the_caller():
    names = []
    threads.each(lambda item: names.append(threading.current_thread()), range(3))
    assert names == [threading.current_thread()] * 3


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_reaches_the_caller(workers):
    def work(item):
        if item == 3:
            raise ValueError("item 3")

    with scipy.fft.set_workers(workers), pytest.raises(ValueError, match="item 3"):
        threads.each(work, range(5))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_no_work_begins_after_an_error(error):
    done = []

    def work(item):
        time.sleep(0.02)
        if item == 5:  # both threads are at work by now
            raise error
        done.append(item)

    with scipy.fft.set_workers(2), pytest.raises(error):
        threads.each(work, range(200))
    assert len(done) < 100


def test_two_callers_do_not_wait_for_each_other():
    begun, go = threading.Event(), threading.Event()

    def wait(item):
        begun.set()
        assert go.wait(30)

    def busy():
        with scipy.fft.set_workers(2):
            threads.each(wait, range(2))

    other = threading.Thread(target=busy)
    other.start()
    begun.wait(30)
    done = []
    with scipy.fft.set_workers(2):
        threads.each(done.append, range(5))  # returns although the pool's thread is taken
    assert sorted(done) == list(range(5))
    go.set()
    other.join(30)
    assert not other.is_alive()


def test_goes_on_alone_when_the_interpreter_is_about_to_end():
    script = """
import threading, time, scipy.fft
from musisep._util import threads
def late():
    threading.main_thread().join()
    with scipy.fft.set_workers(2):
        threads.each(lambda item: print(item, flush=True), range(3))
threading.Thread(target=late).start()
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (sorted(run.stdout.split()), run.stderr) == (["0", "1", "2"], "")


def _in_a_child(queue):
    together = threading.Barrier(2, timeout=10)
    with scipy.fft.set_workers(2):
        threads.each(lambda item: queue.put(together.wait()), range(2))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_works_in_a_forked_process():
    with scipy.fft.set_workers(2):
        threads.each(abs, range(4))  # the pool exists before the fork
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_in_a_child, args=(queue,))
    child.start()
    child.join(30)
    hung = child.is_alive()
    child.kill()
    assert not hung
    assert child.exitcode == 0
    assert sorted(queue.get() for _ in range(2)) == [0, 1]
