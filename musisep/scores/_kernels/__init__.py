"""Kernels of the alignment of scores."""
