"""A good call of each public function and class of `musisep.audio`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from musisep.audio import (
    chunks,
    cqt,
    decibels,
    features,
    filterbank,
    frontend,
    inversion,
    logfreq,
    mel,
    stft,
    streams,
    windows,
)

RATE = 8000
NOISE = np.random.default_rng(0).standard_normal(1200)
FFT = {"n_fft": 64, "hop_length": 16}
TRANSFORM = stft.SpectralTransform(**FFT)
SPECTRA = TRANSFORM.stft(NOISE)
MAGNITUDES = np.abs(SPECTRA)
AXIS = logfreq.LogAxis(100.0, 3000.0, 40)
WINDOWED = {
    "win_length": 60, "window_fn": "hann", "window": None, "periodic": True, "center": True,
    "center_pad_mode": "reflect", "center_tail_pad": "symmetric", "normalized": False,
}  # fmt: skip
MEL = {
    **FFT, "sample_rate": RATE, "win_length": 60, "n_mels": 8, "f_min": 0.0, "f_max": 3900.0,
    "power": 2.0, "norm": "slaney", "mel_scale": "htk", "window_fn": "hann", "periodic": True,
    "center": True, "center_pad_mode": "reflect", "center_tail_pad": "symmetric",
    "normalized": False,
}  # fmt: skip
CEPSTRUM = {**FFT, "sample_rate": RATE, "n_mfcc": 5, "n_mels": 8, "lifter": 3, "top_db": 80.0}
BINS = {
    "hop_length": 64, "fmin": 220.0, "n_bins": 12, "bins_per_octave": 12, "fmax": None,
    "gamma": 0.0, "window": "hann", "norm": 1,
}  # fmt: skip
VARIABLE = {
    "sample_rate": RATE, "frequencies_hz": [200.0, 300.0], "bandwidth": 0.05, "hop_length": 64,
    "gamma_hz": 0.0,
}  # fmt: skip
RETRIEVAL = {
    "spec": MAGNITUDES, "max_iter": 2, "tol": 1e-6, "verbose": False, "eva_iter": 1, "metric": "sc",
    "rng": 0, "progress": None, "return_history": False,
}  # fmt: skip

Call = tuple[Callable[..., Any], dict[str, Any]]


def calls() -> dict[str, Call]:
    """Return functions and arguments by names."""
    return {
        **_transforms(), **_constant_q(), **_mel(), **_features(), **_chunks(), **_axes(),
        **_inversion(),
    }  # fmt: skip


def _transforms() -> dict[str, Call]:
    one = TRANSFORM
    return {
        "SpectralTransform": (stft.SpectralTransform, {**FFT, **WINDOWED}),
        "get_transform": (stft.get_transform, {**FFT, **WINDOWED}),
        "stft": (one.stft, {"signal": NOISE, "output_layout": "bfn"}),
        "istft": (
            one.istft,
            {"spectrum": SPECTRA, "length": 1200, "input_layout": "bfn", "safety": "always"},
        ),
        "stft_adjoint": (
            one.stft_adjoint, {"spectrum": SPECTRA, "length": 1200, "input_layout": "bfn"},
        ),
        "istft_adjoint": (
            one.istft_adjoint, {"signal": NOISE, "output_layout": "bfn", "safety": "off"},
        ),
        "frame_count": (one.frame_count, {"length": 100}),
        "shortest_length": (one.shortest_length, {"frames": 4}),
        "stream": (
            lambda **given: list(streams.stream(**given)), {"transform": one, "blocks": [NOISE]}
        ),
        "each_block": (one.each_block, {"signal": NOISE, "use": lambda *_: None}),
        "map_spectra": (
            one.map_spectra,
            {
                "signal": NOISE, "change": lambda _, part: part, "leading": (), "adjoint": False,
                "safety": "always",
            },
        ),
        "resolve_fft_params": (
            windows.resolve_fft_params, {**FFT, "win_length": 60, "pad": 3},
        ),
        "make_window": (
            windows.make_window,
            {"window": None, "window_fn": "hann", "win_length": 60, "n_fft": 64, "periodic": True},
        ),
        "gaussian_window": (windows.gaussian_window, {"length": 60, "sigmas": 3.0}),
        "measure_frames": (
            filterbank.measure_frames,
            {"transform": one, "signal": NOISE, "rows": 33, "measure": _absolute},
        ),
    }  # fmt: skip


def _absolute(spectra: Any, out: Any) -> Any:
    return np.abs(spectra, out=out)


def _constant_q() -> dict[str, Call]:
    plain = {"sr": RATE, **BINS, "center": True}
    harmonic = {
        "harmonics": (1, 2), "sr": RATE, "hop_length": 64, "fmin": 200.0, "fmax": None,
        "bins_per_semitone": 1, "n_bins": 6, "center_bins": False, "gamma": 0.0, "center": True,
    }  # fmt: skip
    kernels = {name: value for name, value in BINS.items() if name != "hop_length"}
    one, variable = cqt.CQT(**plain), cqt.VariableQ(**VARIABLE)
    coefficients = variable.forward(NOISE)
    inverse = {"length": 1200, "iterations": 2, "tolerance": 1e-3}
    return {
        "CQT": (lambda **given: cqt.CQT(**given)(NOISE), plain),
        "CQT.__call__": (one, {"signal": NOISE}),
        "CQT.frame_count": (one.frame_count, {"length": 900}),
        "HarmonicCQT": (lambda **given: cqt.HarmonicCQT(**given)(NOISE), harmonic),
        "create_cqt_kernels": (cqt.create_cqt_kernels, {"Q": 17.0, "fs": RATE, **kernels}),
        "to_log_magnitude": (cqt.to_log_magnitude, {"x": SPECTRA, "epsilon": 1e-8}),
        "VariableQ": (cqt.VariableQ, VARIABLE),
        "VariableQ.forward": (variable.forward, {"signal": NOISE}),
        "VariableQ.adjoint": (variable.adjoint, {"coefficients": coefficients, "length": 1200}),
        "VariableQ.coefficient_shape": (variable.coefficient_shape, {"length": 1200}),
        "VariableQ.normal": (variable.normal, {"signal": NOISE}),
        "VariableQ.response": (variable.response, {"points": 100}),
        "constant_q": (cqt.constant_q, {"signal": NOISE, **VARIABLE}),
        "constant_q_blocks": (
            lambda **given: list(cqt.constant_q_blocks(**given)), {"signal": NOISE, **VARIABLE},
        ),
        "inverse_constant_q": (
            cqt.inverse_constant_q, {"coefficients": coefficients, **VARIABLE, **inverse},
        ),
    }  # fmt: skip


def _mel() -> dict[str, Call]:
    scaled = {
        "output_scale": "db", "top_db": 80.0, "log_amin": 1e-5, "log_mode": "add",
        "log_multiplier": 1.0, "mode": "per_example",
    }  # fmt: skip
    one = mel.MelSpectrogramTransform(RATE, **FFT, n_mels=8)
    bank = mel.Filterbank(np.ones((33, 2)))
    logarithmic = mel.LogMelSpectrogramTransform
    return {
        "mel_spectrogram": (mel.mel_spectrogram, {"x": NOISE, **MEL, **scaled}),
        "MelSpectrogramTransform": (mel.MelSpectrogramTransform, MEL),
        "MelSpectrogramTransform.__call__": (one, {"x": NOISE, "output_scale": "db"}),
        "MelSpectrogramTransform.scaled": (
            one.scaled, {"mel": one(NOISE, "linear"), "output_scale": "db"},
        ),
        "MelSpectrogramTransform.shape": (one.shape, {"length": 800}),
        "LogMelSpectrogramTransform": (lambda **given: logarithmic(**given)(NOISE), MEL),
        "MFCCTransform": (lambda **given: mel.MFCCTransform(**given)(NOISE), CEPSTRUM),
        "mfcc": (mel.mfcc, {"x": NOISE, **CEPSTRUM}),
        "mfcc of a spectrogram": (mel.mfcc, {"spectrogram": MAGNITUDES, **CEPSTRUM}),
        "dct_matrix": (mel.dct_matrix, {"n_mfcc": 4, "n_mels": 8, "norm": "ortho"}),
        "melscale_fbanks": (
            mel.melscale_fbanks,
            {"n_freqs": 33, "f_min": 0.0, "f_max": 4000.0, "n_mels": 8, "sample_rate": RATE,
             "norm": None, "mel_scale": "htk"},
        ),
        "Filterbank": (mel.Filterbank, {"matrix": np.ones((5, 2))}),
        "Filterbank.apply": (bank.apply, {"values": np.ones((3, 33)), "out": None}),
        "Filterbank.project": (bank.project, {"spectrogram": np.ones((33, 3))}),
        "spectral_power": (mel.spectral_power, {"spectra": SPECTRA.T, "power": 2.0, "out": None}),
        "amplitude_to_db": (
            decibels.amplitude_to_db,
            {"x": MAGNITUDES, "stype": "magnitude", "top_db": 80.0, "amin": 1e-5, "ref_value": 1.0,
             "mode": "per_example"},
        ),
    }  # fmt: skip


def _features() -> dict[str, Call]:
    framed = {"x": NOISE, "frame_length": 64, "hop_length": 16, "center": True}
    spectral = {"x": NOISE, "sample_rate": RATE, "n_fft": 256, "hop_length": 64}
    onset = {**spectral, "lag": 1, "max_size": 1, "n_mels": 8}
    everything = {
        **spectral, "win_length": None, "include": None, "n_chroma": 12, "chroma_norm": 2,
        "tuning": 0.0, "bandwidth_p": 2.0, "roll_percent": 0.85, "n_bands": 3,
        "contrast_fmin": 200.0, "contrast_quantile": 0.02, "n_mfcc": 5, "n_mels": 8, "f_min": 0.0,
        "f_max": None, "top_db": 80.0, "lifter": 0, "center": True, "window_fn": "hann",
    }  # fmt: skip
    settings = {name: value for name, value in everything.items() if name != "x"}
    contrast = {"n_bands": 3, "fmin": 200.0, "quantile": 0.02}
    frames = {**FFT, "sample_rate": RATE}
    made = features.SpectralFeatureTransform
    return {
        "rms": (features.rms, {**framed, "pad_mode": "reflect"}),
        "zero_crossing_rate": (features.zero_crossing_rate, {**framed, "threshold": 0.0}),
        "onset_strength": (features.onset_strength, onset),
        "onset_strength_multi": (features.onset_strength_multi, onset),
        "spectral_features": (features.spectral_features, everything),
        "SpectralFeatureTransform": (lambda **given: made(**given)(NOISE), settings),
        "chroma_stft": (features.chroma_stft, {**spectral, "n_chroma": 12, "norm": 2}),
        "spectral_centroid": (features.spectral_centroid, spectral),
        "spectral_contrast": (features.spectral_contrast, {**spectral, **contrast}),
        "spectral_bandwidth": (features.spectral_bandwidth, {**spectral, "p": 2.0}),
        "spectral_rolloff": (features.spectral_rolloff, {**spectral, "roll_percent": 0.5}),
        "estimate_tuning": (
            features.estimate_tuning,
            {**spectral, "bins_per_octave": 12, "resolution": 0.1, "f_min": 150.0, "f_max": 4e3},
        ),
        "spectral_features of a spectrogram": (
            features.spectral_features,
            {"spectrogram": MAGNITUDES, **frames, "include": ("mfcc", "chroma_stft"), "n_mfcc": 5,
             "n_mels": 8},
        ),
        "onset_strength of a spectrogram": (
            features.onset_strength, {"spectrogram": MAGNITUDES, **frames, "n_mels": 8},
        ),
        "estimate_tuning of a spectrogram": (
            features.estimate_tuning, {"spectrogram": MAGNITUDES, **frames},
        ),
    }  # fmt: skip


def _chunks() -> dict[str, Call]:
    cut = {"audio": NOISE, "chunk_size": 100, "hop_size": 50, "batch_size": 4}
    stitched = {
        "processed_chunks": [np.ones((4, 1, 1, 8))], "num_stems": 1, "chunk_size": 8, "hop_size": 4,
        "target_num_samples": 12, "window": np.ones(8), "trim_margin": 1,
    }  # fmt: skip
    processed = {
        **cut, "function": np.sin, "pad_batch": True, "dtype": "float32", "window": np.ones(100),
        "trim_margin": 3, "normalize": True, "padding_mode": "reflect", "progress": None,
    }  # fmt: skip
    joined = {
        "processed_chunks": [np.ones(8)], "starts": [0], "full_size": 8, "chunk_size": 8,
        "trim_margin": 0, "overlap_mode": "keep_first",
    }  # fmt: skip
    return {
        "normalize_audio": (chunks.normalize_audio, {"audio": NOISE}),
        "NormalizationStats": (chunks.NormalizationStats, {"mean": 0.0, "std": 1.0}),
        "denormalize_audio": (
            chunks.denormalize_audio,
            {"audio": NOISE, "stats": chunks.NormalizationStats(0.0, 1.0)},
        ),
        "generate_chunks": (
            lambda **given: list(chunks.generate_chunks(**given)),
            {**cut, "padding_mode": "reflect"},
        ),
        "stitch_chunks": (chunks.stitch_chunks, stitched),
        "process_in_chunks": (chunks.process_in_chunks, processed),
        "split_sequence": (
            chunks.split_sequence,
            {"sequence": NOISE, "chunk_size": 100, "trim_margin": 3, "avoid_short_end": True},
        ),
        "aggregate_sequence_chunks": (chunks.aggregate_sequence_chunks, joined),
    }  # fmt: skip


def _axes() -> dict[str, Call]:
    transform = {
        "signal": NOISE, "sample_rate": RATE, "axis": AXIS, "hop_length": 100, "sigma_bins": 1.9,
        "front_end": "cqt",
    }  # fmt: skip
    settings = {
        "front_end": "cqt", "hop_s": 0.0116, "fmin_hz": 100.0, "fmax_hz": 3000.0,
        "bins_per_octave": 24.0, "sigma_bins": 1.9,
    }  # fmt: skip
    below = logfreq.LogAxis.below_nyquist
    return {
        "LogAxis": (logfreq.LogAxis, {"fmin_hz": 100.0, "fmax_hz": 3000.0, "bins": 40}),
        "LogAxis.below_nyquist": (
            below,
            {"fmin_hz": 100.0, "fmax_hz": 3000.0, "bins_per_octave": 12.0, "sample_rate": RATE},
        ),
        "LogAxis.hz": (AXIS.hz, {"position": 3.0}),
        "LogAxis.position": (AXIS.position, {"hz": 300.0}),
        "log_spectrogram": (logfreq.log_spectrogram, transform),
        "log_spectrogram mel": (logfreq.log_spectrogram, {**transform, "front_end": "mel"}),
        "LogFrequencyFrontEnd": (
            _front_end, {"mixture": NOISE[None], "sample_rate": RATE, **settings},
        ),
    }  # fmt: skip


def _front_end(mixture: Any, sample_rate: Any, **settings: Any) -> Any:
    return frontend.LogFrequencyFrontEnd(**settings)(mixture, sample_rate)


def _inversion() -> dict[str, Call]:
    phases = {**RETRIEVAL, "init": None, "transform": TRANSFORM}
    magnitude = inversion.StftMagnitude(TRANSFORM)
    real_time = {
        "spec": MAGNITUDES[:, :8], "look_ahead": -1, "asymmetric_window": False, "max_iter": 2,
        "alpha": 0.9, "verbose": False, "init": None, "rng": 0, "length": None,
        "transform": TRANSFORM, "progress": None,
    }  # fmt: skip
    stems = {**phases, "spec": np.stack([MAGNITUDES, MAGNITUDES]), "mixture": NOISE}
    function = {"transform_fn": magnitude, "samples": 1200, "init_x0": None}
    return {
        "griffin_lim": (inversion.griffin_lim, {**phases, "alpha": 0.99, "length": None}),
        "griffin_lim n_fft": (
            inversion.griffin_lim, {"spec": MAGNITUDES, **FFT, "max_iter": 2, "verbose": False},
        ),
        "admm": (inversion.admm, {**phases, "rho": 0.1, "length": 1200}),
        "rtisi_la": (inversion.rtisi_la, real_time),
        "l_bfgs": (inversion.l_bfgs, {**RETRIEVAL, **function}),
        "misi": (inversion.misi, stems),
        "pghi": (inversion.pghi, {"spec": MAGNITUDES, "rng": 0, "transform": TRANSFORM}),
        "phase_init": (inversion.phase_init, {"spec": MAGNITUDES, "transform": TRANSFORM}),
        "StftMagnitude": (inversion.StftMagnitude, {"transform": TRANSFORM}),
        "StftMagnitude.__call__": (magnitude, {"x": NOISE}),
        "ConstantQMagnitude": (inversion.ConstantQMagnitude, VARIABLE),
    }  # fmt: skip
