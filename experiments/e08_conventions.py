"""Compare the spectral front end with torch, librosa, SciPy and nnAudio, with equal settings.

    python experiments/e08_conventions.py [--sizes 512 ...] [--rates 16000 ...] [--hops 512 ...]
        [--seed 0]

Prints the largest difference of each comparison over a grid of settings, relative to the largest
magnitude of the other's result; what a peer refuses; and where conventions differ. The exit status
is 1 if a difference is above its limit.
"""

import math
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import scipy.signal
from benchmarks import peers
from benchmarks.peers import (
    PEERS,
    Array,
    ConstantQSetting,
    Setting,
    cqt_of_librosa,
    cqt_of_nnaudio,
    features_of,
    our_cqt,
    ours,
)
from script import Script

from musisep.audio.cqt import CQT

LIMITS = {8: 1e-12, 4: 1e-6}
"""Of short-time Fourier transforms, by the bytes of a sample."""
FEATURE_LIMIT = 1e-6
CQT_LIMIT = 1e-9
NNAUDIO_LIMIT = 1e-4
SIZES = (15, 16, 512, 1000, 1024, 2048, 12288)
RATES, HOPS = (8000, 16_000, 22_050, 44_100), (64, 77, 512, 3000)
"""Samples of a frame, Hz of features, and hops of the constant-Q transform."""
PADDINGS = ("reflect", "constant")
WINDOWS = ("hann", "hamming", ("kaiser", 8.0), "rect")
REASONS = {
    "Padding size should be less": "mirroring a signal of at most n_fft // 2 samples",
    "must be >= ceil": "a signal of less than n_fft // 2 samples",
    "window overlap add min": "a sample under no window",
    "lies under no window": "a sample under no window",
    "not invertible": "a hop for which the window has no inverse",
}


REFUSALS = (ValueError, RuntimeError)
REFUSALS += (peers.librosa.ParameterError,) if peers.librosa else ()


@dataclass
class Table:
    """Differences over a grid, and what was refused."""

    limit: float
    cases: int = 0
    worst: float = 0.0
    at: str = ""
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, mine: Array | str, other: Array | str, at: object) -> None:
        """Compare two results; a string says why there is none."""
        self.cases += 1
        if isinstance(mine, str) or isinstance(other, str):
            who = "both" if type(mine) is type(other) else "musisep"
            who = who if isinstance(mine, str) else "the peer"
            self.refused[f"{who}: {mine if isinstance(mine, str) else other}"] += 1
            return
        found = difference(mine, other)
        if found > self.worst:
            self.worst, self.at = found, str(at)

    def show(self, name: str) -> bool:
        """Print the table; return whether the limit was kept."""
        good = self.worst <= self.limit
        compared = self.cases - self.refused.total()
        print(
            f"{name:44s} {compared:6d} of {self.cases:6d} cases  worst {self.worst:8.1e}  "
            f"limit {self.limit:.0e}  {'' if good else 'ABOVE THE LIMIT '}{self.at}",
            flush=True,
        )
        for reason, count in self.refused.most_common():
            print(f"    {count:6d} refused by {reason}")
        return good


def main() -> None:
    """Print all tables."""
    quick = ["--sizes", "16", "512", "--rates", "16000", "--hops", "512", "--step", "80"]
    parser = Script(__doc__, quick, seed=True)
    for name, known in (("sizes", SIZES), ("rates", RATES), ("hops", HOPS)):
        parser.add_argument(f"--{name}", type=int, nargs="+", default=known)
    parser.add_argument("--step", type=int, default=1, help="between the bins that have a tone")
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # librosa's, about short signals and empty filters
    good = [short_time_transforms(bits, args.sizes, args.seed) for bits in LIMITS]
    differing_conventions(args.seed)
    if peers.librosa:
        good.append(features(args.rates, args.seed))
        tones(args.step)
    good += constant_q(args.hops, args.seed)
    raise SystemExit(not all(good))


