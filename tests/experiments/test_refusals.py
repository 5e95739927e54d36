"""Hostile files are refused on one line, in little memory, and nothing is unpickled."""

import os
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc for the memory")


@pytest.fixture(scope="module")
def refusals(experiments):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(experiments / "robustness"))
        import refusals

        yield refusals


def refused(refusals, folder, name):
    refusal = refusals.refuse(folder, name)
    assert refusal.broken(name) == [], refusal
    assert set(os.listdir(folder)) <= {name, "good.wav"}


RECORDINGS = [
    "lying.flac", "lying_less.flac", "lying.wav", "bomb.w64", "truncated.wav", "truncated.flac",
    "truncated.ogg", "truncated.mp3", "truncated.aiff", "random.wav", "random.flac", "random.ogg",
    "random.mp3", "random.aiff", "random.au", "empty.wav", "folder.wav", "pipe.wav", "device.wav",
    "text.wav",
]  # fmt: skip
DICTIONARIES = [
    "objects.npz", "shape.npz", "nan.npz", "size.npz", "bomb.npz", "random.npz", "empty.npz",
    "pipe.npz",
]  # fmt: skip


@pytest.mark.parametrize("name", RECORDINGS)
def test_hostile_recordings_are_refused_on_one_line_and_in_little_memory(refusals, tmp_path, name):
    refused(refusals, tmp_path, name)


@pytest.mark.parametrize("name", DICTIONARIES)
def test_hostile_dictionaries_are_refused_without_unpickling(refusals, tmp_path, name):
    refused(refusals, tmp_path, name)


def test_no_hostile_file_is_left_out(refusals):
    assert (list(refusals.AUDIO), list(refusals.ARCHIVES)) == (RECORDINGS, DICTIONARIES)
