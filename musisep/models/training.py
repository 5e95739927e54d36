"""Learning a model from a data set, in steps that are kept: a run that was ended goes on."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from musisep._util import checks
from musisep._util.processes import Processes
from musisep._util.progress import Progress, no_progress
from musisep._util.tasks import Lost, Pool, run_tasks
from musisep.instruments import Lesson, ProfileFit, Profiles, library
from musisep.io.hashing import digest
from musisep.io.replacing import problem, replacing
from musisep.models import validation
from musisep.models.config import LIBRARY, ModelConfig, read_config
from musisep.models.folder import CHECKPOINT, DICTIONARY, EVALUATION, checked_folder, known_by
from musisep.models.plans import Plan, Report, plan
from musisep.models.sources import Source, digest_once, hear, key_of, lesson_key, only

STATE = "dictionary.json"
"""In the checkpoint: of which lessons the dictionary is."""
KEPT = re.compile(r"[0-9a-f]{24}\.(npz|json)")
"""Names of what else is there."""


class Trained(NamedTuple):
    """What came of a training.

    Parameters
    ----------
    instruments : tuple of str
        Of the model.
    lessons, heard : int
        Excerpts and mixtures it was learned from, and how many were heard just now.
    measured : int
        Recordings it was measured by.
    sdr_db, blind_sdr_db : float
        Median SDR of stems with the model and without; NaN if nothing was measured.
    unlearned : tuple of str
        Instruments of which nothing was heard.
    unmeasured : tuple of str
        Recordings that are not measured, as the model does not know one of their instruments.
    changed : bool
        Whether there was anything to do.

    Examples
    --------
    >>> from musisep.models import Trained
    >>> trained = Trained(("cello", "oboe"), 8, 8, 1, 7.5, 6.0, (), (), True)
    >>> trained.sdr_db - trained.blind_sdr_db
    1.5
    """

    instruments: tuple[str, ...]
    lessons: int
    heard: int
    measured: int
    sdr_db: float
    blind_sdr_db: float
    unlearned: tuple[str, ...]
    unmeasured: tuple[str, ...]
    changed: bool


def train(
    folder: str | os.PathLike[str],
    data: str | os.PathLike[str],
    *,
    layout: str | None = None,
    jobs: int = 1,
    pool: Pool | None = None,
    progress: Progress | None = None,
    report: Report | None = None,
) -> Trained:
    """Learn a model from recordings whose stems are known, and measure it.

    What is heard is kept at once: the same call goes on where another one was ended, with the same
    result. A finished model is left as it is; recordings that are new are heard in addition.

    Parameters
    ----------
    folder : path
        Of the model; `musisep.models.edit_config` makes it.
    data : path
        As for `musisep.datasets.open_dataset`, or `musisep.datasets.open_stems`.
    layout : str, optional
        How the files are called; default: this is found out.
    jobs : int
        Processes; the result does not depend on it. A script that has several must be importable.
    pool : optional
        What works instead, as `musisep._util.cluster.Cluster`.
    progress : function, optional
        Called with the name of a stage, and with how much of it is done and to do.
    report : function, optional
        Called with the name of each recording that is left out, and the exception that tells why.
        By default it is raised.

    Returns
    -------
    Trained
        What was learned, and how well it separates.

    Raises
    ------
    OSError
        If there is no model or no data set, or a file cannot be written.
    ValueError
        If the configuration is not as it should be, or nothing can be learned.

    Examples
    --------
    A data set of a second of music, of which nothing is kept to measure the model by:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from musisep.io import files
    >>> from musisep.models import edit_config, train
    >>> seconds = np.arange(8000) / 8000
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, hz in (("flute", 660), ("cello", 220)):
    ...         tone = 0.1 * sum(np.sin(2 * np.pi * hz * h * seconds) / h for h in (1, 2, 3))
    ...         files.write(Path(folder, "data", "song", f"{name}.wav"), tone, 8000)
    ...     _ = edit_config(Path(folder, "model"), {"mixtures": 0, "validation": 0, "restarts": 1})
    ...     trained = train(Path(folder, "model"), Path(folder, "data"))
    ...     again = train(Path(folder, "model"), Path(folder, "data"))
    >>> trained.instruments, trained.heard, trained.changed
    (('cello', 'flute'), 1, True)
    >>> again.heard, again.changed
    (0, False)
    """
    folder, data = checked_folder(folder).absolute(), checks.path("data", data)
    jobs = checks.at_least("jobs", jobs, 1)
    config = read_config(folder)
    digest_once.cache_clear()  # files may have changed since another run
    run = _Run(folder, config, jobs, pool, progress or no_progress, report or _refuse)
    planned = plan(data, config, run.report, layout)
    lessons, heard = run.lessons(planned)
    learned, fitted = run.profiles(lessons, planned.instruments)
    rows, unmeasured, measured = run.measures(planned, learned)
    run.tidy()
    return Trained(
        learned.names,
        len(lessons),
        heard,
        len({row[0] for row in rows}),
        validation.median_db(rows, "sdr_db"),
        validation.median_db(rows, "blind_sdr_db"),
        _unlearned(learned, planned.instruments),
        unmeasured,
        bool(heard or fitted or measured),
    )  # fmt: skip


def _unlearned(learned: Profiles, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of which nothing was heard, or that no lesson has."""
    heard = [
        name for name, amount in zip(learned.names, learned.amounts, strict=True) if amount > 0
    ]
    return tuple(name for name in dict.fromkeys((*learned.names, *names)) if name not in heard)


