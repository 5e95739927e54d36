"""Tables by kind, of copies, of confidence and of numbers of players."""

import numpy as np
import pytest


@pytest.fixture
def file(tmp_path):
    """Return what writes a file of results from (item, copy, variant, kinds, figures)."""
    from cells import COLUMNS, append_result

    def written(*rows):
        for item, copy, variant, kinds, figures in rows:
            key = {"folder": "check", "item": item, "copy": copy, "variant": variant, "seed": "0"}
            row = dict.fromkeys(COLUMNS, "") | key | {"kinds": kinds, "instruments": "flute;horn"}
            append_result(tmp_path / "out.csv", row | {k: str(v) for k, v in figures.items()})
        return str(tmp_path / "out.csv")

    return written


@pytest.fixture
def printed(capsys):
    """Return what prints tables, as lists of cells below their titles."""
    from protocol import main

    def tables(*arguments):
        main([*arguments, "--rst"])
        found = {}
        for table in capsys.readouterr().out.split(".. list-table:: ")[1:]:
            title, _, _, *lines = table.split("\n")
            rows = "\n".join(lines).replace("     -", "   * -").split("   * -")[1:]
            cells = [row.strip() for row in rows]
            width = "\n".join(lines).split("   * -")[1].count("     -") + 1
            found[title] = [cells[at : at + width] for at in range(0, len(cells), width)]
        return found

    return tables


def test_figures_by_kind(file, printed):
    rng = np.random.default_rng(0)
    before, gains = rng.normal(5, 3, size=20), rng.normal(1, 1, size=20)
    kinds = ["duo;dry", "duo;room", "trio;room"]
    rows = [
        (f"i{i}", copy, variant, kinds[i % 3], {"sdr_db": sdr[i], "right_share": 0.9 + 0.005 * i})
        for copy, loss in (("plain", 0), ("gain0.9", 50))
        for variant, sdr in (("a", before - loss), ("b", before + gains - loss))
        for i in range(20)
    ]
    rows.append(("lost", "plain", "b", "duo;dry", {"error": "OSError"}))
    path = file(*rows)
    found = printed(path)
    head, total, duo, trio, dry, room = found["check, b: by kind"]
    assert head == ["kind", "items", "mean SDR", "above 5 dB", "right player", "gain"]
    assert [row[0] for row in (total, duo, trio, dry, room)] == [
        "all", "duo", "trio", "dry", "room",
    ]  # fmt: skip
    assert [row[1] for row in (total, duo, trio, dry, room)] == ["20", "14", "6", "7", "13"]
    after = before + gains
    assert total[2].split()[0] == f"{after.mean():.2f}"
    low, high = (float(end.strip("[],")) for end in total[2].split()[1:])
    error = after.std() / np.sqrt(20)
    np.testing.assert_allclose(
        (low, high), after.mean() + 1.96 * np.array([-1, 1]) * error, atol=0.3 * error
    )
    assert total[3] == f"{np.mean(after > 5):.0%}"
    assert total[4] == "94.8%"
    assert total[5].split()[0] == f"{gains.mean():.2f}"
    low, high = (float(end.strip("[],")) for end in total[5].split()[1:])
    assert high - low == pytest.approx(3.92 * gains.std() / np.sqrt(20), rel=0.2)  # paired
    chosen = np.arange(20) % 3 == 0
    assert dry[5].split()[0] == f"{gains[chosen].mean():.2f}"
    assert all(len(row) == 6 and not row[5] for row in found["check, a: by kind"][1:])
    only = printed(path, "--kinds", "duo", "room", "--baseline", "b")["check, a: by kind"]
    assert [row[:2] for row in only[1:]] == [["all", "7"], ["duo", "7"], ["room", "7"]]


def test_how_far_copies_are_from_the_items(file, printed):
    plain = [
        ("one", "plain", "a", "duo", {"sdr_db": 10}),
        ("two", "plain", "a", "duo", {"sdr_db": 4}),
    ]
    copies = [
        ("one", "noise-30", "a", "duo", {"sdr_db": 10.5}),
        ("two", "noise-30", "a", "duo", {"sdr_db": 1}),
        ("one", "panned", "a", "duo", {"sdr_db": 9.5}),
        ("other", "panned", "a", "duo", {"sdr_db": 0}),
    ]
    (rows,) = printed(file(*plain, *copies), "--tables", "copies").values()
    head, noise, panned = rows
    assert head == ["copy", "items", "SDR of the items", "change", "within 1 dB", "worst"]
    assert noise == ["noise-30", "2", "7.00", "-1.25 [-3.00, 0.50]", "50%", "-3.00"]
    assert panned == ["panned", "1", "10.00", "-0.50", "100%", "-0.50"]


def test_what_confidence_is_worth(file, printed):
    sdr = [1, 3, 2, 4, 6, 5, 7, 9, 8, 10]
    rows = [
        (f"i{i}", "plain", "a", "duo", {
            "sdr_db": value, "confidence": i / 10, "called": "good" if i > 3 else "poor",
        })
        for i, value in enumerate(sdr)
    ]  # fmt: skip
    rows.append(("unsure", "plain", "a", "duo", {"sdr_db": 3}))
    (parts, called) = (tables := printed(file(*rows), "--tables", "confidence")).values()
    assert "check, a: confidence, rank correlation with the SDR 0.96" in tables
    assert parts[1] == ["0.00 to 0.10", "2", "2.00", "0%", "1.00"]
    assert parts[3] == ["0.40 to 0.50", "2", "5.50", "50%", "5.00"]
    assert len(parts) == 6
    assert called[1:] == [
        ["good", "6", "7.50", "83%", "5.00"],
        ["poor", "4", "2.50", "0%", "1.00"],
    ]


def test_how_many_players_are_found(file, printed):
    rows = [
        (f"i{i}", "plain", "auto", "duo", {"players_found": found, "sdr_db": "nan"})
        for i, found in enumerate((2, 2, 3, 5))
    ]
    rows.append(("i5", "plain", "auto", "trio", {"players_found": 2, "instruments": "a;b;c"}))
    tables = printed(file(*rows), "--tables", "players")
    assert tables["check, auto: players, 40% right, 80% within one"] == [
        ["players", "found 2", "found 3", "found 5"], ["2", "2", "1", "1"], ["3", "1", "0", "0"],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["kinds", "copies", "confidence", "players"])
def test_tables_of_nothing_have_no_lines(name, file, printed):
    path = file(("one", "plain", "a", "", {"error": "OSError: no"}))
    for rows in printed(path, "--tables", name).values():
        assert len(rows) <= 2


@pytest.mark.parametrize(
    "arguments", [["--kinds", "choir"], ["--baseline", "c"], ["--items", "none"]]
)
def test_results_that_are_not_there_are_told(arguments, file, capsys):
    from protocol import main

    with pytest.raises(SystemExit):
        main([file(("one", "plain", "a", "duo", {"sdr_db": 1})), *arguments])
    assert "no " in capsys.readouterr().err
