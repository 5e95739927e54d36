"""Blind separation of the instruments in a recording, without training data."""

__version__ = "0.1.0"
