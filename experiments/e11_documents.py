"""Compare documented names of mlx-spectro, splifft and torch_specinv with these packages.

    python experiments/e11_documents.py [--seed 0]

Calls each name of `musisep.compat` and of the package with the same input and prints the largest
difference, relative to the largest magnitude of the other's result; says which packages are
missing. The exit status is 1 if a difference is above its limit. mlx-spectro computes in single
precision, with mlx's own operations where there is no Metal.
"""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from script import Script, skip

from musisep.audio.mel import MelSpectrogramTransform
from musisep.audio.stft import SpectralTransform
from musisep.compat import mlx_spectro, splifft, torch_specinv
from musisep.compat.torch_specinv import metrics

Array = NDArray[Any]
Case = tuple[str, Any, Any, float]
"""A name, what it gives here and there, and the largest difference that there may be."""

SINGLE = 1e-6
"""Of spectra in single precision."""
ENDS = 1e-3
"""Of the ends of an inverse, where small weights of windows magnify rounding."""
LEVELS = 1e-4
"""Of levels and other functions of them, where small values count."""
DOUBLE = 1e-12
STATIC = 1e-5
"""Of kernels and filters that are made in single precision."""
RNG, SIGNALS = np.random.default_rng(), np.empty((2, 9000))
"""Drawn by `draw`."""
SAMPLE_RATE = 16_000


def main() -> None:
    """Print a table for each package that there is."""
    draw(Script(__doc__, seed=True).parse_args().seed)
    warnings.simplefilter("ignore")  # spectra in pairs of reals, windows that are missing
    good = []
    for package, cases in PACKAGES.items():
        print(package)
        try:
            good += [show(*case) for case in cases()]
        except ModuleNotFoundError as error:
            skip(f"{error.name} is not installed")
        except (ImportError, OSError) as error:
            skip(str(error))
    raise SystemExit(not all(good))


def draw(seed: int) -> None:
    """Begin the random numbers with a seed, and draw the signals."""
    RNG.bit_generator.state = np.random.default_rng(seed).bit_generator.state
    SIGNALS[:] = RNG.standard_normal(SIGNALS.shape) * np.linspace(0.01, 1, SIGNALS.shape[1])


def show(name: str, mine: Any, theirs: Any, limit: float) -> bool:
    """Print the largest difference; return whether the limit was kept."""
    found = difference(mine, theirs)
    mark = "" if found <= limit else "  ABOVE THE LIMIT"
    print(f"    {name:62s} {found:8.1e}  limit {limit:.0e}{mark}", flush=True)
    return found <= limit


def difference(mine: Any, theirs: Any) -> float:
    """Return the largest difference over the largest magnitude; infinity if shapes differ."""
    if isinstance(theirs, dict):
        pairs = [(mine[key], value) for key, value in theirs.items()]
    elif isinstance(theirs, tuple | list):
        if len(mine) != len(theirs):
            return np.inf
        pairs = list(zip(mine, theirs, strict=True))
    else:
        mine, theirs = np.asarray(mine), np.asarray(theirs)
        if mine.shape != theirs.shape or not np.isfinite(mine).all():
            return np.inf
        largest = np.abs(theirs).max(initial=0)
        return float(np.abs(mine - theirs).max(initial=0) / (largest or 1))
    return max((difference(*pair) for pair in pairs), default=0.0)


