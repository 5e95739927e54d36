"""Fit how many instruments play to recordings with true stems and scores, and try it on others.

    python experiments/e16_counting.py --train FOLDER --check FOLDER --cache CACHE
        [--solos 70] [--report FOLDER ...] [--out counting.npz] [--seed 0]

The items (see items.py) need a ``score.json`` each. Solos are made of single stems of them, most
with noise. Notes are found as `musisep.learning.counted` finds them. Two models are fitted by
logistic regression with shrinkage:

* whether somebody plays a note, that is, whether the score has it for `PLAYED` of its length;
* how many instruments there are, from `musisep.notes.counting.features` of the notes that somebody
  seems to play. Each number of instruments has its share `SHARES` of the weights.

It is printed how many are found of each number, by cross-validation on `train` (of the second
model) and on `check`, and how often a certainty is right. ``counting.npz`` belongs to
``musisep/notes/``.
"""

import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from items import Floats, item_folders, read_item
from joblib import Memory, Parallel, delayed
from numpy.typing import NDArray
from owners import EARLY_S, LATE_S, NEAR_SEMITONES
from scipy.optimize import minimize
from script import Script

from musisep._util.limits import MOST_COUNTED
from musisep.audio.sides import sides_on
from musisep.learning.counted import CountingLearner
from musisep.notes.counting import FEATURES, TextureCounting, Textures, features, from_arrays
from musisep.notes.players import inputs, semitones, sizes, spans
from musisep.notes.tracking import Notes
from musisep.settings import Settings
from musisep.stages import make_stages
from musisep.tones.model import ToneModel

