"""Make all results and pictures of the documentation anew, and list what makes them.

    python experiments/figures.py --data DATA [--only NAME ...]
    python experiments/figures.py --list
    python experiments/figures.py --quick [--jobs 2]

DATA is a folder with the data sets urmp, duets, check, train and real as subfolders; README.md
tells where they come from. What needs one that is missing is skipped. Cells of `run.py`, caches and
models are kept in `--work`, in a folder for each version of the package's code, and not measured
again. ``--quick`` tries every experiment, benchmark and tool with its own ``--quick``.
"""

import argparse
import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

EXPERIMENTS = Path(__file__).resolve().parent
REPOSITORY = EXPERIMENTS.parent
RESULTS = "docs/results"
TOOLS = ("run.py", "protocol.py", "summary.py", "stereo.py", "pictures.py")
"""Scripts without a number that have ``--quick``, too."""
RENDER = "python experiments/rendering/render_ensembles.py DATA/{0} --part {0} --count {1}"
SOURCES = {
    "urmp": "excerpts of URMP, which its authors give; experiments/README.md has their form",
    "duets": "python experiments/rendering/render_duets.py FluidR3_GM.sf2 DATA/duets",
    "check": RENDER.format("check", 200),
    "train": RENDER.format("train", 500),
    "real": "excerpts of recordings of others; experiments/README.md tells of which",
}
"""How to get each data set."""


class Figure(NamedTuple):
    """What makes files of the documentation.

    `commands` are scripts with arguments. In them "{urmp}" is the folder of a data set, "{results}"
    that of the files, and "{work}" one for what is kept. `minutes` are estimates for two cores.
    `writes` are files, or a folder of files.
    """

    commands: tuple[str, ...]
    data: tuple[str, ...]
    minutes: int
    writes: tuple[str, ...]


def _both(*names: str) -> tuple[str, ...]:
    """Return the table and the values of each name."""
    return tuple(f"{RESULTS}/{name}.{suffix}" for name in names for suffix in ("rst", "json"))


def _values(name: str) -> tuple[str, ...]:
    return (f"{RESULTS}/{name}.json",)


