import numpy as np
import pytest
import scipy.fft

from musisep.audio.mel.cepstrum import cepstral_filterbank, dct_matrix


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
