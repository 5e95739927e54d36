"""Names and signatures of splifft's core, with NumPy arrays in and out.

A module is an object that is called; ``forward`` is the same. A model is any function of arrays.
Devices may be named and have no effect, as there is none but the processor. Single precision stays
single, all else is computed in double.
"""

from musisep.audio.chunks import (
    NormalizationStats,
    aggregate_sequence_chunks,
    stitch_chunks,
)
from musisep.audio.chunks import split_sequence as split_sequence_tensor
from musisep.compat.splifft.chunks import (
    Audio,
    NormalizedAudio,
    aggregate_logits,
    denormalize_audio,
    generate_chunks,
    normalize_audio,
    pad_dim,
)
from musisep.compat.splifft.constantq import (
    CQT,
    HarmonicCQT,
    create_cqt_kernels,
    to_log_magnitude,
)
from musisep.compat.splifft.features import (
    CqtSequenceFeatureExtractor,
    IdentitySequenceFeatureExtractor,
    LogMelSequenceFeatureExtractor,
    LogMelSpect,
    SequenceFeatureExtractor,
    create_sequence_feature_extractor,
)
from musisep.compat.splifft.models import (
    ModelWaveformToWaveform,
    apply_mask,
    create_w2w_model,
    derive_stems,
    get_model_floating_dtype,
    str_to_torch_dtype,
    to_model_device,
)

__all__ = [
    "CQT",
    "Audio",
    "CqtSequenceFeatureExtractor",
    "HarmonicCQT",
    "IdentitySequenceFeatureExtractor",
    "LogMelSequenceFeatureExtractor",
    "LogMelSpect",
    "ModelWaveformToWaveform",
    "NormalizationStats",
    "NormalizedAudio",
    "SequenceFeatureExtractor",
    "aggregate_logits",
    "aggregate_sequence_chunks",
    "apply_mask",
    "create_cqt_kernels",
    "create_sequence_feature_extractor",
    "create_w2w_model",
    "denormalize_audio",
    "derive_stems",
    "generate_chunks",
    "get_model_floating_dtype",
    "normalize_audio",
    "pad_dim",
    "split_sequence_tensor",
    "stitch_chunks",
    "str_to_torch_dtype",
    "to_log_magnitude",
    "to_model_device",
]
