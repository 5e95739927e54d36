"""Parts that are added from outside the package: docs/develop/extend.rst shows these tests."""

import re
from pathlib import Path

import numpy as np
import pytest
from duet import SAMPLE_RATE, duet
from extending.assignment import by_register
from extending.finder import strongest
from extending.front_end import Gated
from extending.in_range import InRange
from extending.learner import ByHeight
from extending.mask import binary_mask, loudest
from extending.output_format import NPZ
from extending.voicing import by_octave

import musisep
from musisep.io.formats import FORMATS
from musisep.masking.voices import Voices
from musisep.metrics import bss_eval
from musisep.stages import PARTS, make_stages
from musisep.tones.peaks import Peaks

EXAMPLES = Path(__file__).parent / "extending"
PAGE = Path(__file__).parents[1] / "docs" / "develop" / "extend.rst"
MOST_LINES = 25


@pytest.fixture(scope="module")
def stems():
    return duet()


@pytest.fixture(scope="module")
def mixture(stems):
    return stems.sum(axis=0)


@pytest.fixture(scope="module")
def usual(mixture):
    return musisep.separate(mixture, SAMPLE_RATE, restarts=2)


def sdr(stems, separation):
    """Least SDR of the instruments in dB; stems and residual must add up to the mixture."""
    total = separation.stems.sum(axis=0) + separation.residual
    np.testing.assert_allclose(total, separation.mixture, atol=1e-12)
    return bss_eval(stems[:, None], separation.stems).sdr.min()


def test_front_end(mixture, stems):
    # front end
    separation = musisep.separate(mixture, SAMPLE_RATE, stages={"front_end": Gated()})
    # end
    assert sdr(stems, separation) > 12
    magnitudes = Gated()(mixture[None], SAMPLE_RATE).magnitudes
    assert 0 < magnitudes[magnitudes > 0].min() >= 10 ** (-50 / 20)


def test_finder(mixture, stems):
    # finder
    separation = musisep.separate(mixture, SAMPLE_RATE, stages={"finder": strongest})
    # end
    assert sdr(stems, separation) > 9


def test_a_finder_around_another_one(mixture, usual):
    # around
    usual_finder = make_stages(musisep.Settings()).finder
    low = InRange(usual_finder, lowest_hz=27.5, highest_hz=300)
    separation = musisep.separate(mixture, SAMPLE_RATE, stages={"finder": low})
    # end
    assert usual.notes.f0_hz.min() < 300 < usual.notes.f0_hz.max()
    assert len(separation.notes) > 0 and separation.notes.f0_hz.max() < 305


def test_assignment(mixture, stems):
    # assignment
    separation = musisep.separate(mixture, SAMPLE_RATE, stages={"assignment": by_register})
    # end
    assert sdr(stems, separation) > 12


def test_learner(mixture, stems):
    # learner
    separation = musisep.separate(mixture, SAMPLE_RATE, stages={"learner": ByHeight()})
    # end
    assert sdr(stems, separation) > 12
    assert separation.dictionary.amplitudes.shape == (12, 2)


def test_voicing(mixture, stems):
    # voicing
    separation = musisep.separate(mixture, SAMPLE_RATE, stages={"voicing": by_octave})
    # end
    assert sdr(stems, separation) > 12


def test_mask(mixture, stems):
    # mask
    separation = musisep.separate(mixture, SAMPLE_RATE, stages={"mask": binary_mask})
    # end
    assert sdr(stems, separation) > 9


@pytest.mark.parametrize("pexp", [1.0, 2.0])
def test_a_point_of_a_binary_mask_belongs_to_one_instrument(pexp):
    alone = [1.0, 0.6], [3.0, 4.1], [1.0, 1.0], [0.0, 0.0], [0, 1]
    tones = Peaks(*([row] * 3 for row in alone))
    spectra = np.random.default_rng(0).normal(size=(2, 3, 40)) + 1j
    shares = loudest(Voices.of(tones, np.array([[1.0, 0.3], [0.2, 1]])), spectra, pexp)
    assert shares.shape == (2, 2, 3, 40)
    np.testing.assert_array_equal(shares[0] * shares[1], 0)
    there = shares.any(axis=0)
    np.testing.assert_array_equal(shares.sum(axis=0)[there], spectra[there])
    assert there[:, :, :8].all() and not there[:, :, 30:].any()
    assert shares[0].any() and shares[1].any()


def test_output_format(usual, tmp_path):
    # output format
    FORMATS["npz"] = NPZ
    paths, _ = usual.save(tmp_path, format="npz", subtype="float64", residual=True)
    # end
    del FORMATS["npz"]
    assert [path.name for path in paths] == ["instrument1.npz", "instrument2.npz", "residual.npz"]
    for path, signal in zip(paths, [*usual.stems, usual.residual], strict=True):
        with np.load(path) as found:
            np.testing.assert_array_equal(found["audio"], signal)
            assert found["sample_rate"] == SAMPLE_RATE
    assert len(list(tmp_path.iterdir())) == 3


def test_name(mixture, usual):
    # name
    PARTS["assignment"]["register"] = lambda settings, made: by_register
    separation = musisep.separate(mixture, SAMPLE_RATE, assignment="register")
    # end
    del PARTS["assignment"]["register"]
    assert separation.settings.assignment == "register"
    assert separation.stems.shape == usual.stems.shape


SNIPPETS = sorted(path.name for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("name", SNIPPETS)
def test_each_part_takes_few_lines(name):
    assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_no_part_changes_anything_of_the_package():
    for name in SNIPPETS:
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        assert not re.search(r"setattr|patch|import musisep$|musisep\.\w[\w.]* = ", text)


def test_the_page_shows_every_part_and_its_test():
    page, tests = (path.read_text(encoding="utf-8") for path in (PAGE, Path(__file__)))
    shown = re.findall(r"literalinclude:: /\.\./tests/extending/(\S+)", page)
    assert sorted(shown) == SNIPPETS and len(SNIPPETS) == 8
    markers = re.findall(r":start-after: (# .+)\n", page)
    assert len(markers) == len(SNIPPETS) + 1 == page.count("../tests/test_extending.py")
    for marker in markers:
        assert tests.count(f"    {marker}\n") == 1, marker
    assert page.count(":end-before: # end") == len(markers)
