"""What a page does in a browser; where there is none, nothing of it can be tested."""

import re
import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
from reported import duet_notes, duet_separation

from musisep.report import sound, write_report
from musisep.scores.corrections import corrections
from musisep.scores.csvs import read_csv
from musisep.scores.score import NOBODY, Score

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
NAMES = ('reed, "high"', "string <b>")
COPIES = 2
LENGTH_S = 4.0
PATIENCE_S = 20
"""For a slow machine; nothing is asserted of it."""


@pytest.fixture(scope="module")
def browser():
    driver = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser is installed: {', '.join(BROWSERS)}")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    separation = duet_separation(COPIES)
    write_report(
        separation, path, notes=duet_notes(), names=NAMES, references=separation.stems,
        title="A <i>duet</i>", provenance={"recording": "duet.wav"}, folder="separated/duet",
    )  # fmt: skip
    return path


@pytest.fixture
def opened(browser, report):
    """A function that opens the page, on which nothing may go wrong."""
    faults, contexts = [], []

    def open_page(width=1280, height=1000, *, path=report, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE_S)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
        page.on("request", lambda asked: faults.append(asked.url) if "http" in asked.url else None)
        page.goto(path.as_uri())
        until(page, "musisep.player.tracks.every((t) => !t.media || t.media.readyState >= 3)")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(opened):
    return opened()


def until(page, condition):
    """Wait until something is so; Playwright's own way needs what the page forbids, eval."""
    end = time.monotonic() + PATIENCE_S
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def pressed(page, what, track):
    return page.get_by_role("button", name=f"{what} {track}", exact=True)


def heard(page):
    """Names of the tracks that sound, by their elements."""
    return page.evaluate(
        "musisep.player.tracks.filter((t) => !t.media.muted && !t.media.paused).map((t) => t.name)"
    )


def place(page, seconds, pitch_hz):
    """Where a time and a pitch are on the page."""
    box = page.locator("#roll").bounding_box()
    x, y = page.evaluate(
        "([s, hz]) => [musisep.roll.x(s), musisep.roll.y(69 + 12 * Math.log2(hz / 440))]",
        [seconds, pitch_hz],
    )
    return box["x"] + x, box["y"] + y


def drag(page, begin, end):
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def downloaded(page, tmp_path):
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "notes.csv"
    path = tmp_path / "notes.csv"
    download.value.save_as(path)
    return read_csv(path, NAMES)


def test_it_says_what_was_separated(page):
    assert page.title() == page.inner_text("h1") == "A <i>duet</i>"
    assert "doubtful; the model leaves 10.0 % unexplained" in page.inner_text("#summary")
    assert page.locator("#cards h3").all_inner_texts() == ['1 reed, "high"', "2 string <b>"]
    assert "clarinet (80 %)" in page.inner_text("#cards")
    assert page.locator("#measured tr").count() == 3
    assert page.inner_text("#command") == (
        "musisep correct separated/duet --notes ~/Downloads/notes.csv"
    )
    page.click("text=How it was made")
    assert "duet.wav" in page.inner_text("#made")


def test_tracks_are_heard_by_solo_and_mute_and_stay_in_time(page):
    page.click("#play")
    assert page.inner_text("#play") == "Pause"
    assert heard(page) == ["mixture"]
    pressed(page, "Solo", NAMES[0]).click()
    assert heard(page) == [NAMES[0]]
    pressed(page, "Solo", NAMES[1]).click(modifiers=["Shift"])
    assert heard(page) == list(NAMES)
    assert pressed(page, "Solo", NAMES[1]).get_attribute("aria-pressed") == "true"
    for name in NAMES:
        pressed(page, "Solo", name).click(modifiers=["Shift"])
    pressed(page, "Mute", "residual").click()
    assert heard(page) == ["mixture", "residual"]
    until(page, "musisep.player.time > 0.5")
    page.select_option("#speed", "0.5")
    until(page, "musisep.player.time > 1")
    rates = "musisep.player.tracks.map((t) => [t.media.playbackRate, t.media.preservesPitch])"
    assert page.evaluate(rates)[0] == [0.5, True]
    apart = "Math.abs(musisep.player.tracks.at(-1).media.currentTime - musisep.player.time)"
    assert page.evaluate(apart) < 0.12
    page.click("#play")
    assert heard(page) == []
    page.get_by_label("Volume of residual").fill("0.25")
    assert page.evaluate("musisep.player.tracks.at(-1).media.volume") == 0.25


def test_a_stretch_is_repeated(page):
    y = page.locator("#roll").bounding_box()["y"] + 8
    drag(page, (place(page, 1.0, 440)[0], y), (place(page, 1.4, 440)[0], y))
    assert page.get_attribute("#loop", "aria-pressed") == "true"
    assert abs(float(page.input_value("#loop-from")) - 1.0) < 0.03
    page.click("#play")
    page.evaluate("window.most = 0")
    until(
        page,
        "(window.most = Math.max(most, musisep.player.time)) > 1.3 && musisep.player.time < 1.2",
    )
    assert page.evaluate("most") < 1.6


