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
        Where to compute; there is no choice.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    A sine of 1 kHz is in bin 64 of 15.625 Hz, and comes back, with zeros up to a whole hop:

    >>> import numpy as np
    >>> from musisep.compat.auralflow import AudioTransform
    >>> transform = AudioTransform(num_fft=512, hop_length=128, window_size=512, sample_rate=8000)
    >>> sine = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    >>> spectrogram = transform.to_spectrogram(sine)
    >>> int(np.abs(spectrogram[:, 15]).argmax())
    64
    >>> audio = transform.to_audio(spectrogram)
    >>> audio.shape, bool(np.allclose(audio[:4000], sine))
    ((4096,), True)
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
        audio : array_like, float [..., sample]
            Audio of at least two samples.
        use_padding : bool
            Whether the audio is padded first, so that `to_audio` gives back all of it.

        Returns
        -------
        ndarray, complex [..., frequency, frame]
            Spectrogram with num_fft // 2 + 1 frequencies.

        Raises
        ------
        ValueError
            If there are fewer than two samples: [sample, channel] is another order of axes.
        """
        flag("use_padding", use_padding)
        samples = self.pad_audio(audio) if use_padding else _samples(audio)
        return self.mel.transform.stft(samples)

    def to_audio(self, complex_spec: ArrayLike) -> Real:
        """Transform a complex spectrogram to audio.

        Parameters
        ----------
        complex_spec : array_like, complex [..., frequency, frame]
            From `to_spectrogram`.

        Returns
        -------
        ndarray, float [..., sample]
            The (frames - 1) * hop_length samples of the padded audio: one hop more if `num_fft` is
            odd.

        Raises
        ------
        ValueError
            If the shape does not fit, or hops are too long for the window.
        """
        transform, spectrum = self.mel.transform, as_array(complex_spec, "complex_spec")
        hops = spectrum.shape[-1] - 1 + transform.n_fft % 2
        return transform.istft(spectrum, max(hops, 1) * transform.hop)

    def to_mel_scale(self, spectrogram: ArrayLike, to_db: bool = True) -> Real:
        """Pool magnitudes into mel bands.

        Parameters
        ----------
        spectrogram : array_like, float [..., frequency, frame]
            Magnitudes, not levels, of num_fft // 2 + 1 frequencies.
        to_db : bool
            Whether to convert to decibels, of which the range is limited to 80.

        Returns
        -------
        ndarray, float [..., 128, frame]
            Values of the bands, or levels in dB.

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
        """Return `to_mel_scale` of the magnitudes of `to_spectrogram`, which are not stored.

        Parameters
        ----------
        audio : array_like, float [..., sample]
            Audio of at least two samples.
        to_db : bool
            Whether to convert to decibels, of which the range is limited to 80.

        Returns
        -------
        ndarray, float [..., 128, frame]
            Values of the bands, or levels in dB.

        Raises
        ------
        ValueError
            If there are fewer than two samples.
        """
        return self.mel(self.pad_audio(audio), to_db=to_db)

    def pad_audio(self, audio: ArrayLike) -> Real:
        """Append zeros up to a whole number of hops.

        Parameters
        ----------
        audio : array_like, float [..., sample]
            Audio of at least two samples.

        Returns
        -------
        ndarray, float [..., sample]
            The longer audio.

        Raises
        ------
        ValueError
            If there are fewer than two samples.
        """
        samples = _samples(audio)
        missing = -samples.shape[-1] % self.mel.transform.hop
        return np.pad(samples, [(0, 0)] * (samples.ndim - 1) + [(0, missing)])


