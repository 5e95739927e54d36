"""What is kept for the next call with the same parameters: transforms with windows, and filters."""

from collections.abc import Callable
from functools import _lru_cache_wrapper, lru_cache
from typing import Any, NamedTuple, TypeVar

Made = TypeVar("Made")

_CACHES: "dict[str, _lru_cache_wrapper[Any]]" = {}


class CacheInfo(NamedTuple):
    """How a cache has been used; see `functools.lru_cache`.

    Parameters
    ----------
    hits : int
        Calls for which the cache had what it was asked for.
    misses : int
        Calls for which it had to be made.
    maxsize : int or None
        Results that are kept at most; None for no limit.
    currsize : int
        Results that are kept now.

    Examples
    --------
    >>> from musisep.audio import cache_clear, cache_info, get_transform
    >>> cache_clear()
    >>> for _ in range(3):
    ...     transform = get_transform(n_fft=512)
    >>> cache_info()["transforms"]
    CacheInfo(hits=2, misses=1, maxsize=64, currsize=1)
    """

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


def kept(
    name: str, maxsize: int = 64
) -> Callable[[Callable[..., Made]], "_lru_cache_wrapper[Made]"]:
    """Keep what a function has made in a cache of this name.

    Parameters
    ----------
    name : str
        What `cache_info` calls the cache.
    maxsize : int
        Results that are kept at most.

    Returns
    -------
    function
        Decorates the function, whose parameters must be hashable.
    """

    def decorate(make: Callable[..., Made]) -> "_lru_cache_wrapper[Made]":
        _CACHES[name] = lru_cache(maxsize, typed=True)(make)
        return _CACHES[name]

    return decorate


def cache_info() -> dict[str, CacheInfo]:
    """Tell how often each cache had what it was asked for.

    Returns
    -------
    dict of CacheInfo
        By name. A part of the package that was not used yet has no cache.

    Examples
    --------
    The filters of a mel spectrogram are made once:

    >>> import numpy as np
    >>> from musisep.audio import cache_clear, cache_info, mel_spectrogram
    >>> cache_clear()
    >>> for _ in range(2):
    ...     mel = mel_spectrogram(np.zeros(1000), sample_rate=8000, n_fft=256, n_mels=8)
    >>> cache_info()["mel filters"].misses, cache_info()["mel filters"].hits
    (1, 1)
    """
    return {name: CacheInfo(*cache.cache_info()) for name, cache in _CACHES.items()}


def cache_clear() -> None:
    """Empty all caches, and set their counts to 0.

    Examples
    --------
    >>> from musisep.audio import cache_clear, cache_info, get_transform
    >>> transform = get_transform(n_fft=512)
    >>> cache_clear()
    >>> cache_info()["transforms"].currsize
    0
    """
    for cache in _CACHES.values():
        cache.cache_clear()