def mlx_cases() -> Iterator[Case]:
    """Yield the names of mlx-spectro."""
    mx = import_module("mlx.core")
    mx.fast.metal_kernel = no_metal
    peer = import_module("mlx_spectro")
    signals = SIGNALS.astype(np.float32)
    given = mx.array(signals)
    settings = [
        {},
        {"normalized": True},
        {"window_fn": "hamming", "win_length": 300},
        {"window_fn": "rect", "periodic": False},
        {"center": False, "window_fn": "hamming"},
        {"center_pad_mode": "constant"},
        {"center": False},
        {"win_length": 300, "window": np.hanning(512).astype(np.float32)},
    ]
    for setting in settings:
        ours = mlx_spectro.SpectralTransform(512, 128, **setting)
        tensors = {n: mx.array(v) if n == "window" else v for n, v in setting.items()}
        other = peer.SpectralTransform(512, 128, **tensors)
        spectra = np.array(other.stft(given))
        z = mx.array(spectra)
        at = f"({', '.join(f'{n}={v}' for n, v in setting.items() if n != 'window')})"
        for layout in ("bfn", "bnf"):
            yield (
                f"stft{at} {layout}",
                ours.stft(signals, output_layout=layout),
                other.stft(given, output_layout=layout),
                SINGLE,
            )
        limit = SINGLE if ours.center else ENDS
        yield f"istft{at}", ours.istft(spectra), other.istft(z), limit
        for length, limit in {8500: SINGLE, 10_000: ENDS}.items():
            both = ours.istft(spectra, length), other.istft(z, length)
            yield f"istft{at} {length=}", *both, limit
    minimal = {"center_pad_mode": "constant", "center_tail_pad": "minimal"}
    ours = mlx_spectro.SpectralTransform(512, 128, **minimal)
    other = peer.SpectralTransform(512, 128, **minimal)
    yield "stft minimal", ours.stft(signals), other.stft(given), SINGLE
    yield (
        "istft minimal",
        ours.istft(ours.stft(signals), 9000),
        other.istft(other.stft(given), 9000),
        SINGLE,
    )
    ours, other = mlx_spectro.SpectralTransform(512, 128), peer.SpectralTransform(512, 128)
    yield (
        "differentiable_stft, differentiable_istft",
        ours.differentiable_istft(ours.differentiable_stft(signals[0])),
        other.differentiable_istft(other.differentiable_stft(given[0])),
        SINGLE,
    )
    by_signal = our_gradient(ours, signals), gradient(mx, other, given)
    yield "gradient of differentiable_stft", *by_signal, SINGLE
    pair, peers = ours.compiled_pair(length=9000), other.compiled_pair(length=9000)
    yield "compiled_pair", pair[1](pair[0](signals)), peers[1](peers[0](given)), SINGLE  # fmt: skip
    yield from mlx_mel_cases(peer, signals, given)
    yield from mlx_feature_cases(peer, signals, given)
    yield from mlx_static_cases(peer, mx)


def no_metal(*arguments: Any, **options: Any) -> None:
    """Refuse, as mlx does on other machines."""
    raise RuntimeError("no Metal")


def gradient(mx: Any, transform: Any, signals: Any) -> Any:
    """Differentiate the sum of the squared magnitudes of a spectrum."""
    return mx.grad(lambda x: mx.square(mx.abs(transform.differentiable_stft(x))).sum())(signals)


def our_gradient(transform: mlx_spectro.SpectralTransform, signals: Array) -> Array:
    """Do the same by the adjoint."""
    spectra = transform.differentiable_stft(signals)
    return transform.transform.stft_adjoint(2 * spectra, signals.shape[-1], input_layout="bnf")


