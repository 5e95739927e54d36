"""
Phase retrieval: sound from magnitudes
======================================

A spectrogram shows how loud each frequency is, and not where its waves are. That second half, the
*phases*, is thrown away in each picture, and by each model that computes magnitudes. Can we hear a
picture? How much of the sound is in it?

This notebook finds phases for magnitudes: by the oldest algorithm in a few lines, by five better
ones, from good and bad starts; and from pictures that hold much less, mel and constant-Q
spectrograms.
"""

from importlib import resources

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, Audio

import musisep
from musisep.audio import MelSpectrogramTransform, SpectralTransform
from musisep.audio.inversion import (
    ConstantQMagnitude,
    StftMagnitude,
    admm,
    griffin_lim,
    l_bfgs,
    pghi,
    phase_init,
    rtisi_la,
)
from musisep.audio.logfreq import LogAxis
from musisep.io import files
from musisep.metrics import spectral_convergence

RATE = 22050
folder = resources.files("musisep") / "demo"
recording, sample_rate = files.read(folder / "mix.flac")
signal = files.resample(recording[:, : 3 * sample_rate], sample_rate, RATE)[0]

###############################################################################
# What phases are worth
# ---------------------
#
# We take the short-time Fourier transform (STFT) of three seconds, keep the magnitudes, and forget
# the phases.

transform = SpectralTransform(n_fft=1024, hop_length=256, sample_rate=RATE)
spectrum = transform.stft(signal)
magnitudes = np.abs(spectrum)  # [frequency, frame]


def players(signals):
    """Return players of signals [sample] by title, all at their true loudness."""
    rows = (
        f"<tr><th>{title}</th><td>"
        f"{Audio(np.clip(sound, -1, 1), rate=RATE, normalize=False)._repr_html_()}</td></tr>"
        for title, sound in signals.items()
    )
    return HTML(f"<table>{''.join(rows)}</table>")


rng = np.random.default_rng(0)
random_phases = np.exp(2j * np.pi * rng.random(magnitudes.shape))
no_phases = transform.istft(magnitudes, length=signal.size)
guessed = transform.istft(magnitudes * random_phases, length=signal.size)
players({"original": signal, "all phases 0": no_phases, "random phases": guessed})

###############################################################################
# All three were made of the same magnitudes. With all phases 0 each sinusoid begins anew in each
# frame, 86 times a second, and one hears a buzz of that pitch. With random phases it flutters. Both
# are quieter than the original, as frames that disagree cancel each other in part.
#
# But have these sounds the magnitudes that we wanted? Frames overlap, and each sample lies in four
# of them. If the frames do not agree on it, the inverse takes a mean, and the STFT of the result is
# another one. How far it is from what was wanted is the *spectral convergence*, in dB: the lower,
# the better.


def convergence_db(sound):
    """Return how far the magnitudes of a sound are from those that were wanted, in dB."""
    return float(spectral_convergence(magnitudes, np.abs(transform.stft(sound))))


for title, sound in {"all phases 0": no_phases, "random phases": guessed}.items():
    print(f"{title:14}{convergence_db(sound):6.1f} dB")

###############################################################################
# Griffin and Lim, by hand
# ------------------------
#
# The oldest way (Griffin and Lim, 1984) is to go to and fro. Make a signal of the spectrum, so that
# its frames agree. Take the phases that this signal has, and give them the magnitudes that were
# wanted. Again.

sound, course = no_phases, []
for _ in range(50):
    phases = np.exp(1j * np.angle(transform.stft(sound)))
    sound = transform.istft(magnitudes * phases, length=signal.size)
    course.append(convergence_db(sound))
assert np.all(np.diff(course) < 1e-6)  # it never gets worse

how = {"transform": transform, "length": signal.size, "tol": 0, "verbose": False, "rng": 0}
same = griffin_lim(magnitudes, max_iter=50, alpha=0, init="zero", **how)
print(f"by hand {course[-1]:.2f} dB, griffin_lim {convergence_db(same):.2f} dB")
assert abs(course[-1] - convergence_db(same)) < 0.1

###############################################################################
# Five algorithms
# ---------------
#
# ``griffin_lim`` does that with ``alpha=0``. Its default ``alpha=0.99`` is the *fast* variant
# (Perraudin, Balazs and Søndergaard, 2013): each step goes on a little in the direction of the one
# before. ``admm`` (Masuyama, Yatabe and Oikawa, 2019) keeps account of how much the two conditions
# still disagree. ``l_bfgs`` changes the samples themselves, along the gradient of the error. The
# first three start from phases 0 here, the last from noise.

