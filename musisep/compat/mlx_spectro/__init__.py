"""Names and signatures of mlx-spectro, with NumPy arrays in and out.

Single precision stays single, all else is computed in double. What belongs to the device (backends,
kernels, compiled graphs) is checked for its name and has no effect: there is one way of computing.
"""

from musisep.audio.features import (
    SpectralFeatureTransform,
    chroma_stft,
    onset_strength,
    onset_strength_multi,
    rms,
    spectral_bandwidth,
    spectral_centroid,
    spectral_contrast,
    spectral_features,
    spectral_rolloff,
    zero_crossing_rate,
)
from musisep.audio.mel import (
    MelNorm,
    MelScale,
    MFCCTransform,
    amplitude_to_db,
    dct_matrix,
    mfcc,
)
from musisep.audio.windows import make_window
from musisep.compat.mlx_spectro.sizes import (
    melscale_fbanks,
    resolve_fft_params,
    spec_mlx_device_key,
)
from musisep.compat.mlx_spectro.transforms import (
    LogMelSpectrogramTransform,
    MelSpectrogramTransform,
    SpectralTransform,
    get_cache_debug_stats,
    get_transform_mlx,
    reset_cache_debug_stats,
)
from musisep.compat.mlx_spectro.types import (
    CenterPadMode,
    CenterTailPad,
    ISTFTBackendPolicy,
    MelMode,
    STFTOutputLayout,
    WindowLike,
)

__all__ = [
    "CenterPadMode",
    "CenterTailPad",
    "ISTFTBackendPolicy",
    "LogMelSpectrogramTransform",
    "MFCCTransform",
    "MelMode",
    "MelNorm",
    "MelScale",
    "MelSpectrogramTransform",
    "STFTOutputLayout",
    "SpectralFeatureTransform",
    "SpectralTransform",
    "WindowLike",
    "amplitude_to_db",
    "chroma_stft",
    "dct_matrix",
    "get_cache_debug_stats",
    "get_transform_mlx",
    "make_window",
    "melscale_fbanks",
    "mfcc",
    "onset_strength",
    "onset_strength_multi",
    "reset_cache_debug_stats",
    "resolve_fft_params",
    "rms",
    "spec_mlx_device_key",
    "spectral_bandwidth",
    "spectral_centroid",
    "spectral_contrast",
    "spectral_features",
    "spectral_rolloff",
    "zero_crossing_rate",
]
