"""What is drawn at random, one item for each number."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from numbers import Integral
from typing import Generic, TypeVar

import numpy as np

from musisep._util import checks
from musisep._util.messages import shown

Item = TypeVar("Item")


class Drawn(ABC, Generic[Item]):
    """Items of which each depends on `seed` and its number alone, in whatever order they are had.

    ``items[i]`` makes one; iterating makes one after the other. A class that draws something has
    the attributes below and a method `draw`; `Excerpts` and `Mixtures` are such classes.

    Attributes
    ----------
    count : int, optional
        Number of items; if it is None, they do not end.
    seed : int
        Seed of all items; another one gives other items.

    Examples
    --------
    >>> from musisep.datasets import Drawn
    >>> class Dice(Drawn):
    ...     count, seed = 5, 0
    ...
    ...     def draw(self, rng):
    ...         return int(rng.integers(1, 7))
    >>> thrown = list(Dice())
    >>> len(thrown), Dice()[-1] == thrown[4]
    (5, True)
    """

    count: int | None
    seed: int

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> Item:
        """Make an item.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of all that is random in it.

        Returns
        -------
        Item
            Whatever the class draws.
        """

    def _check_numbers(self) -> None:
        """Refuse a count or a seed that is none."""
        seed = checks.at_least("seed", self.seed, 0)
        count = None if self.count is None else checks.at_least("count", self.count, 1)
        object.__setattr__(self, "seed", seed)
        object.__setattr__(self, "count", count)

    def __len__(self) -> int:
        """Return the number of items; TypeError if they do not end."""
        if self.count is None:
            raise TypeError("items without a count have no length")
        return self.count

    def __iter__(self) -> Iterator[Item]:
        """Make all items from the first on."""
        return map(self.__getitem__, itertools.count() if self.count is None else range(self.count))

    def __getitem__(self, index: int) -> Item:
        """Make an item.

        Parameters
        ----------
        index : int
            From 0 on; if they end, negative numbers count from there.

        Returns
        -------
        item
            See `draw`, which has further errors.

        Raises
        ------
        IndexError
            If there are fewer items.
        TypeError
            If the index is no integer.
        """
        if not isinstance(index, Integral):
            raise TypeError(f"index={shown(index)} must be an integer")
        if self.count is None:
            index = checks.at_least("index", index, 0)
        else:
            index = range(self.count)[index]
        return self.draw(np.random.default_rng([self.seed, index]))


def of_length(audio: np.typing.NDArray[np.float64], samples: int) -> np.typing.NDArray[np.float64]:
    """Return audio [..., sample] with so many samples, silent where there were none."""
    missing = max(0, samples - audio.shape[-1])
    return np.pad(audio, [(0, 0)] * (audio.ndim - 1) + [(0, missing)])[..., :samples]
