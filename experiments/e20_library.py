"""Make the library of instruments, and see how well it names them.

    python experiments/e20_library.py --train FOLDER ... --check FOLDER ... --cache CACHE
        [--out musisep/instruments/library.npz] [--results FOLDER]

Items are rendered recordings (see items.py) whose score names the instrument and the sampled tones
(``sample_group``) of each stem; without a score the stem's name is the instrument's. Notes are
found in the mixtures. Printed are the weight of the profiles; the share of the stems whose
instrument is the first, and among the first three, that their true notes are like; and the share
of notes that sound more like their own instrument than like the others of the recording.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from items import item_folders, read_item
from joblib import Memory, Parallel, delayed
from results import write_table, write_values
from script import Script

from musisep.instruments import Lesson, ProfileFit, Profiles
from musisep.instruments.naming import INDEPENDENT_NOTES, probabilities_of
from musisep.instruments.profiles import discriminants
from musisep.models.hearing import hear_lesson
from musisep.names import members

INDEPENDENT = (1.0, 2.0, INDEPENDENT_NOTES, 6.0)


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


def report(name: str, heard: Sequence[Lesson], profiles: Profiles) -> dict[str, str]:
    """Print and return how well profiles name the stems of lessons."""
    first, three, right = [], [], []
    surprise = {independent: [] for independent in INDEPENDENT}
    for own in heard:
        scores = profiles.weight * discriminants(own.rows, profiles.means, profiles.covariance)
        for reference, instrument in enumerate(own.instruments):
            meant = [
                profiles.names.index(one) for one in members(instrument) if one in profiles.names
            ]
            notes = own.owners == reference
            if notes.any() and meant:
                for independent, values in surprise.items():
                    told = probabilities_of(profiles, scores, own.sizes * notes, independent)
                    values.append(-np.log(told[meant].sum()))
                order = np.argsort(-probabilities_of(profiles, scores, own.sizes * notes))[:3]
                named = [number in meant for number in order]
                first.append(named[0])
                three.append(any(named))
        known = [one for one in own.instruments if one in profiles.names]
        if len(set(known)) == len(own.instruments) > 1 and (own.owners >= 0).any():
            here, clear = [profiles.names.index(one) for one in known], own.owners >= 0
            best = scores[clear][:, here].argmax(axis=1) == own.owners[clear]
            right.append(np.average(best, weights=own.sizes[clear]))
    found = {
        "recordings": name, "number": str(len(heard)), "stems": str(len(first)),
        "first name right": f"{np.mean(first):.0%}", "among three": f"{np.mean(three):.0%}",
        "notes nearest to their own": f"{np.mean(right):.0%}",
    }  # fmt: skip
    told = ", ".join(f"{n:g}: {np.mean(values):.2f}" for n, values in surprise.items())
    print(*found.values(), f"surprise by independent notes {told}")
    return found


def main() -> None:
    """Learn, report and save."""
    quick = ["--train", "{items}", "--check", "{items}", "--cache", "{scratch}/cache"]
    quick += ["--out", "{scratch}/library.npz", "--jobs", "1"]
    parser = Script(__doc__, quick, results=True)
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
    tables = [report("train (learned from)", train, profiles)]
    for folder in args.check:
        tables.append(report(folder.name, lessons([folder], args.cache, args.jobs), profiles))
    if args.results:
        rows = [list(tables[0]), *(list(table.values()) for table in tables)]
        names = ", ".join(profiles.names)
        known = f"It has {len(profiles.names)} instruments: {names}."
        write_table(args.results, "library", rows, known)
        values = {"instruments": len(profiles.names), "kB": args.out.stat().st_size / 1000}
        for table in tables:
            name = table["recordings"].partition(" ")[0]
            for what in ("first name right", "among three"):
                values[f"{name} {what}"] = float(table[what].rstrip("%"))
        data = ", ".join(f"{table['recordings']}: {table['number']}" for table in tables)
        write_values(args.results, "library", data, values)


if __name__ == "__main__":
    main()
