"""One file with everything: page, sound, picture and notes."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike

from musisep._util import checks
from musisep.io.files import replacing
from musisep.metrics.table import Measured, measure_table
from musisep.report import facts, picture, sound
from musisep.result import Separation
from musisep.scores.score import NoteTable, Score
from musisep.stems import RESIDUAL, stem_names

FILES = resources.files("musisep.report") / "web"
STYLES = ("colours.css", "page.css")
SCRIPTS = ("score.js", "player.js", "roll.js", "gestures.js", "lists.js", "facts.js", "main.js")
"""In this order they become one of each."""
TOO_LONG = "The recording is too long to be heard in a page; play the files of the tracks instead."


def write_report(
    separation: Separation,
    path: str | os.PathLike[str],
    *,
    notes: NoteTable | None = None,
    names: Sequence[str] | None = None,
    references: ArrayLike | None = None,
    measures: Sequence[Measured] | None = None,
    title: str = "Separation",
    provenance: Mapping[str, Any] | None = None,
    folder: str | os.PathLike[str] | None = None,
    jobs: int = 1,
) -> None:
    """Write a page for a browser, on which stems are heard, and notes are seen and corrected.

    The page is one file that needs no network: the sound is in it as Ogg Opus, below 15 MB for
    five minutes. Recordings of many hours have no sound in it, and say so.

    Parameters
    ----------
    separation : Separation
        What `musisep.separate` returned.
    path : path
        The file, written whole or not at all.
    notes : recarray [note], optional
        Notes to show, with the columns of `musisep.scores.NOTE_TYPE`; default:
        ``separation.notes``.
    names : sequence of str, optional
        Names of the instruments; default: ``separation.names``.
    references : array_like, float [instrument, channel, sample], optional
        The true stems, whose SDR, SIR and SAR are shown.
    measures : sequence of Measured, optional
        The same if it was measured before; see `musisep.metrics.table.measure_table`.
    title : str, optional
        Title of the page, such as the name of the recording.
    provenance : mapping of str to object, optional
        What else is known of how it was made, such as the name and SHA-256 of the recording.
    folder : path, optional
        Folder of the tracks, for the command that corrects them; default: that of the page.
    jobs : int, optional
        Processor cores to use, of which each encodes a track.

    Raises
    ------
    ValueError
        If notes or names do not fit the stems, or references do not.
    AudioFileError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from importlib.resources import files
    >>> from pathlib import Path
    >>> import musisep
    >>> from musisep.io.files import read
    >>> from musisep.report import write_report
    >>> audio, sample_rate = read(str(files("musisep") / "demo" / "mix.flac"), duration_s=1.0)
    >>> result = musisep.separate(audio, sample_rate, restarts=1, steps=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(result, Path(folder) / "duo.html", title="Clarinet and horn")
    ...     "<title>Clarinet and horn" in (Path(folder) / "duo.html").read_text(encoding="utf-8")
    True
    """
    checks.instance("separation", separation, Separation)
    checks.instance("title", title, str)
    path = checks.path("path", path)
    stems = stem_names(len(separation.stems), names or separation.names)
    score = Score(separation.notes if notes is None else notes, tuple(stems))
    if measures is None and references is not None:
        measures = measure_table(stems, references, np.asarray(separation.stems))
    told = facts.verdict_of(separation, stems) | {
        "title": title,
        "instruments": facts.instruments_of(separation, stems),
        "measures": facts.measures_of(measures or ()),
        "provenance": facts.texts(provenance or {}),
        "notes": facts.notes_of(score.notes),
        "command": f"musisep correct {_quoted(path.parent if folder is None else folder)} --notes",
    }
    with scipy.fft.set_workers(checks.at_least("jobs", jobs, 1)):
        content = _assembled(told | _pictured(separation) | _heard(separation, stems))
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8", newline="\n")


def _quoted(folder: str | os.PathLike[str]) -> str:
    return shlex.quote(os.fspath(folder))


def _pictured(separation: Separation) -> dict[str, Any]:
    """Return the spectrogram, and where its edges are."""
    drawn = picture.draw(separation.mixture, separation.sample_rate)
    return {
        "picture": {
            "png": _letters(drawn.png), "lowHz": drawn.low_hz, "highHz": drawn.high_hz,
            "seconds": drawn.seconds,
        }
    }  # fmt: skip


def _heard(separation: Separation, names: Sequence[str]) -> dict[str, Any]:
    """Return the tracks, mixture first and residual last, and what there is to say about them."""
    tracks = separation.tracks(residual=True, names=names)
    signals = [separation.mixture, *tracks.values()]
    heard = sound.encoded(signals, separation.sample_rate)
    named = [["mixture", "mixture"], *([name, "stem"] for name in names), [RESIDUAL, RESIDUAL]]
    contents = [""] * len(named) if heard is None else map(_letters, heard)
    return {
        "tracks": [
            {"name": name, "kind": kind, "audio": content}
            for (name, kind), content in zip(named, contents, strict=True)
        ],
        "said": TOO_LONG if heard is None else "",
    }


def _letters(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _assembled(told: Mapping[str, Any]) -> str:
    """Return the page with its style, its script and what it tells."""
    script = "\n".join(_text(name) for name in SCRIPTS)
    script = f'(() => {{\n"use strict";\n{script}}})();\n'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    parts = {
        "title": html.escape(told["title"]),
        "digest": digest,
        "style": "".join(map(_text, STYLES)),
        "script": script,
        "told": _json(told),
    }
    # In one pass: what is put in may look like a place.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _text("page.html"))


def _text(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")


def _json(told: Mapping[str, Any]) -> str:
    """Return JSON that cannot end the element of a page in which it stands."""
    text = json.dumps(told, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
