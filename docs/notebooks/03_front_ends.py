"""
Front ends: how the computer listens
====================================

Before anything is separated, the recording becomes a picture: which frequencies sound, and when.
What this picture shows well can be told apart later; what it blurs is lost. And it must blur: who
wants to know a frequency exactly has to listen for a long time.

So which picture suits music? This notebook compares the constant-Q transform, which is the default,
with short-time and mel spectrograms, and with peaks that are drawn anew, sharper than any window
makes them. It shows what each of them resolves in low and in high notes, where sharp peaks help and
where they mislead. At last it turns the picture into sound again.
"""

from dataclasses import replace
from importlib import resources

import matplotlib.pyplot as plt
import numpy as np
import scipy.ndimage
from IPython.display import HTML, Audio

import musisep
from musisep.audio import MelSpectrogramTransform, SpectralTransform
from musisep.audio.cqt import constant_q, inverse_constant_q
from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.audio.logfreq import LogAxis, log_spectrogram
from musisep.audio.windows import gaussian_window
from musisep.io import files
from musisep.metrics import bss_eval

RATE, HOP = 22050, 128
MARKS_HZ = np.array([62.5, 125, 250, 500, 1000, 2000, 4000, 8000])


def tone(f0_hz, duration_s, harmonics=10):
    """Return a tone [sample]; its frequency is a number, or goes evenly from one to another."""
    samples = round(duration_s * RATE)
    f0 = np.geomspace(*np.broadcast_to(f0_hz, 2), samples)  # even in pitch, not in hertz
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    sound = sum(np.sin(h * phase) / h for h in range(1, harmonics + 1))
    return (
        0.3
        * sound
        * np.minimum(1, np.minimum(np.arange(samples), samples - np.arange(samples)) / 200)
    )


###############################################################################
# A glide in three spectrograms
# -----------------------------
#
# A tone with ten harmonics glides up two octaves.

glide = tone((110, 440), 3)
Audio(glide, rate=RATE)

###############################################################################
# We look at it on three frequency axes: the short-time Fourier transform (STFT), whose bins are
# evenly spaced in hertz; a mel spectrogram, whose bands are even below 1 kHz and wider and wider
# above; and a geometric axis, on which each octave has the same number of bins.


def draw(axes, magnitudes, frequencies_hz, title, range_db=60):
    """Draw a spectrogram [bin, frame] with a frequency for each bin."""
    loudest = magnitudes.max()
    levels = 20 * np.log10(np.maximum(magnitudes / loudest, 10 ** (-range_db / 20)))
    stop_s = (magnitudes.shape[1] - 0.5) * HOP / RATE
    extent = (-0.5 * HOP / RATE, stop_s, -0.5, len(magnitudes) - 0.5)
    axes.imshow(levels, aspect="auto", origin="lower", cmap="magma", extent=extent)
    places = np.interp(MARKS_HZ, frequencies_hz, np.arange(len(magnitudes)), -1, -1)
    apart = np.diff(places, prepend=-1) > 0.05 * len(magnitudes)  # or labels would overlap
    axes.set_yticks(places[apart], [f"{hz:g}" for hz in MARKS_HZ[apart]], fontsize="small")
    axes.set_title(title, loc="left", fontsize="medium")
    axes.set_xlabel("time in s")


axis = LogAxis.below_nyquist(fmin_hz=55, fmax_hz=8000, bins_per_octave=48, sample_rate=RATE)
stft = SpectralTransform(n_fft=2048, hop_length=HOP, sample_rate=RATE)
mel = MelSpectrogramTransform(
    RATE, n_fft=2048, hop_length=HOP, n_mels=128, power=1.0, output_scale="linear"
)
below_5_khz = stft.frequencies_hz < 5000

figure, grid = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
draw(grid[0], np.abs(stft(glide))[below_5_khz], stft.frequencies_hz[below_5_khz], "STFT")
draw(grid[1], mel(glide), mel.frequencies_hz, "mel")
draw(grid[2], log_spectrogram(glide, RATE, axis, hop_length=HOP), axis.frequencies_hz, "constant-Q")
grid[0].set_ylabel("frequency in Hz")
plt.show()

