"""
Artificial data
===============

A program says that it has learned what two instruments sound like. How do you check that? Of a
clarinet nobody knows the true strength of each harmonic. So we do what Schulze and King did in
their `paper of 2021 <https://doi.org/10.1186/s13636-020-00190-4>`_, and make instruments up. Then
the truth is known to the last digit.

This notebook draws two instruments at random. It looks for their tones, learns them back from
spectra in which they are mixed, and lets them play a round. The pictures are in the manner of the
paper.
"""

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, Audio

import musisep
from musisep import plots
from musisep.dictsep.dictlearn import Learner, gen_random_inst_dict, gen_test_spects, synth_spect
from musisep.dictsep.pursuit import Peaks, inst_shift
from musisep.metrics import bss_eval
from musisep.multipitch.greedy import GreedyPursuit
from musisep.multipitch.joint import JointSearch
from musisep.tones.model import ToneModel, calc_harscale

NAMES = ("first", "second")

###############################################################################
# Two instruments that nobody plays
# ---------------------------------
#
# An instrument is a *column* of the *dictionary*: the relative amplitudes of its harmonics. We draw
# twelve harmonics for each. They fall with the number of the harmonic, and otherwise are random.

rng = np.random.default_rng(3)
true = gen_random_inst_dict(12, 2, rng)

plots.dictionary_figure(true, names=NAMES)

###############################################################################
# The first has its strongest harmonic in the third place. The second is led by its fundamental.
#
# A frame with its tones
# ----------------------
#
# A *tone* has an amplitude, a *shift* (the place of its fundamental), a width, a *spread*
# (inharmonicity, 0 for a perfect string), and an instrument. The frequency axis is geometric: 1024
# bins for ten octaves. Here both instruments play one tone, a fifth apart.

HEIGHT = 1024
model = ToneModel(fsigma=6 / np.pi, harscale=calc_harscale(1, 1024, HEIGHT), m=HEIGHT)
fifth = model.harscale * np.log(3 / 2)
tones = Peaks(
    amps=[1.0, 0.8],
    shifts=[400.0, 400.0 + fifth],
    sigmas=[model.fsigma] * 2,
    spreads=[0.0, 1e-4],
    insts=[0, 1],
)


def spectrum(tones):
    """Return what tones of a frame sound like together, at each bin."""
    return inst_shift(tones, true, model.harscale, model.pexp, model.m, len(tones))


def draw_frame(axes, tones, title):
    """Draw the spectrum of each tone, and mark its harmonics."""
    axes.plot(spectrum(tones), color="0.6", linewidth=3, label="mixture")
    for tone in range(len(tones)):
        instrument = tones.insts[tone]
        colour = plots.colour_of(instrument)
        axes.plot(spectrum(tones[[tone]]), color=colour, linewidth=1, label=NAMES[instrument])
        axes.axvline(tones.shifts[tone], color=colour, linestyle=":")
    axes.set_title(title, loc="left")
    axes.set_xlim(350, 820)
    axes.set_ylabel("magnitude")
    axes.legend(loc="upper right")


figure, axes = plt.subplots(figsize=(9, 3), layout="constrained")
draw_frame(axes, tones, "Two tones; dotted: their fundamentals")
axes.set_xlabel("frequency in bins (102.4 for an octave)")
plt.show()

###############################################################################
# Some harmonics of the two fall on each other, as those of a fifth do: the third of the lower tone
# is the second of the upper one. There the grey line is higher than both colours.
#
# What pursuit finds
# ------------------
#
# *Sparse pursuit* gets the grey line and the dictionary, and no more. It looks for the pattern that
# correlates best, takes it, looks at what is left, and fits all tones that it has.

found = GreedyPursuit()(spectrum(tones)[None], true, model)[0]

print("            true shift    found   true amplitude    found")
for tone in range(2):
    print(
        f"{NAMES[tone]:10}{tones.shifts[tone]:12.2f}{found.shifts[tone]:9.2f}"
        f"{tones.amps[tone]:17.3f}{found.amps[tone]:9.3f}"
    )
assert np.abs(found.shifts - tones.shifts).max() < 0.01

