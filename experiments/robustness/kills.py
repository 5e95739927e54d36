"""Killing the command at any time, and looking what it leaves.

    python experiments/robustness/kills.py [--seed 0] [--number 100] [--keep FOLDER]

Separates two seconds of the demo again and again into one folder, and kills each run at a random
time of its duration, half of them in the last third, by SIGINT, SIGTERM and SIGKILL in turn. Rules:

* A stem or dictionary that exists has the bytes that an undisturbed run writes; the record is JSON.
* After SIGINT and SIGTERM no temporary file is left, the exit status is 130 or 143, and stderr has
  no traceback. (What hits Python before it runs anything of ours does not count: "too early".)
* After SIGKILL the next complete run removes what is left.

Prints each broken rule and a table of exit statuses. The exit status is 1 if a rule is broken;
--keep saves stderr of those runs. Runs are one after another: --jobs means nothing here.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
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
ROOT = Path(musisep.__file__).parent
TIMEOUT_S = 30.0
SLACK_S = 0.02


@dataclass
class Place:
    """Where the command reads and writes.

    Parameters
    ----------
    folder : Path
        Of all files.
    """

    folder: Path

    def __post_init__(self) -> None:
        """Write the recording."""
        with resources.as_file(resources.files("musisep") / "demo" / "mix.flac") as path:
            rate = sf.info(path).samplerate
            audio, _ = sf.read(path, frames=SECONDS * rate)
        self.recording, self.out = self.folder / "mix.wav", self.folder / "out"
        sf.write(self.recording, audio, rate)
        self.frames = len(audio)
        self.dictionary = self.out / "dictionary.npz"

    def command(self) -> list[str]:
        """Return the command."""
        options = ["-n", "2", "--residual", "--overwrite", "--quiet", "-o", str(self.out)]
        options += ["--save-dictionary", str(self.dictionary)]
        return [sys.executable, "-m", "musisep.dictsep", str(self.recording), *options]

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

    @property
    def late(self) -> bool:
        """Whether all had been done."""
        return self.status != 0 and "unexplained" in self.output


def run(command: list[str], kill_s: float = TIMEOUT_S, number: int = signal.SIGKILL) -> Ended:
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
            process.send_signal(number)
            try:
                output, errors = process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                output, errors = process.communicate()
                errors += f"\ndid not end within {TIMEOUT_S:g} s of signal {number}"
    return Ended(process.returncode, output, errors, time.monotonic() - begin)


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
    if ended.early or ended.late:
        return ("early" if ended.early else "late"), broken
    if "Traceback" in ended.errors:
        broken.append(f"traceback, the last line: {ended.errors.strip().splitlines()[-1]}")
    if ended.told != SIGNALS[number]:
        broken.append(f"status {ended.status}")
    return "killed", broken


def again(place: Place, good: dict[Path, bytes]) -> list[str]:
    """Let a whole run clean up; return what is wrong with what is there then."""
    ended = run(place.command())
    left = place.leftovers()
    broken = [f"the next run leaves {left}"] if left else []
    if ended.status:
        broken.append(f"the next run has status {ended.status}: {ended.errors.strip()[-200:]}")
    return broken + place.wrong(good)


def campaign(place: Place, rng: np.random.Generator, number: int, folder: Path | None) -> int:
    """Kill runs, print what is wrong; return the exit status."""
    whole = [run(place.command(), 10 * TIMEOUT_S) for _ in range(2)][1:]  # the first one compiles
    if whole[0].status:
        sys.exit(f"an undisturbed run fails: {whole[0].errors}")
    good = {path: path.read_bytes() for path in place.files() if path.suffix != ".json"}
    start_s = max(run([sys.executable, "-c", "pass"]).seconds for _ in range(3)) + SLACK_S
    print(f"{whole[0].seconds:.2f} s each, {start_s:.2f} s of them the start of Python", flush=True)
    table = Table()
    for case in range(number):
        kill = list(SIGNALS)[case % len(SIGNALS)]
        whole_s = float(np.median([ended.seconds for ended in whole[-5:]]))  # others may be busy
        after_s = whole_s * (rng.uniform(0, 1) if case % 2 else rng.uniform(0.67, 1))
        ended = run(place.command(), after_s, kill)
        column, broken = judged(place, good, kill, ended)
        if column == "finished":
            whole.append(ended)
        if after_s < start_s and not place.leftovers():
            column, broken = "early", []
        if place.leftovers():
            broken += again(place, good)
        table.add(case, Outcome(kill.name, column, tuple(broken)), f"after {after_s:.2f} s")
        if broken:
            keep(folder, f"{case}.stderr", ended.errors.encode(), *broken)
    for text in again(place, good):
        table.add(number, Outcome("the next run", "finished", (text,)))
    return table.finish()


def main() -> int:
    """Print the table; return the exit status."""
    args = arguments(__doc__, 100).parse_args()
    with tempfile.TemporaryDirectory() as name:
        return campaign(Place(Path(name)), np.random.default_rng(args.seed), args.number, args.keep)


if __name__ == "__main__":
    sys.exit(main())
