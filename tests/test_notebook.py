import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

import musisep
from musisep.io import files
from musisep.io.stored import Scratch, Stack
from musisep.notebook import html_of
from musisep.scores import note_table
from musisep.tones.table import TONE_TYPE

RATE = 16_000
NOTES = note_table([0.0, 0.5], [0.4, 1.0], [440.0, 220.0], [0, 1], certainty=[0.9, 0.6])


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + " "

    def content(self, tag, kind):
        uris = [attributes["src"] for name, attributes in self.tags if name == tag]
        start = f"data:{kind};base64,"
        assert all(uri.startswith(start) for uri in uris)
        return [b64decode(uri.removeprefix(start), validate=True) for uri in uris]


def separation(seconds=1.0, names=(), rate=RATE, notes=NOTES[:0], **options):
    steps = np.arange(round(seconds * rate)) / rate
    stems = np.stack([[np.sin(2 * np.pi * hz * steps)] * 2 for hz in (440, 1000)])
    tones = np.rec.array([(0.0, 0, 440.0, 0.5, 0.0)], dtype=TONE_TYPE)
    made = musisep.Separation(
        stems, stems.sum(axis=0), rate, musisep.Dictionary(np.ones((1, 2))), tones,
        musisep.Settings(), 0.25, given_names=tuple(names), **options,
    )  # fmt: skip
    vars(made)["notes"] = notes
    return made


def heard(content, tmp_path):
    path = tmp_path / "player.mp3"
    path.write_bytes(content)
    audio, rate = files.read(path)
    assert len(audio) == 1
    return audio[0], rate


def test_players_have_the_mixture_and_the_stems(tmp_path):
    page = Tags(separation()._repr_html_())
    players = page.content("audio", "audio/mpeg")
    assert len(players) == 3 and page.open == []
    for content, frequencies in zip(players, ([440, 1000], [440], [1000]), strict=True):
        signal, rate = heard(content, tmp_path)
        power = np.abs(np.fft.rfft(signal * np.hanning(signal.size))) ** 2
        hz = np.fft.rfftfreq(signal.size, 1 / rate)
        near = np.any([abs(hz - frequency) < 10 for frequency in frequencies], axis=0)
        assert power[near].sum() > 0.99 * power.sum()
        assert 0.2 < abs(signal).max() <= 1


def test_it_tells_how_sure_it_is():
    text = Tags(html_of(separation(certainty=np.array([0.999, 0.5])))).text
    assert "2 instruments, 1.0 s : doubtful; 25% left unexplained" in text
    good = separation(certainty=np.array([0.999, 0.5])).confidence
    assert [int(p) for p in re.findall(r"(\d+)% likely good", text)] == [
        round(100 * p) for p in good
    ]
    assert "likely good" not in Tags(html_of(separation())).text


def test_the_notes_are_a_picture():
    (picture,) = Tags(html_of(separation(notes=NOTES))).content("img", "image/png")
    assert imread(BytesIO(picture)).shape[1] == 1080
    assert "<img" not in html_of(separation())


def test_names_are_text_and_nothing_else():
    names = ["<script>alert(1)<!--", "\" onerror='x' &amp; $x_"]
    html = html_of(separation(names=names, notes=NOTES))
    page = Tags(html)
    assert "<script" not in html
    assert names[0] in page.text and names[1] in page.text
    allowed = {"div", "p", "b", "table", "tr", "th", "td", "audio", "img"}
    assert {tag for tag, _ in page.tags} == allowed
    assert all("onerror" not in attributes for _, attributes in page.tags)
    assert [own["aria-label"] for tag, own in page.tags if tag == "audio"] == ["mixture", *names]


@pytest.mark.parametrize("stored", [False, True])
def test_of_long_recordings_a_minute_is_heard(stored, tmp_path):
    long = separation(61.0, rate=8000)
    if stored:
        scratches = [Scratch(tmp_path, 2) for _ in range(3)]
        for scratch, signal in zip(scratches, (long.mixture, *long.stems), strict=True):
            scratch.append(signal)
        long = musisep.Separation(
            Stack(scratches[1:]),
            scratches[0],
            8000,
            long.dictionary,
            long.tones,
            long.settings,
            0.2,
        )
    html = html_of(long)
    assert "Players and notes end after 60 s; the stems are whole." in Tags(html).text
    assert len(html) < 4_000_000
    signal, rate = heard(Tags(html).content("audio", "audio/mpeg")[1], tmp_path)
    assert signal.size / rate == pytest.approx(60, abs=0.1)


def test_what_is_too_loud_for_a_player_is_made_softer(tmp_path):
    quiet = separation()
    loud = musisep.Separation(
        1e30 * quiet.stems, 1e30 * quiet.mixture, RATE, quiet.dictionary, quiet.tones,
        quiet.settings, 0.2,
    )  # fmt: skip
    for content in Tags(html_of(loud)).content("audio", "audio/mpeg"):
        signal, _ = heard(content, tmp_path)
        assert 0.8 < abs(signal).max() <= 1
