import inspect

import numpy as np
import pytest
import soundfile as sf
from duet import SAMPLE_RATE, duet
from matplotlib.image import imread

from musisep.io.files import write
from musisep.dictsep.__main__ import command, main

PARAMETERS = (
    "mixed_soundfile, orig_soundfiles, inst_num, tone_num, pexp, qexp, har, sigmas, sampdist, "
    "spectheight, logspectheight, minfreq, maxfreq, out_name, runs, lifetime, num_dicts, mask, "
    "plot_range"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stems = duet()[:, :SAMPLE_RATE]
    write("mix.wav", stems.sum(axis=0), SAMPLE_RATE)
    for name, stem in zip(("reed", "string"), stems, strict=True):
        write(f"{name}.wav", stem, SAMPLE_RATE)
    return tmp_path


def documented(**changes):
    """Arguments in the documented order."""
    arguments = {
        "mixed_soundfile": "mix.wav", "orig_soundfiles": None, "inst_num": 2, "tone_num": 1,
        "pexp": 1, "qexp": 0.5, "har": 12, "sigmas": 6, "sampdist": 256, "spectheight": 1024,
        "logspectheight": 512, "minfreq": 100, "maxfreq": 6400, "out_name": "new/{duet}",
        "runs": 5, "lifetime": 0, "num_dicts": 1, "mask": True, "plot_range": None,
    }  # fmt: skip
    assert ", ".join(arguments) == PARAMETERS
    return (arguments | changes).values()


def test_the_signature_is_the_documented_one():
    parameters = inspect.signature(main).parameters.values()
    assert ", ".join(parameter.name for parameter in parameters) == PARAMETERS
    assert all(parameter.default is parameter.empty for parameter in parameters)


def test_stems_measures_and_a_picture_come_out(folder, capsys):
    originals = ["reed.wav", "string.wav"]
    main(*documented(orig_soundfiles=originals, plot_range=slice(10, 40)))
    names = ["{duet}-instrument1.wav", "{duet}-instrument2.wav", "{duet}.png"]
    assert sorted(path.name for path in (folder / "new").iterdir()) == names
    stems = [sf.read(f"new/{name}")[0] for name in names[:2]]
    mixture, _ = sf.read("mix.wav")
    assert np.sum((sum(stems) - mixture) ** 2) < 0.1 * np.sum(mixture**2)
    assert imread("new/{duet}.png").ndim == 3
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert rows == ["SDR", "reed", "string", "mean"]


def test_the_picture_shows_the_frames_that_were_asked_for(folder, monkeypatch):
    drawn = []
    monkeypatch.setattr("musisep.plots.save_figure", lambda *arguments: drawn.append(arguments))
    main(*documented(plot_range=slice(10, 40, 2)))
    figure, path = drawn[0]
    assert path == "new/{duet}.png"
    panels = [axes for axes in figure.axes if axes.images]
    titles = [axes.get_title(loc="left") for axes in panels]
    assert titles == ["mixture", "instrument1", "instrument2"]
    for axes in panels:
        left, right, *_ = axes.images[0].get_extent()
        np.testing.assert_allclose((left, right), (0.16 - 0.016, 0.64 - 0.016))


def test_nothing_is_printed_and_drawn_unless_asked_for(folder, capsys):
    main(*documented(out_name="duet"))
    assert len(list(folder.glob("duet-*.wav"))) == 2
    assert not list(folder.glob("*.png"))
    assert capsys.readouterr().out == ""


def test_samples_and_bins_become_settings(folder, monkeypatch):
    seen = {}

    class Seen(Exception):
        pass

    def separate(mixture, sample_rate, **settings):
        seen.update(settings)
        raise Seen

    monkeypatch.setattr("musisep.separation.separate", separate)
    with pytest.raises(Seen):
        main(*documented(runs=2001, lifetime=50, num_dicts=3, mask=False))
    assert seen == {
        "instruments": 2, "tones": 1, "pexp": 1, "qexp": 0.5, "harmonics": 12,
        "window_sigmas": 6, "sigma_bins": 6 / np.pi, "hop_s": 0.016, "window_s": 0.128,
        "bins_per_octave": 512 / 6, "fmin_hz": 100, "fmax_hz": 6400, "steps": 6,
        "restarts": 3, "masking": False,
    }  # fmt: skip


def test_originals_must_fit(folder):
    write("short.wav", np.zeros(9), SAMPLE_RATE)
    with pytest.raises(ValueError, match=r"short\.wav has 9 samples"):
        main(*documented(orig_soundfiles=["reed.wav", "short.wav"]))


def test_the_command_needs_no_name(folder, capsys):
    assert command(["missing.wav"]) == 1
    assert capsys.readouterr().err.startswith("musisep: missing.wav: cannot be read")
    with pytest.raises(SystemExit, match="2"):
        command([])
    assert capsys.readouterr().err.startswith("usage: python -m musisep.dictsep ")
