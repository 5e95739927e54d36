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
