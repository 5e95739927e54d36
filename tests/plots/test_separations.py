import numpy as np
import pytest
from matplotlib.colors import to_rgba
from sinusoids import RATE, two_sinusoids

from musisep.masking.voices import Voices
from musisep.plots import (
    PALETTE,
    LinearAxis,
    curve_figure,
    dictionary_figure,
    masks_figure,
    pitch_quartiles,
    roll_figure,
    save_figure,
    separation_figure,
    spectrogram_figure,
    spread_figure,
)
from musisep.scores import NOBODY, note_table
from musisep.tones.peaks import Peaks

HOP_S = round(0.0116 * RATE) / RATE


@pytest.fixture(scope="module")
def separated():
    return two_sinusoids()


def images(figure):
    return [axes.images[0] for axes in figure.axes if axes.images]


def notes(**columns):
    return note_table(
        [0.0, 1.0, 1.5, 2.0], [0.5, 2.0, 2.5, 3.0], [440.0, 220.0, 466.16, np.nan], [0, 1, 0, 1],
        **columns,
    )  # fmt: skip


def boxes(figure):
    """The notes of each collection: left, bottom, right and top of each."""
    return [
        [(*path.vertices.min(axis=0), *path.vertices.max(axis=0)) for path in own.get_paths()]
        for own in figure.axes[0].collections
    ]


def test_notes_lie_at_their_times_and_pitches_in_the_colour_of_their_instrument(tmp_path):
    figure = roll_figure(notes(), ["_flute", "c$x_$"])
    first, second = boxes(figure)
    np.testing.assert_allclose(first, [[0, 68.6, 0.5, 69.4], [1.5, 69.6, 2.5, 70.4]], atol=1e-3)
    np.testing.assert_allclose(second, [[1, 56.6, 2, 57.4]])
    faces = [tuple(own.get_facecolor()[0]) for own in figure.axes[0].collections]
    assert faces == [to_rgba(PALETTE[0]), to_rgba(PALETTE[1])]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["_flute", "c$x_$"]
    save_figure(figure, tmp_path / "roll.svg")


def test_pitches_are_named_as_notes():
    axes = roll_figure(notes(), ["a", "b"]).axes[0]
    texts = [label.get_text() for label in axes.get_yticklabels()]
    names = dict(zip(axes.get_yticks(), texts, strict=True))
    assert names[60] == "C4" and names[67] == "G4" and names[64] == "E4"
    low, high = axes.get_ylim()
    assert low < 56 and high > 71
    assert axes.get_xlabel() == "time in s"


def test_uncertain_notes_are_lighter_and_unknown_ones_are_not():
    certainty = [1.0, 0.9, 0.3, np.nan]
    first, _ = roll_figure(notes(certainty=certainty), ["a", "b"]).axes[0].collections
    sure, unsure = first.get_facecolor()[:, 3]
    assert sure == 1 and unsure < 0.6
    first, _ = roll_figure(notes(), ["a", "b"]).axes[0].collections
    assert first.get_facecolor()[:, 3].tolist() == [1, 1]


def test_notes_of_nobody_and_of_many_instruments_are_told_apart():
    table = note_table(np.arange(16), np.arange(16) + 1, 440.0, np.arange(-1, 15))
    figure = roll_figure(table, [f"i{number}" for number in range(15)])
    looks = {(tuple(own.get_facecolor()[0]), own.get_hatch()) for own in figure.axes[0].collections}
    assert len(looks) == 16
    assert figure.legends[0].get_texts()[-1].get_text() == "nobody"
    assert NOBODY == -1


def test_a_part_of_the_notes_is_drawn():
    figure = roll_figure(notes(), ["a", "b"], start_s=0.6, stop_s=1.4)
    assert figure.axes[0].get_xlim() == (0.6, 1.4)
    assert [len(own) for own in boxes(figure)] == [0, 1]
    assert roll_figure(notes()[:0], ["a"]).axes[0].get_xlim() == (0, 1)
    with pytest.raises(ValueError, match=r"start_s=2.0 must be before stop_s=1.0"):
        roll_figure(notes(), ["a", "b"], start_s=2.0, stop_s=1.0)
    with pytest.raises(ValueError, match="must be of an instrument from 0 to 0"):
        roll_figure(notes(), ["a"])


def test_curves_are_drawn_in_percent_up_to_their_end():
    figure = curve_figure({"notes": [0.4, 0.2], "adam": [0.5, 0.4, 0.3, 0.1]})
    first, second = figure.axes[0].lines
    np.testing.assert_allclose(first.get_xydata(), [[50, 40], [100, 20]])
    np.testing.assert_allclose(second.get_xydata()[-1], [100, 10])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["notes", "adam"]
    for curves in ({}, {"a": []}, {"a": [[0.1]]}):
        with pytest.raises(ValueError, match="one at least, of one turn at least"):
            curve_figure(curves)


