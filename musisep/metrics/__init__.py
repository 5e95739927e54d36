"""How close estimated stems, and spectrograms, are to the true ones. All measures are in dB."""

from musisep.metrics.spectrograms import ser, snr, spectral_convergence
from musisep.metrics.stems import BssEval, bss_eval, si_sdr

__all__ = ["BssEval", "bss_eval", "ser", "si_sdr", "snr", "spectral_convergence"]
