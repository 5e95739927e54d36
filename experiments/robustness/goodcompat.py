"""A good call of each function and class of `musisep.compat`, data sets and losses."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from goodaudio import FFT, MAGNITUDES, NOISE, RATE, SPECTRA, Call

from musisep import datasets
from musisep.compat import auralflow, mlx_spectro, splifft, torch_specinv
from musisep.io import files
from musisep.metrics import component_loss, kl_div_loss

STEMS = np.stack([NOISE, -NOISE])[:, None]
PAIRS = np.stack([SPECTRA.real, SPECTRA.imag], axis=-1)
RETRIEVAL = {"spec": MAGNITUDES, "max_iter": 2, "verbose": False, "hop_length": 16}


def calls(folder: Path) -> dict[str, Call]:
    """Return functions and arguments by names; files are written below the folder."""
    for name in ("bass", "vocals"):
        (folder / "data" / "train" / "song").mkdir(parents=True, exist_ok=True)
        files.write(folder / "data" / "train" / "song" / f"{name}.wav", NOISE, RATE)
    return {**_mlx_spectro(), **_splifft(), **_torch_specinv(), **_auralflow(folder / "data")}


def excerpt_count(**arguments: Any) -> int:
    """Make a data set; all its excerpts would take long to look at."""
    return len(auralflow.create_audio_dataset(**arguments))


def _mlx_spectro() -> dict[str, Call]:
    transform = mlx_spectro.SpectralTransform(**FFT)
    mel = {**FFT, "sample_rate": RATE, "n_mels": 8, "power": 1.0, "mode": "default"}
    sizes = {**FFT, "win_length": 60, "window_fn": "hann", "periodic": True, "center": True}
    return {
        "mlx SpectralTransform": (mlx_spectro.SpectralTransform, sizes),
        "mlx stft": (transform.stft, {"x": NOISE, "output_layout": "bnf"}),
        "mlx istft": (
            transform.istft,
            {"z": SPECTRA, "length": 1200, "safety": "auto", "input_layout": "bfn"},
        ),
        "mlx mel": (mlx_spectro.MelSpectrogramTransform(**mel), {"x": NOISE}),
        "mlx MelSpectrogramTransform": (mlx_spectro.MelSpectrogramTransform, mel),
        "mlx get_transform_mlx": (
            mlx_spectro.get_transform_mlx, {**sizes, "normalized": False, "window": None},
        ),
        "mlx resolve_fft_params": (
            mlx_spectro.resolve_fft_params,
            {"n_fft": 64, "hop_length": 16, "win_length": 60, "pad": 2},
        ),
        "mlx melscale_fbanks": (
            mlx_spectro.melscale_fbanks,
            {"n_freqs": 33, "f_min": 0.0, "f_max": 4000.0, "n_mels": 8, "sample_rate": RATE},
        ),
    }  # fmt: skip


def _splifft() -> dict[str, Call]:
    audio = splifft.Audio(NOISE[None], RATE)
    sizes = {"sr": RATE, "hop_length": 64, "fmin": 220.0, "fmax": None, "n_bins": 12, "gamma": 0.0}
    harmonic = splifft.HarmonicCQT(
        **sizes, harmonics=(1, 2), bins_per_semitone=1, center_bins=False, center=True
    )
    mel = splifft.LogMelSpect(RATE, 64, 16, 8)
    config = SimpleNamespace(
        n_fft=64, hop_length=16, win_length=64, window_shape="hann", conv_dtype=None
    )
    types = SimpleNamespace(add_sub_dtype=None, out_dtype=None)
    rules = {"rest": SimpleNamespace(operation="subtract", stem_name="mixture", by_stem_name="a")}
    return {
        "splifft normalize_audio": (splifft.normalize_audio, {"audio": audio}),
        "splifft LogMelSpect": (
            splifft.LogMelSpect, {"sample_rate": RATE, "n_fft": 64, "hop_length": 16, "n_mels": 8},
        ),
        "splifft mel": (mel, {"x": NOISE[None]}),
        "splifft CQT": (splifft.CQT, {**sizes, "bins_per_octave": 12, "center": True}),
        "splifft harmonic": (harmonic, {"audio_waveforms": NOISE}),
        "splifft aggregate_logits": (
            splifft.aggregate_logits,
            {
                "processed_chunks": [np.ones((2, 1, 10))], "starts": [0, 6], "full_size": 14,
                "chunk_size": 10, "num_stems": 1, "trim_margin": 2, "overlap_mode": "keep_last",
            },
        ),
        "splifft split_sequence_tensor": (
            splifft.split_sequence_tensor,
            {"sequence": MAGNITUDES, "chunk_size": 10, "trim_margin": 2},
        ),
        "splifft pad_dim": (
            splifft.pad_dim, {"tensor": MAGNITUDES, "dim": 1, "pad": (1, 2), "value": 0.0},
        ),
        "splifft apply_mask": (
            splifft.apply_mask,
            {
                "spec_for_masking": PAIRS, "mask_batch": PAIRS, "mask_add_sub_dtype": None,
                "mask_out_dtype": np.float32,
            },
        ),
        "splifft to_log_magnitude": (splifft.to_log_magnitude, {"x": PAIRS, "epsilon": 1e-6}),
        "splifft derive_stems": (
            splifft.derive_stems,
            {"separated_stems": {"a": NOISE}, "mixture_input": NOISE, "stem_rules": rules},
        ),
        "splifft str_to_torch_dtype": (splifft.str_to_torch_dtype, {"value": "float32"}),
        "splifft mel features": (
            splifft.LogMelSequenceFeatureExtractor(mel, hop_length_samples=16),
            {"x": NOISE[None, None]},
        ),
        "splifft cqt features": (
            splifft.CqtSequenceFeatureExtractor(
                harmonic, hop_length_samples=64, log_epsilon=1e-8
            ),
            {"x": NOISE[None, None]},
        ),
        "splifft create_w2w_model": (
            splifft.create_w2w_model,
            {
                "model": np.abs, "model_input_type": "spectrogram",
                "model_output_type": "spectrogram_mask", "stft_cfg": config, "num_channels": 1,
                "chunk_size": 256, "masking_cfg": types,
            },
        ),
    }  # fmt: skip


def _torch_specinv() -> dict[str, Call]:
    measured = {"input": MAGNITUDES + 1, "target": MAGNITUDES}
    return {
        "torch_specinv griffin_lim": (torch_specinv.griffin_lim, RETRIEVAL),
        "torch_specinv ADMM": (torch_specinv.ADMM, {**RETRIEVAL, "rho": 0.2, "tol": 0.0}),
        "torch_specinv RTISI_LA": (torch_specinv.RTISI_LA, {**RETRIEVAL, "look_ahead": 1}),
        "torch_specinv phase_init": (
            torch_specinv.phase_init, {"spec": MAGNITUDES, "hop_length": 16, "window": None},
        ),
        "torch_specinv sc": (torch_specinv.metrics.sc, measured),
        "torch_specinv snr": (torch_specinv.metrics.snr, measured),
    }  # fmt: skip


def _auralflow(folder: Path) -> dict[str, Call]:
    transform = auralflow.AudioTransform(64, 16, 60, RATE)
    masks = {"mask": MAGNITUDES, "target": MAGNITUDES, "residual": MAGNITUDES}
    recordings = datasets.find_recordings(folder / "train")
    return {
        "AudioTransform": (
            auralflow.AudioTransform, {"num_fft": 64, "hop_length": 16, "window_size": 60},
        ),
        "to_spectrogram": (transform.to_spectrogram, {"audio": NOISE, "use_padding": True}),
        "to_audio": (transform.to_audio, {"complex_spec": SPECTRA}),
        "to_mel_scale": (transform.to_mel_scale, {"spectrogram": MAGNITUDES, "to_db": True}),
        "component_loss": (component_loss, {**masks, "alpha": 0.2, "beta": 0.3}),
        "kl_div_loss": (kl_div_loss, {"mu": NOISE, "sigma": 1 + NOISE**2}),
        "create_audio_dataset": (
            excerpt_count,
            {
                "dataset_path": folder, "targets": ["bass"], "chunk_size": 1, "num_chunks": 3,
                "sample_rate": RATE, "mono": True,
            },
        ),
        "find_recordings": (
            datasets.find_recordings, {"folder": folder / "train", "audio_format": "wav"},
        ),
        "excerpts": (
            lambda **arguments: len(datasets.Excerpts(**arguments)),
            {
                "recordings": recordings, "targets": ["bass"], "length_s": 0.1,
                "sample_rate": RATE, "channels": 1, "count": 3, "seed": 0,
            },
        ),
        "an excerpt": (recordings[0].read, {"targets": ["bass"], "start_s": 0.01}),
        "info": (files.info, {"path": folder / "train" / "song" / "bass.wav"}),
    }  # fmt: skip
