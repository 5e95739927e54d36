"""The command `config`."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from musisep.cli.base import Command, Parser, UsageError, as_options, complaint, say
from musisep.cli.guard import tell
from musisep.cli.options import flag
from musisep.models.config import COMMENTS, ModelConfig, edit_config, lines
from musisep.models.config import CONFIG as FILE

FLAGS = {field.name: flag(field.name) for field in fields(ModelConfig)}
"""The options that are called like the fields of `ModelConfig`."""


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [option ...] FOLDER"
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of the model")
    parser.add_argument("kind", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument(
        "--save", type=Path, metavar="PATH", help="where that folder is (default: here)"
    )
    parser.add_argument("--display", action="store_true", help="print all values")
    group = parser.add_argument_group("values to change")
    for field in fields(ModelConfig):
        default, name = field.default, field.name
        kind: Any = _names if isinstance(default, tuple) else type(default)
        told = "none" if default == () else default
        plain = [FLAGS[name], f"--{name}"]
        group.add_argument(
            *dict.fromkeys(plain), type=kind, default=argparse.SUPPRESS,
            metavar="NAME,NAME" if kind is _names else "N" if kind in (int, float) else "NAME",
            help=f"{COMMENTS[name].replace('%', '%%')} (default: {told})",
        )  # fmt: skip
    if isinstance(parser, Parser):
        parser.advice = f"there are no networks here, and a model has {', '.join(FLAGS.values())}"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _run(args: argparse.Namespace) -> int:
    """Make or change the configuration of a model and return the exit status."""
    if args.kind:
        wrong = f"there are no networks to choose from, as {args.kind!r}"
        raise UsageError(f"{wrong}; a model has its name only: musisep config {args.folder}")
    folder = args.folder if args.save is None else args.save / args.folder
    values = {name: getattr(args, name) for name in FLAGS if hasattr(args, name)}
    try:
        ModelConfig.of(values)
    except ValueError as error:
        raise UsageError(as_options(str(error), FLAGS)) from error
    is_new = not (folder / FILE).exists()
    try:
        config = edit_config(folder, values)
    except (OSError, ValueError) as error:
        say(complaint(folder, error))
        return 1
    done = "made" if is_new else "changed" if values else "is there"
    told = [f"{folder / FILE}: {done}"]
    if args.display:
        told += [f"  {line}" for line in lines(config)]
    return tell(told)


CONFIG = Command("config", "Make or change the configuration of a model.", _add_options, _run)
