"""Render the demo recording: two instruments, their exact stems, and where they come from.

    python experiments/e01_demo_recording.py FluidR3_GM.sf2 [--out musisep/demo]
    python experiments/e01_demo_recording.py --quick

Needs the program fluidsynth and the soundfont; ``--quick`` plays sinusoids without them. Writes
clarinet.flac, horn.flac and mix.flac, 44.1 kHz, mono, 16 bit: the stems are rounded first and the
mixture is their sum, sample for sample.

The music is the first eight bars of the Minuet in G by Christian Petzold (1725, public domain),
which the notebook for Anna Magdalena Bach has made known as BWV Anh. 114: the upper line for the
clarinet, the lower one, of whose first chord only the G is played, for the horn.
"""

import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from script import Script

SAMPLE_RATE = 44100
QUARTERS_PER_MINUTE = 138
TICKS = 480  # per quarter note
GAP = 0.08  # of a quarter note, between a note and the next
TAIL_S = 0.4
PEAK_DB = -3.0
SOUNDING_DB = -40.0  # an instrument sounds where its level is that close to its loudest

# General MIDI program (from 0) and, bar by bar, notes or rests (-) with their lengths in quarters.
STEMS = {
    "clarinet": (
        71,
        "D5 1, G4 .5, A4 .5, B4 .5, C5 .5 | D5 1, G4 1, G4 1 |"
        "E5 1, C5 .5, D5 .5, E5 .5, F#5 .5 | G5 1, G4 1, G4 1 |"
        "C5 1, D5 .5, C5 .5, B4 .5, A4 .5 | B4 1, C5 .5, B4 .5, A4 .5, G4 .5 |"
        "F#4 1, G4 .5, A4 .5, B4 .5, G4 .5 | A4 3",
    ),
    "horn": (
        60,
        "G3 2, A3 1 | B3 3 | C4 3 | B3 3 | A3 3 | G3 3 | D4 1, B3 1, G3 1 |"
        "D4 1, D3 .5, C4 .5, B3 .5, A3 .5",
    ),
}


def notes(line: str) -> list[tuple[int, float, float]]:
    """Return (MIDI pitch, onset, offset) of the notes of a line, times in quarters."""
    found, onset = [], 0.0
    for word in line.replace("|", ",").split(","):
        name, length = word.split()
        if name != "-":
            step = "C D EF G A B".index(name[0]) + name.count("#")
            pitch = 12 * (int(name[-1]) + 1) + step
            found.append((pitch, onset, onset + float(length) - GAP))
        onset += float(length)
    return found


def variable_length(ticks: int) -> bytes:
    """Return a number in the standard MIDI file's groups of seven bits, highest first."""
    groups = [ticks & 0x7F]
    while ticks := ticks >> 7:
        groups.append(0x80 | ticks & 0x7F)
    return bytes(reversed(groups))


def midi_file(program: int, line: str) -> bytes:
    """Return a standard MIDI file of format 0 that plays the line."""
    events = [(0, b"\xff\x51\x03" + struct.pack(">I", 60_000_000 // QUARTERS_PER_MINUTE)[1:])]
    events.append((0, bytes([0xC0, program])))
    for pitch, onset, offset in notes(line):
        velocity = 96 if onset % 3 == 0 else 86
        events.append((round(onset * TICKS), bytes([0x90, pitch, velocity])))
        events.append((round(offset * TICKS), bytes([0x80, pitch, 0])))
    end = events[-1][0] + 4 * TICKS
    events.append((end, b"\xff\x2f\x00"))
    track, before = b"", 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        track += variable_length(tick - before) + message
        before = tick
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS)
    return header + b"MTrk" + struct.pack(">I", len(track)) + track


def render(soundfont: Path, midi: bytes, samples: int) -> np.ndarray:
    """Return `samples` samples of what fluidsynth plays: mono, dry, faded out at the end."""
    fade = round(0.1 * SAMPLE_RATE)
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "line.mid"), Path(folder, "line.wav")
        score.write_bytes(midi)
        options = ["-ni", "-q", "-R", "0", "-C", "0", "-g", "0.5", "-r", str(SAMPLE_RATE)]
        output = ["-T", "wav", "-O", "float", "-F", str(sound)]
        subprocess.run(["fluidsynth", *options, *output, soundfont, score], check=True)
        played = soundfile.read(sound, always_2d=True)[0].mean(axis=1)[:samples]
    played[-fade:] *= np.linspace(1, 0, fade)
    return played


def sinusoids(line: str, samples: int) -> np.ndarray:
    """Return what `render` does, played by sinusoids that begin and end within 10 ms."""
    seconds, played = np.arange(samples) / SAMPLE_RATE, np.zeros(samples)
    for pitch, onset, offset in notes(line):
        onset_s, offset_s = (60 / QUARTERS_PER_MINUTE * time for time in (onset, offset))
        shape = np.clip(np.minimum(seconds - onset_s, offset_s - seconds) / 0.01, 0, 1)
        played += shape * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * seconds)
    return played


def level(signal: np.ndarray) -> float:
    """Return the root mean square of the parts in which the instrument sounds."""
    blocks = signal[: signal.size // 1024 * 1024].reshape(-1, 1024)
    energies = np.mean(blocks**2, axis=1)
    sounding = energies > energies.max() * 10 ** (SOUNDING_DB / 10)
    return float(np.sqrt(np.mean(energies[sounding])))


def quantise(stems: np.ndarray) -> np.ndarray:
    """Return the stems [instrument, sample] in 16 bits, at a gain that their sum allows."""
    peak = np.max(np.abs(stems.sum(axis=0)))
    return np.rint(stems / peak * 10 ** (PEAK_DB / 20) * 32767).astype(np.int16)


def main() -> None:
    """Render, mix and write."""
    parser = Script(__doc__, quick=["--out", "{scratch}"])
    parser.add_argument("soundfont", nargs="?", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "musisep" / "demo")
    args = parser.parse_args()
    if args.soundfont is None and not args.quick:
        parser.error("the soundfont is missing")

    quarters = max(notes(line)[-1][2] for _, line in STEMS.values())
    samples = round((quarters * 60 / QUARTERS_PER_MINUTE + TAIL_S) * SAMPLE_RATE)
    if args.soundfont is None:
        played = [sinusoids(line, samples) for _, line in STEMS.values()]
    else:
        played = [render(args.soundfont, midi_file(*stem), samples) for stem in STEMS.values()]
    stems = quantise(np.stack([signal / level(signal) for signal in played]))
    mixture = stems.sum(axis=0, dtype=np.int16)

    args.out.mkdir(parents=True, exist_ok=True)
    for name, signal in zip([*STEMS, "mix"], [*stems, mixture], strict=True):
        path = args.out / f"{name}.flac"
        soundfile.write(path, signal, SAMPLE_RATE, subtype="PCM_16", compression_level=1.0)
        print(f"{path}: {samples / SAMPLE_RATE:.2f} s, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
