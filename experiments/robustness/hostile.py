"""Files in the place of ``.npz`` archives: damaged, made up, bombs, and what is no file at all."""

import io
import json
import os
import pickle
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from mutations import CHANGES
from numpy.typing import NDArray

from musisep import Dictionary, Spectrogram

Random = np.random.Generator
BOMB_MB = 300
METHODS = {
    "stored": zipfile.ZIP_STORED, "deflate": zipfile.ZIP_DEFLATED, "bz2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}  # fmt: skip
MARKS = (b"PK\1\2", b"PK\3\4", b"PK\5\6", b"\x93NUMPY", b'{"kind"', b"'shape'", b"'descr'")
"""Where numbers and words of an archive stand."""
DAMAGES = ("truncated", "flipped", "overwritten", "inserted", "removed", "duplicated", "joined")
VALUES = (
    None, True, 0, -1, 1, 2, 3, 256, 2**31, 2**63, 2**64, 10**30, 10**300, 0.5, 1e-300, 1e308,
    float("nan"), float("inf"), "", "x", "hann", "kaiser", "magnitude", "mel", "log-frequency",
    "a" * 1000, "\n", [], [1], {}, {"a": 1},
)  # fmt: skip
KEYS = (
    "n_fft", "hop_length", "win_length", "window_fn", "window", "periodic", "center",
    "center_pad_mode", "center_tail_pad", "normalized", "n_mels", "f_min", "f_max", "power",
    "norm", "mel_scale", "top_db", "output_scale", "log_amin", "log_mode", "mode", "fmin_hz",
    "fmax_hz", "bins_per_octave", "sigma_bins", "sample_rate", "self", "", "a\nb",
)  # fmt: skip
TYPES = (
    "'<f8'", "'>f8'", "'<f4'", "'<f2'", "'<f16'", "'|O'", "'O'", "'<U10'", "'<c16'", "'|b1'",
    "'<i8'", "'|u1'", "'<M8[s]'", "'|V8'", "[('a', '<f8')]", "'<f99'", "'<x8'", "1", "'<f8\\n'",
)  # fmt: skip
SHAPES = (
    "()", "(0,)", "(2, 0)", "(-1, 2)", "(25, 2)", "(25, -2)", "(50,)", "(1, 50)", "(2.0, 2)",
    "(4611686018427387904,)", "(1099511627776, 1099511627776)", "(1000000, 1000)", "True",
    f"({'1, ' * 64})", f"({'9' * 3000},)", "(" * 500, "(25, 2", "(25 2)", "(1, 129, 17)", "(,)",
)  # fmt: skip


class Hostile:
    """Makes cases; the costly ones are made once."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.canary = seed, folder / "canary"
        self.seeds = list(_seeds(folder))
        self.bombs = list(_bombs())

    def case(self, number: int) -> tuple[str, str, bytes | None]:
        """Return the kind of a case, which class is to load it, and bytes; none: `place` it."""
        rng = np.random.default_rng((self.seed, number))
        kinds = {
            "damaged": self._damaged, "description": _description, "header": _header,
            "pickle": self._pickle, "bomb": self._bomb, "directory": _directory,
        }  # fmt: skip
        name = str(rng.choice([*kinds, "place"], p=[0.45, 0.2, 0.2, 0.03, 0.03, 0.03, 0.06]))
        wanted = str(rng.choice(["Dictionary", "Spectrogram"]))
        if name == "place":
            return name, wanted, None
        wanted = "Spectrogram" if name == "description" else wanted
        return name, wanted, kinds[name](rng)

    def _damaged(self, rng: Random) -> bytes:
        data, other = (self.seeds[rng.integers(len(self.seeds))] for _ in range(2))
        for _ in range(int(rng.choice([1, 1, 2, 4]))):
            if rng.random() < 0.5:
                data = _lying(rng, data)
            else:
                data = CHANGES[DAMAGES[rng.integers(len(DAMAGES))]](rng, data, other) or b"\0"
        return data

    def _pickle(self, rng: Random) -> bytes:
        """Return an archive that makes a file if somebody unpickles what is in it."""
        code = pickle.dumps(_Canary(self.canary), protocol=int(rng.integers(6)))
        head = "{'descr': '|O', 'fortran_order': False, 'shape': (25, 2), }"
        content = [code, _npy(head, code, 1), _npy(head.replace("|O", "<f8"), code, 1)]
        return _archive({name: content[rng.integers(3)] for name in ARRAYS})

    def _bomb(self, rng: Random) -> bytes:
        data = self.bombs[rng.integers(len(self.bombs))]
        if rng.random() < 0.5:
            return data
        changed = bytearray(data)  # what they unpack to is hidden
        for mark, place in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
            start = changed.find(mark)
            while start >= 0:
                size = int(rng.choice([0, 100, 536, 2**20, 2**25]))
                changed[start + place : start + place + 4] = struct.pack("<I", size)
                start = changed.find(mark, start + 4)
        return bytes(changed)


GOOD = {
    "magnitude": {"n_fft": 256, "hop_length": 64},
    "mel": {"n_fft": 256, "n_mels": 20},
    "log-frequency": {"fmin_hz": 100.0, "bins_per_octave": 24},
}
"""Kinds of spectrograms, with parameters."""
ARRAYS = ("amplitudes", "description", "values")


class _Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (str(self.path), "w")


def _seeds(folder: Path) -> Iterator[bytes]:
    """Yield good archives, and the same ones packed."""
    path = folder / "seed.npz"
    rng = np.random.default_rng(0)
    Dictionary(rng.uniform(size=(25, 2))).save(path)
    yield path.read_bytes()
    audio = rng.normal(size=4000)
    for kind, parameters in GOOD.items():
        Spectrogram.of(audio, 8000, kind, **parameters).save(path)
        yield path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            content = {name[:-4]: archive.read(name) for name in archive.namelist()}
        yield _archive(content, zipfile.ZIP_DEFLATED)


def _bombs() -> Iterator[bytes]:
    """Yield small archives of large arrays."""
    size = BOMB_MB * 2**20
    for method in ("deflate", "bz2", "lzma"):
        for shape in (f"({size // 8},)", f"({size // 16}, 2)"):
            file = io.BytesIO()
            head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
            with (
                zipfile.ZipFile(file, "w", METHODS[method]) as archive,
                archive.open("amplitudes.npy", "w") as member,
            ):
                member.write(_npy(head, b"", 1))
                for _ in range(BOMB_MB):
                    member.write(bytes(2**20))
            one = file.getvalue()
            yield one
            for name in (b"values.npy\0\0\0\0", b"description.np"):
                yield one.replace(b"amplitudes.npy", name)


def _lying(rng: Random, data: bytes) -> bytes:
    """Set a number near one of the marks to something else."""
    places = [place for mark in MARKS if (place := data.find(mark)) >= 0]
    start = int(rng.choice(places or [0])) + int(rng.integers(130))
    form = ("<H", "<I", "<Q", "<B")[rng.integers(4)]
    values = (0, 1, 8, 12, 14, 39, 99, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**63, 2**64 - 1)
    size = struct.calcsize(form)
    value = values[rng.integers(len(values))] % 256**size
    return data[:start] + struct.pack(form, value) + data[start + size :]


@cache
def _values(kind: str) -> NDArray[np.floating]:
    return Spectrogram.of(np.zeros(1000), 8000, kind, **GOOD[kind]).values


def _description(rng: Random) -> bytes:
    """Return a spectrogram whose description is strange."""
    kind = str(rng.choice(list(GOOD)))
    parameters, values = dict(GOOD[kind]), _values(kind)
    for _ in range(rng.integers(3)):
        parameters[KEYS[rng.integers(len(KEYS))]] = VALUES[rng.integers(len(VALUES))]
    made = {"kind": kind, "sample_rate": 8000, "length": 1000, "parameters": parameters}
    if rng.random() < 0.3:
        made[list(made)[rng.integers(4)]] = VALUES[rng.integers(len(VALUES))]
    if rng.random() < 0.1:
        made[KEYS[rng.integers(len(KEYS))]] = 1
    text = json.dumps(made)
    if rng.random() < 0.1:
        text = ["", "null", "[" * 100_000, '{"a":' * 50_000, "1e999", text[:-1], "1" * 5000][
            rng.integers(7)
        ]
    file = io.BytesIO()
    np.savez(file, values=values, description=np.frombuffer(text.encode(), np.uint8))
    return file.getvalue()


def _header(rng: Random) -> bytes:
    """Return an archive whose arrays have made-up headers."""
    content = {}
    for name in ARRAYS:
        kind, shape = TYPES[rng.integers(len(TYPES))], SHAPES[rng.integers(len(SHAPES))]
        if rng.random() < 0.3:
            kind, shape = "'<f8'", "(25, 2)"
        order = ["False", "True", "1", "None"][rng.choice(4, p=[0.5, 0.3, 0.1, 0.1])]
        head = f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}"
        if rng.random() < 0.1:
            head = ["{}", "", "[", "__import__('os').abort()", "\0" * 60, head * 100][
                rng.integers(6)
            ]
        size = int(rng.choice([0, 400, 400, 17544, 2**16]))
        content[name] = _npy(head, rng.bytes(size), int(rng.choice([1, 1, 1, 2, 3, 9])))
    method = list(METHODS.values())[rng.integers(4)]
    return _archive(content, method)


def _directory(rng: Random) -> bytes:
    """Return an archive with many names, one of them often, or a long comment."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(int(rng.choice([1, 100, 20_000]))):
            archive.writestr(f"{number}/{'x' * int(rng.integers(200))}.npy", b"")
        archive.comment = rng.bytes(int(rng.choice([0, 2**16 - 1])))
    data = file.getvalue()
    if rng.random() < 0.5:
        return data
    start = data.find(b"PK\1\2")
    end = data.rfind(b"PK\5\6")
    return data[:start] + data[start:end] * int(rng.choice([2, 20])) + data[end:]


def _npy(head: str, content: bytes, version: int) -> bytes:
    """Return an array with any header."""
    text = head.encode().ljust(118 if version == 1 else 116) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text) % 2**16)
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + content


def _archive(content: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, array in content.items():
            archive.writestr(f"{name}.npy", array)
    return file.getvalue()


def place(number: int, path: Path) -> Path:
    """Put something else than an archive at a path; return what is to be loaded."""
    makers: list[Callable[[], object]] = [
        lambda: os.mkfifo(path), path.mkdir, lambda: path.symlink_to(path),
        lambda: path.symlink_to("/dev/zero"), lambda: path.symlink_to("/dev/full"),
        lambda: path.symlink_to(path.parent), lambda: path.symlink_to(path.parent / "nothing"),
        lambda: path.write_bytes(b""), lambda: path.symlink_to("/proc/self/mem"),
        lambda: socket.socket(socket.AF_UNIX).bind(str(path)),
        lambda: path.write_bytes(zlib.compress(bytes(1000))), lambda: os.truncate(path, 2**40),
    ]  # fmt: skip
    maker = makers[number % len(makers)]
    if maker is makers[-1]:  # a hole of a terabyte
        path.touch()
    maker()
    return path
