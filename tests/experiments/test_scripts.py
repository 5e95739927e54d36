"""Each experiment says what it is for, can be tried in seconds, and is in the list of results."""

import ast
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
REPOSITORY = EXPERIMENTS.parent
NUMBERED = sorted(path.name for path in EXPERIMENTS.glob("e[0-9][0-9]_*.py"))
BENCHMARKS = sorted(
    f"benchmarks/{path.name}"
    for path in EXPERIMENTS.glob("benchmarks/*.py")
    if 'if __name__ == "__main__"' in path.read_text(encoding="utf-8")
)
RESULTS = REPOSITORY / "docs" / "results"


@pytest.fixture(scope="module")
def figures():
    import figures

    return figures


@pytest.fixture(scope="module")
def listed(figures):
    return "\n".join(figures.listed())


def calls_of(name, path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name
    ]


@pytest.mark.parametrize("script", NUMBERED + BENCHMARKS)
def test_a_script_begins_with_its_purpose_and_then_its_command(script, figures):
    purpose = figures.purpose(script)
    assert re.fullmatch(r"[A-Z].{20,}\.", purpose), purpose
    tree = ast.parse((EXPERIMENTS / script).read_text(encoding="utf-8"))
    lines = (line.strip() for line in ast.get_docstring(tree).splitlines())
    assert any(f"{line} ".startswith(f"python experiments/{script} ") for line in lines)


@pytest.mark.parametrize("script", NUMBERED + BENCHMARKS)
def test_a_script_can_be_tried(script):
    (parser,) = calls_of("Script", EXPERIMENTS / script)
    assert ast.unparse(parser.args[0]) == "__doc__"


@pytest.mark.parametrize("script", NUMBERED + BENCHMARKS)
def test_a_script_is_in_the_list(script, figures, listed):
    assert script in figures.scripts()
    assert f"    {script}" in listed


@pytest.mark.parametrize("script", NUMBERED)
def test_what_draws_has_a_seed(script):
    path = EXPERIMENTS / script
    draws = [call for call in calls_of("default_rng", path) if call.args]
    fixed = [call for call in draws if isinstance(call.args[0], ast.Constant)]
    assert not fixed, "a seed that no option changes"
    if any("seed" in ast.unparse(call.args[0]) for call in draws):
        (parser,) = calls_of("Script", path)
        assert "seed=True" in ast.unparse(parser)


def test_numbers_are_given_once():
    assert len({name[:3] for name in NUMBERED}) == len(NUMBERED)


def test_commands_name_scripts_and_data_that_there_are(figures):
    for figure in figures.FIGURES.values():
        for command in figure.commands:
            script, *arguments = command.split()
            assert (EXPERIMENTS / script).is_file(), script
            names = set(re.findall(r"{(\w+)}", " ".join(arguments)))
            assert names - {"work", "results"} <= set(figure.data)
        used = re.findall(r"{(\w+)}", " ".join(figure.commands))
        assert set(figure.data) <= set(used) & set(figures.SOURCES)


def test_each_file_of_results_has_a_command_that_writes_it(figures):
    written = {name for figure in figures.FIGURES.values() for name in figure.writes}
    static = REPOSITORY / "docs" / "_static"
    for path in [*RESULTS.iterdir(), *static.glob("picture_*.png"), *(static / "sounds").iterdir()]:
        own = path.relative_to(REPOSITORY)
        assert {own.as_posix(), own.parent.as_posix()} & written, own


def test_no_result_is_of_another_script(figures):
    for name, figure in figures.FIGURES.items():
        scripts = {f"experiments/{command.split()[0]}" for command in figure.commands}
        for path in RESULTS.glob(f"{name}.*"):
            # Older tables of the benchmark name the command that the script has called.
            text = path.read_text(encoding="utf-8").replace(
                "musisep benchmark", "experiments/e35_benchmark.py"
            )
            assert scripts & set(re.findall(r"experiments/\w+\.py", text)), path


def test_table_and_values_are_of_one_run():
    for path in RESULTS.glob("*.json"):
        values = json.loads(path.read_text(encoding="utf-8"))
        table = path.with_suffix(".rst")
        if table.exists():
            head = f".. record:: {values['command']}\n   :commit: {values['commit']}\n"
            assert table.read_text(encoding="utf-8").startswith(head), path.name


def test_what_lacks_data_is_skipped_and_says_how_to_get_them(figures, tmp_path, capsys):
    arguments = ["--only", "scores", "--data", str(tmp_path), "--work", str(tmp_path / "work")]
    assert figures.main(arguments) == 0
    printed = capsys.readouterr().out
    assert printed.count("skipped: scores needs") == 2 and "render_duets.py" in printed
    with pytest.raises(SystemExit):
        figures.main(["--only", "nothing"])