courses, sounds = {}, {}
trials = {
    "Griffin-Lim": (griffin_lim, {"alpha": 0}),
    "fast Griffin-Lim": (griffin_lim, {"alpha": 0.99}),
    "ADMM": (admm, {}),
}
for title, (algorithm, options) in trials.items():
    sounds[title], courses[title] = algorithm(
        magnitudes, max_iter=100, init="zero", eva_iter=4, return_history=True, **options, **how
    )
sounds["L-BFGS"], courses["L-BFGS"] = l_bfgs(
    magnitudes, StftMagnitude(transform), samples=signal.size, max_iter=60, eva_iter=4,
    tol=0, verbose=False, rng=0, return_history=True,
)  # fmt: skip


def draw(courses, marks=()):
    """Draw convergence over iterations, and marks at the right for what has no course."""
    figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
    for title, history in courses.items():
        axes.plot(history.iterations, history.values, ".-", label=title)
    for title, level_db in marks:
        axes.axhline(level_db, color="black", linestyle=":", label=title)
    axes.set_xlabel("iteration")
    axes.set_ylabel("spectral convergence in dB")
    axes.grid(alpha=0.4)
    figure.legend(loc="outside right upper", frameon=False)
    plt.show()


###############################################################################
# ``rtisi_la`` is of another kind (Zhu, Beauregard and Wyse, 2007). It goes through the frames once,
# from first to last, and looks only a few frames ahead. So it can be used while a signal is still
# coming in. It iterates each frame 25 times, which has no course to draw: a dotted line shows where
# it ends.

sounds["RTISI-LA"] = rtisi_la(
    magnitudes, transform=transform, length=signal.size, verbose=False, rng=0
)
draw(courses, [("RTISI-LA", convergence_db(sounds["RTISI-LA"]))])

for title, sound in sounds.items():
    print(f"{title:18}{convergence_db(sound):6.1f} dB")
assert convergence_db(sounds["fast Griffin-Lim"]) < convergence_db(sounds["Griffin-Lim"])

###############################################################################
# The plain algorithm gets stuck where the others go on. On other sounds the order of the others
# changes; the documentation has a table.
#
# A better start
# --------------
#
# All of this is local search: where it ends depends on where it begins. Two ways guess phases in a
# single pass, without iterating:
#
# * ``phase_init``: each peak of a frame is a sinusoid, and its phase goes on from the frame before.
# * ``pghi``, phase gradient heap integration (Průša, Balazs and Søndergaard, 2017): under a
#   Gaussian window the slope of the phases follows from the slope of the log magnitudes. It is
#   integrated from the loudest points outwards. Hann's window, as here, is close enough to that.

starts = {}
for init in ("zero", "random", "single-pass", "pghi"):
    _, starts[init] = griffin_lim(
        magnitudes, max_iter=100, init=init, eva_iter=4, return_history=True, **how
    )
draw(starts)

for init, history in starts.items():
    enough = np.flatnonzero(history.values < -25)
    needed = f"{history.iterations[enough[0]]:3}" if enough.size else "more"
    print(f"{init:12} begins at {history.values[0]:6.1f} dB, -25 dB after {needed} iterations")
assert (
    max(starts["pghi"].values[0], starts["single-pass"].values[0]) < starts["zero"].values[0] - 10
)

###############################################################################
# A good start is worth more than a good algorithm. Without a single iteration it is where the plain
# algorithm arrives after many. Listen: first the two starts alone, then what is made of them.

single = transform.istft(phase_init(magnitudes, transform=transform), length=signal.size)
integrated = transform.istft(pghi(magnitudes, transform=transform, rng=0), length=signal.size)
best = griffin_lim(magnitudes, max_iter=100, init="pghi", **how)
players(
    {
        "original": signal,
        "Griffin-Lim from phases 0": sounds["Griffin-Lim"],
        "phase_init alone": single,
        "pghi alone": integrated,
        "pghi, then fast Griffin-Lim": best,
    }
)

###############################################################################
# Is it the same sound?
# ---------------------
#
# It has nearly the same magnitudes. That does not make it the same signal: a magnitude does not
# know the sign of a wave, and two tones that do not overlap may each be turned as they like. Look
# at a few milliseconds.