def mlx_mel_cases(peer: Any, signals: Array, given: Any) -> Iterator[Case]:
    """Yield mel spectrograms."""
    modes, scales = ("mlx_native", "torchaudio_compat"), ("linear", "log", "db")
    for power, mode, scale in product((1.0, 2.0), modes, scales):
        options = {"power": power, "mode": mode, "output_scale": scale, "top_db": 30.0}
        ours = mlx_spectro.MelSpectrogramTransform(**options)
        other = peer.MelSpectrogramTransform(**options)
        name = f"MelSpectrogramTransform({power=}, {mode}, {scale})"
        yield name, ours(signals), other(given), LEVELS
    high = {"f_max": 13_000.0, "output_scale": "linear"}
    yield (
        "MelSpectrogramTransform(f_max=13000)",
        mlx_spectro.MelSpectrogramTransform(**high)(signals),
        peer.MelSpectrogramTransform(**high)(given),
        LEVELS,
    )
    yield "spectrogram", ours.spectrogram(signals), other.spectrogram(given), SINGLE
    for to_db in (True, False):
        yield (
            f"mel_spectrogram({to_db=})",
            ours.mel_spectrogram(signals, to_db=to_db),
            other.mel_spectrogram(given, to_db=to_db),
            LEVELS,
        )
    for odd in ({"sample_rate": 22_051}, {"n_fft": 2047}):
        yield (
            f"MelSpectrogramTransform({odd}), listed",
            mlx_spectro.MelSpectrogramTransform(output_scale="linear", **odd)(signals),
            peer.MelSpectrogramTransform(output_scale="linear", **odd)(given),
            np.inf,
        )
    for log_mode in ("clamp", "add"):
        options = {"sample_rate": SAMPLE_RATE, "n_mels": 64, "f_min": 30.0, "power": 1.0}
        options |= {"norm": "slaney", "center_pad_mode": "constant", "log_mode": log_mode}
        yield (
            f"LogMelSpectrogramTransform({log_mode})",
            mlx_spectro.LogMelSpectrogramTransform(**options)(signals),
            peer.LogMelSpectrogramTransform(**options)(given),
            LEVELS,
        )
    options = {"sample_rate": SAMPLE_RATE, "n_mfcc": 13, "n_fft": 400, "hop_length": 160}
    options |= {"n_mels": 40}
    for lifter, dct_norm in product((0, 22), ("ortho", None)):
        own = options | {"lifter": lifter, "dct_norm": dct_norm}
        yield (
            f"MFCCTransform({lifter=}, {dct_norm=})",
            mlx_spectro.MFCCTransform(**own)(signals),
            peer.MFCCTransform(**own)(given),
            LEVELS,
        )
        yield (
            f"mfcc({lifter=}, {dct_norm=})",
            mlx_spectro.mfcc(signals[0], **own),
            peer.mfcc(given[0], **own),
            LEVELS,
        )


def mlx_feature_cases(peer: Any, signals: Array, given: Any) -> Iterator[Case]:
    """Yield features."""
    options: list[tuple[str, dict[str, Any]]] = [
        ("onset_strength", {}),
        ("onset_strength_multi", {"lag": 2}),
        *(("chroma_stft", {"norm": norm}) for norm in (None, 1, 2, np.inf, -np.inf)),
        ("chroma_stft", {"tuning": 0.3, "n_chroma": 24}),
        ("spectral_centroid", {}),
        ("spectral_bandwidth", {"p": 3.0}),
        ("spectral_rolloff", {}),
        ("spectral_contrast", {"quantile": 0.002}),
        ("spectral_features", {"contrast_quantile": 0.002}),
        *(("rms", {"pad_mode": mode}) for mode in ("reflect", "constant", "edge")),
        *(("zero_crossing_rate", {"pad_mode": mode}) for mode in ("reflect", "constant", "edge")),
    ]
    for name, own in options:
        for batch in (signals, signals[0]):
            at = given if batch.ndim == 2 else given[0]
            yield (
                f"{name}({own}) of {batch.ndim} axes",
                getattr(mlx_spectro, name)(batch, **own),
                getattr(peer, name)(at, **own),
                LEVELS,
            )
    yield (
        "SpectralFeatureTransform",
        mlx_spectro.SpectralFeatureTransform(contrast_quantile=0.002)(signals),
        peer.SpectralFeatureTransform(contrast_quantile=0.002)(given),
        LEVELS,
    )
    yield (
        "spectral_contrast, listed",
        mlx_spectro.spectral_contrast(signals),
        peer.spectral_contrast(given),
        np.inf,
    )


