"""What plays: the names of instruments, and what the codes and names of files say about it."""

import re
from collections import Counter
from collections.abc import Sequence

SPLITS = ("train", "valid", "test")
"""Parts of a data set: folders with these names hold recordings, not tracks."""

CODES = {
    "vn": "violin", "va": "viola", "vc": "cello", "db": "double-bass", "fl": "flute",
    "ob": "oboe", "cl": "clarinet", "sax": "saxophone", "bn": "bassoon", "tpt": "trumpet",
    "hn": "horn", "tbn": "trombone", "tba": "tuba",
}  # fmt: skip
"""Of URMP (B. Li, X. Liu, K. Dinesh, Z. Duan and G. Sharma, IEEE Trans. Multimedia, 2019)."""

KNOWN = {
    *CODES.values(), "accordion", "acoustic-guitar", "alto-saxophone", "banjo",
    "baritone-saxophone", "bass", "bass-clarinet", "bass-drum", "bells", "brass", "celesta",
    "clavinet", "contrabassoon", "cornet", "cymbals", "distorted-electric-guitar", "drum-machine",
    "drum-set", "drums", "electric-bass", "electric-guitar", "electric-piano", "english-horn",
    "euphonium", "flugelhorn", "french-horn", "glockenspiel", "gong", "guitar", "hammond-organ",
    "harmonica", "harp", "harpsichord", "keyboard", "keyboards", "koto", "lap-steel-guitar",
    "lute", "male-singer", "female-singer", "mandolin", "marimba", "melodica", "oud", "pan-flute",
    "percussion", "piano", "piccolo", "recorder", "sitar", "soprano-saxophone", "strings",
    "synth", "synthesizer", "tabla", "tambourine", "tenor-saxophone", "timpani", "ukulele",
    "vibraphone", "vocal", "vocals", "voice", "voices", "woodwinds", "xylophone", "zither",
}  # fmt: skip
"""By which a folder for each instrument is told from a folder for each recording."""


def instrument_of(name: str) -> str:
    """Return what plays, by the name of a file or a label.

    Parameters
    ----------
    name : str
        As "Violin_2", "violin1" or "English horn".

    Returns
    -------
    str
        In small letters, with hyphens for spaces and underscores, without a number at its end;
        what is a number only stays.
    """
    plain = re.sub(r"[\s_-]+", "-", name.strip().lower()).strip("-")
    return re.sub(r"-?\d+$", "", plain) or plain


def numbered(instruments: Sequence[str]) -> list[str]:
    """Return one name for each instrument: its own, with a number where several are alike."""
    several = {name for name, count in Counter(instruments).items() if count > 1}
    counts: Counter[str] = Counter()
    names = []
    for name in instruments:
        counts[name] += 1
        names.append(f"{name}{counts[name]}" if name in several else name)
    return names
