"""Make the library of instruments, and see how well it names them.

    python experiments/e20_library.py --train FOLDER ... --check FOLDER ... --cache CACHE
        [--out musisep/instruments/library.npz]

Items are rendered recordings (see items.py) whose score names the instrument and the sampled tones
(``sample_group``) of each stem; without a score the stem's name is the instrument's. Notes are
found in the mixtures. Printed are the weight of the profiles; the share of the stems whose
instrument is the first, and among the first three, that their true notes are like; and the share
of notes that sound more like their own instrument than like the others of the recording.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from items import item_folders, read_item
from joblib import Memory, Parallel, delayed

from musisep.instruments import Lesson, ProfileFit, Profiles
from musisep.instruments.profiles import discriminants
from musisep.names import members
from musisep.training import hear_lesson


def lesson(folder: Path) -> Lesson:
    """Hear what an item teaches."""
    item, score = read_item(folder), folder / "score.json"
    names = item.instruments
    players = [f"{folder.name} {name}" for name in names]
    if score.exists():
        stems = {stem["stem"]: stem for stem in json.loads(score.read_text())["stems"]}
        names = [stems[name].get("instrument", name) for name in item.instruments]
        players = [
            stems[name].get("sample_group", player)
            for name, player in zip(item.instruments, players, strict=True)
        ]
    return hear_lesson(item.mixture, item.stems, names, item.sample_rate, players=players)


def lessons(folders: Sequence[Path], cache: Path, jobs: int) -> list[Lesson]:
    """Hear all items that have at least two stems."""
    kept = Memory(cache, verbose=0).cache(lesson)
    items = [item for folder in folders for item in item_folders(folder)]
    return Parallel(jobs)(delayed(kept)(item) for item in items)


def report(name: str, heard: Sequence[Lesson], profiles: Profiles) -> None:
    """Print how well profiles name the stems of lessons."""
    first, three, right = [], [], []
    for own in heard:
        scores = discriminants(own.rows, profiles.means, profiles.covariance)
        for reference, instrument in enumerate(own.instruments):
            meant, notes = members(instrument), own.owners == reference
            if notes.any() and set(meant) & set(profiles.names):
                order = np.argsort(-(own.sizes[notes] @ scores[notes]))[:3]
                named = [profiles.names[number] in meant for number in order]
                first.append(named[0])
                three.append(any(named))
        known = [one for one in own.instruments if one in profiles.names]
        if len(set(known)) == len(own.instruments) > 1 and (own.owners >= 0).any():
            here, clear = [profiles.names.index(one) for one in known], own.owners >= 0
            best = scores[clear][:, here].argmax(axis=1) == own.owners[clear]
            right.append(np.average(best, weights=own.sizes[clear]))
    print(
        f"{name}: {len(heard)} items, {len(first)} stems, named first {np.mean(first):.1%}, "
        f"among three {np.mean(three):.1%}; notes nearest to their own {np.mean(right):.1%}"
    )


def main() -> None:
    """Learn, report and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=Path, nargs="+", required=True)
    parser.add_argument("--check", type=Path, nargs="*", default=[])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("library.npz"))
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    train = lessons(args.train, args.cache, args.jobs)
    profiles = ProfileFit()(train)
    profiles.save(args.out)
    print(f"{len(profiles.names)} instruments, weight {profiles.weight:.2f}")
    report("train", train, profiles)
    for folder in args.check:
        report(folder.name, lessons([folder], args.cache, args.jobs), profiles)


if __name__ == "__main__":
    main()
