"""The experiments' runner on two short artificial items."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile as sf
from duet import SAMPLE_RATE, duet

from musisep.dictsep.dictlearn import Learner
from musisep.metrics import bss_eval

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
VARIANTS = """
import os
import numpy as np

def noisy(item, seed):
    noise = np.random.default_rng(seed).normal(size=item.stems.shape)
    return item.stems[::-1] + 0.01 * noise

def called(name, variant):
    def calling(item, seed):
        with open(os.environ["CALLS"], "a") as calls:
            calls.write(f"{item.name} {name} {seed}\\n")
        return variant(item, seed)
    return calling

def broken(item, seed):
    raise OSError("no\\nway, at all")

def stopped(item, seed):
    raise KeyboardInterrupt

VARIANTS = {
    "mixture": called("mixture", lambda item, seed: np.stack([item.mixture] * 2)),
    "broken": called("broken", broken),
    "noisy": called("noisy", noisy),
}
STOPPED = {"stopped": stopped}
"""


@pytest.fixture(scope="module", autouse=True)
def experiments():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXPERIMENTS))
        patch.setenv("OPENBLAS_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "short"
    for name, part in (("one", slice(4000)), ("two", slice(9000, 14000))):
        item = path / name
        item.mkdir(parents=True)
        stems = np.rint(duet()[:, part] * 30_000).astype(np.int16)
        for stem, signal in zip(("reed", "string"), stems, strict=True):
            sf.write(item / f"{stem}.flac", signal, SAMPLE_RATE)
        sf.write(item / "mix.flac", stems.sum(axis=0).astype(np.int16), SAMPLE_RATE)
    (path / "single").mkdir()
    for name in ("mix", "reed"):
        sf.write(path / "single" / f"{name}.flac", np.zeros(100), SAMPLE_RATE)
    return path


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Return what gives the calls since it was last asked."""
    log = tmp_path / "calls.txt"
    monkeypatch.setenv("CALLS", str(log))

    def since():
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    return since