stretch = slice(round(1.5 * RATE), round(1.52 * RATE))
figure, axes = plt.subplots(figsize=(9, 2.8), layout="constrained")
axes.plot(1000 * np.arange(stretch.stop - stretch.start) / RATE, signal[stretch], label="original")
axes.plot(1000 * np.arange(stretch.stop - stretch.start) / RATE, best[stretch], label="found")
axes.set_xlabel("time in ms")
axes.set_ylabel("sample")
axes.grid(alpha=0.4)
figure.legend(loc="outside right upper", frameon=False)
plt.show()

error_db = 20 * np.log10(np.linalg.norm(best - signal) / np.linalg.norm(signal))
print(f"magnitudes differ by {convergence_db(best):.0f} dB, samples by {error_db:.0f} dB")
assert error_db > convergence_db(best) + 10

###############################################################################
# So do not measure retrieved signals by their samples, for instance by the SDR, and do not
# subtract them from a mixture.
#
# Less than an STFT: mel and constant Q
# -------------------------------------
#
# An STFT has more numbers than the signal has samples. A mel spectrogram has a fraction of that,
# and its bands have no phases that one could put back. But it is a function of the samples, and it
# has a gradient. So ``l_bfgs`` asks directly for samples that have this mel spectrogram; and the
# same for the magnitudes of a constant-Q transform. We take 1.5 seconds.

short = signal[: round(1.5 * RATE)]
axis = LogAxis.below_nyquist(fmin_hz=55, fmax_hz=10000, bins_per_octave=24, sample_rate=RATE)
representations = {
    "STFT": StftMagnitude(transform),
    "mel, 128 bands": MelSpectrogramTransform(
        RATE, n_fft=1024, hop_length=256, n_mels=128, power=1.0, output_scale="linear"
    ),
    "mel, 40 bands": MelSpectrogramTransform(
        RATE, n_fft=1024, hop_length=256, n_mels=40, power=1.0, output_scale="linear"
    ),
    "constant-Q": ConstantQMagnitude(
        RATE, axis.frequencies_hz, bandwidth=0.75 / axis.harscale, hop_length=256
    ),
}
found, courses = {"original": short}, {}
for title, representation in representations.items():
    wanted = representation(short)
    found[title], courses[title] = l_bfgs(
        wanted, representation, samples=short.size, max_iter=60, eva_iter=4,
        tol=0, verbose=False, rng=0, return_history=True,
    )  # fmt: skip

draw(courses)

###############################################################################
# Each curve is measured by the picture that was given. A second measure asks for the STFT, below
# 1 kHz and above, of which only the first one was told.


def part_db(sound, part):
    """Return how far the STFT of a sound is from the true one at some frequencies, in dB."""
    wanted, found = (np.abs(transform.stft(one))[part] for one in (short, sound))
    return float(spectral_convergence(wanted, found))


low = transform.frequencies_hz < 1000
print("                 values per      of its   of the STFT   of the STFT")
print("                     sample         own   below 1 kHz   above 1 kHz")
measured = {}
for title, representation in representations.items():
    values = representation(short)
    own_db = float(spectral_convergence(values, representation(found[title])))
    measured[title] = part_db(found[title], low), part_db(found[title], ~low)
    print(
        f"{title:15}{values.size / short.size:12.2f}{own_db:9.1f} dB"
        f"{measured[title][0]:11.1f} dB{measured[title][1]:11.1f} dB"
    )
    assert own_db < -15
assert measured["constant-Q"][0] < min(measured["mel, 128 bands"][0], measured["mel, 40 bands"][0])
players(found)

###############################################################################
# Mel bands do not tell where in a band a tone lies. Where bands are wide, noise of the right
# loudness satisfies them as well, and some of it is heard. The constant-Q picture knows the
# pitches, and of the three it comes nearest to the STFT below 1 kHz. Above, its filters are wide
# and answer fast, while its frames are as far apart as everywhere: what sounds between two of them
# it does not see.

###############################################################################
# In one line
# -----------
#
# ``musisep.Spectrogram`` knows how its values were made, can be saved, and turns them into sound
# with defaults that suit.

spectrogram = musisep.Spectrogram.of(signal, RATE, "magnitude")
sound, level_db = spectrogram.invert(init="pghi", rng=0)
print(f"{level_db[0]:.1f} dB")
Audio(sound[0], rate=RATE)

###############################################################################
# What next
# ---------
#
# * Make the hop 512 instead of 256. Then each sample lies in two frames only; which algorithm
#   suffers most?
# * Take speech instead of music. Which start is the best one now?
# * ``musisep.audio.inversion.misi`` finds phases for several signals that add up to a mixture, and
#   ``musisep.separate(..., phase="misi")`` uses it for stems.
# * On the command line: ``musisep invert song.wav --kind mel``.
