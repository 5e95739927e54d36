"""Names of pitches, MIDI numbers and frequencies; light enough to import for a help text."""

import math
import re

STEPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
"""Names of the pitches of an octave."""
HIGHEST = 127
"""Of the MIDI numbers."""
ALTERED = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
PITCH = re.compile(r"([A-G])([#b♯♭]?)(-?\d)", re.IGNORECASE)


def pitch_name(midi: int) -> str:
    """Return the name of a MIDI pitch: C4 is 60, middle C."""
    octave, step = divmod(midi, len(STEPS))
    return f"{STEPS[step]}{octave - 1}"


def midi_of(name: str) -> int | None:
    """Return the MIDI pitch of a name such as C4, F#3 or bb2; None if it is none of 0 to 127."""
    match = PITCH.fullmatch(name)
    if match is None:
        return None
    letter, altered, octave = match.groups()
    step = STEPS.index(letter.upper()) + ALTERED[altered.lower()]
    midi = step + 12 * (int(octave) + 1)
    return midi if 0 <= midi <= HIGHEST else None


def hz_of(midi: float) -> float:
    """Return the frequency of a MIDI pitch, of which 69 is 440 Hz."""
    return 440.0 * 2 ** ((midi - 69) / 12)


def midi_near(hz: float) -> float:
    """Return the MIDI pitch of a frequency, with its fraction: the inverse of `hz_of`."""
    return 69 + 12 * math.log2(hz / 440.0)
