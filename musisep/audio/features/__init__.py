"""What a signal sounds like in a few numbers, frame by frame, after librosa.

A feature of many signals [..., sample] is that of each by itself: levels count from the maximum of
one signal, as in librosa from 1.0 on, whose earlier versions take the maximum of all. So a sample
that is not finite spoils its frames and, in features made of levels (contrast, cepstrum, onsets),
its whole signal.

Instead of a signal, functions of spectra take a `spectrogram`: magnitudes for all of them, also
where librosa takes powers or levels, or complex spectra.
"""

from musisep.audio.features.functions import (
    chroma_stft,
    spectral_bandwidth,
    spectral_centroid,
    spectral_contrast,
    spectral_features,
    spectral_rolloff,
)
from musisep.audio.features.onsets import onset_strength, onset_strength_multi
from musisep.audio.features.spectral import SpectralFeatureTransform
from musisep.audio.features.tuning import estimate_tuning
from musisep.audio.features.waveform import rms, zero_crossing_rate

__all__ = [
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
]
