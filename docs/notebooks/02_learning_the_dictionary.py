"""
Learning the dictionary
=======================

Nobody tells the computer what a horn sounds like. It finds out from the recording itself, and
keeps what it finds in a *dictionary*: one column for each instrument, which holds how strong its
harmonics are.

How can one learn what the instruments sound like before one knows what they play? And how can one
know what they play before one knows what they sound like? There are two ways out in this package.
The default asks first what sounds, and then who plays. The documented method, which Schulze and
King published in 2021 (`doi:10.1186/s13636-020-00190-4
<https://doi.org/10.1186/s13636-020-00190-4>`_), begins with random columns and improves them frame
by frame. We take both of them to pieces, with a picture at each step, and put them together again.
"""

from importlib import resources

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, Audio

import musisep
from musisep import plots
from musisep.io import files
from musisep.learning.adam import AdamSteps, random_batches
from musisep.learning.adam_b import Adam_B
from musisep.learning.from_notes import in_places
from musisep.learning.selection import audible, evenly_spaced
from musisep.learning.updates import falling, fit_columns, smoothed
from musisep.metrics import bss_eval
from musisep.multipitch.finder import Prior
from musisep.multipitch.greedy import Correlation, GreedyPursuit, fft_selector, peak_pursuit
from musisep.multipitch.joint import JointSearch
from musisep.stages import make_stages
from musisep.tones.loss import dict_grads, unexplained
from musisep.tones.model import ToneModel
from musisep.tones.peaks import Peaks
from musisep.tones.spectra import gen_inst_spect, inst_shift

folder = resources.files("musisep") / "demo"
recording, sample_rate = files.read(folder / "mix.flac")
mixture = recording[:, : 6 * sample_rate]

Audio(files.resample(mixture, sample_rate, 22050), rate=22050)

###############################################################################
# What there is to explain
# ------------------------
#
# ``make_stages`` makes the parts of a separation. The first of them, the front end, turns the
# recording into *frames*: one spectrum each 12 ms, on a frequency axis on which an octave has the
# same number of bins everywhere. The tone model knows that axis.

settings = musisep.Settings(instruments=2, seed=0)
parts = make_stages(settings)
frames, level, grid = parts.front_end(mixture, sample_rate)
model = ToneModel.on(grid)
print(f"{frames.shape[0]} frames of {frames.shape[1]} bins, {model.octave:.1f} bins in an octave")

###############################################################################
# Here is the frame at 1.5 s. Two tones sound, and their harmonics are the peaks. We draw the square
# root of the magnitudes: frames are compared by it, because it keeps the quiet harmonics in view.

frame = frames[round(1.5 / model.hop_s)]
low, high = grid.axis.position([100, 10000])
marks_hz = [100, 200, 400, 800, 1600, 3200, 6400]


def frequency_axis(axes):
    """Show the bins from 100 Hz to 10 kHz, with frequencies in Hz."""
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0)
    axes.set_xticks(grid.axis.position(marks_hz), [f"{hz}" for hz in marks_hz])
    axes.grid(alpha=0.4)


figure, axes = plt.subplots(figsize=(9, 2.6), layout="constrained")
axes.fill_between(np.arange(model.m), model.roots(frame), color="0.6")
frequency_axis(axes)
axes.set_xlabel("frequency in Hz")
axes.set_ylabel("root of magnitude")
plt.show()

###############################################################################
# What can explain it? A *tone* of frequency :math:`f_0` has harmonics near :math:`h f_0`. On this
# axis the h-th of them lies :math:`H \ln h` bins above the first, whatever :math:`f_0` is: another
# pitch is the same pattern, shifted. How high the harmonics are is the column of the instrument.

column = np.arange(1.0, 26)[:, None] ** -1.0  # [harmonic, instrument]: 1, 1/2, 1/3, ...


def spectrum_of(tones, dictionary):
    """Return the spectrum [bin] of the tones of one frame."""
    return inst_shift(tones, dictionary, model.harscale, model.pexp, model.m, len(tones))


figure, grid_of_axes = plt.subplots(2, figsize=(9, 3.6), sharex=True, layout="constrained")
for axes, f0_hz in zip(grid_of_axes, (220.0, 330.0), strict=True):
    tone = Peaks([1.0], [float(grid.axis.position(f0_hz))], [model.fsigma], [0.0], [0])
    axes.plot(model.roots(spectrum_of(tone, column)), color="black")
    axes.set_title(f"one tone of {f0_hz:.0f} Hz", loc="left", fontsize="medium")
    frequency_axis(axes)
