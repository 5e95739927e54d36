"""Settings at a sample rate: the sizes, axes and transforms that follow from them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.fft

from musisep.audio.logfreq import LogAxis, log_spectrogram
from musisep.audio.stft import SpectralTransform
from musisep.audio.windows import gaussian_window
from musisep.dictsep.decode import Decoder
from musisep.dictsep.search import JointSearch
from musisep.dictsep.synthesis import linear_peaks
from musisep.dictsep.tones import Floats, Peaks, ToneModel
from musisep.settings import Settings

TONE_TYPE = [
    ("time_s", "f8"), ("instrument", "i8"), ("f0_hz", "f8"), ("amplitude", "f8"),
    ("inharmonicity", "f8"),
]  # fmt: skip


@dataclass(frozen=True)
class Analysis:
    """What `Settings` mean for recordings of one sample rate.

    Parameters
    ----------
    settings : Settings
    sample_rate : int
        In Hz.
    """

    settings: Settings
    sample_rate: int

    @cached_property
    def hop_length(self) -> int:
        """Samples between frames, of either spectrogram."""
        return max(1, round(self.settings.hop_s * self.sample_rate))

    @cached_property
    def axis(self) -> LogAxis:
        """The log-frequency axis."""
        settings = self.settings
        return LogAxis.below_nyquist(
            settings.fmin_hz, settings.fmax_hz, settings.bins_per_octave, self.sample_rate
        )

    @cached_property
    def transform(self) -> SpectralTransform:
        """The short-time Fourier transform that the masks are applied to."""
        half = round(self.settings.window_s * self.sample_rate / 2)
        n_fft = 2 * scipy.fft.next_fast_len(half, real=True)  # even: as many frames as `frames`
        window = gaussian_window(n_fft, self.settings.window_sigmas)
        return SpectralTransform(n_fft, self.hop_length, window=window, center_pad_mode="constant")

    @cached_property
    def model(self) -> ToneModel:
        """What tones look like on the log-frequency axis."""
        settings = self.settings
        return ToneModel(
            settings.sigma_bins, self.axis.harscale, self.axis.bins, settings.pexp, settings.qexp
        )

    @cached_property
    def anonymous_search(self) -> JointSearch:
        """Finds the tones of single frames, whoever plays them: any may take any column."""
        most = self.settings.tones * self.settings.instruments
        return JointSearch(self.model, most, most)

    @cached_property
    def anonymous_decoder(self) -> Decoder:
        """Finds the tones of the whole recording, whoever plays them."""
        return Decoder(self.anonymous_search, crossing=0.0)

    @cached_property
    def decoder(self) -> Decoder:
        """Finds the tones of the whole recording: of each instrument with its column."""
        return Decoder(JointSearch(self.model, self.settings.tones))

    @cached_property
    def exploring_decoder(self) -> Decoder:
        """`decoder` that trusts its guide less: it may find tones that the palette missed."""
        return replace(self.decoder, contradiction=0.05, novelty=0.0)

    def frames(self, audio: Floats) -> tuple[Floats, float]:
        """Log-frequency spectrogram, frame-major, as the tones are found in it.

        Parameters
        ----------
        audio : ndarray, shape (channel, sample)

        Returns
        -------
        frames : ndarray, shape (frame, bin)
            Magnitudes, as root mean square over the channels, with maximum 1 (or 0).
        level : float
            What they have been divided by.
        """
        peak = max(float(audio.max()), -float(audio.min())) or 1.0  # squares must not overflow
        energy = self._energy(audio[0] / peak)
        for channel in audio[1:]:
            energy += self._energy(channel / peak)
        magnitudes = np.sqrt(energy, out=energy)
        level = float(magnitudes.max()) or 1.0
        frames = np.divide(magnitudes.T, level, order="C")
        return frames, peak * level / np.sqrt(len(audio))

    def _energy(self, channel: Floats) -> Floats:
        """Square of the log-frequency spectrogram [bin, frame] of one channel."""
        magnitudes = log_spectrogram(
            channel, self.sample_rate, self.axis, hop_length=self.hop_length,
            sigma_bins=self.settings.sigma_bins, front_end=self.settings.front_end,
        )  # fmt: skip
        return np.square(magnitudes, out=magnitudes)

    def linear(self, peaks: Peaks) -> Peaks:
        """Move tones from the log-frequency axis to the bins and the scale of `transform`."""
        lowest = self.axis.fmin_hz * self.transform.n_fft / self.sample_rate
        sigma = self.settings.window_sigmas / np.pi
        # A sinusoid of amplitude 1 has a peak of half of the window's sum.
        level = 0.5 * self.transform.frame_window.sum()
        return linear_peaks(peaks, self.axis.harscale, lowest, sigma).scaled(level)

    def table(self, peaks: Peaks) -> "np.recarray[Any, Any]":
        """Return the tones that sound as a record array, in the order of time."""
        frame, place = np.nonzero(peaks.amps > 0)
        table = np.recarray(frame.size, dtype=TONE_TYPE)
        table.time_s = frame * self.hop_length / self.sample_rate
        table.instrument = peaks.insts[frame, place]
        table.f0_hz = self.axis.hz(peaks.shifts[frame, place])
        table.amplitude = peaks.amps[frame, place]
        table.inharmonicity = peaks.spreads[frame, place]
        return table
