import io
import sys
import threading
import time
from contextlib import closing

import pytest
from tqdm import tqdm

from musisep._util.progress import Bars, no_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("quiet", "terminal"), [(False, True), (True, True), (False, False)])
def test_bars_are_shown_on_a_terminal_only(quiet, terminal, monkeypatch):
    stderr = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    bars = Bars(quiet)
    bars.close()
    for stage in ("learning", "masking"):
        for done in (0, 2, 1, 4):
            bars(stage, done, 4)
    bars.close()
    shown = stderr.getvalue()
    assert ("learning" in shown and "masking" in shown) == (terminal and not quiet)
    assert "\n" not in shown
    assert no_progress("learning", 1, 2) is None


def test_bars_start_no_thread(monkeypatch):
    monkeypatch.setattr(tqdm, "monitor", None)
    before = threading.active_count()
    with closing(Bars()) as bars:
        bars("learning", 1, 2)
        assert threading.active_count() == before
    assert tqdm.monitor is None


def test_a_bar_that_comes_back_goes_on_where_it_was_and_may_grow(monkeypatch):
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    with closing(Bars()) as bars:
        bars("compiling", 5, 8)
        bars("learning", 1, 2)
        for done, total in ((5, 8), (6, 8), (7, 9)):
            bars("compiling", done, total)
            time.sleep(0.11)  # until the bar is drawn anew
    shown = [text.split(" [")[0].split("|")[-1] for text in stderr.getvalue().split("\r")]
    assert [text.strip() for text in shown if "/" in text] == ["5/8", "1/2", "5/8", "6/8", "7/9"]
