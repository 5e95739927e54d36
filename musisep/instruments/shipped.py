"""The library of instruments that comes with the package."""

from functools import lru_cache
from importlib import resources

from musisep.instruments.profiles import Profiles


@lru_cache(maxsize=1)
def library() -> Profiles:
    """Return the profiles that come with the package; see `Profiles.load` for what is raised.

    `experiments/e20_library.py` makes them.

    Returns
    -------
    Profiles
        The library. It is read once.

    Examples
    --------
    >>> from musisep.instruments import library
    >>> profiles = library()
    >>> len(profiles.names), profiles.names[:3]
    (42, ('accordion', 'alto-saxophone', 'baritone-saxophone'))
    """
    with resources.as_file(resources.files("musisep.instruments") / "library.npz") as path:
        return Profiles.load(path)
