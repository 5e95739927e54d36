"""Correlation of a signal with many windowed sinusoids, of any lengths, at every hop."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.signal
import scipy.special
from numpy.typing import NDArray

from musisep.audio import threads
from musisep.audio.arrays import Real
from musisep.audio.framing import window_frames
from musisep.compiled import kernel

Coefficients = NDArray[np.complexfloating]
Window = str | tuple[object, ...]

COSINE_WINDOWS = (
    "boxcar",
    "hann",
    "hamming",
    "blackman",
    "blackmanharris",
    "nuttall",
    "flattop",
)
"""Windows of SciPy that are sums of few cosines, beside general_cosine and general_hamming."""
MOST_COSINES = 16
DIRECT_BLOCKS = 4
"""Sinusoids up to this many blocks are multiplied sample by sample; longer ones from sums."""
CHUNK_SAMPLES = 2**21
"""A signal is cut into blocks about this many samples at a time, and"""
CHUNK_FRAMES = 2**13
"""about this many frames, unless the sinusoids reach much further."""
GROUP_POINTS = 2**19
"""Products that are held at a time, and"""
GROUP_SIZE = 64
"""pieces of sinusoids that are multiplied at a time, unless that were more products."""
RESTART = 64
"""Samples after which a sinusoid is computed anew, lest rounding adds up: 1e-14 till then."""
NEGLIGIBLE = 1e-15
"""Last term of an interpolation between frequencies."""


def cosine_sum(window: Window) -> NDArray[np.float64]:
    """Find the amplitudes of the cosines whose sum is a window.

    Parameters
    ----------
    window : str or tuple
        For `scipy.signal.get_window`; periodic.

    Returns
    -------
    array, shape (cosine,)
        c, with the window sum_e c[e] cos(2 pi e n / length) at samples n from 0 to length - 1.

    Raises
    ------
    ValueError
        If SciPy knows no such window, or it is no sum of at most 16 cosines.
    """
    try:
        samples, check = (scipy.signal.get_window(window, 4 * n) for n in (MOST_COSINES, 23))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{window=}: {error}") from None
    amplitudes = np.fft.rfft(samples).real[:MOST_COSINES] / samples.size
    amplitudes[1:] *= 2
    amplitudes = amplitudes[: 1 + np.flatnonzero(abs(amplitudes) > 1e-12).max(initial=0)]
    if not np.allclose(sample_window(amplitudes, check.size), check, rtol=0, atol=1e-12):
        raise ValueError(
            f"{window=} must be a sum of cosines: one of {', '.join(COSINE_WINDOWS)}, or a tuple "
            "for general_cosine or general_hamming"
        )
    return amplitudes


def sample_window(amplitudes: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return `length` samples of the window with these amplitudes of cosines."""
    angles = 2 * np.pi * np.arange(length) / length
    return amplitudes @ np.cos(np.arange(amplitudes.size)[:, None] * angles)


class Piece(NamedTuple):
    """Part of a sinusoid within one block."""

    bin: int
    block: int
    """Counted from the block in whose middle the sinusoid has its centre."""
    start: int
    stop: int
    """Rows of the block."""


