import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread
from sinusoids import RATE, two_sinusoids

from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.audio.logfreq import LogAxis
from musisep.plots import (
    dictionary_figure,
    measures_figure,
    picture_suffixes,
    save_figure,
    separation_figure,
    spectrogram_figure,
    waveform_figure,
)

AXIS = LogAxis(50, 3200, 60)
LOUD = np.full((60, 8), 10.0)


def images(figure):
    return [axes.images[0] for axes in figure.axes if axes.images]


def test_levels_are_relative_to_the_loudest_point_of_all_panels():
    figure = spectrogram_figure({"a": LOUD, "b": LOUD / 10, "c": 0 * LOUD}, AXIS, 0.01)
    first, second, silent = images(figure)
    np.testing.assert_allclose(first.get_array(), 0, atol=1e-12)
    np.testing.assert_allclose(second.get_array(), -20)
    np.testing.assert_allclose(silent.get_array(), -60)
    assert all(image.get_clim() == (-60, 0) for image in (first, second, silent))


def test_silence_alone_is_drawn_as_silence():
    figure = spectrogram_figure({"silence": 0 * LOUD}, AXIS, 0.01, range_db=40)
    np.testing.assert_allclose(images(figure)[0].get_array(), -40)


def test_frames_and_bins_lie_at_their_times_and_frequencies():
    figure = spectrogram_figure({"a": LOUD}, AXIS, 0.5, start_s=3.0)
    left, right, bottom, top = images(figure)[0].get_extent()
    assert (left, right) == (2.75, 6.75)  # centres from 3.0 to 6.5 s
    assert (bottom, top) == (-0.5, 59.5)
    axes = figure.axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["50", "100", "200", "400", "800", "1600"]
    np.testing.assert_allclose(axes.get_yticks(), np.arange(0, 60, 10), atol=1e-12)


def test_low_frequencies_are_drawn_below():
    low = np.where(np.arange(60)[:, None] < 20, LOUD, 0)
    assert images(spectrogram_figure({"low": low}, AXIS, 0.01))[0].origin == "lower"


def test_titles_are_taken_literally(tmp_path):
    title = "cost $x_{ and $"
    figure = spectrogram_figure({title: LOUD}, AXIS, 0.01)
    assert figure.axes[0].get_title(loc="left") == title
    save_figure(figure, tmp_path / "new" / "picture.png")
    picture = imread(tmp_path / "new" / "picture.png")
    assert picture.shape[:2] == (336, 1080)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["picture.png"]


@pytest.mark.parametrize("panels", [{}, {"a": LOUD, "b": LOUD[:, :7]}, {"a": LOUD[:59]},
                                    {"a": LOUD[:, :0]}, {"a": LOUD[0]}])  # fmt: skip
def test_unfit_panels_are_refused(panels):
    with pytest.raises(ValueError, match=r"panels=.* must have one shape, \(60, frames > 0\)"):
        spectrogram_figure(panels, AXIS, 0.01)


def test_dots_per_inch_are_as_asked_for(tmp_path):
    save_figure(spectrogram_figure({"a": LOUD}, AXIS, 0.01), tmp_path / "a.png", dpi=300)
    assert imread(tmp_path / "a.png").shape[1] == 2700


@pytest.mark.parametrize("dpi", [0, -1, np.inf, np.nan, "high"])
def test_unfit_dots_per_inch_are_refused(tmp_path, dpi):
    with pytest.raises(ValueError, match=r"dpi=.* must be a number above 0"):
        save_figure(spectrogram_figure({"a": LOUD}, AXIS, 0.01), tmp_path / "a.png", dpi=dpi)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="wav"):
        save_figure(spectrogram_figure({"a": LOUD}, AXIS, 0.01), tmp_path / "picture.wav")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_stays_when_its_successor_fails(tmp_path, monkeypatch):
    path = tmp_path / "picture.png"
    path.write_text("old")
    figure = spectrogram_figure({"a": LOUD}, AXIS, 0.01)

    def run_out_of_disk(target, **_):
        target.write_text("half")
        raise OSError("no room")

    monkeypatch.setattr(figure, "savefig", run_out_of_disk)
    with pytest.raises(OSError, match="no room"):
        save_figure(figure, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_bars_are_the_levels_of_the_harmonics():
    figure = dictionary_figure([[1.0, 0.5], [0.1, 1.0], [1e-4, 0.0]], range_db=40)
    panels = figure.axes
    assert [axes.get_title(loc="left") for axes in panels] == ["instrument1", "instrument2"]
    for axes, levels in zip(panels, ([0, -20, -40], [-6.02, 0, -40]), strict=True):
        tops = [bar.get_y() + bar.get_height() for bar in axes.patches]
        np.testing.assert_allclose(tops, levels, atol=0.01)
        assert {bar.get_y() for bar in axes.patches} == {-40}
        assert [bar.get_x() + bar.get_width() / 2 for bar in axes.patches] == [1, 2, 3]
    assert panels[-1].get_xlabel() == "harmonic"
    assert figure.get_supylabel() == "level in dB"


@pytest.mark.parametrize("amplitudes", [[1.0, 0.5], [[2.0]], [[-1.0]], np.zeros((0, 2)), [["a"]]])
def test_what_is_no_dictionary_is_not_drawn(amplitudes):
    with pytest.raises(ValueError, match="amplitudes"):
        dictionary_figure(amplitudes)


@pytest.fixture(scope="module")
def separated():
    return two_sinusoids()


def test_mixture_model_and_stems_are_drawn_on_one_scale(separated):
    figure = separation_figure(separated, slice(20, 60))
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes if axes.images}
    assert list(panels) == ["mixture", "model", "instrument1", "instrument2"]
    levels = {name: axes.images[0].get_array() for name, axes in panels.items()}
    _, _, grid = LogFrequencyFrontEnd()(separated.mixture, RATE)
    low, high = grid.axis.position([400, 1600]).round().astype(int)
    for name in ("mixture", "model"):
        np.testing.assert_allclose(levels[name][[low, high]], 0, atol=0.5)
    for name, here, there in (("instrument1", low, high), ("instrument2", high, low)):
        np.testing.assert_allclose(levels[name][here], 0, atol=0.5)
        np.testing.assert_allclose(levels[name][there], -60, atol=1e-9)
    assert all(level.shape == (grid.axis.bins, 40) for level in levels.values())
    left, right, *_ = panels["mixture"].images[0].get_extent()
    hop_s = grid.hop_length / RATE
    np.testing.assert_allclose((left, right), (19.5 * hop_s, 59.5 * hop_s))


