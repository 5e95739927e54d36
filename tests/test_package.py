import subprocess
import sys

import pytest

import musisep


def test_importing_the_package_loads_nothing_heavy():
    script = "import sys, musisep; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "musisep" in loaded
    assert not {"numba", "matplotlib", "scipy"} & set(loaded)


def test_public_names_are_there_when_they_are_used():
    assert set(musisep.__all__) <= set(dir(musisep))
    for name in musisep.__all__:
        assert getattr(musisep, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'seperate'"):
        musisep.seperate  # noqa: B018
