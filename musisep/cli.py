"""What the commands share: options, the checks before anything is computed, messages.

Importing this module and building a parser loads neither NumPy nor what needs it, so that
``--help`` answers at once.
"""

import argparse
import os
import string
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musisep import __version__
from musisep.settings import FRONT_ENDS, Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musisep.dictionary import Dictionary
    from musisep.separation import Separation

SUBTYPES = {"wav": ("FLOAT", "PCM_16", "PCM_24"), "flac": ("PCM_24", "PCM_16")}
"""File formats and their sample formats, the default first."""
TEMPLATE_FIELDS = ("track", "stem", "ext")
DEMO, DEMO_REFERENCES = "mix.flac", ("clarinet.flac", "horn.flac")
USAGE, INTERRUPTED = 2, 130


class UsageError(Exception):
    """The command cannot be meant like that; the message says what to change."""


@dataclass(frozen=True)
class Command:
    """A command or sub-command.

    Parameters
    ----------
    name, summary : str
        What the user types, and what it does, on one line.
    add_options : function
        Adds its options to a parser.
    run : function
        Does the work with the parsed options and returns the exit status; `UsageError` if the
        options make no sense together.
    """

    name: str
    summary: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]

    def equip(self, parser: argparse.ArgumentParser) -> None:
        """Make `parser` the parser of this command."""
        self.add_options(parser)
        parser.set_defaults(run=self.run, refuse=parser.error)


def new_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """Return a parser that has --help and --version."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--version", action="version", version=f"musisep {__version__}")
    return parser


def execute(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command that they name.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Equipped by `Command.equip`, itself or its sub-parsers.
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit status: 0; 1 if an input failed or the report could not be printed; 130 on Ctrl-C.

    Raises
    ------
    SystemExit
        With status 2 for wrong usage, with 0 after --help and --version.
    """
    args = parser.parse_args(argv)
    try:
        with _plain_messages():
            status: int = args.run(args)
            sys.stdout.flush()
        return status
    except UsageError as error:
        args.refuse(str(error))
    except KeyboardInterrupt:
        say("stopped")
        return INTERRUPTED
    except OSError as error:
        say(f"the report cannot be printed: {error.strerror}")
        # What is still in the buffer shall not fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def say(text: str) -> None:
    """Print a message on one line of stderr."""
    print("musisep:", " ".join(text.splitlines()), file=sys.stderr)


@contextmanager
def _plain_messages() -> Iterator[None]:
    """Warnings on one line, and names of files that the terminal lacks letters for escaped."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: say(str(message))
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")
        yield


def add_separate_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `separate`."""
    parser.add_argument(
        "recordings", nargs="*", type=Path, metavar="FILE",
        help="recordings to separate: WAV, FLAC, Ogg, MP3, AIFF, ..., or folders of them",
    )  # fmt: skip
    model = parser.add_argument_group("what is separated")
    _add_setting(model, "instruments", "how many instruments play", "-n")
    _add_setting(model, "tones", "how many tones an instrument plays at a time")
    model.add_argument("--start", type=_seconds, default=0.0, metavar="S",
                       help="where to begin, in seconds (default: 0)")  # fmt: skip
    model.add_argument("--duration", type=_positive_seconds, metavar="S",
                       help="how much to separate, in seconds (default: all)")  # fmt: skip
    model.add_argument("--demo", action="store_true",
                       help="separate the recording that comes with the package")  # fmt: skip

    output = parser.add_argument_group("what is written")
    output.add_argument("-o", "--out", type=Path, default=Path("separated"), metavar="FOLDER",
                        help="folder for the tracks (default: %(default)s)")  # fmt: skip
    output.add_argument("--filename", default="{track}/{stem}.{ext}", metavar="TEMPLATE",
                        help="their names in that folder (default: %(default)s)")  # fmt: skip
    output.add_argument("--format", choices=SUBTYPES, default="wav",
                        help="file format (default: %(default)s)")  # fmt: skip
    output.add_argument(
        "--subtype", choices=SUBTYPES["wav"],
        help="sample format (default: FLOAT for wav, PCM_24 for flac)",
    )  # fmt: skip
    output.add_argument("--residual", action="store_true",
                        help="also write what belongs to no instrument")  # fmt: skip
    output.add_argument("--references", nargs="+", type=Path, default=[], metavar="FILE",
                        help="the true tracks, to measure the result")  # fmt: skip
    output.add_argument("--quiet", action="store_true", help="no progress bars")

    learning = parser.add_argument_group("how it is done")
    learning.add_argument("--dictionary", type=Path, metavar="FILE",
                          help="use what was learned before")  # fmt: skip
    learning.add_argument("--save-dictionary", type=Path, metavar="FILE",
                          help="keep what is learned about the instruments (.npz)")  # fmt: skip
    _add_setting(learning, "front_end", "how the spectrogram is made", choices=FRONT_ENDS)
    _add_setting(learning, "restarts", "how many times to learn; the best attempt is used")
    _add_setting(learning, "seed", "another number, another attempt")
    learning.add_argument("--jobs", type=_count, metavar="N",
                          help="processor cores to use (default: all)")  # fmt: skip


def run_separate(args: argparse.Namespace) -> int:
    """Separate each recording, save its stems and print what came out; the exit status."""
    with ExitStack() as stack:
        if args.demo:
            _take_demo(args, stack)
        try:
            dictionary = _load_dictionary(args.dictionary)
        except (OSError, ValueError) as error:
            say(_complaint(args.dictionary, error))
            return 1
        settings = _settings(args, dictionary)
        tasks = _plan(args, settings.instruments)
        return max([_attempt(task, args, settings, dictionary) for task in tasks])


