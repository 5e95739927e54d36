import re
import zipfile

import numpy as np
import pytest

from musisep import Dictionary


def test_what_is_saved_is_loaded(tmp_path):
    amplitudes = np.random.default_rng(0).uniform(size=(25, 3))
    Dictionary(amplitudes).save(tmp_path / "new" / "trio.npz")
    loaded = Dictionary.load(tmp_path / "new" / "trio.npz")
    np.testing.assert_array_equal(loaded.amplitudes, amplitudes)
    assert loaded.instruments == 3
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["trio.npz"]


def test_a_dictionary_cannot_be_changed():
    amplitudes = np.ones((2, 2))
    dictionary = Dictionary(amplitudes)
    amplitudes[0, 0] = 0
    assert dictionary.amplitudes[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        dictionary.amplitudes[0, 0] = 0


@pytest.mark.parametrize(
    ("amplitudes", "message"),
    [
        ([1.0, 0.5], "amplitudes.shape=(2,) must be"),
        (np.ones((0, 2)), "amplitudes.shape=(0, 2) must be"),
        ([[1.0], [1.5]], "must all lie in [0, 1]"),
        ([[1.0], [-0.1]], "must all lie in [0, 1]"),
        ([[1.0], [np.nan]], "must all lie in [0, 1]"),
        ([["loud"]], "must be numbers"),
    ],
)
def test_what_is_no_dictionary_is_refused(amplitudes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Dictionary(amplitudes)


def save(path, **arrays):
    np.savez(path, **arrays)


def objects(path):
    save(path, amplitudes=np.array([{}], dtype=object))


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("amplitudes.npy", bytes(20_000_000))


def lying_header(path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 4), }"
    text = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("amplitudes.npy", text)


def corrupt(path):
    np.savez_compressed(path, amplitudes=np.random.default_rng(0).uniform(size=(25, 2)))
    data = bytearray(path.read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(data)


def wide_strings(path):
    header = b"{'descr': '|S2000000000', 'fortran_order': False, 'shape': (1000, 4), }"
    text = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("amplitudes.npy", text)


def truncated(path):
    save(path, amplitudes=np.ones((25, 2)))
    path.write_bytes(path.read_bytes()[:300])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b""), "not a zip file"),
        (lambda path: path.write_bytes(b"RIFF" * 100), "not a zip file"),
        (truncated, "not a zip file"),
        (objects, "no array of numbers, but {'descr': '|O'"),
        (corrupt, "("),
        (wide_strings, "no array of numbers, but {'descr': '|S2000000000'"),
        (bomb, "unpacks to 20000000 bytes"),
        (lying_header, "shape (9999999999, 4)"),
        (lambda path: save(path, other=np.ones((2, 2))), "amplitudes"),
        (lambda path: save(path, amplitudes=np.ones(5)), "amplitudes.shape=(5,)"),
        (lambda path: save(path, amplitudes=np.full((5, 2), np.nan)), "[0, 1]"),
    ],
)
def test_damaged_and_hostile_files_are_refused_on_one_line(tmp_path, make, reason):
    path = tmp_path / "dictionary.npz"
    make(path)
    with pytest.raises(ValueError, match="is not a dictionary that musisep saved") as error:
        Dictionary.load(path)
    assert reason in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match=r"missing\.npz"):
        Dictionary.load(tmp_path / "missing.npz")
