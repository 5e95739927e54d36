"""Scores as MIDI files, by mido."""

import io
import math
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import mido
import numpy as np

from musisep._util.pitches import HIGHEST, hz_of, midi_near
from musisep.io.replacing import replacing
from musisep.scores.naming import fit_names, number_of
from musisep.scores.reading import content_of
from musisep.scores.score import Score, note_table

LARGEST = 2**23
"""Bytes of a file; more is none."""
TICKS, TEMPO = 960, 500_000
"""Ticks of a beat, and microseconds: a tick is half a millisecond."""
DRUMS = 9
"""Channel whose notes have no pitch."""
BEND_SEMITONES, FULL_BEND = 2.0, 8192
"""What a full pitch bend is, unless a file says otherwise; its number."""
LOUD, LOUDEST, SOFTEST = 80, 112, 16
"""Velocities of a note whose level is unknown, of the loudest one, and of all below `RANGE_DB`."""
RANGE_DB = 40.0
RANGE_OF_BENDS = (101, 0), (100, 0), (6, int(BEND_SEMITONES)), (38, 0)
"""Control changes that say what a full bend is."""


def write_midi(path: str | os.PathLike[str], score: Score, *, bends: bool = False) -> None:
    """Write a score: a track with its name for each instrument, at 120 beats a minute.

    Rests, and notes that nobody plays, are left out.

    Parameters
    ----------
    path : path
    score : Score
    bends : bool
        Whether pitch bends make pitches exact; default: they are rounded to semitones.

    Raises
    ------
    AudioFileError
        If the file cannot be written.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=TEMPO, time=0)]))
    loudest = np.nanmax(score.notes.level_db, initial=-math.inf)
    for number, name in enumerate(score.names):
        notes = score.notes[(score.notes.instrument == number) & ~np.isnan(score.notes.f0_hz)]
        channel = number % 15 + (number % 15 >= DRUMS)
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=_latin(name), time=0)])
        if bends:
            track += [
                mido.Message("control_change", channel=channel, control=control, value=value)
                for control, value in RANGE_OF_BENDS
            ]
        track += _messages(notes.tolist(), channel, float(loudest), bends)
        file.tracks.append(track)
    content = io.BytesIO()
    file.save(file=content)
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(content.getvalue())


def _messages(
    notes: Sequence[tuple[float, ...]], channel: int, loudest_db: float, bends: bool
) -> list[mido.Message]:
    """Return the messages of a track, with times since the one before."""
    events: list[tuple[int, int, mido.Message]] = []
    for onset_s, offset_s, f0_hz, level_db, _, _ in notes:
        exact = min(max(midi_near(f0_hz), 0.0), float(HIGHEST))
        pitch = round(exact)
        begin = _tick(onset_s)
        end = max(_tick(offset_s), begin + 1)
        if bends:
            bend = round(FULL_BEND * (exact - pitch) / BEND_SEMITONES)
            events.append((begin, 1, mido.Message("pitchwheel", channel=channel, pitch=bend)))
        velocity = _velocity(level_db, loudest_db)
        common = {"channel": channel, "note": pitch}
        events.append((begin, 2, mido.Message("note_on", velocity=velocity, **common)))
        events.append((end, 0, mido.Message("note_off", **common)))
    now, messages = 0, []
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        messages.append(message.copy(time=tick - now))
        now = tick
    return messages


def read_midi(path: str | os.PathLike[str], names: Sequence[str] | None = None) -> Score:
    """Read a score: an instrument for each track, or each channel, that has notes.

    Drums are left out. A pitch bend at the begin of a note changes its pitch.

    Parameters
    ----------
    path : path
    names : sequence of str, optional
        The instruments; tracks must be called so. Default: the names of the tracks.

    Raises
    ------
    ValueError
        If it is no MIDI file with notes, or a track is called otherwise.
    AudioFileError
        If the file cannot be read.
    """
    content = content_of(path, LARGEST, "score")
    try:
        midi = mido.MidiFile(file=io.BytesIO(content), clip=True)
        voices = _voices(midi)
    except (EOFError, OSError, ValueError, LookupError, TypeError, KeyError) as error:
        fault = str(error) or "it ends too early"
        raise ValueError(f"is no MIDI file, or damaged ({fault}); export it again") from None
    if not voices:
        raise ValueError("has no notes with pitches; export a score")
    known = fit_names(voice.name for voice in voices)
    order = list(range(len(known)))
    if names is not None:
        own = [voice.name.strip() for voice in voices]
        known = [name if name in names else fit for name, fit in zip(own, known, strict=True)]
        order = [number_of(name, names) for name in known]
        known = list(names)
    rows = [(*note, number) for number, voice in zip(order, voices, strict=True)
            for note in voice.notes]  # fmt: skip
    onset_s, offset_s, pitches, numbers = np.array(rows).T
    hz = np.array([hz_of(pitch) for pitch in pitches])
    return Score(note_table(onset_s, offset_s, hz, numbers.astype(np.int64)), tuple(known))


class Voice(NamedTuple):
    """The notes of an instrument: onset and offset in s, MIDI pitch with its fraction."""

    name: str
    notes: list[tuple[float, float, float]]


def _voices(midi: mido.MidiFile) -> list[Voice]:
    """Return the voices of a file that have notes: tracks, or the channels of a single track."""
    if midi.type == 2:
        raise ValueError("its tracks are different pieces")
    seconds = _Clock(midi)
    voices = []
    for track in midi.tracks:
        notes = _notes_of(track, seconds)
        pitched = {channel: own for channel, own in notes.items() if channel != DRUMS and own}
        if len(midi.tracks) == 1 and len(pitched) > 1:
            voices += [Voice("", own) for _, own in sorted(pitched.items())]
        elif pitched:
            name = _unicode(track.name)
            voices.append(Voice(name, sorted(note for own in pitched.values() for note in own)))
    return voices


class _Clock:
    """Seconds of ticks, by the tempi of all tracks."""

    def __init__(self, midi: mido.MidiFile) -> None:
        changes = {0: TEMPO}
        for track in midi.tracks:
            tick = 0
            for message in track:
                tick += message.time
                if message.type == "set_tempo":
                    changes[tick] = message.tempo
        if midi.ticks_per_beat <= 0:
            raise ValueError("its times are those of films, SMPTE")
        self._ticks = np.array(sorted(changes))
        tempi = np.array([changes[tick] for tick in self._ticks.tolist()], float)
        self._rates = tempi / 1e6 / midi.ticks_per_beat
        steps = np.diff(self._ticks) * self._rates[:-1]
        self._seconds = np.concatenate(([0.0], np.cumsum(steps)))

    def __call__(self, tick: int) -> float:
        """Return the seconds of a tick."""
        place = int(np.searchsorted(self._ticks, tick, side="right")) - 1
        return float(self._seconds[place] + (tick - self._ticks[place]) * self._rates[place])


def _notes_of(
    track: mido.MidiTrack, seconds: _Clock
) -> dict[int, list[tuple[float, float, float]]]:
    """Return the notes of each channel of a track."""
    notes: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
    open_notes: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    bends: dict[int, float] = defaultdict(float)
    ranges: dict[int, float] = defaultdict(lambda: BEND_SEMITONES)
    parameters: dict[tuple[int, int], int] = {}
    tick = 0
    for message in track:
        tick += message.time
        if message.type == "pitchwheel":
            bends[message.channel] = message.pitch / FULL_BEND
        elif message.type == "control_change":
            parameters[message.channel, message.control] = message.value
            chosen = [parameters.get((message.channel, control)) for control in (101, 100)]
            if message.control == 6 and chosen == [0, 0]:
                ranges[message.channel] = float(message.value)
        elif message.type in ("note_on", "note_off"):
            key, now = (message.channel, message.note), seconds(tick)
            if message.type == "note_on" and message.velocity:
                bend = bends[message.channel] * ranges[message.channel]
                open_notes[key].append((now, message.note + bend))
            elif open_notes[key]:
                _close(notes[message.channel], *open_notes[key].pop(0), now)
    for (channel, _), left in open_notes.items():
        for onset_s, pitch in left:
            _close(notes[channel], onset_s, pitch, seconds(tick))
    return notes


def _close(
    notes: list[tuple[float, float, float]], onset_s: float, pitch: float, offset_s: float
) -> None:
    """Add a note, unless it takes no time."""
    if offset_s > onset_s:
        notes.append((onset_s, offset_s, pitch))


def _tick(seconds: float) -> int:
    return round(seconds * 1e6 / TEMPO * TICKS)


def _velocity(level_db: float, loudest_db: float) -> int:
    if math.isnan(level_db):
        return LOUD
    share = max(0.0, 1 + (level_db - loudest_db) / RANGE_DB)
    return round(SOFTEST + share * (LOUDEST - SOFTEST))


def _latin(name: str) -> str:
    """Return a name as mido writes it: bytes of UTF-8, one for each character."""
    return name.encode("utf-8").decode("latin-1")


def _unicode(name: str) -> str:
    """Return a name as it is meant: UTF-8 if it may be that, else Latin-1."""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name
