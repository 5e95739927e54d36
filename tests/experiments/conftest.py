import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from duet import SAMPLE_RATE, duet

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="session", autouse=True)
def experiments():
    """Return the folder of the experiments, which import each other by their names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXPERIMENTS))
        patch.setenv("OPENBLAS_NUM_THREADS", "1")
        yield EXPERIMENTS


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "short"
    for name, part in (("one", slice(4000)), ("two", slice(9000, 14000))):
        item = path / name
        item.mkdir(parents=True)
        stems = np.rint(duet()[:, part] * 30_000).astype(np.int16)
        for stem, signal in zip(("reed", "string"), stems, strict=True):
            sf.write(item / f"{stem}.flac", signal, SAMPLE_RATE)
        sf.write(item / "mix.flac", stems.sum(axis=0).astype(np.int16), SAMPLE_RATE)
    (path / "single").mkdir()
    for name in ("mix", "reed"):
        sf.write(path / "single" / f"{name}.flac", np.zeros(100), SAMPLE_RATE)
    return path


@pytest.fixture(scope="session")
def item():
    from items import Item

    stems = duet()[:, None]
    return Item("duet", ["reed", "string"], stems.sum(axis=0), stems, SAMPLE_RATE)


def played(line, cents):
    """Return the notes of a line of (MIDI pitch, seconds), as a score has them."""
    offsets = np.cumsum([seconds for _, seconds in line])
    return [
        {"onset": offset - seconds, "offset": offset, "midi": midi, "cents": cents}
        for (midi, seconds), offset in zip(line, offsets, strict=True)
    ]


@pytest.fixture(scope="session")
def scored(tmp_path_factory):
    """Return the folder of the artificial duet, with noise and with its score."""
    item = tmp_path_factory.mktemp("rendered") / "duet"
    item.mkdir()
    stems = np.rint(duet() * 20_000).astype(np.int16)
    noise = np.rint(50 * np.random.default_rng(0).standard_normal(stems.shape[1]))
    for name, signal in zip(("reed", "string"), stems, strict=True):
        sf.write(item / f"{name}.flac", signal, SAMPLE_RATE)
    sf.write(item / "mix.flac", (stems.sum(axis=0) + noise).astype(np.int16), SAMPLE_RATE)
    lines = {
        "string": played([(57, 0.7), (59, 0.3), (55, 0.5), (56, 0.5)], 2),
        "reed": played([(74, 0.5), (76, 0.5), (78, 0.6), (76, 0.4)], -20),
    }
    score = {
        "kind": "duo", "same_family": False, "room": None, "channels": 1, "noise": {"kind": "pink"},
        "stems": [{"stem": name, "polyphony": 1, "notes": own} for name, own in lines.items()],
    }  # fmt: skip
    (item / "score.json").write_text(json.dumps(score))
    return item
