"""Kernels of note tracking and of the assignment of notes to instruments."""
