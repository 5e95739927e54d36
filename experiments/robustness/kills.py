"""Killing the command at any time, and looking what it leaves.

    python experiments/robustness/kills.py [--batch] [--seed 0] [--number 100] [--keep FOLDER]

Separates two seconds of the demo again and again into one folder, and kills each run at a random
time of its duration, half of them in the last third, by SIGINT, SIGTERM and SIGKILL in turn. Rules:

* A stem or dictionary that exists has the bytes that an undisturbed run writes; the record is JSON.
* After SIGINT and SIGTERM no temporary file is left, the exit status is 130 or 143, and stderr has
  no traceback. (What hits Python before it runs anything of ours does not count: "too early".)
* After SIGKILL the next complete run removes what is left.

With --batch it is a folder of recordings in two processes, into a new folder each time. SIGINT goes
to all processes, as Ctrl-C does, the others to the first one only. Then as well:

* No process is left.
* The next run, with --skip-existing, makes all files what an undisturbed run makes them.

Prints each broken rule and a table of exit statuses. The exit status is 1 if a rule is broken;
--keep saves stderr of those runs. Runs are one after another: --jobs means nothing here.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile as sf
from workers import Outcome, Table, arguments, keep

import musisep
from musisep import Dictionary

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
"""With the exit statuses that must come of them."""
SECONDS = 2
BATCH = 5
"""Recordings of a batch."""
ROOT = Path(musisep.__file__).parent
TIMEOUT_S = 30.0
SLACK_S = 0.02
ENDING_S = 1.0
"""Until the other processes of a run are gone, after all have closed their streams."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: exit status, what it printed, and how long it took."""

    status: int
    output: str
    errors: str
    seconds: float

    @property
    def early(self) -> bool:
        """Whether nothing of ours had begun."""
        return "Traceback" in self.errors and f"{ROOT}/" not in self.errors

    @property
    def told(self) -> int:
        """Return the exit status as a shell tells it; so Python ends after some interrupts."""
        return 130 if self.status == -signal.SIGINT and "stopped" in self.errors else self.status

    def late(self, number: int) -> bool:
        """Whether all of a number of recordings had been done."""
        return self.status != 0 and self.output.count("unexplained") == number


@dataclass
class Place:
    """Where the command reads and writes.

    Parameters
    ----------
    folder : Path
        Of all files.
    """

    folder: Path
    number = 1

    def __post_init__(self) -> None:
        """Write the recordings, each a second after the one before."""
        self.recordings, self.out = self.folder / "in", self.folder / "out"
        self.recordings.mkdir()
        with resources.as_file(resources.files("musisep") / "demo" / "mix.flac") as path:
            rate = sf.info(path).samplerate
            for number in range(self.number):
                audio, _ = sf.read(path, frames=SECONDS * rate, start=number * rate)
                sf.write(self.recordings / f"mix{number}.wav", audio, rate)
        self.frames = len(audio)
        self.options = ["--overwrite", "--save-dictionary", str(self.out / "dictionary.npz")]

    def command(self, *options: str) -> list[str]:
        """Return the command."""
        options += ("-n", "2", "--residual", "--quiet", "-o", str(self.out), *self.options)
        return [sys.executable, "-m", "musisep.dictsep", str(self.recordings), *options]

    def prepare(self) -> None:
        """Be as before a run."""

    def go_on(self) -> Ended:
        """Let a whole run follow one that was killed."""
        return run(self.command())

    def send(self, process: "subprocess.Popen[str]", number: int) -> None:
        """Kill a run."""
        process.send_signal(number)

    def files(self) -> list[Path]:
        """Return what is there."""
        return [path for path in self.out.rglob("*") if path.is_file()]

    def leftovers(self) -> list[str]:
        """Return the names of temporary files."""
        return [path.name for path in self.files() if ".part" in path.name]

    def wrong(self, good: dict[Path, bytes]) -> list[str]:
        """Return what is wrong with files that are no temporary ones."""
        broken = []
        for path in self.files():
            if ".part" in path.name:
                continue
            try:
                self._check(path, good)
            except Exception as error:
                broken.append(f"{path.name}: {type(error).__name__}: {error}")
        return broken

    def _check(self, path: Path, good: dict[Path, bytes]) -> None:
        if path.suffix == ".json":
            json.loads(path.read_text())
            return
        if path.suffix == ".wav":
            frames = len(sf.read(path)[0])
            if frames != self.frames:
                raise ValueError(f"{frames} samples instead of {self.frames}")
        else:
            Dictionary.load(path)
        if path.read_bytes() != good.get(path):
            raise ValueError("is not what a whole run writes")


