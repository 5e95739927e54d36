"""
Scores and corrections
======================

Often somebody knows more than the recording tells: there is a score, or you hear at once that a
note went to the wrong player. How much is such knowledge worth, how exact must it be, and how few
corrections are enough?

This notebook gives a score to an easy recording and to a nearly hopeless one. Then it spoils the
score, step by step. In the end it does without a score and corrects single notes.
"""

import tempfile
from importlib import resources
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, Audio

import musisep
from musisep import plots
from musisep.io import files
from musisep.metrics import bss_eval
from musisep.scores import Score, load_score, note_table, save_score
from musisep.scores.corrections import corrections, joined

RATE = 22050

###############################################################################
# The recording, and its score
# ----------------------------
#
# The recording that comes with the package is Petzold's Minuet in G, bars 1 to 8, for clarinet and
# horn. The clarinet plays this, with lengths in quarter notes:

CLARINET = """D5 1  G4 .5 A4 .5 B4 .5 C5 .5  D5 1  G4 1  G4 1
    E5 1  C5 .5 D5 .5 E5 .5 F#5 .5  G5 1  G4 1  G4 1
    C5 1  D5 .5 C5 .5 B4 .5 A4 .5  B4 1  C5 .5 B4 .5 A4 .5 G4 .5
    F#4 1  G4 .5 A4 .5 B4 .5 G4 .5  A4 3"""
HORN = "G3 2 A3 1  B3 3  C4 3  B3 3  A3 3  G3 3  D4 1 B3 1 G3 1  D4 1 D3 .5 C4 .5 B3 .5 A3 .5"
QUARTER_S = 60 / 138


def notes_of(line, instrument):
    """Return a line as a table of notes."""
    names, lengths = line.split()[::2], np.array(line.split()[1::2], dtype=float) * QUARTER_S
    steps = ["C D EF G A B".index(name[0]) + name.count("#") for name in names]
    midi = 12 + np.array(steps) + 12 * np.array([int(name[-1]) for name in names])
    ends_s = np.cumsum(lengths)
    return note_table(ends_s - lengths, ends_s - 0.03, 440 * 2 ** ((midi - 69) / 12), instrument)


def together(*tables, names):
    """Return the score of several tables of notes."""
    return Score(np.concatenate(tables), names)


minuet = together(notes_of(CLARINET, 0), notes_of(HORN, 1), names=("clarinet", "horn"))

plots.roll_figure(minuet.notes, minuet.names)

###############################################################################
# We separate the first four bars, blind and with the score. With a score there is no need to tell
# the number of instruments, and the stems have the names of the score.


def track(name):
    """Return a track of the demo recording [channel, sample]."""
    recording, sample_rate = files.read(resources.files("musisep") / "demo" / f"{name}.flac")
    return files.resample(recording, sample_rate, RATE)


FOUR_BARS_S = 12 * QUARTER_S
four_bars = round(FOUR_BARS_S * RATE)
clarinet, horn = track("clarinet"), track("horn")
easy = np.stack([clarinet, horn])[..., :four_bars]


def sdr_db(tracks, separation):
    """Return the mean SDR of the stems, in dB."""
    return float(bss_eval(tracks, separation.stems).sdr.mean())


first_half = minuet.excerpt(0, FOUR_BARS_S)
blind = musisep.separate(easy.sum(axis=0), RATE, instruments=2)
informed = musisep.separate(easy.sum(axis=0), RATE, score=first_half)

print(f"blind:      {sdr_db(easy, blind):5.1f} dB, called {blind.called}, {blind.names}")
print(f"with score: {sdr_db(easy, informed):5.1f} dB, called {informed.called}, {informed.names}")
assert sdr_db(easy, informed) > sdr_db(easy, blind) - 0.5

###############################################################################
# That was hardly worth typing. Clarinet and horn sound so different that the notes were right
# already. What keeps such stems from being perfect are not the notes.
#
# A hopeless case
# ---------------
#
# So let us take away what tells the players apart. Bars 1 to 4 and bars 5 to 8 of the clarinet are
# played at the same time: two clarinets, the same sound, and lines that cross. Petzold did not mean
# it like that.


def players(**signals):
    """Show a player for each signal."""
    rows = (
        f"<p>{title.replace('_', ' ')}<br>{Audio(signal, rate=RATE)._repr_html_()}</p>"
        for title, signal in signals.items()
    )
    return HTML("".join(rows))


tracks = np.stack([clarinet[:, :four_bars], clarinet[:, four_bars : 2 * four_bars]])
mixture = tracks.sum(axis=0)
names = ("clarinet one", "clarinet two")

line = notes_of(CLARINET, 0)
second = line[line.onset_s > FOUR_BARS_S - 0.01].copy()
second.onset_s -= FOUR_BARS_S
second.offset_s -= FOUR_BARS_S
second.instrument = 1
score = together(line[line.onset_s < FOUR_BARS_S - 0.01], second, names=names)

