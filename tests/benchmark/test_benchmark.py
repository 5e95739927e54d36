import json
import sys
from pathlib import Path

import numpy as np
import pytest
from duet import SAMPLE_RATE, duet
from stemfolders import noise, write_track

from musisep.benchmark import methods, runs
from musisep.benchmark.bounds import ideal_binary, ideal_ratio, mixture
from musisep.benchmark.hpss import hpss
from musisep.benchmark.item import Item, UnsuitableError
from musisep.benchmark.methods import METHODS, Method, methods_of
from musisep.benchmark.nmf import nmf
from musisep.benchmark.program import run_program, words
from musisep.benchmark.tables import figures_of, markdown, rst, table_of, text_lines
from musisep.evaluation.folders import tracks_in
from musisep.io.files import write
from musisep.metrics import bss_eval


@pytest.fixture(scope="module")
def item():
    stems = duet()[:, None, : 3 * SAMPLE_RATE]
    return Item(stems.sum(axis=0), stems, SAMPLE_RATE)


def sdr(item, stems):
    assert stems.shape == item.references.shape
    return bss_eval(item.references, stems).sdr.mean()


def test_bounds_are_in_their_order(item):
    ratio, binary, nothing = (sdr(item, f(item)) for f in (ideal_ratio, ideal_binary, mixture))
    assert ratio > 15 and binary > 15
    assert nothing == pytest.approx(0, abs=1)
    np.testing.assert_allclose(ideal_ratio(item).sum(axis=0), item.mixture, atol=1e-9)
    np.testing.assert_allclose(mixture(item).sum(axis=0), item.mixture, atol=1e-12)


def test_baselines_divide_the_mixture(item):
    for method in (nmf, hpss):
        stems = method(item)
        assert stems.shape == item.references.shape and np.isfinite(stems).all()
        np.testing.assert_allclose(stems.sum(axis=0), item.mixture, atol=1e-6)
    np.testing.assert_array_equal(nmf(item), nmf(item))


def test_nmf_tells_two_timbres_apart():
    t = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    dull = sum(np.sin(2 * np.pi * 220 * h * t) * 0.2**h for h in (1, 2, 3))
    bright = sum(np.sin(2 * np.pi * 330 * h * t) * 0.9**h for h in range(1, 10))
    gate = np.sin(2 * np.pi * 1.5 * t) > 0
    stems = np.stack([dull / dull.std() * gate, bright / bright.std() * ~gate])[:, None]
    timbres = Item(stems.sum(axis=0), stems, SAMPLE_RATE)
    assert sdr(timbres, nmf(timbres)) > 5


def test_two_stems_are_what_hpss_has():
    three = noise(3)
    with pytest.raises(UnsuitableError, match="it has two stems, not 3"):
        hpss(Item(three.sum(axis=0), three, 8000))


@pytest.mark.parametrize("method", [nmf, hpss, ideal_ratio, ideal_binary, mixture])
@pytest.mark.parametrize("samples", [1, 5000])
def test_silence_and_one_sample_stay_what_they_are(method, samples):
    silence = np.zeros((2, 2, samples))
    assert not method(Item(silence[0], silence, 8000)).any()


def test_all_methods_have_names_and_a_package_that_lacks_is_named(monkeypatch):
    assert list(METHODS) == list(methods.NAMES)
    assert METHODS["nmf"].versions().keys() == {"scikit-learn"}
    with pytest.raises(LookupError, match="needs no-such-package; install it"):
        Method(mixture, packages=("no-such-package",)).versions()
    with pytest.raises(ValueError, match="methods=magic is not known; there is musisep, adam"):
        methods_of(["magic"])
    with pytest.raises(ValueError, match="has one of them twice"):
        methods_of(["nmf", "nmf"])


HALVES = """
import sys
from musisep.io.files import read, write
audio, rate = read(sys.argv[1])
for name in ("a", "b", "residual"):
    write(f"{sys.argv[2]}/{name}.wav", audio / 2, rate, subtype="FLOAT")
"""


