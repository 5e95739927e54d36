"""Waveforms and spectra; knows nothing of instruments.

`stft`, `cqt` and `mel` make spectra of signals and take gradients back, `logfreq` puts magnitudes
on an axis where a change of pitch is a shift, and `frontend` does so for recordings. `features`
measures, `inversion` retrieves signals from magnitudes, `streams` transforms what comes in blocks,
`chunks` cuts recordings for other models. What they offer can be imported from here as well.

Signals are ``[..., sample]``, spectra ``[..., frequency, frame]``. Single precision stays single,
all else is computed in double. Inputs are left alone, what does not fit is a ValueError that says
so, and results are the same for any number of threads. Numba is confined to the `_kernels`.
"""

from musisep._util.lazy import attach

# ruff: noqa: F403 (type checkers know what the stars bring)
TYPE_CHECKING = False
if TYPE_CHECKING:
    from musisep.audio.caches import *
    from musisep.audio.chunks import *
    from musisep.audio.cqt import *
    from musisep.audio.features import *
    from musisep.audio.inversion import *
    from musisep.audio.logfreq import *
    from musisep.audio.mel import *
    from musisep.audio.stft import *
    from musisep.audio.streams import *
    from musisep.audio.windows import *

HOMES = {
    "caches": ("CacheInfo", "cache_clear", "cache_info"),
    "chunks": (
        "NormalizationStats",
        "NormalizedAudio",
        "aggregate_sequence_chunks",
        "denormalize_audio",
        "generate_chunks",
        "normalize_audio",
        "process_in_chunks",
        "split_sequence",
        "stitch_chunks",
    ),
    "cqt": (
        "CQT",
        "HarmonicCQT",
        "VariableQ",
        "constant_q",
        "constant_q_blocks",
        "create_cqt_kernels",
        "inverse_constant_q",
        "to_log_magnitude",
    ),
    "features": (
        "SpectralFeatureTransform",
        "chroma_stft",
        "estimate_tuning",
        "onset_strength",
        "onset_strength_multi",
        "rms",
        "spectral_bandwidth",
        "spectral_centroid",
        "spectral_contrast",
        "spectral_features",
        "spectral_rolloff",
        "zero_crossing_rate",
    ),
    "inversion": (
        "ConstantQMagnitude",
        "History",
        "Representation",
        "StftMagnitude",
        "admm",
        "griffin_lim",
        "l_bfgs",
        "misi",
        "pghi",
        "phase_init",
        "rtisi_la",
    ),
    "logfreq": ("LogAxis", "log_spectrogram"),
    "mel": (
        "Filterbank",
        "LogMelSpectrogramTransform",
        "MFCCTransform",
        "MelNorm",
        "MelScale",
        "MelSpectrogramTransform",
        "RangeMode",
        "amplitude_to_db",
        "dct_matrix",
        "mel_spectrogram",
        "melscale_fbanks",
        "mfcc",
        "spectral_power",
    ),
    "stft": ("SpectralTransform", "get_transform"),
    "streams": ("stream",),
    "windows": ("make_window", "resolve_fft_params"),
}
"""The public names of each module."""

__all__ = sorted(name for names in HOMES.values() for name in names)

__getattr__, __dir__ = attach(
    __name__, {name: f"{__name__}.{home}" for home, names in HOMES.items() for name in names}
)