def _refuse(name: str, error: Exception) -> None:
    raise error


class _Run:
    """A training."""

    def __init__(
        self,
        folder: Path,
        config: ModelConfig,
        jobs: int,
        pool: Pool | None,
        progress: Progress,
        report: Report,
    ) -> None:
        self.folder, self.config, self.report = folder, config, report
        self._jobs, self._pool, self._progress = jobs, pool, progress
        self._checkpoint = folder / CHECKPOINT
        self._used = set[str]()

    def lessons(self, planned: Plan) -> tuple[dict[str, Lesson], int]:
        """Return the lessons by their keys, and how many were heard just now."""
        sources = self._keyed(planned.learned, partial(lesson_key, config=self.config))
        lessons = {key: self._kept(key) for key in sources}
        todo = {key: sources[key] for key, lesson in lessons.items() if lesson is None}
        work = partial(_hear, folder=self._checkpoint, config=self.config)
        self._work_off("hearing", work, [(key, one) for key, one in todo.items()])
        for key in todo:
            lessons[key] = self._kept(key)
        found = {key: lesson for key, lesson in lessons.items() if lesson is not None}
        if not found:
            raise ValueError("nothing of it could be heard")
        return found, len(todo.keys() & found.keys())

    def profiles(
        self, lessons: dict[str, Lesson], instruments: Sequence[str]
    ) -> tuple[Profiles, bool]:
        """Return what the lessons teach, and whether that was not known."""
        state, path = self._checkpoint / STATE, self.folder / DICTIONARY
        inputs = key_of("profiles", list(lessons), self.config.base, list(instruments))
        before = validation.content_of(state)
        if before.get("inputs") == inputs and _digest(path) == before.get("sha256"):
            return Profiles.load(path), False
        base = library() if self.config.base == LIBRARY else None
        wanted = [only(lesson, instruments) for lesson in lessons.values()]
        profiles = ProfileFit()([lesson for lesson in wanted if lesson.instruments], base)
        profiles.save(path)
        with replacing(state) as temporary:
            temporary.write_text(json.dumps({"inputs": inputs, "sha256": digest(path)}))
        return profiles, True

    def measures(
        self, planned: Plan, learned: Profiles
    ) -> tuple[list[validation.Row], tuple[str, ...], bool]:
        """Return the table, what is not in it, and whether it was not there."""
        profiles = known_by(self.config, learned)
        able = [one for one in planned.measured if _knows(profiles, one.instruments)]
        unable = tuple(one.name for one in planned.measured if one not in able)
        dictionary = digest(self.folder / DICTIONARY)
        key_for = partial(validation.measure_key, config=self.config, dictionary=dictionary)
        sources = self._keyed(able, key_for)
        named = dict(
            zip(sources, validation.places([one.name for one in sources.values()]), strict=True)
        )
        rows = {key: validation.kept_rows(self.folder, key) for key in sources}
        todo = [key for key, kept in rows.items() if kept is None]
        work = partial(_measure, folder=self.folder, config=self.config, profiles=profiles)
        self._work_off("measuring", work, [(key, sources[key], named[key]) for key in todo])
        for key in todo:
            rows[key] = validation.kept_rows(self.folder, key)
        table = [row for kept in rows.values() for row in kept or ()]
        written = bool(table) and validation.write_table(self.folder / EVALUATION, table)
        return table, unable, written or bool(todo)

    def tidy(self) -> None:
        """Remove what is kept of other configurations, or of data that have changed."""
        for path in self._checkpoint.iterdir():
            if not KEPT.fullmatch(path.name) or path.stem in self._used:
                continue
            if path.suffix == ".json":
                validation.forget(self.folder, path.stem)
            else:
                path.unlink(missing_ok=True)

    def _keyed(
        self, sources: Sequence[Source], key_for: Callable[[Source], str]
    ) -> dict[str, Source]:
        """Return sources by their keys, without those that cannot be read."""
        keyed = {}
        for number, source in enumerate(sources):
            self._progress("looking", number, len(sources))
            try:
                keyed[key_for(source)] = source
            except (OSError, ValueError) as error:
                self.report(source.name, error)
        self._used |= keyed.keys()
        return keyed

    def _kept(self, key: str) -> Lesson | None:
        try:
            return Lesson.load(self._checkpoint / f"{key}.npz")
        except (OSError, ValueError):  # it is heard again
            return None

    def _work_off(
        self, stage: str, work: Callable[[Any], Exception | None], tasks: Sequence[tuple[Any, ...]]
    ) -> None:
        """Work off tasks, of which each has a source as its second entry."""
        if not tasks:
            return
        _check_writable(self._checkpoint)
        self._progress(stage, 0, len(tasks))
        if self._pool is not None or self._jobs == 1:
            self._collect(stage, run_tasks(work, tasks, self._pool), tasks)
            return
        with Processes(min(self._jobs, len(tasks))) as pool:
            self._collect(stage, run_tasks(work, tasks, pool), tasks)

    def _collect(self, stage: str, results: Any, tasks: Sequence[tuple[Any, ...]]) -> None:
        for count, (number, result) in enumerate(results, 1):
            if isinstance(result, Exception | Lost):
                self.report(tasks[number][1].name, result)
            self._progress(stage, count, len(tasks))


def _hear(task: tuple[str, Source], folder: Path, config: ModelConfig) -> Exception | None:
    """Hear a lesson and keep it; return why that is impossible. What cannot be kept is raised."""
    key, source = task
    try:
        lesson = hear(source, config)
    except (OSError, ValueError, MemoryError) as error:
        return error
    lesson.save(folder / f"{key}.npz")
    return None


def _measure(
    task: tuple[str, Source, str], folder: Path, config: ModelConfig, profiles: Profiles
) -> Exception | None:
    """Measure by a recording; return why that is impossible."""
    key, source, place = task
    try:
        validation.measure(source, place, key, folder, config, profiles)
    except (OSError, ValueError, MemoryError) as error:
        return error
    return None


def _knows(profiles: Profiles, names: Sequence[str]) -> bool:
    try:
        return all(profiles.numbers(name) for name in names)
    except ValueError:
        return False


def _digest(path: Path) -> str | None:
    try:
        return digest(path)
    except OSError:
        return None


def _check_writable(folder: Path) -> None:
    """Raise OSError if nothing can be kept, before anything is heard."""
    try:
        folder.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise problem(folder, f"cannot be written: {reason}; choose another folder") from error
