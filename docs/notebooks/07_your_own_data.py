"""
Your own data, your own benchmark
=================================

Published figures are of other people's recordings. What does a method reach on yours? And is your
own idea any better than what is there already?

This notebook makes a small data set, checks it, makes new mixtures of its stems, trains a model of
its instruments, and runs methods side by side. One of them is written here. It ends with a table
and a picture for a paper. With a folder of your own recordings, skip the first section.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio

import musisep
from musisep import plots
from musisep.benchmark.item import masked, transform_of
from musisep.benchmark.methods import Method, methods_of
from musisep.benchmark.runs import Benchmark
from musisep.benchmark.tables import figures_of
from musisep.datasets import Mixtures, check_dataset, open_dataset, open_stems
from musisep.evaluation.folders import references_in
from musisep.io import files
from musisep.metrics.windows import evaluate
from musisep.models import Model, edit_config, train

RATE = 16000
place = tempfile.TemporaryDirectory()
data = Path(place.name) / "duos"

###############################################################################
# Three instruments
# -----------------
#
# We invent a reed with odd harmonics, a flue with a weak top, and a brass with a strong middle.
# Each has a range of pitches. They improvise in C major, with a little vibrato and noise.

HARMONICS = np.arange(1, 13)
COLUMNS = {
    "reed": np.where(HARMONICS % 2, 1.0, 0.1) / HARMONICS**0.7,
    "flue": 1 / HARMONICS**2.2,
    "brass": np.exp(-(((HARMONICS - 4) / 3) ** 2)),
}
RANGES = {"reed": (60, 79), "flue": (65, 86), "brass": (48, 67)}  # MIDI


def tone(midi, length_s, column, rng):
    """Return one tone."""
    time_s = np.arange(round(length_s * RATE)) / RATE
    ends = np.minimum(time_s / 0.03, 1) * np.minimum((length_s - time_s) / 0.04, 1)
    vibrato = 1 + 0.003 * np.sin(2 * np.pi * (5 * time_s + rng.uniform()))
    phase = 2 * np.pi * 440 * 2 ** ((midi - 69) / 12) * np.cumsum(vibrato) / RATE
    return rng.uniform(0.7, 1) * ends * (column @ np.sin(HARMONICS[:, None] * phase))


def improvise(instrument, length_s, rng):
    """Return what an instrument plays, as long as it can."""
    low, high = RANGES[instrument]
    pitches = [midi for midi in range(low, high) if midi % 12 in (0, 2, 4, 5, 7, 9, 11)]
    signal, begin, at = np.zeros(round(length_s * RATE)), 0, len(pitches) // 2
    while begin + (length := rng.choice([4800, 7200, 9600, 14400])) <= len(signal):
        sound = tone(pitches[at], 0.93 * length / RATE, COLUMNS[instrument], rng)
        signal[begin : begin + len(sound)] += sound
        begin += length
        at = np.clip(at + rng.choice([-3, -2, -1, 1, 2, 3]), 0, len(pitches) - 1)
        at = at if rng.uniform() < 0.8 else len(pitches) // 2
    return 0.08 * signal / np.std(signal) + 1e-4 * rng.standard_normal(len(signal))


###############################################################################
# A data set is a folder of recordings, with a file for each instrument. Three duos are for
# training, four others for the test.

rng = np.random.default_rng(0)
duos = [("reed", "flue"), ("flue", "brass"), ("reed", "brass")]
for split, number, length_s in (("train", 3, 6), ("test", 4, 5)):
    for duo in range(number):
        for instrument in duos[duo % 3]:
            path = data / split / f"duo {duo + 1}" / f"{instrument}.wav"
            files.write(path, improvise(instrument, length_s, rng)[None], RATE)

for recording in open_dataset(data):
    print(recording.name, recording.info.duration_s, "s:", ", ".join(recording.references))

mixture, references = open_dataset(data, "test")[0].read(["flue", "reed"])
Audio(mixture, rate=RATE)

###############################################################################
# Is it sound?
# ------------
#
# ``open_dataset`` found the layout out itself; it knows those of MUSDB18-HQ, MedleyDB, URMP and
# Bach10, too. ``check_dataset`` listens to every sample. Here it finds nothing. Then we do what
# happens to everybody: one file is cut short, and one is copied to the test set by mistake.

assert not check_dataset(data)

reed = data / "train" / "duo 1" / "reed.wav"
good = reed.read_bytes()
audio, _ = files.read(reed)
files.write(reed, audio[:, :-RATE], RATE)
copied = data / "test" / "duo 5"
copied.mkdir()
for name in ("flue", "brass"):
    (copied / f"{name}.wav").write_bytes((data / "train" / "duo 2" / f"{name}.wav").read_bytes())

findings = check_dataset(data)
for finding in findings:
    print(f"{finding.severity}: {finding.path} {finding.problem}".replace(str(data), "duos"))
assert {finding.severity for finding in findings} == {"error"}

###############################################################################
# The second fault is the mean one. Nothing crashes, and the figures look very good. We mend both.

reed.write_bytes(good)
for path in [*copied.iterdir()]:
    path.unlink()
copied.rmdir()
assert not check_dataset(data)

###############################################################################
# New mixtures of the same stems
# ------------------------------
#
# Stems can be mixed in other ways: other pairs, gains, transpositions, places between two channels.
# ``Mixtures`` draws them. Mixture 7 is the same whenever it is asked for.

mixtures = Mixtures(
    open_stems(data, "train"),
    instruments=2,
    length_s=4,
    sample_rate=RATE,
    gains_db=(-6, 6),
    positions=(-0.8, 0.8),
    transpose=(-2, 2),
    seed=1,
)
made = mixtures[7]
assert np.array_equal(made.mixture, mixtures[7].mixture)
print(*made.names)
Audio(made.mixture, rate=RATE)

###############################################################################
# A model of these instruments
# ----------------------------
#
# Blind separation does not know names. A *model* is a folder with what was learned of instruments
# by name: what their notes sound like, and how high they are. Training takes a call, and is kept
# step by step. All of it is configured in a text file, in which each value is explained.

folder = Path(place.name) / "model"
edit_config(folder, {"excerpt_s": 6.0, "mixtures": 0, "validation": 0.0})
print(*(folder / "config.toml").read_text().splitlines()[:8], "...", sep="\n")

trained = train(folder, data)
print(f"\nlearned {', '.join(trained.instruments)} from {trained.lessons} excerpts")

###############################################################################
# Now the stems of the test set come with names. ``evaluate`` measures them against the reference of
# the same name (``permute=False``), so an exchange of names would be punished. Beside it, the same
# separated blind, where the best order is looked for. SDR in dB, the mean of both stems.

model = Model.load(folder)
windows = {"SDR": {}, "SIR": {}, "SAR": {}}
named_db, blind_db = [], []
for recording in open_dataset(data, "test"):
    names = list(recording.references)
    mixture, references = recording.read(names)
    named = musisep.separate(
        mixture, RATE, settings=model.config.settings(names), profiles=model.profiles
    )
    blind = musisep.separate(mixture, RATE, instruments=2)
    found = evaluate(references, named.stems, sample_rate=RATE, window_s=1.0, permute=False)
    named_db.append(found.whole["SDR"].mean())
    blind_db.append(evaluate(references, blind.stems, sample_rate=RATE).whole["SDR"].mean())
    print(f"{recording.name}: named {named_db[-1]:5.1f} dB, blind {blind_db[-1]:5.1f} dB")
    for measure, by_stem in windows.items():
        for name, values in zip(names, found.windows[measure], strict=True):
            by_stem.setdefault(name, []).extend(values)
assert min(named_db) > 3

###############################################################################
# The names are right, and that is what a model is for. The stems are hardly better than blind ones,
# as a model tells who plays and nothing else.
#
# One figure for a track hides a lot. ``evaluate`` also measured each second, and this is how these
# values are distributed: SDR is all error, SIR what is heard of the other instrument, SAR what else
# was spoilt.

plots.measures_figure(windows)

###############################################################################
# A method of your own
# --------------------
#
# A benchmark runs methods on tracks. A method gets the mixture, and how many stems there are; it
# returns them in any order. Ours is a simple idea: in each frame, what is low belongs to one
# instrument and what is high to the other, and the border is where half of the energy is below.


def low_and_high(item):
    """Divide each frame at the frequency below which half of its energy lies."""
    if len(item.references) != 2:
        raise ValueError("is made for two instruments")
    power = np.abs(transform_of(item).stft(item.mixture)).mean(axis=0) ** 2  # [bin, frame]
    low = np.cumsum(power, axis=0) <= 0.5 * power.sum(axis=0)
    return masked(item, np.stack([low, ~low]).astype(float))


def one_column(item):
    """Separate with one column for all pitches of an instrument."""
    return musisep.separate(
        item.mixture, item.sample_rate, instruments=len(item.references), voicing="instrument"
    ).stems


methods = methods_of(["musisep", "ideal-mask", "ideal-binary-mask", "mixture"])
methods["one column"] = Method(one_column, settings="voicing=instrument")
methods["low and high"] = Method(low_and_high, settings="share=0.5")

###############################################################################
# ``ideal-mask`` looks at the true stems: it is what such a mask can reach. ``mixture`` does nothing
# and is what you get for free. Between these two a method should have its place.

tracks = references_in(data, "test")
benchmark = Benchmark(Path(place.name) / "results", taps=1, duration_s=60.0, jobs=1)
results = [result for track in tracks for result in benchmark.run(track, methods)]

assert len(results) == len(tracks) * len(methods)
print(f"{len(results)} results")

###############################################################################
# Each result is kept at once, by the bytes of the files and by ``settings``. A benchmark that was
# stopped goes on where it was, and one that has ended takes no time.

again = [result for track in tracks for result in benchmark.run(track, methods)]
assert all(result.kept for result in again)

###############################################################################
# The table
# ---------
#
# Means over tracks of means over stems, with 95 % intervals over tracks, and the difference to the
# first method, track by track. Four tracks are few, and the intervals say so.

figures = figures_of(results)
print(f"{'':20}{'SDR in dB':20}difference to {figures[0].method}")
for row in figures:
    low, high = row.interval
    line = f"{row.method:18}{row.means['SDR']:6.1f} [{low:4.1f}, {high:4.1f}]"
    if row is not figures[0]:
        low, high = row.difference_interval
        line += f"{row.difference:+9.1f} [{low:+.1f}, {high:+.1f}]"
    print(line)

mean_db = {row.method: row.means["SDR"] for row in figures}
assert mean_db["ideal-mask"] > mean_db["musisep"] > mean_db["mixture"] > mean_db["low and high"]

###############################################################################
# The same in LaTeX, with SIR and SAR. Without any artefact SAR is infinite.

lines = [
    rf"{row.method} & {row.means['SDR']:.1f} [{row.interval[0]:.1f}, {row.interval[1]:.1f}]"
    rf" & {row.means['SIR']:.1f} & {row.means['SAR']:.1f} \\"
    for row in figures
]
print(*lines, sep="\n")

###############################################################################
# The picture
# -----------
#
# A dot is a track. The bar is the interval, and the line in it the mean. The figure is written as
# PDF.

figure, axes = plt.subplots(figsize=(6.5, 2.8), layout="constrained")
for height, row in enumerate(figures):
    own = [result for result in results if result.method == row.method]
    dots = [np.mean([values["SDR"] for values in one.measures.values()]) for one in own]
    axes.barh(height, np.ptp(row.interval), 0.5, left=row.interval[0], color="0.85")
    axes.plot([row.means["SDR"]] * 2, [height - 0.25, height + 0.25], color="black")
    axes.plot(dots, [height] * len(dots), "o", color=plots.PALETTE[0], markersize=5)
axes.set_yticks(range(len(figures)), [row.method for row in figures])
axes.invert_yaxis()
axes.set_xlabel("SDR in dB, mean of the stems")
axes.grid(axis="x", alpha=0.4)
axes.set_axisbelow(True)
plots.save_figure(figure, Path(place.name) / "benchmark.pdf")
plt.show()

###############################################################################
# So much for our idea: it is worse than doing nothing, as the harmonics of the lower instrument lie
# among those of the higher one. That is what a benchmark is for. One column for all pitches is
# nearly as good as the default here, where the instruments have no resonances that stay where they
# are while the pitch moves. Real ones have.

place.cleanup()

###############################################################################
# What next
# ---------
#
# * The same from the command line, with a folder of yours: ``musisep data check FOLDER``,
#   ``musisep train MODEL FOLDER``, ``musisep benchmark FOLDER``.
# * Compare with any other program: ``--command 'prog {mixture} --out {out}'``.
# * Let the first two duos of ``improvise`` swap their ranges. Are the names still right?
# * Keep some recordings for validation, and look at ``evaluation.csv`` in the folder of the model.
