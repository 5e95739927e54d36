"""Measure size and loading time of the page of a report, for a recording of some minutes.

    python experiments/e26_report.py [--minutes 5] [--instruments 2 4] [--jobs 2] [--seed 0]
        [--results FOLDER]

The recording that comes with the package is separated, and the result is repeated until it is long
enough; other numbers of instruments are made by dividing the stems. Printed are the notes,
the seconds that it takes to write the page, its size in MB, and the seconds from opening it in
Chromium to its first picture ("drawn") and until all tracks can be played ("ready"). These two need
Chromium and Playwright for Python.
"""

import shutil
import time
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
from results import write_values
from script import Script, peer, skip

from musisep import Dictionary, Separation, separate
from musisep.io import files
from musisep.report import write_report
from musisep.scores import NoteTable

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
READY = "musisep.player.tracks.every((track) => track.media.readyState >= 3)"


def repeated(
    found: Separation, seconds: float, instruments: int, seed: int = 0
) -> tuple[Separation, NoteTable]:
    """Return a separation that is played until `seconds` have passed, and its notes."""
    length_s = found.mixture.shape[1] / found.sample_rate
    copies = max(1, round(seconds / length_s))
    parts = -(-instruments // len(found.stems))
    stems = np.repeat(np.asarray(found.stems) / parts, parts, axis=0)[:instruments]
    columns = np.repeat(found.dictionary.amplitudes, parts, axis=1)[:, :instruments]
    notes = np.concatenate([found.notes] * copies).view(np.recarray)
    later = np.repeat(np.arange(copies) * length_s, len(found.notes))
    notes.onset_s += later
    notes.offset_s = np.minimum(notes.offset_s + later, copies * length_s)
    notes.instrument = np.arange(len(notes)) % instruments
    notes.certainty = np.random.default_rng(seed).uniform(0.3, 1, len(notes))
    long = replace(
        found, stems=np.tile(stems, copies), mixture=np.tile(found.mixture, copies),
        dictionary=Dictionary(columns), likenesses=None, certainty=None,
    )  # fmt: skip
    return long, notes


def loaded_s(path: Path) -> tuple[float, float]:
    """Return the seconds until a page is drawn, and until all of its tracks can be played."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        begin = time.perf_counter()
        page.goto(path.resolve().as_uri())
        drawn = time.perf_counter() - begin
        page.wait_for_function(READY)
        ready = time.perf_counter() - begin
        browser.close()
    return drawn, ready


def main() -> None:
    """Print what is measured."""
    quick = ["--minutes", "0.2", "--jobs", "1", "--out", "{scratch}/report.html"]
    parser = Script(__doc__, quick, seed=True, results=True)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--instruments", type=int, nargs="+", default=[2])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("report.html"))
    args = parser.parse_args()
    with resources.as_file(resources.files("musisep") / "demo" / "mix.flac") as path:
        found = separate(*files.read(path), instruments=2, seed=args.seed)
    if CHROMIUM is None:
        skip("Chromium is not installed")
    browser = CHROMIUM is not None and peer("playwright", "sync_api") is not None
    values: dict[str, float] = {}
    for instruments in args.instruments:
        long, notes = repeated(found, 60 * args.minutes, instruments, args.seed)
        begin = time.perf_counter()
        write_report(long, args.out, notes=notes, title="The demo recording", jobs=args.jobs)
        own = {"notes": len(notes), "written s": time.perf_counter() - begin}
        own["MB"] = args.out.stat().st_size / 1e6
        if browser:
            own["drawn s"], own["ready s"] = loaded_s(args.out)
        print(f"{instruments} instruments:", *(f"{key} {x:.2f}" for key, x in own.items()))
        values |= {f"{instruments} {key}": value for key, value in own.items()}
    if args.results:
        data = f"the demo, repeated for {args.minutes:g} min"
        write_values(args.results, "report", data, values)


if __name__ == "__main__":
    main()
