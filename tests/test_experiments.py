"""The experiments' runner on two short artificial items."""

import csv
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile as sf
from duet import SAMPLE_RATE, duet

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

    assert list(variants.choose(["steps=*", "default"])) == ["steps=6", "steps=20", "default"]
    finders = EXPERIMENTS / "variants" / "finders.py"
    assert variants.choose(["finders"]) == dict.fromkeys(variants.load(finders), finders)


def test_every_variant_of_ours_gives_stems(folder, monkeypatch):
    import variants
    from items import read_item

    from musisep import learning

    monkeypatch.setattr(learning, "evenly", lambda indices, number: indices[:3])
    item = read_item(folder / "one")
    item = item._replace(stems=item.stems[..., :1200], mixture=item.mixture[..., :1200])
    for file in variants.own_files():
        for name, variant in variants.load(file).items():
            result = variant(item, 0)
            assert getattr(result, "stems", result).shape == item.stems.shape, name


def test_finders_start_from_what_separate_learns(item, monkeypatch):
    from variants import finders

    import musisep
    from musisep.dictsep.decode import Decoder

    asked, decode = {}, Decoder.__call__

    def decoding(own, frames, columns, jobs=1, guide=None):
        asked["guided"] = guide is not None
        asked["prices"] = own.crossing, own.contradiction
        return decode(own, frames, columns, jobs, guide)

    separation = musisep.separate(item.mixture, SAMPLE_RATE, seed=2, steps=4, restarts=1)
    learned = partial(finders.learned, steps=4, restarts=1)
    monkeypatch.setattr(finders, "learned", learned)
    monkeypatch.setattr(Decoder, "__call__", decoding)
    stems = finders.VARIANTS["decoded"](item, 2).stems
    order = np.argsort(-np.sum(stems**2, axis=(1, 2)))
    np.testing.assert_allclose(stems[order], separation.stems, atol=1e-12)
    usual = Decoder.crossing, Decoder.contradiction
    assert asked == {"guided": True, "prices": usual}
    finders.VARIANTS["crossing=0.05"](item, 2)
    assert asked == {"guided": False, "prices": (0.05, usual[1])}
    finders.VARIANTS["contradiction=0.02"](item, 2)
    assert asked == {"guided": True, "prices": (usual[0], 0.02)}