def test_what_is_not_written_has_failed(figures, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "call", lambda arguments: subprocess.CompletedProcess([], 0))
    arguments = ["--only", "demo", "--results", str(tmp_path), "--work", str(tmp_path / "work")]
    assert figures.main(arguments) == 1
    assert "not written: docs/results/demo.rst" in capsys.readouterr().out
    (tmp_path / "demo.rst").touch()
    assert figures.main(arguments) == 0


def test_the_demo_prints_what_its_page_says(experiments):
    import e37_demo

    page = (RESULTS / "demo.rst").read_text(encoding="utf-8").partition("code-block:: text")[2]
    number = re.compile(r"-?\d+(?:\.\d+)?")
    printed, told = ([line.split() for line in text.split("\n") if line.strip()] for text in (
        e37_demo.printed(), page,
    ))  # fmt: skip
    assert [number.sub("0", " ".join(line)) for line in printed] == [
        number.sub("0", " ".join(line)) for line in told
    ]
    values, known = (
        [float(one) for one in number.findall(str(lines))] for lines in (printed, told)
    )
    assert values == pytest.approx(known, rel=0.03, abs=0.1)  # other machines round otherwise


def test_quick_stands_for_arguments_that_later_ones_replace(experiments, capsys):
    from script import Script

    parser = Script("What it does.\n\nMore.", ["{scratch}/x", "--number", "1"], seed=True)
    parser.add_argument("path", type=Path)
    parser.add_argument("--number", type=int, default=9)
    args = parser.parse_args(["--quick", "--number", "3"])
    assert (args.quick, args.number, args.seed) == (True, 3, 0)
    assert args.path.name == "x" and args.path.parent.is_dir()
    args = parser.parse_args(["y"])
    assert (args.quick, args.number, args.path) == (False, 9, Path("y"))
    with pytest.raises(SystemExit):
        parser.parse_args([])


def test_peers_that_are_missing_are_skipped_on_one_line(experiments, capsys):
    import script

    assert script.peer("no_such_package", "part") is None
    assert not script.program("no-such-program")
    assert capsys.readouterr().out.splitlines() == [
        "skipped: no_such_package is not installed",
        "skipped: the program no-such-program is not installed",
    ]
    assert script.peer("json", "decoder").JSONDecoder is json.JSONDecoder


def test_tiny_items_are_read_as_items(experiments, tmp_path):
    import tiny
    from items import item_folders, read_item

    items = [read_item(path) for path in item_folders(tiny.items(tmp_path))]
    assert [item.name for item in items] == ["duo-1", "duo-2", "trio-1"]
    for item in items:
        assert (item.stems.sum(axis=0) == item.mixture).all()
        assert [len(notes) > 1 for notes in item.notes] == [True] * len(item.stems)
        assert max(notes[:, 1].max() for notes in item.notes) < tiny.LENGTH_S
        assert item.kinds[0] in ("duo", "trio")


def test_results_tell_the_command_as_typed_in_the_repository(experiments, tmp_path, monkeypatch):
    import results

    data = tmp_path / "urmp"
    monkeypatch.setattr("sys.argv", [
        str(EXPERIMENTS / "e27_scores.py"), str(data), "--results", str(RESULTS), "--most", "1",
    ])  # fmt: skip
    command = "python experiments/e27_scores.py DATA/urmp --results docs/results --most 1"
    assert results.command() == command
    results.write_table(tmp_path, "scores", [["items", "SDR"], ["urmp", ""]], "Words.")
    first, second, *others = (tmp_path / "scores.rst").read_text().splitlines()
    assert first == f".. record:: {command}"
    assert re.fullmatch(r"   :commit: (unknown|[0-9a-f]+(-dirty)?)", second)
    assert others[:3] == ["", "Words.", ""] and others[-2:] == ["   * - urmp", "     -"]
    results.write_values(tmp_path, "scores", "urmp (8)", {"urmp blind": 8.82000004, "no": np.nan})
    found = json.loads((tmp_path / "scores.json").read_text())
    assert found["values"] == {"urmp blind": 8.82}
    assert (found["command"], found["data"]) == (command, "urmp (8)")


def test_a_commit_is_named_with_what_was_changed(experiments, tmp_path, monkeypatch):
    import results

    answers = {"rev-parse": "0123abc", "status": ""}
    monkeypatch.setattr(results, "_output", lambda command: answers[command[3]])
    assert results.commit() == "0123abc"
    answers["status"] = " M musisep/names.py"
    assert results.commit() == "0123abc-dirty"

    def missing(command):
        raise FileNotFoundError

    monkeypatch.setattr(results, "_output", missing)
    assert results.commit() == "unknown"
