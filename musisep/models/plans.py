"""What of a data set is learned from, and what the model is measured by."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from musisep.datasets import Mixtures, Recording, Stem, open_all
from musisep.io import files
from musisep.io.replacing import problem
from musisep.models.config import ModelConfig
from musisep.models.sources import Excerpt, Made, Source
from musisep.names import canonical, members

Report = Callable[[str, Exception], object]
"""Called with the name of what fails, and why."""
PLAYING = 2
"""Instruments of a mixture that is made."""


class Plan(NamedTuple):
    """What to learn from, what to measure by, and the names of the instruments to learn."""

    learned: list[Source]
    measured: list[Source]
    instruments: tuple[str, ...]


def plan(
    data: str | os.PathLike[str], config: ModelConfig, report: Report, layout: str | None = None
) -> Plan:
    """Divide a data set.

    Parameters
    ----------
    data : path
        As for `musisep.datasets.open_all`.
    config : ModelConfig
    report : function
        Called with name and error of each recording that is left out.
    layout : str, optional
        How the files are called.

    Raises
    ------
    OSError
        If there is no data set, or no such part of it.
    ValueError
        If it lacks an instrument, or there are single stems only, and no mixtures to be made.
    """
    place = os.path.abspath(data)
    found = open_all(place, None, layout, report=lambda error: report(str(place), error))
    readable = [one for one in found if _is_readable(one, report)]
    learned, measured = _divided(readable, config)
    if not learned:
        listed = ", ".join(sorted({one.split for one in found if one.split}))
        there = f"but in {listed}; change train_split" if listed else "but what is kept to measure"
        raise problem(Path(place), f"has nothing to learn from, {there}")
    names = _wanted(learned, config, place)
    learned = [one for one in learned if _instruments(one) & set(names)]
    learned = learned[: config.most_recordings or None]
    single = all(_is_single(one) for one in readable)
    sources: list[Source] = [] if single else list(_excerpts(learned, config))
    sources += _mixtures(learned, config, config.mixtures, config.excerpt_s, names)
    if not sources:
        raise ValueError("mixtures=0 must be above 0, as there are single stems only")
    return Plan(sources, _to_measure(measured, config), names)


def _is_readable(recording: Recording, report: Report) -> bool:
    try:
        return recording.info.samples > 0
    except (OSError, ValueError) as error:
        report(recording.name, error)
        return False


def _divided(
    found: Sequence[Recording], config: ModelConfig
) -> tuple[list[Recording], list[Recording]]:
    """Return recordings to learn from, and others to measure by."""
    parts = any(one.split for one in found)
    learned = [one for one in found if not parts or one.split == config.train_split]
    measured = [one for one in found if one.split == config.valid_split]
    if measured or not config.validation:
        return learned, measured
    groups: dict[str, list[Recording]] = {}
    for one in learned:  # of single stems, some of each instrument
        group = min(_instruments(one)) if _is_single(one) else ""
        groups.setdefault(group, []).append(one)
    kept = [one for group in groups.values() for one in _share(group, config)]
    chosen = {one.name for one in kept}
    return [one for one in learned if one.name not in chosen], kept


def _share(group: Sequence[Recording], config: ModelConfig) -> list[Recording]:
    """Return a share of recordings, at least one of several; few others change if some are new."""

    def drawn(recording: Recording) -> bytes:
        return hashlib.sha256(f"{config.seed} {recording.name}".encode()).digest()

    number = max(1, round(config.validation * len(group))) if len(group) > 1 else 0
    return sorted(sorted(group, key=drawn)[:number], key=lambda one: one.name)


def _wanted(learned: Iterable[Recording], config: ModelConfig, place: str) -> tuple[str, ...]:
    """Return the names of the instruments to learn."""
    there = sorted(set().union(*map(_instruments, learned)))
    if not config.instruments:
        return tuple(there)
    for name in config.instruments:
        if not set(there) & {name, *members(name)}:
            raise ValueError(f"instruments: {name!r} is not in {place}; there are {there}")
    meant = {one for name in config.instruments for one in (name, *members(name))}
    return tuple(name for name in there if name in meant)


def _excerpts(recordings: Iterable[Recording], config: ModelConfig) -> Iterable[Source]:
    """Yield excerpts one after another or, of long recordings, spread over them."""
    for one in recordings:
        whole_s, excerpt_s = one.info.duration_s, config.excerpt_s
        count = max(1, round(whole_s / excerpt_s))
        starts = np.arange(count) * excerpt_s
        if count > config.excerpts:
            starts = np.linspace(0, whole_s - excerpt_s, config.excerpts)
        for start_s in starts:
            yield Excerpt(one, round(float(start_s), 3), excerpt_s)


def _mixtures(
    recordings: Iterable[Recording],
    config: ModelConfig,
    count: int,
    length_s: float,
    names: Sequence[str] | None = None,
) -> list[Source]:
    """Return mixtures of the references of recordings, of instruments with some names or all."""
    stems, infos = [], []
    for one in recordings:
        for name, path in one.references.items():
            if names is None or canonical(one.instruments[name]) in names:
                stems.append(Stem(f"{one.name}/{name}", one.instruments[name], path))
                infos.append(files.info(path))
    if not stems or not count:
        return []
    mixtures = Mixtures(
        stems,
        min(PLAYING, len({stem.instrument for stem in stems})),
        length_s=min(length_s, max(info.duration_s for info in infos)),
        sample_rate=min(info.sample_rate for info in infos),
        count=count,
        seed=config.seed,
    )
    return [Made(mixtures, number) for number in range(count)]


def _to_measure(recordings: Sequence[Recording], config: ModelConfig) -> list[Source]:
    """Return what the model is measured by: the middle of each recording, or mixtures of stems."""
    single = [one for one in recordings if _is_single(one)]
    middles: list[Source] = []
    for one in recordings:
        if not _is_single(one):
            start_s = max(0.0, (one.info.duration_s - config.validation_s) / 2)
            middles.append(Excerpt(one, round(start_s, 3), config.validation_s))
    return middles + _mixtures(single, config, len(single), config.validation_s)


def _instruments(recording: Recording) -> set[str]:
    return set(map(canonical, recording.instruments.values()))


def _is_single(recording: Recording) -> bool:
    return len(recording.references) == 1 and recording.mixture is None
