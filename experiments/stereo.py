"""Make items of two channels: the stems of others, panned apart by their level alone.

    python experiments/stereo.py FOLDER --out FOLDER [--law linear] [--gap 15 90] [--items PATTERN]

Each item's stems are mixed to one channel and put at angles between left (0 degrees) and right (90)
that are drawn at random, neighbours within the gap. In the case "pair" two players are at one
angle, in the case "wide" the first is heard from everywhere. What the mixture has beside its stems
stays in the middle. The items that come out are read by `run.py`, whose variants `stereo` are to be
compared on them.
"""

import json
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from items import Item, item_folders, read_item
from numpy.typing import NDArray
from scipy.signal import oaconvolve
from script import Script

from musisep.io import files

Floats = NDArray[np.float64]

LAWS = ("linear", "power")
CASES = ("apart", "pair", "wide")
WIDTH_S = 0.05
"""Length of the filters that spread a player; their noise falls to 1/e in a fifth of it."""
TRIES = 100_000


def gains(angles_deg: Floats, law: str) -> Floats:
    """Return the gains [player, channel]: of sum 1 for "linear", of energy 1 for "power"."""
    pairs = np.stack([np.cos(np.radians(angles_deg)), np.sin(np.radians(angles_deg))], axis=1)
    return pairs / pairs.sum(axis=1, keepdims=True) if law == "linear" else pairs


def draw_angles(rng: np.random.Generator, players: int, gap_deg: Sequence[float]) -> Floats:
    """Draw angles in degrees, in any order, whose neighbours are `gap_deg` (least, most) apart."""
    for _ in range(TRIES):
        angles = rng.uniform(0, 90, players)
        gaps = np.diff(np.sort(angles))
        if gaps.min() >= gap_deg[0] and gaps.max() <= gap_deg[1]:
            return angles
    raise ValueError(f"gap={gap_deg} leaves no room for {players} players")


def panned(item: Item, angles_deg: Floats, law: str) -> Item:
    """Return the item with its stems at angles in degrees, in two channels."""
    stems = item.stems.mean(axis=1)
    rest = item.mixture.mean(axis=0) - stems.sum(axis=0)
    placed = gains(angles_deg, law)[:, :, None] * stems[:, None]
    middle = gains(np.array([45.0]), law)[0][:, None]
    mixture = placed.sum(axis=0) + middle * rest
    return item._replace(mixture=mixture, stems=placed)


def spread(item: Item, rng: np.random.Generator) -> Item:
    """Return an item of two channels with its first player spread wide: a filter for each."""
    size = round(WIDTH_S * item.sample_rate)
    filters = rng.normal(size=(2, size)) * np.exp(-5 * np.arange(size) / size)
    filters /= np.linalg.norm(filters)
    first = item.stems[0]
    wide = oaconvolve(filters, first.sum(axis=0, keepdims=True), axes=1)[:, : first.shape[1]]
    stems = np.concatenate([wide[None], item.stems[1:]])
    return item._replace(mixture=item.mixture - first + stems[0], stems=stems)


def write_item(item: Item, folder: Path) -> None:
    """Write an item, scaled so that nothing is clipped."""
    folder.mkdir(parents=True, exist_ok=True)
    signals = dict(zip(["mix", *item.instruments], [item.mixture, *item.stems], strict=True))
    gain = files.headroom_gain(list(signals.values()), "PCM_24")
    for name, signal in signals.items():
        files.write(folder / f"{name}.flac", gain * signal, item.sample_rate, subtype="PCM_24")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the items; return 0."""
    parser = Script(__doc__, ["{items}", "--out", "{scratch}"])
    parser.add_argument("folder", type=Path, help="of items")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--law", choices=LAWS, default="linear", help="(default: %(default)s)")
    parser.add_argument("--gap", nargs=2, type=float, default=(15.0, 90.0), metavar="DEGREES")
    parser.add_argument("--case", choices=CASES, default="apart", help="(default: %(default)s)")
    parser.add_argument("--items", nargs="+", default=["*"], help="names, may have wildcards")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    rng = np.random.default_rng(args.seed)
    for folder in item_folders(args.folder):
        if any(fnmatchcase(folder.name, name) for name in args.items):
            item = read_item(folder)
            angles = draw_angles(rng, len(item.stems), args.gap)
            if args.case == "pair":
                angles[1] = angles[0]
            made = panned(item, angles, args.law)
            write_item(spread(made, rng) if args.case == "wide" else made, args.out / folder.name)
            placed = dict(zip(item.instruments, angles.round(1).tolist(), strict=True))
            (args.out / folder.name / "angles.json").write_text(json.dumps(placed) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
