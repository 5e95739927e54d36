import re
import subprocess
import sys
from pathlib import Path

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


def test_all_places_have_the_version_and_the_date_of_the_release():
    root = Path(__file__).parents[1]
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    (version,) = re.findall(r"^version: (\S+)$", citation, re.MULTILINE)
    (date,) = re.findall(r"^date-released: (\S+)$", citation, re.MULTILINE)
    assert version == musisep.__version__
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    releases = re.findall(r"^## \[(\d\S*)\] - (\S+)$", changes, re.MULTILINE)
    assert releases[0] == (version, date)
    assert f"version = {{{version}}}" in (root / "docs" / "cite.rst").read_text(encoding="utf-8")
