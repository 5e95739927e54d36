"""
Your own parts
==============

You have an idea for a better spectrogram, a better way to find tones, or a better mask. Must you
write a whole program for separation to try it? No: each stage of ``musisep`` is a function that can
be replaced by yours, and all others stay.

This notebook writes a front end, a tone finder and a mask, in twenty lines each, and compares them
with those that come with the package. Two of them lose, and one wins by a hair. Why is the
interesting part.
"""

from dataclasses import dataclass
from importlib import resources

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, Audio
from scipy.ndimage import uniform_filter1d

import musisep
from musisep import plots
from musisep.audio.frontend import Frames, LogFrequencyFrontEnd
from musisep.io import files
from musisep.masking.ratio import SpectralMask, share_spectra
from musisep.masking.surroundings import Surroundings
from musisep.metrics import bss_eval
from musisep.multipitch.greedy import Correlation
from musisep.stages import PARTS
from musisep.tones.peaks import Peaks
from musisep.tones.spectra import patterns

RATE = 22050

###############################################################################
# What is to be beaten
# --------------------
#
# Four bars of the recording that comes with the package, for clarinet and horn. We know the true
# tracks, so we can measure. SDR counts all error, SIR what is heard of the other instrument, SAR
# what else was spoilt, all in dB.


def track(name):
    """Return the first five seconds of a track of the demo recording [channel, sample]."""
    recording, sample_rate = files.read(
        resources.files("musisep") / "demo" / f"{name}.flac", duration_s=5.2
    )
    return files.resample(recording, sample_rate, RATE)


references = np.stack([track("clarinet"), track("horn")])
mixture = references.sum(axis=0)


def separate(**stages):
    """Separate with some stages replaced; stems and residual always add up to the mixture."""
    separation = musisep.separate(mixture, RATE, instruments=2, stages=stages)
    assert np.allclose(separation.stems.sum(axis=0) + separation.residual, mixture)
    return separation


def measure(separation):
    """Return the means over both stems of SDR, SIR and SAR, in dB."""
    found = bss_eval(references, separation.stems)
    return np.array([found.sdr.mean(), found.sir.mean(), found.sar.mean()])


def row(title, values):
    """Print a line of a table."""
    print("{:26}SDR {:5.1f}   SIR {:5.1f}   SAR {:5.1f}".format(title, *values))


usual = separate()
row("usual", measure(usual))

###############################################################################
# These are its stages, in the order in which they are called. The learner calls the assignment.

for name in ("front_end", "learner", "assignment", "finder", "voicing", "mask"):
    print(f"{name:12}{type(getattr(usual.parts, name)).__name__}")

###############################################################################
# A front end
# -----------
#
# A front end is called with a mixture ``[channel, sample]`` and its sample rate. It returns frames
# of magnitudes on a geometric frequency axis. The usual one is a constant-Q transform, whose window
# is long for low tones and short for high ones. Why not simply a Fourier transform, read off at the
# frequencies of the axis? That takes ten lines. The axis and the times are those of the usual
# front end.