def mlx_static_cases(peer: Any, mx: Any) -> Iterator[Case]:
    """Yield windows, matrices and levels."""
    for name, width, periodic in product(("hann", "hamming", "rect"), (8, 5), (True, False)):
        arguments = None, name, width, 8, periodic
        yield (
            f"make_window{arguments}",
            mlx_spectro.make_window(*arguments),
            peer.make_window(*arguments),
            STATIC,
        )
    for sizes in ((512, None, None, 0), (512, 100, 300, 10), (512, None, 530, 16)):
        yield (
            f"resolve_fft_params{sizes}",
            mlx_spectro.resolve_fft_params(*sizes),
            peer.resolve_fft_params(*sizes),
            0,
        )
    for rate, norm, scale in product((16_000, 22_051), (None, "slaney"), ("htk", "slaney")):
        bank = 513, 20.0, 7000.0, 40, rate
        yield (
            f"melscale_fbanks({rate}, {norm}, {scale})",
            mlx_spectro.melscale_fbanks(*bank, norm=norm, mel_scale=scale),
            peer.melscale_fbanks(*bank, norm=norm, mel_scale=scale),
            STATIC,
        )
    for norm in ("ortho", None):
        yield (
            f"dct_matrix({norm=})",
            mlx_spectro.dct_matrix(13, 40, norm=norm),
            peer.dct_matrix(13, 40, norm=norm),
            STATIC,
        )
    powers = (SIGNALS.reshape(2, 90, 100) ** 2).astype(np.float32)
    for stype, mode in product(("power", "magnitude"), ("torchaudio_compat", "per_example")):
        options = {"stype": stype, "mode": mode, "top_db": 30.0, "ref_value": 0.5}
        yield (
            f"amplitude_to_db({stype}, {mode})",
            mlx_spectro.amplitude_to_db(powers, **options),
            peer.amplitude_to_db(mx.array(powers), **options),
            LEVELS,
        )


def splifft_cases() -> Iterator[Case]:
    """Yield the names of splifft."""
    torch = import_module("torch")
    peer = import_module("splifft.core")
    given = torch.from_numpy(SIGNALS)
    normalized = peer.normalize_audio(peer.Audio(given, 44_100))
    ours = splifft.normalize_audio(splifft.Audio(SIGNALS, 44_100))
    yield "normalize_audio", ours.audio.data, normalized.audio.data, DOUBLE
    yield (
        "denormalize_audio",
        splifft.denormalize_audio(SIGNALS, ours.stats),
        peer.denormalize_audio(given, normalized.stats),
        DOUBLE,
    )
    modes, pairs = ("reflect", "constant", "replicate"), ((1000, 250), (999, 400))
    for mode, (size, hop) in product(modes, pairs):
        sizes = size, hop, 4
        yield (
            f"generate_chunks({mode}, {size}, {hop})",
            list(splifft.generate_chunks(SIGNALS, *sizes, padding_mode=mode)),
            list(peer.generate_chunks(given, *sizes, padding_mode=mode)),
            0,
        )
    window = np.hanning(1002)[1:-1]
    chunks = [
        np.stack([chunk, -chunk], 1) for chunk in splifft.generate_chunks(SIGNALS, 1000, 250, 4)
    ]
    yield (
        "stitch_chunks",
        splifft.stitch_chunks(chunks, 2, 1000, 250, 9000, window=window),
        peer.stitch_chunks(
            [*map(torch.from_numpy, chunks)], 2, 1000, 250, 9000, window=torch.from_numpy(window)
        ),
        DOUBLE,
    )
    yield from splifft_sequence_cases(peer, torch)
    yield from splifft_spectral_cases(peer, torch, given)
    yield from splifft_model_cases(peer, torch)