###############################################################################
# In the STFT the harmonics fan out: a high tone is a wider pattern than a low one. On the geometric
# axis they stay parallel. **Another pitch is the same pattern, shifted along the axis.** That is
# why separation works there: one column of harmonics describes an instrument at every pitch, and a
# correlation finds that column at all pitches at once.
#
# Is it really the same? Here is a tone of 110 Hz and one of 220 Hz, shifted down by 48 bins. The
# second line shows what is left if an STFT is shifted likewise.

low, high = tone(110, 1), tone(220, 1)
middle = RATE // (2 * HOP)
one, other = (
    log_spectrogram(signal, RATE, axis, hop_length=HOP)[:, middle] for signal in (low, high)
)
shifted = other[48:]
difference = np.linalg.norm(one[: len(shifted)] - shifted) / np.linalg.norm(shifted)
print(f"constant-Q: the shifted pattern differs by {difference:.1%}")
assert difference < 0.02

one, other = (np.abs(stft(signal))[:, middle] for signal in (low, high))
best = max(one[: len(other) - k] @ other[k:] for k in range(40))
likeness = best / np.linalg.norm(one) / np.linalg.norm(other)
print(f"STFT: the best of all shifts leaves {np.sqrt(1 - likeness**2):.0%} of the pattern")

###############################################################################
# Three front ends
# ----------------
#
# ``log_spectrogram`` makes the geometric axis in three ways. In each a sinusoid is a Gaussian of
# its amplitude, with a width of ``sigma_bins``.
#
# * ``"cqt"``, the default: a constant-Q transform. Its filters are as wide as that Gaussian, narrow
#   in low notes and wide in high ones. So its impulse responses are long in low notes and short in
#   high ones.
# * ``"mel"``: a short-time spectrum, pooled by filters on the geometric axis. The window is the
#   same for all frequencies.
# * ``"pursuit"``: the peaks of a short-time spectrum are found, and each is drawn anew on the axis,
#   as narrow as one likes. That is closest to what Schulze and King (2021) use.
#
# First frequency. Two sinusoids a semitone apart, low, in the middle, and high:

fine = LogAxis.below_nyquist(fmin_hz=27.5, fmax_hz=8000, bins_per_octave=96, sample_rate=RATE)
front_ends = {"cqt": "black", "mel": "tab:green", "pursuit": "tab:red"}
dashes = {"cqt": "-", "mel": "--", "pursuit": ":"}
lows_hz = (55, 440, 3520)

figure, grid = plt.subplots(1, 3, figsize=(9, 3), sharey=True, layout="constrained")
for axes, low_hz in zip(grid, lows_hz, strict=True):
    pair_hz = low_hz * 2 ** (np.array([0, 1]) / 12)
    pair = tone(pair_hz[0], 2, harmonics=1) + tone(pair_hz[1], 2, harmonics=1)
    places = fine.position(pair_hz)
    near = slice(int(places[0]) - 24, int(places[1]) + 25)
    for name, colour in front_ends.items():
        spectrum = log_spectrogram(pair, RATE, fine, hop_length=HOP, sigma_bins=2, front_end=name)[
            near, RATE // HOP
        ]
        axes.plot(
            12 * (np.arange(near.start, near.stop) - places[0]) / 96,
            spectrum,
            colour,
            ls=dashes[name],
        )
    axes.set_title(f"{low_hz} Hz and a semitone above", loc="left", fontsize="medium")
    axes.set_xlabel("semitones")
    axes.grid(alpha=0.4)
grid[0].set_ylabel("magnitude")
figure.legend(front_ends, loc="outside upper center", ncols=3, frameon=False)
plt.show()

