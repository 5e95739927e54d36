"""Kernels of the features; see `musisep.audio._kernels`."""
