"""Measure how well given dictionaries fit: of the same instruments, and of others.

    python experiments/e18_given.py FOLDER --cache CACHE [--each 20] [--seed 0]

The second half of each item is looked at with the dictionary of its first half (learned blindly),
with that of another item of as many players, and with one whose first column alone is of the item.
A column that is said not to fit (`Fit.misfits`) though it is of the item is a false alarm; one that
is not of it, and not said not to fit, is a miss. Columns for which no note is found are left out.
Both rates are printed for each kind of dictionary, with other limits as well.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from items import Floats, item_folders, read_item
from joblib import Memory
from numpy.typing import NDArray
from script import Script

from musisep._util.constants import NONE
from musisep._util.progress import no_progress
from musisep.audio.sides import sides_on
from musisep.learning.given import GivenDictionary
from musisep.learning.learner import DEVIATION_DB, EXCESS, Fit
from musisep.settings import Settings
from musisep.stages import make_stages
from musisep.tones.model import ToneModel

KINDS = ("same", "other", "mixed")


class Observations(NamedTuple):
    """Columns: how they fit, whether they are of the item, in a dictionary of which kind."""

    excess: Floats
    deviations: Floats
    own: NDArray[np.bool_]
    kinds: NDArray[np.str_]


def half(folder: Path, given: Floats | None, seed: int = 0) -> tuple[Floats, Fit | None, set[int]]:
    """Learn from the second half with a given dictionary, or blindly from the first.

    Return the dictionary, how well the given one fits, and who plays.
    """
    item = read_item(folder)
    middle = item.mixture.shape[1] // 2
    audio = item.mixture[:, :middle] if given is None else item.mixture[:, middle:]
    stages = make_stages(Settings(instruments=len(item.stems), seed=seed))
    frames, _, grid = stages.front_end(audio, item.sample_rate)
    learner = stages.learner if given is None else GivenDictionary(given)
    learned = learner(frames, ToneModel.on(grid), no_progress, sides_on(grid, audio))
    return learned.dictionary, learned.fit, set(learned.prior.insts.flat) - {NONE}


def observed(
    folders: list[Path], memory: Memory, seed: int = 0
) -> Iterator[tuple[float, float, bool, str]]:
    """Yield the columns of all items."""
    kept = memory.cache(half)
    dictionaries: dict[int, list[tuple[Path, Floats]]] = {}
    for folder in folders:
        dictionary = kept(folder, None, seed)[0]
        dictionaries.setdefault(dictionary.shape[1], []).append((folder, dictionary))
    for players, own in dictionaries.items():
        first = np.arange(players) == 0
        for number, (folder, same) in enumerate(own):
            other = own[number - 1][1]
            for kind, mine in zip(KINDS, (first | True, first & False, first), strict=True):
                _, fit, playing = kept(folder, np.where(mine, same, other), seed)
                for k in playing:
                    yield fit.excess, fit.deviations[k], mine[k], kind


def rates(found: Observations, excess: float, deviation_db: float) -> str:
    """Return the rates of false alarms and misses for each kind of dictionary."""
    said = (found.excess > excess) & (found.deviations > deviation_db)
    same, other, mixed = (found.kinds == kind for kind in KINDS)
    return (
        f"false alarms {said[same].mean():.0%} (mixed {said[mixed & found.own].mean():.0%}), "
        f"misses {1 - said[other].mean():.0%} (mixed {1 - said[mixed & ~found.own].mean():.0%})"
    )


def main() -> None:
    """Print the rates."""
    parser = Script(__doc__, quick=["{items}", "--cache", "{scratch}"], seed=True)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--each", type=int, default=1000, help="items of each number of players")
    args = parser.parse_args()
    chosen: dict[int, list[Path]] = {}
    for folder in item_folders(args.folder):
        chosen.setdefault(len(list(folder.glob("*.flac"))), []).append(folder)
    folders = [folder for own in chosen.values() for folder in own[: args.each]]
    found = Observations(
        *map(
            np.array, zip(*observed(folders, Memory(args.cache, verbose=0), args.seed), strict=True)
        )
    )
    print(f"{len(folders)} items, {len(found.own)} columns")
    for excess, deviation_db in product((0.0, EXCESS, 1.5 * EXCESS), (4.0, DEVIATION_DB, 6.0)):
        print(f"excess {excess}, {deviation_db} dB: {rates(found, excess, deviation_db)}")


if __name__ == "__main__":
    main()
