"""Mel spectrograms and mel-frequency cepstral coefficients.

`scale` makes the filters, `transforms` the spectrograms on linear or logarithmic scales (with the
derivative, so that `musisep.audio.inversion.l_bfgs` can invert them), `cepstrum` the coefficients.
With the same parameters, results are those of librosa up to rounding.
"""

from musisep.audio.decibels import RangeMode, amplitude_to_db
from musisep.audio.filterbank import Filterbank, spectral_power
from musisep.audio.mel.cepstrum import MFCCTransform, dct_matrix, mfcc
from musisep.audio.mel.scale import MelNorm, MelScale, melscale_fbanks
from musisep.audio.mel.transforms import (
    LogMelSpectrogramTransform,
    MelSpectrogramTransform,
    mel_spectrogram,
)

__all__ = [
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
]
