"""Two numbers that mean the same everywhere."""

import numpy as np

NONE = -1
"""In the place of an index: there is none."""
TINY = float(np.finfo(np.float64).tiny)
"""Smallest normal number: what may be 0 is raised to it before it divides."""
