"""Keep what museval and mir_eval measure, for the tests of `musisep.metrics.windows`.

    python experiments/e23_museval.py tests/metrics/museval.json
    python experiments/e23_museval.py --quick

Needs museval 0.4.1, which wants ffmpeg, and prints the largest difference. The signals
are made of integers, so that they are the same with every version of NumPy. Without museval, ours
are compared with what is kept.
"""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from script import Script, peer

from musisep.metrics.windows import evaluate

KEPT = Path(__file__).parents[1] / "tests" / "metrics" / "museval.json"
SAMPLE_RATE = 4000
SAMPLES = 3 * SAMPLE_RATE + 77
TAPS = 64
WINDOW_S, HOP_S = 1.0, 0.75
ORDER = {"two": (1, 0), "three": (2, 0, 1)}
MEASURES = ("SDR", "ISR", "SIR", "SAR")

Signals = Any


def noise(count: int, seed: int) -> Signals:
    """Return numbers from -1/2 to 1/2 that look random: squares modulo a prime."""
    n = np.arange(1, count + 1, dtype=np.int64) + 7919 * seed
    return (n * n % 65537 * (n % 1009 + 3) % 65537) / 65537 - 0.5


def signals(instruments: int, channels: int, silent: bool) -> tuple[Signals, Signals]:
    """Return references and estimates [instrument, channel, sample], these in another order."""
    shape = instruments, channels, SAMPLES
    references = noise(np.prod(shape), 1).reshape(shape)
    if silent:
        references[0, :, SAMPLE_RATE // 2 : 2 * SAMPLE_RATE] = 0
    mixing = np.eye(instruments) + 0.3 * noise(instruments**2, 2).reshape(instruments, -1)
    estimates = np.einsum("ij,jcn->icn", mixing, references) + 0.1 * noise(
        np.prod(shape), 3
    ).reshape(shape)
    estimates[:, :, 5:] += 0.2 * references[:, :, :-5]
    return references, estimates[list(ORDER["two" if instruments == 2 else "three"])]


def cases() -> Iterator[dict[str, Any]]:
    """Yield what is measured: arguments of `signals` and of `evaluate`."""
    for instruments, channels, silent in product((2, 3), (1, 2), (False, True)):
        for version, filters in product(("sources", "images"), ("track", "window")):
            yield {
                "signals": [instruments, channels, silent],
                "version": version,
                "filters": filters,
            }


def ours(case: dict[str, Any]) -> dict[str, Signals]:
    """Return our measures [stem, window]."""
    references, estimates = signals(*case["signals"])
    return evaluate(
        references, estimates, sample_rate=SAMPLE_RATE, window_s=WINDOW_S, hop_s=HOP_S,
        filter_length=TAPS, version=case["version"], filters=case["filters"],
    ).windows  # fmt: skip


def theirs(case: dict[str, Any]) -> dict[str, Signals]:
    """Return those of museval, which is given the estimates in the right order."""
    from museval.metrics import bss_eval

    references, estimates = signals(*case["signals"])
    order = np.argsort(ORDER["two" if len(references) == 2 else "three"])
    *values, _ = bss_eval(
        references.transpose(0, 2, 1), estimates[order].transpose(0, 2, 1),
        window=int(WINDOW_S * SAMPLE_RATE), hop=int(HOP_S * SAMPLE_RATE), filters_len=TAPS,
        framewise_filters=case["filters"] == "window",
        bsseval_sources_version=case["version"] == "sources",
    )  # fmt: skip
    return dict(zip(MEASURES, values, strict=True))


def main() -> None:
    """Write what museval measures, and print how far ours is from it."""
    parser = Script(__doc__, quick=["--cases", "4"])
    parser.add_argument("file", nargs="?", type=Path, metavar="JSON")
    parser.add_argument("--cases", type=int, metavar="N", help="the first ones (default: all)")
    args = parser.parse_args()
    museval = peer("museval", "metrics")
    if museval is None and args.file:
        parser.error(f"without museval there is nothing to write to {args.file}")
    known = json.loads(KEPT.read_text(encoding="utf-8"))
    kept, worst = [], 0.0
    for number, case in enumerate(list(cases())[: args.cases]):
        expected = theirs(case) if museval else measured(known[number]["measures"])
        for name, values in ours(case).items():
            if name in expected:
                assert (np.isnan(values) == np.isnan(expected[name])).all(), case
                difference = np.abs(values - expected[name])
                worst = max(
                    worst, float(np.max(difference, initial=0, where=~np.isnan(difference)))
                )
        listed = {
            name: [[None if np.isnan(x) else round(float(x), 9) for x in row] for row in values]
            for name, values in expected.items()
        }
        kept.append({**case, "measures": listed})
    if args.file:
        args.file.write_text(json.dumps(kept) + "\n", encoding="utf-8")
    print(f"{len(kept)} cases, largest difference {worst:.1e} dB")


def measured(values: dict[str, Any]) -> dict[str, Signals]:
    """Return values that were kept, as arrays [stem, window]."""
    return {name: np.array(rows, dtype=float) for name, rows in values.items()}


if __name__ == "__main__":
    main()
