import csv
import json

import numpy as np
import pytest

from musisep.metrics import bss_eval, si_sdr
from musisep.models import validation

RATE = 8000
RNG = np.random.default_rng(0)
TRUE = RNG.standard_normal((3, 1, 4000))
NOISY = TRUE + 0.1 * RNG.standard_normal(TRUE.shape)
MIXTURE = TRUE.sum(axis=0)


def test_blind_stems_are_measured_in_their_best_order():
    rows = validation.measures(TRUE, NOISY[[2, 0, 1]], MIXTURE, RATE)
    assert rows == validation.measures(TRUE, NOISY, MIXTURE, RATE)
    found = bss_eval(TRUE, NOISY, filter_length=512)
    expected = [found.sdr, found.sir, found.sar, si_sdr(TRUE, NOISY)]
    np.testing.assert_allclose(np.array(rows, float)[:, :4].T, expected, atol=6e-4)


def test_named_stems_are_exchanged_with_those_of_their_name_only():
    swapped = NOISY[[1, 0, 2]]
    names = ["violin", "violin", "cello"]
    assert validation.matched(TRUE, swapped, names) == [1, 0, 2]
    assert validation.matched(TRUE, swapped, ["violin", "viola", "cello"]) == [0, 1, 2]
    rows = validation.measures(TRUE, swapped, MIXTURE, RATE, ["violin", "viola", "cello"])
    assert float(rows[0][1]) < 0 < float(rows[2][1])


def test_silence_and_short_signals_are_measured():
    silent = TRUE * np.array([1, 0, 1])[:, None, None]
    rows = validation.measures(silent, NOISY, silent.sum(axis=0), RATE)
    assert rows[1][:4] == ["nan"] * 4 and float(rows[0][0]) > 15
    assert validation.measures(0 * TRUE, 0 * TRUE, 0 * MIXTURE, RATE)[0] == ["nan"] * 4 + ["0"]
    assert len(validation.measures(TRUE[..., :5], NOISY[..., :5], MIXTURE[:, :5], RATE)) == 3


def test_the_component_loss_is_0_for_what_is_there_alone():
    assert validation.loss_of(TRUE[0], TRUE[0], TRUE[0]) == 0
    little, much = (
        validation.loss_of(TRUE[0], stem, MIXTURE) for stem in (NOISY[0], MIXTURE)
    )  # fmt: skip
    assert 0 < little < much
    assert validation.loss_of(8 * TRUE[0], 8 * NOISY[0], 8 * MIXTURE) == pytest.approx(little)


def test_folders_have_plain_and_different_names():
    names = ["train/a", "../../etc", "a" * 300, "..", "b:\n*", "mélodie", "c", "c"]
    places = validation.places(names)
    assert len(set(places)) == len(names)
    assert not any("/" in place or "\n" in place or place in ("", ".", "..") for place in places)
    assert max(map(len, places)) <= 101 and places[0] == "train - a" and places[5] == "mélodie"


def test_medians_leave_out_what_is_unknown():
    rows = [["a", "b", text, *["0"] * 9] for text in ("1", "nan", "2", "9")]
    assert validation.median_db(rows, "sdr_db") == 2
    assert np.isnan(validation.median_db(rows[1:2], "sdr_db"))
    assert np.isnan(validation.median_db([], "sdr_db"))


def test_the_table_is_written_once(tmp_path):
    path, rows = tmp_path / "evaluation.csv", [['a, "b"', "horn", *["1.000"] * 10]]
    assert validation.write_table(path, rows)
    assert not validation.write_table(path, rows)
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [list(validation.COLUMNS), *rows]


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", "[[[", '{"rows": 3, "files": []}', '{"rows": [["a"]], "files": []}',
        '{"rows": [], "files": ["missing"]}', '{"rows": [["a", "b", "x"]], "files": []}',
    ],
)  # fmt: skip
def test_what_is_damaged_is_not_taken(tmp_path, content):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "key.json").write_text(content)
    assert validation.kept_rows(tmp_path, "key") is None


def test_only_pictures_and_snippets_are_removed(tmp_path):
    kept = ["config.toml", "audio/a/../../config.toml", "../out.wav", "audio/a/b.wav"]
    model = tmp_path / "model"
    for name in ("config.toml", "../out.wav", "audio/a/b.wav", "checkpoint/key.json"):
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_text("")
    (model / "checkpoint" / "key.json").write_text(json.dumps({"files": kept}))
    validation.forget(model, "key")
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"model/config.toml", "out.wav"}
    assert not (model / "audio" / "a").exists()
