"""Adam with bounds, under its documented name."""

from musisep.learning.adam_b import Adam_B

__all__ = ["Adam_B"]
