"""What is kept for the next call with the same parameters: transforms with windows, and filters."""

from collections.abc import Callable
from functools import _lru_cache_wrapper, lru_cache
from typing import Any, NamedTuple, TypeVar

Made = TypeVar("Made")

_CACHES: "dict[str, _lru_cache_wrapper[Any]]" = {}


class CacheInfo(NamedTuple):
    """How a cache has been used; see `functools.lru_cache`."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


def kept(
    name: str, maxsize: int = 64
) -> Callable[[Callable[..., Made]], "_lru_cache_wrapper[Made]"]:
    """Keep what a function has made, up to `maxsize` results, in a cache of this name."""

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
    """
    return {name: CacheInfo(*cache.cache_info()) for name, cache in _CACHES.items()}


def cache_clear() -> None:
    """Empty all caches, and set their counts to 0."""
    for cache in _CACHES.values():
        cache.cache_clear()