@pytest.fixture
def own(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(VARIANTS)
    return str(file)


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_command_measures_every_cell_in_processes(folder, own, calls, tmp_path):
    out = tmp_path / "out.csv"
    command = [sys.executable, EXPERIMENTS / "run.py", own, "--folders", folder, "--out", out]
    done = subprocess.run([*command, "--seeds", "0", "7"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("OSError: no way, at all") == 4
    assert len(calls()) == 12
    rows = rows_of(out)
    assert len(out.read_text().splitlines()) == 13  # no error breaks its line
    keys = {(row["folder"], row["item"], row["variant"], row["seed"]) for row in rows}
    assert keys == {
        ("short", item, variant, seed)
        for item in ("one", "two")
        for variant in ("mixture", "broken", "noisy")
        for seed in "07"
    }
    (row,) = (r for r in rows if (r["item"], r["variant"], r["seed"]) == ("two", "noisy", "7"))
    stems = np.stack([sf.read(folder / "two" / f"{n}.flac")[0] for n in ("reed", "string")])
    noise = 0.01 * np.random.default_rng(7).normal(size=(2, 1, 5000))
    measures = bss_eval(stems[:, None], stems[::-1, None] + noise)
    for name in ("sdr", "sir", "sar"):
        np.testing.assert_allclose(
            [float(value) for value in row[name].split(";")], getattr(measures, name), atol=1e-4
        )
    assert float(row["sdr_db"]) == pytest.approx(measures.sdr.mean(), abs=1e-4)
    assert row["instruments"] == "reed;string"
    assert not row["error"] and re.fullmatch("[0-9a-f]{8}", row["code"])
    rate = 5000 / SAMPLE_RATE
    assert float(row["rtf"]) == pytest.approx(float(row["seconds"]) / rate, abs=1e-3)


def test_cells_in_the_results_are_not_run_again(folder, own, calls, tmp_path):
    from run import main

    out = str(tmp_path / "out.csv")
    common = ["--folders", str(folder), "--out", out, "--jobs", "1"]
    assert main([own, *common, "--items", "o*"]) == 1
    assert calls() == ["one mixture 0", "one broken 0", "one noisy 0"]
    assert main([own, *common]) == 1
    assert calls() == ["two mixture 0", "two broken 0", "two noisy 0"]
    assert main([own, *common]) == 0
    assert calls() == []
    assert main([own, *common, "--retry", "--items", "two"]) == 1
    assert calls() == ["two broken 0"]
    assert main([own, *common, "--seeds", "0", "1"]) == 1
    assert len(calls()) == 6


def test_after_an_interrupt_the_results_are_whole(folder, own, calls, tmp_path):
    from run import main

    last = tmp_path / "last.py"
    last.write_text(VARIANTS.replace("STOPPED =", "VARIANTS |="))
    out = tmp_path / "out.csv"
    arguments = [str(last), "--folders", str(folder), "--out", str(out), "--jobs", "1"]
    assert main(arguments) == 130
    assert len(calls()) == len(rows_of(out)) == 6
    assert all(None not in row.values() for row in rows_of(out))


def test_a_row_is_one_write(tmp_path, monkeypatch):
    import cells

    written = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: written.append(data) or write(file, data))
    row = dict.fromkeys(cells.COLUMNS, "") | {"variant": 'a, "b"'}
    for _ in range(2):
        cells.append_result(tmp_path / "out.csv", row)
    assert [data.count(b"\n") for data in written] == [2, 1]  # the header goes with the first
    assert cells.read_results(tmp_path / "out.csv") == [row]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing", "--folders", "FOLDER"], "nothing: no such variant"),
        (["joint"], "--folders with items"),
        (["--folders", "FOLDER"], "variants"),
        (["joint", "--folders", "FOLDER", "FOLDER"], "differ in their names"),
        (["joint", "--folders", "FOLDER", "--out", "OTHER"], "the first line must be folder,item"),
        (["joint", "OTHER.py", "--folders", "FOLDER"], "joint is defined in"),
    ],
)
def test_wrong_usage_is_told(arguments, message, folder, tmp_path, capsys):
    from run import main

    (tmp_path / "OTHER").write_text("a,b\n")
    (tmp_path / "OTHER.py").write_text("VARIANTS = {'joint': None}\n")
    names = {"FOLDER": str(folder), "OTHER": str(tmp_path / "OTHER")}
    names["OTHER.py"] = names["OTHER"] + ".py"
    with pytest.raises(SystemExit) as error:
        main([names.get(argument, argument) for argument in arguments])
    assert error.value.code == 2
    assert message in capsys.readouterr().err


def test_variants_are_chosen_by_module_and_wildcards():
    import variants

    assert list(variants.choose(["jump=*", "default"])) == ["jump=0.1", "jump=0.4", "default"]
    restarts = EXPERIMENTS / "variants" / "restarts.py"
    assert variants.choose(["restarts"]) == dict.fromkeys(variants.load(restarts), restarts)


def test_every_variant_of_ours_gives_stems(folder, monkeypatch):
    import variants
    from items import read_item

    learn = Learner.learn
    monkeypatch.setattr(
        Learner, "learn", lambda own, frames, _: learn(own, frames, own.lifetime or 1)
    )
    item = read_item(folder / "one")
    for file in variants.own_files():
        for name, variant in variants.load(file).items():
            result = variant(item, 0)
            assert getattr(result, "stems", result).shape == item.stems.shape, name


