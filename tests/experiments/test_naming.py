"""The script that counts how often blind stems are called what they are."""

from types import SimpleNamespace

import numpy as np
import pytest

from musisep.instruments import Likeness


@pytest.fixture
def script(experiments):
    import e24_naming

    return e24_naming


def test_stems_are_compared_with_their_true_names(script, monkeypatch):
    rng = np.random.default_rng(0)
    stems = rng.normal(0, 1, (3, 1, 500))
    item = SimpleNamespace(
        mixture=stems.sum(axis=0), sample_rate=8000, stems=stems,
        instruments=["alto_sax", "violin2", "target"],
    )  # fmt: skip
    likenesses = [
        [Likeness("violin", 0.6), Likeness("oboe", 0.2)],
        [],
        [Likeness("flute", 0.6), Likeness("alto-saxophone", 0.2)],
    ]
    found = SimpleNamespace(
        stems=stems[[1, 2, 0]] + 0.1 * rng.normal(0, 1, stems.shape), likenesses=likenesses
    )
    monkeypatch.setattr(script, "read_item", lambda folder: item)
    monkeypatch.setattr(script.musisep, "separate", lambda *given, **options: found)
    sax, violin = script.named("folder")
    assert sax[:2] == (False, True) and violin[:2] == (True, True)
    assert min(sax[2], violin[2]) > 15


def test_shares_are_of_all_stems_and_of_good_ones(script):
    stems = np.array([[1, 1, 9.0], [0, 1, 9.0], [0, 0, 1.0], [0, 0, 2.0]])
    assert list(script.rows("some", stems)) == [
        ["some", "all", "4", "25%", "50%"], ["some", "above 5 dB", "2", "50%", "100%"],
    ]  # fmt: skip
    assert len(list(script.rows("some", stems[2:]))) == 1
