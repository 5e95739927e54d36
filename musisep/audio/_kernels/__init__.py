"""Kernels, and nothing else: loops over arrays that numba compiles.

They know no defaults and check nothing: who calls them has arrays of the right shapes and types.
"""
