"""Constant-Q and harmonic constant-Q transforms, computed exactly.

`CQT` and `HarmonicCQT` correlate with windowed kernels of finite length; `constant_q` has filters
that are Gaussians in frequency, and an inverse. The kernels in `kernels` are those of the
transforms; those that numba compiles are in `_kernels`.
"""

from musisep.audio.cqt.constantq import constant_q, constant_q_blocks, inverse_constant_q
from musisep.audio.cqt.kernels import create_cqt_kernels
from musisep.audio.cqt.transforms import CQT, HarmonicCQT, to_log_magnitude
from musisep.audio.cqt.variableq import VariableQ

__all__ = [
    "CQT",
    "HarmonicCQT",
    "VariableQ",
    "constant_q",
    "constant_q_blocks",
    "create_cqt_kernels",
    "inverse_constant_q",
    "to_log_magnitude",
]
