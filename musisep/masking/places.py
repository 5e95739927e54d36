"""Where between two channels the instruments are, and masks that know it.

An instrument is heard with the spatial covariance::

    R = 1/2 [[1 + p', p''], [p'', 1 - p']],   p = p' + i p'' in the unit disc,

its place p: on the circle if all of it has one ratio of levels, at 0 if it comes from everywhere.
A point of the spectrum of side z (`musisep.audio.sides`) that is this instrument's alone has,
whatever its level, the likelihood of a complex angular central Gaussian::

    q = (1 - |p|^2) / (1 - Re(z p*))^2

relative to that of a sound from everywhere (Kent, "Data analysis for shapes and images", J. Stat.
Plan. Inference 57, 1997). The places are the likeliest ones of a mixture of such densities, in
which the shares of the instruments by their tones are prior probabilities. Expectation and
maximisation find them; the step of each instrument is that of Tyler ("A distribution-free
M-estimator of multivariate scatter", Ann. Stat. 15, 1987).

The stems are those of the multichannel Wiener filter with these covariances and, as powers, the
shares times the likelihoods. Instruments at one place are divided by the ratio mask; two that have
a ratio of levels each are taken apart nearly as by the inverse of the mixing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from musisep._util.constants import TINY
from musisep._util.fields import check_fields
from musisep.audio.arrays import Spectra
from musisep.audio.sides import CLEAR, LEAST_CLEAR, Sides, sides_of
from musisep.audio.stft import SpectralTransform
from musisep.masking import _kernels
from musisep.masking.synthesis import synthesise, with_skirts
from musisep.masking.voices import Voices
from musisep.tones._kernels import LINEAR
from musisep.tones.peaks import Floats

CLASSES = 360
"""Of the histogram of clear sides, over the circle."""
APART = 4
"""Classes on either side of a peak in which there is no other."""


class Places(NamedTuple):
    """Where the instruments of a recording are heard, and how much that tells.

    Parameters
    ----------
    points : ndarray of complex [instrument]
        The place of each, in the unit disc.
    clarity : float
        From 0, if sides do not tell who plays, to 1, if they alone do: 1 minus the mean entropy of
        the instruments where their sides are known, relative to the largest.

    Examples
    --------
    One instrument is on the left, the other in the middle, see `musisep.audio.sides`:

    >>> import numpy as np
    >>> from musisep.masking.places import Places
    >>> places = Places(np.array([1.0, 1j]), clarity=0.9)
    >>> np.degrees(np.angle(places.points)).tolist()
    [0.0, 90.0]
    """

    points: Sides
    clarity: float


@dataclass(frozen=True)
class Placing:
    """Finds the places of instruments, and divides spectra by tones and places.

    Parameters
    ----------
    least_share : float
        Share that each instrument has at each point beside that of its tones, times clarity.
    nobody : float
        The same of nobody while places are found: what several instruments are heard in, or none.
    nearest : float
        Distance from 0 of places that begin at a peak of the histogram.
    farthest : float
        Largest distance from 0 of places, below 1.
    narrowest : float
        Places nearer to 0 than this count as everywhere: in a room, where a place depends on
        frequency, they are at 0.98 at most, with level panning at 0.998 at least.
    frames : int
        Frames that are looked at to find the places, evenly spaced in blocks; at most, or so.
    floor : float
        Points of the spectrum are looked at whose level is above this share of a block's largest.
    power : float
        Of the level of a point, with which it counts: noise is everywhere, but soft.
    points : int
        Most points that are looked at.
    steps : int
        Of expectation and maximisation.

    Raises
    ------
    ValueError
        If a value is no number, or an integer is too small.

    Examples
    --------
    Half of the points are heard at 60 degrees, between left and middle, half at 120 degrees. By
    their tones, the first ones are mostly of instrument 0:

    >>> import numpy as np
    >>> from musisep.masking.places import Placing
    >>> sides = np.repeat(np.exp(1j * np.radians([60.0, 120.0])), 100)
    >>> shares = np.repeat([[0.8, 0.3], [0.2, 0.7]], 100, axis=1)
    >>> places = Placing().fitted(shares, sides, weights=np.ones(200))
    >>> np.degrees(np.angle(places.points)).round().tolist(), round(places.clarity, 2)
    ([60.0, 120.0], 1.0)
    """

    least_share: float = 0.2
    nobody: float = 1.0
    nearest: float = 0.99
    farthest: float = 0.9999
    narrowest: float = 0.99
    frames: int = 600
    floor: float = 1e-3
    power: float = 1.5
    points: int = 60_000
    steps: int = 15

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_fields(self, frames=1, points=1, steps=1)

    def __call__(
        self, mixture: Floats, voices: Voices, transform: SpectralTransform, pexp: float
    ) -> Callable[[Voices, Spectra, float], Spectra]:
        """Return what divides spectra by the places that the instruments have in a mixture.

        If most sides are off the circle, as in a room, all instruments come from everywhere.

        Parameters
        ----------
        mixture : ndarray [2, sample]
            Both channels.
        voices : Voices
            Tones on the axis of the transform, and their columns.
        transform : SpectralTransform
            With which spectra are made.
        pexp : float
            Exponent for the addition of sinusoids.

        Returns
        -------
        function
            Called as a `musisep.masking.ratio.Share`.
        """
        blocks: dict[int, tuple[Floats, Sides, Floats]] = {}

        def look(frames: slice, spectra: Spectra) -> None:
            levels = np.sqrt((np.abs(spectra) ** 2).sum(axis=0))
            heard = levels > self.floor * levels.max()
            shares = tone_shares(voices.in_frames(frames), heard.shape[1], pexp)[:, heard]
            blocks[frames.start] = shares, sides_of(spectra[:, heard]), levels[heard] ** self.power

        every = -(-len(voices.tones.amps) // self.frames)
        transform.each_block_of_all(mixture, look, every)
        found = (blocks[start] for start in sorted(blocks))
        shares, sides, weights = (np.concatenate(x, axis=-1) for x in zip(*found, strict=True))
        step = max(1, -(-sides.size // self.points))
        if weights @ (np.abs(sides) > CLEAR) < LEAST_CLEAR * weights.sum():
            places = Places(np.zeros(len(shares), np.complex128), 0.0)
        else:
            places = self.fitted(shares[:, ::step], sides[::step], weights[::step])
        return partial(self.divide, places=places)

    def fitted(self, shares: Floats, sides: Sides, weights: Floats) -> Places:
        """Return the likeliest places of points of a spectrum.

        The steps begin at the peaks of a histogram, of which each instrument has its own.

        Parameters
        ----------
        shares : ndarray [instrument, point]
            Shares of the instruments by tones.
        sides : ndarray of complex [point]
            Where between two channels the points are heard.
        weights : ndarray [point]
            How much each point counts.

        Returns
        -------
        Places
            The place of each instrument, 0 if it is heard everywhere.
        """
        prior = shares + self.least_share
        peaks = self.nearest * directions(sides, weights, len(prior))
        claims = (prior * weights) @ likelihoods(sides, peaks).T
        points = peaks[linear_sum_assignment(claims, maximize=True)[1]]
        for _ in range(self.steps):
            likely = prior * likelihoods(sides, points)
            chances = likely / (self.nobody + likely.sum(axis=0))
            pulls = chances * weights / (1 - (sides * points[:, None].conj()).real)
            points = pulls @ sides / np.maximum(pulls.sum(axis=1), TINY)
            distances = np.abs(points)
            points *= np.minimum(distances, self.farthest) / np.maximum(distances, TINY)
        points = np.where(np.abs(points) < self.narrowest, 0, points)
        return Places(points, clarity(likelihoods(sides, points), weights))

    def divide(self, voices: Voices, spectra: Spectra, pexp: float, places: Places) -> Spectra:
        """Divide spectra among the instruments at their places.

        Parameters
        ----------
        voices : Voices
            Tones on the linear-frequency axis, and their columns.
        spectra : ndarray of complex [channel, frame, bin]
            Spectra of two channels.
        pexp : float
            Exponent for the addition of sinusoids.
        places : Places
            Where the instruments are heard.

        Returns
        -------
        ndarray of complex [instrument, channel, frame, bin]
            Spectra of the instruments.
        """
        shares = tone_shares(voices, spectra.shape[-1], pexp)
        silent = 1.0 - shares.any(axis=0)
        shares += self.least_share * places.clarity
        stems = np.empty((len(shares), *spectra.shape), spectra.dtype)
        _kernels.divide_by_place(shares, silent, places.points, spectra, stems)
        return stems


def tone_shares(voices: Voices, bins: int, pexp: float) -> Floats:
    """Return the shares of the instruments by their tones [instrument, frame, bin], or 0."""
    spects = with_skirts(synthesise(voices, LINEAR, pexp, bins))
    total = spects.sum(axis=0)
    return np.divide(spects, total, out=np.zeros_like(spects), where=total > TINY)


def likelihoods(sides: Sides, points: Sides) -> Floats:
    """Return the likelihoods [place, point] of sides, relative to that from everywhere."""
    return (1 - np.abs(points[:, None]) ** 2) / (1 - (sides * points[:, None].conj()).real) ** 2


def clarity(likely: Floats, weights: Floats) -> float:
    """Return how much likelihoods [instrument, point] tell: see `Places`."""
    chances = likely / likely.sum(axis=0)
    most = np.log(len(likely))
    told = most + (chances * np.log(np.maximum(chances, TINY))).sum(axis=0)
    return float(weights @ told / max(weights.sum() * most, TINY))


def directions(sides: Sides, weights: Floats, most: int) -> Sides:
    """Return the points of the circle about which most of the sides lie that are on it."""
    clear = np.abs(sides) > CLEAR
    turns = np.angle(sides[clear]) % (2 * np.pi)
    edges = np.linspace(0, 2 * np.pi, CLASSES + 1)
    counts, _ = np.histogram(turns, edges, weights=weights[clear])
    smooth = counts + 0.5 * (np.roll(counts, 1) + np.roll(counts, -1))
    found = []
    for _ in range(most):
        top = int(smooth.argmax())
        found.append(edges[top] + np.pi / CLASSES)
        smooth[np.arange(top - APART, top + APART + 1) % CLASSES] = 0
    return np.exp(1j * np.array(found))
