"""Items of two channels, and what separates them by nothing but level differences."""

import json

import numpy as np
import pytest

from musisep.metrics import bss_eval


@pytest.fixture
def stereo():
    import stereo

    return stereo


@pytest.mark.parametrize("law", ["linear", "power"])
def test_stems_are_panned_and_add_up_to_the_mixture(stereo, item, law):
    item = item._replace(mixture=item.mixture + 0.01)
    found = stereo.panned(item, np.array([20.0, 75.0]), law)
    np.testing.assert_allclose(
        found.stems[:, 1], np.tan(np.radians([[20], [75]])) * found.stems[:, 0], atol=1e-12
    )
    if law == "linear":
        np.testing.assert_allclose(found.mixture.sum(axis=0), item.mixture[0], atol=1e-12)
    else:
        energies = (found.stems**2).sum(axis=1)
        np.testing.assert_allclose(energies, item.stems[:, 0] ** 2, atol=1e-12)
    rest = found.mixture - found.stems.sum(axis=0)
    np.testing.assert_allclose(rest[0], rest[1], atol=1e-12)


def test_angles_keep_their_gaps(stereo):
    rng = np.random.default_rng(0)
    for _ in range(20):
        gaps = np.diff(np.sort(stereo.draw_angles(rng, 3, (10, 20))))
        assert np.all((gaps >= 10) & (gaps <= 20))
    with pytest.raises(ValueError, match="leaves no room for 3 players"):
        stereo.draw_angles(rng, 3, (60, 90))


def test_made_items_are_separated_by_their_histogram(stereo, folder, tmp_path):
    from items import item_folders, read_item
    from variants.stereo import histogram

    options = ["--out", str(tmp_path), "--items", "one", "--gap", "30", "60"]
    assert stereo.main([str(folder), *options]) == 0
    (path,) = item_folders(tmp_path)
    made = read_item(path)
    np.testing.assert_allclose(made.stems.sum(axis=0), made.mixture, atol=1e-6)
    angles = json.loads((path / "angles.json").read_text())
    levels = np.linalg.norm(made.stems, axis=2)
    expected = [angles[name] for name in made.instruments]
    np.testing.assert_allclose(np.degrees(np.arctan2(*levels.T[::-1])), expected, atol=0.1)
    assert bss_eval(made.stems, histogram(made, 0)).sdr.mean() > 10


def test_a_player_that_is_spread_wide_has_its_energy_and_no_place(stereo, item):
    placed = stereo.panned(item, np.array([20.0, 75.0]), "linear")
    wide = stereo.spread(placed, np.random.default_rng(0))
    np.testing.assert_array_equal(wide.stems[1], placed.stems[1])
    np.testing.assert_allclose(wide.stems.sum(axis=0), wide.mixture, atol=1e-12)
    left, right = wide.stems[0]
    assert 0.5 < np.sum(left**2 + right**2) / np.sum(placed.stems[0] ** 2) < 4
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.7


def test_two_players_at_one_angle(stereo, folder, tmp_path):
    assert (
        stereo.main([str(folder), "--out", str(tmp_path), "--items", "one", "--case", "pair"]) == 0
    )
    angles = json.loads((tmp_path / "one" / "angles.json").read_text())
    assert len(angles) == 2 and len(set(angles.values())) == 1
