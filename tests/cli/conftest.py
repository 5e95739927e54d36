"""A folder with recordings, and something quick in the place of the model."""

import re

import numpy as np
import pytest
from duet import REED, SAMPLE_RATE, STRING, duet

import musisep.separation
from musisep.__main__ import main
from musisep.io.files import write
from musisep.notes.counting import Counted
from musisep.result import Separation
from musisep.tones.dictionary import Dictionary
from musisep.tones.table import TONE_TYPE

NOTES = [(0, 0, 0.5, 220.0), (1, 0, 0.4, 587.3), (0, 0.6, 1.0, 246.9), (1, 0.5, 1.0, 659.3)]
"""Of `noted`: instrument, begin and end in seconds, pitch in hertz."""
GIVEN = {"mix.wav", "reed.wav", "string.wav"}


@pytest.fixture(scope="session")
def stems():
    """The true stems of the duet, [instrument, sample]."""
    return duet()


@pytest.fixture(scope="session")
def dictionary():
    """What the instruments of the duet sound like, the string first."""
    return Dictionary(np.stack([STRING, REED], axis=1))


@pytest.fixture
def folder(tmp_path, monkeypatch, stems):
    """A working folder with a mixture and its two references."""
    monkeypatch.chdir(tmp_path)
    write("mix.wav", stems.sum(axis=0), SAMPLE_RATE)
    for name, stem in zip(("reed", "string"), stems, strict=True):
        write(f"{name}.wav", stem, SAMPLE_RATE)
    return tmp_path


@pytest.fixture
def calls(monkeypatch, stems, dictionary):
    """The calls of `separate`, which finds 9/10 of the true stems at once, the string first."""
    made = []

    def oracle(mixture, sample_rate, *, settings, progress, **given):
        made.append({"mixture": mixture, "settings": settings, **given})
        for done in (1, 2):
            progress("learning", done, 2)
        progress("masking", 1, 1)
        number = 2 if settings.counted else settings.most_instruments
        counted = Counted(np.array([0.1, 0.6, 0.1, 0.2])) if settings.counted else None
        found = np.zeros((number, *mixture.shape))
        found[:2] = 0.9 * stems[::-1, None, : mixture.shape[1]][:number]
        tones = np.rec.fromrecords(
            [(0.1, 0, 220, 1, 0), (0.2, 0, 247, 1, 0), (0.3, 0, 5000, 1e-3, 0)],
            names="time_s,instrument,f0_hz,amplitude,inharmonicity",
        )
        return Separation(
            found, mixture, sample_rate, learned, tones, settings, 0.25, (0.5, 0.25), 1,
            counted=counted,
        )  # fmt: skip

    learned = dictionary
    monkeypatch.setattr(musisep.separation, "separate", oracle)
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)  # other processes would not have the oracle
    return made


@pytest.fixture
def noted(monkeypatch, stems, dictionary):
    """The calls of `separate`, which finds the same notes at once, whatever it is told."""
    made = []

    def oracle(mixture, sample_rate, *, settings, progress, **given):
        made.append(given | {"settings": settings})
        found = np.tile(0.9 * stems[::-1, None, : mixture.shape[1]], (1, len(mixture), 1))
        hop_s = round(settings.hop_s * sample_rate) / sample_rate
        tones = [(frame * hop_s, inst, f0_hz, 1.0, 0.0)
                 for inst, begin, end, f0_hz in NOTES
                 for frame in range(round(begin / hop_s), round(end / hop_s))]  # fmt: skip
        table = np.array(sorted(tones), TONE_TYPE).view(np.recarray)
        return Separation(found, mixture, sample_rate, dictionary, table, settings, 0.25)

    monkeypatch.setattr(musisep.separation, "separate", oracle)
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)  # other processes would not have the oracle
    return made


@pytest.fixture
def written(folder):
    """Return a function that tells all files below the folder but those of `folder`."""

    def names():
        found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        return found - GIVEN

    return names


@pytest.fixture
def refused(capsys):
    """Return a function that runs `separate`, which must end with status 2 and one message."""

    def run(arguments, match):
        with pytest.raises(SystemExit, match="2"):
            main(["separate", *arguments])
        usage, message = capsys.readouterr().err.splitlines()
        assert usage.startswith("usage: ")
        assert re.search(match, message)

    return run


@pytest.fixture
def failed(capsys):
    """Return a function that runs `separate`, which must end with status 1 and one message."""

    def run(arguments, match):
        assert main(["separate", *arguments]) == 1
        output = capsys.readouterr()
        assert re.fullmatch(f"musisep: {match}\n", output.err)
        return output.out

    return run


@pytest.fixture(autouse=True)
def untold(monkeypatch):
    """Nothing is said of kernels that are compiled, which depends on what ran before."""
    monkeypatch.setattr("musisep.cli.compiling._say_once", lambda text: None)
