"""What a user knows of who plays what; light enough to import for a help text.

A hint is evidence, no rule: it tells where notes are expected, and notes elsewhere are possible.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real

from musisep._util.messages import shown
from musisep._util.pitches import HIGHEST, hz_of, midi_of
from musisep.names import INSTRUMENTS, canonical

LEADS = ("high", "low")
SIDES = {"left": -1.0, "center": 0.0, "centre": 0.0, "right": 1.0}
"""Positions that have a name."""
FLAT = 0.5
"""Semitones that a range of notes goes on beyond its ends: a note that is played flat counts."""
LOWEST_HZ, HIGHEST_HZ = 1.0, 100_000.0
"""Between them are the fundamental frequencies of all instruments, and no typing errors."""
END = r"[A-G][#b♯♭]?-?\d|\d+(?:\.\d+)?\s*(?:Hz)?"
RANGE = re.compile(rf"\s*({END})\s*[-–]\s*({END})\s*", re.IGNORECASE)
EXAMPLES = "G3-C6, 55-84 (MIDI), 196Hz-1046Hz, or the name of an instrument"

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What is known of the instruments before they are heard.

    Parameters
    ----------
    ranges : mapping of str or int to tuple of float or str, optional
        Between which fundamental frequencies an instrument plays, (lowest, highest) in Hz, by the
        name of its stem, as "instrument1" or "violin", or by its number from 1 on. A range may be
        text as well: see `range_of`.
    lead : {"high", "low"}, optional
        Instrument 1 plays the highest line, or the lowest.
    position : sequence of float or str, optional
        Where each instrument sits between the two channels of a stereo recording: -1, or "left",
        to 1, or "right"; 0 is "center". Empty if that is unknown.

    Raises
    ------
    ValueError
        If a hint is none of these.

    Examples
    --------
    >>> from musisep import Hints
    >>> hints = Hints(ranges={1: "G4-C6", "cello": (65.4, 523.3)}, position=["left", 0.5])
    >>> hints.ranges["cello"]
    (65.4, 523.3)
    >>> [low_hz for low_hz, high_hz in hints.ranges_of(["violin", "cello"])]
    [380.8, 65.4]
    >>> hints.positions_of(instruments=2, channels=2)
    [-1.0, 0.5]
    """

    ranges: Mapping[str | int, Range | str] = field(default_factory=dict)
    lead: str | None = None
    position: Sequence[float | str] = ()

    def __post_init__(self) -> None:
        """Refuse what is no hint; keep names, frequencies and numbers."""
        if not isinstance(self.ranges, Mapping):
            raise ValueError(f"ranges={shown(self.ranges)} must be ranges by names of instruments")
        ranges: dict[str, Range] = {}
        for key, value in self.ranges.items():
            name = _name(key)
            if name in ranges:
                raise ValueError(f"ranges: {name} has two ranges; leave one out")
            ranges[name] = _checked_range(name, value)
        if self.lead is not None and self.lead not in LEADS:
            raise ValueError(f"lead={shown(self.lead)} must be high or low")
        if isinstance(self.position, str) or not isinstance(self.position, Sequence):
            wanted = "a list of left, right, center or numbers from -1 to 1"
            raise ValueError(f"position={shown(self.position)} must be {wanted}")
        object.__setattr__(self, "ranges", ranges)
        object.__setattr__(self, "position", tuple(map(_checked_position, self.position)))

    def __bool__(self) -> bool:
        """Tell whether anything is known."""
        return bool(self.ranges or self.lead or self.position)

    def ranges_of(self, names: Sequence[str]) -> list[Range | None]:
        """Return the range of each instrument, in Hz; None if nothing is known of it.

        Parameters
        ----------
        names : sequence of str
            Names of the stems, as `musisep.Separation.names`.

        Returns
        -------
        list of tuple of float or None
            Lowest and highest frequency in Hz, in the order of the names.

        Raises
        ------
        ValueError
            If a range is of an instrument that is not among them.
        """
        found: list[Range | None] = [None] * len(names)
        for key, value in self.ranges.items():
            number = _number_of(str(key), names)
            if found[number] is not None:
                raise ValueError(f"ranges: {names[number]} has two ranges; leave one out")
            found[number] = _checked_range(str(key), value)
        return found

    def positions_of(self, instruments: int, channels: int) -> list[float] | None:
        """Return the position of each instrument, from -1 to 1; None if they are unknown.

        Parameters
        ----------
        instruments : int
            Number of instruments.
        channels : int
            Number of channels of the recording.

        Returns
        -------
        list of float or None
            One position for each instrument; -1 is left, 1 is right.

        Raises
        ------
        ValueError
            If there are positions, but not one for each instrument, or not two channels.
        """
        if not self.position:
            return None
        if len(self.position) != instruments:
            given = f"position has {len(self.position)} of {instruments} instruments"
            raise ValueError(f"{given}; give one for each, in the order of the stems")
        if channels != 2:
            raise ValueError(f"position is of use with two channels, not {channels}; leave it out")
        return [float(value) for value in self.position]