@dataclass
class Batch(Place):
    """The same with many recordings."""

    number = BATCH

    def __post_init__(self) -> None:
        """Write the recordings."""
        super().__post_init__()
        self.options = ["--jobs", "2"]

    def prepare(self) -> None:
        """Begin in a new folder."""
        shutil.rmtree(self.out, ignore_errors=True)

    def go_on(self) -> Ended:
        """Let a run do what the one before has not."""
        return run(self.command("--skip-existing"))

    def send(self, process: "subprocess.Popen[str]", number: int) -> None:
        """Kill a run, by Ctrl-C all of its processes."""
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def run(
    command: list[str],
    kill_s: float = TIMEOUT_S,
    kill: Callable[["subprocess.Popen[str]"], None] = subprocess.Popen.kill,
) -> Ended:
    """Run a command, killed after a time."""
    begin = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, errors = process.communicate(timeout=kill_s)
        except subprocess.TimeoutExpired:
            kill(process)
            try:
                output, errors = process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                output, errors = process.communicate()
                errors += f"\ndid not end within {TIMEOUT_S:g} s"
    end = time.monotonic() + ENDING_S
    while in_session(process.pid) and time.monotonic() < end:
        time.sleep(0.01)
    if left := in_session(process.pid):
        errors += f"\ndid not end its processes {left}"
    return Ended(process.returncode, output, errors, time.monotonic() - begin)


def in_session(leader: int) -> list[str]:
    """Return the processes of a session."""
    left = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, session = status.read_text().rpartition(") ")[2].split()[:4]
            if int(session) == leader and state != "Z":
                left.append(status.parent.name)
    return left


def judged(
    place: Place, good: dict[Path, bytes], number: signal.Signals, ended: Ended
) -> tuple[str, list[str]]:
    """Return when a run was killed, and what is wrong with that."""
    broken = place.wrong(good)
    if "did not end" in ended.errors:
        broken.append(ended.errors.splitlines()[-1])
    if ended.status == 0:
        missing = set(good) - set(place.files())
        return "finished", broken + [f"status 0 without {missing}"] * bool(missing)
    if number == signal.SIGKILL:
        return "killed", broken
    if left := place.leftovers():
        broken.append(f"left {left}")
    if ended.early or ended.late(place.number):
        return ("early" if ended.early else "late"), broken
    if "Traceback" in ended.errors:
        broken.append(f"traceback, the last line: {ended.errors.strip().splitlines()[-1]}")
    if ended.told != SIGNALS[number]:
        broken.append(f"status {ended.status}")
    return "killed", broken


def again(place: Place, good: dict[Path, bytes]) -> list[str]:
    """Let a whole run clean up; return what is wrong with what is there then."""
    ended = place.go_on()
    left = place.leftovers()
    broken = [f"the next run leaves {left}"] if left else []
    if ended.status:
        broken.append(f"the next run has status {ended.status}: {ended.errors.strip()[-200:]}")
    missing = set(good) - set(place.files())
    return broken + place.wrong(good) + [f"the next run lacks {missing}"] * bool(missing)


def campaign(place: Place, rng: np.random.Generator, number: int, folder: Path | None) -> int:
    """Kill runs, print what is wrong; return the exit status."""
    run(place.command(), 10 * TIMEOUT_S)  # compiles
    place.prepare()
    whole = [run(place.command())]
    if whole[0].status:
        sys.exit(f"an undisturbed run fails: {whole[0].errors}")
    good = {path: path.read_bytes() for path in place.files() if path.suffix != ".json"}
    start_s = max(run([sys.executable, "-c", "pass"]).seconds for _ in range(3)) + SLACK_S
    print(f"{whole[0].seconds:.2f} s each, {start_s:.2f} s of them the start of Python", flush=True)
    table = Table()
    for case in range(number):
        kill = list(SIGNALS)[case % len(SIGNALS)]
        whole_s = float(np.median([ended.seconds for ended in whole[-5:]]))  # others may be busy
        place.prepare()
        after_s = whole_s * (rng.uniform(0, 1) if case % 2 else rng.uniform(0.67, 1))
        ended = run(place.command(), after_s, partial(place.send, number=kill))
        column, broken = judged(place, good, kill, ended)
        if column == "finished":
            whole.append(ended)
        if after_s < start_s and not place.leftovers():
            column, broken = "early", []
        if place.leftovers() or place.number > 1:
            broken += again(place, good)
        table.add(case, Outcome(kill.name, column, tuple(broken)), f"after {after_s:.2f} s")
        if broken:
            keep(folder, f"{case}.stderr", ended.errors.encode(), *broken)
    for text in again(place, good):
        table.add(number, Outcome("the next run", "finished", (text,)))
    return table.finish()


def main() -> int:
    """Print the table; return the exit status."""
    parser = arguments(__doc__, 100, 3)
    parser.add_argument("--batch", action="store_true", help="many recordings, in processes")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = (Batch if args.batch else Place)(Path(name))
        return campaign(place, np.random.default_rng(args.seed), args.number, args.keep)


if __name__ == "__main__":
    sys.exit(main())
