"""Loading ``.npz`` files that somebody has damaged, or made up to do harm.

    python experiments/robustness/archives.py [--seed 0] [--number 3000] [--jobs 2] [--keep FOLDER]

Loads, by `Dictionary.load` and `Spectrogram.load` in a process of its own: archives that were
damaged; descriptions with strange values; arrays with made-up headers; pickles; bombs of 300 MB
(deflate, bz2, lzma), also such that hide their size; long directories; pipes, devices, folders,
links in a circle. Some names have a line break. Rules:

* The outcome is an object, or ValueError or OSError of one line that names the file.
* No process dies, and nothing that is unpickled runs.
* Memory grows by less than 200 MB, and the processor is busy for less than 1 s.

Prints each broken rule and a table: for each kind how many were loaded and refused. The exit
status is 1 if a rule is broken; --keep saves those files.
"""

import sys
import tempfile
import time
import warnings
from pathlib import Path

from hostile import Hostile, place
from workers import Outcome, Table, Watch, arguments, keep, run

from musisep import Dictionary, Spectrogram

LIMIT_S, BUSY_S, LIMIT_MB = 10.0, 1.0, 200.0


class Campaign:
    """The archives, by their numbers."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.folder, self.hostile = folder, Hostile(seed, folder)

    def work(self, number: int, watch: Watch) -> Outcome:
        """Load an archive; tell which rules that broke."""
        kind, wanted, content = self.hostile.case(number)
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        path = folder / (f"{number}\n.npz" if number % 50 == 0 else f"{number}.npz")
        if content is None:
            place(number, path)
        else:
            path.write_bytes(content)
        column, broken = self._judged(path, wanted, watch)
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
        folder.rmdir()
        return Outcome(kind, column, tuple(f"{wanted}.load {text}" for text in broken))

    def _judged(self, path: Path, wanted: str, watch: Watch) -> tuple[str, list[str]]:
        load = {"Dictionary": Dictionary.load, "Spectrogram": Spectrogram.load}[wanted]
        broken = []
        watch.stage("loading")
        begin = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                load(path)
                column = "loaded"
            except (ValueError, OSError) as error:
                column = "refused"
                if path.name.split()[0] not in str(error) or "\n" in str(error):
                    broken.append(f"message {error!r}")
            except Exception as error:
                column = "refused"
                broken.append(f"raises {type(error).__name__}: {error}")
        busy = time.process_time() - begin
        if busy > BUSY_S:
            broken.append(f"took {busy:.1f} s")
        if watch.growth_mb() > LIMIT_MB:
            broken.append(f"grew by {watch.growth_mb():.0f} MB")
        if text := watch.stderr():
            broken.append(f"stderr: {text!r}")
        if self.hostile.canary.exists():
            self.hostile.canary.unlink()
            broken.append("unpickled something")
        return column, broken


def main() -> int:
    """Print the table; return the exit status."""
    args = arguments(__doc__, 3000, 40).parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as name:
        campaign = Campaign(args.seed, Path(name))
        for number, outcome in run(campaign.work, range(args.number), args.jobs, LIMIT_S):
            table.add(number, outcome)
            if outcome.broken:
                content = campaign.hostile.case(number)[2]
                keep(args.keep, f"{number}.npz", content or b"", *outcome.broken)
    return table.finish()


if __name__ == "__main__":
    sys.exit(main())
