"""Packages that results are compared with, and what they warn of on import kept quiet."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa
    import librosa.feature
    import librosa.filters
    import librosa.onset

    # librosa loads these when they are first used.
    _ = librosa.stft, librosa.power_to_db, librosa.feature.mfcc, librosa.onset.onset_strength

__all__ = ["librosa"]