def test_a_note_that_is_clicked_is_heard_alone_to_its_end(page):
    page.mouse.click(*place(page, 1.2, 196.0))
    assert heard(page) == [NAMES[1]]
    assert "G3" in page.inner_text("#announcer")
    until(page, "!musisep.player.playing")
    assert page.evaluate("musisep.player.time") == 1.0


def test_notes_are_given_deleted_and_taken_back(page, tmp_path):
    page.mouse.click(*place(page, 0.2, 220.0))
    page.mouse.click(*place(page, 0.25, 587.3))
    page.keyboard.press("2")
    assert page.inner_text("#announcer") == "1 note given to string <b>"
    page.click("#undo")
    players = "musisep.score.notes.map((n) => n.instrument)"
    assert page.evaluate("musisep.score.unsaved") is False
    assert page.evaluate(players).count(1) == 4
    page.click("#redo")
    assert page.evaluate(players).count(1) == 5
    page.mouse.click(*place(page, 1.2, 196.0))
    page.keyboard.press("Delete")
    assert page.evaluate("musisep.score.notes.length") == 7
    found, edited = Score(duet_notes(), NAMES), downloaded(page, tmp_path)
    changed = corrections(found, edited).notes
    assert changed.instrument.tolist() == [1, NOBODY]
    np.testing.assert_allclose(changed.f0_hz, [587.3, 196.0], rtol=1e-4)
    assert np.isnan(changed.certainty[0])
    assert edited.notes.level_db[np.isclose(edited.notes.f0_hz, 587.3)] == -12


def test_what_is_not_changed_is_downloaded_as_it_was_found(page, tmp_path):
    found, edited = Score(duet_notes(), NAMES), downloaded(page, tmp_path)
    assert len(corrections(found, edited)) == 0
    for name in ("onset_s", "offset_s", "f0_hz", "certainty"):
        np.testing.assert_allclose(edited.notes[name], found.notes[name], rtol=1e-3)


def test_notes_and_rests_are_drawn_and_edges_dragged(page, tmp_path):
    page.check("text=draws notes")
    page.select_option("#instrument", "1")
    drag(page, place(page, 2.5, 440.0), place(page, 3.0, 440.0))
    page.check("text=draws rests")
    page.select_option("#instrument", "0")
    drag(page, place(page, 3.0, 300.0), place(page, 3.5, 300.0))
    page.check("text=selects")
    page.mouse.click(*place(page, 2.7, 440.0))
    drag(page, place(page, 3.0, 440.0), place(page, 3.3, 440.0))
    notes = downloaded(page, tmp_path).notes[-2:]
    assert notes.instrument.tolist() == [1, 0]
    assert notes.f0_hz[0] == pytest.approx(440, abs=0.01)
    assert np.isnan(notes.f0_hz[1])
    np.testing.assert_allclose(notes.onset_s, [2.5, 3.0], atol=0.03)
    np.testing.assert_allclose(notes.offset_s, [3.3, 3.5], atol=0.03)
    assert np.isnan(notes.level_db).all() and np.isnan(notes.certainty).all()


def test_several_notes_are_selected_with_a_band_and_of_an_instrument(page):
    (x, top), (right, bottom) = place(page, 0.6, 800.0), place(page, 1.9, 500.0)
    drag(page, (x, top), (right, bottom))
    assert page.inner_text("#announcer") == "3 notes selected"
    assert page.locator("#selected tr").count() == 3
    page.select_option("#instrument", "1")
    page.click("#all-of")
    assert page.evaluate("musisep.score.chosen.map((n) => n.instrument)") == [1, 1, 1, 1]


def test_doubtful_notes_come_one_after_the_other(page):
    page.click("#doubtful")
    assert page.inner_text("#announcer").startswith("Doubtful note 1 of 2: E5")
    page.click("#doubtful")
    assert page.inner_text("#announcer").startswith("Doubtful note 2 of 2: B3")
    page.keyboard.press("1")
    assert page.inner_text("#doubtful") == "Next doubtful note (1)"


