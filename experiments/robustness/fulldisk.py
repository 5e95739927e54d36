"""Running the command onto a disk that gets full, whatever the room, and going on with more of it.

    python experiments/robustness/fulldisk.py [--number 24] [--keep FOLDER]

Separates a second of the demo, with a dictionary, onto file systems in memory (so it needs root) of
sizes from next to nothing to nearly enough. Rules:

* The exit status is 1, stderr has one line, no temporary file is left, and what has its final name
  has the bytes that an undisturbed run writes; the record is JSON.
* With more room and --skip-existing the command ends with 0, and all files have those bytes.

Prints each broken rule and a table; --keep saves stderr. The exit status is 1 if a rule is broken.
Runs are one after another: --jobs and --seed mean nothing here.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile as sf
from workers import Outcome, Table, arguments, keep

PAGE_KB = 4
ENOUGH_KB = 2**14


@contextmanager
def tmpfs(path: Path, size_kb: int) -> Iterator[None]:
    """Make a folder a small file system of its own."""
    path.mkdir()
    mount("-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(path))
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)
        path.rmdir()


def mount(*options: str) -> None:
    """Call mount."""
    subprocess.run(["mount", *options], check=True)


class Ground:
    """A recording, its dictionary, and what an undisturbed run writes.

    Parameters
    ----------
    folder : Path
        Of all files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with resources.as_file(resources.files("musisep") / "demo" / "mix.flac") as path:
            rate = sf.info(path).samplerate
            sf.write(folder / "mix.wav", sf.read(path, frames=rate)[0], rate)
        options = ["--save-dictionary", "duet.npz"]
        self.run("learned", *options)
        self.run("good", "--dictionary", "duet.npz")
        self.good = self.files("good")

    def run(self, out: str, *options: str) -> "subprocess.CompletedProcess[str]":
        """Run the command."""
        command = [sys.executable, "-m", "musisep", "mix.wav", "--residual", "--quiet", "-o", out]
        return subprocess.run(
            [*command, *options], cwd=self.folder, capture_output=True, text=True, check=False
        )

    def files(self, out: str) -> dict[str, bytes]:
        """Return what is there, by name."""
        found = (self.folder / out).rglob("*")
        return {path.name: path.read_bytes() for path in found if path.is_file()}

    def work(self, size_kb: int) -> tuple[list[str], str]:
        """Run out of room, and go on; return broken rules and the first stderr."""
        with tmpfs(self.folder / "full", size_kb):
            first = self.run("full", "--dictionary", "duet.npz")
            there = self.files("full")
            broken = [] if first.returncode == 1 else [f"status {first.returncode}"]
            if first.stderr.count("\n") != 1:
                broken.append(f"stderr: {first.stderr}")
            broken += [f"{name} is left" for name in there if name not in self.good]
            json.loads(there.pop("separation.json", b"{}"))
            broken += [f"{name} differs" for name in there if there[name] != self.good.get(name)]
            mount("-o", f"remount,size={ENOUGH_KB}k", str(self.folder / "full"))
            second = self.run("full", "--dictionary", "duet.npz", "--skip-existing")
            if second.returncode:
                broken.append(f"going on has status {second.returncode}: {second.stderr}")
            elif self.files("full") != self.good:
                broken.append("going on gives other files")
        return broken, first.stderr


def main() -> int:
    """Print the table; return the exit status."""
    args = arguments(__doc__, 24, 2).parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as name:
        ground = Ground(Path(name))
        most = sum(-(-len(content) // (PAGE_KB * 1024)) for content in ground.good.values())
        for case, pages in enumerate(np.linspace(1, most, args.number).round().astype(int)):
            size_kb = PAGE_KB * int(pages)
            broken, told = ground.work(size_kb)
            table.add(case, Outcome("full", "one line", tuple(broken)), f"{size_kb} kB")
            if broken:
                keep(args.keep, f"{size_kb}.stderr", told.encode(), *broken)
    return table.finish()


if __name__ == "__main__":
    sys.exit(main())
