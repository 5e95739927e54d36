"""Mel spectrograms and mel-frequency cepstral coefficients."""

from musisep.audio.decibels import RangeMode, amplitude_to_db
from musisep.audio.filterbank import Filterbank, spectral_power
from musisep.audio.mel.cepstrum import dct_matrix
from musisep.audio.mel.scale import MelNorm, MelScale, melscale_fbanks
from musisep.audio.mel.transforms import (
    LogMelSpectrogramTransform,
    MelSpectrogramTransform,
    MFCCTransform,
    mel_spectrogram,
    mfcc,
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
