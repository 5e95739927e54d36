"""Small data sets in the layouts that are known."""

import numpy as np

from musisep.io.files import write

RATE = 8000


def tone(number, samples=RATE, channels=1):
    """A quiet sound that no other number has, on a grid that every format keeps."""
    noise = np.random.default_rng(number).uniform(-0.25, 0.25, (channels, samples))
    return np.round(noise * 2**14) / 2**14


def make(root, *names, first=0, mixture=None, samples=RATE):
    """Write files of different sounds below a folder, and their sum as mixture."""
    sounds = [tone(first + number, samples) for number in range(len(names))]
    for name, sound in zip(names, sounds, strict=True):
        put(root / name, sound)
    if mixture:
        put(root / mixture, sum(sounds))
    return sounds


def put(path, sound, rate=RATE):
    """Write samples of 16 bits."""
    write(path, sound, rate, subtype="PCM_16")


def urmp(root, piece="01_Jupiter", codes=("vn", "vn", "vc"), first=0):
    """Write a piece as URMP has it."""
    folder = root / f"{piece}_{'_'.join(codes)}"
    names = [f"AuSep_{n}_{code}_{piece}.wav" for n, code in enumerate(codes, start=1)]
    make(folder, *names, first=first, mixture=f"AuMix_{folder.name}.wav")
    return folder


def bach10(root, piece="01-AchGottundHerr", first=0):
    """Write a piece as Bach10 has it."""
    played = ("bassoon", "clarinet", "saxophone", "violin")
    names = [f"{piece}-{name}.wav" for name in played]
    make(root / piece, *names, first=first, mixture=f"{piece}.wav")
    (root / piece / f"{piece}.txt").write_text("notes")
    return root / piece


METADATA = """\
artist: Somebody
mix_filename: {song}_MIX.wav
stems:
  S01:
    component: ""
    filename: {song}_STEM_01.wav
    instrument: acoustic guitar
    raw:
      R01:
        filename: {song}_RAW_01_01.wav
        instrument: acoustic guitar
  S02:
    component: bass
    filename: {song}_STEM_02.wav
    instrument: [Electric Bass, synthesizer]
    raw: {{}}
"""


def medleydb(root, song="Somebody_Song", first=0, metadata=None):
    """Write a song as MedleyDB has it."""
    stems = [f"{song}_STEMS/{song}_STEM_0{number}.wav" for number in (1, 2)]
    make(root / song, *stems, first=first, mixture=f"{song}_MIX.wav")
    put(root / song / f"{song}_RAW" / f"{song}_RAW_01_01.wav", tone(first))
    described = (metadata or root / song) / f"{song}_METADATA.yaml"
    described.parent.mkdir(exist_ok=True)
    described.write_text(METADATA.format(song=song))
    return root / song
