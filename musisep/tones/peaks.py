"""Tones: sets of them as parallel arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least
from musisep.audio.arrays import as_integers, as_real

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Peaks:
    """A set of tones as parallel arrays.

    The arrays have one shape: ``(tone,)`` for one frame, or ``(..., tone)`` for many frames,
    where an amplitude of 0 marks an empty place.

    Parameters
    ----------
    amps : array_like [..., tone]
        Amplitudes.
    shifts : array_like [..., tone]
        Fundamental frequencies, in bins.
    sigmas : array_like [..., tone]
        Standard deviations of the harmonics, in bins.
    spreads : array_like [..., tone]
        Inharmonicities.
    insts : array_like of int [..., tone]
        Instrument numbers: columns of a dictionary.

    Raises
    ------
    ValueError
        If the arrays differ in shape, hold no real numbers, or instruments are no integers.

    Examples
    --------
    Two tones of one frame, of which the second is the louder:

    >>> from musisep.tones.peaks import Peaks
    >>> tones = Peaks([0.5, 1.0], [20.0, 55.5], [1.0, 1.0], [0.0, 0.0], insts=[0, 1])
    >>> len(tones)
    2
    >>> tones.loudest(1).shifts.tolist()
    [55.5]
    >>> tones[tones.insts == 0].amps.tolist()
    [0.5]
    """

    def __init__(
        self,
        amps: ArrayLike,
        shifts: ArrayLike,
        sigmas: ArrayLike,
        spreads: ArrayLike,
        insts: ArrayLike,
    ) -> None:
        self.amps, self.shifts = _floats(amps, "amps"), _floats(shifts, "shifts")
        self.sigmas, self.spreads = _floats(sigmas, "sigmas"), _floats(spreads, "spreads")
        self.insts = as_integers(insts, "insts")
        shapes = [
            array.shape for array in (self.amps, self.shifts, self.sigmas, self.spreads, self.insts)
        ]
        if len(set(shapes)) != 1:
            raise ValueError(f"amps, shifts, sigmas, spreads, insts differ in shape: {shapes}")

    @classmethod
    def empty(cls) -> "Peaks":
        """Return a set of no tones.

        Returns
        -------
        Peaks [0]
            Arrays of length 0.
        """
        return cls([], [], [], [], [])

    @classmethod
    def from_array(cls, array: ArrayLike, insts: ArrayLike) -> "Peaks":
        """Return the tones whose `get_array` is `array`.

        Parameters
        ----------
        array : array_like [..., 4 * tone]
            Amplitudes, shifts, sigmas and spreads, one after the other.
        insts : array_like of int [..., tone]
            Instrument numbers.

        Returns
        -------
        Peaks [..., tone]
            The tones.

        Raises
        ------
        ValueError
            If the array has not four numbers for each tone, or as `Peaks`.
        """
        values = as_real(array, "array")
        if values.shape[-1] % 4:
            raise ValueError(f"array.shape={values.shape} must be (..., 4 * tone)")
        amps, shifts, sigmas, spreads = np.split(values, 4, axis=-1)
        return cls(amps, shifts, sigmas, spreads, insts)

    @classmethod
    def from_params(cls, params: Floats, insts: Ints) -> "Peaks":
        """Return the tones whose `params` are these.

        Parameters
        ----------
        params : ndarray [..., 4, tone]
            Amplitudes, shifts, sigmas and spreads.
        insts : ndarray of int [..., tone]
            Instrument numbers, which may be broadcast.

        Returns
        -------
        Peaks [..., tone]
            The tones.

        Raises
        ------
        ValueError
            As `Peaks`.
        """
        amps, shifts, sigmas, spreads = np.moveaxis(params, -2, 0)
        return cls(amps, shifts, sigmas, spreads, np.broadcast_to(insts, amps.shape))

    def get_array(self) -> Floats:
        """Return the parameters of the tones, but for the instrument numbers.

        Returns
        -------
        ndarray [..., 4 * tone]
            Amplitudes, shifts, sigmas and spreads, one after the other.
        """
        return np.concatenate((self.amps, self.shifts, self.sigmas, self.spreads), axis=-1)

    @property
    def params(self) -> Floats:
        """The same as ``[..., 4, tone]``, which is what the kernels take."""
        return np.stack((self.amps, self.shifts, self.sigmas, self.spreads), axis=-2)

    def __len__(self) -> int:
        """Return the number of tones of a frame."""
        return self.amps.shape[-1]

    def copy(self) -> "Peaks":
        """Return an independent copy.

        Returns
        -------
        Peaks [..., tone]
            The same tones in arrays of their own.
        """
        return self.from_array(self.get_array(), self.insts.copy())

    def __getitem__(self, index: Any) -> "Peaks":
        """Return the tones, or with leading axes the frames, that `index` selects."""
        return Peaks(
            self.amps[index],
            self.shifts[index],
            self.sigmas[index],
            self.spreads[index],
            self.insts[index],
        )

    def renumbered(self, numbers: ArrayLike) -> "Peaks":
        """Return these tones with instrument k called ``numbers[k]``.

        Parameters
        ----------
        numbers : array_like of int [instrument]
            The new number of each instrument.

        Returns
        -------
        Peaks [..., tone]
            The renumbered tones.
        """
        return self.of_instruments(np.asarray(numbers)[self.insts])

    def of_instruments(self, insts: ArrayLike) -> "Peaks":
        """Return these tones with other instrument numbers.

        Parameters
        ----------
        insts : array_like of int [..., tone]
            Instrument numbers.

        Returns
        -------
        Peaks [..., tone]
            The tones with these numbers.

        Raises
        ------
        ValueError
            As `Peaks`.
        """
        return Peaks(self.amps, self.shifts, self.sigmas, self.spreads, insts)

    def scaled(self, factor: float) -> "Peaks":
        """Return these tones `factor` times as loud.

        Parameters
        ----------
        factor : float
            What amplitudes are multiplied by.

        Returns
        -------
        Peaks [..., tone]
            The louder or softer tones.
        """
        return Peaks(factor * self.amps, self.shifts, self.sigmas, self.spreads, self.insts)

    def loudest(self, number: int) -> "Peaks":
        """Return the `number` loudest tones of one frame, the loudest first.

        Parameters
        ----------
        number : int
            Number of tones at most.

        Returns
        -------
        Peaks [tone]
            The loudest tones.
        """
        return self[np.argsort(-self.amps, kind="stable")[:number]]

    def merged(self, other: "Peaks") -> "Peaks":
        """Return these tones followed by the others.

        Parameters
        ----------
        other : Peaks [..., tone]
            Tones of as many frames.

        Returns
        -------
        Peaks [..., tone]
            All tones.
        """
        return Peaks(
            *(
                np.concatenate(pair, axis=-1)
                for pair in zip(
                    (self.amps, self.shifts, self.sigmas, self.spreads, self.insts),
                    (other.amps, other.shifts, other.sigmas, other.spreads, other.insts),
                    strict=True,
                )
            )
        )


def _floats(values: ArrayLike, name: str) -> Floats:
    """Return real numbers in double precision, of the shape of `values`."""
    if isinstance(values, np.ndarray) and values.dtype.char == "d":
        return values
    return as_real(values, name).astype(np.float64).reshape(np.shape(values))


def places(instruments: int, tones: int) -> Ints:
    """Return the instrument of each place of a frame's tones.

    Parameters
    ----------
    instruments : int
        Number of instruments, from 0 on.
    tones : int
        Number of places of each instrument, from 0 on.

    Returns
    -------
    ndarray of int [instruments * tones]
        The places of instrument 0 come first.

    Raises
    ------
    ValueError
        If a number is no integer, or negative.

    Examples
    --------
    >>> from musisep.tones.peaks import places
    >>> places(instruments=3, tones=2).tolist()
    [0, 0, 1, 1, 2, 2]
    """
    instruments, tones = at_least("instruments", instruments, 0), at_least("tones", tones, 0)
    return np.repeat(np.arange(instruments, dtype=np.int64), tones)
