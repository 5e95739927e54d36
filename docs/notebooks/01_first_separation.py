"""
A first separation
==================

A clarinet and a horn play a minuet. There is one recording of both, with one channel, and nobody
told the computer what a clarinet is. Can we hear each of them alone?

This notebook separates the recording with one call, listens, looks at notes and pictures, measures
against the true tracks, asks how sure the result is, and saves it. At the end it turns the few
knobs that matter.
"""

import tempfile
from importlib import resources
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio

import musisep
from musisep import plots
from musisep.io import files
from musisep.metrics import bss_eval
from musisep.scores import save_score

###############################################################################
# The recording
# -------------
#
# It comes with the package: the first bars of Petzold's Minuet in G. The clarinet plays the upper
# line, the horn the lower one. We take six seconds.

folder = resources.files("musisep") / "demo"
recording, sample_rate = files.read(folder / "mix.flac")
mixture = recording[:, : 6 * sample_rate]

print(f"{len(mixture)} channel, {mixture.shape[1] / sample_rate:.1f} s, {sample_rate} Hz")
Audio(files.resample(mixture, sample_rate, 22050), rate=22050)

###############################################################################
# One call
# --------
#
# We say how many instruments play. That is all. A separation that is the last line of a cell shows
# itself: how sure it is, a player for the mixture and each stem, and the notes that it found. A
# *stem* is the track of one instrument. The louder one comes first.

separation = musisep.separate(mixture, sample_rate, instruments=2, seed=0)
separation

###############################################################################
# Listen to the stems one after the other. They are no synthesis: each is a share of the recording.
# What belongs to no instrument is the *residual*. Stems and residual add up to the recording,
# sample by sample. Here the residual is empty: both play all the time, and the noise beside a tone
# goes with the tone.

total = separation.stems.sum(axis=0) + separation.residual
assert np.allclose(total, mixture, rtol=0, atol=1e-12)

print(f"largest deviation from the recording: {np.abs(total - mixture).max():.0e}")
print(f"largest sample of the residual: {np.abs(separation.residual).max():.0e}")

###############################################################################
# Where the notes are
# -------------------
#
# ``separation.notes`` is the table of the notes that the picture above shows. ``certainty`` is the
# probability, by the model of players, that the instrument plays the note. The two lines do not
# cross here, which makes the task easier.

print("onset in s  offset in s  pitch in Hz  instrument  certainty")
for note in separation.notes[:6]:
    print(
        f"{note.onset_s:10.2f}  {note.offset_s:11.2f}  {note.f0_hz:11.1f}"
        f"  {note.instrument + 1:10d}  {note.certainty:9.0%}"
    )

###############################################################################
# What the computer looks at is a spectrogram with a geometric frequency axis, on which an octave
# has the same height everywhere. "Model" is what all tones that were found sound like together. It
# has no noise and no room. The two panels below are the stems.

plots.separation_figure(separation)

###############################################################################
# What it learned of each instrument is one *column*: how strong its harmonics are. A clarinet is
# closed at one end, so its odd harmonics are the strong ones. One of the two panels shows just
# that. This is how we know which stem is the clarinet; the computer does not.

plots.dictionary_figure(separation.dictionary.amplitudes, names=separation.names)

###############################################################################
# How good is it?
# ---------------
#
# The true tracks come with the recording. They were not used so far; now we measure with them. The
# signal-to-distortion ratio (SDR) compares a stem with a true track: at 0 dB there is as much error
# as signal, and each 10 dB more are a tenth of the error's energy. ``bss_eval`` finds out itself
# which stem belongs to which track.

names = ("clarinet", "horn")
references = np.stack(
    [files.read(folder / f"{name}.flac")[0][:, : mixture.shape[1]] for name in names]
)


def sdr_db(stems):
    """Measure stems in any order: SDR in dB of the clarinet and of the horn."""
    return bss_eval(references, stems).sdr


nothing_done = sdr_db(np.stack([mixture, mixture]))
separated = sdr_db(separation.stems)
for name, before, after in zip(names, nothing_done, separated, strict=True):
    print(f"{name}: {before:5.1f} dB in the recording, {after:5.1f} dB in the stem")
assert (separated > nothing_done + 5).all()

