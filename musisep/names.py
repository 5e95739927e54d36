"""Names of instruments: what is meant by each, and what is known of it beforehand."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple


class Instrument(NamedTuple):
    """What anybody knows of an instrument.

    Parameters
    ----------
    family : str
        Family, such as "reed" or "plucked".
    lowest, highest : int
        MIDI pitches that it usually plays.
    chords : bool
        Whether it plays several tones at a time.

    Examples
    --------
    >>> from musisep.names import INSTRUMENTS
    >>> INSTRUMENTS["clarinet"]
    Instrument(family='reed', lowest=50, highest=94, chords=False)
    """

    family: str
    lowest: int
    highest: int
    chords: bool = False


INSTRUMENTS = {
    "piccolo": Instrument("flute", 74, 108),
    "flute": Instrument("flute", 59, 96),
    "recorder": Instrument("flute", 60, 98),
    "pan-flute": Instrument("flute", 60, 96),
    "ocarina": Instrument("flute", 60, 96),
    "oboe": Instrument("reed", 58, 93),
    "english-horn": Instrument("reed", 52, 81),
    "clarinet": Instrument("reed", 50, 94),
    "bassoon": Instrument("reed", 34, 75),
    "soprano-saxophone": Instrument("reed", 56, 88),
    "alto-saxophone": Instrument("reed", 49, 81),
    "tenor-saxophone": Instrument("reed", 44, 76),
    "baritone-saxophone": Instrument("reed", 36, 69),
    "harmonica": Instrument("free reed", 60, 96),
    "horn": Instrument("brass", 34, 77),
    "trumpet": Instrument("brass", 52, 86),
    "muted-trumpet": Instrument("brass", 52, 86),
    "trombone": Instrument("brass", 34, 72),
    "tuba": Instrument("brass", 26, 65),
    "violin": Instrument("bowed string", 55, 103),
    "viola": Instrument("bowed string", 48, 88),
    "cello": Instrument("bowed string", 36, 81),
    "double-bass": Instrument("bowed string", 28, 67),
    "string-section": Instrument("bowed string", 28, 103),
    "plucked-strings": Instrument("plucked", 28, 98),
    "plucked-bass": Instrument("plucked", 28, 67),
    "nylon-guitar": Instrument("plucked", 40, 88, chords=True),
    "steel-guitar": Instrument("plucked", 40, 88, chords=True),
    "jazz-guitar": Instrument("plucked", 40, 88, chords=True),
    "harp": Instrument("plucked", 24, 103, chords=True),
    "harpsichord": Instrument("plucked", 29, 89, chords=True),
    "piano": Instrument("struck", 21, 108, chords=True),
    "celesta": Instrument("struck", 60, 108, chords=True),
    "vibraphone": Instrument("struck", 53, 89, chords=True),
    "marimba": Instrument("struck", 36, 96, chords=True),
    "xylophone": Instrument("struck", 65, 108),
    "pipe-organ": Instrument("organ", 24, 108, chords=True),
    "reed-organ": Instrument("free reed", 29, 96, chords=True),
    "accordion": Instrument("free reed", 41, 96, chords=True),
    "brass-section": Instrument("brass", 34, 84),
    "choir": Instrument("voice", 41, 84),
    "voice": Instrument("voice", 41, 84),
}
"""What there is of its own."""

GROUPS = {
    "saxophone": ("soprano-saxophone", "alto-saxophone", "tenor-saxophone", "baritone-saxophone"),
    "guitar": ("nylon-guitar", "steel-guitar", "jazz-guitar"),
    "acoustic-guitar": ("nylon-guitar", "steel-guitar"),
    "organ": ("pipe-organ", "reed-organ"),
    "bowed-strings": ("violin", "viola", "cello", "double-bass", "string-section"),
    "brass": ("horn", "trumpet", "trombone", "tuba", "brass-section"),
    "vocals": ("voice", "choir"),
}
"""Names that stand for one of several."""

ALIASES = {
    "alto-sax": "alto-saxophone", "baritone-sax": "baritone-saxophone",
    "bass-plucked": "plucked-bass", "basses": "double-bass", "bn": "bassoon",
    "bright-piano": "piano", "bsn": "bassoon", "celli": "cello", "choir-ah": "choir",
    "church-organ": "pipe-organ", "cl": "clarinet", "contrabass": "double-bass", "cor": "horn",
    "cor-anglais": "english-horn", "db": "double-bass", "fl": "flute", "french-horn": "horn",
    "grand-piano": "piano", "hn": "horn", "ob": "oboe", "pizzicato": "plucked-strings",
    "sax": "saxophone", "singer": "vocals", "soprano-sax": "soprano-saxophone",
    "string-ensemble": "string-section", "strings": "string-section", "tba": "tuba",
    "tbn": "trombone", "tenor-sax": "tenor-saxophone", "tpt": "trumpet",
    "upright-bass": "double-bass", "va": "viola", "vc": "cello", "violas": "viola",
    "violins": "violin", "violoncello": "cello", "vn": "violin", "voice-oh": "voice",
}  # fmt: skip
"""Other names."""


def canonical(name: str) -> str:
    """Return what an instrument is called here: "Alto Sax 2" is an "alto-saxophone".

    A number at the end is left out; names that are not known stay, in small letters with hyphens.

    Parameters
    ----------
    name : str
        Name of an instrument as people write it.

    Returns
    -------
    str
        Name in small letters, with hyphens between words.

    Examples
    --------
    >>> from musisep.names import canonical
    >>> [canonical(name) for name in ("Alto Sax 2", "vn", "French_Horn", "Kazoo")]
    ['alto-saxophone', 'violin', 'horn', 'kazoo']
    """
    plain = re.sub(r"[\s_.-]+", "-", name.strip().lower()).strip("-")
    plain = re.sub(r"-*\d+$", "", plain) or plain
    return ALIASES.get(plain, plain)


def members(name: str) -> tuple[str, ...]:
    """Return the instruments that a canonical name may stand for.

    Parameters
    ----------
    name : str
        Name as `canonical` returns it.

    Returns
    -------
    tuple of str
        Members of the group of that name; the name itself if it is no group.

    Examples
    --------
    >>> from musisep.names import members
    >>> members("organ"), members("oboe")
    (('pipe-organ', 'reed-organ'), ('oboe',))
    """
    return GROUPS.get(name, (name,))


def numbered(names: Sequence[str]) -> list[str]:
    """Return one name for each instrument: its own, with a number where several are alike.

    Parameters
    ----------
    names : sequence of str
        Names of instruments, perhaps several times.

    Returns
    -------
    list of str
        Names that are different, in the same order.

    Examples
    --------
    >>> from musisep.names import numbered
    >>> numbered(["violin", "violin", "cello"])
    ['violin1', 'violin2', 'cello']
    """
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        seen[name] += 1
        result.append(f"{name}{seen[name]}" if list(names).count(name) > 1 else name)
    return result
