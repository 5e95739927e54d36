"""Dividing a mixture among instruments whose tones are known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.fft

from musisep._util.checks import above_zero, function, instance
from musisep._util.fields import check_fields
from musisep._util.progress import Progress, no_progress
from musisep._util.scaling import unit_of
from musisep.audio.arrays import Real, Spectra, as_numbers, check_finite, full_scale, peak
from musisep.audio.frontend import Grid
from musisep.audio.inversion.joint import add_up, misi_steps
from musisep.audio.stft import SpectralTransform
from musisep.audio.windows import gaussian_window
from musisep.masking import _kernels
from musisep.masking.places import Placing
from musisep.masking.surroundings import Surroundings
from musisep.masking.synthesis import linear_peaks, synthesise, with_skirts
from musisep.masking.voices import Voices
from musisep.tones._kernels import LINEAR
from musisep.tones.peaks import Floats, Peaks

MISI_ITERATIONS = 5
"""Of phase retrieval; more change next to nothing: "Phases of the stems" in
`docs/decisions/masks.rst`."""

Share = Callable[[Voices, Spectra, float], Spectra]
"""Called with voices on the linear axis, spectra [channel, frame, bin] of the mixture, and pexp;
returns the spectra of the instruments [instrument, channel, frame, bin]."""


def share_spectra(voices: Voices, spectra: Spectra, pexp: float) -> Spectra:
    """Divide spectra among the instruments in proportion to their synthesised spectra with skirts.

    Parameters
    ----------
    voices : Voices
        Tones on the linear-frequency axis, and their columns.
    spectra : ndarray of complex [channel, frame, bin]
        What is divided; the same shares in all channels.
    pexp : float
        Exponent for the addition of sinusoids.

    Returns
    -------
    ndarray of complex [instrument, channel, frame, bin]
        Spectra of the instruments.

    Raises
    ------
    ValueError
        If the spectra have not the frames of the voices, or as `synthesise`.

    Examples
    --------
    The tones of two instruments, which are equally loud, are at the bins 10 and 30. Each has nearly
    all at its own bin, and midway between the tones both have half:

    >>> import numpy as np
    >>> from musisep.masking.ratio import share_spectra
    >>> from musisep.masking.voices import Voices
    >>> from musisep.tones.peaks import Peaks
    >>> tones = Peaks([[1.0, 1.0]], [[10.0, 30.0]], [[1.0, 1.0]], [[0.0, 0.0]], [[0, 1]])
    >>> spectra = np.ones((1, 1, 41), complex)
    >>> shares = share_spectra(Voices.of(tones, np.ones((1, 2))), spectra, pexp=1)
    >>> shares[:, 0, 0, [10, 20, 30]].real.round(2).tolist()
    [[0.99, 0.5, 0.01], [0.01, 0.5, 0.99]]
    """
    spectra = _checked_spectra(spectra, voices)
    spects = with_skirts(synthesise(voices, LINEAR, pexp, spectra.shape[-1]))
    shares = np.empty((len(spects), *spectra.shape), spectra.dtype)
    _kernels.divide_spectra(spects, spectra, shares)
    return shares


def synthesised_spectra(voices: Voices, spectra: Spectra, pexp: float) -> Spectra:
    """Return the synthesised spectra with the phases of the mixture.

    Parameters
    ----------
    voices : Voices
        Tones on the linear-frequency axis, and their columns.
    spectra : ndarray of complex [channel, frame, bin]
        Whose phases are taken.
    pexp : float
        Exponent for the addition of sinusoids.

    Returns
    -------
    ndarray of complex [instrument, channel, frame, bin]
        Spectra of the instruments. They do not add up to `spectra`, and are 0 where these are.

    Raises
    ------
    ValueError
        As `share_spectra`.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.masking.ratio import synthesised_spectra
    >>> from musisep.masking.voices import Voices
    >>> from musisep.tones.peaks import Peaks
    >>> tones = Peaks([[0.5]], [[10.0]], [[1.0]], [[0.0]], [[0]])
    >>> spectra = np.full((1, 1, 41), 2j)
    >>> found = synthesised_spectra(Voices.of(tones, np.ones((1, 1))), spectra, pexp=1)
    >>> found[0, 0, 0, 10].round(2).item()
    0.5j
    """
    spectra = _checked_spectra(spectra, voices)
    spects = synthesise(voices, LINEAR, pexp, spectra.shape[-1])
    phases = np.exp(1j * np.angle(spectra)) * (spectra != 0)
    return np.asarray(spects[:, None] * phases)


def _checked_spectra(spectra: Spectra, voices: Voices) -> Spectra:
    """Return complex spectra [channel, frame, bin] of the frames of voices; ValueError if not."""
    instance("voices", voices, Voices)
    values = as_numbers(spectra, "spectra")
    if values.ndim != 3 or values.shape[1] != len(voices.tones.amps) or not values.shape[2]:
        raise ValueError(
            f"spectra of shape={values.shape} must be [channel, frame, bin], with the "
            f"{len(voices.tones.amps)} frames of voices"
        )
    return values.astype(np.complex128, copy=False)


class Mask(Protocol):
    """Voices, mixture → stems.

    Examples
    --------
    A mask that gives each instrument as much of the mixture, whatever it plays:

    >>> import numpy as np
    >>> from musisep.audio.frontend import LogFrequencyFrontEnd
    >>> from musisep.masking.voices import Voices
    >>> from musisep.tones.peaks import Peaks
    >>> def equal(mixture, voices, grid, report):
    ...     report("masking", 1, 1)
    ...     return np.tile(mixture / voices.instruments, (voices.instruments, 1, 1))
    >>> tones = Peaks([[1.0]], [[20.0]], [[1.0]], [[0.0]], [[0]])
    >>> voices, grid = Voices.of(tones, np.ones((1, 2))), LogFrequencyFrontEnd().grid(8000)
    >>> equal(np.array([[0.4, 0.2]]), voices, grid, print).tolist()
    masking 1 1
    [[[0.2, 0.1]], [[0.2, 0.1]]]
    """

    def __call__(self, mixture: Floats, voices: Voices, grid: Grid, report: Progress) -> Floats:
        """Divide a mixture into stems.

        Parameters
        ----------
        mixture : ndarray [channel, sample]
            What is divided.
        voices : Voices
            Tones on the log-frequency axis of the grid, with amplitudes of the mixture.
        grid : Grid
            Where frames and bins lie.
        report : function
            Called with the progress.

        Returns
        -------
        ndarray [instrument, channel, sample]
            The stems.
        """


@dataclass(frozen=True)
class SpectralMask:
    """Divides the short-time spectrum of a mixture; a `Mask`.

    Parameters
    ----------
    window_s : float
        Length of the Gaussian window, in seconds.
    window_sigmas : float
        Standard deviations after which it is cut.
    pexp : float
        Exponent for the addition of sinusoids.
    share : function
        Gives the instruments their spectra; see `Share`.
    misi : bool
        Whether the stems get phases of their own, with which they add up to the mixture.
    placing : Placing, optional
        Divides a mixture of two channels in the place of `share`, by where the instruments are
        heard as well.
    surroundings : Surroundings, optional
        Adds to the voices what sounds around them.

    Raises
    ------
    ValueError
        If a parameter is of another class, or out of its range.

    Examples
    --------
    Two instruments play a sine of 440 Hz and one of 660 Hz. Their tones are known, and the stems
    differ by less than 1 % from them, but at the ends:

    >>> import numpy as np
    >>> from musisep.audio.frontend import LogFrequencyFrontEnd
    >>> from musisep.masking.ratio import SpectralMask
    >>> from musisep.masking.voices import Voices
    >>> from musisep.tones.peaks import Peaks
    >>> f0_hz, time_s = np.array([440.0, 660.0]), np.arange(4000) / 8000
    >>> sines = np.sin(2 * np.pi * f0_hz[:, None, None] * time_s)  # [instrument, channel, sample]
    >>> mask, grid = SpectralMask(), LogFrequencyFrontEnd().grid(8000)
    >>> count = mask.transform(grid).frame_count(4000)
    >>> shifts = np.tile(grid.axis.position(f0_hz), (count, 1))
    >>> sigmas, insts = np.full(shifts.shape, grid.sigma_bins), np.tile([0, 1], (count, 1))
    >>> tones = Peaks(0 * shifts + 1, shifts, sigmas, 0 * shifts, insts)
    >>> stems = mask(sines.sum(axis=0), Voices.of(tones, np.ones((1, 2))), grid)
    >>> bool(np.abs(stems - sines)[..., 500:-500].max() < 0.01)
    True
    """

    window_s: float = 0.186
    window_sigmas: float = 4.0
    pexp: float = 1.0
    share: Share = share_spectra
    misi: bool = False
    placing: Placing | None = None
    surroundings: Surroundings | None = None

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self)
        above_zero("window_s", self.window_s)
        above_zero("window_sigmas", self.window_sigmas)
        function("share", self.share)

    def __call__(
        self, mixture: Floats, voices: Voices, grid: Grid, report: Progress = no_progress
    ) -> Floats:
        """Divide the mixture.

        Parameters
        ----------
        mixture : ndarray [channel, sample]
            What is divided.
        voices : Voices
            Tones on the log-frequency axis of the grid, with amplitudes of the mixture.
        grid : Grid
            Where frames and bins lie.
        report : function
            Called with the progress.

        Returns
        -------
        ndarray [instrument, channel, sample]
            The stems.

        Raises
        ------
        ValueError
            If the mixture is not finite or of another shape, or the voices have other frames.
        """
        mixture = full_scale(mixture, "mixture").astype(np.float64, copy=False)
        if mixture.ndim != 2 or not mixture.size:
            raise ValueError(f"mixture of shape={mixture.shape} must be [channel, sample]")
        check_finite(mixture, "mixture")
        instance("voices", voices, Voices)
        function("report", report)
        unit = unit_of(peak(mixture))  # spectra must not overflow, nor vanish
        if unit != 1:
            quieter = voices.with_tones(voices.tones.scaled(1 / unit))
            return self(mixture / unit, quieter, grid, report) * unit
        if self.surroundings:
            voices = self.surroundings(voices, grid)
        transform = self.transform(grid)
        linear = voices.with_tones(self.linear(voices.tones, grid, transform))
        total = transform.frame_count(mixture.shape[1])
        if len(voices.tones.amps) != total:
            raise ValueError(f"voices of {len(voices.tones.amps)} frames must have {total}")

        share = self.share
        if self.placing and len(mixture) == 2:
            share = self.placing(mixture, linear, transform, self.pexp)

        def divide(frames: slice, spectra: Spectra) -> Spectra:
            report("masking", min(frames.stop, total - 1), total)
            return share(linear.in_frames(frames), spectra, self.pexp)

        def magnitudes(frames: slice, spectra: Spectra) -> Real:
            """Return the magnitudes of the shares of the mixture, which the stems follow."""
            return np.abs(divide(frames, spectra[0]))

        shape = voices.instruments, len(mixture)
        report("masking", 0, total)
        stems = transform.map_spectra(mixture, divide, shape)
        if self.misi:
            signals = np.concatenate([mixture[None], stems])
            add_up(signals[1:], mixture)
            stems = misi_steps(signals, mixture, transform, magnitudes, MISI_ITERATIONS, extra=1)
        report("masking", total, total)
        return np.asarray(stems, dtype=np.float64)

    def transform(self, grid: Grid) -> SpectralTransform:
        """Return the transform whose spectrum is divided, with the frames of the grid.

        Parameters
        ----------
        grid : Grid
            Where frames and bins lie.

        Returns
        -------
        SpectralTransform
            With a Gaussian window of about `window_s` seconds.

        Raises
        ------
        ValueError
            If the grid is of another class.
        """
        instance("grid", grid, Grid)
        half = round(self.window_s * grid.sample_rate / 2)
        n_fft = 2 * scipy.fft.next_fast_len(half, real=True)  # even: as many frames as the grid
        window = gaussian_window(n_fft, self.window_sigmas)
        return SpectralTransform(n_fft, grid.hop_length, window=window, center_pad_mode="constant")

    def linear(self, tones: Peaks, grid: Grid, transform: SpectralTransform) -> Peaks:
        """Move tones from the log-frequency axis to the bins and the scale of a transform.

        Parameters
        ----------
        tones : Peaks [frame, tone]
            Tones on the log-frequency axis of the grid.
        grid : Grid
            Where frames and bins lie.
        transform : SpectralTransform
            What `transform` returns.

        Returns
        -------
        Peaks [frame, tone]
            Shifts are bins of the transform, amplitudes are magnitudes of its peaks.

        Raises
        ------
        ValueError
            As `musisep.masking.synthesis.linear_peaks`.
        """
        lowest = grid.axis.fmin_hz * transform.n_fft / grid.sample_rate
        sigma = self.window_sigmas / np.pi
        # A sinusoid of amplitude 1 has a peak of half of the window's sum.
        level = 0.5 * transform.frame_window.sum()
        return linear_peaks(tones, grid.axis.harscale, lowest, sigma).scaled(level)
