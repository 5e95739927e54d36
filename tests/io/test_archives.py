import os
import socket
import tracemalloc
import zipfile

import numpy as np
import pytest

from musisep import Dictionary
from musisep.io import archives
from musisep.io.archives import reading_arrays, save_arrays

HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }"


def array(header=HEADER, data=bytes(16)):
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def archive(path, content=None, method=zipfile.ZIP_STORED, size=None, others=0):
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("amplitudes.npy", array() if content is None else content)
        for number in range(others):
            file.writestr(f"{number}.npy", b"")
        if size is not None:
            file.infolist()[0].file_size = size


def encrypted(path):
    archive(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def directory_before_the_file(path):
    archive(path)
    data = bytearray(path.read_bytes())
    end = data.index(b"PK\x05\x06")
    data[end + 16 : end + 20] = b"\xff\xff\xff\x7f"
    path.write_bytes(data)


def test_the_archive_that_the_damage_is_done_to_is_sound(tmp_path):
    archive(tmp_path / "dictionary.npz")
    assert Dictionary.load(tmp_path / "dictionary.npz").amplitudes.tolist() == [[0], [0]]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ({"method": zipfile.ZIP_BZIP2}, "compression method 12"),
        ({"method": zipfile.ZIP_BZIP2, "content": bytes(2**26), "size": 99}, "compression method"),
        ({"method": zipfile.ZIP_LZMA}, "compression method 14"),
        ({"method": zipfile.ZIP_DEFLATED, "content": bytes(2**26), "size": 99}, "Bad CRC-32"),
        ({"content": b""}, "is no array"),
        ({"content": array(b"{")}, "is no array of numbers, but {"),
        ({"content": array(b"{1:2, 'descr': '<f8', 'shape': (1,1)}")}, "but {1:2, 'descr'"),
        ({"content": array(b"#" + b"-" * 9300)}, "is no array"),
        ({"content": array(b"-" * 4000)}, "is no array of numbers"),
        ({"content": array(b"\xff\x00\n")}, r"but \xff"),
        ({"content": array(HEADER.replace(b"f8", b"f7"))}, "data type '<f7'"),
        ({"content": array(HEADER.replace(b"2, 1", b"2, -1"))}, "is no array of numbers"),
        ({"content": array(HEADER.replace(b"2, 1", b"9" * 3900))}, "has the shape (9999"),
        ({"content": array(HEADER.replace(b"2, 1", b"1" + b",1" * 99), bytes(8))}, "dimension"),
        ({"content": array(data=bytes(15))}, "not those of shape (2, 1)"),
        ({"content": array(data=bytes(17))}, "not those of shape (2, 1)"),
        ({"size": 9}, "Bad CRC-32"),
        ({"others": 9999}, "its directory has"),
    ],
)
def test_any_damage_is_one_line_and_takes_no_memory(damage, reason, tmp_path):
    path = tmp_path / "dictionary.npz"
    archive(path, **damage)
    tracemalloc.start()
    with pytest.raises(ValueError, match="is not a dictionary that musisep saved") as error:
        Dictionary.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22
    assert reason in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 400


@pytest.mark.parametrize("make", [encrypted, directory_before_the_file])
def test_damaged_directories_are_one_line(make, tmp_path):
    make(tmp_path / "dictionary.npz")
    with pytest.raises(ValueError, match=r"dictionary.npz: is not a dictionary that musisep saved"):
        Dictionary.load(tmp_path / "dictionary.npz")


def test_a_single_number_is_an_array_without_axes(tmp_path):
    save_arrays(tmp_path / "own.npz", {"one": 2.5, "row": np.array([2.5])})
    with reading_arrays(tmp_path / "own.npz", "test") as read:
        assert read("one", 1).shape == () and read("one", 1) == 2.5
        assert read("row", 1).shape == (1,)
        with pytest.raises(ValueError, match=r"one has the shape \(\)"):
            read("one", 1, (1,))


def test_each_damaged_byte_is_one_line(tmp_path):
    path = tmp_path / "dictionary.npz"
    Dictionary(np.full((3, 2), 0.5)).save(path)
    sound, rng = path.read_bytes(), np.random.default_rng(0)
    for place in range(0, len(sound), 2):
        data = bytearray(sound)
        data[place] ^= 1 << rng.integers(8)
        path.write_bytes(data[: None if place % 3 else place])
        try:
            np.testing.assert_array_equal(Dictionary.load(path).amplitudes, np.full((3, 2), 0.5))
        except ValueError as error:
            assert str(error).startswith(f"{path}: is not a dictionary that musisep saved (")
            assert "\n" not in str(error)


def pipe(path):
    os.mkfifo(path)
    return os.open(path, os.O_RDWR)  # so that opening the other end would not wait


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))
    return None


@pytest.mark.parametrize(
    ("make", "kind"),
    [(pipe, "pipe"), (unix_socket, "socket"), (os.mkdir, "folder"),
     (lambda path: os.symlink("/dev/null", path), "device")],
)  # fmt: skip
def test_what_is_no_regular_file_is_not_opened(make, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "dictionary.npz"
    descriptor = make(path)
    with pytest.raises(
        OSError, match=f"dictionary.npz' cannot be read: it is a {kind}, no regular"
    ):
        Dictionary.load(path)
    if descriptor is not None:
        os.close(descriptor)


def test_errors_of_the_system_name_the_file(tmp_path, monkeypatch):
    archive(tmp_path / "dictionary.npz")

    def broken(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(archives.zipfile.ZipFile, "open", broken)
    with pytest.raises(OSError, match=r"Input/output error.*dictionary.npz"):
        Dictionary.load(tmp_path / "dictionary.npz")


@pytest.mark.parametrize(
    "save", [save_arrays, lambda path, arrays: np.savez_compressed(path, **arrays)]
)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f8", ">f4", "<f2", "|u1"])
def test_long_arrays_are_read_in_pieces(save, order, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "PIECE", 2**17)
    values = np.random.default_rng(0).integers(200, size=(3, 400, 501)).astype(kind, order=order)
    save(tmp_path / "long.npz", {"values": values, "empty": np.ones((0, 3))})
    with reading_arrays(tmp_path / "long.npz", "test") as read:
        found = read("values", values.size, (400, 501))
        assert read("empty", 0).shape == (0, 3)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)
    with (
        pytest.raises(
            ValueError, match=r"has the shape \(3, 400, 501\), not at most 601199 numbers"
        ),
        reading_arrays(tmp_path / "long.npz", "test") as read,
    ):
        read("values", values.size - 1)


def test_only_what_is_packed_loosely_may_unpack_to_much(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "SMALL", 2**12)
    np.savez_compressed(tmp_path / "dense.npz", amplitudes=np.zeros((600, 1)))
    with pytest.raises(ValueError, match=r"amplitudes unpacks to 4928 bytes, more than 4096"):
        Dictionary.load(tmp_path / "dense.npz")
    loose = np.random.default_rng(0).random((600, 1))
    np.savez_compressed(tmp_path / "loose.npz", amplitudes=loose)
    np.testing.assert_array_equal(Dictionary.load(tmp_path / "loose.npz").amplitudes, loose)


def test_a_name_of_two_lines_is_told_on_one(tmp_path):
    (tmp_path / "two\nlines.npz").write_bytes(b"text")
    with pytest.raises(ValueError, match=r"two lines\.npz: is not a dictionary") as caught:
        Dictionary.load(tmp_path / "two\nlines.npz")
    assert len(str(caught.value).splitlines()) == 1
