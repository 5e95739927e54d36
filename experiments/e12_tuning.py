"""Measure how far `estimate_tuning` is from the true tuning, beside librosa's.

    python experiments/e12_tuning.py [--tunings 21] [--seed 0] [--results FOLDER]

Artificial recordings of four seconds at 22.05 kHz, each played at so many tunings from -0.5 to 0.4
bins of a semitone. Prints the mean and the largest error in thousandths of a bin, on the circle
that a bin makes, for each kind; librosa's if it is installed.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from results import write_values
from script import Script, peer

from musisep.audio import estimate_tuning

RATE, SECONDS = 22_050, 4.0
LOWEST, HIGHEST, TUNINGS = -0.5, 0.4, 21
NATURAL = 1 / np.arange(1.0, 9)
"""Amplitudes of harmonics, unless said otherwise."""
TIME = np.arange(int(RATE * SECONDS)) / RATE
Signal = NDArray[np.float64]


def tone(pitch: float, start_s: float, amplitudes: Signal, vibrato: float) -> Signal:
    """Play a MIDI pitch for 0.6 s, with harmonics, and vibrato in semitones."""
    moved = pitch + vibrato * np.sin(2 * np.pi * 5.5 * TIME)
    phase = 2 * np.pi * np.cumsum(440 * 2 ** ((moved - 69) / 12)) / RATE
    played = sum(a * np.sin(h * phase) for h, a in enumerate(amplitudes, 1))
    shape = np.clip((TIME - start_s) / 0.02, 0, 1) * np.clip((start_s + 0.6 - TIME) / 0.05, 0, 1)
    return played * shape


def melody(
    rng: np.random.Generator,
    tuning: float,
    lowest: int = 55,
    voices: int = 1,
    amplitudes: Signal = NATURAL,
    vibrato: float = 0.0,
    noise_db: float = -np.inf,
) -> Signal:
    """Play random notes of an octave and a half above `lowest`, so far from 440 Hz."""
    played = sum(
        tone(lowest + rng.integers(18) + tuning, start, amplitudes, vibrato)
        for start in np.arange(0, SECONDS - 0.6, 0.5)
        for _ in range(voices)
    )
    level = 10 ** (noise_db / 20) * np.sqrt(np.mean(played**2))
    return played + level * rng.standard_normal(TIME.size)


KINDS: dict[str, dict[str, object]] = {
    "tones from MIDI pitch 36 on": {"lowest": 36},
    "from 55": {},
    "from 72": {"lowest": 72},
    "sinusoids": {"amplitudes": np.ones(1)},
    "three voices": {"voices": 3},
    "noise at -10 dB": {"noise_db": -10.0},
    "vibrato of 0.15 bins": {"vibrato": 0.15},
    "vibrato of 0.3 bins": {"vibrato": 0.3},
    "low, strong 5th and 7th harmonics": {
        "lowest": 36, "amplitudes": np.array([1, 0.5, 0.5, 0.5, 1, 0.5, 1, 0.3]),
    },
    "three voices, flat harmonics": {"voices": 3, "amplitudes": np.ones(8)},
}  # fmt: skip


def errors(
    estimate: Callable[[Signal], float], kind: dict[str, object], count: int, seed: int
) -> Signal:
    """Measure the errors at so many tunings, in thousandths of a bin."""
    rng, tunings = np.random.default_rng(seed), np.linspace(LOWEST, HIGHEST, count)
    found = np.array([estimate(melody(rng, tuning, **kind)) for tuning in tunings])  # type: ignore[arg-type]
    return 1000 * np.abs((found - tunings + 0.5) % 1 - 0.5)


def main() -> None:
    """Print a line for each kind."""
    parser = Script(__doc__, quick=["--tunings", "1"], seed=True, results=True)
    parser.add_argument("--tunings", type=int, default=TUNINGS)
    args = parser.parse_args()
    estimates: dict[str, Callable[[Signal], float]] = {"musisep": estimate_tuning}
    if librosa := peer("librosa"):
        estimates["librosa"] = lambda y: librosa.estimate_tuning(y=y, sr=RATE)
    print(f"{'kind':36s}" + "".join(f"{name:>20s}" for name in estimates))
    values: dict[str, float] = {}
    for name, kind in KINDS.items():
        columns = [
            errors(estimate, kind, args.tunings, args.seed) for estimate in estimates.values()
        ]
        print(f"{name:36s}" + "".join(f"{c.mean():10.0f}, {c.max():8.0f}" for c in columns))
        means = (float(column.mean()) for column in columns)
        values |= {f"{name} {who}": mean for who, mean in zip(estimates, means, strict=True)}
    if args.results:
        data = f"artificial, {args.tunings} tunings; thousandths of a bin"
        write_values(args.results, "tuning", data, values)


if __name__ == "__main__":
    main()
