"""Count how often blind stems are called what they are.

    python experiments/e24_naming.py FOLDER ... [--most 50] [--seed 0] [--results FOLDER]

Items (see items.py) are separated with the number of their instruments; each stem belongs to the
true one that `musisep.metrics.bss_eval` assigns it to. Counted are stems of which that one has a
name that the library knows: whether it is the first of `musisep.Separation.likenesses`, and among
the three; of all, and of those that are above 5 dB.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from items import Floats, item_folders, read_item
from joblib import Parallel, delayed
from results import write_table, write_values
from script import Script

import musisep
from musisep.instruments import library
from musisep.metrics import bss_eval
from musisep.names import canonical, members

GOOD_DB = 5.0


def named(folder: Path, seed: int = 0) -> list[tuple[bool, bool, float]]:
    """Return of each stem whether the first name is right, one of three is, and its SDR in dB."""
    item = read_item(folder)
    found = musisep.separate(item.mixture, item.sample_rate, instruments=len(item.stems), seed=seed)
    measured = bss_eval(item.stems, np.asarray(found.stems))
    result = []
    for name, stem, sdr in zip(item.instruments, measured.permutation, measured.sdr, strict=True):
        meant = set(members(canonical(name))) & set(library().names)
        called = [like.name for like in found.likenesses[stem]]
        if meant:
            result.append((bool(meant & set(called[:1])), bool(meant & set(called)), float(sdr)))
    return result


def rows(name: str, stems: Floats) -> Iterator[list[str]]:
    """Yield a row of all stems (stem, 3), and one of those that are good."""
    good = stems[stems[:, 2] >= GOOD_DB]
    for kind, own in (("all", stems), (f"above {GOOD_DB:g} dB", good)):
        if len(own):
            yield [name, kind, str(len(own)), f"{own[:, 0].mean():.0%}", f"{own[:, 1].mean():.0%}"]


def main() -> None:
    """Print the table, and write it."""
    parser = Script(__doc__, ["{items}", "--most", "2", "--jobs", "1"], seed=True, results=True)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--most", type=int, help="items of a folder (default: all)")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    table = [["recordings", "stems", "number", "first name right", "among three"]]
    data: list[str] = []
    values: dict[str, float] = {}
    for folder in args.folders:
        items = item_folders(folder)[: args.most]
        found = Parallel(args.jobs)(delayed(named)(item, args.seed) for item in items)
        stems = np.array([stem for own in found for stem in own], dtype=float).reshape(-1, 3)
        table += rows(folder.name, stems)
        data.append(f"{folder.name} ({len(items)} items)")
        first, three, _ = stems.mean(axis=0) if len(stems) else np.full(3, np.nan)
        values |= {f"{folder.name} first": 100 * first, f"{folder.name} three": 100 * three}
    print(*("  ".join(row) for row in table), sep="\n")
    if args.results:
        write_table(args.results, "naming", table)
        write_values(args.results, "naming", ", ".join(data), values)


if __name__ == "__main__":
    main()
