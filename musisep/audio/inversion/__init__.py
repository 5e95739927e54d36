"""Phase retrieval: signals from magnitudes, and from what else has a derivative."""

from musisep.audio.inversion.gradient import l_bfgs
from musisep.audio.inversion.joint import misi
from musisep.audio.inversion.lookahead import rtisi_la
from musisep.audio.inversion.projections import admm, griffin_lim
from musisep.audio.inversion.representations import (
    ConstantQMagnitude,
    Representation,
    StftMagnitude,
)
from musisep.audio.inversion.retrieval import History
from musisep.audio.inversion.starts import pghi, phase_init

__all__ = [
    "ConstantQMagnitude",
    "History",
    "Representation",
    "StftMagnitude",
    "admm",
    "griffin_lim",
    "l_bfgs",
    "misi",
    "pghi",
    "phase_init",
    "rtisi_la",
]