grid_of_axes[1].set_xlabel("frequency in Hz")
figure.supylabel("root of magnitude", fontsize="medium")
plt.show()

###############################################################################
# The default, step 1: common columns
# -----------------------------------
#
# The default does not ask who plays at first. It learns two *common columns*, which the tones of
# any instrument may take. They start as :math:`h^{-1/2}`, which falls slowly, and :math:`h^{-3}`,
# which falls fast. Then tones are found in all frames and the columns are fitted to these tones,
# ten times in turn.
#
# At first the columns are kept smooth, at last falling. Otherwise one column with strong even
# harmonics would come to stand for a tone an octave below.

taught_by = np.ascontiguousarray(frames[evenly_spaced(audible(frames), 400)])
columns = np.arange(1.0, 26)[:, None] ** -np.array([0.5, 3.0])
course, left = [columns], []
for turn in range(10):
    search = JointSearch(tones=2, most=2, price=0.3 if turn < 9 else 0.04)
    tones = search(taught_by, columns, model)
    columns = fit_columns(taught_by, tones, columns, model, updates=2)
    columns = smoothed(columns) if turn < 7 else falling(columns)
    course.append(columns)
    left.append(unexplained(taught_by, tones, columns, model))


def levels_db(amplitudes):
    """Return levels in dB, from -60 on; 1 is 0 dB."""
    return 20 * np.log10(np.maximum(amplitudes, 1e-3))


figure, grid_of_axes = plt.subplots(1, 4, figsize=(9, 2.8), layout="constrained")
for axes, turns in zip(grid_of_axes, (0, 1, 10), strict=False):
    axes.plot(np.arange(1, 26), levels_db(course[turns]), ".-")
    axes.set_title("start" if turns == 0 else f"after turn {turns}", loc="left", fontsize="medium")
    axes.set_xlabel("harmonic")
    axes.set_ylim(-62, 3)
    axes.grid(alpha=0.4)
grid_of_axes[0].set_ylabel("level in dB")
grid_of_axes[3].plot(np.arange(1, 11), 100 * np.array(left), ".-", color="black")
grid_of_axes[3].set_title("left in %", loc="left", fontsize="medium")
grid_of_axes[3].set_xlabel("turn")
grid_of_axes[3].set_xticks([1, 4, 7, 10])
grid_of_axes[3].set_ylim(bottom=0)
grid_of_axes[3].grid(alpha=0.4)
plt.show()

###############################################################################
# "Left" is what the tones leave unexplained of the frames. Most is won in the first turns. Neither
# column is a clarinet or a horn: they are a dull sound and a bright one.

assert left[-1] < left[0]

###############################################################################
# Step 2: tones
# -------------
#
# With the common columns tones are found in all frames together. They have a pitch and a loudness,
# and no owner yet.

learner = parts.learner
tones = learner.common_tones(frames, columns, model)
heard = tones.amps > 0
time_s = np.broadcast_to(model.hop_s * np.arange(len(frames))[:, None], tones.amps.shape)
pitch = 69 + 12 * np.log2(grid.axis.hz(tones.shifts) / 440)


def draw_tones(colours, title):
    """Draw all tones over time and pitch, in these colours [frame, place, RGBA]."""
    axes = plt.figure(figsize=(9, 2.8), layout="constrained").subplots()
    size = 3 + 40 * tones.amps[heard] / tones.amps.max()
    axes.scatter(time_s[heard], pitch[heard], size, colours[heard])
    axes.set_yticks([55, 60, 67, 72, 79], ["G3", "C4", "G4", "C5", "G5"])
    axes.set_ylim(52, 82)
    axes.set_title(title, loc="left", fontsize="medium")
    axes.set_xlabel("time in s")
    axes.set_ylabel("pitch")
    axes.grid(alpha=0.4)
    plt.show()


draw_tones(np.full((*tones.amps.shape, 4), (0.4, 0.4, 0.4, 1)), f"{heard.sum()} tones")

###############################################################################
# Step 3: notes
# -------------
#
# Tones of successive frames at one pitch are linked to *notes*. Each note has a colour of its own
# here; tones that do not last long enough to be a note are light gray.

notes = learner.tracking(tones, frames, model)
number = notes.lengths.size
some_colours = plt.get_cmap("tab20")(np.arange(number) % 20)
own_colours = np.vstack((some_colours, (0.85, 0.85, 0.85, 1)))  # the last is for -1: no note
draw_tones(own_colours[notes.numbers], f"{number} notes")

