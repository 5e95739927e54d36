import numpy as np
import pytest
import scipy.fft
from duet import REED, SAMPLE_RATE, STRING, duet

from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.masking.places import Placing, clarity, directions, likelihoods
from musisep.masking.ratio import SpectralMask
from musisep.masking.voices import Voices
from musisep.metrics import bss_eval
from musisep.multipitch.viterbi import Viterbi
from musisep.tones.model import ToneModel

COLUMNS = np.maximum(np.stack([REED, STRING], axis=1), 1e-3)
APART = ((0.9, 0.3), (0.3, 0.9))
WIDE = Placing(narrowest=0.0)


def circle(*degrees):
    return np.exp(1j * np.radians(degrees))


def points(places, shares, scatter, seed=0, each=2000):
    """Sides of points of every place, with shares (as many) of their own place by their tones."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(places)), each)
    sides = np.array(places)[owners] * circle(*rng.normal(0, scatter, owners.size))
    own = np.array(shares)[owners]
    others = (1 - own) / (len(places) - 1)
    return np.where(np.arange(len(places))[:, None] == owners, own, others), sides


@pytest.fixture(scope="module")
def heard():
    """Stems of a duet [instrument, sample], and its voices and grid."""
    stems = duet()[:, :16_000]
    frames, level, grid = LogFrequencyFrontEnd()(stems.sum(axis=0, keepdims=True), SAMPLE_RATE)
    model = ToneModel.on(grid)
    tones = Viterbi()(frames, COLUMNS, model)
    return stems, Voices.of(tones.scaled(level), COLUMNS), grid


def images(stems, gains):
    """Stems [instrument, channel, sample] in channels."""
    return np.array(gains)[:, :, None] * stems[:, None]


def sdr(heard, gains, **options):
    stems, voices, grid = heard
    true = images(stems, gains)
    return bss_eval(true, SpectralMask(**options)(true.sum(axis=0), voices, grid)).sdr


@pytest.mark.parametrize("gains", [APART, ((0.9, -0.3), (0.3, -0.9)), ((1.2, 0.6), (1.2, -0.6))])
def test_instruments_that_are_panned_apart_are_taken_apart(heard, gains):
    """On two sides, with a channel inverted, and as middle and side."""
    assert np.all(sdr(heard, gains, placing=Placing()) > sdr(heard, gains) + 5)


@pytest.mark.parametrize("wrong", [(0, 0), (1, 0)], ids=["one plays all", "players exchanged"])
def test_where_instruments_are_leads_when_tones_are_wrong(heard, wrong):
    stems, voices, grid = heard
    tones = voices.tones.of_instruments(np.array(wrong)[voices.tones.insts])
    wrong_voices = Voices(tones, voices.columns, voices.dictionary, 2)
    true = images(stems, APART)
    found = SpectralMask(placing=Placing())(true.sum(axis=0), wrong_voices, grid)
    assert np.all(bss_eval(true, found).sdr > 15)


@pytest.mark.parametrize("gains", [(1, 1), (1, 0), (0, 2), (1, -1)])
def test_two_channels_of_one_place_are_divided_as_one_channel(heard, gains):
    stems, voices, grid = heard
    mixture = np.outer(gains, stems.sum(axis=0))
    found = SpectralMask(placing=Placing())(mixture, voices, grid)
    expected = SpectralMask()(stems.sum(axis=0, keepdims=True), voices, grid)
    np.testing.assert_allclose(found, expected * np.array(gains)[:, None], atol=1e-3)


def test_channels_that_share_nothing_are_divided_by_the_tones_alone(heard):
    """Each instrument has another room in each channel: no ratio of levels lasts."""
    stems, voices, grid = heard
    rng = np.random.default_rng(0)
    rooms = rng.normal(size=(2, 2, 4000)) * np.exp(-np.arange(4000) / 1000)
    spectra = scipy.fft.rfft(stems[:, None], 20_000) * scipy.fft.rfft(rooms, 20_000)
    mixture = 0.05 * scipy.fft.irfft(spectra, 20_000)[..., :16_000].sum(axis=0)
    found = SpectralMask(placing=Placing())(mixture, voices, grid)
    np.testing.assert_allclose(found, SpectralMask()(mixture, voices, grid), atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
def test_other_numbers_of_channels_are_divided_by_the_tones_alone(heard, channels):
    stems, voices, grid = heard
    mixture = np.arange(1, channels + 1)[:, None] * stems.sum(axis=0)
    placed, plain = (SpectralMask(placing=own)(mixture, voices, grid) for own in (Placing(), None))
    np.testing.assert_array_equal(placed, plain)


def test_jobs_change_no_byte_of_stems_at_places(heard):
    stems, voices, grid = heard
    mixture, mask = images(stems, APART).sum(axis=0), SpectralMask(placing=Placing())
    one = mask(mixture, voices, grid)
    with scipy.fft.set_workers(2):
        assert one.tobytes() == mask(mixture, voices, grid).tobytes()


def test_silence_and_one_instrument_have_places():
    silence = Placing().fitted(np.zeros((2, 0)), np.zeros(0, complex), np.zeros(0))
    np.testing.assert_array_equal(silence.points, [0, 0])
    alone = Placing().fitted(np.ones((1, 50)), circle(*np.full(50, 30)), np.ones(50))
    np.testing.assert_allclose(alone.points, 0.9999 * circle(30), atol=1e-3)
    assert silence.clarity == alone.clarity == 0


@pytest.mark.parametrize("shares", [(0.9, 0.9, 0.9), (0.4, 0.4, 0.4), (0.9, 0.1, 0.9)])
def test_places_are_found_though_tones_tell_little(shares):
    true = circle(20, 50, 130)
    prior, sides = points(true, shares, scatter=1.0)
    found = Placing().fitted(prior, sides, np.ones(sides.size))
    np.testing.assert_allclose(np.sort_complex(found.points), np.sort_complex(true), atol=0.02)
    assert found.clarity > 0.8


def test_each_instrument_is_at_the_place_of_its_tones():
    true = circle(130, 20, 50)
    prior, sides = points(true, (0.5, 0.5, 0.5), scatter=1.0, each=[300, 900, 600])
    found = Placing().fitted(prior, sides, np.ones(sides.size)).points
    np.testing.assert_allclose(found, true, atol=0.02)


def test_two_instruments_at_one_place_and_a_third():
    prior, sides = points(circle(40, 40, 140), (0.8, 0.8, 0.8), scatter=0.5)
    found = Placing().fitted(prior, sides, np.ones(sides.size))
    np.testing.assert_allclose(found.points, circle(40, 40, 140), atol=0.02)
    assert 0.3 < found.clarity < 0.7


def test_an_instrument_that_is_spread_wide_is_everywhere():
    prior, sides = points(circle(40, 140), (0.8, 0.8), scatter=0.5)
    rng = np.random.default_rng(0)
    sides[:2000] = circle(*rng.uniform(0, 180, 2000)) * rng.uniform(0, 1, 2000)
    found = Placing().fitted(prior, sides, np.ones(sides.size))
    assert found.points[0] == 0
    np.testing.assert_allclose(found.points[1], circle(140)[0], atol=0.02)


def test_places_maximise_the_likelihood():
    """Places that are no peaks: no small step makes the points likelier."""
    rng = np.random.default_rng(1)
    near, far = circle(*rng.normal(30, 25, 900)), circle(*rng.normal(150, 15, 900))
    sides = np.concatenate([0.6 * near, 0.9 * far])
    prior = rng.uniform(0, 1, (2, 1800))
    found = Placing(narrowest=0.0, steps=300).fitted(prior, sides, np.ones(1800)).points

    def value(places):
        likely = (prior + WIDE.least_share) * likelihoods(sides, places)
        return np.log(WIDE.nobody + likely.sum(axis=0)).sum()

    assert np.all(np.abs(found) < 0.99)
    for step in (1e-2, -1e-2, 1e-2j, -1e-2j):
        for k in range(2):
            assert value(found) > value(found + step * (np.arange(2) == k))


def test_likelihoods_are_those_of_the_angular_central_gaussian():
    rng = np.random.default_rng(0)
    pair = rng.normal(size=(2, 30)) + 1j * rng.normal(size=(2, 30))
    pair /= np.linalg.norm(pair, axis=0)
    point = 0.7 * circle(50)
    along, across = point.real[0], point.imag[0]
    covariance = 0.5 * np.array([[1 + along, across], [across, 1 - along]])
    form = np.einsum("ci,cd,di->i", pair.conj(), np.linalg.inv(covariance), pair).real
    everywhere = 4 * (2 * np.ones(30)) ** -2.0
    expected = form**-2 / np.linalg.det(covariance) / everywhere
    sides = np.abs(pair[0]) ** 2 - np.abs(pair[1]) ** 2 + 2j * (pair[0] * pair[1].conj()).real
    np.testing.assert_allclose(likelihoods(sides, point)[0], expected)


def test_directions_are_the_peaks_of_a_histogram_across_its_edge():
    counts, turns = [30, 25, 40, 45, 99], circle(359.9, 0.2, 90.5, 150.2, 200)
    sides = np.repeat(turns * [1, 1, 1, 1, 0.5], counts)
    found = directions(sides, np.ones(sides.size), 2)
    np.testing.assert_allclose(np.degrees(np.angle(found)), [150, 0], atol=1)


def test_clarity_is_0_at_one_place_and_1_if_chances_are_certain():
    weights = np.ones(7)
    assert clarity(np.ones((3, 7)), weights) == pytest.approx(0)
    assert clarity(np.eye(7)[:3][:, [0, 1, 2, 0, 1, 2, 0]] + 1e-12, weights) == pytest.approx(1)