players(mixture=mixture[0])

###############################################################################
# The true notes:

plots.roll_figure(score.notes, names)

###############################################################################
# And the notes as they are found blind. Nearly all are there, but look at the colours: who plays
# them is a guess. The lines are torn apart.

blind = musisep.separate(mixture, RATE, instruments=2)
blind_db = sdr_db(tracks, blind)
print(f"blind: {blind_db:.1f} dB, called {blind.called}")

plots.roll_figure(blind.notes, blind.names)

###############################################################################
# Now with the score.

informed = musisep.separate(mixture, RATE, score=score)
informed_db = sdr_db(tracks, informed)
print(f"with score: {informed_db:.1f} dB, called {informed.called}")
assert informed_db > blind_db + 6

players(
    clarinet_one=informed.stems[0, 0], clarinet_two=informed.stems[1, 0],
    clarinet_one_blind=blind.stems[0, 0],
)  # fmt: skip

###############################################################################
# How exact must a score be?
# --------------------------
#
# A score is no recording: its tempo is another, it begins at once, and its tuning is that of a
# textbook. ``musisep`` warps it to the recording, and tells how. Here it is a quarter faster than
# the recording, begins 0.7 s late, and is 30 cents low.


def changed(score, *, wrong=0.0, seed=0):
    """Return a score in another tempo and tuning, with a share of wrong pitches."""
    rng, notes = np.random.default_rng(seed), score.notes.copy()
    notes.onset_s = 0.7 + 0.8 * notes.onset_s
    notes.offset_s = 0.7 + 0.8 * notes.offset_s
    notes.f0_hz *= 2 ** (-30 / 1200)
    which = rng.permutation(len(notes))[: round(wrong * len(notes))]
    notes.f0_hz[which] *= 2 ** (rng.choice([-5, -3, -2, 2, 3, 5], which.size) / 12)
    return Score(notes, score.names)


rough = musisep.separate(mixture, RATE, score=changed(score))
alignment = rough.alignment
print(f"with the rough score: {sdr_db(tracks, rough):.1f} dB")
print(
    f"it fits: {alignment.fits}; the recording takes {alignment.slower:.2f} times as long "
    f"and is {alignment.cents:.0f} cents higher"
)
assert alignment.fits and abs(alignment.slower - 1.25) < 0.05

###############################################################################
# Nearly as good as the exact one. Now we say that the times are right as they are, which they are
# not. And we put some of the notes to a wrong pitch, up to a fourth away: three times for each
# share, as it matters which notes these are.

unaligned = musisep.separate(mixture, RATE, score=changed(score), align_score=False)
trials = {
    "blind": [blind],
    "exact score": [informed],
    "rough score": [rough],
    "rough, not aligned": [unaligned],
}
for percent in (10, 40):
    trials[f"rough, {percent} % wrong"] = [
        musisep.separate(mixture, RATE, score=changed(score, wrong=percent / 100, seed=seed))
        for seed in range(3)
    ]

figure, axes = plt.subplots(figsize=(9, 3), layout="constrained")
for place, separations in enumerate(trials.values()):
    for separation in separations:
        sure = separation.called == "good"
        axes.plot(sdr_db(tracks, separation), place, "o", color=plots.colour_of(0 if sure else 1))
axes.plot([], "o", color=plots.colour_of(0), label="called good")
axes.plot([], "o", color=plots.colour_of(1), label="called doubtful or poor")
axes.set_yticks(range(len(trials)), list(trials))
axes.invert_yaxis()
axes.set_xlim(left=0)
axes.set_xlabel("mean SDR in dB")
axes.grid(alpha=0.4)
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
plt.show()

assert sdr_db(tracks, unaligned) < sdr_db(tracks, rough)

###############################################################################
# A score is a prior, not an order: what the recording contradicts may be overruled, so a wrong note
# here and there is survived. With more of them it is a matter of luck which ones they are. In two
# lines that sound alike a wrong note may pull its neighbours along.
#
# No score: correct what is wrong
# -------------------------------
#
# Mostly there is no score. Then separate blind, listen, and correct. The notes are written as a
# table, which any spreadsheet opens, or as MIDI for a sequencer.

folder = tempfile.TemporaryDirectory()
table, midi = Path(folder.name) / "notes.csv", Path(folder.name) / "notes.mid"
save_score(blind.score, table)
save_score(blind.score, midi)
print(*table.read_text().splitlines()[:5], sep="\n")

found, again = blind.score, load_score(midi)
print(f"\n{len(found)} notes, {len(again)} in the MIDI file, of {', '.join(again.names)}")
assert len(load_score(table)) == len(found) == len(again)