def splifft_sequence_cases(peer: Any, torch: Any) -> Iterator[Case]:
    """Yield what cuts sequences and puts them together."""
    sequence = RNG.standard_normal((103, 3))
    for short, mode in product((True, False), ("keep_first", "keep_last")):
        options = {"trim_margin": 3, "avoid_short_end": short}
        yield (
            f"split_sequence_tensor(avoid_short_end={short})",
            splifft.split_sequence_tensor(sequence, 20, **options),
            peer.split_sequence_tensor(torch.from_numpy(sequence), 20, **options),
            0,
        )
        starts = splifft.split_sequence_tensor(sequence, 20, **options)[1]
        parts = [RNG.standard_normal((20, 3)) for _ in starts]
        batches = [np.stack([part.T for part in parts])]
        together = {"trim_margin": 3, "overlap_mode": mode}
        yield (
            f"aggregate_sequence_chunks({mode})",
            splifft.aggregate_sequence_chunks(parts, starts, 110, 20, **together),
            peer.aggregate_sequence_chunks(
                [*map(torch.from_numpy, parts)], starts, 110, 20, **together
            ),
            0,
        )
        yield (
            f"aggregate_logits({mode})",
            splifft.aggregate_logits(batches, starts, 110, 20, 3, **together),
            peer.aggregate_logits(
                [*map(torch.from_numpy, batches)], starts, 110, 20, 3, **together
            ),
            0,
        )
    yield (
        "pad_dim",
        splifft.pad_dim(sequence, dim=-2, pad=(2, 3), value=0.5),
        peer.pad_dim(torch.from_numpy(sequence), dim=-2, pad=(2, 3), value=0.5),
        0,
    )


def splifft_spectral_cases(peer: Any, torch: Any, given: Any) -> Iterator[Case]:
    """Yield mel spectrograms and constant-Q transforms."""
    for normalized, f_max in product((True, False, "frame_length", "window"), (None, 7000.0)):
        options = {"sample_rate": SAMPLE_RATE, "n_fft": 1024, "hop_length": 256, "n_mels": 64}
        options |= {"normalized": normalized, "f_max": f_max}
        yield (
            f"LogMelSpect({normalized=}, {f_max=})",
            splifft.LogMelSpect(**options)(SIGNALS),
            peer.LogMelSpect(**options).double()(given),
            STATIC,
        )
    pairs = RNG.standard_normal((3, 4, 2))
    yield (
        "to_log_magnitude",
        splifft.to_log_magnitude(pairs),
        peer.to_log_magnitude(torch.from_numpy(pairs)),
        DOUBLE,
    )
    kernels = {"Q": 16.0, "fs": SAMPLE_RATE, "fmin": 200.0, "n_bins": 24, "bins_per_octave": 12}
    for norm, window, gamma in product((0, 1, 2), ("hann", "hamming"), (0.0, 7.0)):
        own = kernels | {"norm": norm, "window": window, "gamma": gamma}
        yield (
            f"create_cqt_kernels({norm=}, {window=}, {gamma=})",
            splifft.create_cqt_kernels(**own),
            peer.create_cqt_kernels(**own, device=torch.device("cpu")),
            1e-4,
        )
    shared = {"sr": SAMPLE_RATE, "hop_length": 160, "fmax": None, "gamma": 7.0, "n_bins": 36}
    single = SIGNALS.astype(np.float32)
    for center in (True, False):
        own = shared | {"center": center, "fmin": 110.0}
        yield (
            f"CQT({center=})",
            splifft.CQT(bins_per_octave=12, **own)(single),
            peer.CQT(bins_per_octave=12, **own)(torch.from_numpy(single)),
            1e-4,
        )
    harmonic = shared | {"center": True, "fmin": 110.0, "bins_per_semitone": 3}
    for center_bins in (True, False):
        own = harmonic | {"harmonics": (1, 2, 3), "center_bins": center_bins}
        yield (
            f"HarmonicCQT({center_bins=})",
            splifft.HarmonicCQT(**own)(single),
            peer.HarmonicCQT(**own)(torch.from_numpy(single)),
            1e-4,
        )
    configurations = {
        "mel": {"sample_rate": SAMPLE_RATE, "n_fft": 1024, "hop_length": 256, "n_mels": 64},
        "cqt": {"harmonics": (1, 2), "fmin": 55.0, "n_bins": 120},
    }
    config = import_module("splifft.config")
    makers = {"mel": config.LogMelConfig, "cqt": config.CqtConfig}
    mono = single[:, None]
    for kind, options in configurations.items():
        made = makers[kind](kind=kind, **options)
        yield (
            f"create_sequence_feature_extractor({kind})",
            splifft.create_sequence_feature_extractor(made, sample_rate=SAMPLE_RATE)(mono),
            peer.create_sequence_feature_extractor(
                made, sample_rate=SAMPLE_RATE, device=torch.device("cpu")
            )(torch.from_numpy(mono)),
            1e-3,
        )
    yield (
        "IdentitySequenceFeatureExtractor",
        splifft.IdentitySequenceFeatureExtractor()(mono),
        peer.IdentitySequenceFeatureExtractor()(torch.from_numpy(mono)),
        0,
    )


