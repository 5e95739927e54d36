"""Names and signatures of torch_specinv, with NumPy arrays in and out."""

from musisep.compat.torch_specinv import methods, metrics
from musisep.compat.torch_specinv.methods import ADMM, L_BFGS, RTISI_LA, griffin_lim, phase_init

__all__ = ["ADMM", "L_BFGS", "RTISI_LA", "griffin_lim", "methods", "metrics", "phase_init"]
