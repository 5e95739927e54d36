"""Tables of what the runner has measured."""

import numpy as np
import pytest


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
        row["copy"] = "plain"
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


def test_copies_stand_beside_the_items(results, capsys):
    from cells import read_results
    from summary import gathered

    rows = read_results(results[0])
    (folder,) = gathered([*rows, *(row | {"copy": "gain0.9"} for row in rows)])
    assert list(folder.variants) == ["a", "b", "a gain0.9", "b gain0.9"]
    assert folder.variants["a gain0.9"].cells == 12


@pytest.mark.parametrize("arguments", [["--baseline", "c"], ["--items", "none"]])
def test_results_that_are_not_there_are_told(arguments, results, capsys):
    from summary import main

    with pytest.raises(SystemExit):
        main([str(results[0]), *arguments])
    assert "no " in capsys.readouterr().err
