"""Show what makes a separation fail: the demo recording, changed in one way at a time.

    python experiments/e36_failures.py [--only NAME ...] [--seed 0] [--seconds S]
        [--sounds docs/_static/sounds] [--results docs/results]

The recording that comes with the package is a clarinet and a horn, each with its true stem. A case
changes the stems, or adds what belongs to no instrument, and the sum is separated blindly, and once
more with the notes of the stems as a score. Printed are the mean SDR of the stems in dB and what
the command would call the result.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.optimize
import scipy.signal
from e27_scores import heard
from items import Floats, read_item
from results import write_table, write_values
from script import Script

import musisep
from musisep.io import files
from musisep.metrics import si_sdr

HALL_S = 2.0
"""Time in which the hall decays by 60 dB."""
STROKE_S, BETWEEN_STROKES_S = 0.08, 0.5
TURN_S = 1.0
SOFT_DB = -20.0
NOISE_DB = -20.0
QUALITY = 0.3
"""Of the sounds: 10 s have about 100 kB."""
BAR_S = 1.35
"""By which the second player of the canon is late: a bar of the minuet."""


class Case(NamedTuple):
    """A recording: its stems [instrument, sample], and what belongs to none of them [sample]."""

    stems: Floats
    rest: Floats | float = 0.0
    instruments: int = 2

    @property
    def mixture(self) -> Floats:
        """Their sum."""
        return np.asarray(self.stems.sum(axis=0) + self.rest)


def rms(signal: Floats) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(signal**2)))


def in_a_hall(stems: Floats, rate: int, rng: np.random.Generator) -> Case:
    """Add the reverberation of noise that dies away, as loud as the instruments."""
    time_s = np.arange(int(HALL_S * rate)) / rate
    wet = []
    for stem in stems:
        answer = rng.standard_normal(time_s.size) * 10 ** (-3 * time_s / HALL_S)
        tail = scipy.signal.fftconvolve(stem, answer)[: stem.size]
        wet.append(stem + tail * rms(stem) / rms(tail))
    return Case(np.array(wet))


def with_drums(stems: Floats, rate: int, rng: np.random.Generator) -> Case:
    """Add strokes of noise, as loud on average as the instruments together."""
    strokes = np.zeros(stems.shape[1])
    stroke = np.exp(-np.arange(int(STROKE_S * rate)) / (0.2 * STROKE_S * rate))
    for start in range(0, strokes.size - stroke.size, int(BETWEEN_STROKES_S * rate)):
        strokes[start : start + stroke.size] = stroke * rng.standard_normal(stroke.size)
    return Case(stems, strokes * rms(stems.sum(axis=0)) / rms(strokes))


def in_noise(stems: Floats, rate: int, rng: np.random.Generator) -> Case:
    """Add white noise."""
    noise = rng.standard_normal(stems.shape[1])
    return Case(stems, noise * rms(stems.sum(axis=0)) * 10 ** (NOISE_DB / 20))


def canon(stems: Floats, rate: int, rng: np.random.Generator) -> Case:
    """Let two clarinets play the same line, one a bar after the other."""
    late = np.roll(stems[0], int(BAR_S * rate))
    late[: int(BAR_S * rate)] = 0
    return Case(np.array([stems[0], late]))


def octaves(stems: Floats, rate: int, rng: np.random.Generator) -> Case:
    """Let artificial tones double the clarinet an octave below, as loud as the horn."""
    notes = musisep.separate(stems[0], rate, instruments=1).notes
    time_s = np.arange(stems.shape[1]) / rate
    below = np.zeros(time_s.size)
    for note in notes:
        sounds = (note.onset_s <= time_s) & (time_s < note.offset_s)
        envelope = np.convolve(sounds, np.hanning(int(0.03 * rate)), "same")
        phase = np.pi * note.f0_hz * time_s  # of half the frequency
        tone = sum(np.sin(h * phase) / h**1.5 for h in range(1, 12))
        below += envelope * tone * 10 ** (note.level_db / 20)
    return Case(np.array([stems[0], below * rms(stems[1]) / rms(below)]))


def taking_turns(stems: Floats, rate: int, rng: np.random.Generator) -> Case:
    """Let one be silent while the other plays."""
    first = np.arange(stems.shape[1]) // int(TURN_S * rate) % 2 == 0
    gates = np.array([first, ~first], dtype=float)
    fade = np.hanning(int(0.02 * rate))
    gates = np.array([np.convolve(gate, fade / fade.sum(), "same") for gate in gates])
    return Case(stems * gates)


def soft(stems: Floats, rate: int, rng: np.random.Generator) -> Case:
    """Make the horn much softer."""
    return Case(stems * np.array([[1.0], [10 ** (SOFT_DB / 20)]]))


CASES: dict[str, Callable[[Floats, int, np.random.Generator], Case]] = {
    "as it is": lambda stems, rate, rng: Case(stems),
    "in a hall": in_a_hall,
    "with drums": with_drums,
    "in white noise": in_noise,
    "two clarinets, in canon": canon,
    "doubled in octaves": octaves,
    "taking turns": taking_turns,
    "the horn 20 dB softer": soft,
    "three instruments asked for": lambda stems, rate, rng: Case(stems, instruments=3),
}


HEARD = (
    "as it is", "with drums", "two clarinets, in canon", "doubled in octaves",
    "the horn 20 dB softer",
)  # fmt: skip
"""Cases of which the documentation has sounds."""


def sdr(case: Case, stems: Floats) -> float:
    """Return the mean SDR of the true stems in dB, each with another stem."""
    values = np.array([[alone(true, stem) for stem in stems] for true in case.stems])
    return float(values[scipy.optimize.linear_sum_assignment(-values)].mean())


def alone(true: Floats, stem: Floats) -> float:
    """Return the SDR of a stem [channel, sample], in dB, with a gain as allowed distortion."""
    return float(si_sdr(true[None, None], stem[None])[0])


def sounds_of(name: str, case: Case, stems: Floats, rate: int, folder: Path) -> None:
    """Write the mixture and the stems, at one level, for browsers."""
    start = name.replace(",", "").replace(" ", "_")
    parts = {"mix": case.mixture[None], **dict(enumerate(stems, 1))}
    gain = 0.9 / max(np.abs(signal).max() for signal in parts.values())
    for part, signal in parts.items():
        path = folder / f"{start}_{part}.mp3"
        files.write(path, gain * signal, rate, subtype="MPEG_LAYER_III", quality=QUALITY)


def main() -> None:
    """Separate each case, and print what comes of it."""
    quick = ["--only", "with drums", "--seconds", "3", "--sounds", "{scratch}"]
    parser = Script(__doc__, quick, seed=True, results=True)
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=CASES)
    parser.add_argument("--seconds", type=float, metavar="S", help="of the recording")
    parser.add_argument("--sounds", type=Path, metavar="FOLDER", help="write sounds there")
    args = parser.parse_args()
    item = read_item(Path(musisep.__file__).with_name("demo"))
    rate = item.sample_rate
    samples = round(args.seconds * rate) if args.seconds else None
    stems = item.stems[:, 0, :samples]
    table, values = [["recording", "SDR", "called", "with a score"]], {}
    for name in args.only or CASES:
        case = CASES[name](stems, rate, np.random.default_rng(args.seed))
        blind = musisep.separate(case.mixture, rate, instruments=case.instruments)
        score = heard(case.stems, rate, ("first", "second"))
        told = musisep.separate(case.mixture, rate, score=score)
        reached, with_score = sdr(case, blind.stems), sdr(case, told.stems)
        called = f"{blind.called}: {', '.join(f'{share:.0%}' for share in blind.confidence)}"
        table.append([name, f"{reached:.1f}", called, f"{with_score:.1f}"])
        values |= {name: reached, f"{name}, with a score": with_score}
        print(*table[-1], sep="  ", flush=True)
        if args.sounds and name in HEARD:
            sounds_of(name, case, blind.stems, rate, args.sounds)
    if args.results:
        write_table(args.results, "failures", table)
        write_values(args.results, "failures", "the demo recording", values)


if __name__ == "__main__":
    main()
