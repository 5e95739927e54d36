"""Fit the curve of `musisep.confidence` to recordings with known stems.

    python experiments/run.py default --folders TRAIN --out train.csv
    python experiments/e15_confidence.py train.csv

Each stem of each cell is an observation: whether its SDR is above `GOOD_DB`, given its certainty,
the number of instruments and what is left unexplained. The log odds are linear in these (in the log
odds of the certainty); logistic regression with a little shrinkage. Print the constant and factors.
Then ``protocol.py check.csv --tables confidence`` tells how it does on others.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from cells import Row, read_results
from scipy.optimize import minimize
from script import Script

from musisep.confidence import GOOD_DB, HIGHEST
from musisep.tones.peaks import Floats

SHRINKAGE = 0.5
"""Half the sum of squares of the factors counts as so many surprises."""


def observations(rows: Sequence[Row]) -> tuple[Floats, Floats]:
    """Return what the curve is told, (stem, 4), and whether stems are good, (stem,)."""
    told, good = [], []
    for row in rows:
        if row["error"] or not row["certainties"]:
            continue
        certainties, measures = (
            np.array(row[name].split(";"), np.float64) for name in ("certainties", "sdr")
        )
        limited = np.clip(certainties, 1 - HIGHEST, HIGHEST)
        for sure, sdr in zip(np.log(limited / (1 - limited)), measures, strict=True):
            told.append([1.0, sure, len(measures) - 2.0, float(row["unexplained"])])
            good.append(sdr > GOOD_DB)
    return np.array(told), np.array(good, np.float64)


def curve(told: Floats, good: Floats) -> Floats:
    """Return the constant and the factors of highest likelihood."""

    def surprise(factors: Floats) -> float:
        signed = (2 * good - 1) * (told @ factors)
        return float(np.logaddexp(0, -signed).sum() + 0.5 * SHRINKAGE * np.sum(factors[1:] ** 2))

    return np.asarray(minimize(surprise, np.zeros(told.shape[1])).x)


def main() -> None:
    """Print the curve."""
    parser = Script(__doc__, quick=["{cells}"])
    parser.add_argument("results", nargs="+", type=Path)
    told, good = observations(
        [row for path in parser.parse_args().results for row in read_results(path)]
    )
    factors = curve(told, good).round(3)
    print(f"{len(good)} stems, {good.mean():.0%} good; CURVE = {tuple(factors.tolist())}")


if __name__ == "__main__":
    main()