###############################################################################
# Two tones are easy. ``gen_test_spects`` makes spectra of as many random tones as we like. How many
# of them come out right, if each instrument plays one, two or three tones at a time? We call an
# instrument right in a frame if the error is below a hundredth of its energy (20 dB). Beside
# pursuit we try the *joint search*, on which the default method builds. It compares combinations of
# candidates.


def separated(frames, dictionary, finder, tone_num=1):
    """Return the spectra of the instruments [instrument, bin, frame] that a finder finds."""
    ends = 1 / (2 * HEIGHT), 1 / 2  # of the axis, in units of a sampling frequency
    return np.stack(
        synth_spect(
            frames.T, tone_num, dictionary, model.fsigma, HEIGHT, model.pexp, model.qexp, *ends,
            finder=finder,
        )[1]
    )  # fmt: skip


def right(truth, estimate):
    """Return the share of instruments and frames with an error below 20 dB, in percent."""
    error, energy = (np.sum(spectra**2, axis=1) for spectra in (truth - estimate, truth))
    return 100 * np.mean(error < 0.01 * energy)


finders = {"pursuit": GreedyPursuit, "joint search": JointSearch}
shares = {title: [] for title in finders}
for number in (1, 2, 3):
    truth = gen_test_spects(true, model, number, 100, np.random.default_rng(number))
    for title, finder in finders.items():
        found = separated(truth.sum(axis=0).T, true, finder(number), number)
        shares[title].append(right(truth, found))

figure, axes = plt.subplots(figsize=(9, 2.8), layout="constrained")
for title, values in shares.items():
    axes.plot([1, 2, 3], values, "o-", label=title)
axes.set_xticks([1, 2, 3])
axes.set_xlabel("tones of each instrument at a time")
axes.set_ylabel("right in %")
axes.set_ylim(0, 105)
axes.grid(alpha=0.4)
axes.legend(loc="lower left")
plt.show()
assert all(values[0] > 90 for values in shares.values())

###############################################################################
# One tone each is nearly always right. With more of them pursuit stays ahead here: random tones
# come as close to each other as chance will have it, and the joint search, a compromise of quality
# and time for music, compares only the best candidates. On recordings it is the other way round;
# see "Finding tones" on the page "What sounds" of the documentation.
#
# Learning them back
# ------------------
#
# Now the computer gets the mixed spectra and no dictionary. It starts with random columns. Each
# step draws a frame, finds its tones by pursuit, and improves the columns a little. Twice as many
# columns as needed learn; now and then the weaker half is replaced. A last fit to many frames ends
# it. Notebook 2 shows these steps one by one.

spectra = gen_test_spects(true, model, 1, 300, rng)
frames = np.ascontiguousarray(spectra.sum(axis=0).T)  # [frame, bin]


def drawn_frames():
    """Yield frames at random, one at a time, for ever."""
    while True:
        yield frames[rng.integers(len(frames), size=1)]


def matched(dictionary):
    """Return the columns in the order of the true ones, which they resemble most."""
    distances = [np.sum((dictionary[:, order] - true) ** 2) for order in ([0, 1], [1, 0])]
    return dictionary[:, ::-1] if distances[1] < distances[0] else dictionary


learner = Learner(
    model.fsigma, tone_num=1, inst_num=2, har=12, m=HEIGHT, lifetime=200,
    pexp=model.pexp, qexp=model.qexp, rng=rng,
)  # fmt: skip
errors = []
for step, _ in enumerate(learner.learn(drawn_frames(), runs=1000), start=1):
    if step % 20 == 0:
        errors.append(np.abs(matched(learner.get_dict()) - true).max())
before_fit = matched(learner.get_dict())
learner.fit(frames[:100])
learned = matched(learner.get_dict())

print(f"largest error of a harmonic before the fit: {np.abs(before_fit - true).max():.4f}")
print(f"largest error of a harmonic at the end:     {np.abs(learned - true).max():.4f}")
assert np.abs(learned - true).max() < 0.02

###############################################################################
# How it went there: a column that is replaced throws the error back, and the steps on single frames
# leave some noise. The last point is after the fit.