@dataclass(frozen=True)
class FourierFrontEnd:
    """Short-time Fourier magnitudes at the frequencies of the usual axis."""

    window_s: float = 0.1

    def __call__(self, mixture, sample_rate):
        grid = LogFrequencyFrontEnd().grid(sample_rate)
        size = round(self.window_s * sample_rate)
        window = np.hanning(size)
        padded = np.pad(mixture, ((0, 0), (size // 2, size)))
        starts = grid.hop_length * np.arange(1 + mixture.shape[1] // grid.hop_length)
        framed = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, starts]
        spectra = np.abs(np.fft.rfft(framed * window, 4 * size)) * 2 / window.sum()
        frames = np.sqrt(np.mean(spectra**2, axis=0))  # over the channels
        hz = np.fft.rfftfreq(4 * size, 1 / sample_rate)
        columns = [np.interp(grid.axis.frequencies_hz, hz, frame) for frame in frames]
        return Frames.of(np.stack(columns, axis=1), grid)


###############################################################################
# Look before you measure. With a short window the low harmonics are broad bands that run into each
# other. With a long one they are thin, but the quick notes above smear into the next ones. And in
# any of them high lines look thinner than low ones. Only in the first panel all have one width,
# which is what the model of a tone expects.

front_ends = {"usual, constant-Q": LogFrequencyFrontEnd()}
front_ends |= {
    f"Fourier, {1000 * window_s:.0f} ms": FourierFrontEnd(window_s) for window_s in (0.05, 0.1, 0.3)
}
panels = {title: front_end(mixture, RATE) for title, front_end in front_ends.items()}
grid = panels["usual, constant-Q"].grid

plots.spectrogram_figure(
    {title: frames.magnitudes.T for title, frames in panels.items()},
    grid.axis,
    grid.hop_length / RATE,
)

###############################################################################
# And what becomes of it:

windows_s = (0.05, 0.07, 0.1, 0.14, 0.2, 0.3)
by_window = []
for window_s in windows_s:
    separation = separate(front_end=FourierFrontEnd(window_s))
    by_window.append(measure(separation)[0])
    high = np.sum(separation.notes.f0_hz > 330)
    print(f"{1000 * window_s:3.0f} ms: {high:2d} notes above E4, called {separation.called}")
print(f" usual: {np.sum(usual.notes.f0_hz > 330):2d} notes above E4, called {usual.called}")

figure, axes = plt.subplots(figsize=(9, 2.8), layout="constrained")
axes.semilogx(1000 * np.array(windows_s), by_window, "o-", label="Fourier")
axes.axhline(measure(usual)[0], color="gray", linestyle=":", label="usual")
axes.set_xticks([1000 * window_s for window_s in windows_s])
axes.xaxis.set_major_formatter("{x:.0f}")
axes.minorticks_off()
axes.set_xlabel("window in ms")
axes.set_ylabel("mean SDR in dB")
axes.grid(alpha=0.4)
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
plt.show()
assert max(by_window) < measure(usual)[0]

###############################################################################
# One window is a compromise. Around 100 ms it goes well. With a shorter or a longer one, notes of
# the clarinet, which are those above E4, are not found any more, and then nothing can be divided.
# At least the separation tells. A lost race, but it shows why the usual front end is as it is.
#
# A tone finder
# -------------
#
# A finder is called with frames ``[frame, bin]``, the dictionary ``[harmonic, instrument]``, the
# model of tones, and a *prior*: what the learner knows already of who plays what. It returns tones,
# with a place for each instrument in each frame.
#
# Ours is naive. It correlates each frame with the pattern of each instrument at every pitch, and
# takes the best one. Pitches that the instrument is not known to play are left out. One thought is
# our own: tones last, so the correlation is averaged over a few frames before and after.


@dataclass(frozen=True)
class Strongest:
    """For each instrument the pitch at which its pattern correlates best."""

    reach: int = 0  # frames on either side over which the correlation is averaged

    def __call__(self, frames, dictionary, model, prior=None):
        baseshift, spectra = patterns(dictionary, model)
        correlation = Correlation(spectra, baseshift, model.m)
        scores = correlation(model.roots(frames))  # [frame, instrument, bin]
        instruments = np.arange(dictionary.shape[1])
        if prior is not None:
            far = np.abs(np.arange(model.m) - prior.shifts[..., None]) > 2 * model.fsigma
            others = prior.insts[..., None] != instruments
            scores[np.all(far[:, :, None] | others[..., None], axis=1)] = 0
        scores = uniform_filter1d(scores, 2 * self.reach + 1, axis=0)
        heights = np.maximum(scores.max(axis=-1), 0) / correlation.norms
        amps = heights ** (1 / model.qexp)
        sigmas = np.full(amps.shape, model.fsigma)
        insts = np.broadcast_to(instruments, amps.shape)
        return Peaks(amps, scores.argmax(axis=-1), sigmas, np.zeros(amps.shape), insts)


row("usual, decoding", measure(usual))
for reach in (0, 2, 8):
    found = separate(finder=Strongest(reach))
    row(f"strongest, frames: {2 * reach + 1}", measure(found))
    assert measure(found)[0] > 8

###############################################################################
# It loses less than one might think, as the learner has done most of the work: it knows who plays
# which notes. A little memory helps a little. The notes that come of it:

naive = separate(finder=Strongest(2))
plots.roll_figure(naive.notes, naive.names)

###############################################################################
# And the usual ones. The clarinet repeats the G4 twice. The naive finder hears the gap; decoding,
# which likes lines that go on, holds the note.

plots.roll_figure(usual.notes, usual.names)

###############################################################################
# A mask
# ------
#
# The mask divides the spectrum of the mixture by what the instruments should sound like. The usual
# one divides in proportion to their magnitudes. Is it better to be more decided? We raise the
# shares to a power. With 1 nothing changes; 2 is a Wiener filter; with a very large one the winner
# takes all. ``SpectralMask`` does the transforms, and is given a function that shares spectra.


@dataclass(frozen=True)
class Sharpened:
    """Shares in proportion to magnitudes to some power."""

    power: float

    def __call__(self, voices, spectra, pexp):
        sizes = np.abs(share_spectra(voices, spectra, pexp))
        largest = sizes.max(axis=0)
        shares = (sizes / np.where(largest > 0, largest, 1)) ** self.power
        total = shares.sum(axis=0)
        return spectra * shares / np.where(total > 0, total, 1)


def mask(power):
    """Return the usual mask with other shares."""
    return SpectralMask(share=Sharpened(power), surroundings=Surroundings())


powers = (0.5, 1, 1.5, 2, 4, 16)
masked = [separate(mask=mask(power)) for power in powers]
values = np.array([measure(separation) for separation in masked])

figure, axes = plt.subplots(figsize=(9, 3.2), layout="constrained")
for column, title in enumerate(("SDR", "SIR", "SAR")):
    axes.semilogx(powers, values[:, column], "o-", color=plots.colour_of(column), label=title)
axes.set_xticks(powers, [f"{power:g}" for power in powers])
axes.minorticks_off()
axes.set_xlabel("power of the shares (1: usual)")
axes.set_ylabel("mean in dB")
axes.grid(alpha=0.4)
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
plt.show()

assert abs(values[powers.index(1), 0] - measure(usual)[0]) < 0.1

###############################################################################
# The sharper the mask, the less is heard of the other instrument (SIR), and the more holes there
# are (SAR). The sum of both errors is flat around 1. So the measure does not decide it, and the ear
# may: the horn, usual and with the sharpest mask.


def players(**signals):
    """Show a player for each signal."""
    rows = (
        f"<p>{title}<br>{Audio(signal, rate=RATE)._repr_html_()}</p>"
        for title, signal in signals.items()
    )
    return HTML("".join(rows))


horn = bss_eval(references, usual.stems).permutation[1]
sharp_horn = bss_eval(references, masked[-1].stems).permutation[1]
players(true=references[1, 0], usual=usual.stems[horn, 0], sharp=masked[-1].stems[sharp_horn, 0])

###############################################################################
# All of them together
# --------------------
#
# Parts do not know each other, so any of them go together. We take the best of each.

best = {
    "front_end": FourierFrontEnd(windows_s[int(np.argmax(by_window))]),
    "finder": Strongest(2),
    "mask": mask(powers[int(np.argmax(values[:, 0]))]),
}
row("usual", measure(usual))
for stage, part in best.items():
    row(f"own {stage}", measure(separate(**{stage: part})))
row("all three", measure(separate(**best)))

###############################################################################
# A part with a name can be chosen as those of the package can, by a setting. The table ``PARTS``
# has a function for each name, which makes the part.

PARTS["finder"]["strongest"] = lambda settings, made: Strongest(reach=2)
named = musisep.separate(mixture, RATE, instruments=2, finder="strongest")
row("finder='strongest'", measure(named))
assert np.array_equal(named.stems, naive.stems)

del PARTS["finder"]["strongest"]

###############################################################################
# One recording of five seconds decides nothing. Before you believe that a part is better, run it on
# a data set, as notebook 7 does: a method of a benchmark is a function, and may call
# ``musisep.separate(..., stages=...)``.
#
# What next
# ---------
#
# * An assignment says who plays each note: ``stages={"assignment": ...}``. Try the plainest rule,
#   that the higher half of the notes belongs to the first instrument.
# * Subtract what is between the harmonics in ``FourierFrontEnd``;
#   ``musisep.audio.floors.NoiseFloor`` does it in the usual one.
# * Let ``Strongest`` place a tone between two bins, by a parabola through three values.
# * The page "How to add a part" of the documentation has more examples, also of a learner, a
#   voicing and a file format.
