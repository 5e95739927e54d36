"""Kernels of the tone finders."""