###############################################################################
# Step 4: who plays?
# ------------------
#
# Now each note is listened to. How strong is each of its harmonics, where no harmonic of another
# note covers it? How loud is it in each band of frequency, and between the harmonics? How does it
# begin and tremble? From this, from the intervals of melodies and from what sounds together, a
# model of players says how likely each answer is. Answers are drawn by that likelihood; how often
# an instrument plays a note in them is its chance.

answer = learner.who_plays(notes, np.random.default_rng(settings.seed))

palette = np.array([plt.matplotlib.colors.to_rgba(plots.colour_of(k)) for k in range(2)])
player_colours = np.vstack((palette[answer.insts], (0.85, 0.85, 0.85, 1)))
draw_tones(player_colours[notes.numbers], "who plays")
print(f"least certain note: {answer.certainty.min():.0%}")

###############################################################################
# This is the first of what the model was told of each note: the levels of its harmonics, with the
# notes sorted by the player that was found and a red line between the players. White is what could
# not be heard on its own. Look at the second harmonic: the notes of one player are weak there. That
# is the clarinet.

order = np.argsort(answer.insts, kind="stable")
heights_db = 10 * np.where(notes.sound.known, notes.sound.values, np.nan)[order, :12]

figure, axes = plt.subplots(figsize=(9, 3.6), layout="constrained")
image = axes.imshow(
    heights_db, aspect="auto", cmap="viridis", vmin=-40, vmax=10, extent=(0.5, 12.5, number, 0)
)
axes.axhline((answer.insts == 0).sum(), color="red", linewidth=2)
axes.set_xticks(range(1, 13))
axes.set_xlabel("harmonic")
axes.set_yticks([])
axes.set_ylabel("note")
figure.colorbar(image, label="level in dB")
plt.show()

###############################################################################
# Step 5: columns
# ---------------
#
# Who plays which tone is known. So the column of each instrument can be fitted to its own tones, by
# multiplicative updates: each harmonic is multiplied by the ratio of what the frames and what the
# model have in its place. This is the dictionary.
#
# The true tracks come with the recording. The black marks are columns that were learned from each
# true track alone, where no other instrument is in the way.

prior = Prior.of_notes(tones.shifts, notes.numbers, answer.insts, answer.chances)
owned = in_places(tones, prior.insts, instruments=2, most=1)
dictionary = learner.learn_columns(frames, owned, columns.mean(axis=1, keepdims=True), model)

names = ("clarinet", "horn")
references = np.stack(
    [files.read(folder / f"{name}.flac")[0][:, : mixture.shape[1]] for name in names]
)
true_columns = np.hstack(
    [
        musisep.separate(track, sample_rate, instruments=1).dictionary.amplitudes
        for track in references
    ]
)


def with_true_columns(dictionary):
    """Draw a dictionary, each column with the true one that it is closest to."""
    figure = plots.dictionary_figure(dictionary)
    for axes, learned in zip(figure.axes, dictionary.T, strict=True):
        nearest = np.argmin(np.abs(true_columns - learned[:, None]).sum(axis=0))
        axes.plot(np.arange(1, 26), levels_db(true_columns[:, nearest]), "k_", markersize=12)
        axes.set_title(f"nearest: {names[nearest]}", loc="right", fontsize="medium")
    return figure


with_true_columns(dictionary)

###############################################################################
# Did we take to pieces what the package really does? ``musisep.separate`` must have learned the
# same columns. It only puts the louder instrument first.

separation = musisep.separate(mixture, sample_rate, settings=settings)
whole = separation.dictionary.amplitudes

assert np.allclose(np.sort(whole, axis=1), np.sort(dictionary, axis=1))
separation

###############################################################################
# The documented method, step 1: one frame
# ----------------------------------------
#
# The documented method knows no notes. It looks at single frames and explains each with few tones,
# by *sparse pursuit*. We watch it at the frame of above, with the dictionary that we just learned.
#
# The residual is what is not explained yet. It is correlated with the pattern of each instrument at
# all shifts at once, by a Fourier transform. The highest peak of all becomes a tone, and all tones
# are fitted together.

baseshift = model.baseshift(len(dictionary))
patterns = gen_inst_spect(
    baseshift, model.fsigma, dictionary, model.harscale, model.pexp, model.qexp, model.m
)
correlation = Correlation(patterns, baseshift, model.m)


def pursuit(rounds):
    """Return tones after so many rounds, their spectrum [bin], and the residual of the roots."""
    tones, spectrum = peak_pursuit(
        frame, 2, 1, rounds, dictionary, model.fsigma, model.harscale,
        fft_selector, (baseshift, patterns, model.qexp), model.pexp, model.qexp, beta=0.9,
        tone_num=1,
    )  # fmt: skip
    return tones, spectrum, model.roots(frame) - model.roots(spectrum)