def range_of(text: str) -> Range:
    """Return a range in Hz of what a user types.

    Parameters
    ----------
    text : str
        Two notes ("G3-C6"), MIDI numbers ("55-84") or frequencies ("196Hz-1046Hz"), or the name
        of an instrument, which stands for what it usually plays (`musisep.names`). Notes and MIDI
        numbers count with half a semitone around them.

    Returns
    -------
    tuple of float
        Lowest and highest frequency, in Hz.

    Raises
    ------
    ValueError
        If it is no range, or its end is below its begin.

    Examples
    --------
    >>> from musisep.hints import range_of
    >>> range_of("196Hz-1046Hz")
    (196.0, 1046.0)
    >>> low_hz, high_hz = range_of("A4-A5")  # with half a semitone around them
    >>> round(low_hz), round(high_hz)
    (427, 906)
    """
    known = INSTRUMENTS.get(canonical(text))
    if known:
        return hz_of(known.lowest - FLAT), hz_of(known.highest + FLAT)
    match = RANGE.fullmatch(text)
    if match is None:
        raise ValueError(f"{shown(text)} is no range; write it as {EXAMPLES}")
    first, last = (end.strip().lower() for end in match.groups())
    if last.endswith("hz") and first.replace(".", "").isdigit():
        first += "hz"
    low, high = _end_hz(first, -FLAT), _end_hz(last, FLAT)
    if low >= high:
        raise ValueError(f"{shown(text)} ends below its begin; write the lowest note first")
    return low, high


def parse_ranges(text: str) -> dict[str, Range]:
    """Return ranges in Hz by name of ``instrument1=G3-C6,instrument2=C2-G4``.

    Raises
    ------
    ValueError
        If a part of it is no name with a range, or a name has two.
    """
    ranges: dict[str, Range] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not name:
            raise ValueError(f"{shown(part)} is no name with a range; write instrument1=G3-C6")
        if name in ranges:
            raise ValueError(f"{name} has two ranges; leave one out")
        ranges[name] = range_of(value)
    return ranges


def parse_position(text: str) -> tuple[float, ...]:
    """Return positions from -1 to 1 of ``left,right`` or ``-0.5,0.5``.

    Raises
    ------
    ValueError
        If a part of it is no position.
    """
    return tuple(_checked_position(part.strip()) for part in text.split(","))


def _name(key: object) -> str:
    """Return the name of a stem that a key means: instrument1 for 1."""
    if isinstance(key, Integral) and not isinstance(key, bool) and int(key) >= 1:
        return f"instrument{int(key)}"
    if isinstance(key, str) and key.strip():
        return key.strip()
    raise ValueError(
        f"ranges: {shown(key)} must be the name of an instrument, or its number from 1"
    )


def _number_of(key: str, names: Sequence[str]) -> int:
    """Return which of the instruments is meant, from 0 on."""
    numbered = [f"instrument{number}" for number in range(1, len(names) + 1)]
    wanted = key.casefold()
    for spellings in ([name.casefold() for name in names], numbered):
        if wanted in spellings:
            return spellings.index(wanted)
    alike = [number for number, name in enumerate(names) if canonical(name) == canonical(key)]
    if len(alike) == 1:
        return alike[0]
    several = alike and not key[-1:].isdigit()  # else it is one more of a kind
    fault = "several instruments are called so" if several else "no instrument is called so"
    raise ValueError(f"ranges: {shown(key)}: {fault}; they are {', '.join(names)}")


def _checked_range(name: str, value: object) -> Range:
    if isinstance(value, str):
        try:
            return range_of(value)
        except ValueError as error:
            raise ValueError(f"ranges: {name}: {error}") from None
    ends = tuple(value) if isinstance(value, Sequence) else ()
    if len(ends) != 2 or not all(isinstance(end, Real) for end in ends):
        raise ValueError(f"ranges: {name}: {shown(value)} must be two frequencies in Hz, or a text")
    low, high = map(float, ends)
    if not LOWEST_HZ <= low < high <= HIGHEST_HZ:
        limits = f"between {LOWEST_HZ:g} and {HIGHEST_HZ:g} Hz, the lower one first"
        raise ValueError(f"ranges: {name}: {shown(value)} must be {limits}")
    return low, high


def _checked_position(value: object) -> float:
    if isinstance(value, str):
        named = SIDES.get(value.lower())
        try:
            number = float(value) if named is None else named
        except ValueError:
            number = 2.0
    elif isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
    else:
        number = 2.0
    if not -1 <= number <= 1:
        raise ValueError(
            f"position: {shown(value)} must be left, right, center or a number from -1 to 1"
        )
    return number


def _end_hz(text: str, beyond: float) -> float:
    """Return the frequency of an end of a range, which notes go beyond by some semitones."""
    if text.endswith("hz"):
        hz = float(text.removesuffix("hz"))
        if not LOWEST_HZ <= hz <= HIGHEST_HZ:
            raise ValueError(f"{hz:g} Hz must be from {LOWEST_HZ:g} to {HIGHEST_HZ:g} Hz")
        return hz
    midi = int(text) if text.isdigit() else midi_of(text)
    if midi is None or midi > HIGHEST:
        raise ValueError(
            f"{shown(text)} is no note and no MIDI number up to {HIGHEST}; hertz need Hz"
        )
    return hz_of(midi + beyond)
