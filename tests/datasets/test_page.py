"""The commands of docs/guide/datasets.rst print what it says; tests/test_docs.py runs the rest."""

import re
from pathlib import Path

import numpy as np
import pytest
from madesets import RATE, make, put

from musisep.__main__ import main
from musisep.datasets import read_manifest

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "datasets.rst").read_text(encoding="utf-8")


def blocks(language):
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", PAGE, re.MULTILINE)
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE).strip() for block in found]


@pytest.fixture
def duos(tmp_path, monkeypatch):
    """The data set whose tree the page shows."""
    monkeypatch.chdir(tmp_path)
    morning, evening = Path("duos/train/Morning Song"), Path("duos/test/Evening Song")
    make(morning, "clarinet.wav", mixture="mixture.wav")
    put(morning / "violin.wav", np.zeros((1, RATE)))
    make(evening, "clarinet.flac", "horn.flac", first=5, mixture="mix.flac", samples=2 * RATE)
    (tmp_path / "duos" / "train" / "notes.m4a").touch()


def test_commands(duos, capsys):
    (block,) = blocks("console")
    examples = re.findall(r"^\$ musisep (.*)\n((?:(?!\$).*\n?)*)", block, re.MULTILINE)
    assert len(examples) == 3
    for command, expected in examples:
        assert main(command.split()) == 0
        assert capsys.readouterr().out.strip() == expected.strip()


def test_manifests(tmp_path):
    (table,) = (block for block in blocks("text") if block.startswith("track,"))
    (listed,) = blocks("json")
    (tmp_path / "a.csv").write_text(table)
    (tmp_path / "a.json").write_text(listed)
    found = [vars(read_manifest(tmp_path / name)[0]) for name in ("a.csv", "a.json")]
    assert found[0] == found[1]
    assert found[0]["instruments"] == {"first": "violin", "second": "clarinet"}