###############################################################################
# You would now change the column ``instrument`` of some rows. We let the true score play the role
# of your ears: it tells who really plays a note. The three longest notes with the wrong player are
# corrected first.

order = bss_eval(tracks, blind.stems).permutation  # the stem of each clarinet


def player(note):
    """Return the number of the stem to which a note belongs; its own if nobody plays it."""
    true, owners = score.notes, order[score.notes.instrument]
    common_s = np.minimum(true.offset_s, note.offset_s) - np.maximum(true.onset_s, note.onset_s)
    same = (np.abs(12 * np.log2(true.f0_hz / note.f0_hz)) < 0.5) & (common_s > 0)
    if not same.any() or note.instrument in owners[same]:
        return note.instrument
    return owners[np.argmax(same * common_s)]


def with_ears(notes, number):
    """Return notes of which some with the wrong player are corrected, the longest first."""
    notes = notes.copy()
    owners = np.array([player(note) for note in notes])
    lengths_s = np.where(owners != notes.instrument, notes.offset_s - notes.onset_s, 0)
    which = np.argsort(-lengths_s, kind="stable")[:number]
    which = which[lengths_s[which] > 0]
    notes.instrument[which] = owners[which]
    return notes, len(which)


notes, count = with_ears(blind.notes, 3)
save_score(Score(notes, found.names), table)  # as if you had edited it

edited = load_score(table, found.names)
certain = corrections(found, edited)
better = musisep.separate(mixture, RATE, instruments=2, corrections=certain, edited=edited)
print(f"blind {blind_db:.1f} dB, with {count} corrections {sdr_db(tracks, better):.1f} dB")
assert sdr_db(tracks, better) > blind_db + 2

###############################################################################
# ``corrections`` compares what was found with what you edited. Its result is certain, and all else
# is decided anew in its light. ``edited`` lets the instruments keep their order. We go on like
# that, three notes at a time, until no note has the wrong player any more; ``joined`` adds later
# corrections to earlier ones.

done, curve = [0, count], [blind_db, sdr_db(tracks, better)]
for _ in range(4):
    found = better.score
    notes, count = with_ears(better.notes, 3)
    if not count:
        break
    edited = Score(notes, found.names)
    certain = joined(certain, corrections(found, edited))
    better = musisep.separate(mixture, RATE, instruments=2, corrections=certain, edited=edited)
    done.append(done[-1] + count)
    curve.append(sdr_db(tracks, better))
assert curve[-1] > blind_db + 5

figure, axes = plt.subplots(figsize=(9, 3), layout="constrained")
axes.plot(done, curve, "o-", label="corrected by hand")
axes.axhline(informed_db, color="gray", linestyle=":", label="exact score")
axes.set_xlabel(f"notes that were corrected, of {len(blind.notes)}")
axes.set_ylabel("mean SDR in dB")
axes.set_ylim(0, 1.1 * informed_db)
axes.grid(alpha=0.4)
axes.legend(loc="lower right")
plt.show()

###############################################################################
# A few notes do most of it, as those around them follow. What is missing to the exact score are
# notes that were not found, or whose ends are wrong. In a table you could mend them, too; a note
# that nobody plays is given to ``nobody``.

plots.roll_figure(better.notes, better.names)

###############################################################################

players(
    mixture=mixture[0],
    clarinet_one=better.stems[order[0], 0],
    clarinet_two=better.stems[order[1], 0],
)

###############################################################################
# Hints
# -----
#
# Less than a score, and quickly said: which range an instrument has, who has the highest line, who
# sits where. A hint also fixes the order of the stems. On the minuet, blind puts the louder
# instrument first; with ``lead="high"`` the first is the one with the upper line, the clarinet.

duet = easy.sum(axis=0)
hints = musisep.Hints(lead="high")
for title, hint in {"blind": None, "lead high": hints}.items():
    separation = musisep.separate(duet, RATE, instruments=2, hints=hint)
    place = bss_eval(easy, separation.stems).permutation[0]
    print(f"{title}: the clarinet is stem {place + 1}")
assert place == 0

###############################################################################
# A hint that is not true does no good. The two clarinets cross all the time. We say that the first
# is on top, and the separation believes us: look at the word.

false = musisep.separate(mixture, RATE, instruments=2, hints=hints)
print(f"with a false hint: {sdr_db(tracks, false):.1f} dB, called {false.called}")
assert sdr_db(tracks, false) < curve[-1]

folder.cleanup()

###############################################################################
# What next
# ---------
#
# * From the command line: ``musisep song.wav --report`` makes a page on which you listen and
#   correct notes; ``musisep correct`` separates anew.
# * Give a MIDI file of your own: ``musisep.separate("song.wav", score=load_score("song.mid"))``.
# * Add a rest: a note whose ``f0_hz`` is NaN says that its instrument is silent.
# * Change the seed of ``changed``. Which wrong notes do the most harm?