def test_bins_of_a_linear_axis_lie_at_their_frequencies():
    figure = spectrogram_figure({"a": np.ones((5, 4))}, LinearAxis(5, 100.0), 0.1)
    assert images(figure)[0].get_extent() == [-0.05, pytest.approx(0.35), -50, 450]


def test_a_separation_is_drawn_on_a_linear_scale(separated):
    figure = separation_figure(separated, slice(20, 60), scale="linear", highest_hz=2000)
    panels = {axes.get_title(loc="left"): axes.images[0] for axes in figure.axes if axes.images}
    assert list(panels) == ["mixture", "model", "instrument1", "instrument2"]
    left, right, bottom, top = panels["mixture"].get_extent()
    np.testing.assert_allclose((left, right), (19.5 * HOP_S, 59.5 * HOP_S))
    step_hz = (top - bottom) / panels["mixture"].get_array().shape[0]
    assert 2000 < top < 2000 + 2 * step_hz
    low, high = (round(hz / step_hz) for hz in (400, 1600))
    levels = {name: np.asarray(image.get_array()) for name, image in panels.items()}
    for name in ("mixture", "model"):
        np.testing.assert_allclose(levels[name][[low, high]], 0, atol=1.5)
    np.testing.assert_allclose(levels["instrument1"][low], 0, atol=1.5)
    assert levels["instrument1"][high].max() < -59


def test_masks_are_shares_and_gray_where_nothing_is_heard(separated):
    figure = masks_figure(separated, slice(20, 60), scale="linear", highest_hz=4000)
    first, second = (np.asarray(image.get_array()) for image in images(figure))
    step_hz = images(figure)[0].get_extent()[3] / (len(first) - 0.5)
    low, high, nowhere = (round(hz / step_hz) for hz in (400, 1600, 3500))
    for own, other in ((first[low], second[low]), (second[high], first[high])):
        np.testing.assert_allclose(own, 1, atol=1e-6)
        np.testing.assert_allclose(other, 0, atol=1e-6)
    assert np.isnan(first[nowhere]).all()
    assert all(image.get_clim() == (0, 1) for image in images(figure))
    assert len(images(masks_figure(separated))) == 2


@pytest.mark.parametrize("figure", [separation_figure, masks_figure])
def test_what_cannot_be_drawn_is_refused(figure, separated):
    with pytest.raises(ValueError, match="scale='mel' must be one of"):
        figure(separated, scale="mel")
    with pytest.raises(ValueError, match="highest_hz=100 is of use with scale='linear' only"):
        figure(separated, highest_hz=100)
    with pytest.raises(ValueError, match="frames > 0"):
        figure(separated, slice(5000, 6000))


def test_quartiles_are_those_of_the_pitches_by_how_much_they_sound():
    levels = np.array([0.1, 0.2, 0.3, 0.4, 0.9])  # of the second harmonic, but for a common gain
    amounts = [2.0, 1.0, 1.0, 1.0, 0.001]
    columns = np.array([np.ones(5), levels]) * [1, 2, 3, 4, 5]
    params = np.zeros((1, 4, 5))
    params[0, 0], params[0, 1], params[0, 2] = amounts, range(5), 1
    tones = Peaks.from_params(params, np.zeros(5, np.int64))
    voices = Voices(tones, np.arange(5)[None], columns / 10, 2)
    dictionary = np.array([[1.0, 1.0], [0.25, 0.5]])
    low, high = pitch_quartiles(voices, dictionary)
    energy = np.hypot(1, 0.25)
    for found, level in ((low, 0.1), (high, 0.3)):
        assert found[1, 0] == pytest.approx(level / np.hypot(1, level) * energy)
    np.testing.assert_array_equal((low[:, 1], high[:, 1]), [dictionary[:, 1]] * 2)


def test_bands_reach_from_quartile_to_quartile():
    quartiles = np.array([[[0.5], [0.01]], [[1.0], [0.1]]])
    figure = dictionary_figure([[1.0], [0.05]], quartiles=quartiles, names=["oboe"])
    _, bands = figure.axes[0].containers
    ends = [(band.get_y(), band.get_y() + band.get_height()) for band in bands]
    np.testing.assert_allclose(ends, [[20 * np.log10(0.5), 0], [-40, -20]], atol=1e-9)
    assert figure.axes[0].get_title(loc="left") == "oboe"
    with pytest.raises(ValueError, match=r"quartiles.shape=\(2, 2\) must be \(2, 2, 1\)"):
        dictionary_figure([[1.0], [0.05]], quartiles=quartiles[..., 0])


def test_the_spread_of_a_separation_is_drawn(separated):
    figure = spread_figure(separated)
    assert [len(axes.containers) for axes in figure.axes] == [2, 2]
