"""By which names a user chooses how phases are retrieved; nothing else is loaded with them."""

SPECTROGRAMS = ("magnitude", "mel", "log-frequency")
"""Kinds of spectrograms that can be inverted."""
INVERSIONS = ("griffin-lim", "admm", "rtisi-la", "l-bfgs")
"""Algorithms, after `griffin_lim` and so on."""
STARTS = ("single-pass", "pghi", "random", "zero")
"""Phases to start from; see `phase_init`."""
