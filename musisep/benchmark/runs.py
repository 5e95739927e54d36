"""Runs of methods on tracks; each result is kept as soon as it is there."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from musisep import __version__
from musisep.benchmark.item import Item, UnsuitableError
from musisep.benchmark.methods import Method
from musisep.evaluation.folders import Track
from musisep.evaluation.report import save_json
from musisep.evaluation.tracks import check_length, read_alike
from musisep.io.hashing import digest
from musisep.metrics.windows import evaluate

WARM_S = 2.0
"""Of the first track, on which a method runs before the clock does."""


@dataclass(frozen=True)
class Result:
    """What a method reached on a track.

    Parameters
    ----------
    track, method : str
        Their names.
    measures : dict of str to dict of str to float
        By stem and measure, in dB; empty if the method does not suit the track.
    seconds, duration_s : float
        How long it took, and how long the track is, in seconds.
    note : str
        Why there are no measures, or what is to be known about them.
    kept : bool
        Whether it was there already.

    Examples
    --------
    >>> from musisep.benchmark.runs import Result
    >>> result = Result("march", "nmf", {"flute": {"SDR": 3.5}}, 2.0, 8.0)
    >>> result.measures["flute"]["SDR"], result.seconds / result.duration_s
    (3.5, 0.25)
    """

    track: str
    method: str
    measures: dict[str, dict[str, float]]
    seconds: float
    duration_s: float
    note: str = ""
    kept: bool = False


class Benchmark:
    """Runs of methods on tracks, whose results are kept in a folder.

    Parameters
    ----------
    folder : Path
        A file for each result.
    taps : int
        See `musisep.metrics.windows.evaluate`, whose measures over the whole track are kept.
    duration_s : float
        How much of each track is used, from its beginning, in seconds.
    jobs : int
        Processor cores that methods may use.
    fresh : bool
        Whether results that are there are made anew.

    Examples
    --------
    The second run finds what the first has kept:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.benchmark.methods import methods_of
    >>> from musisep.benchmark.runs import Benchmark
    >>> from musisep.evaluation.folders import tracks_in
    >>> from musisep.io import files
    >>> stems = 0.1 * np.random.default_rng(0).normal(size=(2, 8000))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, stem in zip(("flute", "cello"), stems):
    ...         files.write(Path(folder, "data", f"{name}.wav"), stem, 8000)
    ...     (track,) = tracks_in(Path(folder, "data"))
    ...     benchmark = Benchmark(Path(folder, "kept"), taps=1, duration_s=1.0, jobs=1)
    ...     for _ in range(2):
    ...         (result,) = benchmark.run(track, methods_of(["mixture"]))
    ...         print(result.kept, round(result.measures["flute"]["SDR"], 1))
    False 0.0
    True 0.0
    """

    def __init__(
        self, folder: Path, *, taps: int, duration_s: float, jobs: int, fresh: bool = False
    ) -> None:
        self._folder, self._taps, self._duration_s = folder, taps, duration_s
        self._jobs, self._fresh = jobs, fresh
        self._warm: set[str] = set()

    def run(self, track: Track, methods: dict[str, Method]) -> Iterator[Result | Exception]:
        """Yield the result of each method for a track, or why it failed.

        Parameters
        ----------
        track : Track
            Files of the mixture and of the true stems.
        methods : dict of str to Method
            Methods by name.

        Yields
        ------
        Result or Exception
            Of each method, in their order.

        Raises
        ------
        AudioFileError
            If a file of the track cannot be read, or a result cannot be kept.
        ValueError
            If files of the track are not alike.
        LookupError
            If a package of a method is missing.
        """
        inputs, item = digest_of(track), None
        for name, method in methods.items():
            place = self._folder / f"{self._key(name, method, inputs)}.json"
            result = None if self._fresh else _load(place)
            if result is None:
                item = item or read_item(track, self._duration_s, self._jobs)
                check_length(item.mixture.shape[-1], len(item.references), self._taps)
                try:
                    result = self._measure(track, item, name, method)
                except (ValueError, OSError, MemoryError) as error:
                    yield error
                    continue
                save_json(place, asdict(result))
            yield replace(result, track=track.name)  # what is kept goes by bytes, not by names

    def _key(self, name: str, method: Method, inputs: str) -> str:
        """Return what changes with everything that a result depends on."""
        parts = {
            "musisep": __version__, "method": name, "settings": method.settings,
            "packages": method.versions(), "inputs": inputs, "taps": self._taps,
            "duration_s": str(self._duration_s),
        }  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    def _measure(self, track: Track, item: Item, name: str, method: Method) -> Result:
        duration_s = item.mixture.shape[-1] / item.sample_rate
        try:
            if method.warm and name not in self._warm:
                method.run(_beginning(item))
                self._warm.add(name)
            begin = time.perf_counter()
            stems = method.run(item)
            seconds = time.perf_counter() - begin
        except UnsuitableError as error:
            return Result(track.name, name, {}, 0.0, duration_s, str(error))
        found = evaluate(
            item.references, stems, sample_rate=item.sample_rate, filter_length=self._taps
        )
        measures = {
            stem: {measure: float(values[at]) for measure, values in found.whole.items()}
            for at, stem in enumerate(track.stems)
        }
        silent = len(found.silent_estimates)
        note = f"{silent} of its stems are silent, not measured" if silent else ""
        return Result(track.name, name, measures, seconds, duration_s, note)


def read_item(track: Track, duration_s: float, jobs: int) -> Item:
    """Read the beginning of a track; without a file, the mixture is the sum of the stems."""
    paths = [*track.stems.values(), *([track.mixture] if track.mixture else [])]
    signals, rate, _ = read_alike(paths, duration_s)
    references = signals[: len(track.stems)]
    if track.mixture is None:
        return Item(references.sum(axis=0), references, rate, None, jobs)
    whole = signals.shape[-1] < duration_s * rate
    return Item(signals[-1], references, rate, track.mixture if whole else None, jobs)


def digest_of(track: Track) -> str:
    """Return a hash of the names and bytes of a track's files."""
    every = hashlib.sha256()
    for name, path in [*track.stems.items(), *([("", track.mixture)] if track.mixture else [])]:
        every.update(f"{name}\n{digest(path)}\n".encode(errors="surrogateescape"))
    return every.hexdigest()


def _load(path: Path) -> Result | None:
    """Return a result that was kept, if it is there and whole."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        measures = {
            stem: {name: _number(value) for name, value in values.items()}
            for stem, values in content["measures"].items()
        }
        return Result(**{**content, "measures": measures, "kept": True})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _number(value: float | str | None) -> float:
    return float("nan") if value is None else float(value)


def _beginning(item: Item) -> Item:
    part = slice(min(item.mixture.shape[-1], int(WARM_S * item.sample_rate)))
    return item._replace(
        mixture=np.ascontiguousarray(item.mixture[:, part]),
        references=np.ascontiguousarray(item.references[..., part]),
        path=None,
    )