def test_every_variant_of_the_steps_changes_one_while_it_runs(item, monkeypatch):
    from variants import steps

    import musisep
    from musisep import learning, separation
    from musisep.dictsep import columns, grouping, notes

    def state(*given, **settings):
        names = [dict(vars(own)) for own in (columns, grouping, learning, notes, separation)]
        analysis = separation.Analysis(musisep.Settings(**settings), SAMPLE_RATE)
        return names, analysis.decoder

    monkeypatch.setattr(musisep, "separate", state)
    usual = state(instruments=2)
    for name, variant in steps.VARIANTS.items():
        assert variant(item, 0) != usual, name
        assert state(instruments=2) == usual, name


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
    for name in ("columns", "guide"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert other.analysis.settings.seed == 1
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


@pytest.fixture(scope="module")
def item():
    from items import Item

    stems = duet()[:, None]
    return Item("duet", ["reed", "string"], stems.sum(axis=0), stems, SAMPLE_RATE)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def ladder(item, kept, monkeypatch):
    """Return the module, with quick learning, and what the stems tell kept."""
    from variants import ladder

    import musisep

    monkeypatch.setenv(ladder.CACHE, str(kept))
    separate = musisep.separate

    def quick(*given, **options):
        return separate(*given, steps=5, restarts=2, **options)

    monkeypatch.setattr(musisep, "separate", quick)
    return ladder


def sdr(ladder, item, variant):
    """Return the SDR of each stem."""
    result = ladder.VARIANTS[variant](item, 0)
    return bss_eval(item.stems, getattr(result, "stems", result)).sdr


def swapped(peaks):
    """Exchange the tones of two instruments in most of the frames."""
    places = np.tile([0, 1], (len(peaks.amps), 1))
    places[: 3 * len(places) // 5] = [1, 0]
    moved = peaks[np.arange(len(places))[:, None], places]
    moved.insts = peaks.insts
    return moved


def test_the_truth_has_the_pitches_the_levels_and_the_timbres_of_the_stems(ladder, item):
    from duet import REED

    found = ladder.true(item)
    amplitudes = found.level * found.peaks.amps * found.columns[0]
    rate = SAMPLE_RATE / found.analysis.hop_length
    for stem, second, hz in ((0, 0.8, 659.3), (0, 1.3, 740.0), (1, 0.3, 220.0), (1, 1.2, 196.0)):
        frame = round(second * rate)
        shift = found.peaks.shifts[frame, stem]
        assert shift == pytest.approx(float(found.analysis.axis.position(hz)), abs=0.2)
        part = slice(round((second - 0.1) * SAMPLE_RATE), round((second + 0.1) * SAMPLE_RATE))
        rotor = np.exp(-2j * np.pi * hz / SAMPLE_RATE * np.arange(part.start, part.stop))
        true = 2 * abs(np.mean(item.stems[stem, 0, part] * rotor))
        assert amplitudes[frame, stem] == pytest.approx(true, rel=0.1)
    reed = found.columns[: REED.size, 0] / found.columns[0, 0]
    np.testing.assert_allclose(reed, REED, atol=0.05)
    assert ladder.estimate(item, found).unexplained < 0.1


def test_quiet_tones_of_a_stem_are_silent_in_the_truth(ladder, item):
    stems = item.stems.copy()
    half = stems.shape[2] // 2
    stems[0, :, half:] *= 0.01
    found = ladder.true(item._replace(stems=stems, mixture=stems.sum(axis=0)))
    amps = found.peaks.amps
    at = len(amps) // 2 + 20
    assert np.all(amps[at:, 0] == 0)
    assert np.mean(amps[at:, 1] > 0) > 0.9
    assert np.mean(amps[: at - 40, 0] > 0) > 0.9
    assert np.all(ladder.fitted(ladder.levelled(found)).peaks.amps[amps == 0] == 0)


def test_ideal_masks_divide_by_the_magnitudes_of_the_stems(ladder, item):
    from musisep.analysis import Analysis
    from musisep.settings import Settings

    transform = Analysis(Settings(), SAMPLE_RATE).transform
    magnitudes = np.abs(transform.stft(item.stems))
    shares = magnitudes / magnitudes.sum(axis=0) * transform.stft(item.mixture)
    expected = transform.istft(shares, length=item.mixture.shape[1])
    np.testing.assert_allclose(ladder.masks(item, 0), expected, atol=1e-9)


def test_tones_go_to_the_nearest_true_pitches(ladder):
    from musisep.dictsep.tones import Peaks

    rng = np.random.default_rng(0)
    frames, insts = 50, np.tile(np.arange(3), (50, 1))
    shifts = np.array([100.0, 300.0, 500.0]) + rng.uniform(-50, 50, size=(frames, 3))
    amps = np.where(rng.uniform(size=(frames, 3)) < 0.8, 1.0, 0.0)
    amps[0] = 0  # nothing decides there
    near = shifts + rng.uniform(-3, 3, size=shifts.shape)
    silent = amps == 0
    for values in (shifts, near):  # where silent tones are, tells nothing
        values[silent] = np.roll(shifts, 1, axis=1)[silent]
    amps[1], shifts[1], near[1] = 1, (100, 300, 500), (101, 20, 501)  # one missed by far
    true = Peaks(amps, shifts, np.ones((frames, 3)), np.zeros((frames, 3)), insts)
    places = np.array([rng.permutation(3) for _ in range(frames)])
    places[:35] = [1, 2, 0]  # so that the first is the third column, and so on
    rows = np.arange(frames)[:, None]
    sounds = rng.uniform(0.5, 1, size=amps.shape)
    sigmas, spreads = rng.uniform(size=(2, frames, 3))
    values = sounds * amps, near, sigmas, spreads
    found = ladder.Found(
        SimpleNamespace(settings=SimpleNamespace(bins_per_octave=102.4)),
        np.zeros((frames, 1)), 1.0, Peaks(*(v[rows, places] for v in values), insts),
        np.array([[0.1, 0.2, 0.3]]),
    )  # fmt: skip
    result = ladder.assigned(found, true)
    sounding = amps > 0
    for name, expected in zip(("amps", "shifts", "sigmas", "spreads"), values, strict=True):
        given = getattr(result.peaks, name)
        np.testing.assert_array_equal(given[sounding], expected[sounding])
        np.testing.assert_array_equal(given[0], expected[0])
    np.testing.assert_array_equal(result.peaks.insts, insts)
    np.testing.assert_array_equal(result.columns, [[0.3, 0.1, 0.2]])


def test_blind_gives_what_separate_gives(ladder, item):
    import musisep

    separation = musisep.separate(item.mixture, SAMPLE_RATE, seed=3)
    found = ladder.blind(item, 3)
    table = found.analysis.table(found.peaks.scaled(found.level))
    for name in table.dtype.names:
        np.testing.assert_allclose(table[name], separation.tones[name], atol=1e-12)
    np.testing.assert_array_equal(found.columns, separation.dictionary.amplitudes)
    stems = ladder.estimate(item, found).stems
    error = np.linalg.norm(stems - separation.stems, axis=2)  # the table does not tell the widths
    assert np.all(error < 0.01 * np.linalg.norm(separation.stems, axis=2))


def test_the_assignment_is_told(ladder, item, monkeypatch):
    def wrong(find):
        def finding(*given):
            found = find(*given)
            return found._replace(peaks=swapped(found.peaks))

        return finding

    found = ladder.blind(item, 0)
    found = found._replace(columns=found.columns.mean(axis=1, keepdims=True).repeat(2, axis=1))
    given = ladder.fitted(ladder.assigned(found, ladder.true(item).peaks))
    before = ladder.estimate(item, given).unexplained
    monkeypatch.setattr(ladder, "decoded", wrong(ladder.decoded))
    monkeypatch.setattr(ladder, "blind", wrong(lambda *cell: found))
    assert np.max(sdr(ladder, item, "oracle-columns")) < 0
    assert np.min(sdr(ladder, item, "oracle-columns-and-assignment")) > 18
    assert np.min(sdr(ladder, item, "oracle-assignment")) > 18
    told = ladder.VARIANTS["oracle-assignment"](item, 0)
    assert told.unexplained < 0.6 * before  # columns are learned


def test_amplitudes_and_pitches_are_fitted(ladder, item, monkeypatch):
    right = ladder.true(item)

    def unexplained(peaks):
        monkeypatch.setattr(ladder, "true", lambda item: right._replace(peaks=peaks))
        rungs = ladder.tones, ladder.amplitudes, ladder.pitches
        return [rung(item, 0).unexplained for rung in rungs]

    tones, amplitudes, pitches = unexplained(right.peaks)
    assert max(amplitudes, pitches) < tones < 0.1
    wrong = right.peaks.copy()
    wrong.amps *= np.random.default_rng(0).uniform(0.5, 2, size=wrong.amps.shape)
    tones, fitted, equal = unexplained(wrong)
    assert tones > 1.5 * fitted
    assert fitted == pytest.approx(amplitudes, rel=0.1)
    assert equal == pitches


def test_the_truth_is_kept(ladder, item, tmp_path, monkeypatch):
    monkeypatch.setenv(ladder.CACHE, str(tmp_path))
    first = ladder.true(item)
    monkeypatch.setattr(ladder, "learn", None)
    again = ladder.true(item)
    np.testing.assert_array_equal(first.peaks.params, again.peaks.params)
    np.testing.assert_array_equal(first.columns, again.columns)
    monkeypatch.setattr(ladder, "code", lambda: "changed")
    with pytest.raises(TypeError):
        ladder.true(item)
