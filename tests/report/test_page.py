import base64
import io
import json
import re

import matplotlib.image
import numpy as np
import pytest
import soundfile as sf
from reported import F0_HZ, duet_notes, duet_separation

from musisep.io.stored import Scratch, Stack
from musisep.metrics.table import Measured
from musisep.report import sound, write_report
from musisep.report.picture import draw
from musisep.scores import NOBODY, note_table

HOSTILE = "</script><script>alert(1)</script> \"'&\u202e{{told}}\u2028"


def written(path, **options):
    separation = options.pop("separation", None) or duet_separation()
    write_report(separation, path, **{"notes": duet_notes(), **options})
    return path.read_text(encoding="utf-8")


def told(text):
    (found,) = re.findall(r'<script type="application/json" id="told">(.*?)</script>', text, re.S)
    return json.loads(found)


def test_a_page_needs_nothing_but_itself(tmp_path):
    text = written(tmp_path / "report.html")
    outside = re.findall(
        r'(?:src|href|action)\s*=\s*"(?!#|data:)[^"]*"|url\(|@import|\bfetch\(', text
    )
    assert outside == []
    addresses = set(re.findall(r"https?://[^\"'\s]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, which is not asked for
    assert "{{" not in text  # all places are filled


def test_a_page_holds_all_tracks_as_sound(tmp_path):
    separation = duet_separation(copies=2)
    tracks = told(written(tmp_path / "report.html", separation=separation))["tracks"]
    assert [(track["name"], track["kind"]) for track in tracks] == [
        ("mixture", "mixture"), ("instrument1", "stem"), ("instrument2", "stem"),
        ("residual", "residual"),
    ]  # fmt: skip
    for track, signal in zip(tracks, [separation.mixture, *separation.stems], strict=False):
        audio, rate = sf.read(io.BytesIO(base64.b64decode(track["audio"])))
        assert rate == separation.sample_rate
        assert abs(len(audio) - signal.shape[1]) < 0.01 * rate
        likeness = np.corrcoef(audio[: signal.shape[1]], signal[0, : len(audio)])[0, 1]
        assert likeness > 0.95, track["name"]


def test_notes_have_what_a_table_of_notes_has(tmp_path):
    notes = note_table([0.0, 0.5, 1.0], [0.5, 1.0, 1.5], [440.0, np.nan, 220.0], [1, 0, NOBODY])
    found = told(written(tmp_path / "report.html", notes=notes))
    assert found["notes"] == [
        [0.0, 0.5, 440.0, None, 1.0, None],
        [0.5, 1.0, None, None, 0.0, None],
        [1.0, 1.5, 220.0, None, -1.0, None],
    ]
    assert found["instruments"][0]["alike"] == [["clarinet", 0.8]]
    assert 0 < found["instruments"][1]["confidence"] < 1


def test_hostile_names_stay_text(tmp_path):
    provenance = {HOSTILE: HOSTILE}
    text = written(
        tmp_path / "report.html", title=HOSTILE, names=["<img src=x>", '"; `${1}`'],
        provenance=provenance, folder="a b'; rm -rf $HOME",
    )  # fmt: skip
    assert text.count("<script") == text.count("</script>") == 2
    assert "<img" not in text
    found = told(text)
    assert found["title"] == HOSTILE
    assert [row["name"] for row in found["instruments"]] == ["<img src=x>", '"; `${1}`']
    assert found["provenance"] == [[HOSTILE, HOSTILE]]
    assert found["command"] == """musisep correct 'a b'"'"'; rm -rf $HOME' --notes"""


def test_measures_are_shown_if_there_are_references(tmp_path):
    separation = duet_separation()
    found = told(written(tmp_path / "a.html", references=separation.stems + 1e-3))["measures"]
    assert [row["name"] for row in found] == ["instrument1", "instrument2", "mean"]
    assert found[0]["sdr"] > 20
    rows = [Measured("flute", np.inf, 1.0, 2.0, 0)]
    found = told(written(tmp_path / "b.html", measures=rows))["measures"]
    assert found == [{"name": "flute", "stem": 0, "sdr": None, "sir": 1.0, "sar": 2.0}]


def test_stems_in_temporary_files_give_the_same_page(tmp_path):
    separation = duet_separation()

    def scratch(signal):
        result = Scratch(tmp_path, len(signal))
        result.append(signal)
        return result

    stored = duet_separation()
    object.__setattr__(stored, "stems", Stack([scratch(stem) for stem in separation.stems]))
    object.__setattr__(stored, "mixture", scratch(separation.mixture))
    pages = [
        told(written(tmp_path / f"{k}.html", separation=each, folder="here"))
        for k, each in enumerate((separation, stored))
    ]
    assert pages[0]["picture"] == pages[1]["picture"]
    assert [track["audio"] for track in pages[0]["tracks"]] == [
        track["audio"] for track in pages[1]["tracks"]
    ]


def test_five_minutes_of_six_tracks_fit_into_15_megabytes():
    bits = sound.bits_per_second(300, 6)
    assert 4 / 3 * 6 * 300 * bits / 8 < 13e6
    assert sound.bits_per_second(10, 3) == sound.MOST_BITS
    assert sound.bits_per_second(3600, 4) == sound.LEAST_BITS
    assert sound.bits_per_second(4 * 3600, 4) is None


def test_sound_is_left_out_of_what_is_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(sound, "LONG_BYTES", 1000)
    found = told(written(tmp_path / "report.html"))
    assert {track["audio"] for track in found["tracks"]} == {""}
    assert found["said"].startswith("The recording is too long")


def test_tracks_are_resampled_without_seams():
    rng = np.random.default_rng(1)
    track = np.sin(2 * np.pi * 440 * np.arange(60_000) / 44_100) + 0.1 * rng.standard_normal(60_000)
    track = np.stack([track, 0.5 * track])
    played = sound.Played(track, 44_100, 48_000, 1)
    assert played.shape == (1, 65_306)
    parts = [played.read(first, min(first + 7001, 65_306)) for first in range(0, 65_306, 7001)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), played.read(0, 65_306), atol=1e-4)


def test_all_tracks_have_one_gain(tmp_path):
    loud = duet_separation()
    object.__setattr__(loud, "mixture", 5 * loud.mixture)
    object.__setattr__(loud, "stems", 5 * loud.stems)
    assert told(written(tmp_path / "report.html", separation=loud))["tracks"][0]["audio"]


def test_the_picture_is_dark_where_there_is_sound(tmp_path):
    rate = 16_000
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
    tone[rate:] = 0
    drawn = draw(tone[np.newaxis], rate)
    path = tmp_path / "picture.png"
    path.write_bytes(drawn.png)
    opaque = matplotlib.image.imread(path)[..., 3]
    rows, columns = opaque.shape
    row = rows * np.log(drawn.high_hz / 440) / np.log(drawn.high_hz / drawn.low_hz)
    assert abs(opaque[:, columns // 4].argmax() + 0.5 - row) < 1
    assert opaque[:, columns // 4].max() == 1
    assert opaque[:, -columns // 4 :].max() == 0
    assert drawn.seconds == pytest.approx(2, abs=0.03)


def test_what_does_not_fit_is_refused_and_no_file_is_left(tmp_path):
    path = tmp_path / "report.html"
    with pytest.raises(ValueError, match="must be of an instrument from 0 to 1"):
        written(path, notes=note_table([0.0], [1.0], F0_HZ[:1], [2]))
    with pytest.raises(ValueError, match="must be 2 different names"):
        written(path, names=["horn"])
    assert list(tmp_path.iterdir()) == []
