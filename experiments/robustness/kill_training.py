"""Killing a training at any time, and looking whether the next one ends with the same model.

    python experiments/robustness/kill_training.py [--seed 0] [--number 10] [--keep FOLDER]

Trains a model from excerpts of the demo, and kills the training by SIGKILL again and again, each
time after a random part of the time that a whole one takes, until as many were killed as --number
says; every other time in the folder of the one before. Then it is trained to its end. Rules:

* What is there after a kill under the name of the dictionary, or of the table, is that of an
  undisturbed training.
* The training that goes on ends with the same bits of both, and leaves no temporary file.
* One training more changes nothing.

Prints each broken rule and a table. The exit status is 1 if a rule is broken.
"""

import sys
import tempfile
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile as sf
from kills import run
from workers import Outcome, Table, arguments

from musisep.models import edit_config

NAMES = ("dictionary.npz", "evaluation.csv")
SECONDS, SONGS = 3, 4
VALUES = {"excerpt_s": 2.0, "excerpts": 1, "mixtures": 2, "audio_s": 1.0, "restarts": 1}
WHOLE_S = 600.0


class Place:
    """A data set, and models.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.number = folder, folder / "data", 0
        demo = resources.files("musisep") / "demo"
        for name in ("clarinet", "horn"):
            with resources.as_file(demo / f"{name}.flac") as path:
                rate = sf.info(path).samplerate
                for song in range(SONGS):
                    start = song * SECONDS * rate
                    audio, _ = sf.read(path, frames=SECONDS * rate, start=start)
                    (self.data / f"song{song}").mkdir(parents=True, exist_ok=True)
                    sf.write(self.data / f"song{song}" / f"{name}.wav", audio, rate)
        self.renew()

    def renew(self) -> None:
        """Begin with another model."""
        self.number += 1
        self.model = self.folder / f"model{self.number}"
        edit_config(self.model, VALUES)

    def train(self, kill_s: float = WHOLE_S) -> tuple[int, float, str]:
        """Train, killed after a time; return the exit status, the time, and what was told."""
        command = [sys.executable, "-m", "musisep", "train", str(self.model), str(self.data)]
        ended = run([*command, "--jobs", "1", "--quiet"], kill_s)
        return ended.status, ended.seconds, ended.output + ended.errors

    def results(self) -> dict[str, bytes]:
        """Return what there is of a model."""
        paths = [self.model / name for name in NAMES]
        return {path.name: path.read_bytes() for path in paths if path.exists()}

    def leftovers(self) -> list[str]:
        """Return the names of temporary files."""
        return [path.name for path in self.model.rglob("*") if ".part" in path.name]


def finished(place: Place, good: dict[str, bytes]) -> list[str]:
    """Train to the end, and once more; return what is wrong with that."""
    broken = []
    status, _, told = place.train()
    if status:
        broken.append(f"going on has status {status}: {told.strip()[-200:]}")
    if place.results() != good:
        broken.append("another model than that of an undisturbed training")
    if left := place.leftovers():
        broken.append(f"left {left}")
    if "nothing had to be done" not in place.train()[2]:
        broken.append("a finished model was changed")
    return broken


def main() -> int:
    """Print the table; return the exit status."""
    args = arguments(__doc__, 10, 1).parse_args()
    rng = np.random.default_rng(args.seed)
    with tempfile.TemporaryDirectory() as name:
        place, table, case = Place(Path(name)), Table(), 0
        place.train()  # compiles
        place.renew()
        status, whole_s, told = place.train()
        if status:
            sys.exit(f"an undisturbed training fails: {told}")
        good = place.results()
        print(f"{whole_s:.1f} s each", flush=True)
        place.renew()
        while case < args.number:
            after_s = whole_s * rng.uniform(0.1, 1)
            status, _, _ = place.train(after_s)
            found = place.results()
            wrong = [name for name in found if found[name] != good[name]]
            broken = [f"{name} is not that of a whole training" for name in wrong]
            killed = status < 0
            if not killed or case % 2:
                broken += finished(place, good)
                place.renew()
            outcome = "killed" if killed else "finished"
            told = f"after {after_s:.1f} s, with {sorted(found)}"
            table.add(case, Outcome("SIGKILL", outcome, tuple(broken)), told)
            print(f"{case}: {outcome} {told}", flush=True)
            case += killed
        return table.finish()


if __name__ == "__main__":
    sys.exit(main())