PLAYED = 0.4
"""A note is played if the score has it for this share of its length."""
NOISES_DB = (None, -60, -50, -40, -30)
"""Level of the noise that is added to a solo, relative to it; one is drawn."""
SHARES = np.array([0.1, 0.5, 0.25, 0.15])
"""Of one to four instruments in the second fit: duos are what is asked for most."""
SHRINKAGE = 1e-4, 1.0
"""Half the sum of squares of the factors of standardised features counts as so many surprises, by
note in the first fit."""
FOLDS = 8
PARTS = (0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Limits of the certainty in the table."""


class Recording(NamedTuple):
    """Notes of an item, what the loudest tones leave; whether somebody plays each; how many do."""

    name: str
    notes: Notes
    left: Floats
    played: NDArray[np.bool_] | None
    number: int


def recording(folder: Path, solo: bool = False, seed: int = 0) -> Recording:
    """Find the notes of an item, or of one of its stems."""
    item = read_item(folder)
    stages = make_stages(Settings(instruments="auto"))
    learner = stages.learner
    assert isinstance(learner, CountingLearner)
    mixture, notes_of = item.mixture, item.notes
    if solo:
        rng = np.random.default_rng(zlib.crc32(item.name.encode()) + seed)
        stem = rng.integers(len(item.stems))
        mixture, notes_of = item.stems[stem], [item.notes[stem]]
        if (level := rng.choice(NOISES_DB)) is not None:
            noise = np.sqrt(np.mean(mixture**2)) * 10 ** (level / 20)
            mixture = mixture + noise * rng.standard_normal(mixture.shape)
    frames, _, grid = stages.front_end(mixture, item.sample_rate)
    sides = sides_on(grid, mixture)
    _, notes, left = learner.listen(frames, ToneModel.on(grid), lambda: None, sides)
    played = None if notes_of is None else in_scores(notes, notes_of)
    return Recording(item.name, notes, left, played, 1 if solo else len(item.stems))


def in_scores(notes: Notes, scores: Sequence[Floats]) -> NDArray[np.bool_]:
    """Tell which notes the score of a stem has for long enough."""
    onset, end = spans(notes)
    pitch, covered = semitones(notes) + 60, np.zeros((len(scores), onset.size))
    for own, score in zip(covered, scores, strict=True):
        for begin, stop, midi in score:
            common = np.minimum(end, stop + LATE_S) - np.maximum(onset, begin - EARLY_S)
            own += np.where(np.abs(pitch - midi) < NEAR_SEMITONES, np.maximum(common, 0), 0)
    return (covered >= PLAYED * (end - onset)).any(axis=0)


def standardised(rows: Floats) -> tuple[Floats, Floats, Floats]:
    """Return rows with means 0 and deviations 1, the means, and the deviations."""
    means, deviations = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-9)
    return (rows - means) / deviations, means, deviations


def logistic(
    rows: Floats,
    classes: NDArray[np.int64],
    weights: Floats,
    shrinkage: float,
    number: int | None = None,
):
    """Return factors [feature, class] and constants [class] of highest likelihood.

    `number` is that of the classes, some of which may have no row; by default that of the rows'.
    """
    told, means, deviations = standardised(rows)
    number = number or int(classes.max()) + 1
    one_hot = np.eye(number)[classes]

    def surprise(parameters: Floats) -> tuple[float, Floats]:
        own = parameters.reshape(-1, number)
        odds = told @ own[:-1] + own[-1]
        odds -= odds.max(axis=1, keepdims=True)
        total = np.log(np.exp(odds).sum(axis=1, keepdims=True))
        error = (np.exp(odds - total) - one_hot) * weights[:, None]
        value = np.sum(weights * (total[:, 0] - (odds * one_hot).sum(axis=1)))
        gradient = np.vstack((told.T @ error + shrinkage * own[:-1], error.sum(axis=0)))
        return value + 0.5 * shrinkage * np.sum(own[:-1] ** 2), gradient.ravel()

    start = np.zeros((told.shape[1] + 1) * number)
    own = minimize(surprise, start, jac=True, method="L-BFGS-B").x.reshape(-1, number)
    factors = own[:-1] / deviations[:, None]
    return factors, own[-1] - means @ factors


def fit_played(recordings: Sequence[Recording]) -> tuple[Floats, float]:
    """Fit whether somebody plays a note."""
    rows = np.vstack([inputs(own.notes) for own in recordings])
    played = np.concatenate([own.played for own in recordings]).astype(np.int64)
    weights = np.concatenate([sizes(own.notes) for own in recordings])
    factors, constants = logistic(rows, played, weights, SHRINKAGE[0] * len(rows))
    return factors[:, 1] - factors[:, 0], float(constants[1] - constants[0])


def told(own: Recording, played: Floats, bias: float) -> Floats:
    """Return the features of a recording."""
    counting = TextureCounting()
    return features(
        own.notes.chosen(inputs(own.notes) @ played + bias > 0), own.left, counting.restarts
    )


def fit_numbers(rows: Floats, numbers: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Fit how many instruments there are."""
    counts = np.bincount(numbers - 1, minlength=MOST_COUNTED)
    weights = (SHARES / np.maximum(counts, 1) * len(rows))[numbers - 1]
    return logistic(rows, numbers - 1, weights, SHRINKAGE[1], MOST_COUNTED)


def cross_validated(rows: Floats, numbers: NDArray[np.int64], seed: int = 0) -> Floats:
    """Return probabilities [recording, number] by models that do not know the recording."""
    result = np.zeros((len(rows), MOST_COUNTED))
    fold = np.random.default_rng(seed).permutation(len(rows)) % FOLDS
    for part in range(FOLDS):
        factors, constants = fit_numbers(rows[fold != part], numbers[fold != part])
        odds = rows[fold == part] @ factors + constants
        odds = np.exp(odds - odds.max(axis=1, keepdims=True))
        result[fold == part] = odds / odds.sum(axis=1, keepdims=True)
    return result


def report(name: str, probabilities: Floats, numbers: NDArray[np.int64]) -> None:
    """Print how many are found of each number, and how often a certainty is right."""
    found, sure = probabilities.argmax(axis=1) + 1, probabilities.max(axis=1)
    table = np.zeros((numbers.max(), MOST_COUNTED), np.int64)
    np.add.at(table, (numbers - 1, found - 1), 1)
    each = [np.mean(found[numbers == number] == number) for number in np.unique(numbers)]
    print(f"{name}: {numbers.size} recordings, right {np.mean(found == numbers):.1%}, "
          f"within one {np.mean(np.abs(found - numbers) <= 1):.1%}, "
          f"mean of the numbers {np.mean(each):.1%}")  # fmt: skip
    for number, row in enumerate(table, 1):
        if row.any():
            print(f"  {number}: found {' '.join(f'{count:4d}' for count in row)}")
    for low, high in pairwise(PARTS):
        some = (sure >= low) & (sure < high + (high == 1))
        if some.any():
            right = np.mean(found[some] == numbers[some])
            print(f"  certainty {low:.1f} to {high:.1f}: {some.sum():3d}, mean "
                  f"{sure[some].mean():.2f}, right {right:.0%}")  # fmt: skip


def tried(recordings: Sequence[Recording], textures: Textures) -> tuple[Floats, NDArray[np.int64]]:
    """Return probabilities [recording, number] and true numbers."""
    counting = TextureCounting(textures)
    found = [counting(own.notes, own.left).probabilities for own in recordings]
    return np.array(found), np.array([own.number for own in recordings])


def fit(recordings: Sequence[Recording], seed: int = 0) -> dict[str, Floats]:
    """Fit both models, print how they do by cross-validation, and return the arrays of the file."""
    played, bias = fit_played(recordings)
    rows = np.array([told(own, played, bias) for own in recordings])
    numbers = np.array([own.number for own in recordings])
    report("train, cross-validated", cross_validated(rows, numbers, seed), numbers)
    factors, constants = fit_numbers(rows, numbers)
    assert factors.shape == (len(FEATURES), MOST_COUNTED)
    return {
        "played": played, "played_bias": np.array(bias), "factors": factors, "constants": constants,
    }  # fmt: skip


def main() -> None:
    """Fit, report and save."""
    quick = ["--train", "{items}", "--check", "{items}", "--cache", "{scratch}/cache"]
    quick += ["--out", "{scratch}/counting.npz", "--solos", "1", "--jobs", "1"]
    parser = Script(__doc__, quick, seed=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--check", type=Path, required=True)
    parser.add_argument("--report", type=Path, nargs="*", default=[])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--solos", type=int, default=70, help="of train; a third of these of check")
    parser.add_argument("--out", type=Path, default=Path("counting.npz"))
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    kept = Memory(args.cache, verbose=0).cache(recording)

    def recordings(folder: Path, solos: int = 0) -> list[Recording]:
        folders = item_folders(folder)
        wanted = [(one, False) for one in folders]
        wanted += [(one, True, args.seed) for one in folders[:solos]]
        return Parallel(args.jobs)(delayed(kept)(*one) for one in wanted)

    train = recordings(args.train, args.solos)
    arrays = fit(train, args.seed)
    source = f"e16_counting.py on {len(train)} rendered recordings of the part train, version 1"
    np.savez_compressed(args.out, source=np.array(source), **arrays)
    textures = from_arrays(arrays)
    report("check", *tried(recordings(args.check, args.solos // 3), textures))
    for folder in args.report:
        report(folder.name, *tried(recordings(folder), textures))


if __name__ == "__main__":
    main()
