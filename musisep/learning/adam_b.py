"""Adam with bounds, for dictionaries."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Adam_B:
    """Adam with bounds, adapted to dictionaries of harmonic amplitudes.

    Unlike in plain Adam [1]_, the second moment is averaged over the harmonics of a column, so
    that a column moves in the direction of its gradient; every column has a step counter of its
    own, so that it can start afresh; and values are clipped to the bounds [2]_.

    Parameters
    ----------
    init : array_like [harmonic, instrument]
        Initial value of the dictionary, clipped to the bounds.
    lo : float
        Lower bound of its entries.
    hi : float
        Upper bound of its entries.
    alpha : float
        Step size.
    beta1 : float
        Inertia of the first moment.
    beta2 : float
        Inertia of the second moment.
    eps : float
        Added to the denominator to avoid division by zero.

    Attributes
    ----------
    value : ndarray [harmonic, instrument]
        The dictionary as it stands.
    steps : ndarray of int [instrument]
        Steps that each column has taken since it started.

    Raises
    ------
    ValueError
        If `init` is not [harmonic, instrument].

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    .. [2] S. Schulze, E. J. King, "Sparse pursuit and dictionary learning for blind source
       separation in polyphonic music recordings", EURASIP J. Audio, Speech, Music Process.,
       2021.

    Examples
    --------
    Steps of at most 0.1 along the gradient of a distance lead to a column:

    >>> import numpy as np
    >>> from musisep.learning.adam_b import Adam_B
    >>> wanted = np.array([[1.0], [0.3]])
    >>> adam = Adam_B(np.full((2, 1), 0.5), alpha=0.1)
    >>> for _ in range(100):
    ...     value = adam.step(wanted - adam.value)
    >>> value.round(1).tolist(), adam.steps.tolist()
    ([[1.0], [0.3]], [100])
    """

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
        self.value = np.clip(np.array(init, dtype=np.float64), lo, hi)
        if self.value.ndim != 2:
            raise ValueError(f"init.shape={self.value.shape} must be [harmonic, instrument]")
        self.lo, self.hi, self.alpha = lo, hi, alpha
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.first_moment = np.zeros_like(self.value)
        self.second_moment = np.zeros(self.value.shape[1])
        self.steps = np.zeros(self.value.shape[1], dtype=np.int64)

    def step(self, direction: ArrayLike) -> NDArray[np.float64]:
        """Take a step and return the new dictionary.

        Parameters
        ----------
        direction : array_like [harmonic, instrument]
            Where to go: the negative gradient.

        Returns
        -------
        ndarray [harmonic, instrument]
            The dictionary after the step, `value`.
        """
        direction = np.asarray(direction, dtype=np.float64)
        self.steps += 1
        self.first_moment += (1 - self.beta1) * (direction - self.first_moment)
        square = np.mean(direction**2, axis=0)
        self.second_moment += (1 - self.beta2) * (square - self.second_moment)
        first = self.first_moment / (1 - self.beta1**self.steps)
        second = self.second_moment / (1 - self.beta2**self.steps)
        move = self.alpha * first / (np.sqrt(second) + self.eps)
        self.value = np.clip(self.value + move, self.lo, self.hi)
        return self.value

    def reset(self, i: int) -> None:
        """Start a column afresh: forget its moments and its steps.

        Parameters
        ----------
        i : int
            Number of the column.
        """
        self.first_moment[:, i] = 0
        self.second_moment[i] = 0
        self.steps[i] = 0
