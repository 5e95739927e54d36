"""The command `warm-up`."""

import argparse
import time
from contextlib import closing

from musisep._util.messages import COMPILED_ANEW
from musisep._util.progress import Bars
from musisep.cli.base import Command, say
from musisep.cli.guard import tell
from musisep.cli.options import add_jobs_option, add_quiet_option


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [option ...]"
    add_jobs_option(parser)
    add_quiet_option(parser)


def _run(args: argparse.Namespace) -> int:
    """Compile the kernels that are not yet, print where they are kept; return the exit status."""
    begin = time.perf_counter()
    from joblib import cpu_count

    from musisep.warming import cache_place, kernels, warm_up

    if not kernels():
        say("nothing is compiled here: NUMBA_DISABLE_JIT is set")
        return 1
    place = cache_place()
    if place is None:
        say(f"compiled kernels cannot be kept: {COMPILED_ANEW}")
        return 1
    with closing(Bars(args.quiet)) as bars:
        found = warm_up(bars, args.jobs or cpu_count())
    if found.missing:
        lost = f"{len(found.missing)} of {found.kernels} kernels are not kept below {place}"
        say(f"{lost}: {COMPILED_ANEW}")
        return 1
    seconds = time.perf_counter() - begin
    return tell([
        f"{found.kernels} kernels are compiled for {found.kept} kinds of arguments, "
        f"{found.fresh} of them in these {seconds:.0f} s",
        f"  they are kept below {place}",
    ])  # fmt: skip


WARM_UP = Command(
    "warm-up", "Compile all kernels, so that no later run has to.", _add_options, _run
)