figure, grid_of_axes = plt.subplots(3, 2, figsize=(9, 6), sharex=True, layout="constrained")
for rounds, (left_axes, right_axes) in enumerate(grid_of_axes):
    tones_found, spectrum, residual = pursuit(rounds)
    left_axes.fill_between(np.arange(model.m), model.roots(frame), color="0.8")
    for tone in range(len(tones_found)):
        own = tones_found[tone : tone + 1]
        colour = plots.colour_of(int(own.insts[0]))
        left_axes.plot(model.roots(spectrum_of(own, dictionary)), color=colour)
    for number, scores in enumerate(correlation(residual)):
        right_axes.plot(scores, color=plots.colour_of(number))
    left_axes.set_title(f"tones: {len(tones_found)}", loc="left", fontsize="medium")
    right_axes.set_title("correlation of what is left", loc="left", fontsize="medium")
    frequency_axis(left_axes)
    frequency_axis(right_axes)
    right_axes.set_ylim(0, 3)
for axes in grid_of_axes[2]:
    axes.set_xlabel("frequency in Hz")
plt.show()

###############################################################################
# A round must reduce the norm of the residual to nine tenths at least. One that does not is undone,
# and the pursuit ends. That is why there are two tones here, and no third one that explains noise.

for rounds in range(4):
    tones_found, _, residual = pursuit(rounds)
    pitches = ", ".join(f"{hz:.0f} Hz" for hz in grid.axis.hz(tones_found.shifts))
    print(f"after {rounds} rounds: residual {np.linalg.norm(residual):.2f}; {pitches or 'no tone'}")
assert len(pursuit(3)[0]) == 2

###############################################################################
# Only the best proposal of all counts here, as in the paper. ``GreedyPursuit``, which the package
# uses, lets each instrument propose a tone in each round. Otherwise the best proposal is often one
# of the instrument that has its tone already, and the pursuit ends too early.
#
# Step 2: a step of the gradient
# ------------------------------
#
# Now the columns may be wrong, and the pursuit uses them as they are. Its tones leave a loss
# :math:`L`, half of the squared distance between the roots of frame and model. The gradient of
# :math:`L` tells for each harmonic whether it should be higher or lower, and the columns go a
# small step that way. *Bounded Adam* keeps the direction for a while (:math:`m`, with
# :math:`\beta_1 = 0.9`), divides by the usual size of the gradient of a column (:math:`v`, with
# :math:`\beta_2 = 0.999`), and keeps all within 0 and 1:
#
# .. math:: D \leftarrow \mathrm{clip}_{[0, 1]} \left( D +
#           \alpha \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + 10^{-8}} \right)
#
# The picture shows one step from two columns that fall as :math:`1/h` and :math:`1/h^2`. Gray is
# what was there before.

before = np.arange(1.0, 26)[:, None] ** -np.array([1.0, 2.0])
finder = GreedyPursuit()
one = frame[None]  # [frame, bin]
tones_found = finder(one, before, model)
higher, lower = dict_grads(one, tones_found, before, model)
adam = Adam_B(before, alpha=0.02)
after = adam.step(higher - lower)

figure, grid_of_axes = plt.subplots(1, 2, figsize=(9, 2.8), sharey=True, layout="constrained")
for number, axes in enumerate(grid_of_axes):
    axes.bar(np.arange(1, 26), before[:, number], 0.8, color="0.8", label="before")
    axes.bar(np.arange(1, 26), after[:, number], 0.4, color=plots.colour_of(number), label="after")
    axes.set_xlim(0.4, 12.6)
    axes.set_xlabel("harmonic")
    axes.legend()
grid_of_axes[0].set_ylabel("relative amplitude")
plt.show()

left_before = unexplained(one, tones_found, before, model)
left_after = unexplained(one, tones_found, after, model)
print(f"the frame's tones leave {left_before:.1%} before the step, {left_after:.1%} after it")
assert left_after < left_before

###############################################################################
# Step 3: columns are born and renewed
# ------------------------------------
#
# Columns start at random, and some start badly. So twice as many columns as instruments learn. Each
# step draws a frame, finds its tones and moves the columns. After every hundred steps, a
# *lifetime*, the half of the columns that carried the least amplitude is replaced by new random
# ones. A newcomer must be of more use than one that is there already, or it goes again. The columns
# that lived longest are the dictionary. For the last quarter no newcomers come.

rng = np.random.default_rng(0)
steps = AdamSteps(model, finder, instruments=2, harmonics=25, lifetime=100, rng=rng)
history, ages = [], []
for _ in steps.learn(random_batches(frames, 1, rng), runs=600):
    history.append(steps.adam.value.copy())
    ages.append(steps.ages.copy())
