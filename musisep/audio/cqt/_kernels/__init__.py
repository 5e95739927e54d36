"""Kernels of the constant-Q transforms; see `musisep.audio._kernels`."""