###############################################################################
# High up all three tell the two apart, and their lines coincide. At 55 Hz only the constant-Q
# transform does. It listens long enough there; the window of the others is too short for a
# difference of 3 Hz. So they see one peak, and "pursuit" draws it neatly, in the wrong place.
#
# Now time. A note begins at 0.5 s. How fast does each front end notice, at the frequency of the
# note?

figure, grid = plt.subplots(1, 3, figsize=(9, 3), sharey=True, layout="constrained")
rises = {}
for axes, f0_hz in zip(grid, lows_hz, strict=True):
    note = np.concatenate((np.zeros(RATE // 2), tone(f0_hz, 1, harmonics=1)))
    place = round(float(fine.position(f0_hz)))
    for name, colour in front_ends.items():
        course = log_spectrogram(note, RATE, fine, hop_length=HOP, sigma_bins=2, front_end=name)[
            place
        ]
        axes.plot(np.arange(len(course)) * HOP / RATE, course / 0.3, colour, ls=dashes[name])
        begins, ends = (np.argmax(course > share * 0.3) for share in (0.1, 0.9))
        rises[name, f0_hz] = 1000 * (ends - begins) * HOP / RATE
    axes.set_title(f"{f0_hz} Hz", loc="left", fontsize="medium")
    axes.set_xlim(0, 1)
    axes.set_xlabel("time in s")
    axes.grid(alpha=0.4)
grid[0].set_ylabel("magnitude")
figure.legend(front_ends, loc="outside upper center", ncols=3, frameon=False)
plt.show()

print("ms from a tenth to nine tenths at 55, 440 and 3520 Hz")
for name in front_ends:
    row = "".join(f"{rises[name, f0_hz]:8.0f}" for f0_hz in lows_hz)
    print(f"{name:8}{row}")
assert rises["cqt", 3520] < rises["mel", 3520] < rises["cqt", 55]

###############################################################################
# It is the price of the low semitone: the constant-Q transform smears the beginning of a low note.
# High up it is the fastest of all. The other two change little from low to high. The bump of "mel"
# is the click of the beginning, which its wide filter collects.
#
# There is a compromise. ``gamma_hz`` makes all filters wider by so many hertz. That changes little
# in high notes and a lot in low ones, which get faster and lose their fine pitch.

for gamma_hz in (0, 2, 10):
    course = log_spectrogram(
        np.concatenate((np.zeros(RATE // 2), tone(55, 1, harmonics=1))),
        RATE, fine, hop_length=HOP, sigma_bins=2, gamma_hz=gamma_hz,
    )[round(float(fine.position(55)))]  # fmt: skip
    begins, ends = (np.argmax(course > share * course.max()) for share in (0.1, 0.9))
    print(f"gamma_hz={gamma_hz:2}: {1000 * (ends - begins) * HOP / RATE:4.0f} ms at 55 Hz")

###############################################################################
# Sharper peaks
# -------------
#
# A window blurs a sinusoid, but its blur is known. So one can ask for each point of a short-time
# spectrum where its energy comes from, and put it there. "Pursuit" does so by a parabola through
# each peak. *Reassignment* does it by the phase: from a second transform, with the derivative of
# the window, follows the frequency that sounds at a point. The package has no front end of that
# name, but ``front_end`` takes any function that fills in magnitudes, and this one is short.


def reassigned(signal, sample_rate, axis, hop_length, sigma_bins, result, window_sigma_s=0.023):
    """Fill `result` [bin, frame] with energy that is moved to the frequency it comes from."""
    sigma = window_sigma_s * sample_rate
    n_fft = 2 * round(4 * sigma)
    window = gaussian_window(n_fft, n_fft / (2 * sigma))
    plain = SpectralTransform(n_fft, hop_length, window=window, center_pad_mode="constant")
    slope = window * (n_fft / 2 - np.arange(n_fft)) / sigma**2  # derivative of the window
    spectrum, other = plain(signal), replace(plain, window=slope)(signal)
    energy = 4 * np.abs(spectrum) ** 2 / (n_fft * np.sum(window**2))
    heard = energy > 1e-10
    points, times = np.nonzero(heard)
    cycles = points / n_fft - np.imag(other[heard] / spectrum[heard]) / (2 * np.pi)
    inside = (cycles * sample_rate > axis.fmin_hz) & (cycles < 0.5)
    bins = np.rint(axis.position(cycles[inside] * sample_rate)).astype(int)
    inside[inside] = bins < axis.bins
    np.add.at(result, (bins[bins < axis.bins], times[inside]), energy[heard][inside])
    width = sigma_bins / np.sqrt(2)  # of energies, which are squares of magnitudes
    scipy.ndimage.gaussian_filter1d(result, width, axis=0, mode="constant", output=result)
    result[:] = np.sqrt(np.maximum(np.sqrt(2 * np.pi) * width * result, 0))


###############################################################################
# A melody shows what sharp peaks are good for: tones of 0.12 s, with half the usual width of peaks.
# To be that narrow, the constant-Q transform must listen for long, and each note runs into the
# next. The others keep notes short and lines thin.

melody = np.concatenate([tone(hz, 0.12) for hz in (196, 220, 247, 262, 294, 330, 349, 392) * 2])
panels = {"cqt": "cqt", "pursuit": "pursuit", "reassigned": reassigned}

figure, grid = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
for axes, (title, front_end) in zip(grid, panels.items(), strict=True):
    values = log_spectrogram(
        melody, RATE, axis, hop_length=HOP, sigma_bins=0.6, front_end=front_end
    )
    draw(axes, values, axis.frequencies_hz, title, range_db=40)
    axes.set_ylim(axis.position(150), axis.position(3000))
grid[0].set_ylabel("frequency in Hz")
plt.show()

###############################################################################
# Where do they mislead? Where the window cannot tell what is there. On the left two low tones a
# whole tone apart sound together; on the right there is nothing but noise. A sharp peak looks
# certain also where it is not.

chord = tone(65.4, 1.5, 6) + tone(73.4, 1.5, 6)
noise = 0.1 * np.random.default_rng(0).standard_normal(round(0.6 * RATE))

figure, grid = plt.subplots(2, 3, figsize=(9, 5.6), layout="constrained")
for row, signal, name in zip(grid, (chord, noise), ("low tones", "noise"), strict=True):
    for axes, (title, front_end) in zip(row, panels.items(), strict=True):
        values = log_spectrogram(
            signal, RATE, axis, hop_length=HOP, sigma_bins=1, front_end=front_end
        )
        draw(axes, values, axis.frequencies_hz, f"{name}: {title}", range_db=40)
        if signal is chord:
            axes.set_ylim(0, axis.position(600))
for axes in grid[:, 0]:
    axes.set_ylabel("frequency in Hz")
plt.show()

###############################################################################
# The constant-Q transform has quiet, steady lines for the two low tones. The sharp ones meander:
# what they see is one peak that beats. And in noise they find threads in the low register, as if
# somebody played there.
#
# Does it matter?
# ---------------
#
# We separate three seconds of the demo recording, with each front end. Then we play it slower:
# the same samples at a quarter of the sample rate are two octaves lower. The signal-to-distortion
# ratio compares with the true tracks.

folder = resources.files("musisep") / "demo"
recording, sample_rate = files.read(folder / "mix.flac")
mixture = recording[:, : 3 * sample_rate]
references = np.stack(
    [files.read(folder / f"{name}.flac")[0][:, : 3 * sample_rate] for name in ("clarinet", "horn")]
)
choices = {
    "cqt": LogFrequencyFrontEnd("cqt"),
    "mel": LogFrequencyFrontEnd("mel"),
    "pursuit": LogFrequencyFrontEnd("pursuit"),
    "reassigned": LogFrequencyFrontEnd(reassigned),
}
sdr_db = {}
for title, front_end in choices.items():
    for slower in (1, 4):
        separation = musisep.separate(
            mixture, sample_rate // slower, instruments=2, stages={"front_end": front_end}, jobs=2
        )
        sdr_db[title, slower] = bss_eval(references, separation.stems).sdr.mean()

print("mean SDR      as it is   two octaves lower")
for title in choices:
    print(f"{title:12}{sdr_db[title, 1]:7.1f} dB{sdr_db[title, 4]:12.1f} dB")
assert sdr_db["pursuit", 1] > sdr_db["cqt", 1]
assert sdr_db["pursuit", 4] < sdr_db["cqt", 4]

###############################################################################
# So sharper peaks help while notes are high enough for the window. Two octaves lower "pursuit"
# loses more than the constant-Q transform, which is the default because it fails least where it is
# hard. Reassignment does well here in both registers. That is one recording of three seconds: a
# reason to try it on others, and no proof. On high instruments try ``front_end="pursuit"``.
#
# Back to sound
# -------------
#
# A constant-Q transform is complex, like an STFT, and it has an inverse: the signal whose transform
# is closest to given coefficients, found by a few iterations of conjugate gradients.

seconds = [
    files.resample(track[:, : 2 * sample_rate], sample_rate, RATE)[0] for track in references
]
both = np.sum(seconds, axis=0)
wide = LogAxis.below_nyquist(fmin_hz=27.5, fmax_hz=RATE / 2, bins_per_octave=48, sample_rate=RATE)
how = {
    "sample_rate": RATE,
    "frequencies_hz": wide.frequencies_hz,
    "bandwidth": 1.5 / wide.harscale,  # width of a filter, relative to its frequency
    "hop_length": HOP,
}
coefficients = constant_q(both, **how)
numbers = coefficients.size / both.size
print(f"{coefficients.shape[0]} bins, {numbers:.1f} complex numbers for each sample")

for iterations in (1, 2, 5, 10):
    found = inverse_constant_q(coefficients, **how, length=both.size, iterations=iterations)
    error = 20 * np.log10(np.linalg.norm(found - both) / np.linalg.norm(both))
    print(f"{iterations:2} iterations: error {error:5.1f} dB")
assert error < -30

###############################################################################
# The rest is what no filter sees, at the ends of the axis.
#
# So we can paint in the picture and listen. We know the true tracks here. Let us keep each point of
# the mixture where the clarinet is louder, and put silence elsewhere. That is an *ideal mask*: the
# best that a yes or no for each point can do.

clarinet, horn = (constant_q(track, **how) for track in seconds)
kept = np.where(np.abs(clarinet) > np.abs(horn), coefficients, 0)
painted = inverse_constant_q(kept, **how, length=both.size, iterations=5)

figure, grid = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="constrained")
draw(grid[0], np.abs(coefficients), wide.frequencies_hz, "mixture")
draw(grid[1], np.abs(kept), wide.frequencies_hz, "where the clarinet is louder")
grid[0].set_ylabel("frequency in Hz")
plt.show()

measured = bss_eval(np.stack(seconds), np.stack([painted, both - painted])).sdr
print(f"SDR of the clarinet {measured[0]:.1f} dB, of the rest as horn {measured[1]:.1f} dB")

###############################################################################
# Listen to what comes out.


def player(title, signal):
    """Return a row of a table: a title and a player."""
    return f"<tr><th>{title}</th><td>{Audio(signal, rate=RATE)._repr_html_()}</td></tr>"


sounds = {
    "both": both,
    "clarinet, true": seconds[0],
    "clarinet, painted": painted,
    "horn: the rest": both - painted,
}
HTML(f"<table>{''.join(player(*sound) for sound in sounds.items())}</table>")

###############################################################################
# What next
# ---------
#
# * Change ``window_sigma_s`` of ``reassigned`` to 0.1 s. What becomes of the low chord, and of the
#   melody?
# * Separate a recording of your own with ``front_end="pursuit"`` and ``"mel"``.
# * The inverse needs complex numbers. Who has magnitudes only needs phases: that is notebook 4.
# * Notebook 8 has more parts of your own, in twenty lines each.
