"""What it costs to refuse a file that nobody should separate: seconds, memory, one line.

    python experiments/robustness/refusals.py [--number 3]

Gives the command files that lie about their length, unpack to much more than they are, are cut off,
random, empty, no files at all, and dictionaries of the same kinds, each in a process of its own.
Rules: the exit status is 1, stderr has one line, which names the file, nothing is written, the
process takes less than 1 s and less than 200 MB, and nothing is unpickled.

Prints a table with the median of --number runs: seconds, MB at most, and the line. The exit status
is 1 if a rule is broken. An idle machine is needed for the seconds.
"""

import os
import pickle
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import soundfile as sf
from workers import Script

import musisep

MOST_S, MOST_MB = 1.0, 200.0
RATE = 8000
CHILD = """
import sys
from pathlib import Path
from musisep.__main__ import main
status = main(sys.argv[1:])
peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
print(int(peak) / 1024)
sys.exit(status)
"""
"""Runs the command and prints the most memory that this process had, in MB.

getrusage would tell that of the process that started it, if that had more.
"""


def noise(samples: int) -> "np.ndarray":
    """Return noise."""
    return np.random.default_rng(0).uniform(-0.5, 0.5, samples)


def truncated(path: Path) -> None:
    """Write an audio file and cut its end off."""
    sf.write(path, noise(60 * RATE), RATE)
    os.truncate(path, path.stat().st_size * 2 // 3)


def random_bytes(path: Path) -> None:
    """Write bytes that are nothing."""
    path.write_bytes(np.random.default_rng(1).bytes(2**22))


def lying_flac(samples: int) -> Callable[[Path], None]:
    """Return what writes a FLAC of 5000 samples whose header tells another number."""

    def make(path: Path) -> None:
        sf.write(path, noise(5000), RATE)
        data = bytearray(path.read_bytes())
        data[21] = data[21] & 0xF0 | samples >> 32  # bits per sample share the byte
        data[22:26] = struct.pack(">I", samples & 0xFFFFFFFF)
        path.write_bytes(data)

    return make


def lying_wav(path: Path) -> None:
    """Write a WAV whose header tells of 4 GB."""
    sf.write(path, noise(5000), RATE)
    data = bytearray(path.read_bytes())
    data[40:44] = struct.pack("<I", 2**32 - 2**20)
    path.write_bytes(data)


def bomb(path: Path) -> None:
    """Write a W64 of 2^40 samples that takes no room on the disk: a hole."""
    sf.write(path, np.zeros(16), RATE, format="W64", subtype="PCM_U8")
    data, more = bytearray(path.read_bytes()), 2**40
    chunk = data.index(b"data") + 16  # behind the name of 16 bytes
    for place in (16, chunk):
        (size,) = struct.unpack_from("<Q", data, place)
        struct.pack_into("<Q", data, place, size + more)
    path.write_bytes(data)
    os.truncate(path, len(data) + more)


AUDIO: dict[str, Callable[[Path], None]] = {
    "lying.flac": lying_flac(2**36 - 1),
    "lying_less.flac": lying_flac(2**30),
    "lying.wav": lying_wav,
    "bomb.w64": bomb,
    **{f"truncated.{form}": truncated for form in ("wav", "flac", "ogg", "mp3", "aiff")},
    **{f"random.{form}": random_bytes for form in ("wav", "flac", "ogg", "mp3", "aiff", "au")},
    "empty.wav": Path.touch,
    "folder.wav": Path.mkdir,
    "pipe.wav": os.mkfifo,
    "device.wav": lambda path: path.symlink_to("/dev/zero"),
    "text.wav": lambda path: path.write_text("no audio\n" * 1000),  # type: ignore[dict-item]
}
"""What makes each file that is given as a recording."""


class Canary:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        """Tell how."""
        return open, (str(self.path), "w")


def pickled(path: Path) -> None:
    """Write an array of objects that makes a file "unpickled" beside it if it is trusted."""
    head = b"{'descr': '|O', 'fortran_order': False, 'shape': (25, 2), }\n"
    code = pickle.dumps(Canary(path.with_name("unpickled")))
    archived(path, head, code)


def archived(path: Path, head: bytes, content: bytes) -> None:
    """Write the array of a dictionary, by its header and bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head))
        archive.writestr("amplitudes.npy", start + head + content)


def header(shape: str) -> bytes:
    """Return the header of an array of numbers."""
    return f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()


ARCHIVES: dict[str, Callable[[Path], None]] = {
    "objects.npz": pickled,
    "shape.npz": lambda path: archived(path, header("(50,)"), bytes(400)),
    "nan.npz": lambda path: archived(path, header("(25, 2)"), np.full(50, np.nan).tobytes()),
    "size.npz": lambda path: archived(path, header("(99999999999, 2)"), b""),
    "bomb.npz": lambda path: archived(path, header(f"({2**24}, 2)"), bytes(2**28)),
    "random.npz": random_bytes,
    "empty.npz": Path.touch,
    "pipe.npz": os.mkfifo,
}
"""What makes each file that is given as a dictionary."""


@dataclass(frozen=True)
class Refusal:
    """How a file was refused."""

    status: int
    line: str
    seconds: float
    megabytes: float

    def broken(self, name: str) -> list[str]:
        """Return the rules that it breaks, but for the time."""
        rules = {
            "status": self.status == 1,
            "one line": self.line.count("\n") == 1,
            "the file is named": self.line.startswith("musisep: ") and name in self.line,
            "memory": self.megabytes < MOST_MB,
        }
        return [rule for rule, kept in rules.items() if not kept]


def refuse(folder: Path, name: str) -> Refusal:
    """Make a file in a folder, and give it to the command, which works there."""
    make = {**AUDIO, **ARCHIVES}[name]
    make(folder / name)
    arguments = ["separate", name]
    if name in ARCHIVES:
        sf.write(folder / "good.wav", noise(RATE), RATE)
        arguments = ["separate", "good.wav", "--dictionary", name]
    environment = {**os.environ, "PYTHONPATH": str(Path(musisep.__file__).parents[1])}
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments], cwd=folder, env=environment,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    seconds = time.perf_counter() - begin
    return Refusal(done.returncode, done.stderr, seconds, float(done.stdout.split()[-1]))


def main() -> int:
    """Print the table; return the exit status."""
    parser = Script(__doc__, ["--number", "1"])
    parser.add_argument("--number", type=int, default=3, help="runs of each (default: 3)")
    args = parser.parse_args()
    status = 0
    for name in [*AUDIO, *ARCHIVES]:
        runs, broken = [], set()
        for _ in range(args.number):
            with tempfile.TemporaryDirectory() as folder:
                runs.append(refuse(Path(folder), name))
                left = set(os.listdir(folder)) - {name, "good.wav"}
                broken |= {*runs[-1].broken(name), *(f"{each} is there" for each in left)}
        seconds = median(run.seconds for run in runs)
        if seconds >= MOST_S:
            broken.add("time")
        told = runs[-1].line.strip().removeprefix("musisep: ")
        print(f"{name:16} {seconds:5.2f} s {max(run.megabytes for run in runs):4.0f} MB  {told}")
        for rule in sorted(broken):
            print(f"  broken: {rule}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