def test_a_separation_is_drawn_whole_unless_told_otherwise(separated):
    image = images(separation_figure(separated))[1]
    assert image.get_array().shape[1] == 1 + RATE // round(0.0116 * RATE)


def test_frames_that_do_not_exist_are_refused(separated):
    with pytest.raises(ValueError, match="frames > 0"):
        separation_figure(separated, slice(5000, 6000))


def test_matplotlib_waits_for_a_picture_and_pyplot_is_not_used(tmp_path):
    script = """if True:
        import sys
        import numpy as np
        from musisep import plots
        from musisep.audio.logfreq import LogAxis
        assert "matplotlib" not in sys.modules
        axis = LogAxis(50, 3200, 60)
        plots.save_figure(plots.spectrogram_figure({"a": np.ones((60, 8))}, axis, 0.1), sys.argv[1])
        assert "matplotlib.pyplot" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", script, tmp_path / "picture.svg"], check=True)
    assert "<svg" in (tmp_path / "picture.svg").read_text()


def test_waveforms_are_drawn_from_their_least_to_their_greatest_values():
    signal = np.zeros(10_000)
    signal[7_000:7_002] = 0.5, -0.25
    figure = waveform_figure({"one": signal, "$two": signal[None] * 2}, 1000, start_s=3.0)
    first, second = figure.axes
    assert (first.get_title(loc="left"), second.get_title(loc="left")) == ("one", "$two")
    corners = first.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose([corners[:, 1].min(), corners[:, 1].max()], [-0.25, 0.5])
    np.testing.assert_allclose(corners[corners[:, 1].argmax(), 0], 10.0, atol=0.01)
    assert first.get_ylim() == second.get_ylim()


@pytest.mark.parametrize("panels", [{}, {"a": np.ones(3), "b": np.ones(4)}, {"a": np.ones(0)}])
def test_waveforms_must_have_one_length(panels):
    with pytest.raises(ValueError, match="must have signals of one length"):
        waveform_figure(panels, 1000)


def test_a_waveform_of_one_sample_is_drawn(tmp_path):
    save_figure(waveform_figure({"one": [0.5]}, 1000), tmp_path / "one.png")
    assert imread(tmp_path / "one.png").std() > 0


def test_measures_are_boxes_and_few_of_them_points(tmp_path):
    many = [*range(9), np.nan, np.inf]
    figure = measures_figure({"SDR": {"a $x_{": many, "horn": [1.0, 2.0]}, "SIR": {"horn": []}})
    sdr, sir = figure.axes
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["SDR", "SIR"]
    assert [label.get_text() for label in sdr.get_yticklabels()] == ["a $x_{", "horn"]
    medians = [line for line in sdr.lines if set(line.get_xdata()) == {4.0}]
    points = [line for line in sdr.lines if line.get_marker() == "o"]
    assert len(medians) == 1 and points[0].get_xdata().tolist() == [1.0, 2.0]
    assert not any(len(line.get_xdata()) for line in sir.lines)
    save_figure(figure, tmp_path / "a.svg")
    with pytest.raises(ValueError, match="one measure of one stem"):
        measures_figure({})


def test_suffixes_of_pictures_can_be_written(tmp_path):
    assert {".png", ".svg", ".pdf"} <= set(picture_suffixes())
