import argparse
import pickle
import subprocess
import sys

import pytest

from musisep._util.pitches import hz_of, midi_near, midi_of, pitch_name
from musisep.cli.hints import add_hint_options, hints_of
from musisep.hints import Hints, parse_position, parse_ranges, range_of

HALF = 2 ** (0.5 / 12)


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    add_hint_options(parser.add_argument_group("hints"))
    return hints_of(parser.parse_args(arguments))


def test_names_of_pitches_and_numbers_are_inverse():
    assert [midi_of(pitch_name(midi)) for midi in range(128)] == list(range(128))
    assert [midi_of(name) for name in ("bb3", "A♯3", "Cb4", "B#3")] == [58, 58, 59, 60]
    assert [midi_of(name) for name in ("H3", "C", "C44", "A9", "Cb-1", "")] == [None] * 6
    assert hz_of(69) == 440 and midi_near(880.0) == pytest.approx(81)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("G3-C6", 195.998 / HALF, 1046.502 * HALF),
        (" g3 – c6 ", 195.998 / HALF, 1046.502 * HALF),
        ("55-84", 195.998 / HALF, 1046.502 * HALF),
        ("Bb2-F#4", 116.541 / HALF, 369.994 * HALF),
        ("C-1-C0", 8.1758 / HALF, 16.3516 * HALF),
        ("196Hz-1046.5 hz", 196, 1046.5),
        ("196-1046Hz", 196, 1046),
        ("G3-1000Hz", 195.998 / HALF, 1000),
        ("A4-A4", 440 / HALF, 440 * HALF),
        ("Alto Sax", hz_of(48.5), hz_of(81.5)),
    ],
)
def test_ranges_are_notes_numbers_hertz_or_instruments(text, low, high):
    assert range_of(text) == pytest.approx((low, high), rel=1e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("G3", "'G3' is no range; write it as G3-C6"),
        ("", "'' is no range"),
        ("H3-C6", "is no range"),
        ("C6-G3", "ends below its begin; write the lowest note first"),
        ("196-1046", "'196' is no note and no MIDI number up to 127; hertz need Hz"),
        ("100Hz-1000000Hz", "1e\\+06 Hz must be from 1 to 100000 Hz"),
        ("0Hz-100Hz", "0 Hz must be from 1"),
        ("A9-C10", "no range"),
    ],
)
def test_what_is_no_range_is_refused_in_one_line(text, message):
    with pytest.raises(ValueError, match=message) as refused:
        range_of(text)
    assert "\n" not in str(refused.value)


def test_hints_know_the_stems_by_name_and_by_number():
    hints = Hints(ranges={1: "C4-C6", "Cello": (65, 500)})
    assert hints.ranges_of(["violin", "cello"]) == [pytest.approx((254.18, 1077.17), rel=1e-4),
                                                    (65.0, 500.0)]  # fmt: skip
    assert Hints(ranges={"violin2": (200, 900)}).ranges_of(["violin1", "violin2"]) == [
        None, (200.0, 900.0)
    ]  # fmt: skip
    assert Hints(ranges={"fl": (200, 900)}).ranges_of(["flute"]) == [(200.0, 900.0)]
    assert pickle.loads(pickle.dumps(hints)) == hints


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"oboe": "C4-C6"}, "'oboe': no instrument is called so; they are violin1, violin2"),
        ({"violin": "C4-C6"}, "'violin': several instruments are called so"),
        ({"instrument3": "C4-C6"}, "'instrument3': no instrument"),
        ({"violin3": "C4-C6"}, "'violin3': no instrument is called so; they are violin1"),
        ({"instrument1": "C4-C6", "violin1": "C4-C6"}, "violin1 has two ranges"),
    ],
)
def test_ranges_of_others_are_refused(ranges, message):
    with pytest.raises(ValueError, match=message):
        Hints(ranges=ranges).ranges_of(["violin1", "violin2"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ranges": {"a": (500, 65)}}, r"ranges: a: \(500, 65\) must be between 1 and 100000 Hz"),
        ({"ranges": {"a": (float("nan"), 65)}}, "must be between"),
        ({"ranges": {"a": 3}}, "ranges: a: 3 must be two frequencies"),
        ({"ranges": {"a": "C6"}}, "ranges: a: 'C6' is no range"),
        ({"ranges": {0: "C4-C6"}}, "ranges: 0 must be the name"),
        ({"ranges": {1: "C4-C6", "instrument1": "C4-C6"}}, "instrument1 has two ranges"),
        ({"ranges": "G3-C6"}, "ranges='G3-C6' must be ranges by names"),
        ({"lead": "middle"}, "lead='middle' must be high or low"),
        ({"position": "left"}, "position='left' must be a list"),
        ({"position": [1.5]}, "position: 1.5 must be left, right, center"),
        ({"position": ["up"]}, "position: 'up' must be"),
        ({"position": ["nan"]}, "position: 'nan' must be"),
        ({"position": [None]}, "position: None must be"),
    ],
)
def test_what_is_no_hint_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Hints(**options)


def test_positions_are_one_for_each_instrument_of_two_channels():
    hints = Hints(position=["left", 0.25, "Center"])
    assert hints.positions_of(3, 2) == [-1.0, 0.25, 0.0]
    assert Hints().positions_of(3, 1) is None
    with pytest.raises(ValueError, match="position has 3 of 2 instruments; give one for each"):
        hints.positions_of(2, 2)
    with pytest.raises(ValueError, match="two channels, not 1; leave it out"):
        hints.positions_of(3, 1)


def test_options_of_the_command_are_hints():
    hints = parsed("--ranges", "violin=G3-C6, cello=65Hz-500Hz", "--lead", "low",
                   "--position=-0.5,right")  # fmt: skip
    assert hints == Hints(
        ranges={"violin": "G3-C6", "cello": (65, 500)}, lead="low", position=(-0.5, 1)
    )
    assert parsed() == Hints()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--ranges=G3-C6", "'G3-C6' is no name with a range; write instrument1=G3-C6"),
        ("--ranges=a=G3-C6,a=G3-C6", "a has two ranges"),
        ("--ranges=a=G3", "'G3' is no range"),
        ("--ranges=a=G3-C6,", "'' is no name with a range"),
        ("--position=left,up", "position: 'up' must be left, right, center"),
        ("--lead=middle", "invalid choice: 'middle'"),
    ],
)
def test_options_that_are_none_are_refused(option, message, capsys):
    with pytest.raises(SystemExit):
        parsed(option)
    assert message in capsys.readouterr().err


def test_hints_load_no_numpy():
    code = "import sys, musisep.cli.hints; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_texts_are_parsed_as_the_options_are():
    assert parse_ranges("a=196Hz-400Hz,b=cello") == {"a": (196, 400), "b": range_of("C2-A5")}
    assert parse_position("Left, 0.5 ,centre") == (-1, 0.5, 0)


def test_one_more_than_there_are_is_no_instrument():
    with pytest.raises(ValueError, match="'instrument3': no instrument is called so"):
        Hints(ranges={"instrument3": "C4-C6"}).ranges_of(["instrument1", "instrument2"])
