# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first separation
#
# Two instruments play a minuet. We have one recording of both. `musisep` makes one track per
# instrument of it, without knowing the instruments.
#
# This notebook separates the recording twice, with the default method and with the documented one.
# It shows what happens in between. In the end it replaces two parts of the separation by parts of
# its own.
#
# The notebook needs `musisep` and Jupyter. All of it takes about a minute.

# %%
# %matplotlib inline
from importlib import resources

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio, display

import musisep
from musisep.io import files
from musisep.learning.adam import AdamSteps, random_batches
from musisep.learning.selection import audible, evenly_spaced
from musisep.masking.ratio import SpectralMask, share_spectra
from musisep.metrics import bss_eval
from musisep.multipitch.greedy import GreedyPursuit
from musisep.plots import dictionary_figure, separation_figure
from musisep.stages import make_stages
from musisep.tones.loss import unexplained
from musisep.tones.model import ToneModel

COLOURS = ("tab:blue", "tab:orange")
EXCERPT_S = 4


def play(signal, sample_rate):
    """Show a player for the first seconds of a signal [channel, sample]."""
    display(Audio(signal.mean(axis=0)[: EXCERPT_S * sample_rate], rate=sample_rate))


# %% [markdown]
# ## The recording
#
# The recording comes with the package: eight bars of Petzold's Minuet in G. A clarinet plays the
# upper line, a horn the lower one. The true tracks come with it. We use them to measure, and for
# nothing else.

# %%
folder = resources.files("musisep") / "demo"
mixture, sample_rate = files.read(folder / "mix.flac")
names = ("clarinet", "horn")
references = np.stack([files.read(folder / f"{name}.flac")[0] for name in names])

print(f"{mixture.shape[1] / sample_rate:.1f} s, {len(mixture)} channel, {sample_rate} Hz")
play(mixture, sample_rate)

# %% [markdown]
# ## One call
#
# We say how many instruments play. That is all.

# %%
separation = musisep.separate(mixture, sample_rate, instruments=2, seed=0)

for number, stem in enumerate(separation.stems, start=1):
    print(f"instrument{number}")
    play(stem, sample_rate)

# %% [markdown]
# The louder instrument comes first. What belongs to no instrument is the residual. Stems and
# residual add up to the recording.

# %%
rest = mixture - separation.stems.sum(axis=0) - separation.residual
print(f"largest deviation from the recording: {np.abs(rest).max():.0e}")

# %% [markdown]
# ## How good is it?
#
# The signal-to-distortion ratio (SDR) compares a stem with the true track. 0 dB means as much error
# as signal, 10 dB a tenth of its energy. The recording itself has about 0 dB.


# %%
def sdr_db(separation):
    """Measure the stems of a separation: SDR in dB of the clarinet and of the horn."""
    return bss_eval(references, separation.stems).sdr


def show_table(results):
    """Print the SDR of several separations, by name."""
    print(f"{'SDR in dB':34}{names[0]:>9}{names[1]:>9}")
    for title, result in results.items():
        print("{:34}{:9.1f}{:9.1f}".format(title, *sdr_db(result)))


results = {"default": separation}
show_table(results)

# %% [markdown]
# ## What it saw
#
# The frequency axis is geometric. So another pitch is the same pattern at another height. "Model"
# is what the tones that were found sound like together. It has no noise and no reverberation.

# %%
display(separation_figure(separation))

# %% [markdown]
# ## What it learned
#
# Each instrument has one column in the dictionary: the heights of its harmonics. A clarinet has
# strong odd harmonics, for its tube is closed at one end. The picture shows which of the two
# instruments is the clarinet.

# %%
display(dictionary_figure(separation.dictionary.amplitudes))

# %% [markdown]
# ## Which tones it found
#
# `separation.tones` has a row for each tone of each frame. Drawn over time, the rows become a
# score.


# %%
def show_score(separation, axes, title):
    """Draw the tones over time and pitch, with a colour for each instrument."""
    tones = separation.tones
    tones = tones[tones.amplitude > 0.02 * tones.amplitude.max()]
    for number, colour in enumerate(COLOURS):
        own = tones[tones.instrument == number]
        pitches = 69 + 12 * np.log2(own.f0_hz / 440)
        size = 30 * own.amplitude / tones.amplitude.max()
        axes.scatter(own.time_s, pitches, size, colour, label=f"instrument{number + 1}")
    axes.set_title(title, loc="left")
    axes.set_ylabel("pitch")
    axes.set_yticks([43, 50, 55, 62, 67, 74, 79], ["G2", "D3", "G3", "D4", "G4", "D5", "G5"])
    axes.set_ylim(38, 84)
    axes.grid(alpha=0.4)


figure, axes = plt.subplots(figsize=(9, 3.5), layout="constrained")
show_score(separation, axes, "default")
axes.set_xlabel("time in s")
axes.legend(loc="lower right", ncols=2)
plt.show()

