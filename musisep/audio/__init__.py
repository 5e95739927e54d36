"""Waveforms and spectra; knows nothing of instruments.

`stft`, `cqt` and `mel` make spectra of signals and take gradients back, `logfreq` puts magnitudes
on an axis where a change of pitch is a shift, and `frontend` does so for recordings. `features`
measures, `inversion` retrieves signals from magnitudes, `chunks` cuts recordings for other models.

Signals are ``[..., sample]``, spectra ``[..., frequency, frame]``. Single precision stays single,
all else is computed in double. Inputs are left alone, what does not fit is a ValueError that says
so, and results are the same for any number of threads. Numba is confined to the `_kernels`.
"""
