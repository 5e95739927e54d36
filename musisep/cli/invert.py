"""The command `invert`."""

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musisep.audio.inversion.names import INVERSIONS, SPECTROGRAMS, STARTS
from musisep.cli.base import Command, UsageError, complaint, say
from musisep.cli.compiling import compiling
from musisep.cli.guard import tell
from musisep.cli.inputs import Found, check_recording, find
from musisep.cli.options import (
    EXCERPT,
    add_excerpt_options,
    add_existing_options,
    add_format_options,
    add_jobs_option,
    add_quiet_option,
    add_recursive_option,
    flag,
    number,
)
from musisep.cli.planning import Task, check_collisions, check_formats, check_writable
from musisep.io.formats import writable

if TYPE_CHECKING:
    from musisep.spectrogram import Spectrogram

NEEDED = 10
"""Kernels that an inversion with the default options needs."""
ARCHIVE = ".npz"
"""Suffix of stored spectrograms."""
NAMES = ("kind", "n_fft", "hop_length", "method", "init", "seed")
FLAGS = {**{name: flag(name) for name in NAMES}, "max_iter": "--iterations"}
"""Options by the names that functions have for them, see `musisep.cli.base.as_options`; of
recordings there are those of `EXCERPT` as well."""


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"{parser.prog} [option ...] FILE ..."
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="FILE",
        help="spectrograms that musisep stored (.npz), recordings whose phases are thrown away, "
        "or folders of them",
    )  # fmt: skip
    add_recursive_option(parser)
    group = parser.add_argument_group("spectrograms of recordings")
    group.add_argument(
        "--kind", choices=SPECTROGRAMS, default="magnitude",
        help="what is kept of a recording (default: %(default)s)",
    )  # fmt: skip
    for name, meaning in (("--n-fft", "samples of a frame"), ("--hop-length", "samples between")):
        group.add_argument(
            name, type=number(int, "a whole number of at least 1", lambda n: n >= 1), metavar="N",
            help=f"{meaning} (default: as musisep.Spectrogram has it)",
        )  # fmt: skip
    add_excerpt_options(group, "invert")
    group.add_argument(
        "--save-spectrogram", type=Path, metavar="FILE", help="keep the spectrogram as well (.npz)"
    )
    group = parser.add_argument_group("what is written")
    group.add_argument(
        "-o", "--out", type=Path, default=Path("inverted"), metavar="FOLDER",
        help="folder for the audio (default: %(default)s)",
    )  # fmt: skip
    add_format_options(group)
    add_existing_options(group)
    add_quiet_option(group)
    group = parser.add_argument_group("how it is done")
    group.add_argument(
        "--method", choices=INVERSIONS,
        help="default: griffin-lim for magnitudes; all else needs l-bfgs",
    )  # fmt: skip
    group.add_argument(
        "--init", choices=STARTS,
        help="phases to start from, but for l-bfgs (default: single-pass; rtisi-la needs none)",
    )  # fmt: skip
    group.add_argument(
        "--iterations", type=number(int, "a whole number of at least 0", lambda n: n >= 0),
        metavar="N", help="at most (default: 200, for rtisi-la 25 of each frame)",
    )  # fmt: skip
    group.add_argument(
        "--seed", type=number(int, "a whole number of at least 0", lambda n: n >= 0), default=0,
        metavar="N", help="of what is random (default: 0)",
    )  # fmt: skip
    add_jobs_option(group)


def _run(args: argparse.Namespace) -> int:
    """Invert each input and return the exit status."""
    check_formats(args)
    found = find(args.inputs, recursive=args.recursive, out=args.out, suffixes=[ARCHIVE])
    inputs = [path for path, _ in found]
    _check_archives(args, inputs)
    if args.save_spectrogram and len(inputs) > 1:
        raise UsageError(f"--save-spectrogram suits one input, these are {len(inputs)}")
    if args.init and args.method == "l-bfgs":
        raise UsageError(f"--init {args.init} is not for --method l-bfgs; leave it out")
    if args.n_fft and args.kind == "log-frequency":
        raise UsageError("--n-fft is not for --kind log-frequency; leave it out")
    kept = [args.save_spectrogram] if args.save_spectrogram else []
    tasks = [Task(each.path, (_output(each, args), *kept)) for each in found]
    check_collisions(tasks, inputs, "invert them one by one, each with an --out of its own")
    return max([_attempt(task, args) for task in tasks])