# %% [markdown]
# ## The documented method
#
# The default decides for whole notes which instrument plays them. The method that Schulze and King
# published in 2021 looks at single frames. It draws a frame, finds its tones by sparse pursuit, and
# improves the dictionary at these tones by a step of bounded Adam. 1500 steps are enough here.

# %%
adam = musisep.separate(
    mixture, sample_rate, instruments=2, method="adam", runs=1500, lifetime=300, jobs=2
)

results["documented method"] = adam
show_table(results)

# %%
figure, (above, below) = plt.subplots(2, figsize=(9, 6), sharex=True, layout="constrained")
show_score(separation, above, "default")
show_score(adam, below, "documented method")
below.set_xlabel("time in s")
plt.show()

# %% [markdown]
# The documented method finds nearly the same tones. But it decides each frame by itself. So some
# tones go to the wrong instrument, and some short ones were never played.
#
# ## How it learns
#
# `AdamSteps` takes one step at a time, so we can watch. First we need what the learner gets: the
# frames of the recording, and the model that all tones share.

# %%
settings = adam.settings
frames, level, grid = make_stages(settings).front_end(mixture, sample_rate)
model = ToneModel.on(grid)
print(f"{len(frames)} frames of {model.m} bins, {1000 * settings.hop_s:.1f} ms apart")

# %% [markdown]
# Four columns learn for two instruments. After every 100 steps the two columns that carried least
# are replaced by new ones. From step 300 on, two columns learn on alone.
#
# After every ten steps we measure what the two oldest columns leave unexplained in forty frames.

# %%
rng = np.random.default_rng(1)
finder = GreedyPursuit()
steps = AdamSteps(model, finder, instruments=2, harmonics=25, lifetime=100, rng=rng)
shown = frames[evenly_spaced(audible(frames), 40)]


def left_unexplained():
    """Measure what the dictionary leaves unexplained, from 0 to 1."""
    dictionary = steps.get_dict()
    return unexplained(shown, finder(shown, dictionary, model), dictionary, model)


curve = [left_unexplained()]
for run, _ in enumerate(steps.learn(random_batches(frames, 1, rng), runs=400), start=1):
    if run % 10 == 0:
        curve.append(left_unexplained())
steps.fit(shown)

figure, axes = plt.subplots(figsize=(9, 3), layout="constrained")
axes.plot(10 * np.arange(len(curve)), 100 * np.array(curve), label="steps of Adam")
axes.plot(400, 100 * left_unexplained(), "o", label="after the fit at the end")
for renewal in (100, 200, 300):
    axes.axvline(renewal, color="gray", linestyle=":")
axes.set_xlabel("step (dotted: columns are renewed)")
axes.set_ylabel("left unexplained in %")
axes.set_ylim(bottom=0)
axes.grid(alpha=0.4)
axes.legend()
plt.show()

# %% [markdown]
# ## Your own part: who plays which note
#
# A separation has six stages: front end, assignment, learner, finder, voicing and mask. Each is an
# object that can be called. `stages=` takes your own.
#
# The assignment says which instrument plays each note. The default weighs timbre, register and
# melody. Let us try a plain rule: the higher half of the notes belongs to instrument 0.


# %%
def by_register(notes, instruments, rng):
    """Give the highest notes to the first instrument, the next ones to the second, and so on."""
    rank = np.argsort(np.argsort(-notes.shifts))
    return 0.0, rank * instruments // len(rank)


results["notes by register"] = musisep.separate(
    mixture, sample_rate, instruments=2, stages={"assignment": by_register}
)
show_table(results)

# %% [markdown]
# ## Your own part: a mask
#
# The mask divides each point of the spectrum in proportion to what the instruments should have
# there. Another rule: the winner takes all. `SpectralMask` does the transforms, so that three lines
# are left for us.


# %%
def winner_takes_all(voices, spectra, pexp):
    """Give each point of the spectrum to the instrument with the largest share of it."""
    shares = share_spectra(voices, spectra, pexp)
    sizes = np.abs(shares)
    return np.where((sizes == sizes.max(axis=0)) & (sizes > 0), spectra, 0)


results["winner takes all"] = musisep.separate(
    mixture, sample_rate, instruments=2, stages={"mask": SpectralMask(share=winner_takes_all)}
)
show_table(results)

# %%
for number, stem in enumerate(results["winner takes all"].stems, start=1):
    print(f"instrument{number}, winner takes all")
    play(stem, sample_rate)

# %% [markdown]
# ## What next
#
# * Separate a recording of your own: `musisep.separate("song.wav", instruments=2)`, then
#   `.save("separated")`.
# * Try `method="adam"` with `finder="viterbi"`, or with `dictionaries=4`.
# * Write another part. The page "extend" of the documentation has one for each stage.
