"""A user is told how a score was aligned, and that it seems to be a wrong one."""

from types import SimpleNamespace

import numpy as np
import pytest

from musisep.cli.summary import alignment_lines
from musisep.scores.alignment import Alignment


def lines(slower=1.0, cents=0.0, share=0.5):
    score_s = np.array([0.0, 10.0])
    alignment = Alignment(score_s, slower * score_s, cents, 0.3, share)
    return alignment_lines(SimpleNamespace(alignment=alignment))


@pytest.mark.parametrize(
    ("slower", "cents", "told"),
    [
        (1.0, 1.2, "as long, and is tuned alike"),
        (1.184, -30.4, "1.18 times as long, and is 30 cents lower"),
        (0.5, 200.0, "0.50 times as long, and is 200 cents higher"),
    ],
)
def test_a_score_that_fits_is_told_with_tempo_and_tuning(slower, cents, told):
    assert lines(slower, cents) == [f"  the score fits: the recording takes {told}"]


def test_a_wrong_score_is_told_with_advice():
    (line,) = lines(share=0.95)
    assert "seems to be of something else. Try another one, or leave --notes-in out" in line


def test_nothing_is_told_without_a_score():
    assert alignment_lines(SimpleNamespace(alignment=None)) == []