figure, axes = plt.subplots(figsize=(9, 2.8), layout="constrained")
axes.semilogy(20 * np.arange(1, len(errors) + 1), errors, label="steps")
axes.semilogy(1000, np.abs(learned - true).max(), "o", label="after the fit")
for renewal in (200, 400, 600):
    axes.axvline(renewal, color="gray", linestyle=":")
axes.set_xlabel("step (dotted: columns are replaced)")
axes.set_ylabel("largest error of a harmonic")
axes.grid(alpha=0.4)
axes.legend()
plt.show()

###############################################################################
# And the dictionaries side by side, as the paper compares them. Whatever the computer learned is
# drawn over the truth.

figure, panels = plt.subplots(1, 2, figsize=(9, 3), sharey=True, layout="constrained")
harmonics = np.arange(1, len(true) + 1)
for inst, axes in enumerate(panels):
    axes.bar(harmonics, true[:, inst], 0.8, color="0.8", label="true")
    axes.bar(harmonics, learned[:, inst], 0.4, color=plots.colour_of(inst), label="learned")
    axes.plot(harmonics, before_fit[:, inst], "k.", label="before the fit")
    axes.set_title(NAMES[inst], loc="left")
    axes.set_xlabel("harmonic")
    axes.set_xticks(harmonics)
    axes.legend()
panels[0].set_ylabel("relative amplitude")
plt.show()

###############################################################################
# Does the difference matter? We separate spectra that nobody has seen yet, once with the true
# dictionary, once with the learned one, and once with that before the fit. SDR is the
# signal-to-distortion ratio in dB, of the instrument that comes out worse; inf is perfect. This is
# the test of the paper; ``test_learn_multi`` does it for many random dictionaries.

fresh = gen_test_spects(true, model, 1, 100, rng)
dictionaries = {"true": true, "learned": learned, "before the fit": before_fit}
fresh_sdr = {}
for title, dictionary in dictionaries.items():
    estimate = separated(fresh.sum(axis=0).T, dictionary, GreedyPursuit())
    fresh_sdr[title] = bss_eval(fresh, estimate).sdr.min()
    print(f"{title:16}{fresh_sdr[title]:6.1f} dB, right in {right(fresh, estimate):.0f} %")
assert fresh_sdr["learned"] > max(40, fresh_sdr["before the fit"])

###############################################################################
# A round
# -------
#
# Spectra make no sound, so let the two instruments play: *Frère Jacques*, as a round. Both play the
# same melody at the same pitch, the second two bars later. High or low does not tell who plays.
# Only the sound does.

RATE, BEAT_S = 16000, 0.4
MELODY = """C4 D4 E4 C4  C4 D4 E4 C4  E4 F4 G4:2  E4 F4 G4:2
    G4:.5 A4:.5 G4:.5 F4:.5 E4 C4  G4:.5 A4:.5 G4:.5 F4:.5 E4 C4"""


def tone(f0_hz, length_s, column):
    """Return a tone that dies away, as a sum of sinusoids."""
    time_s = np.arange(round(length_s * RATE)) / RATE
    phases = 2 * np.pi * f0_hz * time_s * np.arange(1, len(column) + 1)[:, None]
    ends = np.minimum(time_s / 0.02, 1) * np.minimum((length_s - time_s) / 0.03, 1)
    return ends * np.exp(-time_s / 0.8) * (column @ np.sin(phases))


def play(melody, column, begin_s, length_s, semitones=0):
    """Return a melody, played by an instrument from some time on."""
    signal, at = np.zeros(round(length_s * RATE)), round(begin_s * RATE)
    for word in melody.split():
        name, _, beats = word.partition(":")
        midi = 12 * int(name[1]) + 12 + "C D EF G A B".index(name[0]) + semitones
        sound = tone(440 * 2 ** ((midi - 69) / 12), 0.95 * float(beats or 1) * BEAT_S, column)
        sound = sound[: len(signal) - at]
        signal[at : at + len(sound)] += sound
        at += round(float(beats or 1) * BEAT_S * RATE)
    return 0.1 * signal / np.sqrt(np.mean(signal**2))