###############################################################################
# How sure is it?
# ---------------
#
# With a recording of your own there are no true tracks. Then ask the separation itself:
# ``confidence`` is the probability of each stem that it is good, which means an SDR above 5 dB, and
# ``called`` sums that up in a word. It can be sure and wrong, so listen as well.

for name, probability in zip(separation.names, separation.confidence, strict=True):
    print(f"{name}: likely good with a probability of {probability:.0%}")
print(f"called: {separation.called}")

###############################################################################
# Save
# ----
#
# ``save`` writes a file for each stem. ``names`` gives them names, once we have listened.
# ``derive`` adds sums and differences, for instance the recording without the clarinet, to play
# along. The last file is a score, for any program that reads MIDI.

which = bss_eval(references, separation.stems).permutation  # the stem of each true track
in_order = [names[list(which).index(number)] for number in range(2)]

with tempfile.TemporaryDirectory() as place:
    separation.save(place, format="flac", names=in_order, derive={"play along": "mix - clarinet"})
    save_score(separation.score, Path(place) / "minuet.mid")
    for path in sorted(Path(place).iterdir()):
        print(f"{path.name}: {path.stat().st_size / 1000:.1f} kB")

###############################################################################
# The choices that matter
# -----------------------
#
# There are many settings, and few that you need. The first is the number of instruments. If you do
# not know it, ``instruments="auto"`` finds it, and ``counted`` tells how sure that is.

counted = musisep.separate(mixture, sample_rate, instruments="auto").counted
print(f"{counted.number} instruments, certainty {counted.certainty:.0%}")

###############################################################################
# A wrong number does harm. Let us ask for three instruments. Some notes go to a third player, who
# does not exist, and are missing elsewhere. The separation notices that something is wrong. We
# measure the two stems that fit best.

three = musisep.separate(mixture, sample_rate, instruments=3)
best = max(
    (sdr_db(np.delete(three.stems, left_out, axis=0)) for left_out in range(3)),
    key=np.sum,
)

print(f"called: {three.called}")
for name, two_db, three_db in zip(names, separated, best, strict=True):
    print(f"{name}: {two_db:5.1f} dB with two stems, {three_db:5.1f} dB with three")
assert best.sum() < separated.sum()
assert three.confidence.mean() < separation.confidence.mean()

###############################################################################
# If you know what plays, say so. ``instruments=["clarinet", "horn"]`` lets the computer use what it
# knows of them, and the stems have names. Other choices are how the spectrogram is made
# (``front_end``, notebook 3), and how the instruments are learned (``method``, notebook 2).

trials = {
    "names are told": {"instruments": names},
    "front end of mel filters": {"instruments": 2, "front_end": "mel"},
    "front end of redrawn peaks": {"instruments": 2, "front_end": "pursuit"},
    "one column for all pitches": {"instruments": 2, "voicing": "instrument"},
}
results = {"default": separated}
for title, options in trials.items():
    results[title] = sdr_db(musisep.separate(mixture, sample_rate, **options).stems)

for title, (clarinet, horn) in results.items():
    print(f"{title:28}{clarinet:5.1f} dB {horn:5.1f} dB")

###############################################################################
# The same as bars, in the colours of the stems above.

figure, axes = plt.subplots(figsize=(9, 3), layout="constrained")
for number, name in enumerate(names):
    height = [result[number] for result in results.values()]
    position = np.arange(len(results)) + 0.4 * (number - 0.5)
    axes.barh(position, height, 0.38, color=plots.colour_of(which[number]), label=name)
axes.set_yticks(range(len(results)), list(results))
axes.invert_yaxis()
axes.set_xlabel("SDR in dB")
axes.grid(axis="x", alpha=0.4)
axes.set_axisbelow(True)
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
plt.show()

###############################################################################
# On an easy recording all of them work, and a decibel more or less is no reason to choose. Where
# instruments sound alike, or cross, the differences are larger; the documentation has figures of
# many recordings.
#
# What next
# ---------
#
# * Separate a recording of your own: ``musisep.separate("song.wav", instruments=2)``, then
#   ``.save("separated")``. If it has two channels, keep both: places between left and right help.
# * If it is called doubtful or poor, try another ``front_end`` or ``seed``, or tell the names.
# * If some notes went to the wrong player, correct them: notebook 6 shows how.
# * Notebook 2 shows how the instruments are learned.
