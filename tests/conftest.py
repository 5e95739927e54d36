import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from musisep.cli.base import ONE_THREAD

# As in commands: what is computed here is compared with what they write.
os.environ.update(dict.fromkeys(ONE_THREAD, "1"))

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