SEPARATE = Command(
    "separate",
    "Separate recordings into one track per instrument, learning from the recording itself.",
    add_separate_options,
    run_separate,
)


@dataclass(frozen=True)
class Task:
    """A recording and everything that will be written for it."""

    recording: Path
    outputs: tuple[Path, ...]


def _add_setting(
    group: argparse._ArgumentGroup, name: str, meaning: str, *flags: str, **options: Any
) -> None:
    """Add the option for a field of `Settings`, of its type and with its default."""
    default = getattr(Settings(), name)
    if "choices" not in options:
        options.update(type=type(default), metavar="N")
    flags = (*flags, "--" + name.replace("_", "-"))
    meaning = f"{meaning} (default: {default})"
    group.add_argument(*flags, default=argparse.SUPPRESS, help=meaning, **options)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no time of at least 0 s")
    return number


def _positive_seconds(text: str) -> float:
    number = _seconds(text)
    if not number:
        raise argparse.ArgumentTypeError(f"{text} is no time above 0 s")
    return number


def _take_demo(args: argparse.Namespace, stack: ExitStack) -> None:
    """Let the recording of the package be what is separated."""
    if args.recordings or args.references:
        raise UsageError("--demo brings its own recording and references; leave the others out")
    folder = resources.files("musisep") / "demo"
    names = (DEMO, *DEMO_REFERENCES)
    paths = [stack.enter_context(resources.as_file(folder / name)) for name in names]
    args.recordings, args.references = paths[:1], paths[1:]


def _load_dictionary(path: Path | None) -> "Dictionary | None":
    if path is None:
        return None
    from musisep.dictionary import Dictionary

    return Dictionary.load(path)


def _settings(args: argparse.Namespace, dictionary: "Dictionary | None") -> Settings:
    given = {f.name: getattr(args, f.name) for f in fields(Settings) if hasattr(args, f.name)}
    if dictionary:
        columns = dictionary.instruments
        if given.setdefault("instruments", columns) != columns:
            wrong = f"instruments={given['instruments']}, but {args.dictionary} has {columns}"
            raise UsageError(f"{wrong}; leave --instruments out")
    try:
        return Settings(**given)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _plan(args: argparse.Namespace, instruments: int) -> list[Task]:
    """Decide what is written where, and refuse what could not end well."""
    recordings = [path for named in args.recordings for path in _audio_files(named)]
    if not recordings:
        raise UsageError("name a recording, or try --demo")
    if args.subtype and args.subtype not in SUBTYPES[args.format]:
        known = " and ".join(SUBTYPES[args.format])
        raise UsageError(f"--format {args.format} has no --subtype {args.subtype}, only {known}")
    if len(recordings) > 1 and (args.references or args.save_dictionary):
        option = "references" if args.references else "save-dictionary"
        raise UsageError(f"--{option} belongs to one recording, these are {len(recordings)}")
    if args.references and len(args.references) != instruments:
        wrong = f"{len(args.references)} references for instruments={instruments}"
        raise UsageError(f"{wrong}; name one for each instrument")
    if args.out.exists() and not args.out.is_dir():
        raise UsageError(f"--out {args.out} is a file; name a folder")
    stems = [f"instrument{k}" for k in range(1, instruments + 1)]
    stems += ["residual"] if args.residual else []
    tasks = [Task(path, _outputs(args, path, stems)) for path in recordings]
    _refuse_collisions(tasks, [*recordings, *args.references])
    return tasks


def _audio_files(named: Path) -> list[Path]:
    """The audio files of a folder; anything else, even an empty folder, as it is."""
    from musisep.audio.files import SUFFIXES

    found = [
        path for path in sorted(named.glob("*"))
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]  # fmt: skip
    return found or [named]


def _outputs(args: argparse.Namespace, recording: Path, stems: Sequence[str]) -> tuple[Path, ...]:
    """Fill in the template for each stem; the file of the dictionary comes last, if any."""
    used = _template_fields(args.filename)
    if not used <= set(TEMPLATE_FIELDS):
        known = ", ".join(f"{{{field}}}" for field in TEMPLATE_FIELDS)
        raise UsageError(f"--filename {args.filename!r} may hold the fields {known} and no others")
    names = [
        args.filename.format(track=recording.stem, stem=stem, ext=args.format) for stem in stems
    ]
    if not all(name.endswith(f".{args.format}") for name in names):
        raise UsageError(f"--filename {args.filename!r} must end in .{{ext}}")
    kept = [args.save_dictionary] if args.save_dictionary else []
    return (*(args.out / name for name in names), *kept)


def _template_fields(template: str) -> set[str]:
    """The fields of a template; one that says "none of yours" if it has an odd form."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        return {template}
    plain = all(not spec and not conversion for _, _, spec, conversion in parts)
    return {field for _, field, _, _ in parts if field is not None} if plain else {template}


def _refuse_collisions(tasks: Sequence[Task], inputs: Sequence[Path]) -> None:
    """Refuse to write two things to one file, or anything over an input."""
    sources = {_identity(path) for path in inputs}
    writers: dict[str, Path] = {}
    for task in tasks:
        for output in task.outputs:
            if _identity(output) in sources:
                raise UsageError(f"{output} is an input and would be overwritten; choose --out")
            other = writers.setdefault(_identity(output), task.recording)
            if output_taken := (other is not task.recording):
                advice = "separate them one by one, each with its own --out"
                raise UsageError(f"{other} and {task.recording} both write {output}; {advice}")
        if len({_identity(output) for output in task.outputs}) < len(task.outputs):
            raise UsageError(f"two stems would be written to one file; put {{stem}} in --filename")


def _identity(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))