class AudioFolder:
    """Random excerpts of the recordings in a folder, without an end.

    Iterating reads mixtures [channel, sample] and targets [target, channel, sample].

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
        Format of the files, see `musisep.datasets.find_recordings`.
    sample_rate : int
        To what excerpts are resampled, in Hz.
    num_channels : int > 0
        Channels of excerpts, see `musisep.datasets.Recording.read`.
    backend : {"soundfile"}
        What reads files; there is no choice.
    seed : int >= 0
        Seed of the excerpts, which depend on nothing else.
    layout : str, optional
        By default that of the document. Another layout, or a manifest, is found by
        `musisep.datasets.open_dataset`, for any audio format.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or a recording has not all targets.
    AudioFileError
        If there is no such folder, or no recording in it.

    Examples
    --------
    The mixture of a recording without one is the sum of its references:

    >>> import os, tempfile
    >>> import numpy as np
    >>> from musisep.compat import auralflow
    >>> from musisep.io import files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     song = os.path.join(folder, "train", "song")
    ...     os.makedirs(song)
    ...     files.write(os.path.join(song, "vocals.wav"), np.full(8000, 0.25), 8000)
    ...     files.write(os.path.join(song, "bass.wav"), np.full(8000, 0.5), 8000)
    ...     excerpts = auralflow.AudioFolder(folder, sample_length=0.1, sample_rate=8000)
    ...     mixture, targets = next(iter(excerpts))
    >>> mixture.shape, round(float(mixture[0, 0]), 3), round(float(targets[0, 0, 0]), 3)
    ((1, 800), 0.75, 0.25)
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

    It is a sequence: ``len(dataset)`` is the number of excerpts, ``dataset[i]`` reads a mixture
    [channel, sample] and targets [target, channel, sample].

    Parameters
    ----------
    dataset : sequence of musisep.datasets.Recording
        What is drawn from.
    targets : sequence of str
        Names of the references that are wanted.
    chunk_size : float > 0
        Length of an excerpt in seconds.
    num_chunks : int > 0
        Number of excerpts; a float without a fraction will do.
    sample_rate : int
        To what excerpts are resampled, in Hz.
    num_channels : int > 0, optional
        Channels of excerpts, see `musisep.datasets.Recording.read`.
    seed : int >= 0
        Seed of the excerpts; excerpt i depends on it and on i alone.

    Raises
    ------
    ValueError
        If there is no recording, one has not all targets, or a number is out of its range.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from musisep.compat import auralflow
    >>> from musisep.datasets import find_recordings
    >>> from musisep.io import files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     song = os.path.join(folder, "train", "song")
    ...     os.makedirs(song)
    ...     files.write(os.path.join(song, "vocals.wav"), np.full(8000, 0.25), 8000)
    ...     files.write(os.path.join(song, "bass.wav"), np.full(8000, 0.5), 8000)
    ...     recordings = find_recordings(os.path.join(folder, "train"))
    ...     dataset = auralflow.AudioDataset(recordings, ["bass"], 0.1, 3, sample_rate=8000)
    ...     count, (mixture, targets) = len(dataset), dataset[2]
    >>> count, round(float(mixture[0, 0]), 3), round(float(targets[0, 0, 0]), 3)
    (3, 0.75, 0.5)
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
    targets : sequence of str
        Names of the references that are wanted.
    split : str
        Folder below `dataset_path`.
    chunk_size : float > 0
        Length of an excerpt in seconds.
    num_chunks : int > 0
        Number of excerpts; a float without a fraction will do.
    max_num_tracks : int > 0, optional
        Number of recordings, the first by name; default: all.
    sample_rate : int
        To what excerpts are resampled, in Hz.
    mono : bool
        Whether channels are averaged.
    seed : int >= 0
        Seed of the excerpts, see `AudioDataset`.
    layout : str, optional
        Layout of the folder, see `AudioFolder`.

    Returns
    -------
    AudioDataset
        The excerpts, which are read when they are asked for.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or a recording has not all targets.
    AudioFileError
        If there is no such folder, or no recording in it.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from musisep.compat import auralflow
    >>> from musisep.io import files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     song = os.path.join(folder, "train", "song")
    ...     os.makedirs(song)
    ...     files.write(os.path.join(song, "vocals.wav"), np.full(8000, 0.25), 8000)
    ...     files.write(os.path.join(song, "bass.wav"), np.full(8000, 0.5), 8000)
    ...     dataset = auralflow.create_audio_dataset(
    ...         folder, ["vocals", "bass"], chunk_size=0.1, num_chunks=3, sample_rate=8000
    ...     )
    ...     mixture, targets = dataset[0]
    >>> len(dataset), targets[:, 0, 0].round(3).tolist()
    (3, [0.25, 0.5])
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

    Parameters
    ----------
    mask : array_like, float [...]
        Mask of the target.
    target : array_like, float [...]
        Magnitudes of the target, of the same shape.
    residual : array_like, float [...]
        Magnitudes of the mixture less those of the target, of the same shape.
    alpha : float
        Weight of what the mask leaves of the residual, from 0 to 1.
    beta : float, optional
        Weight of how much that differs in shape from the residual, from 0 to 1 - alpha.

    Returns
    -------
    float
        The loss; 0 is best.

    Raises
    ------
    ValueError
        If shapes differ, an array is empty or holds other than real numbers of up to 2^240, or a
        weight is out of its range.

    Examples
    --------
    A mask that is 1 everywhere leaves all of the residual, whose mean square is 2.5:

    >>> from musisep.compat.auralflow import component_loss
    >>> component_loss([1.0, 1.0], [3.0, 4.0], [1.0, 2.0])  # 0.2 times 2.5
    0.5
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