def splifft_model_cases(peer: Any, torch: Any) -> Iterator[Case]:
    """Yield masks, derived stems and models of spectrograms."""
    spectra, mask = RNG.standard_normal((2, 3, 4, 2))
    tensors = torch.from_numpy(spectra), torch.from_numpy(mask)
    for name in ("float32", "float16"):
        yield (
            f"apply_mask({name})",
            splifft.apply_mask(spectra, mask, np.float64, name),
            peer.apply_mask(*tensors, torch.float64, getattr(torch, name)),
            0,
        )
    rules = {
        "rest": SimpleNamespace(operation="subtract", stem_name="mixture", by_stem_name="a"),
        "both": SimpleNamespace(operation="sum", stem_names=("a", "b")),
    }
    stems = {"a": SIGNALS, "b": 2 * SIGNALS}
    tensors = {name: torch.from_numpy(stem) for name, stem in stems.items()}
    yield (
        "derive_stems",
        splifft.derive_stems(stems, 3 * SIGNALS, rules),
        peer.derive_stems(tensors, 3 * tensors["a"], rules),
        0,
    )
    device = torch.device("cpu")
    stft = SimpleNamespace(
        n_fft=512, hop_length=128, win_length=512, window_shape="hann", conv_dtype=None
    )
    masking = SimpleNamespace(add_sub_dtype=None, out_dtype=None)
    chunks = RNG.standard_normal((2, 2, 2000)).astype(np.float32)
    for kind, model in {"spectrogram_mask": masks, "spectrogram": two_stems}.items():
        arguments = "spectrogram", kind, stft, 2, 2000, masking
        theirs = peer.create_w2w_model(
            as_module(torch, model), *arguments, io_device=device, model_device=device
        )
        yield (
            f"create_w2w_model({kind})",
            splifft.create_w2w_model(partial(model, package=np), *arguments)(chunks),
            theirs(torch.from_numpy(chunks)),
            SINGLE,
        )


def masks(spectra: Any, package: Any) -> Any:
    """Make two masks."""
    ones = package.ones_like(spectra)
    return package.stack([ones / 2, ones / 4], 1)


def two_stems(spectra: Any, package: Any) -> Any:
    """Make two stems."""
    return package.stack([spectra, 2 * spectra], 1)