def test_a_program_is_run_without_a_shell(item, tmp_path):
    script = tmp_path / "halves; echo.py"
    script.write_text(HALVES)
    command = f"'{sys.executable}' '{script}' {{mixture}} {{out}}"
    np.testing.assert_allclose(run_program(command, item), mixture(item), atol=1e-6)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit('no model')", "ends with exit status 1: no model"),
        ("pass", "holds no stems"),
        ("import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])", "it wrote 1 stems, not 2"),
    ],
)
def test_a_program_that_fails_is_told(item, tmp_path, code, message):
    path = tmp_path / "part.wav"
    write(path, item.mixture, SAMPLE_RATE, subtype="FLOAT")
    command = f'"{sys.executable}" -c "{code}" {{mixture}} {{out}}'
    with pytest.raises((ValueError, OSError), match=message):
        run_program(command, item._replace(path=path))


def test_a_command_needs_its_fields():
    for command in ("prog {mixture}", "", "prog '{mixture} {out}"):
        with pytest.raises(ValueError, match="command="):
            words(command)
    with pytest.raises(ValueError, match="no-such-program cannot be run: No such file"):
        run_program("no-such-program {mixture} {out}", Item(noise()[0], noise(), 8000))


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("a", "b", "c")):
        write_track(f"data/{name}", noise(2, 1.0, seed=seed), ["x", "y"], mixture="mix")
    return tracks_in("data")


@pytest.fixture
def counted(monkeypatch):
    """A method that counts its calls."""
    calls = []

    def half(item):
        calls.append(item.mixture.shape[-1])
        return item.references + 0.1 * item.mixture

    return calls, {"half": Method(half, warm=False), "mixture": METHODS["mixture"]}


def run_all(tracks, table, **options):
    benchmark = runs.Benchmark(
        Path("out"), taps=1, jobs=1, **{"duration_s": float("inf"), **options}
    )
    return [result for track in tracks for result in benchmark.run(track, table)]


def test_results_are_kept_and_taken_up(data, counted):
    calls, table = counted
    first = run_all(data[:2], table)
    assert len(calls) == 2 and not any(result.kept for result in first)
    again = run_all(data, table)
    assert len(calls) == 3
    assert [result.kept for result in again] == [True] * 4 + [False] * 2
    assert [result.measures for result in again[:4]] == [result.measures for result in first]
    run_all(data, table, fresh=True)
    assert len(calls) == 6
    run_all(data, table, duration_s=0.5)
    assert len(calls) == 9 and calls[-1] == 4000


def test_results_depend_on_the_files_and_damaged_ones_are_made_anew(data, counted):
    calls, table = counted
    run_all(data, table)
    write_track("data/b", noise(2, 1.0, seed=9), ["x", "y"], mixture="mix")
    run_all(data, table)
    assert len(calls) == 4
    for path in Path("out").iterdir():
        if json.loads(path.read_text())["track"] == "a":
            path.write_text(path.read_text()[:40])
    run_all(data, table)
    assert len(calls) == 5


def test_what_fails_is_not_kept_and_what_does_not_suit_is(data):
    def fail(item):
        raise ValueError("no idea")

    def unsuitable(item):
        raise UnsuitableError("too loud")

    table = {"fail": Method(fail), "unsuitable": Method(unsuitable)}
    failed, left = run_all(data[:1], table)
    assert str(failed) == "no idea"
    assert (left.measures, left.note) == ({}, "too loud")
    assert [path.suffix for path in Path("out").iterdir()] == [".json"]


def test_figures_are_means_over_tracks_and_differences_are_paired(data, counted):
    results = run_all(data, counted[1])
    half, nothing = figures_of(results)
    own = [np.mean([v["SDR"] for v in r.measures.values()]) for r in results if r.method == "half"]
    others = [np.mean([v["SDR"] for v in r.measures.values()]) for r in results[1::2]]
    assert half.means["SDR"] == pytest.approx(np.mean(own))
    assert half.median == pytest.approx(np.median(own))
    assert half.interval[0] <= half.means["SDR"] <= half.interval[1]
    assert np.isnan(half.difference)
    assert nothing.difference == pytest.approx(np.mean(others) - np.mean(own))
    table = table_of(figures_of(results[:-1]))
    assert [row[1] for row in table] == ["tracks", "3", "2"]
    assert table[0][-2] == "against half" and table[1][-2] == ""
    assert markdown(table).count("\n") == 4
    assert rst(table).count("   * - ") == 3
    assert len({line.index("real") for line in text_lines(table)[:1]}) == 1
