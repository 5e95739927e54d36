import numpy as np
import pytest
import scipy.fft
from peers import librosa

from musisep.audio.mel import MFCCTransform, mfcc
from musisep.audio.mel.cepstrum import cepstral_filterbank, dct_matrix

RATE = 22050
SIZES = {"sample_rate": RATE, "n_fft": 1024, "hop_length": 300, "n_mels": 40}


def noise(*shape: int) -> np.ndarray:
    # Loud, then soft, so that a dynamic range is exceeded.
    fade = np.logspace(0, -6, shape[-1])
    return np.random.default_rng(1).standard_normal(shape) * fade


@pytest.mark.parametrize("norm", ["ortho", None])
def test_matrix_is_the_transform(norm):
    levels = np.random.default_rng(2).standard_normal((40, 5))
    matrix = dct_matrix(13, 40, norm=norm)
    assert matrix.shape == (13, 40)
    expected = scipy.fft.dct(levels, axis=0, norm=norm)[:13]
    np.testing.assert_allclose(matrix @ levels, expected, atol=1e-12)


def test_rows_are_cosines():
    order, band = np.arange(6)[:, None], np.arange(8)
    expected = 2 * np.cos(np.pi * order * (2 * band + 1) / 16)
    np.testing.assert_allclose(dct_matrix(6, 8, norm=None), expected, atol=1e-14)
    np.testing.assert_allclose(dct_matrix(8, 8) @ dct_matrix(8, 8).T, np.eye(8), atol=1e-14)


def test_matrix_is_kept_and_cannot_be_changed():
    matrix = dct_matrix(3, 8)
    assert dct_matrix(3, 8) is matrix
    assert cepstral_filterbank(3, 8, "ortho", 2) is cepstral_filterbank(3, 8, "ortho", 2)
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 1
    assert matrix.base is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 8, "ortho"), "n_mfcc=0 must be an integer of at least 1"),
        ((9, 8, "ortho"), "n_mfcc=9 must be at most n_mels=8"),
        ((1, 8.0, "ortho"), "n_mels=8.0 must be an integer of at least 1"),
        ((1, True, "ortho"), "n_mels=True must be an integer"),
        ((1, 8, "slaney"), "norm='slaney' must be one of"),
        ((1, 8, ["ortho"]), r"norm=\['ortho'\] must be one of"),
        (([1], 8, "ortho"), r"n_mfcc=\[1\] must be an integer"),
    ],
)
def test_refuses(arguments, message):
    dct_matrix(1, 8, norm="ortho")  # kept, but for integers only
    with pytest.raises(ValueError, match=message):
        dct_matrix(arguments[0], arguments[1], norm=arguments[2])


def test_refuses_negative_lifters():
    with pytest.raises(ValueError, match="lifter=-1 must be an integer of at least 0"):
        cepstral_filterbank(3, 8, "ortho", -1)


@pytest.mark.parametrize("lifter", [0, 1, 22])
@pytest.mark.parametrize("dct_norm", ["ortho", None])
def test_mfcc_equals_librosa(lifter, dct_norm):
    signal = noise(8000)
    ours = mfcc(signal, **SIZES, n_mfcc=13, lifter=lifter, dct_norm=dct_norm)
    # librosa.feature.mfcc makes its filters in single precision, unless it is given levels.
    mel = librosa.feature.melspectrogram(
        y=signal, sr=RATE, dtype=np.float64, n_fft=1024, hop_length=300, n_mels=40,
        pad_mode="reflect",
    )  # fmt: skip
    levels = librosa.power_to_db(mel)
    theirs = librosa.feature.mfcc(S=levels, n_mfcc=13, lifter=lifter, norm=dct_norm)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_defaults_of_mfcc_equal_those_of_librosa():
    signal = noise(9000)
    ours, theirs = mfcc(signal), librosa.feature.mfcc(y=signal, sr=RATE, pad_mode="reflect")
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)


def test_mfcc_from_mel():
    batch = noise(2, 3, 4000)
    transform = MFCCTransform(**SIZES, lifter=5, top_db=30.0)
    mel = transform.mel(batch, "linear")
    np.testing.assert_array_equal(transform.from_mel(mel), transform(batch))
    single = transform.from_mel(np.ascontiguousarray(mel, dtype=np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, transform(batch), rtol=1e-4, atol=1e-3)
    for wrong in (np.ones(40), np.ones((3, 39, 40))):
        with pytest.raises(ValueError, match=r"mel_power of shape=.*\(\.\.\., n_mels=40, frame\)"):
            transform.from_mel(wrong)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_mfcc": 0}, "n_mfcc=0 must be an integer of at least 1"),
        ({"n_mfcc": 129}, "n_mfcc=129 must be at most n_mels=128"),
        ({"lifter": -1}, "lifter=-1 must be an integer of at least 0"),
        ({"lifter": None}, "lifter=None must be an integer"),
        ({"dct_norm": "slaney"}, "^dct_norm='slaney' must be one of"),
        ({"dct_norm": ["ortho"]}, r"^dct_norm=\['ortho'\] must be one of"),
        ({"top_db": -1.0}, "top_db=-1.0 must be at least 0"),
        ({"n_fft": 0}, "n_fft=0 must be"),
    ],
)
def test_mfcc_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        MFCCTransform(**change)
