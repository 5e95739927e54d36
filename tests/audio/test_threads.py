import multiprocessing
import threading

import pytest
import scipy.fft

from musisep.audio import threads


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


def _in_a_child(queue):
    with scipy.fft.set_workers(2):
        threads.each(queue.put, range(4))


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
    assert sorted(queue.get() for _ in range(4)) == list(range(4))
