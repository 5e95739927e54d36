"""Time batches of signals through the short-time Fourier transform and back, beside torch.

    python experiments/benchmarks/frontend_batches.py [--sections stft istft gradient accuracy]
        [--rounds 7] [--sizes 5] [--csv FILE]

The rows are those of mlx-spectro's tables: so many signals of so many samples of noise, frames of
n_fft samples, a hop of a quarter of a frame, float32. Both may use two threads, and take turns as
in `frontend.py`, which tells what is printed. "gradient" is the way there and back of a loss, half
the sum of the squares of istft(stft(x)): by the adjoints here, by autograd in torch. "accuracy" is
the largest difference between a signal and istft(stft(signal)), in float32 and in float64.
"""

import csv
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import above
import numpy as np
import scipy.fft
from frontend import THREADS, Row, line, measured
from peers import Array, Pair, Setting, of_torch, ours, torch, use_threads

from musisep.audio.stft import SpectralTransform

TOLERANCE = 1e-5
"""Of gradients, in float32."""


class Size(NamedTuple):
    """A batch."""

    signals: int
    samples: int
    n_fft: int

    def __str__(self) -> str:
        return f"B={self.signals} T={self.samples:_} n_fft={self.n_fft}"

    @property
    def setting(self) -> Setting:
        """Return the parameters of the transform."""
        return Setting(self.n_fft, self.n_fft // 4, self.n_fft)

    def noise(self, bits: int = 4) -> Array:
        """Return signals [signal, sample]."""
        samples = np.random.default_rng(0).standard_normal(self[:2])
        return samples.astype(f"f{bits}")


SIZES = (
    Size(1, 16_000, 512),
    Size(4, 160_000, 1024),
    Size(8, 160_000, 1024),
    Size(4, 1_300_000, 1024),
    Size(8, 480_000, 1024),
)
GRADIENT_SIZES = (
    Size(4, 160_000, 1024),
    Size(8, 160_000, 1024),
    Size(4, 480_000, 1024),
    Size(4, 1_300_000, 1024),
    Size(1, 1_300_000, 1024),
)
ACCURACY_SIZES = (Size(1, 16_000, 512), Size(4, 160_000, 2048), Size(8, 480_000, 1024))


def main() -> None:
    """Print the tables asked for."""
    parser = above.Script(__doc__, ["--rounds", "1", "--sizes", "1"])
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", type=int, default=5, metavar="N", help="the first ones")
    parser.add_argument("--csv", type=Path, help="write the rows to a file as well")
    args = parser.parse_args()
    use_threads(THREADS)
    rows = [("transform", "candidate", "value", "ratio")]
    with scipy.fft.set_workers(THREADS):
        for section in args.sections:
            for text, own in SECTIONS[section](args.rounds, args.sizes):
                print(text, flush=True)
                rows += own
    if args.csv:
        with args.csv.open("w", newline="") as file:
            csv.writer(file).writerows(rows)


Printed = tuple[str, list[tuple[str, str, str, str]]]


def timed(rows: Callable[[int], Iterator[Row]], rounds: int, sizes: int) -> Iterator[Printed]:
    """Yield what is printed and written of each row."""
    for row in rows(sizes):
        cells = measured(row, rounds)
        yield (
            line(row.name, cells),
            [(row.name, cell.name, str(cell.ms), str(cell.ratio)) for cell in cells],
        )


def pairs_of(size: Size) -> dict[str, Pair]:
    """Return the transforms that there are."""
    pairs = {"musisep": ours(size.setting)}
    return pairs | {"torch": of_torch(size.setting)} if torch else pairs


def forward(sizes: int) -> Iterator[Row]:
    """Yield transforms."""
    for size in SIZES[:sizes]:
        signals = size.noise()
        candidates = {name: partial(pair.stft, signals) for name, pair in pairs_of(size).items()}
        yield Row(f"STFT {size}", candidates, {"torch": 1.0}, False)


def inverse(sizes: int) -> Iterator[Row]:
    """Yield inverses, each of its own spectra."""
    for size in SIZES[:sizes]:
        candidates = {
            name: partial(pair.istft, pair.stft(size.noise()), size.samples)
            for name, pair in pairs_of(size).items()
        }
        yield Row(f"iSTFT {size}", candidates, {"torch": 1.0}, False)


def there_and_back(sizes: int) -> Iterator[Row]:
    """Yield gradients of a loss of istft(stft(x))."""
    for size in GRADIENT_SIZES[:sizes]:
        signals = size.noise()
        candidates = {"musisep": partial(our_gradient, ours_of(size), signals)}
        if torch:
            window = torch.hann_window(size.n_fft)
            candidates["torch"] = partial(gradient_of_torch, size, window, signals)
            mine, other = (candidate() for candidate in candidates.values())
            found = np.abs(mine - other).max() / np.abs(other).max()
            if not found < TOLERANCE:
                raise SystemExit(f"{size}: the gradients differ by {found:.1e}")
        yield Row(f"gradient {size}", candidates, {"torch": 1.0}, False)


def ours_of(size: Size) -> SpectralTransform:
    """Return the transform itself."""
    return SpectralTransform(size.n_fft, size.n_fft // 4)


def our_gradient(transform: SpectralTransform, signals: Array) -> Array:
    """Return the gradient by the adjoints, frequencies of a frame being neighbours."""
    length = signals.shape[-1]
    found = transform.istft(transform.stft(signals), length)
    return transform.stft_adjoint(transform.istft_adjoint(found), length)


def gradient_of_torch(size: Size, window: Any, signals: Array) -> Array:
    """Return the gradient by autograd."""
    given = torch.from_numpy(signals).requires_grad_()
    sizes = size.n_fft, size.n_fft // 4, size.n_fft, window
    found = torch.istft(torch.stft(given, *sizes, return_complex=True), *sizes, length=size.samples)
    (found.square().sum() / 2).backward()
    return given.grad.numpy()


def accuracy(_: int, sizes: int) -> Iterator[Printed]:
    """Yield the largest error of the way there and back."""
    for size in ACCURACY_SIZES[:sizes]:
        for bits in (4, 8):
            signals, errors = size.noise(bits), {}
            for name, pair in pairs_of(size).items():
                back = pair.istft(pair.stft(signals), size.samples)
                errors[name] = float(np.abs(back - signals).max())
            name, mine = f"error {size} float{8 * bits}", errors["musisep"]
            text = "".join(
                f"  {who} {error:.2e}: {error / mine:.2f}"
                for who, error in errors.items()
                if who != "musisep"
            )
            yield (
                f"{name:46s} {mine:.2e}{text}",
                [(name, who, str(error), str(error / mine)) for who, error in errors.items()],
            )


SECTIONS: dict[str, Callable[[int, int], Iterator[Printed]]] = {
    "stft": partial(timed, forward),
    "istft": partial(timed, inverse),
    "gradient": partial(timed, there_and_back),
    "accuracy": accuracy,
}


if __name__ == "__main__":
    main()