def test_what_is_learned_is_kept(folder, tmp_path, monkeypatch):
    import shared
    from items import read_item

    clock, learn = [0.0], shared.learn

    def slow(*given):
        clock[0] += 8
        return learn(*given)

    monkeypatch.setattr(shared, "learn", slow)
    monkeypatch.setattr(shared, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setenv(shared.CACHE, str(tmp_path / "cache"))
    item = read_item(folder / "one")
    first, again, other = (shared.learned(item, seed, steps=3) for seed in (0, 0, 1))
    assert [first.saved_s, again.saved_s, other.saved_s] == [0, 8, 0]
    np.testing.assert_array_equal(first.dictionaries, again.dictionaries)
    assert not np.array_equal(first.dictionaries, other.dictionaries)
    monkeypatch.setattr(shared, "code", lambda: "changed")
    assert shared.learned(item, 0, steps=3).saved_s == 0


def test_what_a_variant_tells_beside_the_stems(folder, tmp_path):
    from cells import Cell, measure

    file = tmp_path / "telling.py"
    file.write_text(
        "from types import SimpleNamespace\n"
        "VARIANTS = {'exact': lambda item, seed: SimpleNamespace(\n"
        "    stems=item.stems, unexplained=(0.5, 0.25), saved_s=1000.0)}\n"
    )
    row = measure(Cell(folder / "one", "exact", file, 0))
    assert row["unexplained"] == "0.2500"
    assert float(row["seconds"]) >= 1000
    assert row["sdr_db"] == "inf"


@pytest.fixture
def results(tmp_path):
    """Return a file of results, and SDR and real-time factor [variant, item, seed]."""
    from cells import COLUMNS, append_result

    rng = np.random.default_rng(0)
    sdr = rng.normal(5, 4, size=(2, 4, 3)).round(4)
    rtf = rng.uniform(0.1, 0.4, size=sdr.shape).round(4)
    sdr[1, 2, 1] = sdr[1, 3, 0] = np.nan  # a silent stem, and an error
    path = tmp_path / "results.csv"
    for variant, item, seed in np.ndindex(sdr.shape):
        row = dict.fromkeys(COLUMNS, "")
        row |= {"folder": "short", "item": f"i{item}", "variant": "ab"[variant], "seed": str(seed)}
        if (variant, item, seed) == (1, 3, 0):
            row["error"] = "OSError: no"
        else:
            row["sdr_db"] = str(sdr[variant, item, seed])
            row["rtf"] = str(rtf[variant, item, seed])
        append_result(path, row)
    rtf[1, 3, 0] = np.nan
    return path, sdr, rtf


def test_the_summary_agrees_with_numpy(results, tmp_path, capsys):
    from summary import main

    path, sdr, rtf = results
    main([str(path), "--plot", str(tmp_path / "plot.png")])
    title, head, first, second, _ = capsys.readouterr().out.split("\n")[:5]
    assert title == "short: 4 items, seeds 0 1 2"
    assert head.split() == ["variant", "cells", "failed", "mean", "worst", "seeds", "RTF", "gain"]
    expected = [
        np.nanmean(sdr, axis=2).mean(axis=1),
        np.nanmin(sdr, axis=(1, 2)),
        [sdr[0].mean(axis=0).std(ddof=1), sdr[1, :2].mean(axis=0).std(ddof=1)],
        np.nanmedian(rtf, axis=(1, 2)),
    ]
    gains = np.nanmean(sdr[1] - sdr[0], axis=1)
    for line, counts, figures in zip(
        (first, second), (["a", "12", "0"], ["b", "12", "2"]), np.transpose(expected), strict=True
    ):
        assert line.split()[:7] == counts + [f"{figure:.2f}" for figure in figures]
    assert len(first.split()) == 7
    assert second.split()[7:] == [f"{gains.mean():.2f}", "±", f"{gains.std(ddof=1) / 2:.2f}"]
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_tables_of_items_as_restructured_text(results, capsys):
    from summary import main

    path, sdr, _ = results
    main([str(path), "--each", "--rst", "--items", "i[12]", "--baseline", "b"])
    table = capsys.readouterr().out.split(".. list-table:: ")[2]
    means = np.nanmean(sdr, axis=2)[:, 1:3]
    cells = [["variant", "i1", "i2"]]
    cells += [
        [name, *(f"{mean:.2f}" for mean in own)] for name, own in zip("ab", means, strict=True)
    ]
    rows = ["   * - " + "\n     - ".join(row) for row in cells]
    assert table.rstrip() == "\n".join(["short: SDR", "   :header-rows: 1", "", *rows])


def test_several_files_are_compared(results, tmp_path, capsys):
    from summary import main

    path, _, _ = results
    other = tmp_path / "other.csv"
    other.write_bytes(path.read_bytes())
    main([str(path), str(other), "--baseline", "results:a"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:6]] == [
        "results:a",
        "results:b",
        "other:a",
        "other:b",
    ]
    assert lines[4].endswith("0.00 ± 0.00")


@pytest.mark.parametrize("arguments", [["--baseline", "c"], ["--items", "none"]])
def test_results_that_are_not_there_are_told(arguments, results, capsys):
    from summary import main

    with pytest.raises(SystemExit):
        main([str(results[0]), *arguments])
    assert "no " in capsys.readouterr().err
