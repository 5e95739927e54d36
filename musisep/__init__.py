"""Blind separation of the instruments in a recording, without training data."""

from musisep._util.lazy import attach

__version__ = "0.1.0"

TYPE_CHECKING = False  # typing would take longer than all else that is imported here
if TYPE_CHECKING:
    from musisep.hints import Hints
    from musisep.result import Separation
    from musisep.scores.score import Score
    from musisep.separation import separate
    from musisep.settings import Settings
    from musisep.spectrogram import Spectrogram
    from musisep.stages import Stages
    from musisep.stems import Subtract, Sum, derive_stems
    from musisep.tones.dictionary import Dictionary

__all__ = [
    "Dictionary",
    "Hints",
    "Score",
    "Separation",
    "Settings",
    "Spectrogram",
    "Stages",
    "Subtract",
    "Sum",
    "derive_stems",
    "separate",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Dictionary": "musisep.tones.dictionary",
        "Hints": "musisep.hints",
        "Score": "musisep.scores.score",
        "Separation": "musisep.result",
        "Settings": "musisep.settings",
        "Spectrogram": "musisep.spectrogram",
        "Stages": "musisep.stages",
        "Subtract": "musisep.stems",
        "Sum": "musisep.stems",
        "derive_stems": "musisep.stems",
        "separate": "musisep.separation",
    },
)