def _output(found: Found, args: argparse.Namespace) -> Path:
    return Path(args.out, found.subfolder, f"{found.path.stem}.{args.format}")


def _check_archives(args: argparse.Namespace, inputs: list[Path]) -> None:
    """Refuse options of recordings if all inputs are stored spectrograms."""
    if any(path.suffix.lower() != ARCHIVE for path in inputs):
        return
    given = {
        "--start": args.start, "--duration": args.duration, "--n-fft": args.n_fft,
        "--hop-length": args.hop_length, "--kind": args.kind != "magnitude",
    }  # fmt: skip
    for option, value in given.items():
        if value:
            raise UsageError(f"{option} is for recordings, not for stored spectrograms")


INVERT = Command("invert", "Find audio for spectrograms without phases.", _add_options, _run)


def _attempt(task: Task, args: argparse.Namespace) -> int:
    """Invert one spectrogram, print what came out or went wrong; return the exit status."""
    there = [path for path in task.outputs if path.is_file()]
    if args.skip_existing and len(there) == len(task.outputs):
        return tell([str(task.recording), f"  {there[0]} is there already"])
    try:
        if there and not args.overwrite:
            raise FileExistsError(f"{there[0]} exists; use --overwrite, or change --out")
        lines = _invert(task, args)
    except (OSError, ValueError, MemoryError) as error:
        excerpt = {} if task.recording.suffix.lower() == ARCHIVE else EXCERPT
        say(complaint(task.recording, error, FLAGS | excerpt))
        return 1
    return tell(lines)


def _invert(task: Task, args: argparse.Namespace) -> list[str]:
    """Invert one spectrogram and return what there is to tell about it."""
    import scipy.fft
    from joblib import cpu_count

    from musisep.io import files

    check_recording(task.recording, args.recursive, args.out)
    for path in task.outputs:
        check_writable(path)
    subtype = args.subtype or writable()[args.format].subtypes[0]
    options = {} if args.iterations is None else {"max_iter": args.iterations}
    with compiling(args.quiet, NEEDED) as bars, scipy.fft.set_workers(args.jobs or cpu_count()):
        spectrogram = _spectrogram(task.recording, args)
        channels, sample_rate = len(spectrogram.values), spectrogram.sample_rate
        files.check_encoding(task.outputs[0], channels, sample_rate, subtype)
        audio, convergence = spectrogram.invert(
            args.method, init=args.init, rng=args.seed, progress=bars, **options
        )
    gain = files.headroom_gain([audio], subtype)
    if gain < 1:
        say(f"{task.recording}: the audio was multiplied by {gain:.3f}, or it would clip")
    if args.save_spectrogram:
        spectrogram.save(args.save_spectrogram)
    files.write(
        task.outputs[0], gain * audio, sample_rate, subtype=subtype, quality=args.quality
    )  # fmt: skip
    levels = ", ".join("silent" if math.isnan(x) else f"{x:.1f} dB" for x in convergence)
    return [str(task.recording), f"  {task.outputs[0]}  spectral convergence {levels}"]


def _spectrogram(path: Path, args: argparse.Namespace) -> "Spectrogram":
    """Load a stored spectrogram, or make that of a recording."""
    from musisep.io import files
    from musisep.spectrogram import Spectrogram

    if path.suffix.lower() == ARCHIVE:
        return Spectrogram.load(path)
    audio, sample_rate = files.read(path, start_s=args.start, duration_s=args.duration)
    given: dict[str, Any] = {"n_fft": args.n_fft, "hop_length": args.hop_length}
    parameters = {name: value for name, value in given.items() if value is not None}
    return Spectrogram.of(audio, sample_rate, args.kind, **parameters)
