"""Compare a model of other recordings with the library of instruments, and with no names at all.

    python experiments/e22_model.py FOLDER [--base library] [--mixtures 0] [--cache CACHE]
        [--most N] [--seed 0] [--results FOLDER]

Items are folders with ``mix.flac`` and the true stems (see items.py). For each of them a model is
learned from the stems of all others, and the item is separated blind, by the names of its
instruments with the library, and by names with the model. Instruments that no other item has are
those of the library (`musisep.instruments.Profiles.completed`); "*" marks an item with one of them.
Printed is the mean SDR of each item (`musisep.metrics.windows.evaluate`, a gain for each stem), of
blind stems in their best order, of named ones in that of their names; NaN if a name is not known.
The mean is that of items without NaN.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from items import Item, item_folders, read_item
from joblib import Memory
from results import write_values
from script import Script

import musisep
from musisep.datasets import Mixtures, Recording, Stem
from musisep.instruments import Lesson, ProfileFit, Profiles, library
from musisep.metrics.windows import evaluate
from musisep.models.config import BASES, LIBRARY, ModelConfig
from musisep.models.sources import Excerpt, Made, Source, hear
from musisep.names import GROUPS, canonical

LONGEST_S = 3600.0
COMPLETED = "*"
"""Of items with an instrument of the library."""


def recording(folder: Path) -> Recording:
    """Return an item as a recording."""
    stems = {path.stem: path for path in sorted(folder.glob("*.flac")) if path.stem != "mix"}
    return Recording(stems, folder / "mix.flac", folder.name)


def mixtures(others: Sequence[Recording], count: int) -> list[Source]:
    """Return mixtures that are made of the stems of recordings."""
    stems = [
        Stem(f"{one.name}/{name}", one.instruments[name], path)
        for one in others
        for name, path in one.references.items()
    ]
    made = Mixtures(stems, length_s=30, sample_rate=44100, count=max(1, count))
    return [Made(made, number) for number in range(count)]


def sdr(
    item: Item, instruments: int | Sequence[str], profiles: Profiles | None, seed: int = 0
) -> float:
    """Separate an item and return the mean SDR in dB."""
    found = musisep.separate(
        item.mixture, item.sample_rate, instruments=instruments, profiles=profiles, seed=seed
    )
    blind = isinstance(instruments, int)
    measures = evaluate(
        item.stems, np.asarray(found.stems), sample_rate=item.sample_rate, permute=blind
    )
    return float(np.mean(measures.whole["SDR"]))


def knows(profiles: Profiles, names: Sequence[str]) -> bool:
    """Tell whether all instruments are known."""
    return all(name in (*profiles.names, *GROUPS) for name in map(canonical, names))


def main() -> None:
    """Print the table."""
    parser = Script(__doc__, quick=["{items}", "--most", "1"], seed=True, results=True)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--base", choices=BASES, default=LIBRARY)
    parser.add_argument("--mixtures", type=int, default=0, metavar="N")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--most", type=int, metavar="N", help="the first items (default: all)")
    args = parser.parse_args()
    memory, config = Memory(args.cache, verbose=0), ModelConfig()
    heard, measured = memory.cache(hear), memory.cache(sdr)
    recordings = [recording(folder) for folder in item_folders(args.folder)]
    own: dict[str, Lesson] = {
        one.name: heard(Excerpt(one, 0.0, LONGEST_S), config) for one in recordings
    }
    base = library() if args.base == LIBRARY else None
    rows = []
    print(f"{'item':12}{'instruments':24}{'blind':>8}{'library':>9}{'model':>8}")
    for one in recordings[: args.most]:
        others = [other for other in recordings if other is not one]
        lessons = [own[other.name] for other in others]
        lessons += [heard(source, config) for source in mixtures(others, args.mixtures)]
        model = ProfileFit()(lessons, base)
        item = read_item(args.folder / one.name)
        names = tuple(one.instruments[name] for name in item.instruments)
        profiles = library(), model.completed(library())
        named = [
            measured(item, names, own, args.seed) if knows(own, names) else np.nan
            for own in profiles
        ]
        row = measured(item, len(names), None, args.seed), *named
        rows.append(row)
        known = set(names) <= set(model.names)
        numbers = "".join(f"{value:8.1f}" for value in row) + COMPLETED * (not known)
        print(f"{one.name:12}{', '.join(names):24}{numbers}", flush=True)
    known_to_all = np.array(rows)[~np.isnan(rows).any(axis=1)]
    means = known_to_all.mean(axis=0)
    print(f"{'mean':36}" + "".join(f"{value:8.1f}" for value in means))
    if args.results:
        values = dict(zip(("blind", "library", "model"), means.tolist(), strict=True))
        data = f"{len(known_to_all)} items of {args.folder.name}"
        write_values(args.results, "model", data, values)


if __name__ == "__main__":
    main()
