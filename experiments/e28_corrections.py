"""Measure what corrections of notes are worth, the largest wrong notes first.

    python experiments/e28_corrections.py FOLDER ... [--worst 10] [--out CSV] [--seed 0]
        [--results FOLDER]

FOLDER holds items with a score (see items.py). The items are separated blindly, and those of the
lowest SDR are corrected: an oracle, which knows the score, gives wrong notes to their instruments,
deletes those that nobody plays and adds missing ones, the loudest and longest first. After each
round the recording is separated anew with all corrections so far, as ``musisep correct`` does it.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from items import Floats, Item, item_folders, read_item
from results import write_table, write_values
from script import Script

import musisep
from musisep.metrics.table import measure_table
from musisep.scores import NOBODY, NoteTable, Score, note_table
from musisep.scores.corrections import joined
from musisep.scores.score import chosen, in_order

ROUNDS = (1, 2, 3, 4)
"""Corrections of each round: ten in all."""
NEAR_SEMITONES, LEAST_SHARE, MOST_SHARE = 0.6, 0.3, 0.6
"""A found note is one of the score that is so near, and sounds for at least this share of it. It is
given to another stem that sounds for the second share; what is between is left as it is."""


class Correction(NamedTuple):
    """A note as it is, and how large the fault is: seconds times amplitude."""

    size: float
    note: tuple[float, float, float, int]


def true_notes(item: Item) -> NoteTable:
    """Return the notes of the score, with the levels of the stems while they sound."""
    rows = []
    for number, (notes, stem) in enumerate(zip(item.notes or (), item.stems, strict=True)):
        for onset_s, offset_s, midi in notes:
            part = stem[:, round(onset_s * item.sample_rate) : round(offset_s * item.sample_rate)]
            level = float(np.sqrt(np.mean(part**2))) if part.size else 0.0
            level_db = 20 * np.log10(max(level, 1e-9))
            rows.append((onset_s, offset_s, 440 * 2 ** ((midi - 69) / 12), level_db, number))
    onset_s, offset_s, f0_hz, level_db, number = np.array(rows).T
    return note_table(onset_s, offset_s, f0_hz, number.astype(int), level_db=level_db)


def overlaps(note: np.record, others: NoteTable) -> Floats:
    """Return the shares of a note in which others at its pitch sound."""
    common = np.minimum(note.offset_s, others.offset_s) - np.maximum(note.onset_s, others.onset_s)
    near = np.abs(12 * np.log2(others.f0_hz / note.f0_hz)) < NEAR_SEMITONES
    return np.where(near, np.maximum(common, 0), 0) / (note.offset_s - note.onset_s)


def faults(found: NoteTable, true: NoteTable, owners: list[int]) -> list[Correction]:
    """Return what is wrong with the notes that were found, the largest first.

    Parameters
    ----------
    found, true : recarray
    owners : list of int
        The stem that each player has.
    """
    wrong = []
    for note in found:
        by_stem = np.bincount(
            [owners[k] for k in true.instrument], overlaps(note, true), len(owners)
        )
        owner = int(by_stem.argmax())
        if by_stem.max() < LEAST_SHARE:
            wrong.append(Correction(size(note), (*note.tolist()[:3], NOBODY)))
        elif by_stem[note.instrument] < LEAST_SHARE and by_stem[owner] >= MOST_SHARE:
            wrong.append(Correction(size(note), (*note.tolist()[:3], owner)))
    for note in true:
        if overlaps(note, found).sum() < LEAST_SHARE:
            owner = owners[note.instrument]
            wrong.append(Correction(size(note), (*note.tolist()[:3], owner)))
    return sorted(wrong, key=lambda one: -one.size)


def edit(notes: NoteTable, corrections: NoteTable) -> NoteTable:
    """Return notes as a user has them after corrections: what was corrected is replaced."""
    corrected = set(zip(corrections.onset_s, corrections.f0_hz, strict=True))
    kept = [key not in corrected for key in zip(notes.onset_s, notes.f0_hz, strict=True)]
    played = chosen(corrections, corrections.instrument != NOBODY)
    return in_order(chosen(notes, np.array(kept, np.bool_)), played)


def size(note: np.record) -> float:
    """Return how much a note matters: seconds times amplitude."""
    return float((note.offset_s - note.onset_s) * 10 ** (note.level_db / 20))


def corrected(item: Item, seed: int = 0) -> Iterator[tuple[int, float]]:
    """Yield how many corrections were made, and the mean SDR in dB, round by round."""
    number, true = len(item.stems), true_notes(item)
    separation = musisep.separate(item.mixture, item.sample_rate, instruments=number, seed=seed)
    found, owners, sdr = separation.score, *judged(item, separation)
    yield 0, sdr
    done, given = 0, Score(separation.notes[:0], found.names)
    for several in ROUNDS:
        new = faults(separation.notes, true, owners)[:several]
        if not new:
            return
        columns = map(np.array, zip(*(one.note for one in new), strict=True))
        added = Score(note_table(*columns), found.names)
        given, edited = joined(given, added), Score(edit(found.notes, added.notes), found.names)
        separation = musisep.separate(
            item.mixture, item.sample_rate, instruments=number, corrections=given, edited=edited,
            seed=seed,
        )  # fmt: skip
        found, done = separation.score, done + len(new)
        yield done, judged(item, separation)[1]


def judged(item: Item, separation: musisep.Separation) -> tuple[list[int], float]:
    """Return the stem of each player, and the mean SDR in dB."""
    rows = measure_table(item.instruments, item.stems, np.asarray(separation.stems))
    rows = rows[: len(item.stems)]
    return [int(row.stem or 0) for row in rows], float(np.mean([row.sdr for row in rows]))


def worst(folders: list[Path], number: int, seed: int = 0) -> list[Path]:
    """Return the folders of the items whose mean SDR is lowest without help."""
    sdrs = {}
    for folder in folders:
        item = read_item(folder)
        blind = musisep.separate(
            item.mixture, item.sample_rate, instruments=len(item.stems), seed=seed
        )
        sdrs[folder] = judged(item, blind)[1]
    return sorted(folders, key=lambda folder: sdrs[folder])[:number]


def curve_table(path: Path) -> list[list[str]]:
    """Return the SDR of each item over corrections, and the mean, as text.

    An item in which nothing is wrong any more keeps its last value.
    """
    numbers = np.concatenate(([0], np.cumsum(ROUNDS)))
    curves: dict[str, dict[int, float]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            curves.setdefault(row["item"], {})[int(row["corrections"])] = float(row["sdr_db"])
    values = np.array([
        [own[max(known for known in own if known <= number)] for number in numbers]
        for own in curves.values()
    ])  # fmt: skip
    rows = [["mean", *(f"{mean:.1f}" for mean in values.mean(axis=0))]]
    rows += [
        [name, *(f"{value:.1f}" for value in own)] for name, own in zip(curves, values, strict=True)
    ]
    return [["corrections", *map(str, numbers)], *rows]


def main() -> None:
    """Correct the worst items and write the curve."""
    quick = ["{items}", "--items", "trio-1", "--out", "{scratch}/corrections.csv"]
    parser = Script(__doc__, quick, seed=True, results=True)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--items", nargs="+", metavar="NAME", help="instead of the worst ones")
    parser.add_argument("--worst", type=int, default=10, metavar="N")
    parser.add_argument("--out", type=Path, default=Path("corrections.csv"), metavar="CSV")
    args = parser.parse_args()
    folders = [path for folder in args.folders for path in item_folders(folder)]
    if args.items:
        folders = [path for path in folders if path.name in args.items]
    else:
        folders = worst(folders, args.worst, args.seed)
    with args.out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("item", "corrections", "sdr_db"))
        for folder in folders:
            item = read_item(folder)
            for number, sdr in corrected(item, args.seed):
                writer.writerow((item.name, number, f"{sdr:.3f}"))
                print(f"{item.name}  {number:2}  {sdr:6.2f} dB", flush=True)
    table = curve_table(args.out)
    print(*("  ".join(row) for row in table), sep="\n")
    if args.results:
        write_table(args.results, "corrections", table)
        numbers, means, *items = table
        values = dict(zip(numbers[1:], map(float, means[1:]), strict=True))
        names = ", ".join(folder.name for folder in args.folders)
        write_values(args.results, "corrections", f"{len(items)} items of {names}", values)


if __name__ == "__main__":
    main()