tracks = np.stack([play(MELODY, true[:, 0], 0.0, 9.6), play(MELODY, true[:, 1], 8 * BEAT_S, 9.6)])
mixture = tracks.sum(axis=0)

###############################################################################
# The mixture, and each instrument alone.


def players(**signals):
    """Show a player for each signal."""
    rows = (
        f"<p>{title}<br>{Audio(signal, rate=RATE)._repr_html_()}</p>"
        for title, signal in signals.items()
    )
    return HTML("".join(rows))


players(mixture=mixture, first=tracks[0], second=tracks[1])

###############################################################################
# We separate it three times: blind by the default method, blind by the method of the paper, and
# with the true dictionary, as a measure of what could be reached.


def sdr_db(separation, tracks):
    """Measure the stems: SDR of the first instrument and of the second."""
    return bss_eval(tracks[:, None], separation.stems).sdr


ways = {
    "default": {"instruments": 2},
    "method of the paper": {"instruments": 2, "method": "adam", "runs": 1000, "lifetime": 200},
    "true dictionary": {"dictionary": musisep.Dictionary(true)},
}
results = {title: musisep.separate(mixture, RATE, **options) for title, options in ways.items()}
for title, separation in results.items():
    first, second = sdr_db(separation, tracks)
    print(f"{title:20}first {first:5.1f} dB, second {second:5.1f} dB")
    assert min(first, second) > 8

###############################################################################
# Blind is as good as knowing the truth. What is missing is not knowledge of the instruments. Their
# harmonics fall on each other all the time, and all of them do where both play the same note. There
# a mask can only guess.

blind = results["default"]
order = bss_eval(tracks[:, None], blind.stems).permutation
players(first=blind.stems[order[0], 0], second=blind.stems[order[1], 0])

###############################################################################
# The log-frequency spectrogram of the mixture, of what the tones sound like together (the model),
# and of each instrument. In the mixture the two copies of the melody are one heap of lines. Below
# they are apart.

plots.separation_figure(blind)

###############################################################################
# What was learned from the sound, against the truth. It is less exact than from spectra: a tone
# that begins and ends is no steady sinusoid.

columns = blind.dictionary.amplitudes[:12, order]
figure, panels = plt.subplots(1, 2, figsize=(9, 3), sharey=True, layout="constrained")
for inst, axes in enumerate(panels):
    axes.bar(harmonics, true[:, inst], 0.8, color="0.8", label="true")
    axes.bar(harmonics, columns[:, inst], 0.4, color=plots.colour_of(inst), label="learned")
    axes.set_title(NAMES[inst], loc="left")
    axes.set_xlabel("harmonic")
    axes.set_xticks(harmonics)
    axes.legend()
panels[0].set_ylabel("relative amplitude")
plt.show()

###############################################################################
# Where it ends
# -------------
#
# Now the second instrument plays the same melody at the same time, a fifth higher. Two instruments
# that always move together sound like one, as the stops of an organ do. Can you tell them apart?

together = np.stack(
    [play(MELODY, true[:, 0], 0.0, 6.4), play(MELODY, true[:, 1], 0.0, 6.4, semitones=7)]
)
players(mixture=together.sum(axis=0))

###############################################################################

worst_db = {}
for title, options in ways.items():
    separation = musisep.separate(together.sum(axis=0), RATE, **options)
    first, second = sdr_db(separation, together)
    worst_db[title] = min(first, second)
    print(f"{title:20}first {first:5.1f} dB, second {second:5.1f} dB, {separation.called}")
assert worst_db["true dictionary"] > worst_db["default"] + 2

###############################################################################
# Here it helps a lot to know the instruments. Blind, they are confused. And look at the last word:
# how sure a separation is of itself was fitted to recordings. Of instruments that nobody plays, in
# lines that nobody writes, that word need not be true.
#
# What next
# ---------
#
# * Draw other instruments: change the seed, or take 25 harmonics.
# * Let an instrument play chords: ``tones=2`` in ``musisep.separate``.
# * Add noise: ``mixture + 0.01 * rng.standard_normal(mixture.size)``. When does it break?
# * The test of the paper as a table: ``python -m musisep.dictsep.dictlearn``.
# * Notebook 6 tells the computer the notes instead of the dictionary.
