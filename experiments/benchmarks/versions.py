"""Time two checkouts of musisep in turn: how many times as long the first takes.

    python experiments/benchmarks/versions.py OLD NEW [--rounds 3] [--seconds 60 1]

Each round times the spectral front end in a process for each folder, with two threads: medians of
several calls. Printed are medians over the rounds in ms, and the ratio of the old time to the new.
Compiled kernels should be in the caches (``musisep warm-up``).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import above
import numpy as np
import scipy.fft

CALLS = {60: 7, 1: 40}
"""By the seconds of a signal."""


def main() -> None:
    """Print a line for each call."""
    here = str(Path(__file__).parents[2])
    parser = above.Script(
        __doc__, [here, f"{here}/.", "--rounds", "1", "--seconds", "1", "--calls", "1"]
    )
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, nargs="+", choices=CALLS, default=list(CALLS))
    parser.add_argument("--calls", type=int, help="of each transform (default: by the length)")
    chosen = parser.parse_args()
    calls = [(seconds, chosen.calls or CALLS[seconds]) for seconds in chosen.seconds]
    times = {folder: [] for folder in (chosen.old, chosen.new)}
    for _ in range(chosen.rounds):
        for folder, rounds in times.items():
            command = [sys.executable, __file__, "--", "child", json.dumps(calls)]
            environment = {**os.environ, "PYTHONPATH": folder}
            rounds.append(json.loads(subprocess.check_output(command, env=environment)))
    for name in times[chosen.old][0]:
        old, new = (1000 * median(found[name] for found in rounds) for rounds in times.values())
        print(f"{name:32s} {old:8.2f} {new:8.2f} ms {old / new:6.2f}")


def measure(calls: dict[int, int]) -> dict[str, float]:
    """Time the calls of the musisep that is imported, in seconds."""
    from musisep.audio import cqt, features, inversion, mel, stft

    found = {}

    def tell(
        name: str, seconds: int, call: Callable[..., object], *given: Any, **named: Any
    ) -> None:
        call(*given, **named)
        taken = []
        for _ in range(calls[seconds]):
            begin = time.perf_counter()
            call(*given, **named)
            taken.append(time.perf_counter() - begin)
        found[name] = median(taken)

    rng = np.random.default_rng(0)
    for kind in (np.float32, np.float64):
        for seconds in calls:
            end = f", {seconds} s, {kind.__name__}"
            signal = rng.standard_normal(seconds * 44_100).astype(kind)
            for n_fft in (512, 2048, 12288):
                transform = stft.SpectralTransform(n_fft, n_fft // 4)
                spectrum = transform.stft(signal)
                tell(f"STFT {n_fft}{end}", seconds, transform.stft, signal)
                tell(f"iSTFT {n_fft}{end}", seconds, transform.istft, spectrum, signal.size)
            signal = signal[: seconds * 22_050]
            for bins in (84, 700):
                bank = cqt.CQT(
                    sr=22_050, hop_length=512, fmin=32.7, n_bins=bins, bins_per_octave=bins // 7
                )
                tell(f"CQT {bins}{end}", seconds, bank, signal)
            for name, function in {
                "mel": mel.MelSpectrogramTransform(22_050, 2048, 512),
                "MFCC": mel.MFCCTransform(22_050),
                "onset strength": features.onset_strength,
                "chroma": features.chroma_stft,
                "contrast": features.spectral_contrast,
                "centroid": features.spectral_centroid,
                "bundle of six": features.spectral_features,
            }.items():
                tell(f"{name}{end}", seconds, function, signal)
            magnitudes = np.abs(stft.SpectralTransform(1024, 256).stft(signal[:220_500]))
            options = {"hop_length": 256, "verbose": False, "init": "zero", "max_iter": 5}
            tell(f"Griffin-Lim{end}", seconds, inversion.griffin_lim, magnitudes, **options)
    return found


if __name__ == "__main__":
    if sys.argv[1:3] == ["--", "child"]:
        with scipy.fft.set_workers(2):
            print(json.dumps(measure(dict(json.loads(sys.argv[3])))))
    else:
        main()
