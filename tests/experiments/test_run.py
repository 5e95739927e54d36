"""The experiments' runner on two short artificial items."""

import csv
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import soundfile as sf
from duet import SAMPLE_RATE

from musisep.metrics import bss_eval

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


def test_the_command_measures_every_cell_in_processes(experiments, folder, own, calls, tmp_path):
    out = tmp_path / "out.csv"
    command = [sys.executable, experiments / "run.py", own, "--folders", folder, "--out", out]
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


def test_a_cell_that_kills_its_process_is_an_error(folder, tmp_path, capsys):
    from run import main

    file, out = tmp_path / "deadly.py", tmp_path / "out.csv"
    file.write_text(
        "import os, signal\n"
        "def deadly(item, seed):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "VARIANTS = {'exact': lambda item, seed: item.stems, 'deadly': deadly}\n"
    )
    assert main([str(file), "--folders", str(folder), "--items", "one", "--out", str(out)]) == 1
    exact, deadly = sorted(rows_of(out), key=lambda row: row["error"])
    assert (exact["variant"], exact["sdr_db"]) == ("exact", "inf")
    assert deadly["error"].startswith("Lost: what worked on it died")


def test_cells_run_on_a_cluster(folder, tmp_path, cluster, experiments):
    from run import main

    file, out = tmp_path / "plain.py", tmp_path / "out.csv"
    file.write_text("VARIANTS = {'exact': lambda item, seed: item.stems}\n")
    arguments = [str(file), "--folders", str(folder), "--out", str(out)]
    assert main([*arguments, "--scheduler", cluster]) == 0
    assert [(row["item"], row["sdr_db"]) for row in sorted(rows_of(out), key=str)] == [
        ("one", "inf"), ("two", "inf")
    ]  # fmt: skip


def test_copies_are_cells_of_their_own(folder, own, calls, tmp_path):
    from run import main

    out = tmp_path / "out.csv"
    common = [own, "--folders", str(folder), "--items", "one", "--out", str(out), "--jobs", "1"]
    assert main(common) == 1
    assert main([*common, "--copies", "gain*", "plain"]) == 1
    assert calls() == 2 * ["one mixture 0", "one broken 0", "one noisy 0"]
    figures = {(row["copy"], row["variant"]): row["sdr"] for row in rows_of(out)}
    assert {copy for copy, _ in figures} == {"plain", "gain0.9"}
    assert figures["gain0.9", "mixture"] == figures["plain", "mixture"]
    assert figures["gain0.9", "noisy"] != figures["plain", "noisy"]  # the noise is as loud


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
        (["joint", "--folders", "FOLDER", "--copies", "none"], "--copies must be among plain, "),
        (["joint", "OTHER.py", "--folders", "FOLDER"], "joint is defined in"),
        (["joint", "--folders", "FOLDER", "--scheduler", "nonsense"], "missing port"),
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


def test_variants_are_chosen_by_module_and_wildcards(experiments):
    import variants

    assert list(variants.choose(["steps=*", "default"])) == ["steps=6", "steps=20", "default"]
    finders = experiments / "variants" / "finders.py"
    assert variants.choose(["finders"]) == dict.fromkeys(variants.load(finders), finders)


def test_what_a_variant_tells_beside_the_stems(folder, tmp_path):
    from cells import Cell, measure

    file = tmp_path / "telling.py"
    file.write_text(
        "from types import SimpleNamespace\n"
        "VARIANTS = {'exact': lambda item, seed: SimpleNamespace(\n"
        "    stems=item.stems, unexplained=0.25, saved_s=1000.0)}\n"
    )
    row = measure(Cell(folder / "one", "exact", file, 0))
    assert row["unexplained"] == "0.2500"
    assert float(row["seconds"]) >= 1000
    assert row["sdr_db"] == "inf"


def told(folder, tmp_path, result, copy="plain"):
    """Return the row of an item for which a variant gives what an expression says."""
    from cells import Cell, measure

    file = tmp_path / f"{abs(hash(result))}.py"
    file.write_text(
        "from types import SimpleNamespace as Result\n"
        "import numpy as np\n"
        f"VARIANTS = {{'own': lambda item, seed: {result}}}\n"
    )
    return measure(Cell(folder, "own", file, 0, copy))


def test_how_sure_a_separation_is(folder, tmp_path):
    result = "Result(stems=item.stems[::-1], confidence=[0.25, 0.75], called='good')"
    row = told(folder / "one", tmp_path, result)
    assert (row["confidence"], row["called"]) == ("0.5000", "good")
    assert row["confidences"] == "0.7500;0.2500"  # in the order of the true stems


def test_another_number_of_players_has_no_sdr_and_is_no_error(folder, tmp_path):
    row = told(folder / "one", tmp_path, "item.stems[[0, 1, 1]]")
    assert (row["players_found"], row["sdr_db"], row["sdr"]) == ("3", "nan", "nan;nan")
    assert not row["error"]
    assert told(folder / "one", tmp_path, "item.stems")["players_found"] == "2"


def test_a_part_is_compared_with_that_part(folder, tmp_path):
    stems = "item.stems[..., 2500:] + 0.01 * item.stems[::-1, :, 2500:]"
    row = told(folder / "two", tmp_path, f"Result(stems={stems}, part=slice(2500, None))")
    assert float(row["sdr_db"]) > 30


def test_the_share_of_the_right_player(scored, tmp_path):
    tones = (
        "np.rec.array([(0.8, 0, 220.0, 3.0), (0.8, 1, 659.3, 2.0), (0.9, 1, 246.9, 1.0)], "
        "names='time_s,instrument,f0_hz,amplitude')"
    )
    row = told(scored, tmp_path, f"Result(stems=item.stems, tones={tones})")
    assert float(row["right_share"]) == pytest.approx(2 / 3, abs=1e-4)  # at 0.8 s it is 246.9 Hz
    assert row["kinds"] == "duo;several families;dry;lines;mono;noise"
    assert told(scored, tmp_path, "item.stems")["right_share"] == ""


def test_copies_are_scored_on_what_they_share_with_the_item(scored, tmp_path):
    near = "item.stems + 0.1 * item.stems[::-1]"
    plain = float(told(scored, tmp_path, near)["sdr_db"])
    for copy in ("late37ms", "panned", "solo9s"):
        row = told(scored, tmp_path, near, copy)
        assert float(row["sdr_db"]) == pytest.approx(plain, abs=1e-3), copy
    wrong = "item.stems + (np.arange(item.stems.shape[-1]) < 100)"
    row = told(scored, tmp_path, wrong, "late37ms")  # only what is left out is wrong
    assert float(row["sdr_db"]) > 100
