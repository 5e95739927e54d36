"""What docs/guide/reliability.rst promises of tracks, where no other test holds it already."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from duet import REED, SAMPLE_RATE, STRING, duet

import musisep
from musisep.__main__ import main
from musisep.audio.frontend import Grid
from musisep.audio.logfreq import LogAxis
from musisep.masking.ratio import SpectralMask
from musisep.tones.dictionary import Dictionary

GRID = Grid(LogAxis(60.0, 100.0, 300), 186, SAMPLE_RATE, 1.9)
WINDOW = SpectralMask().transform(GRID).n_fft
LENGTHS = [1, 2, WINDOW - 1, WINDOW, WINDOW + 1, 2**12 - 1, 2**12, 2**12 + 1, 2**14 - 1, 2**14 + 1]
REPOSITORY = Path(musisep.__file__).parents[1]


@pytest.fixture(scope="module")
def mixture():
    """The duet in stereo, its instruments at different places."""
    upper, lower = duet()
    return np.stack([upper + 0.3 * lower, 0.3 * upper + lower])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a dictionary, with which a separation takes no time to learn."""
    monkeypatch.chdir(tmp_path)
    Dictionary(np.stack([STRING, REED], axis=1)).save("duet.npz")
    return tmp_path


def tracks():
    """The tracks that were written, [track, channel, sample], and their sample rates."""
    read = [sf.read(path, always_2d=True) for path in sorted(Path("separated/mix").glob("*.wav"))]
    return np.stack([audio.T for audio, _ in read]), {rate for _, rate in read}


def assert_adds_up(parts, whole):
    assert np.isfinite(parts).all()
    error = np.abs(parts.sum(axis=0) - whole).max()
    assert error <= 1e-6 * np.abs(whole).max()


def test_tracks_that_are_written_by_default_add_up(folder, mixture):
    sf.write("mix.wav", mixture.T, SAMPLE_RATE, subtype="FLOAT")
    assert main(["separate", "mix.wav", "--residual", "--quiet"]) == 0
    written, rates = tracks()
    assert (len(written), rates) == (3, {SAMPLE_RATE})
    assert_adds_up(written, mixture)


@pytest.mark.parametrize("length", LENGTHS)
def test_tracks_have_length_rate_and_channels_of_the_recording(folder, mixture, length):
    given = ["--dictionary", "duet.npz", "--residual", "--quiet"]
    for channels in (1, 2):
        audio = mixture[:channels, -length:]
        sf.write("mix.wav", audio.T, SAMPLE_RATE, subtype="FLOAT")
        assert main(["separate", "mix.wav", *given, "--overwrite"]) == 0
        written, rates = tracks()
        assert (written.shape, rates) == ((3, channels, length), {SAMPLE_RATE})
        assert_adds_up(written, audio)


@pytest.mark.parametrize("length", LENGTHS)
def test_stems_have_the_length_of_the_mixture_whatever_it_is(mixture, length):
    audio = mixture[:, -length:]
    result = musisep.separate(audio, SAMPLE_RATE, restarts=1, steps=2, batch=10)
    assert result.stems.shape == (2, 2, length)
    assert_adds_up(np.concatenate([result.stems, result.residual[None]]), audio)


def silence(audio):
    return 0 * audio


def constant(audio):
    return 0 * audio + 0.5


def click(audio):
    return 0 * audio + (np.arange(audio.shape[1]) == 9000)


def clipped(audio):
    return np.clip(9 * audio, -1, 1)


def one_silent_channel(audio):
    return audio * [[1], [0]]


def one_channel_upside_down(audio):
    return np.stack([audio[0], -audio[0]])


def all_but_silent(audio):
    return 1e-30 * audio


@pytest.mark.parametrize(
    "change",
    [silence, constant, click, clipped, one_silent_channel, one_channel_upside_down,
     all_but_silent],
)  # fmt: skip
def test_odd_recordings_have_finite_stems_that_add_up(mixture, change):
    audio = change(mixture)
    result = musisep.separate(audio, SAMPLE_RATE)
    assert_adds_up(np.concatenate([result.stems, result.residual[None]]), audio)
    silent = ~audio.any(axis=1)
    assert not result.stems[:, silent].any()


def test_silence_is_separated_into_silence(folder, capsys):
    sf.write("mix.wav", np.zeros((9000, 2)), SAMPLE_RATE)
    assert main(["separate", "mix.wav", "--residual"]) == 0
    written, _ = tracks()
    assert written.shape == (3, 2, 9000) and not written.any()
    assert capsys.readouterr().out.count("silent") == 3


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_named_and_nothing_written(folder, mixture, value, capsys):
    audio = mixture.copy()
    audio[1, 4321] = value
    sf.write("mix.wav", audio.T, SAMPLE_RATE, subtype="FLOAT")
    assert main(["separate", "mix.wav"]) == 1
    message = capsys.readouterr().err
    assert message.startswith("musisep: mix.wav: ") and message.count("\n") == 1
    assert f"channel 1, sample 4321 is {value}" in message
    assert not Path("separated").exists()


def test_runs_of_another_number_of_jobs_write_the_same_bytes(folder, mixture):
    sf.write("mix.wav", mixture.T, SAMPLE_RATE)
    command = [sys.executable, "-m", "musisep", "mix.wav", "--residual", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    runs = []
    for jobs in ("1", "2"):
        options = ["--jobs", jobs, "--out", jobs]
        subprocess.run([*command, *options], check=True, env=environment)
        runs.append({path.name: path.read_bytes() for path in Path(jobs, "mix").iterdir()})
    assert len(runs[0]) == 4
    assert runs[0] == runs[1]
