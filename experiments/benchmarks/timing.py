"""Timing of calls that take turns."""

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

SHORTEST_S = 0.01
"""Calls are repeated until they took so long."""
LONG_S, FEW_ROUNDS = 2.0, 3
"""A candidate that takes longer than this runs in so many rounds only."""
PAUSE_S = 0.05
"""Threads of BLAS and OpenMP libraries spin for up to 30 ms after their last call, and would slow
down whoever comes next."""


def seconds(function: Callable[[], object]) -> float:
    """Time a call; short ones are repeated."""
    number, begin = 0, time.perf_counter()
    while number == 0 or time.perf_counter() - begin < SHORTEST_S:
        function()
        number += 1
    return (time.perf_counter() - begin) / number


def in_turn(
    candidates: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, NDArray[np.float64]]:
    """Time each candidate once in every round, after a first call that does not count.

    Parameters
    ----------
    candidates : mapping of functions
    rounds : int > 0

    Returns
    -------
    dict of array, shape (round,)
        Seconds; NaN in rounds that a slow candidate has sat out.
    """
    first = {name: seconds(function) for name, function in candidates.items()}
    times = {name: np.full(rounds, np.nan) for name in candidates}
    for turn in range(rounds):
        for name, function in candidates.items():
            if turn < FEW_ROUNDS or first[name] < LONG_S:
                time.sleep(PAUSE_S)
                times[name][turn] = seconds(function)
    return times
