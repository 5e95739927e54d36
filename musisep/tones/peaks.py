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
    amps : array_like
        Amplitudes.
    shifts : array_like
        Fundamental frequencies, in bins.
    sigmas : array_like
        Standard deviations of the harmonics, in bins.
    spreads : array_like
        Inharmonicities.
    insts : array_like of int
        Instrument numbers: columns of a dictionary.

    Raises
    ------
    ValueError
        If the arrays differ in shape, hold no real numbers, or instruments are no integers.
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
        Peaks, shape (0,)
        """
        return cls([], [], [], [], [])

    @classmethod
    def from_array(cls, array: ArrayLike, insts: ArrayLike) -> "Peaks":
        """Return the tones whose `get_array` is `array`.

        Parameters
        ----------
        array : array_like, shape (..., 4 * tone)
            Amplitudes, shifts, sigmas and spreads, one after the other.
        insts : array_like of int, shape (..., tone)
            Instrument numbers.

        Returns
        -------
        Peaks, shape (..., tone)

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
        """Return the tones whose `params` (..., 4, tone) are these; `insts` may be broadcast."""
        amps, shifts, sigmas, spreads = np.moveaxis(params, -2, 0)
        return cls(amps, shifts, sigmas, spreads, np.broadcast_to(insts, amps.shape))

    def get_array(self) -> Floats:
        """Return the parameters of the tones, but for the instrument numbers.

        Returns
        -------
        ndarray, shape (..., 4 * tone)
            Amplitudes, shifts, sigmas and spreads, one after the other.
        """
        return np.concatenate((self.amps, self.shifts, self.sigmas, self.spreads), axis=-1)

    @property
    def params(self) -> Floats:
        """The same as ``(..., 4, tone)``, which is what the kernels take."""
        return np.stack((self.amps, self.shifts, self.sigmas, self.spreads), axis=-2)

    def __len__(self) -> int:
        """Return the number of tones of a frame."""
        return self.amps.shape[-1]

    def copy(self) -> "Peaks":
        """Return an independent copy."""
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
        """Return these tones with instrument k called ``numbers[k]``."""
        return self.of_instruments(np.asarray(numbers)[self.insts])

    def of_instruments(self, insts: ArrayLike) -> "Peaks":
        """Return these tones with other instrument numbers, of the shape of `insts`."""
        return Peaks(self.amps, self.shifts, self.sigmas, self.spreads, insts)

    def scaled(self, factor: float) -> "Peaks":
        """Return these tones `factor` times as loud."""
        return Peaks(factor * self.amps, self.shifts, self.sigmas, self.spreads, self.insts)

    def loudest(self, number: int) -> "Peaks":
        """Return the `number` loudest tones of one frame, the loudest first."""
        return self[np.argsort(-self.amps, kind="stable")[:number]]

    def merged(self, other: "Peaks") -> "Peaks":
        """Return these tones followed by the others."""
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
    """Instrument of each place of a frame's tones: `tones` places for every instrument."""
    instruments, tones = at_least("instruments", instruments, 0), at_least("tones", tones, 0)
    return np.repeat(np.arange(instruments, dtype=np.int64), tones)