def as_module(torch: Any, model: Callable[..., Any]) -> Any:
    """Return a module that does what a function does."""

    class Module(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return model(x, torch)

    return Module()


def specinv_cases() -> Iterator[Case]:
    """Yield the names of torch_specinv."""
    import_module("torch")
    peers = import_module("benchmarks.inversion_peers")  # which puts back what torch has lost
    torch, peer = peers.torch, peers.methods
    transform = SpectralTransform(512, 128)
    signal = SIGNALS[0]
    magnitudes = np.ascontiguousarray(np.abs(transform.stft(signal)))
    given, window = torch.from_numpy(magnitudes), transform.frame_window
    found = np.abs(RNG.standard_normal(magnitudes.shape))
    theirs = {"sc": "spectral_convergence", "snr": "SNR", "ser": "SER"}
    for name, other in theirs.items():
        yield (
            name,
            getattr(metrics, name)(found, magnitudes),
            getattr(peer, other)(torch.from_numpy(found), given),
            DOUBLE,
        )
    options = {"window": window, "hop_length": 128}
    tensors = {"window": torch.from_numpy(window), "hop_length": 128, "return_complex": False}

    def level(estimate: Any) -> float:
        """Return the spectral convergence of a signal, in dB."""
        found = np.abs(transform.stft(np.asarray(estimate)))
        return metrics.sc(found, magnitudes)

    for whose, pairs in {
        "phase_init": torch_specinv.phase_init(magnitudes, **options),
        "theirs": peer.phase_init(given, **tensors).numpy(),
    }.items():
        print(f"    {whose}: {level(transform.istft(pairs[..., 0] + 1j * pairs[..., 1])):.2f} dB")
        yield f"{whose}, magnitudes", np.hypot(pairs[..., 0], pairs[..., 1]), magnitudes, DOUBLE
    counts: dict[str, tuple[dict[str, Any], ...]] = {
        "griffin_lim": ({"maxiter": 1, "tol": 0}, {"maxiter": 100, "tol": 0}),
        "ADMM": ({"maxiter": 1, "tol": 0}, {"maxiter": 100, "tol": 0}),
        "RTISI_LA": ({"maxiter": 1}, {"maxiter": 25}),
    }
    for name, settings in counts.items():
        for counted in settings:
            mine = getattr(torch_specinv, name)(magnitudes, verbose=False, **counted, **options)
            other = getattr(peer, name)(given, verbose=False, **counted, **tensors)
            at = f"{name}({counted['maxiter']})"
            print(f"    {at}: {level(mine):.2f} dB, theirs {level(other):.2f}")
            yield f"{at}, samples", mine.size, len(other), 0
    yield from specinv_gradient_cases(torch, peer, signal, tensors["window"])


def specinv_gradient_cases(torch: Any, peer: Any, signal: Array, window: Any) -> Iterator[Case]:
    """Print how far a mel spectrogram is inverted in as many steps, from the same start."""
    mel = MelSpectrogramTransform(
        sample_rate=SAMPLE_RATE, n_fft=512, hop_length=128, n_mels=64, output_scale="linear"
    )
    bank, wanted = torch.from_numpy(mel.filterbank.matrix.T.copy()), mel(signal)
    start = 0.1 * RNG.standard_normal(signal.size)

    def measured(x: Any) -> Any:
        return bank @ torch.stft(x, 512, 128, window=window, return_complex=True).abs() ** 2

    yield "mel spectrogram", wanted, measured(torch.from_numpy(signal)), DOUBLE
    for steps in (1, 10):
        options = {"maxiter": steps, "tol": 0, "verbose": False, "evaiter": 1}
        mine = torch_specinv.L_BFGS(wanted, mel, init_x0=start, **options)
        other = peer.L_BFGS(
            torch.from_numpy(wanted), measured, init_x0=torch.from_numpy(start.copy()), **options
        )
        levels = (metrics.sc(mel(found), wanted) for found in (mine, other.detach().numpy()))
        print(f"    L_BFGS({steps}): {next(levels):.2f} dB, theirs {next(levels):.2f}")


PACKAGES: dict[str, Callable[[], Iterator[Case]]] = {
    "mlx-spectro": mlx_cases,
    "splifft": splifft_cases,
    "torch_specinv": specinv_cases,
}

if __name__ == "__main__":
    main()
