"""Running the command with a cache of compiled kernels that is damaged, full, locked or contended.

    python experiments/robustness/caches.py [--seed 0] [--number 24] [--keep FOLDER]

Separates two seconds of the demo with numba's cache in a folder of its own. After a run that fills
it, single files of it, index or code in turn, are cut, emptied, overwritten with random bytes or
zeros, have one bit flipped, are exchanged for others, removed, or have folders in their places.
Then the cache is on a full disk and on one that cannot be written (both if root may mount a tmpfs),
belongs to another user (if root, and if others can run this Python), can be nowhere (files stand in
the places of all folders for it), and is filled by four runs at once. Rule: the exit status is 0,
stems have the bytes of the first run, and stderr has at most one line.

Prints each broken rule and a table. The exit status is 1 if a rule is broken; --keep saves stderr
of those runs. Runs are one after another but for the last case: --jobs means nothing here.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from kills import Place
from workers import Outcome, Table, arguments, keep

import musisep

TIMEOUT_S = 600
NOBODY = 65534
COLD_STARTS = 4
FULL_KB = 200

Random = np.random.Generator


@dataclass
class Ground:
    """A recording, and a cache that a run has filled.

    Parameters
    ----------
    place : Place
        Where the recording is.
    warm : Path
        The cache.
    good : dict of str to bytes
        The stems that the run wrote, by names.
    """

    place: Place
    warm: Path
    good: dict[str, bytes]

    @classmethod
    def made(cls, folder: Path) -> "Ground":
        """Fill a cache, and take the stems of a second run."""
        ground = cls(Place(folder), folder / "warm", {})
        for _ in range(2):
            run = Run(ground, ground.warm).ended()
            if run.broken:
                sys.exit(f"an undisturbed run fails: {run.broken}")
            ground.good = run.stems()
        return ground

    def copied(self) -> Path:
        """Return a copy of the cache."""
        path = Path(tempfile.mkdtemp(dir=self.place.folder)) / "cache"
        return Path(shutil.copytree(self.warm, path))

    def fresh(self) -> Path:
        """Return an empty folder."""
        return Path(tempfile.mkdtemp(dir=self.place.folder))


class Run:
    """A run of the command that has begun."""

    def __init__(
        self, ground: Ground, cache: Path, user: int | None = None, **environment: str
    ) -> None:
        self.ground, self.out = ground, ground.fresh()
        if user:
            os.chown(self.out, user, user)
        recording = ground.place.recordings / "mix0.wav"
        command = [sys.executable, "-m", "musisep.dictsep", str(recording)]
        self._process = subprocess.Popen(
            [*command, "--quiet", "-o", self.out],
            env=os.environ | {"NUMBA_CACHE_DIR": str(cache)} | environment, cwd=self.out,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, user=user, group=user,
            extra_groups=[] if user else None,
        )  # fmt: skip
        self.errors, self.broken = "", list[str]()

    def stems(self) -> dict[str, bytes]:
        """Return the stems that were written."""
        return {path.name: path.read_bytes() for path in self.out.rglob("*.wav")}

    def ended(self) -> "Run":
        """Wait for the end, and note what is wrong."""
        try:
            _, self.errors = self._process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.broken.append(f"hung: {TIMEOUT_S} s")
        if status := self._process.wait():
            self.broken.append(f"status {status}: {self.errors.strip()[-300:]}")
        lines = self.errors.splitlines()
        if len(lines) > 1:
            self.broken.append(f"stderr has {len(lines)} lines: {self.errors[:300]}")
        if self.ground.good and self.stems() != self.ground.good:
            self.broken.append("other stems")
        return self


def _cut(rng: Random, path: Path) -> None:
    os.truncate(path, int(rng.integers(1, path.stat().st_size)))


def _emptied(rng: Random, path: Path) -> None:
    path.write_bytes(b"")


def _random(rng: Random, path: Path) -> None:
    path.write_bytes(rng.bytes(path.stat().st_size))


def _overwritten(rng: Random, path: Path) -> None:
    data = bytearray(path.read_bytes())
    start = int(rng.integers(len(data)))
    size = min(len(data) - start, int(rng.integers(1, 400)))
    data[start : start + size] = rng.bytes(size) if rng.random() < 0.5 else bytes(size)
    path.write_bytes(data)


def _flipped(rng: Random, path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)


def _exchanged(rng: Random, path: Path) -> None:
    others = sorted(path.parent.glob(f"*{path.suffix}"))
    shutil.copyfile(path.parent / others[rng.integers(len(others))], path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def _removed(rng: Random, path: Path) -> None:
    path.unlink()


def _folder(rng: Random, path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Random, Path], None]] = {
    "cut": _cut, "emptied": _emptied, "random": _random, "overwritten": _overwritten,
    "flipped": _flipped, "exchanged": _exchanged, "removed": _removed, "a folder": _folder,
}  # fmt: skip


def damaged(ground: Ground, rng: Random, number: int) -> tuple[str, Run]:
    """Run with one damaged file; return what it was, and the run."""
    cache = ground.copied()
    suffix = (".nbi", ".nbc")[number // len(DAMAGES) % 2]
    files = sorted(cache.rglob(f"*{suffix}"))
    path = files[rng.integers(len(files))]
    name = list(DAMAGES)[number % len(DAMAGES)]
    DAMAGES[name](rng, path)
    run = Run(ground, cache).ended()
    run.broken = [f"{path.name}: {text}" for text in run.broken]
    shutil.rmtree(cache.parent)
    return f"{suffix} {name}", run


@contextmanager
def tmpfs(ground: Ground, size_kb: int) -> Iterator[Path | None]:
    """Give a small file system of its own, None if that is not allowed."""
    path = ground.fresh()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", path]
    try:
        mounted = not subprocess.run(command, capture_output=True).returncode
    except OSError:
        mounted = False
    try:
        yield path if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", path], check=True)


def full(ground: Ground) -> Iterator[Run]:
    """Run with a cache on a disk that gets full."""
    with tmpfs(ground, FULL_KB) as path:
        if path:
            yield Run(ground, path).ended()


def read_only(ground: Ground) -> Iterator[Run]:
    """Run with a cache, empty and then filled, on a disk that cannot be written."""
    for filled in (False, True):
        with tmpfs(ground, 2**18) as path:
            if path and filled:
                shutil.copytree(ground.warm, path, dirs_exist_ok=True)
            if path and not subprocess.run(["mount", "-o", "remount,ro", path]).returncode:
                yield Run(ground, path).ended()


def another_user(ground: Ground) -> Iterator[Run]:
    """Run as somebody who may read the cache only."""
    command = [sys.executable, "-c", "import musisep"]
    for path in (ground.place.folder, *ground.place.folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    with suppress(OSError, subprocess.SubprocessError):
        able = subprocess.run(
            command, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, timeout=60
        )
        if not able.returncode:
            yield Run(ground, ground.warm, NOBODY).ended()


def nowhere(ground: Ground) -> Iterator[Run]:
    """Run a copy of the package which no folder takes a cache of, and no home is known."""
    package = Path(musisep.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    copy = Path(shutil.copytree(package, ground.fresh() / package.name, ignore=ignored))
    for path in copy.rglob("*.py"):
        (path.parent / "__pycache__").touch()
    file = copy / "__pycache__"
    homes = dict.fromkeys(("HOME", "XDG_CACHE_HOME"), str(file))
    yield Run(ground, file, PYTHONPATH=str(copy.parent), **homes).ended()


def at_once(ground: Ground) -> Iterator[Run]:
    """Run several times at once with one empty cache, and then once more."""
    cache = ground.fresh()
    runs = [Run(ground, cache) for _ in range(COLD_STARTS)]
    for run in runs:
        yield run.ended()
    yield Run(ground, cache).ended()


PLACES = {
    "full": full, "read-only": read_only, "another user": another_user, "nowhere": nowhere,
    f"{COLD_STARTS} at once": at_once,
}  # fmt: skip


def cases(ground: Ground, rng: Random, number: int) -> Iterator[tuple[str, Run | None]]:
    """Yield each run with its name; none where something is not possible here."""
    for damage in range(number):
        yield damaged(ground, rng, damage)
    for name, runs in PLACES.items():
        found = list(runs(ground))
        yield from ((name, run) for run in found or [None])


def main() -> int:
    """Print the table; return the exit status."""
    args = arguments(__doc__, 24, 1).parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as name:
        ground = Ground.made(Path(name))
        print(f"{len(list(ground.warm.rglob('*.nb?')))} files in the cache", flush=True)
        for number, (row, run) in enumerate(
            cases(ground, np.random.default_rng(args.seed), args.number)
        ):
            if run is None:
                print(f"{row}: not possible here, left out")
                continue
            told = "a line" if run.errors else "silent"
            table.add(number, Outcome(row, told, tuple(run.broken)), row)
            if run.broken:
                keep(args.keep, f"{number}.stderr", run.errors.encode(), *run.broken)
    return table.finish()


if __name__ == "__main__":
    sys.exit(main())
