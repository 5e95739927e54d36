import pytest
from hypothesis import settings

# No test depends on the speed of the machine, and the first call of a kernel compiles it.
settings.register_profile("musisep", deadline=None, derandomize=True)
settings.load_profile("musisep")


@pytest.fixture(scope="session")
def cluster():
    """A Dask cluster of two workers, which gives a task up after two of them died of it."""
    import dask
    from distributed import LocalCluster

    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 60}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        LocalCluster(n_workers=2, processes=True, **options) as cluster,
    ):
        yield cluster
