"""Tiny inputs for runs with ``--quick``: items of two bars of the demo, and a file of results.

The items (see items.py) are two duos and a trio of 2.6 s at 22.05 kHz, with stems and score; the
third instrument of the trio is artificial. Nothing is to be learned from what they give.
"""

import csv
import json
from importlib import resources
from itertools import product
from pathlib import Path

import numpy as np
from e01_demo_recording import QUARTERS_PER_MINUTE, STEMS, notes
from numpy.typing import NDArray

from musisep.io import files

RATE, BARS, BAR_QUARTERS = 22_050, 2, 3
QUARTER_S = 60 / QUARTERS_PER_MINUTE
LENGTH_S = BARS * BAR_QUARTERS * QUARTER_S
FLUTE = "flute", "D6 2, B5 1 | C6 1.5, A5 1.5"
"""A line of two bars, in the notation of e01_demo_recording.py."""
ITEMS = {"duo-1": 0, "duo-2": 2, "trio-1": 4}
"""Names, and the bars before the first."""
LEVEL = 6000
"""Of the artificial instrument, in steps of 16 bits."""

Signal = NDArray[np.float64]
Note = dict[str, float]


def items(folder: Path) -> Path:
    """Write the items into a folder, and what others reach there; return their folder."""
    folder = folder / "tiny"
    folder.mkdir()
    demo = resources.files("musisep") / "demo"
    signals = {}
    for name in STEMS:
        signal, rate = files.read(str(demo / f"{name}.flac"))
        signals[name] = files.resample(signal, rate, RATE)[0] * 2**15
    known = {}
    for name, first in ITEMS.items():
        stems, lines = {}, {}
        begin = round(first * BAR_QUARTERS * QUARTER_S * RATE)
        for stem, (_, line) in STEMS.items():
            stems[stem] = signals[stem][begin : begin + round(LENGTH_S * RATE)]
            lines[stem] = played(line, first)
        if name.startswith("trio"):
            lines[FLUTE[0]] = played(FLUTE[1], 0)
            stems[FLUTE[0]] = flute(lines[FLUTE[0]])
        known[name] = {"unprocessed": _write(folder / name, stems, lines)}
    (folder / "baselines.json").write_text(json.dumps(known), encoding="utf-8")
    return folder


def played(line: str, first: int) -> list[Note]:
    """Return the notes of the bars from `first` on, in seconds from there."""
    begin = first * BAR_QUARTERS
    return [
        {
            "onset": (onset - begin) * QUARTER_S,
            "offset": (offset - begin) * QUARTER_S,
            "midi": pitch,
            "cents": 0.0,
        }
        for pitch, onset, offset in notes(line)
        if begin <= onset < begin + BARS * BAR_QUARTERS
    ]


def flute(line: list[Note]) -> Signal:
    """Play notes with four harmonics."""
    sound = np.zeros(round(LENGTH_S * RATE))
    times = np.arange(sound.size) / RATE
    for note in line:
        hz = 440 * 2 ** ((note["midi"] - 69) / 12)
        shape = np.clip(np.minimum(times - note["onset"], note["offset"] - times) / 0.03, 0, 1)
        for order in range(1, 5):
            sound += LEVEL / order**2 * shape * np.sin(2 * np.pi * order * hz * times)
    return sound


def _write(folder: Path, stems: dict[str, Signal], lines: dict[str, list[Note]]) -> list[float]:
    """Write an item; return the SDR in dB of the mixture, as an estimate of each stem."""
    folder.mkdir()
    rounded = {name: np.rint(stem) / 2**15 for name, stem in stems.items()}
    mixture = np.sum(list(rounded.values()), axis=0)
    for name, signal in {**rounded, "mix": mixture}.items():
        files.write(folder / f"{name}.flac", signal[None], RATE, subtype="PCM_16")
    own = [
        {
            "stem": name, "instrument": name, "sample_group": f"{folder.name} {name}",
            "polyphony": 1, "notes": line,
        }
        for name, line in lines.items()
    ]  # fmt: skip
    score = {
        "kind": folder.name.partition("-")[0], "same_family": False, "room": None, "channels": 1,
        "noise": None, "stems": own,
    }  # fmt: skip
    (folder / "score.json").write_text(json.dumps(score), encoding="utf-8")
    return [
        float(10 * np.log10(np.sum(stem**2) / np.sum((mixture - stem) ** 2)))
        for _, stem in sorted(rounded.items())
    ]


def cells(folder: Path) -> Path:
    """Write results as `run.py` does, with drawn figures; return the file."""
    from cells import COLUMNS

    path, rng = folder / "cells.csv", np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for number, copy in product(range(12), ("plain", "gain0.9")):
            for variant in ("default", "names"):
                certainties = rng.uniform(0.5, 1, 2)
                sdr = 20 * certainties - 10 + rng.normal(0, 2, 2)
                writer.writerow({
                    "folder": "tiny", "item": f"duo-{number}", "copy": copy, "variant": variant,
                    "seed": 0, "kinds": "duo;mono", "sdr_db": sdr.mean(), "right_share": 0.9,
                    "seconds": 1.0, "rtf": 0.1, "unexplained": 0.1,
                    "instruments": "clarinet;horn", "players_found": 2, "sdr": _joined(sdr),
                    "confidence": certainties.mean(), "certainties": _joined(certainties),
                    "called": "good", "code": "none",
                })  # fmt: skip
    return path


def _joined(values: Signal) -> str:
    return ";".join(f"{value:.4f}" for value in values)
