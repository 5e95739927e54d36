"""What a notebook shows of a separation: how sure it is, players, and the notes."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np

from musisep.audio.arrays import peak
from musisep.io import files
from musisep.plots import figure_bytes, roll_figure
from musisep.plots.separations import Separated
from musisep.plots.style import colour_of
from musisep.scores.score import NoteTable
from musisep.stems import MIXTURE
from musisep.tones.peaks import Floats

MOST_S = 60.0
"""Seconds that are played: notebooks keep what they show, and grow by it."""
MOST_PLAYED_HZ = 44_100
"""MP3, which all browsers play, has this rate; others are changed to it."""
QUALITY = 0.3
"""Of the MP3s, from 0 to 1: about half a megabyte for a minute."""
LOUDEST = 0.9
"""Peak of what is played; MP3 raises it a little, and what is above 1 is cut."""
CELL = "padding:0.2em 0.8em 0.2em 0;text-align:left;vertical-align:middle"


class Shown(Separated, Protocol):
    """What is shown of a `musisep.Separation`, which stands above this room."""

    @property
    def confidence(self) -> Floats | None: ...  # noqa: D102
    @property
    def called(self) -> str: ...  # noqa: D102
    @property
    def unexplained(self) -> float: ...  # noqa: D102
    @property
    def notes(self) -> NoteTable: ...  # noqa: D102


def html_of(separation: Shown) -> str:
    """Return a part of a page that shows a separation; it needs nothing beside itself.

    Parameters
    ----------
    separation : Separation

    Returns
    -------
    str
        HTML: how sure the separation is, players for mixture and stems, of which a minute at most
        is heard, in one channel, and the notes of that time as a piano roll.
    """
    length_s = separation.mixture.shape[1] / separation.sample_rate
    stop = min(separation.mixture.shape[1], round(MOST_S * separation.sample_rate))
    parts = [
        f"<p><b>{len(separation.stems)} instruments, {length_s:.1f} s</b>: "
        f"{escape(separation.called)}; {separation.unexplained:.0%} left unexplained</p>"
    ]
    if stop < separation.mixture.shape[1]:
        parts.append(f"<p>Players and notes end after {MOST_S:g} s; the stems are whole.</p>")
    parts.append(f"<table>{''.join(_rows(separation, stop))}</table>")
    if len(separation.notes):
        figure = roll_figure(separation.notes, separation.names, stop_s=min(length_s, MOST_S))
        source = _data_uri("image/png", figure_bytes(figure))
        parts.append(f'<img style="max-width:100%" alt="the notes as a piano roll" src="{source}">')
    return f"<div>{''.join(parts)}</div>"


def _rows(separation: Shown, stop: int) -> list[str]:
    """Return a row of a table for the mixture, and one for each stem, up to a sample."""
    sure = separation.confidence
    likely = (
        [""] * len(separation.stems) if sure is None else [f"{p:.0%} likely good" for p in sure]
    )
    mixture = np.asarray(separation.mixture[:, :stop])
    rows = [_row(MIXTURE, "transparent", "", mixture, separation.sample_rate)]
    for number, (name, words) in enumerate(zip(separation.names, likely, strict=True)):
        stem = np.asarray(separation.stems[number][:, :stop])
        rows.append(_row(name, colour_of(number), words, stem, separation.sample_rate))
    return rows


def _row(name: str, colour: str, words: str, signal: Floats, sample_rate: int) -> str:
    """Return a row of a table: name, player and words."""
    source = _data_uri("audio/mpeg", _mp3(signal, sample_rate))
    title = escape(name)
    return (
        f'<tr><th style="{CELL};border-left:0.4em solid {colour};padding-left:0.5em">{title}</th>'
        f'<td style="{CELL}"><audio controls preload="metadata" aria-label="{title}" '
        f'src="{source}"></audio></td><td style="{CELL}">{escape(words)}</td></tr>'
    )


def _mp3(signal: Floats, sample_rate: int) -> bytes:
    """Return the content of an MP3 of a signal [channel, sample], in one channel."""
    mono = signal.mean(axis=0, keepdims=True)
    mono = files.resample(mono, sample_rate, MOST_PLAYED_HZ)
    loudest = peak(mono)
    if loudest > LOUDEST:
        mono = LOUDEST / loudest * mono
    with TemporaryDirectory() as folder:
        path = Path(folder) / "track.mp3"
        files.write(path, mono, MOST_PLAYED_HZ, subtype="MPEG_LAYER_III", quality=QUALITY)
        return path.read_bytes()


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"
