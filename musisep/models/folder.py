"""What the folder of a model holds."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from musisep._util import checks
from musisep.instruments.profiles import Profiles
from musisep.io.replacing import problem
from musisep.models.config import CONFIG, ModelConfig, read_config

DICTIONARY = "dictionary.npz"
EVALUATION = "evaluation.csv"
STATE = "training.json"
CHECKPOINT, AUDIO, IMAGES = "checkpoint", "audio", "images"


@dataclass(frozen=True, eq=False)
class Model:
    """A model that was trained.

    Attributes
    ----------
    folder : Path
    config : ModelConfig
    profiles : musisep.instruments.Profiles
        What it knows of instruments: ``musisep.separate(..., profiles=model.profiles)``.
    digest : str
        SHA-256 of what was learned.
    """

    folder: Path
    config: ModelConfig
    profiles: Profiles
    digest: str

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Model:
        """Read a model, trusting nothing in its folder.

        Raises
        ------
        OSError
            If there is no model, it was not trained, or a file cannot be read.
        ValueError
            If a file is not as it should be.
        """
        folder = checks.path("folder", folder)
        if not os.path.lexists(folder / CONFIG):
            raise problem(folder, f"is no model, as it holds no {CONFIG}; musisep config makes one")
        config, path = read_config(folder), folder / DICTIONARY
        if not os.path.lexists(path):
            raise problem(folder, f"was not trained yet; use musisep train {folder} DATA")
        profiles = Profiles.load(path)
        return cls(folder, config, profiles, hashlib.sha256(path.read_bytes()).hexdigest())
