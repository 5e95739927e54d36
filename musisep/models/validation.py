"""How well a model separates, beside what is separated without it."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import scipy.optimize

from musisep._util.constants import TINY
from musisep.audio.stft import SpectralTransform
from musisep.instruments.profiles import Profiles
from musisep.io import files
from musisep.io.reading import regular_file
from musisep.metrics import component_loss
from musisep.metrics.windows import evaluate
from musisep.models.config import ModelConfig
from musisep.models.folder import AUDIO, CHECKPOINT, IMAGES
from musisep.models.sources import REST, Known, Source, key_of
from musisep.names import numbered
from musisep.plots import save_figure, separation_figure, waveform_figure
from musisep.result import Separation
from musisep.separation import separate
from musisep.tones.peaks import Floats

MEASURES = ("sdr_db", "sir_db", "sar_db", "si_sdr_db", "component_loss")
COLUMNS = ("track", "stem", *MEASURES, *(f"blind_{name}" for name in MEASURES))
"""Of the table."""
TAPS = 512
"""Of the filter that SDR, SIR and SAR allow, as usual."""
TRANSFORM = SpectralTransform(2048)
"""For the component loss."""
MOST_BYTES = 2**20
"""Of what is kept of one recording."""

Row = list[str]


def measure_key(source: Source, config: ModelConfig, dictionary: str) -> str:
    """Return by what measures are known: the recording, the settings and the hash of the model."""
    made = config.base, str(config.settings()), config.audio_s
    determining = source.determined_by(), *made, dictionary
    return key_of("measures", *determining)


def measure(
    source: Source, place: str, key: str, folder: Path, config: ModelConfig, profiles: Profiles
) -> None:
    """Separate a recording with the model and without; keep measures, pictures and snippets.

    Parameters
    ----------
    source : Source
    place : str
        Name of the folders of its pictures and snippets.
    key : str
        By which the measures are known.
    folder : Path
        Of the model.
    config : ModelConfig
    profiles : Profiles

    Raises
    ------
    OSError
        If it cannot be read, or a file cannot be written.
    ValueError
        If it cannot be separated.
    """
    known = source.load()
    names = [name for name in known.instruments if name != REST]
    references = known.references[: len(names)]
    named = _separated(known, config, names, profiles)
    blind = _separated(known, config, len(names), profiles)
    rows = [
        [source.name, name, *own, *other]
        for name, own, other in zip(
            named.names,
            measures(references, np.asarray(named.stems), known.mixture, known.sample_rate, names),
            measures(references, np.asarray(blind.stems), known.mixture, known.sample_rate),
            strict=True,
        )
    ]
    made = _show(named, folder, place, config.audio_s)
    content = {"rows": rows, "files": [path.relative_to(folder).as_posix() for path in made]}
    with files.replacing(folder / CHECKPOINT / f"{key}.json") as temporary:
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _separated(
    known: Known, config: ModelConfig, instruments: int | Sequence[str], profiles: Profiles
) -> Separation:
    settings = config.settings(instruments)
    return separate(known.mixture, known.sample_rate, settings=settings, profiles=profiles)


def measures(
    references: Floats,
    stems: Floats,
    mixture: Floats,
    sample_rate: int,
    names: Sequence[str] | None = None,
) -> list[Row]:
    """Return the measures of each reference, as text.

    Parameters
    ----------
    references, stems : ndarray, shape (instrument, channel, sample)
    mixture : ndarray, shape (channel, sample)
    sample_rate : int
        In Hz.
    names : sequence of str, optional
        What plays each: estimates of alike instruments may be exchanged, but no others. By default,
        it is not known which estimate is of which reference.
    """
    stems = stems[matched(references, stems, names or ("",) * len(stems))]
    taps = min(TAPS, references.shape[-1])
    found = evaluate(
        references, stems, sample_rate=sample_rate, filter_length=taps, permute=False
    ).whole
    columns = zip(*(found[name] for name in ("SDR", "SIR", "SAR", "SI-SDR")), strict=True)
    losses = map(loss_of, references, stems, [mixture] * len(stems))
    return [
        [*map("{:.3f}".format, decibels), f"{loss:.4g}"]
        for decibels, loss in zip(columns, losses, strict=True)
    ]


def matched(references: Floats, stems: Floats, names: Sequence[str]) -> list[int]:
    """Return which stem is most like each reference, among those whose names are equal."""
    flat = [signals.reshape(len(signals), -1) for signals in (references, stems)]
    units = [one / np.maximum(np.linalg.norm(one, axis=1, keepdims=True), TINY) for one in flat]
    alike = (units[0] @ units[1].T) ** 2
    alike += 2.0 * (np.array(names)[:, None] == np.array(names))
    order = scipy.optimize.linear_sum_assignment(alike, maximize=True)[1]
    return [int(number) for number in order]


def loss_of(reference: Floats, stem: Floats, mixture: Floats) -> float:
    """Return the component loss of the mask that makes a stem [channel, sample] of a mixture.

    Magnitudes are relative to the root of the mean square of the mixture's.
    """
    target, estimate, whole = (
        np.abs(TRANSFORM.stft(signal)) for signal in (reference, stem, mixture)
    )
    scale = np.sqrt(np.mean(whole**2)) or 1.0
    mask = np.minimum(estimate / np.maximum(whole, TINY), 1.0)
    return component_loss(mask, target / scale, (whole - target) / scale)


def _show(separation: Separation, folder: Path, place: str, seconds: float) -> list[Path]:
    """Write snippets and pictures of the middle of a separation; return the files."""
    rate, samples = separation.sample_rate, separation.mixture.shape[1]
    length = min(samples, max(1, round(seconds * rate)))
    first = (samples - length) // 2
    part = separation.excerpt(first, first + length)
    audio, images = folder / AUDIO / place, folder / IMAGES / place
    paths, gain = part.save(audio, residual=True, subtype="PCM_16")
    mixture = np.asarray(part.mixture)
    files.write(audio / "mixture.wav", np.clip(gain * mixture, -1, 1), rate, subtype="PCM_16")
    hop_s = separation.settings.hop_s
    frames = slice(int(first / rate / hop_s), int((first + length) / rate / hop_s) + 1)
    figures = {
        "spectrograms.png": separation_figure(separation, frames),
        "waveforms.png": waveform_figure(
            {"mixture": mixture, **part.tracks(residual=True)}, rate, start_s=first / rate
        ),
    }
    for name, figure in figures.items():
        save_figure(figure, images / name)
    return [*paths, audio / "mixture.wav", *(images / name for name in figures)]


def kept_rows(folder: Path, key: str) -> list[Row] | None:
    """Return what `measure` has kept, if all its files are there; None if not."""
    content = content_of(folder / CHECKPOINT / f"{key}.json")
    try:
        rows = [[str(cell) for cell in row] for row in content["rows"]]
        complete = all((folder / str(name)).is_file() for name in content["files"])
        numbers = [float(cell) for row in rows for cell in row[2:]]
    except (ValueError, KeyError, TypeError):
        return None
    return rows if complete and len(numbers) == len(rows) * (len(COLUMNS) - 2) else None


def content_of(path: Path) -> dict[str, Any]:
    """Return what is kept in a file; nothing if that is not as it should be."""
    try:
        with regular_file(path) as file:
            content = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def forget(folder: Path, key: str) -> None:
    """Remove what `measure` has kept, with its pictures and snippets."""
    path = folder / CHECKPOINT / f"{key}.json"
    for name in content_of(path).get("files", ()):
        place = Path(os.path.normpath(folder / str(name)))
        if any(place.is_relative_to(folder / room) for room in (AUDIO, IMAGES)):
            place.unlink(missing_ok=True)
            with suppress(OSError):  # others are in it
                place.parent.rmdir()
    path.unlink(missing_ok=True)


def write_table(path: Path, rows: Iterable[Row]) -> bool:
    """Write the table whole or not at all, unless it is there; return whether it was written."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    octets = text.getvalue().encode()
    if path.is_file() and path.read_bytes() == octets:
        return False
    with files.replacing(path) as temporary:
        temporary.write_bytes(octets)
    return True


def median_db(rows: Iterable[Row], column: str) -> float:
    """Return the median of a column of numbers, without NaN; NaN if nothing is left."""
    values = np.array([float(row[COLUMNS.index(column)]) for row in rows])
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")


def places(names: Sequence[str]) -> list[str]:
    """Return a name of a folder for each recording, which leads nowhere else."""
    plain = [
        "".join(sign if sign.isalnum() or sign in " -_()'" else "_" for sign in name)[:100].strip()
        or "_"
        for name in (name.replace(os.sep, " - ").replace("/", " - ") for name in names)
    ]
    return numbered(plain)
