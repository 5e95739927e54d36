"""Adam with bounds, under its documented name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep.dictsep.checks import checked, whole
from musisep.learning import adam_b

__all__ = ["Adam_B"]


class Adam_B(adam_b.Adam_B):  # noqa: D101
    __doc__ = adam_b.Adam_B.__doc__

    @checked
    def __init__(
        self,
        init: ArrayLike,
        lo: float = 0,
        hi: float = 1,
        alpha: float = 0.0001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-08,
    ) -> None:
        if lo > hi:
            raise ValueError(f"{lo=} must be at most {hi=}")
        super().__init__(init, lo, hi, alpha, beta1, beta2, eps)

    @checked
    def step(self, direction: ArrayLike) -> NDArray[np.float64]:
        """Take a step and return the new dictionary.

        Parameters
        ----------
        direction : array_like, shape (harmonic, instrument)
            Where to go: the negative gradient.

        Returns
        -------
        ndarray, shape (harmonic, instrument)

        Raises
        ------
        ValueError
            If its shape is not that of the dictionary.
        """
        if np.shape(direction) != self.value.shape:
            raise ValueError(f"direction.shape={np.shape(direction)} must be {self.value.shape}")
        return super().step(direction)

    def reset(self, i: Any) -> None:
        """Start a column afresh: forget its moments and its steps.

        Parameters
        ----------
        i : int
            Number of the column.

        Raises
        ------
        ValueError
            If there is no such column.
        """
        super().reset(whole(0, self.steps.size - 1)("i", i))