@dataclass(frozen=True, eq=False)
class SinusoidBank:
    r"""Windowed sinusoids, and the correlation of a signal with them.

    Around a centre at sample c, sinusoid k of length L has the coefficient

    .. math:: g_k \sum_{n = -\lceil L / 2 \rceil}^{\lfloor L / 2 \rfloor - 1}
              w_L(n + \lceil L / 2 \rceil) \, x(c + n) \exp(-i \omega_k n),
              \quad w_L(l) = \sum_e c_e \cos(2 \pi e l / L).

    Parameters
    ----------
    frequencies : array, shape (bin,)
        In radians per sample.
    lengths : array of int, shape (bin,)
        In samples.
    gains : array, shape (bin,)
    amplitudes : array, shape (cosine,)
        c, see `cosine_sum`.
    hop_length : int > 0
        Samples between centres.

    Notes
    -----
    The signal is cut into blocks of a hop with the centres in their middle. A sinusoid then
    begins and ends in the same rows of some blocks for every centre, and one matrix product gives
    these parts for all centres. A long sinusoid also covers whole blocks. There it is a sum of
    few exponentials, whose sums over a block are products with slowly changing phases: they are
    summed over the blocks by a recurrence, at a cost that does not depend on the length.

    All whole blocks are multiplied with exponentials of few frequencies, from which those of
    other frequencies are interpolated: as polynomials on Chebyshev's nodes, exact to rounding,
    since an exponential of 512 samples has little room to change with frequency.
    """

    frequencies: NDArray[np.float64]
    lengths: NDArray[np.int64]
    gains: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    hop_length: int

    @cached_property
    def rows(self) -> int:
        """Samples of a block; with a hop longer than all sinusoids some lie in no block."""
        return min(self.hop_length, int(self.lengths.max()) + 2)

    @cached_property
    def begins(self) -> NDArray[np.int64]:
        """First sample of each sinusoid, from its centre."""
        return -((self.lengths + 1) // 2)

    @cached_property
    def long(self) -> NDArray[np.int64]:
        """Bins whose whole blocks are not multiplied sample by sample."""
        return np.flatnonzero(self.lengths > DIRECT_BLOCKS * self.rows)

    @cached_property
    def pieces(self) -> list[NDArray[np.int64]]:
        """The pieces that are multiplied sample by sample, [piece, field], by kind and length."""
        pieces = np.array([piece for k in range(self.lengths.size) for piece in self._cut(k)])
        if not pieces.size:
            return []
        _, _, start, stop = pieces.T
        order = np.lexsort((stop - start, start == 0, stop == self.rows))
        kinds = (2 * (stop == self.rows) + (start == 0))[order]
        return np.split(pieces[order], np.flatnonzero(np.diff(kinds)) + 1)

    def _cut(self, k: int) -> Iterator[Piece]:
        rows, begin = self.rows, int(self.begins[k]) + self.rows // 2
        end = begin + int(self.lengths[k])
        first, last = begin // rows, (end - 1) // rows
        whole_too = end - begin <= DIRECT_BLOCKS * rows
        for block in range(first, last + 1) if whole_too else (first, last):
            piece = Piece(k, block, max(begin - block * rows, 0), min(end - block * rows, rows))
            if whole_too or piece.stop - piece.start < rows:
                yield piece

    @cached_property
    def reach(self) -> tuple[int, int]:
        """First and last block that a sinusoid touches, from that of its centre."""
        begins = self.begins + self.rows // 2
        return int(begins.min() // self.rows), int((begins + self.lengths - 1).max() // self.rows)

    def correlate(self, signal: Real, first_centre: int, result: Coefficients) -> None:
        """Add the coefficients of a signal to `result`.

        Parameters
        ----------
        signal : array, shape (sample,)
            Beyond its ends it goes on as in mirrors.
        first_centre : int
            Sample on which frame 0 is centred.
        result : array of complex, shape (bin, frame)
            Changed in place.
        """
        before, after = self.reach
        extra = after - before
        frames = result.shape[1]
        step = max(min(CHUNK_SAMPLES // self.rows, CHUNK_FRAMES), 2 * extra, 1)
        ones = np.ones(self.rows, signal.dtype)
        for first in range(0, frames, step):
            part = result[:, first : first + step]
            blocks = np.empty((part.shape[1] + extra, self.rows), signal.dtype)
            start = first_centre + (first + before) * self.hop_length - self.rows // 2
            window_frames(signal, ones, start, self.hop_length, True, blocks)
            self._add_pieces(blocks, part)
            self._add_runs(blocks, part)

    def _add_pieces(self, blocks: Real, result: Coefficients) -> None:
        size = max(1, min(GROUP_SIZE, GROUP_POINTS // (2 * max(blocks.shape))))
        for pieces in self.pieces:
            for first in range(0, len(pieces), size):
                k, block, start, stop = pieces[first : first + size].T
                used = slice(start.min(), stop.max())
                table = np.zeros((k.size, 2, used.stop - used.start), blocks.dtype)
                offsets = block * self.rows - self.rows // 2
                windows = (2 * np.pi / self.lengths[k], self.begins[k], self.amplitudes)
                sample_sinusoids(
                    self.frequencies[k],
                    self.gains[k],
                    *windows,
                    offsets + start,
                    offsets + stop,
                    start - used.start,
                    table,
                )
                products = table.reshape(2 * k.size, -1) @ blocks[:, used].T
                add_shifted(products, k, block - self.reach[0], result)

    @cached_property
    def runs(self) -> "Runs":
        """What the whole blocks of long sinusoids are made of."""
        return Runs.of(self)

    def _add_runs(self, blocks: Real, result: Coefficients) -> None:
        if not self.long.size:
            return
        runs, (bins, terms) = self.runs, self.runs.angles.shape
        values = runs.table.astype(blocks.dtype) @ blocks.T
        values = values.reshape(-1, 2 * len(blocks))
        size = max(1, GROUP_POINTS // (2 * terms * len(blocks)))
        for first in range(0, bins, size):
            some = slice(first, first + size)
            weights = runs.weights[some].astype(blocks.dtype)
            sums = weights.reshape(-1, len(values)) @ values
            sums = sums.reshape(-1, terms, 2, len(blocks))

            def slide(i: int, sums: Real = sums, first: int = first) -> None:
                k = first + i
                shifted = sums[i, :, :, runs.blocks[k] - self.reach[0] :]
                slide_sums(
                    shifted,
                    runs.angles[k],
                    runs.gains[k],
                    runs.counts[k],
                    result[self.long[k]],
                )

            threads.each(slide, range(len(sums)))


@dataclass(frozen=True, eq=False)
class Runs:
    """Whole blocks of long sinusoids, as sums of exponentials of slightly different frequencies.

    Parameters
    ----------
    blocks : array of int, shape (run,)
        First whole block, from that of the centre.
    counts : array of int, shape (run,)
        Number of whole blocks.
    angles : array, shape (run, exponential)
        Phase by which an exponential advances in a block.
    gains : array of complex, shape (run, exponential)
        Weight of an exponential, with its phase in the middle of the first whole block.
    table : array, shape (2 node, row)
        Real and imaginary parts of exponentials within a block, at the frequencies of the nodes.
    weights : array, shape (run, exponential, node)
        How other frequencies follow from them.
    """

    blocks: NDArray[np.int64]
    counts: NDArray[np.int64]
    angles: NDArray[np.float64]
    gains: NDArray[np.complex128]
    table: NDArray[np.float64]
    weights: NDArray[np.float64]

    @staticmethod
    def of(bank: SinusoidBank) -> "Runs":
        """Describe the whole blocks of a bank's long sinusoids."""
        rows, lengths, begins = bank.rows, bank.lengths[bank.long], bank.begins[bank.long]
        blocks = -(-(begins + rows // 2) // rows)
        counts = (begins + rows // 2 + lengths) // rows - blocks
        sides = np.arange(1 - bank.amplitudes.size, bank.amplitudes.size)
        turns = 2 * np.pi * sides / lengths[:, None]
        frequencies = bank.frequencies[bank.long, None] - turns
        phases = turns * begins[:, None] + frequencies * (blocks * rows)[:, None]
        halves = np.where(sides == 0, 1, 0.5) * bank.amplitudes[abs(sides)]
        nodes, weights = interpolation(frequencies, rows)
        table = np.empty((nodes.size, 2, rows))
        zeros, ones = np.zeros(nodes.size, np.int64), np.ones(nodes.size)
        begin = zeros - rows // 2
        sample_sinusoids(nodes, ones, ones, begin, ones[:1], begin, begin + rows, zeros, table)
        return Runs(
            blocks,
            counts,
            frequencies * rows,
            bank.gains[bank.long, None] * halves * np.exp(-1j * phases),
            table.reshape(-1, rows),
            weights,
        )


def interpolation(
    frequencies: NDArray[np.float64], rows: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Choose frequencies from whose exponentials others follow, to rounding.

    Parameters
    ----------
    frequencies : array
        In radians per sample.
    rows : int
        Samples of the exponentials; their phase is 0 in the middle.

    Returns
    -------
    nodes : array, shape (node,)
    weights : array, shape of `frequencies` and (node,)
        Of the nodes' exponentials, for the exponentials of `frequencies`.

    Notes
    -----
    Interpolation by polynomials on Chebyshev nodes. Term n of the Chebyshev series of exp(i x t)
    for t from -1 to 1 is 2 J_n(x): beyond n = x it vanishes quickly.
    """
    middle = (frequencies.min() + frequencies.max()) / 2
    width = max(np.ptp(frequencies) / 2, 1 / rows)
    reach = width * rows / 2
    terms = abs(scipy.special.jv(np.arange(2 * int(reach) + 40), reach))
    orders = np.arange(1 + np.flatnonzero(terms > NEGLIGIBLE).max())
    angles = (orders + 0.5) * (np.pi / orders.size)
    wanted = np.arccos(np.clip((frequencies[..., None] - middle) / width, -1, 1))
    weights = np.cos(wanted * orders) @ np.cos(orders[:, None] * angles)
    return middle + width * np.cos(angles), (2 * weights - 1) / orders.size


@kernel
def sample_sinusoids(  # type: ignore[no-untyped-def]
    frequencies, gains, turns, begins, amplitudes, starts, stops, columns, table
):
    """Write samples of windowed sinusoids, conjugated.

    Parameters
    ----------
    frequencies, gains : array, shape (piece,)
    turns : array, shape (piece,)
        Angle of the window's first cosine by which it advances in a sample, and
    begins : array of int, shape (piece,)
        samples at which it is 0.
    amplitudes : array, shape (cosine,)
        Of the window.
    starts, stops : array of int, shape (piece,)
        Range of samples, from the centre.
    columns : array of int, shape (piece,)
        Where to write the first.
    table : array, shape (piece, 2, column)
        Changed in place: real and imaginary parts.
    """
    for p in range(frequencies.size):
        step, turn = np.exp(-1j * frequencies[p]), np.exp(1j * turns[p])
        for start in range(starts[p], stops[p], RESTART):
            phase = gains[p] * np.exp(-1j * frequencies[p] * start)
            angle = np.exp(1j * turns[p] * (start - begins[p]))
            column = columns[p] + start - starts[p]
            for i in range(min(RESTART, stops[p] - start)):
                # Clenshaw's recurrence
                current, previous = 0.0, 0.0
                for e in range(amplitudes.size - 1, 0, -1):
                    current, previous = amplitudes[e] + 2 * angle.real * current - previous, current
                weight = amplitudes[0] + angle.real * current - previous
                table[p, 0, column + i] = weight * phase.real
                table[p, 1, column + i] = weight * phase.imag
                phase *= step
                angle *= turn


@kernel
def add_shifted(products, bins, shifts, result):  # type: ignore[no-untyped-def]
    """Add products of blocks to the frames that they belong to.

    Parameters
    ----------
    products : array, shape (2 piece, block)
        Real and imaginary parts.
    bins, shifts : array of int, shape (piece,)
        Block t + shift belongs to frame t of the bin.
    result : array of complex, shape (bin, frame)
        Changed in place.
    """
    frames = result.shape[1]
    for p in range(bins.size):
        target = result[bins[p]]
        real = products[2 * p, shifts[p] : shifts[p] + frames]
        imaginary = products[2 * p + 1, shifts[p] : shifts[p] + frames]
        for t in range(frames):
            target[t] += complex(real[t], imaginary[t])


@kernel
def slide_sums(values, angles, gains, count, result):  # type: ignore[no-untyped-def]
    """Add sums of `count` neighbours with advancing phases, for each frame and exponential.

    Frame t gets the sum over j < count of gain exp(-i j angle) values[t + j].

    Nothing is ever subtracted, hence silence after noise is silent: of every window that begins
    in a stretch of `count` values, the part within the stretch comes from a sum that runs
    backward from its end, the rest from one that runs forward (van Herk, 1992).

    Parameters
    ----------
    values : array, shape (exponential, 2, at least frame + count - 1)
        Real and imaginary parts.
    angles : array, shape (exponential,)
    gains : array of complex, shape (exponential,)
    count : int > 0
    result : array of complex, shape (frame,)
        Changed in place.
    """
    for e in range(angles.size):
        step, back = np.exp(-1j * angles[e]), np.exp(1j * angles[e])
        last = np.exp(-1j * angles[e] * (count - 1))
        for start in range(0, result.size, count):
            real, imaginary = values[e, 0, start:], values[e, 1, start:]
            frames = result[start : start + count]
            total = 0j
            for t in range(count - 1, -1, -1):
                total = total * step + complex(real[t], imaginary[t])
                if t < frames.size:
                    frames[t] += gains[e] * total
            total = 0j
            for t in range(1, frames.size):
                new = complex(real[t + count - 1], imaginary[t + count - 1])
                total = total * back + last * new
                frames[t] += gains[e] * total
