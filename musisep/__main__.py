"""The command `musisep`, also ``python -m musisep``."""

import sys
from collections.abc import Sequence

from musisep.cli.base import execute, new_parser
from musisep.cli.invert import INVERT
from musisep.cli.separate import SEPARATE

COMMANDS = (SEPARATE, INVERT)
"""The sub-commands."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sub-command that the arguments name.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit status, see `musisep.cli.base.execute`.
    """
    parser = new_parser("musisep", "Blind separation of the instruments in a recording.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for command in COMMANDS:
        summary = command.summary
        command.equip(subparsers.add_parser(command.name, help=summary, description=summary))
    return execute(parser, argv)


if __name__ == "__main__":
    sys.exit(main())