def difference(mine: Array, other: Array) -> float:
    """Return the largest difference over the largest magnitude; infinity if there is none."""
    if mine.shape != other.shape or not np.isfinite(mine).all():
        return np.inf
    largest = np.abs(other).max(initial=0)
    return float(np.abs(mine - other).max(initial=0) / (largest or 1))


def attempt(function: Callable[..., Array], *arguments: Any) -> Array | str:
    """Call a function; return the reason if it refuses."""
    try:
        return function(*arguments)
    except REFUSALS as error:
        for part, reason in REASONS.items():
            if part in str(error):
                return reason
        return re.sub(r"\d+", "#", str(error))[:100]


def settings(sizes: Sequence[int]) -> Iterator[Setting]:
    """Yield a grid of parameters."""
    paddings = [(True, "reflect"), (True, "constant"), (False, "reflect")]
    for n_fft in sizes:
        hops = n_fft // 4, n_fft // 2, n_fft // 3 | 1, n_fft + 3
        windows = [(n_fft, window, False) for window in WINDOWS]
        windows += [(n_fft * 5 // 8, window, False) for window in ("hann", "rect")]
        windows += [(n_fft, "hann", True)]
        for hop, (width, window, normalized), padding in product(hops, windows, paddings):
            yield Setting(n_fft, hop, width, window, *padding, normalized)


def lengths(setting: Setting) -> Iterator[int]:
    """Yield lengths of signals down to one sample, or to one frame where it must be whole."""
    n = setting.n_fft
    for length in (4 * n + 7, 4 * n, 2 * n + 21, n, n // 2 + 1, n // 2, n // 3, 1):
        if setting.center or length >= n:
            yield length


def short_time_transforms(bits: int, sizes: Sequence[int], seed: int) -> bool:
    """Compare transforms and inverses with all peers in one precision."""
    rng = np.random.default_rng(seed)
    tables = {(way, peer): Table(LIMITS[bits]) for way in ("stft", "istft") for peer in PEERS}
    for setting in settings(sizes):
        mine = ours(setting)
        others = {peer: make(setting) for peer, make in PEERS.items()}
        for length in lengths(setting):
            signal = rng.standard_normal(length).astype(f"f{bits}")
            spectrum = mine.stft(signal)
            at = f"{tuple(setting)} {length=}"
            for peer, other in others.items():
                frames = alike_frames(peer, setting, length)
                found = attempt(other.stft, signal)
                tables["stft", peer].add(cut(spectrum, frames), cut(found, frames), at)
            if setting.hop_length > setting.n_fft:
                continue
            spectrum *= rng.uniform(0.5, 1, spectrum.shape).astype(f"f{bits}")
            inverse = attempt(mine.istft, spectrum, length)
            for peer, other in others.items():
                samples = alike_samples(peer, setting, length, bits)
                if len(range(length)[samples]):
                    found = attempt(other.istft, other.prepare(spectrum), length)
                    tables["istft", peer].add(cut(inverse, samples), cut(found, samples), at)
    names = {key: f"{key[0]}, {8 * bits} bits, {key[1]}" for key in tables}
    return all([table.show(names[key]) for key, table in tables.items()])


def cut(result: Array | str, part: slice) -> Array | str:
    """Keep a part of the last axis, if there is a result."""
    return result if isinstance(result, str) else result[..., part]


def alike_frames(peer: str, setting: Setting, length: int) -> slice:
    """Return the frames that are defined alike: librosa's last one may be mirrored wrongly."""
    ends_with_frame = setting.center and length % setting.hop_length == 0
    few = setting.hop_length >= setting.n_fft - setting.n_fft // 2
    wrong = peer == "librosa" and setting.pad_mode == "reflect" and ends_with_frame and few
    return slice(-1 if wrong else None)


def alike_samples(peer: str, setting: Setting, length: int, bits: int) -> slice:
    """Return the samples to compare after an inverse.

    SciPy wants more frames at both ends than there are. Of a signal that is not centred, the ends
    lie under the ends of windows only, whose small weights magnify what float32 rounds off.
    """
    inside = peer == "scipy" or (bits == 4 and not setting.center)
    return slice(setting.n_fft, -setting.n_fft) if inside else slice(None)


def differing_conventions(seed: int) -> None:
    """Print what other conventions amount to."""
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal(2048)
    setting = Setting(512, 256, 512, "rect")
    if "librosa" in PEERS:
        last = [make(setting).stft(signal)[:, -1:] for make in (ours, PEERS["librosa"])]
        print(f"librosa mirrors the last frame from too few samples: {difference(*last):.1e}")

    setting = Setting(512, 128, 512)
    spectrum = ours(setting).stft(signal)
    other = scipy.signal.ShortTimeFFT(setting.window, setting.hop_length, 1.0)
    turned = other.stft(signal, 0, spectrum.shape[1], padding="even")
    turn = np.exp(1j * np.pi * np.arange(len(spectrum)))[:, None]
    print(
        f"scipy takes the phases of the middle of a frame: {difference(spectrum, turned):.1e}; "
        f"turned by pi for each bin {difference(spectrum * turn, turned):.1e}"
    )
    pair = PEERS["scipy"](setting)
    ends = difference(signal, pair.istft(pair.prepare(spectrum), signal.size))
    print(f"scipy misses the frames before and after the signal in its inverse: {ends:.1e}")
    kinds = {peer: make(setting).stft(signal.astype("f4")).dtype for peer, make in PEERS.items()}
    print("float32 becomes", ", ".join(f"{kind} ({peer})" for peer, kind in kinds.items()))

    makers = {"musisep": ours, **PEERS}
    for name, make in makers.items():
        pair = make(setting._replace(center=False))
        back = attempt(pair.istft, pair.prepare(pair.stft(signal)), signal.size)
        back = back if isinstance(back, str) else f"{back[0]:.2g} for {signal[0]:.2g}"
        print(f"inverse, first sample under a weight of 0, {name}: {back}")
    for name, make in makers.items():
        pair = make(setting)
        back = attempt(pair.istft, pair.prepare(pair.stft(signal)), signal.size + 1000)
        back = back if isinstance(back, str) else f"{back[-1]:.2g}"
        print(f"inverse, sample 1000 after the end, {name}: {back}")


def features(rates: Sequence[int], seed: int) -> bool:
    """Compare all features with librosa's."""
    rng = np.random.default_rng(seed)
    tables: dict[str, Table] = {}
    sizes = 512, 1000, 2048
    for rate, n_fft, share, pad in product(rates, sizes, (4, 3, 2), PADDINGS):
        signals = signals_of(rate, rng)
        hop_length = n_fft // share | (share == 3)
        for name, same in features_of(rate, n_fft, hop_length, pad).items():
            for kind, signal in signals.items():
                table = tables.setdefault(name, Table(FEATURE_LIMIT))
                mine, found = attempt(same.ours, signal), attempt(same.librosa, signal)
                table.add(mine, found, f"{rate=} {n_fft=} {hop_length=} {pad} {kind}")
    return all([table.show(f"{name}, librosa") for name, table in tables.items()])


def signals_of(rate: int, rng: np.random.Generator) -> dict[str, Array]:
    """Return half a second of noise, of a steady and of a decaying tone, and silence."""
    time_s = np.arange(rate // 2 + 7) / rate
    order = np.arange(1, 8)[:, None]
    tone = np.sum(np.sin(2 * np.pi * 311.3 * order * time_s) / order, axis=0)
    return {
        "noise": rng.standard_normal(time_s.size),
        "tone": tone,
        "decaying tone": tone * np.exp(-9 * time_s),
        "silence": np.zeros(time_s.size),
    }


def constant_q(hops: Sequence[int], seed: int) -> list[bool]:
    """Compare constant-Q transforms with the sum that defines them, and with nnAudio's."""
    rng = np.random.default_rng(seed)
    direct, nnaudio = Table(CQT_LIMIT), Table(NNAUDIO_LIMIT)
    grid = product(hops, (12, 31), (0.0, 15.0), ("hann", "blackman"), (True, False))
    for hop_length, per_octave, gamma, window, center in grid:
        transform = CQT(
            sr=8000,
            hop_length=hop_length,
            fmin=110.0,
            n_bins=4 * per_octave,
            bins_per_octave=per_octave,
            gamma=gamma,
            center=center,
            window=window,
        )
        for length in (100, 500, transform.kernel_width, 20_001):
            if center or length >= transform.kernel_width:
                signal = rng.standard_normal(length)
                at = f"{hop_length=} {per_octave=} {gamma=} {window} {center=} {length=}"
                direct.add(transform(signal), direct_sum(transform, signal), at)
    good = [direct.show("CQT, direct sum")]
    if not peers.nnaudio:
        return good
    for per_octave, hop_length in product((12, 24), (256, 512)):
        setting = ConstantQSetting(22_050, 7 * per_octave, per_octave, hop_length)
        signal = rng.standard_normal(44_100)
        nnaudio.add(our_cqt(setting)(signal), cqt_of_nnaudio(setting)(signal), setting)
    return [*good, nnaudio.show("CQT, nnAudio (kernels in float32)")]


def direct_sum(transform: CQT, signal: Array) -> Array:
    """Multiply every frame by the conjugates of kernels that are sampled from their definition."""
    width, half = transform.kernel_width, transform.kernel_width // 2
    if transform.center:
        signal = np.pad(signal, half, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(signal, width)[:: transform.hop_length]
    kernels = np.zeros((transform.n_bins, width), complex)
    quality = 1 / (2 ** (1 / transform.bins_per_octave) - 1)
    for k, kernel in enumerate(kernels):
        frequency = transform.fmin * 2 ** (k / transform.bins_per_octave)
        length = math.ceil(quality * transform.sr / (frequency + transform.gamma * quality))
        n = np.arange(length) - (length + 1) // 2
        samples = scipy.signal.get_window(transform.window, length)
        phases = np.exp(2j * np.pi * frequency * n / transform.sr)
        kernel[half + n] = math.sqrt(length) * samples * phases / np.abs(samples).sum()
    return kernels.conj() @ frames.T


def tones(step: int) -> None:
    """Print magnitudes of sinusoids of amplitude 1 on the frequencies of bins."""
    for per_octave in (12, 24):
        setting = ConstantQSetting(22_050, 7 * per_octave, per_octave, 512)
        transform, other = our_cqt(setting), cqt_of_librosa(setting)
        time_s = np.arange(3 * 22_050) / 22_050
        found = []
        bins = np.arange(0, transform.n_bins, step)
        for k in bins:
            frequency = transform.frequencies_hz[k]
            tone = np.sin(2 * np.pi * frequency * time_s)
            found.append([abs(transform(tone)[k, 64]), abs(other(tone)[k, 64])])
        mine, theirs = np.array(found).T
        ratio = 2 ** (1 / per_octave)
        factor = math.sqrt((ratio**2 + 1) / (ratio**2 - 1) * (ratio - 1))
        for name, ratio, expected in (
            ("musisep / (sqrt(length) / 2)", mine / (np.sqrt(transform.lengths[bins]) / 2), 1),
            ("librosa / musisep", theirs / mine, factor),
        ):
            print(
                f"tones, {per_octave} bins per octave, {name}: {ratio.min():.4f} to "
                f"{ratio.max():.4f}, by the lengths of kernels {expected:.4f}"
            )


if __name__ == "__main__":
    main()
