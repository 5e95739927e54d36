"""A Dask cluster of two workers, in a process of its own: `python workers.py`.

It prints its address, and ends when stdin does.
"""

import sys

import dask
from distributed import LocalCluster


def main():
    """Run until stdin ends; a task is given up after two workers died of it."""
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 60}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(n_workers=2, processes=True, **options) as cluster,
    ):
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
