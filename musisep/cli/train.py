"""The command `train`."""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from musisep.cli.base import Command, complaint, say
from musisep.cli.batch import cluster_at, roomy
from musisep.cli.compiling import compiling
from musisep.cli.data import LAYOUTS
from musisep.cli.guard import tell
from musisep.cli.options import add_jobs_option, add_quiet_option, add_scheduler_option

if TYPE_CHECKING:
    from musisep.models import Trained


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [option ...] MODEL DATA"
    parser.add_argument(
        "model", type=Path, metavar="MODEL", help="its folder; musisep config makes one"
    )
    parser.add_argument(
        "data", type=Path, metavar="DATA",
        help="recordings whose stems are known, or single stems (see musisep data): a folder, or a "
        "manifest",
    )  # fmt: skip
    parser.add_argument(
        "--layout", choices=LAYOUTS, help="how files are called (default: this is found out)"
    )
    add_jobs_option(parser)
    add_scheduler_option(parser.add_argument_group("on a cluster"))
    add_quiet_option(parser)


def _run(args: argparse.Namespace) -> int:
    """Train a model, print what came of it and return the exit status."""
    from joblib import cpu_count

    from musisep.models import train
    from musisep.models.config import read_config
    from musisep.models.folder import checked_folder

    failed = []

    def report(name: str, error: Exception) -> None:
        text = complaint(getattr(error, "path", None) or Path(name), error)
        if text not in failed:
            failed.append(text)
            say(text)

    jobs = 1 if args.scheduler else args.jobs or roomy(cpu_count())
    with ExitStack() as stack:
        pool = stack.enter_context(cluster_at(args.scheduler)) if args.scheduler else None
        bars = stack.enter_context(compiling(args.quiet))
        at_fault = args.model
        try:
            read_config(checked_folder(args.model))  # what is wrong there is not told of the data
            at_fault = args.data
            trained = train(
                args.model, args.data, layout=args.layout, jobs=jobs, pool=pool, progress=bars,
                report=report,
            )  # fmt: skip
        except OSError as error:
            say(complaint(getattr(error, "path", None) or args.model, error))
            return 1
        except (ValueError, MemoryError) as error:
            say(complaint(at_fault, error))
            return 1
    return max(tell(_lines(args.model, trained)), bool(failed))


def _lines(folder: Path, trained: "Trained") -> list[str]:
    """Return what there is to tell of a training."""
    learned = f"{len(trained.instruments)} instruments, learned from {trained.lessons} excerpts"
    told = [f"{folder}: {learned}"]
    if not trained.changed:
        told[0] += "; it is complete, and nothing had to be done"
    told.append(f"  {', '.join(trained.instruments)}")
    if trained.unlearned:
        told.append(f"  nothing was heard of {', '.join(trained.unlearned)}")
    if trained.measured:
        noun = "recording" if trained.measured == 1 else "recordings"
        compared = f"{trained.sdr_db:.1f} dB, {trained.blind_sdr_db:.1f} dB without the model"
        told.append(f"  measured by {trained.measured} other {noun}: median SDR {compared}")
    if trained.unmeasured:
        unknown = "not measured, as an instrument of them is not known"
        told.append(f"  {unknown}: {', '.join(trained.unmeasured)}")
    return told


TRAIN = Command("train", "Learn a model from recordings whose stems are known.", _add_options, _run)
