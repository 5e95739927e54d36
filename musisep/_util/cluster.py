"""Workers of a Dask cluster: the one place that knows Dask."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from traceback import walk_tb
from typing import Any, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

CONNECTING_S = 5
"""A scheduler that does not answer within this time is not there."""
AHEAD = 100
"""Tasks that wait in the cluster beside those that it works on, so that it may grow."""


class Cluster:
    """An existing Dask cluster as a pool, in a ``with`` block.

    Tasks whose worker dies are tried elsewhere, as often as the scheduler allows. What workers have
    begun when the block ends they finish.

    Parameters
    ----------
    address : str
        Of the scheduler.

    Raises
    ------
    ImportError
        If Dask is not installed.
    ValueError
        If the address is none.
    ConnectionError
        If no scheduler answers there.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client, KilledWorker
        except ImportError as error:
            needed = "a cluster needs Dask: pip install dask distributed"
            raise ImportError(f"{needed} ({error})") from error
        self.address = address
        for handler in logging.getLogger("distributed").handlers:
            handler.setLevel(logging.CRITICAL + 1)  # what matters is raised
        _check(address)
        self._deaths = (KilledWorker,)
        self._client: Any = Client(address, timeout=CONNECTING_S, set_as_default=False)
        self._executor = self._client.get_executor(pure=False)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        """Take back what no worker has begun."""
        self._executor.shutdown(wait=False)
        self._client.close()

    def width(self) -> int:
        """Return how many tasks it should have at a time."""
        return 2 * sum(self._client.ncores().values()) + AHEAD

    def versions(self, package: str) -> dict[str, str | None]:
        """Return the version of a package that each worker has; None if it has not."""
        workers = self._client.get_versions(packages=[package])["workers"]
        return {name: found["packages"][package] for name, found in workers.items()}

    def submit(self, work: Callable[[Task], Result], task: Task) -> "Future[Result]":
        """Begin with a task as soon as possible."""
        future: Future[Result] = self._executor.submit(work, task)
        return future

    def died(self, error: BaseException) -> bool:
        """Tell whether a future raises this because a worker died.

        If a worker dies while its result is on the way, Dask's executor takes the result for the
        parts of an error and fails itself.
        """
        if isinstance(error, self._deaths):
            return True
        frames = [frame.f_globals.get("__name__") for frame, _ in walk_tb(error.__traceback__)]
        return isinstance(error, TypeError) and frames[-1:] == ["distributed.cfexecutor"]


def _check(address: str) -> None:
    """Refuse an address where no scheduler answers; a client that fails would be noisy."""
    from distributed import Security
    from distributed.comm.core import connect

    async def greet() -> None:
        arguments = Security().get_connection_args("client")
        comm = await connect(address, timeout=CONNECTING_S, **arguments)
        await comm.close()

    try:
        asyncio.run(greet())
    except ValueError:
        raise
    except Exception as error:  # any, if something else answers there
        wrong = f"no Dask scheduler answers at {address} within {CONNECTING_S} s"
        raise ConnectionError(wrong) from error