history, ages = np.array(history), np.array(ages)  # [step, harmonic, column], [step, column]

figure, grid_of_axes = plt.subplots(4, figsize=(9, 7), sharex=True, layout="constrained")
for number, axes in enumerate(grid_of_axes):
    image = axes.imshow(
        levels_db(history[:, :15, number].T), aspect="auto", origin="lower", cmap="magma",
        vmin=-40, vmax=0, extent=(0, len(history), 0.5, 15.5),
    )  # fmt: skip
    for born in np.flatnonzero(np.diff(ages[:, number]) < 0) + 1:
        axes.axvline(born, color="cyan", linestyle=":")
    axes.set_title(f"column {number + 1}", loc="left", fontsize="medium")
    axes.set_yticks([1, 5, 10, 15])
grid_of_axes[3].set_xlabel("step (dotted: this column is renewed)")
figure.supylabel("harmonic", fontsize="medium")
figure.colorbar(image, ax=grid_of_axes, label="level in dB")
plt.show()

###############################################################################
# What is left unexplained of the drawn frames falls with it. Each frame is drawn by chance and an
# easy one leaves less, so the picture has means of 20 steps. Up to step 400 four columns explain
# the frames, then two of them do it alone.
#
# At last the columns are fitted to many frames at once, by the same updates as the default's. That
# removes the noise of the last steps.

rough = steps.get_dict()
steps.fit(np.ascontiguousarray(frames[evenly_spaced(audible(frames), 100)]))
learned = steps.get_dict()

figure, axes = plt.subplots(figsize=(9, 2.8), layout="constrained")
means = np.array(steps.left).reshape(-1, 20).mean(axis=1)
axes.plot(20 * np.arange(1, len(means) + 1), 100 * means, ".-", color="black")
for renewal in range(100, 401, 100):
    axes.axvline(renewal, color="0.6", linestyle=":")
axes.set_xlabel("step (dotted: columns are renewed)")
axes.set_ylabel("left unexplained in %")
axes.set_ylim(bottom=0)
axes.grid(alpha=0.4)
plt.show()

###############################################################################
# The result, with the true columns as black marks again.

with_true_columns(learned)

###############################################################################
# Which is better?
# ----------------
#
# We separate with this dictionary as the documented method does: frame by frame, one column for
# all pitches of an instrument. ``musisep.separate(..., method="adam")`` is all of this in one
# call. Measured is the signal-to-distortion ratio, to the true tracks.

documented = musisep.separate(
    mixture, sample_rate, dictionary=musisep.Dictionary(learned), finder="greedy",
    voicing="instrument",
)  # fmt: skip
half_way = musisep.separate(
    mixture, sample_rate, dictionary=musisep.Dictionary(learned), finder="joint",
    voicing="pitch",
)  # fmt: skip

results = {
    "documented: greedy, one column": documented,
    "the same dictionary: joint, column per pitch": half_way,
    "default": separation,
}
for title, result in results.items():
    measured = bss_eval(references, result.stems)
    print("{:46}{:5.1f} dB {:5.1f} dB".format(title, *measured.sdr))
assert bss_eval(references, separation.stems).sdr.sum() > measured.sdr.sum() - 1e-9

###############################################################################
# The columns are nearly the same. What differs is what is made of them. The default looks at all
# frames together and decides for whole notes, so a wrong decision in a single frame does not
# count. Listen to the clarinet.


def player(title, signal):
    """Return a row of a table: a title and a player of a signal [channel, sample]."""
    sound = Audio(files.resample(signal, sample_rate, 16000), rate=16000)
    return f"<tr><th>{title}</th><td>{sound._repr_html_()}</td></tr>"


rows = [player("true track", references[0])]
for title in ("default", "documented: greedy, one column"):
    clarinet = bss_eval(references, results[title].stems).permutation[0]
    rows.append(player(title, results[title].stems[clarinet]))
HTML(f"<table>{''.join(rows)}</table>")

###############################################################################
# What next
# ---------
#
# * Change the seed of ``rng`` in step 3. Do the same columns come out? Which of the four?
# * Set ``lifetime=0``. Then there are only two columns, which are never renewed, and luck decides.
# * Try ``method="adam"`` on a recording of your own, with ``dictionaries=4``: four dictionaries are
#   learned, and the one that leaves least is used.
# * The pages "From frame to mask" and "The documented method" of the documentation have all
#   formulas, and what differs from the paper. Notebook 5 has artificial spectra, where the true
#   dictionary is known exactly.
