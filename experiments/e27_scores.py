"""Measure what a score is worth: exact, in another tempo and tuning, with wrong notes.

    python experiments/e27_scores.py FOLDER ... [--items NAME ...] [--most 50] [--seed 0]
        [--results FOLDER]

Items (see items.py) are separated blindly, with their score, and with scores that were changed:

* **rough**: 0.8 or 1.2 times as fast, in turn, with rubato (each two seconds another tempo, of a
  standard deviation of 10 %), 0.7 s late, and 30 cents lower;
* **wrong**: the same, and of its notes 10 % are at another pitch, up to a fifth away, and 10 % are
  missing.

The notes of items without a score are those of their stems, as they are found in each alone.
Printed is the mean SDR over stems in dB, of each item and of all of a folder.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from items import Floats, Item, item_folders, read_item
from results import write_table, write_values
from script import Script

import musisep
from musisep.metrics.table import measure_table
from musisep.scores import Score, note_table
from musisep.scores.score import chosen, in_order

TEMPI, RUBATO, KNOT_S = (0.8, 1.2), 0.1, 2.0
LATE_S, CENTS = 0.7, -30.0
WRONG, MISSING = 0.1, 0.1
FAR_SEMITONES = 7


def exact(item: Item) -> Score:
    """Return the score of an item or, without one, the notes of its stems."""
    if item.notes is None:
        return heard(item.stems, item.sample_rate, item.instruments)
    rows = [(*note, number) for number, notes in enumerate(item.notes) for note in notes]
    onset_s, offset_s, midi, number = np.array(rows).T
    f0_hz = 440 * 2 ** ((midi - 69) / 12)
    return Score(note_table(onset_s, offset_s, f0_hz, number.astype(int)), tuple(item.instruments))


def heard(stems: Floats, sample_rate: int, names: Sequence[str]) -> Score:
    """Return the notes that are found in each stem alone, [instrument, ..., sample], as a score."""
    tables = []
    for number, stem in enumerate(stems):
        alone = musisep.separate(stem, sample_rate, instruments=1).notes
        alone.instrument = number
        tables.append(alone)
    return Score(in_order(*tables), tuple(names))


def rough(score: Score, seed: int) -> Score:
    """Return a score in another tempo and tuning."""
    rng, notes = np.random.default_rng(seed), score.notes.copy()
    end_s = float(notes.offset_s.max()) + KNOT_S
    knots_s = np.arange(0, end_s + KNOT_S, KNOT_S)
    rates = TEMPI[seed % 2] * np.exp(RUBATO * rng.standard_normal(knots_s.size))
    times_s = np.arange(0, end_s, 0.01)
    played_s = LATE_S + 0.01 * np.cumsum(np.interp(times_s, knots_s, rates))
    for name in ("onset_s", "offset_s"):
        notes[name] = np.interp(notes[name], times_s, played_s)
    notes.f0_hz *= 2 ** (CENTS / 1200)
    return Score(notes, score.names)


def wrong(score: Score, seed: int) -> Score:
    """Return a score of which some notes are wrong and some are missing."""
    rng, notes = np.random.default_rng(seed), score.notes.copy()
    order = rng.permutation(len(notes))
    bad, gone = np.split(
        order[: round((WRONG + MISSING) * len(notes))], [round(WRONG * len(notes))]
    )
    steps = rng.integers(1, FAR_SEMITONES, bad.size, endpoint=True) * rng.choice((-1, 1), bad.size)
    notes.f0_hz[bad] *= 2 ** (steps / 12)
    return Score(chosen(notes, ~np.isin(np.arange(len(notes)), gone)), score.names)


def sdr(item: Item, score: Score | None, seed: int = 0) -> float:
    """Return the mean SDR of an item, separated with a score or blindly, in dB."""
    separation = musisep.separate(
        item.mixture, item.sample_rate, instruments=len(item.stems), score=score, seed=seed
    )
    rows = measure_table(item.instruments, item.stems, np.asarray(separation.stems))
    return float(np.mean([row.sdr for row in rows[: len(item.stems)]]))


SCORES: dict[str, Callable[[Score, int], Score | None]] = {
    "blind": lambda score, seed: None,
    "exact": lambda score, seed: score,
    "rough": rough,
    "wrong": lambda score, seed: rough(wrong(score, seed), seed),
}
"""What is given, by name."""


def main() -> None:
    """Separate the items and print what scores give."""
    parser = Script(__doc__, ["{items}", "--most", "1"], seed=True, results=True)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--items", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--most", type=int, metavar="N", help="items of a folder")
    args = parser.parse_args()
    table = [["items", *SCORES]]
    data: list[str] = []
    reached: dict[str, float] = {}
    for folder in args.folders:
        paths = [path for path in item_folders(folder) if not args.items or path.name in args.items]
        values = []
        for seed, path in enumerate(paths[: args.most], args.seed):
            item = read_item(path)
            score = exact(item)
            values.append([sdr(item, change(score, seed), args.seed) for change in SCORES.values()])
            print(item.name, *(f"{value:6.2f}" for value in values[-1]), flush=True)
        means = np.mean(values, axis=0)
        table.append([f"{folder.name} ({len(values)})", *(f"{mean:.2f}" for mean in means)])
        data.append(f"{folder.name} ({len(values)} items)")
        named = zip(SCORES, means, strict=True)
        reached |= {f"{folder.name} {name}": float(mean) for name, mean in named}
    print(*("  ".join(row) for row in table), sep="\n")
    if args.results:
        write_table(args.results, "scores", table)
        write_values(args.results, "scores", ", ".join(data), reached)


if __name__ == "__main__":
    main()
