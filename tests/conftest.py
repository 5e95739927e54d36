import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# No test depends on the speed of the machine, and the first call of a kernel compiles it.
settings.register_profile("musisep", deadline=None, derandomize=True)
settings.load_profile("musisep")


@pytest.fixture(scope="session")
def cluster():
    """The address of a Dask cluster of two workers."""
    command = [sys.executable, str(Path(__file__).with_name("workers.py"))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    experiments = str(Path(__file__).parents[1] / "experiments")
    path = os.pathsep.join([experiments, *sys.path])  # workers import what is sent by its name
    environment = {**os.environ, "PYTHONPATH": path}
    with subprocess.Popen(command, **pipes, text=True, env=environment) as process:
        yield process.stdout.readline().strip()
        process.stdin.close()
