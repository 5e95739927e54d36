"""How close estimated stems, and spectrograms, are to the true ones.

`stems` measures signals (BSS Eval, SI-SDR), `spectrograms` what phases do not matter to. The truth
comes first. All these measures are in dB, infinite where there is no error, and NaN where a signal
is silent. `losses` has what models are trained by.
"""

from musisep.metrics.losses import component_loss, kl_div_loss
from musisep.metrics.spectrograms import ser, snr, spectral_convergence
from musisep.metrics.stems import BssEval, bss_eval, si_sdr

__all__ = [
    "BssEval",
    "bss_eval",
    "component_loss",
    "kl_div_loss",
    "ser",
    "si_sdr",
    "snr",
    "spectral_convergence",
]
