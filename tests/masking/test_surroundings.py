import numpy as np
import pytest
from duet import SAMPLE_RATE

from musisep.audio.frontend import LogFrequencyFrontEnd
from musisep.masking.ratio import SpectralMask
from musisep.masking.surroundings import Surroundings
from musisep.masking.voices import Voices
from musisep.tones.peaks import Peaks

GRID = LogFrequencyFrontEnd().grid(SAMPLE_RATE)
FRAMES = 60


def voices(sounding, f0_hz=(220.0, 330.0), harmonics=4):
    """Two instruments, each of which sounds in some of the frames."""
    amps = np.zeros((FRAMES, 2))
    for inst, frames in enumerate(sounding):
        amps[frames, inst] = 1.0
    shifts = GRID.axis.harscale * np.log(np.array(f0_hz) / GRID.axis.fmin_hz) + 0 * amps
    tones = Peaks(amps, shifts, np.full(amps.shape, 2.0), np.zeros(amps.shape), [[0, 1]] * FRAMES)
    columns = np.arange(1.0, harmonics + 1)[:, None] ** -np.array([1.0, 1.0])
    return Voices.of(tones, columns)


def test_tones_rise_and_die_away_by_decibels_per_second():
    own = Surroundings(decay_db_s=100.0)
    found = own(voices([slice(20, 30), slice(0, 0)]), GRID)
    amps = (found.tones.amps * (found.tones.insts == 0)).sum(axis=1)
    step_db = 100.0 * GRID.hop_length / GRID.sample_rate
    far = np.array([1, 5, 15])
    np.testing.assert_allclose(-20 * np.log10(amps[29 + far]), far * step_db)
    np.testing.assert_allclose(-20 * np.log10(amps[20 - far]), far * step_db)
    np.testing.assert_allclose(amps[20:30], 1)


def test_what_rings_is_at_the_pitch_of_the_tone_beside_the_next_one():
    own = voices([slice(0, 60), slice(0, 0)])
    own.tones.shifts[30:, 0] += 200
    found = Surroundings()(own, GRID).tones
    for frame, near in ((32, 29), (27, 30)):
        pitches = found.shifts[frame, found.amps[frame] > 0]
        np.testing.assert_allclose(sorted(pitches), sorted(own.tones.shifts[[near, frame], 0]))


def test_nothing_rings_below_the_floor():
    found = Surroundings(decay_db_s=100.0, floor=0.1)(voices([slice(0, 10), slice(0, 0)]), GRID)
    assert 0 < np.count_nonzero(found.tones.amps[10:]) < 20
    assert found.tones.amps[found.tones.amps > 0].min() > 0.1


def test_columns_go_on_as_their_upper_half():
    harmonics = np.arange(1.0, 101)
    columns = np.stack([harmonics[:25] ** -3, np.zeros(25)], axis=1)
    columns[20, 0] = 0.5  # one that is too loud does not matter
    found = Surroundings().continued(columns)
    np.testing.assert_array_equal(found[:25], columns)
    np.testing.assert_allclose(found[25:, 0], harmonics[25:] ** -3)
    assert found.shape == (100, 2) and not found[:, 1].any()
    np.testing.assert_allclose(Surroundings(reach=2).continued(np.ones((1, 1))), [[1], [2**-3]])
    np.testing.assert_array_equal(Surroundings(reach=1).continued(columns), columns)


def test_a_mask_gives_an_instrument_its_attack_its_tail_and_its_high_harmonics():
    """A low instrument of 40 harmonics, of which its column has four, before a high one."""
    seconds = np.arange((FRAMES - 1) * GRID.hop_length) / SAMPLE_RATE
    middle = 30 * GRID.hop_length / SAMPLE_RATE
    low = sum(np.sin(2 * np.pi * 90.0 * h * seconds) / h for h in range(1, 41)) * np.where(
        seconds < middle, 1, np.exp(-8 * (seconds - middle))
    )
    high = np.sin(2 * np.pi * 1760.0 * seconds) * (seconds > middle)
    mixture = 0.1 * (low + high)[None]
    own = voices([slice(3, 30), slice(31, 60)], f0_hz=(90.0, 1760.0))
    own = own.with_tones(own.tones.scaled(0.1))

    def left(mask):
        stems = mask(mixture, own, GRID)
        return np.sum((stems[0, 0] - 0.1 * low) ** 2) / np.sum((0.1 * low) ** 2)

    assert left(SpectralMask(surroundings=Surroundings())) < 0.5 * left(SpectralMask())


@pytest.mark.parametrize(
    ("name", "wrong"), [("decay_db_s", 0.0), ("reach", 0), ("fall", "steep"), ("floor", None)]
)
def test_what_is_out_of_range_is_refused(name, wrong):
    with pytest.raises(ValueError, match=f"^{name}="):
        Surroundings(**{name: wrong})
