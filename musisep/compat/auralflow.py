"""Documented names of auralflow, for NumPy arrays.

Audio is ``[..., sample]`` here, spectrograms ``[..., frequency, frame]``, and losses are numbers:
there are no gradients. The networks have no place here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from musisep import metrics
from musisep._util.checks import above_zero, at_least, flag, number, one_of, path
from musisep._util.messages import shown
from musisep.audio.arrays import Real, Spectra, as_array, as_real, as_samples, check_length
from musisep.audio.mel.transforms import MelSpectrogramTransform
from musisep.datasets import Audio, Excerpts, Recording, find_recordings, open_dataset
from musisep.metrics import kl_div_loss

__all__ = [
    "AudioDataset",
    "AudioFolder",
    "AudioTransform",
    "component_loss",
    "create_audio_dataset",
    "kl_div_loss",
]

BACKENDS = ("soundfile",)
DEVICES = ("cpu",)


@dataclass(frozen=True, eq=False)
class AudioTransform:
    """Short-time Fourier transform, its inverse, and mel spectrograms with 128 bands.

    Parameters
    ----------
    num_fft : int > 0
        Points of the Fourier transform of a frame.
    hop_length : int > 0
        Samples between frames.
    window_size : int > 0
        Samples of the periodic Hann window, at most `num_fft`.
    sample_rate : int > 0
        In Hz.
    device : {"cpu"}

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    num_fft: int
    hop_length: int
    window_size: int
    sample_rate: int = 44100
    device: str = "cpu"

    mel: MelSpectrogramTransform = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible parameters."""
        num_fft = at_least("num_fft", self.num_fft, 1)
        hop_length = at_least("hop_length", self.hop_length, 1)
        window_size = at_least("window_size", self.window_size, 1, num_fft)
        one_of("device", self.device, DEVICES)
        mel = MelSpectrogramTransform(self.sample_rate, num_fft, hop_length, window_size, power=1.0)
        object.__setattr__(self, "mel", mel)

    def to_spectrogram(self, audio: ArrayLike, use_padding: bool = True) -> Spectra:
        """Transform audio.

        Parameters
        ----------
        audio : array, shape (..., sample)
        use_padding : bool
            Whether the audio is padded first, so that `to_audio` gives back all of it.

        Returns
        -------
        array of complex, shape (..., num_fft // 2 + 1, frame)

        Raises
        ------
        ValueError
            If there are fewer than two samples: [sample, channel] is another order of axes.
        """
        flag("use_padding", use_padding)
        samples = self.pad_audio(audio) if use_padding else _samples(audio)
        return self.mel.transform.stft(samples)

    def to_audio(self, complex_spec: ArrayLike) -> Real:
        """Transform a complex spectrogram [..., frequency, frame] to audio [..., sample].

        There are (frames - 1) * hop_length samples, those of the padded audio: one hop more if
        `num_fft` is odd. ValueError if the shape does not fit, or hops are too long for the window.
        """
        transform, spectrum = self.mel.transform, as_array(complex_spec, "complex_spec")
        hops = spectrum.shape[-1] - 1 + transform.n_fft % 2
        return transform.istft(spectrum, max(hops, 1) * transform.hop)

    def to_mel_scale(self, spectrogram: ArrayLike, to_db: bool = True) -> Real:
        """Pool magnitudes into mel bands.

        Parameters
        ----------
        spectrogram : array, shape (..., num_fft // 2 + 1, frame)
            Magnitudes, not levels.
        to_db : bool
            Whether to convert to decibels, of which the range is limited to 80.

        Returns
        -------
        array, shape (..., 128, frame)

        Raises
        ------
        ValueError
            If the shape does not fit, or a magnitude is negative.
        """
        flag("to_db", to_db)
        magnitudes = as_real(spectrogram, "spectrogram")
        if (magnitudes < 0).any():
            least = magnitudes[magnitudes < 0].min()
            raise ValueError(f"spectrogram.min()={least} must be a magnitude, of at least 0")
        return self.mel.scaled(self.mel.filterbank.project(magnitudes), "db" if to_db else "linear")

    def audio_to_mel(self, audio: ArrayLike, to_db: bool = True) -> Real:
        """Return `to_mel_scale` of the magnitudes of `to_spectrogram`, which are not stored."""
        return self.mel(self.pad_audio(audio), to_db=to_db)

    def pad_audio(self, audio: ArrayLike) -> Real:
        """Append zeros to audio [..., sample] up to a whole number of hops."""
        samples = _samples(audio)
        missing = -samples.shape[-1] % self.mel.transform.hop
        return np.pad(samples, [(0, 0)] * (samples.ndim - 1) + [(0, missing)])


class AudioFolder:
    """Random excerpts of the recordings in a folder, without an end.

    Parameters
    ----------
    dataset_path : path
        Holds folders of recordings: ``train/name/vocals.wav``.
    targets : sequence of str, optional
        Names of the references that are wanted; default: ``["vocals"]``.
    sample_length : float > 0
        Length of an excerpt in seconds.
    subset : str
        Folder below `dataset_path`.
    audio_format : str
        See `musisep.datasets.find_recordings`.
    sample_rate : int
        In Hz.
    num_channels : int > 0
        See `musisep.datasets.Recording.read`.
    backend : {"soundfile"}
    seed : int >= 0
    layout : str, optional
        By default that of the document. Another layout, or a manifest, is found by
        `musisep.datasets.open_dataset`, for any audio format.

    Raises
    ------
    ValueError, AudioFileError
        As `musisep.datasets.find_recordings` or `open_dataset`, and `Excerpts`.
    """

    def __init__(
        self,
        dataset_path: str | os.PathLike[str],
        targets: Sequence[str] | None = None,
        sample_length: float = 3,
        subset: str = "train",
        audio_format: str = "wav",
        sample_rate: int = 44100,
        num_channels: int = 1,
        backend: str = "soundfile",
        *,
        seed: int = 0,
        layout: str | None = None,
    ) -> None:
        one_of("backend", backend, BACKENDS)
        self.excerpts = Excerpts(
            _recordings(dataset_path, path("subset", subset), layout, audio_format),
            ["vocals"] if targets is None else targets,
            length_s=above_zero("sample_length", sample_length),
            sample_rate=sample_rate,
            channels=at_least("num_channels", num_channels, 1),
            seed=seed,
        )

    def __iter__(self) -> Iterator[tuple[Audio, Audio]]:
        """Read mixtures [channel, sample] and targets [target, channel, sample], endlessly."""
        return iter(self.excerpts)


class AudioDataset:
    """A number of random excerpts of recordings.

    Parameters
    ----------
    dataset : sequence of musisep.datasets.Recording
    targets : sequence of str
        Names of the references that are wanted.
    chunk_size : float > 0
        Length of an excerpt in seconds.
    num_chunks : int > 0
        Number of excerpts; a float without a fraction will do.
    sample_rate : int
        In Hz.
    num_channels : int > 0, optional
        See `musisep.datasets.Recording.read`.
    seed : int >= 0

    Raises
    ------
    ValueError
        As `musisep.datasets.Excerpts`.
    """

    def __init__(
        self,
        dataset: Sequence[Recording],
        targets: Sequence[str],
        chunk_size: float = 1,
        num_chunks: float = int(1e6),
        sample_rate: int = 44100,
        *,
        num_channels: int | None = None,
        seed: int = 0,
    ) -> None:
        self.excerpts = Excerpts(
            dataset,
            targets,
            length_s=above_zero("chunk_size", chunk_size),
            sample_rate=sample_rate,
            channels=num_channels,
            count=_whole("num_chunks", num_chunks),
            seed=seed,
        )

    def __len__(self) -> int:
        """Return the number of excerpts."""
        return len(self.excerpts)

    def __getitem__(self, index: int) -> tuple[Audio, Audio]:
        """Read a mixture [channel, sample] and targets [target, channel, sample]."""
        return self.excerpts[index]

    def __iter__(self) -> Iterator[tuple[Audio, Audio]]:
        """Read all excerpts from the first on."""
        return iter(self.excerpts)


def create_audio_dataset(
    dataset_path: str | os.PathLike[str],
    targets: Sequence[str],
    split: str = "train",
    chunk_size: float = 1,
    num_chunks: float = int(1e6),
    max_num_tracks: int | None = None,
    sample_rate: int = 44100,
    mono: bool = True,
    *,
    seed: int = 0,
    layout: str | None = None,
) -> AudioDataset:
    """Return random excerpts of the recordings in a folder.

    Parameters
    ----------
    dataset_path : path
        Holds folders of recordings: ``train/name/vocals.wav``.
    targets, chunk_size, num_chunks, sample_rate, seed
        See `AudioDataset`.
    split : str
        Folder below `dataset_path`.
    max_num_tracks : int > 0, optional
        Number of recordings, the first by name; default: all.
    mono : bool
        Whether channels are averaged.
    layout : str, optional
        See `AudioFolder`.

    Returns
    -------
    AudioDataset

    Raises
    ------
    ValueError, AudioFileError
        As `musisep.datasets.find_recordings` or `open_dataset`, and `Excerpts`.
    """
    flag("mono", mono)
    if max_num_tracks is not None:
        max_num_tracks = at_least("max_num_tracks", max_num_tracks, 1)
    return AudioDataset(
        _recordings(dataset_path, path("split", split), layout, most=max_num_tracks),
        targets,
        chunk_size,
        num_chunks,
        sample_rate,
        num_channels=1 if mono else None,
        seed=seed,
    )


def component_loss(
    mask: ArrayLike,
    target: ArrayLike,
    residual: ArrayLike,
    alpha: float = 0.2,
    beta: float | None = 0.8,
) -> float:
    """Return `musisep.metrics.component_loss`, by default with three components.

    With these weights the first component has a weight of 0; ``beta=None`` leaves out the third.
    """
    return metrics.component_loss(mask, target, residual, alpha, beta)


def _recordings(
    dataset_path: str | os.PathLike[str],
    subset: Path,
    layout: str | None,
    audio_format: str = "wav",
    most: int | None = None,
) -> list[Recording]:
    """Find the recordings of a subset, in the layout of the document if no other is named."""
    place = path("dataset_path", dataset_path)
    if layout is not None or os.path.isfile(place):
        return open_dataset(place, str(subset), layout)[:most]
    return find_recordings(place / subset, audio_format=audio_format, most=most)


def _samples(audio: ArrayLike) -> Real:
    """Return audio [..., sample]; a single sample is a sign of another order of axes."""
    samples = as_samples(audio, "audio")
    check_length(samples, 2, "audio")
    return samples


def _whole(name: str, value: object) -> int:
    """Return a number of at least 1 without a fraction, such as 1e5, as int."""
    found = number(name, value)
    if not found.is_integer():
        raise ValueError(f"{name}={shown(value)} must be a whole number")
    return at_least(name, int(found), 1)
