"""Instruments: tones, dictionaries, and how both are found; knows nothing of files."""
