"""What those rely on who call the documented `main`, and `python -m musisep.dictsep`."""

import csv
import io
import re
import sys

import numpy as np
import pytest
import soundfile as sf
from duet import SAMPLE_RATE, duet
from matplotlib.image import imread

import musisep
from musisep.dictsep.__main__ import command, documented_settings, main
from musisep.io.files import AudioFileError, write
from musisep.learning.adam_b import Adam_B
from musisep.metrics import bss_eval
from musisep.multipitch import greedy
from musisep.tones.dictionary import Dictionary

ALWAYS = {"instrument1.wav", "instrument2.wav", "dictionary.npz", "dictionary.png", "tones.csv"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stems = duet()[:, :SAMPLE_RATE]
    write("mix.wav", stems.sum(axis=0), SAMPLE_RATE)
    for name, stem in zip(("reed", "string"), stems, strict=True):
        write(f"{name}.wav", stem, SAMPLE_RATE)
    return tmp_path


@pytest.fixture
def unseparated(monkeypatch):
    """What `separate` would be called with; nothing is separated."""
    seen = []

    class Seen(Exception):
        pass

    def separate(*arguments, **options):
        seen.append((arguments, options))
        raise Seen

    monkeypatch.setattr("musisep.separation.separate", separate)
    return seen, Seen


def documented(**changes):
    """Arguments in the documented order."""
    arguments = {
        "mixed_soundfile": "mix.wav", "orig_soundfiles": None, "inst_num": 2, "tone_num": 1,
        "pexp": 1, "qexp": 0.5, "har": 12, "sigmas": 6, "sampdist": 256, "spectheight": 1024,
        "logspectheight": 512, "minfreq": 100, "maxfreq": 6400, "out_name": "new/{duet}",
        "runs": 5, "lifetime": 0, "num_dicts": 1, "mask": True, "plot_range": None,
    }  # fmt: skip
    assert arguments.keys() >= changes.keys()
    return (arguments | changes).values()


def written(folder):
    """Files that are not those of the fixture."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return names - {"mix.wav", "reed.wav", "string.wav"}


def test_everything_that_was_asked_for_comes_out(folder, capsys):
    originals = ["reed.wav", "string.wav"]
    separation = main(
        *documented(orig_soundfiles=originals, plot_range=slice(10, 40), runs=120, lifetime=30)
    )
    names = {*ALWAYS, "measures.csv", "spectrograms.png"}
    assert written(folder) == {f"new/{{duet}}-{name}" for name in names}
    stems = [sf.read(f"new/{{duet}}-instrument{k}.wav")[0] for k in (1, 2)]
    np.testing.assert_array_equal(stems, separation.stems[:, 0].astype(np.float32))
    mixture, _ = sf.read("mix.wav")
    assert np.sum((sum(stems) - mixture) ** 2) < 0.1 * np.sum(mixture**2)
    loaded = Dictionary.load("new/{duet}-dictionary.npz")
    np.testing.assert_array_equal(loaded.amplitudes, separation.dictionary.amplitudes)
    assert loaded.amplitudes.shape == (12, 2)
    for name in ("spectrograms", "dictionary"):
        assert imread(f"new/{{duet}}-{name}.png").ndim == 3
    output = capsys.readouterr()
    assert output.err == ""  # no terminal, no bars
    rows = [line.split()[0] for line in output.out.splitlines()]
    assert rows == ["SDR", "reed", "string", "mean"]


def test_tables_hold_the_tones_and_the_measures(folder, capsys):
    originals = ["reed.wav", "string.wav"]
    separation = main(*documented(orig_soundfiles=originals, out_name="duet"))
    with open("duet-tones.csv", newline="") as file:
        tones = list(csv.DictReader(file))
    assert list(tones[0]) == ["time_s", "instrument", "f0_hz", "amplitude", "inharmonicity"]
    for name in ("time_s", "f0_hz", "amplitude", "inharmonicity"):
        np.testing.assert_array_equal([float(row[name]) for row in tones], separation.tones[name])
    numbers = [int(row["instrument"].removeprefix("instrument")) - 1 for row in tones]
    np.testing.assert_array_equal(numbers, separation.tones.instrument)
    with open("duet-measures.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["reference", "sdr_db", "sir_db", "sar_db", "stem"]
    true = duet()[:, None, :SAMPLE_RATE].astype(np.float32)
    measured = bss_eval(true, separation.stems)
    assert [row["reference"] for row in rows] == ["reed", "string", "mean"]
    assert [row["stem"] for row in rows] == [
        *(f"instrument{k + 1}" for k in measured.permutation), ""
    ]  # fmt: skip
    expected = [*measured.sdr, measured.sdr.mean()]
    np.testing.assert_allclose([float(row["sdr_db"]) for row in rows], expected, rtol=1e-9)
    printed = re.findall(r"(-?\d+\.\d\d) +-?\d+\.\d\d", capsys.readouterr().out)
    np.testing.assert_allclose([float(x) for x in printed], expected, atol=0.006)


def test_names_that_stdout_has_no_letters_for_are_escaped(folder, monkeypatch):
    references = [f"{name}-\xfc-\u7d30.wav" for name in ("reed", "string")]
    for name in references:
        (folder / f"{name.split('-')[0]}.wav").rename(name)
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, "ascii", write_through=True))
    main(*documented(orig_soundfiles=references))
    names = [line.split()[0] for line in printed.getvalue().splitlines()[-3:]]
    assert names == [rb"reed-\xfc-\u7d30", rb"string-\xfc-\u7d30", b"mean"]


def test_it_is_the_documented_method(folder, monkeypatch):
    counts = {"steps": 0, "pursuits": 0}
    step, pursue = Adam_B.step, greedy.GreedyPursuit.__call__

    def counted_step(self, direction):
        counts["steps"] += 1
        return step(self, direction)

    def counted_pursuit(self, frames, *arguments):
        counts["pursuits"] += len(frames)
        return pursue(self, frames, *arguments)

    monkeypatch.setattr(Adam_B, "step", counted_step)
    monkeypatch.setattr(greedy.GreedyPursuit, "__call__", counted_pursuit)
    separation = main(*documented(runs=7, lifetime=3, num_dicts=2))
    assert counts["steps"] == 14
    frames = 1 + SAMPLE_RATE // 256
    assert counts["pursuits"] >= 14 + frames
    expected = musisep.separate(
        "mix.wav", method="adam", instruments=2, tones=1, harmonics=12, runs=7, lifetime=3,
        dictionaries=2, hop_s=256 / SAMPLE_RATE, window_s=2048 / SAMPLE_RATE, window_sigmas=6,
        sigma_bins=6 / np.pi, bins_per_octave=512 / 6, fmin_hz=100, fmax_hz=6400,
    )  # fmt: skip
    np.testing.assert_allclose(separation.stems, expected.stems, atol=1e-9)


def test_the_best_of_several_dictionaries_is_used_and_it_is_said_which(folder, capsys):
    separation = main(*documented(num_dicts=3, out_name="duet"))
    assert len(separation.answers) == 3
    assert separation.chosen == np.argmin(separation.answers)
    line = capsys.readouterr().out.strip()
    left = ", ".join(f"{share:.2%}" for share in separation.answers)
    number = separation.chosen + 1
    assert line == f"number {number} of 3 dictionaries is used; they leave {left}"


def test_unmasked_stems_are_synthesised(folder):
    masked, synthesised = (main(*documented(mask=mask, out_name="duet")) for mask in (True, False))
    assert np.abs(masked.stems - synthesised.stems).max() > 0.01
    np.testing.assert_array_equal(masked.tones.f0_hz, synthesised.tones.f0_hz)


def test_the_picture_shows_the_frames_that_were_asked_for(folder, monkeypatch):
    drawn = []
    monkeypatch.setattr("musisep.plots.save_figure", lambda *arguments: drawn.append(arguments))
    main(*documented(plot_range=slice(np.int64(10), 40, 2)))
    figures = {path: figure for figure, path in drawn}
    assert list(figures) == ["new/{duet}-dictionary.png", "new/{duet}-spectrograms.png"]
    panels = [axes for axes in figures["new/{duet}-spectrograms.png"].axes if axes.images]
    titles = [axes.get_title(loc="left") for axes in panels]
    assert titles == ["mixture", "model", "instrument1", "instrument2"]
    for axes in panels:
        left, right, *_ = axes.images[0].get_extent()
        np.testing.assert_allclose((left, right), (0.16 - 0.016, 0.64 - 0.016))


def test_nothing_is_printed_measured_and_drawn_unless_asked_for(folder, capsys):
    main(*documented(out_name="duet"))
    assert written(folder) == {f"duet-{name}" for name in ALWAYS}
    assert capsys.readouterr().out == ""


def test_samples_and_bins_become_settings(folder, unseparated):
    seen, stop = unseparated
    with pytest.raises(stop):
        main(*documented(runs=2001, lifetime=50, num_dicts=3, mask=False, tone_num=4, inst_num=3))
    (mixture, sample_rate), options = seen[0]
    assert mixture.shape == (1, SAMPLE_RATE) and sample_rate == SAMPLE_RATE
    assert options["jobs"] >= 1 and callable(options["progress"])
    settings = options["settings"]
    wanted = {
        "method": "adam", "instruments": 3, "tones": 4, "pexp": 1, "qexp": 0.5, "harmonics": 12,
        "window_sigmas": 6, "sigma_bins": 6 / np.pi, "hop_s": 0.016, "window_s": 0.128,
        "bins_per_octave": pytest.approx(512 / 6), "fmin_hz": 100, "fmax_hz": 6400, "runs": 2001,
        "lifetime": 50, "dictionaries": 3, "mask": "synthesis",
    }  # fmt: skip
    assert {name: getattr(settings, name) for name in wanted} == wanted
    assert settings.finder is settings.voicing is None  # those of the method


def test_masks_are_ratios():
    arguments = SAMPLE_RATE, 2, 1, 1, 0.5, 12, 6, 256, 1024, 512, 100, 6400, 5, 0, 1
    assert documented_settings(*arguments, True).mask == "ratio"


@pytest.mark.parametrize(
    ("plot_range", "error", "match"),
    [
        ((10, 40), TypeError, r"plot_range=\(10, 40\) must be a slice or None"),
        (5, TypeError, "plot_range=5 must be a slice or None"),
        (slice(0.5, 3), TypeError, r"plot_range=slice\(0.5, 3, None\) must be a slice of integers"),
        (slice("a"), TypeError, "must be a slice of integers"),
        (slice(0, 9, 0), ValueError, "plot_range=.* must have a step of at least 1"),
        (slice(9, 0, -1), ValueError, "plot_range=.* must have a step of at least 1"),
    ],
)
def test_a_range_that_is_none_is_refused_first(folder, unseparated, plot_range, error, match):
    with pytest.raises(error, match=match):
        main(*documented(plot_range=plot_range, mixed_soundfile="missing.wav", inst_num=-1))
    assert not unseparated[0] and written(folder) == set()


@pytest.mark.parametrize("plot_range", [slice(63, 90), slice(5, 5), slice(9, 3), slice(0, -63)])
def test_a_range_without_frames_is_refused_before_the_separation(folder, unseparated, plot_range):
    with pytest.raises(ValueError, match=r"plot_range=.* holds none of the 63 frames"):
        main(*documented(plot_range=plot_range))
    assert not unseparated[0] and written(folder) == set()


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"orig_soundfiles": ["reed.wav", "short.wav"]}, r"short\.wav has 9 samples"),
        ({"orig_soundfiles": ["reed.wav"]}, "orig_soundfiles are 1, inst_num=2: one for each"),
        ({"orig_soundfiles": ["reed.wav", "none.wav"]}, r"none\.wav' cannot be read"),
        ({"minfreq": 0}, "minfreq=0 and maxfreq=6400 must satisfy"),
        ({"sampdist": 0}, "sampdist=0 must be an integer of at least 1"),
        ({"lifetime": 6}, "lifetime=6 must be at most runs=5"),
        ({"out_name": "short.wav/duet"}, "cannot be written"),
        ({"out_name": "x", "mixed_soundfile": "x-instrument1.wav"}, "would be overwritten"),
        ({"out_name": "x", "orig_soundfiles": ["x-instrument1.wav", "reed.wav"]}, "overwritten"),
    ],
)
def test_what_cannot_work_is_noticed_before_the_separation(folder, unseparated, changes, match):
    write("short.wav", np.zeros(9), SAMPLE_RATE)
    write("x-instrument1.wav", sf.read("mix.wav")[0], SAMPLE_RATE)
    with pytest.raises((ValueError, OSError), match=match):
        main(*documented(**changes))
    assert not unseparated[0] and written(folder) == {"short.wav", "x-instrument1.wav"}


def test_a_missing_recording_is_told(folder):
    with pytest.raises(AudioFileError, match=r"missing\.wav"):
        main(*documented(mixed_soundfile="missing.wav"))


def test_the_command_needs_no_name(folder, capsys):
    assert command(["missing.wav"]) == 1
    assert capsys.readouterr().err.startswith("musisep: missing.wav: cannot be read")
    with pytest.raises(SystemExit, match="2"):
        command([])
    assert capsys.readouterr().err.startswith("usage: python -m musisep.dictsep ")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"inst_num": 0}, "inst_num=0 must"),
        ({"tone_num": 17}, "tone_num=17 must"),
        ({"har": 0}, "har=0 must"),
        ({"num_dicts": 0}, "num_dicts=0 must"),
        ({"sampdist": 2048}, r"sampdist/rate=0\.128 must be at most half of 2\*spectheight/rate="),
    ],
)
def test_what_is_refused_is_called_as_the_parameter(folder, changes, match):
    with pytest.raises(ValueError, match=match):
        main(*documented(**changes))
