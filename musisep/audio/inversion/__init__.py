"""Phase retrieval: signals from magnitudes, and from what else has a derivative.

`griffin_lim`, `admm` and `rtisi_la` take magnitudes of a short-time Fourier transform, `misi` those
of several signals and the mixture that they add up to; `l_bfgs` takes the values of any
`Representation`. `phase_init` and `pghi` give phases to start from. For a given `rng` results are
the same for any number of threads, and wrong input is a ValueError that names it.
The names by which a user chooses among all this are in `musisep.audio.inversion.names`.
"""

from typing import TYPE_CHECKING

from musisep._util.lazy import attach

if TYPE_CHECKING:
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

__getattr__, __dir__ = attach(
    __name__,
    {
        "ConstantQMagnitude": "musisep.audio.inversion.representations",
        "History": "musisep.audio.inversion.retrieval",
        "Representation": "musisep.audio.inversion.representations",
        "StftMagnitude": "musisep.audio.inversion.representations",
        "admm": "musisep.audio.inversion.projections",
        "griffin_lim": "musisep.audio.inversion.projections",
        "l_bfgs": "musisep.audio.inversion.gradient",
        "misi": "musisep.audio.inversion.joint",
        "pghi": "musisep.audio.inversion.starts",
        "phase_init": "musisep.audio.inversion.starts",
        "rtisi_la": "musisep.audio.inversion.lookahead",
    },
)
