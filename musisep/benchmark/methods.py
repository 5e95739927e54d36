"""The table of methods: a new one is a file and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from musisep.benchmark.bounds import ideal_binary, ideal_ratio, mixture
from musisep.benchmark.hpss import hpss
from musisep.benchmark.item import Item, Signals
from musisep.benchmark.names import COMMAND, NAMES
from musisep.benchmark.nmf import nmf
from musisep.benchmark.program import run_program, words
from musisep.benchmark.separated import adam, notes
from musisep.settings import Settings


@dataclass(frozen=True)
class Method:
    """A way to separate.

    Parameters
    ----------
    run : function
        Called with an `Item`, returns stems [instrument, channel, sample] in any order; raises
        `UnsuitableError` if it is not made for such a track, and ValueError if it fails.
    settings : str
        What results depend on, beside the track and the versions.
    packages : tuple of str
        The distributions that it needs, beside those that musisep needs.
    warm : bool
        Whether to run it once before the clock runs, as it compiles or loads something.

    Examples
    --------
    A method that gives all to the first stem:

    >>> import numpy as np
    >>> from musisep.benchmark.item import Item
    >>> from musisep.benchmark.methods import Method
    >>> def first(item):
    ...     stems = np.zeros_like(item.references)
    ...     stems[0] = item.mixture
    ...     return stems
    >>> method = Method(first, packages=("numpy",), warm=False)
    >>> stems = np.ones((2, 1, 4))
    >>> method.run(Item(stems.sum(axis=0), stems, 8000)).tolist()
    [[[2.0, 2.0, 2.0, 2.0]], [[0.0, 0.0, 0.0, 0.0]]]
    >>> method.versions()["numpy"] == np.__version__
    True
    """

    run: Callable[[Item], Signals]
    settings: str = ""
    packages: tuple[str, ...] = ()
    warm: bool = True

    def versions(self) -> dict[str, str]:
        """Return the versions of its packages.

        Returns
        -------
        dict of str to str
            Versions by the names of the packages.

        Raises
        ------
        LookupError
            If a package is missing; the message says what to do.
        """
        try:
            return {package: version(package) for package in self.packages}
        except PackageNotFoundError as error:
            advice = "install it, or musisep with its extra: pip install 'musisep[benchmark]'"
            raise LookupError(f"needs {error.name}; {advice}") from None


METHODS: Mapping[str, Method] = dict(zip(NAMES, (
    Method(notes, repr(Settings())),
    Method(adam, repr(Settings(method="adam"))),
    Method(nmf, packages=("scikit-learn",)),
    Method(hpss, packages=("librosa",)),
    Method(ideal_ratio),
    Method(ideal_binary),
    Method(mixture),
), strict=True))  # fmt: skip
"""Methods by name."""


def methods_of(names: list[str], command: str | None = None) -> dict[str, Method]:
    """Return methods by name, and a command as the last, called `COMMAND`.

    Parameters
    ----------
    names : list of str
        Names in `METHODS`.
    command : str, optional
        Command of another program, see `musisep.benchmark.program.run_program`.

    Returns
    -------
    dict of str to Method
        Methods by name, in that order.

    Raises
    ------
    ValueError
        If there is no such method, or one is named twice, or the command lacks fields.

    Examples
    --------
    >>> from musisep.benchmark.methods import methods_of
    >>> list(methods_of(["mixture", "ideal-mask"], "separate {mixture} --to {out}"))
    ['mixture', 'ideal-mask', 'command']
    """
    for name in names:
        if name not in METHODS:
            raise ValueError(f"methods={name} is not known; there is {', '.join(METHODS)}")
    if len(set(names)) < len(names):
        raise ValueError(f"methods={','.join(names)} has one of them twice")
    found = {name: METHODS[name] for name in names}
    if command is not None:
        words(command)
        found[COMMAND] = Method(partial(run_program, command), command, warm=False)
    return found
