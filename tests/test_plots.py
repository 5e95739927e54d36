import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread

from musisep.audio.logfreq import LogAxis
from musisep.plots import save_figure, spectrogram_figure

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


def test_matplotlib_waits_for_a_picture_and_pyplot_is_not_used(tmp_path):
    script = """if True:
        import sys
        import numpy as np
        from musisep import plots
        assert "matplotlib" not in sys.modules
        axis = plots.LogAxis(50, 3200, 60)
        plots.save_figure(plots.spectrogram_figure({"a": np.ones((60, 8))}, axis, 0.1), sys.argv[1])
        assert "matplotlib.pyplot" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", script, tmp_path / "picture.svg"], check=True)
    assert "<svg" in (tmp_path / "picture.svg").read_text()