WRITE = "--results {results}"
PICTURES = ("curve", "linear", "masks", "roll", "separation", "spread")
SOUNDS = "docs/_static/sounds"
FIGURES = {
    "pictures": Figure(
        ("pictures.py --results docs/_static",), (), 2,
        tuple(f"docs/_static/picture_{name}.png" for name in PICTURES),
    ),
    "demo": Figure((f"e37_demo.py {WRITE}",), (), 1, (f"{RESULTS}/demo.rst",)),
    "failures": Figure(
        (f"e36_failures.py --sounds {SOUNDS} {WRITE}",), (), 4, (*_both("failures"), SOUNDS),
    ),
    "tuning": Figure((f"e12_tuning.py {WRITE}",), (), 2, _values("tuning")),
    "report": Figure(
        (f"e26_report.py --instruments 2 4 --out {{work}}/report.html {WRITE}",), (), 3,
        _values("report"),
    ),
    "command": Figure((f"benchmarks/command.py {WRITE}",), (), 2, _values("command")),
    "first_run": Figure((f"benchmarks/first_run.py {WRITE}",), (), 10, _values("first_run")),
    "batch": Figure(
        (f"benchmarks/batch.py --number 10 {WRITE}",), (), 10, _values("batch"),
    ),
    "documented_method": Figure(
        (
            "run.py adam adam-viterbi default --folders musisep {duets} {urmp} "
            "--out {work}/documented.csv",
            f"e34_documented.py {{work}}/documented.csv {WRITE}",
        ),
        ("duets", "urmp"), 90, _both("documented_method"),
    ),
    "recordings": Figure(
        (
            "run.py default --folders {train} {check} {urmp} {duets} {real} --out {work}/now.csv",
            "run.py default --folders {check} --copies * --out {work}/copies.csv",
            f"e32_recordings.py {{work}}/now.csv --copies {{work}}/copies.csv {WRITE}",
        ),
        ("train", "check", "urmp", "duets", "real"), 200, _both("recordings"),
    ),
    "peers_urmp": Figure(
        (
            "e21_peers.py {urmp} --methods "
            "musisep,adam,nmf,hpss,ideal-mask,ideal-binary-mask,mixture "
            f"--out {{work}}/peers {WRITE}",
        ),
        ("urmp",), 30, _both("peers_urmp"),
    ),
    "benchmark_duets": Figure(
        (f"e35_benchmark.py {{duets}} --out {{work}}/benchmark {WRITE}",), ("duets",), 15,
        _both("benchmark_duets"),
    ),
    "benchmark_check": Figure(
        (f"e35_benchmark.py {{check}} --most 50 --out {{work}}/benchmark {WRITE}",), ("check",), 45,
        _both("benchmark_check"),
    ),
    "library": Figure(
        (
            "e20_library.py --train {train} --check {check} {urmp} {duets} {real} "
            f"--cache {{work}}/cache --out {{work}}/library.npz {WRITE}",
        ),
        ("train", "check", "urmp", "duets", "real"), 60, _both("library"),
    ),
    "naming": Figure(
        (f"e24_naming.py {{duets}} {{urmp}} {{check}} --most 50 {WRITE}",),
        ("duets", "urmp", "check"), 10, _both("naming"),
    ),
    "names": Figure(
        (
            "run.py default name[s] --folders {check} {urmp} --out {work}/names.csv",
            f"e33_names.py {{work}}/names.csv {WRITE}",
        ),
        ("check", "urmp"), 45, _both("names"),
    ),
    "notes": Figure(
        (f"e25_notes.py {{duets}} {{check}} --most 50 {WRITE}",), ("duets", "check"), 10,
        _both("notes"),
    ),
    "scores": Figure(
        (f"e27_scores.py {{urmp}} {{duets}} --most 10 {WRITE}",), ("urmp", "duets"), 15,
        _both("scores"),
    ),
    "corrections": Figure(
        (f"e28_corrections.py {{check}} --out {{work}}/corrections.csv {WRITE}",), ("check",), 45,
        _both("corrections"),
    ),
    "note_times": Figure(
        (f"e29_note_times.py {{train}} {WRITE}",), ("train",), 6, _values("note_times"),
    ),
    "wrong_scores": Figure(
        (f"e31_wrong_scores.py {{train}} {WRITE}",), ("train",), 4, _values("wrong_scores"),
    ),
    "model": Figure(
        (f"e22_model.py {{urmp}} --cache {{work}}/models {WRITE}",), ("urmp",), 10,
        _values("model"),
    ),
    "long": Figure(
        (f"e19_long.py {{duets}} --items D* {WRITE}",), ("duets",), 60, _values("long"),
    ),
}  # fmt: skip


def scripts() -> list[str]:
    """Return the numbered experiments, then the benchmarks that one can start."""
    found = sorted(EXPERIMENTS.glob("e[0-9][0-9]_*.py"))
    found += [
        path
        for path in sorted(EXPERIMENTS.glob("benchmarks/*.py"))
        if "__main__" in path.read_text(encoding="utf-8")
    ]
    return [path.relative_to(EXPERIMENTS).as_posix() for path in found]