def test_everything_can_be_done_with_keys(page, tmp_path):
    page.focus("#list")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    current = page.get_attribute("#list", "aria-activedescendant")
    assert "D5" in page.inner_text(f"#{current}")
    page.keyboard.press("Shift+ArrowDown")
    assert page.evaluate("musisep.score.selected.size") == 2
    page.keyboard.press("2")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    page.keyboard.press("Delete")
    page.keyboard.press("Space")
    assert page.evaluate("musisep.player.playing")
    page.keyboard.press("Space")
    field = page.get_by_label(re.compile("Begin of")).first
    page.keyboard.press("Home")
    field.fill("0.123")
    field.press("Enter")
    for name, value in {"#add-pitch": "rest", "#add-from": "3", "#add-to": "3.5"}.items():
        page.fill(name, value)
    page.press("#add-to", "Enter")
    edited = downloaded(page, tmp_path)
    assert edited.notes.onset_s[edited.notes.f0_hz < 230][0] == 0.123
    assert len(edited) == 8
    assert np.isnan(edited.notes.f0_hz[-1])


def test_what_cannot_be_is_not_added(page):
    for pitch, begin, end in (("H9", "1", "2"), ("A4", "2", "1"), ("A4", "1", "99")):
        page.evaluate("document.getElementById('add').noValidate = true")
        page.fill("#add-pitch", pitch)
        page.fill("#add-from", begin)
        page.fill("#add-to", end)
        page.press("#add-to", "Enter")
        assert page.inner_text("#announcer").startswith("Not added: ")
    assert page.evaluate("musisep.score.notes.length") == 8


def test_leaving_with_changes_is_asked_about(page, tmp_path):
    leave = "dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert page.evaluate(leave) is True
    page.mouse.click(*place(page, 1.2, 196.0))
    page.keyboard.press("1")
    assert page.evaluate(leave) is False
    assert "not downloaded" in page.inner_text("#unsaved")
    downloaded(page, tmp_path)
    assert page.evaluate(leave) is True
    page.click("#undo")
    assert page.evaluate(leave) is False


def test_letters_are_no_keys_while_one_types(page):
    page.fill("#add-pitch", "")
    page.type("#add-pitch", "n2 l")
    assert page.input_value("#add-pitch") == "n2 l"
    assert page.evaluate("musisep.score.selected.size") == 0


def contrast(page, ink, back):
    """Contrast of two colours, by their names in the style; as WCAG 2 defines it."""

    def luminance(name):
        text = page.evaluate(
            "(name) => { const c = document.createElement('canvas').getContext('2d');"
            "c.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);"
            "return c.fillStyle; }",
            name,
        )
        channels = np.array([int(text[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        linear = np.where(channels > 0.04045, ((channels + 0.055) / 1.055) ** 2.4, channels / 12.92)
        return linear @ [0.2126, 0.7152, 0.0722]

    high, low = sorted((luminance(ink), luminance(back)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_told_from_what_is_behind_them(opened, scheme):
    page = opened(color_scheme=scheme)
    for ink in ("--ink", "--soft", "--warn", "--accent", *(f"--i{k}" for k in range(8))):
        for back in ("--back", "--card"):
            assert contrast(page, ink, back) >= 4.5, (ink, back)
    assert contrast(page, "--on-accent", "--accent") >= 4.5
    assert contrast(page, "--line", "--back") >= 3


def test_the_theme_can_be_chosen(opened):
    page = opened(color_scheme="dark")
    back = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(back)
    page.click("#theme")
    assert page.inner_text("#theme") == "Colours: light"
    assert page.evaluate(back) == "rgb(255, 255, 255)"
    assert page.evaluate("musisep.roll.colour('--back')") == "#fff"
    page.click("#theme")
    assert page.evaluate(back) == dark


def test_a_narrow_screen_shows_all_without_scrolling_sideways(opened):
    page = opened(360, 700)
    page.click("text=How it was made")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_zoom_stays_where_one_looks(page):
    for _ in range(4):
        page.click("#closer")
    page.evaluate("musisep.player.seek(2)")
    page.evaluate("musisep.roll.show(2)")
    assert page.evaluate("musisep.roll.from < 2 && 2 < musisep.roll.to")
    before = page.evaluate("musisep.roll.to - musisep.roll.from")
    page.click("#further")
    assert page.evaluate("musisep.roll.to - musisep.roll.from") > before
    page.click("#fit")
    assert page.evaluate("musisep.roll.to") >= LENGTH_S - 0.01


def test_a_page_without_sound_or_notes_says_so(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(sound, "LONG_BYTES", 1)
    separation = replace(duet_separation(), certainty=None, likenesses=None)
    write_report(separation, tmp_path / "silent.html", notes=duet_notes()[:0])
    page = opened(path=tmp_path / "silent.html")
    assert page.inner_text("#said").startswith("The recording is too long to be heard")
    assert page.is_disabled("#play") and page.is_disabled("#doubtful")
    page.focus("#list")
    for key in ("ArrowDown", "Delete", "Space", "n", "1", "Control+a"):
        page.keyboard.press(key)
    page.mouse.click(*place(page, 1.0, 261.6))
    assert page.inner_text("#time") == "0:01.0 / 0:02.0"
    assert downloaded(page, tmp_path).notes.size == 0
