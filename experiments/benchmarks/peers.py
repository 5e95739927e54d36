"""The same transforms and features from musisep and from others, with equal settings.

A package that is not installed is None here, and none of `PEERS`.
"""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy.signal
from numpy.typing import NDArray
from script import peer

from musisep.audio import features, mel
from musisep.audio.cqt import CQT
from musisep.audio.stft import SpectralTransform

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what it imports
    librosa, torch = peer("librosa"), peer("torch")
    nnaudio = torch and peer("nnAudio", "features.cqt")

Array = NDArray[Any]
FMIN_HZ = 32.7
SCIPY_PADDING = {"reflect": "even", "constant": "zeros"}


class Setting(NamedTuple):
    """Parameters of a short-time Fourier transform."""

    n_fft: int
    hop_length: int
    win_length: int
    window_fn: str | tuple[object, ...] = "hann"
    center: bool = True
    pad_mode: str = "reflect"
    normalized: bool = False

    @property
    def window(self) -> NDArray[np.float64]:
        """Samples of the window, shape (win_length,)."""
        name = "boxcar" if self.window_fn == "rect" else self.window_fn
        return scipy.signal.get_window(name, self.win_length)

    @property
    def scaled_window(self) -> NDArray[np.float64]:
        """The same, for who knows of no normalization."""
        return self.window / (self.n_fft**0.5 if self.normalized else 1)

    def frame_count(self, length: int) -> int:
        """Count the frames of a signal."""
        beyond = 2 * (self.n_fft // 2) if self.center else 0
        return 1 + (length + beyond - self.n_fft) // self.hop_length


class Pair(NamedTuple):
    """A transform of signals [sample] and its inverse."""

    stft: Callable[[Array], Array]
    """Makes [frequency, frame]."""
    istft: Callable[[Array, int], Array]
    """Makes a signal of so many samples of what `prepare` returns."""
    prepare: Callable[[Array], Array] = lambda spectrum: spectrum
    """Completes a spectrum [frequency, frame] if the inverse asks for more."""


def ours(setting: Setting) -> Pair:
    """Return `SpectralTransform`."""
    transform = SpectralTransform(
        setting.n_fft,
        setting.hop_length,
        setting.win_length,
        setting.window_fn,
        center=setting.center,
        center_pad_mode=setting.pad_mode,
        normalized=setting.normalized,
    )
    return Pair(transform.stft, transform.istft)


def of_torch(setting: Setting) -> Pair:
    """Return `torch.stft` and `torch.istft`."""
    windows = {bits: torch.from_numpy(setting.window.astype(f"f{bits}")) for bits in (4, 8)}
    sizes = setting.n_fft, setting.hop_length, setting.win_length
    options = {"center": setting.center, "normalized": setting.normalized}

    def stft(signal: Array) -> Array:
        return torch.stft(
            torch.from_numpy(signal),
            *sizes,
            windows[signal.itemsize],
            pad_mode=setting.pad_mode,
            return_complex=True,
            **options,
        ).numpy()

    def istft(spectrum: Array, length: int) -> Array:
        window = windows[spectrum.itemsize // 2]
        return torch.istft(
            torch.from_numpy(spectrum), *sizes, window, length=length, **options
        ).numpy()

    return Pair(stft, istft)


def of_librosa(setting: Setting) -> Pair:
    """Return `librosa.stft` and `librosa.istft`."""
    options = {
        "n_fft": setting.n_fft,
        "hop_length": setting.hop_length,
        "win_length": setting.win_length,
        "window": setting.scaled_window,
        "center": setting.center,
    }
    return Pair(
        partial(librosa.stft, pad_mode=setting.pad_mode, **options),
        lambda spectrum, length: librosa.istft(spectrum, length=length, **options),
    )


def of_scipy(setting: Setting) -> Pair:
    """Return `scipy.signal.ShortTimeFFT`, with frames as they are counted here.

    Its phases refer to the middle of a frame unless `phase_shift` is None, and its inverse wants
    the frames before the beginning of the signal: they are set to 0.
    """
    n_fft = setting.n_fft
    left = (n_fft - setting.win_length) // 2
    window = np.pad(setting.scaled_window, (left, n_fft - setting.win_length - left))
    transforms = {
        bits: scipy.signal.ShortTimeFFT(
            window.astype(f"f{bits}"), setting.hop_length, 1.0, mfft=n_fft, phase_shift=None
        )
        for bits in (4, 8)
    }
    missing = 1 - transforms[8].p_min
    lead = 0 if setting.center else n_fft // 2

    def stft(signal: Array) -> Array:
        return transforms[signal.itemsize].stft(
            signal,
            0,
            setting.frame_count(signal.size),
            k_offset=lead,
            padding=SCIPY_PADDING[setting.pad_mode],
        )

    def istft(spectrum: Array, length: int) -> Array:
        return transforms[spectrum.itemsize // 2].istft(spectrum, -lead, length - lead)

    def prepare(spectrum: Array) -> Array:
        return np.pad(spectrum, ((0, 0), (missing - 1, 2 * missing)))

    return Pair(stft, istft, prepare)


PEERS = {"scipy": of_scipy}
PEERS |= {"librosa": of_librosa} if librosa else {}
PEERS |= {"torch": of_torch} if torch else {}


class Same(NamedTuple):
    """A feature of signals [sample], as measured here and by librosa."""

    ours: Callable[[Array], Array]
    librosa: Callable[[Array], Array]


def features_of(
    sample_rate: int, n_fft: int, hop_length: int, pad_mode: str = "reflect", bits: int = 8
) -> dict[str, Same]:
    """Return all features with equal settings; librosa's filters in float32 or float64."""
    here = {
        "sample_rate": sample_rate,
        "n_fft": n_fft,
        "hop_length": hop_length,
        "center_pad_mode": pad_mode,
    }
    there = {"sr": sample_rate, "n_fft": n_fft, "hop_length": hop_length, "pad_mode": pad_mode}
    filters = {**there, "dtype": np.dtype(f"f{bits}")}
    bands = {"n_bands": 6 if sample_rate > 12_800 else 4}
    frames = {"frame_length": n_fft, "hop_length": hop_length}
    return {
        **_mel_features(here, filters),
        "onset strength": Same(
            partial(features.onset_strength, **here),
            lambda y: librosa.onset.onset_strength(y=y, **filters),
        ),
        "chroma": Same(
            partial(features.chroma_stft, **here),
            lambda y: librosa.feature.chroma_stft(y=y, norm=2, tuning=0.0, **filters),
        ),
        "centroid": Same(
            partial(features.spectral_centroid, **here),
            lambda y: librosa.feature.spectral_centroid(y=y, **there),
        ),
        "bandwidth": Same(
            partial(features.spectral_bandwidth, **here),
            lambda y: librosa.feature.spectral_bandwidth(y=y, **there),
        ),
        "rolloff": Same(
            partial(features.spectral_rolloff, **here),
            lambda y: librosa.feature.spectral_rolloff(y=y, **there),
        ),
        "contrast": Same(
            partial(features.spectral_contrast, **here, **bands),
            lambda y: librosa.feature.spectral_contrast(y=y, **there, **bands),
        ),
        "rms": Same(
            partial(features.rms, **frames, pad_mode=pad_mode),
            lambda y: librosa.feature.rms(y=y, **frames, pad_mode=pad_mode, dtype=filters["dtype"]),
        ),
        "zero crossings": Same(
            partial(features.zero_crossing_rate, **frames, pad_mode="edge"),
            lambda y: librosa.feature.zero_crossing_rate(y, **frames),
        ),
    }


def _mel_features(here: dict[str, Any], there: dict[str, Any]) -> dict[str, Same]:
    """Return those that come from a mel spectrogram."""
    slaney = {"norm": "slaney", "mel_scale": "slaney"}
    pool = librosa.feature.melspectrogram
    return {
        "mel": Same(
            mel.MelSpectrogramTransform(**here, **slaney, output_scale="linear"),
            lambda y: pool(y=y, **there),
        ),
        "mel, HTK, of magnitudes": Same(
            mel.MelSpectrogramTransform(**here, power=1.0, output_scale="linear"),
            lambda y: pool(y=y, **there, power=1.0, htk=True, norm=None),
        ),
        "mel in dB": Same(
            mel.MelSpectrogramTransform(**here, **slaney),
            lambda y: librosa.power_to_db(pool(y=y, **there)),
        ),
        "MFCC": Same(
            mel.MFCCTransform(**here),
            lambda y: librosa.feature.mfcc(y=y, **there),
        ),
    }


BUNDLE = (
    "chroma_stft",
    "spectral_centroid",
    "spectral_bandwidth",
    "spectral_rolloff",
    "spectral_contrast",
    "mfcc",
)


def bundle_of(sample_rate: int, n_fft: int, hop_length: int, bits: int = 8) -> Same:
    """Return six features in one pass: here, and by librosa from one magnitude spectrogram.

    Both return an array [row, frame] with the rows of all of them.
    """
    extract = features.SpectralFeatureTransform(
        include=BUNDLE, sample_rate=sample_rate, n_fft=n_fft, hop_length=hop_length
    )
    kind = np.dtype(f"f{bits}")
    feature = librosa.feature

    def there(y: Array) -> Array:
        frames = {"n_fft": n_fft, "hop_length": hop_length}
        magnitudes = np.abs(librosa.stft(y, pad_mode="reflect", **frames))
        powers = magnitudes**2
        pooled = feature.melspectrogram(S=powers, sr=sample_rate, n_fft=n_fft, dtype=kind)
        spectrum = {"S": magnitudes, "sr": sample_rate, "n_fft": n_fft}
        return np.concatenate(
            [
                feature.chroma_stft(
                    S=powers, sr=sample_rate, n_fft=n_fft, norm=2, tuning=0.0, dtype=kind
                ),
                feature.spectral_centroid(**spectrum),
                feature.spectral_bandwidth(**spectrum),
                feature.spectral_rolloff(**spectrum),
                feature.spectral_contrast(**spectrum),
                feature.mfcc(S=librosa.power_to_db(pooled)),
            ]
        )

    return Same(lambda x: np.concatenate(list(extract(x).values())), there)


class ConstantQSetting(NamedTuple):
    """Parameters of a constant-Q transform from `FMIN_HZ` on."""

    sample_rate: int
    n_bins: int
    bins_per_octave: int
    hop_length: int

    @property
    def names(self) -> dict[str, Any]:
        """Parameters as all three call them."""
        sample_rate, *others = self
        names = "n_bins", "bins_per_octave", "hop_length"
        return {"sr": sample_rate, "fmin": FMIN_HZ, **dict(zip(names, others, strict=True))}


def cqt_of_nnaudio(setting: ConstantQSetting) -> Callable[[Array], Array]:
    """Return `CQT1992v2`, silent beyond the ends of signals that are too short for its mirrors."""
    layer = nnaudio.CQT1992v2(**setting.names, output_format="Complex", verbose=False)

    def transform(signal: Array) -> Array:
        layer.to(torch.from_numpy(signal).dtype)
        layer.pad_mode = "reflect" if signal.size > layer.kernel_width // 2 else "constant"
        with torch.no_grad():
            values = layer(torch.from_numpy(signal))[0]
        return torch.view_as_complex(values.contiguous()).numpy()

    return transform


def cqt_of_librosa(setting: ConstantQSetting) -> Callable[[Array], Array]:
    """Return `librosa.cqt`."""
    return partial(librosa.cqt, **setting.names, pad_mode="reflect")


def use_threads(number: int) -> None:
    """Let torch use so many threads, if it is installed."""
    if torch:
        torch.set_num_threads(number)


def our_cqt(setting: ConstantQSetting) -> CQT:
    """Return `CQT`."""
    return CQT(**setting.names)
