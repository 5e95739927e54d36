"""The command `musisep`, also ``python -m musisep``."""

from __future__ import annotations

import sys

from musisep.cli.guard import guarded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sub-command that the arguments name, or `separate` if they name none.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit status, see `musisep.cli.guard.guarded`.
    """

    def run() -> int:
        from musisep.cli.commands import run_named

        return run_named(sys.argv[1:] if argv is None else argv)

    return guarded(run, last=argv is None)


if __name__ == "__main__":
    sys.exit(main())
