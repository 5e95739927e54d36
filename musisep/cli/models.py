"""What the commands have in common that work with the folder of a model."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musisep.cli.base import UsageError, say
from musisep.models.config import CONFIG
from musisep.settings import Settings

if TYPE_CHECKING:
    from musisep.models import Model

FEW = 4
"""So many instruments of a model are all separated if none is chosen."""


def take_model(args: argparse.Namespace) -> None:
    """Take the first of the recordings for the model if it is the folder of one.

    Raises
    ------
    UsageError
        If there is a dictionary as well.
    """
    first = args.recordings[0] if args.recordings else None
    if args.model is None and first is not None and os.path.isfile(first / CONFIG):
        args.model, args.recordings = first, args.recordings[1:]
    if args.model and args.dictionary:
        raise UsageError(f"--dictionary is of no use with the model {args.model}; leave it out")


def load_model(folder: Path | None) -> Model | None:
    """Return the model of a folder, if there is one; OSError or ValueError if it is none."""
    if folder is None:
        return None
    from musisep.models import Model

    return Model.load(folder)


def model_settings(model: Model, given: Mapping[str, Any]) -> Settings:
    """Return the settings of a model, for all of its instruments unless others are given.

    Raises
    ------
    UsageError
        If these are too many.
    """
    if "instruments" in given:
        return model.config.settings()
    names, listed = model.learned.names, ", ".join(model.learned.names)
    if len(names) > FEW:
        wrong = f"{model.folder} has {len(names)} instruments: {listed}"
        raise UsageError(f"{wrong}; choose those that play with --instruments NAME,NAME")
    say(f"{model.folder}: all of its instruments are separated: {listed}; --instruments chooses")
    return model.config.settings(names)


def check_names(names: tuple[str, ...], model: Model | None) -> None:
    """Raise ValueError if the model, or the library, does not know an instrument."""
    from musisep.instruments import library  # loads NumPy

    profiles = model.profiles if model else library()
    for name in names:
        profiles.numbers(name)
