"""The commands of this room: nothing heavy is imported before they are guarded."""

from __future__ import annotations

from musisep.cli.guard import guarded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from musisep.tones.peaks import Floats

MOST_SPECTRA = 10**5
"""Test spectra are all in memory at once, 16 KB each."""


def command(argv: Sequence[str] | None = None) -> int:
    """Run ``musisep separate`` without naming it; exit status as of `guarded`."""

    def run() -> int:
        from musisep.cli.base import execute, new_parser
        from musisep.cli.separate import SEPARATE

        parser = new_parser("python -m musisep.dictsep", SEPARATE.summary)
        SEPARATE.equip(parser)
        return execute(parser, argv)

    return guarded(run, last=argv is None)


def learning_command(argv: Sequence[str] | None = None) -> int:
    """Run ``python -m musisep.dictsep.dictlearn``; exit status as of `guarded`.

    It prints a line for each dictionary of `test_learn_multi`, and what `averages` returns.
    """

    def run() -> int:
        from musisep.cli.base import Command, execute, new_parser

        summary = "Test the learning of dictionaries on artificial spectra."
        parser = new_parser("python -m musisep.dictsep.dictlearn", summary)
        Command("dictlearn", summary, _add_options, _test).equip(parser)
        return execute(parser, argv)

    return guarded(run, last=argv is None)


def _add_options(parser: ArgumentParser) -> None:
    from musisep.cli.options import number
    from musisep.settings import LIMITS

    def add(name: str, least: int, most: int, default: int, meaning: str) -> None:
        kind = number(int, f"a number of at least {least}", lambda n: n >= least, most)
        told = f"{meaning}; from {least} to {most} (default: %(default)s)"
        parser.add_argument(f"--{name}", type=kind, default=default, metavar="N", help=told)

    parser.description = (
        "Test the learning of dictionaries on artificial spectra: random instruments play random "
        "tones, a dictionary is learned from them, and others are separated with the true "
        "dictionary and with the learned one. Prints SDR, SIR and SAR in dB, means over the "
        "instruments, and the time in seconds."
    )
    add("dictionaries", *LIMITS["dictionaries"], 10, "how many dictionaries are learned")
    add("steps", *LIMITS["runs"], 10_000, "steps of the learning of each, of one spectrum each")
    add("spectra", 2, MOST_SPECTRA, 1000, "how many spectra are separated as a test")
    add("lifetime", *LIMITS["lifetime"], 500,
        "steps until half of the columns is renewed, at most --steps; 0: never")  # fmt: skip
    add("seed", *LIMITS["seed"], 0, "another number, another attempt")


def _test(args: Namespace) -> int:
    import math
    import time

    from musisep.cli.base import UsageError

    if args.lifetime > args.steps:
        advice = "lower --lifetime, or raise --steps"
        raise UsageError(f"--lifetime {args.lifetime} is more than --steps {args.steps}; {advice}")
    from musisep.dictsep.artificial import averages, test_learn_multi

    line = "{:>10s} | {:>7s} {:>7s} {:>7s} | {:>7s} {:>7s} {:>7s} | {:>7s}".format
    print(line("dictionary", "SDR", "SIR", "SAR", "SDR", "SIR", "SAR", "time"))
    print(line("", "with", "the", "true", "with", "the", "learned", "s"), flush=True)
    begin = time.perf_counter()

    def show(label: str, row: Floats, seconds: str = "", digits: int = 1) -> None:
        cells = ("-" if math.isnan(value) else f"{value:.{digits}f}" for value in row)
        print(line(label, *cells, seconds), flush=True)

    def show_dictionary(number: int, row: Floats) -> None:
        nonlocal begin
        show(str(number + 1), row, f"{time.perf_counter() - begin:.1f}")
        begin = time.perf_counter()

    measures = test_learn_multi(
        runs=args.steps, test_samples=args.spectra, lifetime=args.lifetime,
        num_dicts=args.dictionaries, seed=args.seed, progress=show_dictionary,
    )  # fmt: skip
    means, deviations, perfect = averages(measures)
    show("mean", means)
    show("deviation", deviations)
    if perfect.any():
        show("perfect", perfect, digits=0)
        print("perfect: so many dictionaries separate without error, and are not in the means")
    return 0
