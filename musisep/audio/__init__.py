"""Waveforms and spectra; knows nothing of instruments."""
