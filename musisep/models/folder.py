"""What the folder of a model holds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from musisep._util import checks
from musisep.instruments import library
from musisep.instruments.profiles import Profiles
from musisep.io.hashing import digest
from musisep.io.replacing import problem
from musisep.models.config import CONFIG, LIBRARY, ModelConfig, read_config

DICTIONARY = "dictionary.npz"
EVALUATION = "evaluation.csv"
CHECKPOINT, AUDIO, IMAGES = "checkpoint", "audio", "images"


@dataclass(frozen=True, eq=False)
class Model:
    """A model that was trained.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    config : ModelConfig
        Its configuration.
    learned : musisep.instruments.Profiles
        What it has learned of the instruments of the recordings.
    digest : str
        SHA-256 of what was learned.

    Examples
    --------
    What `train` learns is a file of profiles beside the configuration. Here it is taken from the
    library instead:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from musisep.instruments import library
    >>> from musisep.models import Model, edit_config
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = edit_config(folder, {"base": "nothing", "tones": 2})
    ...     library().save(Path(folder, "dictionary.npz"))
    ...     model = Model.load(folder)
    >>> model.config.tones, model.profiles.names == library().names
    (2, True)
    """

    folder: Path
    config: ModelConfig
    learned: Profiles
    digest: str

    @property
    def profiles(self) -> Profiles:
        """What it knows of instruments: ``musisep.separate(..., profiles=model.profiles)``.

        What is not learned is as in the library, unless the model is based on nothing.
        """
        return known_by(self.config, self.learned)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Model:
        """Read a model, trusting nothing in its folder.

        Parameters
        ----------
        folder : path
            Folder of the model.

        Returns
        -------
        Model
            The model.

        Raises
        ------
        OSError
            If there is no model, it was not trained, or a file cannot be read.
        ValueError
            If a file is not as it should be.
        """
        folder = checked_folder(folder)
        config, path = read_config(folder), folder / DICTIONARY
        if not os.path.lexists(path):
            raise problem(folder, f"was not trained yet; use musisep train {folder} DATA")
        try:
            learned = Profiles.load(path)
            known_by(config, learned)
        except ValueError as error:
            raise ValueError(f"{error}; musisep train {folder} DATA makes it anew") from error
        return cls(folder, config, learned, digest(path))


def known_by(config: ModelConfig, learned: Profiles) -> Profiles:
    """Return what a model knows that has learned these; ValueError if they are of another kind."""
    return learned.completed(library()) if config.base == LIBRARY else learned


def checked_folder(folder: str | os.PathLike[str]) -> Path:
    """Return the folder of a model, trained or not; OSError if it is none."""
    folder = checks.path("folder", folder)
    if not os.path.lexists(folder / CONFIG):
        raise problem(folder, f"is no model, as it holds no {CONFIG}; musisep config makes one")
    return folder