def purpose(script: str) -> str:
    """Return the first line of a script's docstring."""
    tree = ast.parse((EXPERIMENTS / script).read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n")[0]


def listed() -> Iterator[str]:
    """Yield lines about all results, and about the scripts that write none."""
    writing = set()
    for name, figure in FIGURES.items():
        yield f"{name}: about {figure.minutes} min; {' '.join(figure.data) or 'no data set'}"
        for command in figure.commands:
            writing.add(command.split()[0])
            yield f"    {command}"
        yield f"    writes {' '.join(figure.writes)}"
    yield "Without a file in the documentation:"
    yield from (f"    {name}: {purpose(name)}" for name in scripts() if name not in writing)
    yield "Data sets:"
    yield from (f"    {name}: {how}" for name, how in SOURCES.items())


def environment() -> dict[str, str]:
    """Return variables with which scripts find the package of this repository."""
    paths = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def call(arguments: Sequence[str], **options: object) -> subprocess.CompletedProcess[str]:
    """Run a script in the repository."""
    command = [sys.executable, str(EXPERIMENTS / arguments[0]), *arguments[1:]]
    return subprocess.run(command, cwd=REPOSITORY, env=environment(), text=True, **options)  # type: ignore[call-overload,no-any-return]


def _place(path: str, results: Path) -> Path:
    """Return where a file of the documentation is, if results are written into another folder."""
    own = Path(path)
    return REPOSITORY / (results / own.name if path.startswith(RESULTS) else own)


def rebuild(names: Sequence[str], data: Path, work: Path, results: Path) -> int:
    """Make results, and say what is skipped; return 1 if something failed, else 0."""
    from shared import code

    work = work.resolve() / code()
    work.mkdir(parents=True, exist_ok=True)
    places = {name: str(data.resolve() / name) for name in SOURCES}
    places |= {"work": str(work), "results": str(results)}
    failed = []
    for name in names:
        figure = FIGURES[name]
        missing = [one for one in figure.data if not Path(places[one]).is_dir()]
        for one in missing:
            print(f"skipped: {name} needs {data / one} ({SOURCES[one]})", flush=True)
        if missing:
            continue
        begin = time.perf_counter()
        commands = [[part.format_map(places) for part in line.split()] for line in figure.commands]
        done = all(call(arguments).returncode == 0 for arguments in commands)
        lacking = [path for path in figure.writes if not _place(path, results).exists()]
        if done and lacking:
            print(f"not written: {' '.join(lacking)}", flush=True)
        if not done or lacking:
            failed.append(name)
        print(f"{name}: {(time.perf_counter() - begin) / 60:.1f} min", flush=True)
    if failed:
        print(f"failed: {' '.join(failed)}")
    return int(bool(failed))


def try_all(names: Sequence[str], jobs: int) -> int:
    """Try scripts with ``--quick`` and print their seconds; return 1 if one failed, else 0."""

    def tried(name: str) -> tuple[str, float, subprocess.CompletedProcess[str]]:
        begin = time.perf_counter()
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = call([name, "--quick"], **streams)
        return name, time.perf_counter() - begin, done

    begin, failed = time.perf_counter(), 0
    with ThreadPoolExecutor(jobs) as pool:
        for name, seconds, done in pool.map(tried, names):
            print(f"{name:36s} {seconds:6.1f} s{'  FAILED' * (done.returncode != 0)}", flush=True)
            skipped = [line for line in done.stdout.splitlines() if line.startswith("skipped: ")]
            print(*(f"    {line}\n" for line in skipped), sep="", end="")
            if done.returncode:
                failed += 1
                print(done.stdout)
    print(f"{len(names)} scripts, {failed} failed, {time.perf_counter() - begin:.0f} s")
    return int(failed > 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"), metavar="FOLDER")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="results, or scripts to try")
    parser.add_argument("--list", action="store_true", help="print what there is and end")
    parser.add_argument("--quick", action="store_true", help="try all scripts")
    parser.add_argument("--jobs", type=int, default=2, help="scripts at a time (with --quick)")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "build" / "figures")
    parser.add_argument("--results", type=Path, default=Path(RESULTS), metavar="FOLDER")
    args = parser.parse_args(arguments)
    if args.list:
        print(*listed(), sep="\n")
        return 0
    known = [*scripts(), *TOOLS] if args.quick else list(FIGURES)
    names = args.only or known
    if strange := [name for name in names if name not in known]:
        parser.error(f"--only {' '.join(strange)}: must be among {', '.join(known)}")
    if args.quick:
        return try_all(names, args.jobs)
    return rebuild(names, args.data, args.work, args.results)


if __name__ == "__main__":
    sys.exit(main())
