"""Measure the memory that the spectral front end takes beside its results.

    python experiments/benchmarks/frontend_memory.py [--seconds 60 600] [--only NAME NAME ...]

Each transform runs in a process of its own, on float64 noise, at 44.1 kHz for the short-time
Fourier transform and 22.05 kHz for the rest. Printed are, in MB, the result, the peak of what
NumPy allocates during a call (tracemalloc) beside it, and by how much the resident size of the
process grew beside it at most (which also counts what libraries and kernels allocate; in another
call, before). The signal itself is not counted. Targets: below half of the result for the
short-time Fourier transform; for features no growth with the length. The constant-Q transform has
none: it takes a signal in pieces of 95 s.
"""

import argparse
import json
import resource
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import above
import numpy as np

from musisep.audio import features, mel
from musisep.audio.cqt import CQT
from musisep.audio.stft import SpectralTransform

MB = 2**20
STFT_RATE, RATE = 44_100, 22_050
STFT_SHARE = 0.5
"""Of its result that the short-time Fourier transform may take beside it."""
GROWTH_MB = 1.0
"""From one length to the next that counts as none."""


def transforms() -> dict[str, Callable[[Any], Any]]:
    """Return the transforms by name."""
    single = (
        features.chroma_stft,
        features.spectral_centroid,
        features.spectral_bandwidth,
        features.spectral_rolloff,
        features.spectral_contrast,
        features.onset_strength,
        features.rms,
        features.zero_crossing_rate,
    )
    return {
        "stft": SpectralTransform(2048, 512).stft,
        "mel_spectrogram": mel.MelSpectrogramTransform(
            sample_rate=RATE, hop_length=512, output_scale="linear"
        ),
        "mel_spectrogram in dB": mel.MelSpectrogramTransform(sample_rate=RATE, hop_length=512),
        "mfcc": mel.MFCCTransform(),
        "spectral_features": features.SpectralFeatureTransform(),
        **{function.__name__: function for function in single},
        "CQT, 84 bins": CQT(sr=RATE, hop_length=512, fmin=32.7, n_bins=84, bins_per_octave=12),
    }


def main() -> None:
    """Print a line for each transform and length."""
    quick = ["--seconds", "1", "--only", "stft", "mfcc"]
    parser = above.Script(__doc__, quick)
    parser.add_argument("--seconds", type=float, nargs="+", default=[60.0, 600.0])
    parser.add_argument("--only", nargs="+", default=list(transforms()))
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args.only[0], args.seconds[0])))
        return
    print(f"{'':24s} {'s':>6s} {'result':>9s} {'NumPy beside it':>16s} {'resident':>9s}")
    for name in args.only:
        before = None
        for seconds in args.seconds:
            command = [sys.executable, __file__, "--measure", "--only", name]
            answer = subprocess.check_output([*command, "--seconds", str(seconds)])
            result, beside, resident = json.loads(answer)
            limit = STFT_SHARE * result if name == "stft" else before
            judged = limit is not None and not name.startswith("CQT")
            missed = " above the target" if judged and beside > limit + GROWTH_MB else ""
            before = beside
            print(
                f"{name:24s} {seconds:6g} {result:9.2f} {beside:16.2f} {resident:9.2f}{missed}",
                flush=True,
            )


def measure(name: str, seconds: float) -> tuple[float, float, float]:
    """Return the size of a result, and what a call takes beside it, by NumPy and resident; MB."""
    transform, rate = transforms()[name], STFT_RATE if name == "stft" else RATE
    rng = np.random.default_rng(0)
    transform(rng.standard_normal(rate))  # compiles or loads what it needs
    signal = rng.standard_normal(round(seconds * rate))
    before = resident_now()
    result = transform(signal)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    size = total_size(result)
    del result
    tracemalloc.start()
    transform(signal)
    peak = tracemalloc.get_traced_memory()[1] / MB
    return size, peak - size, grown - size


def total_size(result: Any) -> float:
    """Add up what a result holds, in MB."""
    arrays = result.values() if isinstance(result, Mapping) else [result]
    return sum(array.nbytes for array in arrays) / MB


def resident_now() -> float:
    """Return the present resident size of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MB


if __name__ == "__main__":
    main()
