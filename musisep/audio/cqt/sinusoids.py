"""Correlation of a signal with many windowed sinusoids, of any lengths, at every hop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from musisep._util import threads
from musisep.audio.arrays import Real, Spectra, read_only
from musisep.audio.cqt._kernels.sinusoids import add_products, sample_sinusoids, slide_sums
from musisep.audio.framing import window_frames
from musisep.audio.products import multiply

DIRECT_BLOCKS = 3
"""Sinusoids up to this many blocks, at least 2, are multiplied sample by sample."""
CHUNK_SAMPLES = 2**21
"""Samples of a signal that are cut into blocks at a time, about."""
CHUNK_FRAMES = 2**13
"""Frames that are computed at a time, at most, unless the sinusoids reach much further."""
GROUP_POINTS = 2**18
"""Samples of sinusoids, or sums over blocks, that a thread holds at a time."""
GROUP_SIZE = 16
"""Bins or blocks that a thread deals with at a time, at most."""
SPAN = 100.0
"""Frequencies that are interpolated together differ by at most this phase in a block.

They need 20 nodes and one more for every 3 of phase, 57 here: smaller groups have more nodes in
all, and in larger ones each exponential is a sum over more of them.
"""
NEGLIGIBLE = 1e-15
"""Last term of an interpolation between frequencies."""


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
    frequencies : ndarray [bin]
        In radians per sample.
    lengths : ndarray, int [bin]
        In samples.
    gains : ndarray [bin]
    amplitudes : ndarray [cosine]
        c, see `cosine_sum`.
    hop_length : int > 0
        Samples between centres.

    Notes
    -----
    The signal is cut into blocks of a hop that have the centres in their middle. A sinusoid then
    begins and ends in the same rows of some blocks for all centres: two rows of samples, real and
    imaginary, are multiplied with these rows of all blocks. A long sinusoid also covers whole
    blocks, its run::

        blocks      |---------|---------|---------|---------|---------|
        sinusoid         <--------------------------------------->
        pieces           [===]                              [====]
        run                   |---------|---------|---------|

    There it is a sum of few exponentials. Their products with a block are the same for all
    centres but for a phase, and are summed over the blocks by a recurrence, so that the cost does
    not depend on the length.

    Nor is each exponential multiplied with the blocks: within a block one depends so smoothly on
    its frequency that products at few frequencies, Chebyshev's nodes, give the others by
    interpolation with polynomials, exactly but for rounding.
    """

    frequencies: NDArray[np.float64]
    lengths: NDArray[np.int64]
    gains: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    hop_length: int

    def __post_init__(self) -> None:
        """Keep copies that do not change."""
        for name in ("frequencies", "lengths", "gains", "amplitudes"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @staticmethod
    def union(banks: Sequence["SinusoidBank"]) -> tuple["SinusoidBank", NDArray[np.intp]]:
        """Join banks of the same window, hop and rule for lengths.

        Parameters
        ----------
        banks : sequence of SinusoidBank

        Returns
        -------
        union : SinusoidBank
            In which sinusoids of the same frequency are one.
        places : array of int
            The bin in `union` of each bin of each bank, in their order.
        """
        frequencies, lengths, gains = (
            np.concatenate([getattr(bank, name) for bank in banks])
            for name in ("frequencies", "lengths", "gains")
        )
        _, first, places = np.unique(
            np.log(frequencies).round(9), return_index=True, return_inverse=True
        )
        union = SinusoidBank(
            frequencies[first],
            lengths[first],
            gains[first],
            banks[0].amplitudes,
            banks[0].hop_length,
        )
        return union, places

    @cached_property
    def rows(self) -> int:
        """Samples of a block; with a hop longer than all sinusoids some lie in no block.

        One row more than the longest sinusoid has is enough: of an odd length, it has one sample
        more before its centre than after it.
        """
        return min(self.hop_length, int(self.lengths.max()) + 1)

    @cached_property
    def begins(self) -> NDArray[np.int64]:
        """First sample of each sinusoid, from its centre."""
        return -((self.lengths + 1) // 2)

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """First row of each sinusoid and the row after its last, [2, bin].

        Rows are counted on through the blocks, from the beginning of that of the centre.
        """
        first = self.begins + self.rows // 2
        return np.stack([first, first + self.lengths])

    @cached_property
    def bounds(self) -> NDArray[np.int64]:
        """First whole block of each sinusoid and the block after its last, [2, bin]."""
        return np.stack([-(-self.edges[0] // self.rows), self.edges[1] // self.rows])

    @cached_property
    def reach(self) -> tuple[int, int]:
        """First and last block that a sinusoid touches, from that of its centre."""
        return int(self.edges[0].min() // self.rows), int((self.edges[1].max() - 1) // self.rows)

    @cached_property
    def is_long(self) -> NDArray[np.bool_]:
        """Which sinusoids are not multiplied sample by sample, [bin]."""
        return self.lengths > DIRECT_BLOCKS * self.rows

    @cached_property
    def runs(self) -> list["Runs"]:
        """The whole blocks of the long sinusoids, those of similar frequencies together."""
        bins = np.flatnonzero(self.is_long)
        spans = self.frequencies[bins] * self.rows // SPAN
        return [Runs.of(self, bins[spans == span]) for span in np.unique(spans)]

    @cached_property
    def pieces(self) -> list[NDArray[np.int64]]:
        """The pieces that are multiplied sample by sample, [piece, field], of groups of bins."""
        groups = _slices(self.lengths.size, GROUP_POINTS // self.rows)
        cut = [
            [piece for k in range(group.start, group.stop) for piece in self._cut(k)]
            for group in groups
        ]
        return [np.array(pieces) for pieces in cut if pieces]

    def _cut(self, k: int) -> Iterator[Piece]:
        rows, edges = self.rows, self.edges[:, k]
        first, last = edges // rows
        for block in (first, last) if self.is_long[k] else range(first, last + 1):
            start, stop = np.clip(edges - block * rows, 0, rows)
            in_run = self.is_long[k] and stop - start == rows
            if start < stop and not in_run:
                yield Piece(k, block, start, stop)

    def correlate(self, signal: Real, first_centre: int, result: Spectra) -> None:
        """Add the coefficients of a signal to `result`.

        Parameters
        ----------
        signal : ndarray [sample]
            Beyond its ends it goes on as in mirrors.
        first_centre : int
            Sample on which frame 0 is centred.
        result : ndarray, complex [bin, frame]
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
            threads.each(partial(self._add_pieces, blocks, part), self.pieces)
            for runs in self.runs:
                runs.correlate(blocks, before, part)

    def _add_pieces(self, blocks: Real, result: Spectra, pieces: NDArray[np.int64]) -> None:
        k, block, start, stop = pieces.T
        table = np.empty((2, k.size, (stop - start).max()), blocks.dtype)
        sample_sinusoids(
            self.frequencies[k],
            self.gains[k],
            2 * np.pi / self.lengths[k],
            self.begins[k],
            self.amplitudes,
            block * self.rows - self.rows // 2 + start,
            stop - start,
            table,
        )
        add_products(table, blocks, k, block - self.reach[0], start, stop, result)


def _slices(total: int, size: int) -> Iterator[slice]:
    """Divide a range into ranges of at most `size` and GROUP_SIZE."""
    size = max(1, min(size, GROUP_SIZE))
    for first in range(0, total, size):
        yield slice(first, min(first + size, total))


@dataclass(frozen=True, eq=False)
class Runs:
    """Whole blocks of long sinusoids, as sums of exponentials of slightly different frequencies.

    Parameters
    ----------
    bins : ndarray, int [run]
        Which sinusoids they are.
    blocks : ndarray, int [run]
        First whole block, from that of the centre.
    counts : ndarray, int [run]
        Number of whole blocks.
    angles : ndarray [run, exponential]
        Phase by which an exponential advances in a block.
    gains : ndarray, complex [run, exponential]
        Weight of an exponential, with its phase in the middle of the first whole block.
    table : ndarray [2 node, row]
        Real, then imaginary parts of exponentials within a block, at the frequencies of the nodes.
    weights : ndarray [run, exponential, node]
        How other frequencies follow from them.
    """

    bins: NDArray[np.intp]
    blocks: NDArray[np.int64]
    counts: NDArray[np.int64]
    angles: NDArray[np.float64]
    gains: NDArray[np.complex128]
    table: NDArray[np.float64]
    weights: NDArray[np.float64]

    @staticmethod
    def of(bank: SinusoidBank, bins: NDArray[np.intp]) -> "Runs":
        """Describe the whole blocks of some of a bank's sinusoids."""
        rows, (blocks, ends) = bank.rows, bank.bounds[:, bins]
        sides = np.arange(1 - bank.amplitudes.size, bank.amplitudes.size)
        turns = 2 * np.pi * sides / bank.lengths[bins, None]
        frequencies = bank.frequencies[bins, None] - turns
        phases = turns * bank.begins[bins, None] + frequencies * (blocks * rows)[:, None]
        halves = np.where(sides == 0, 1, 0.5) * bank.amplitudes[abs(sides)]
        nodes, weights = interpolation(frequencies, rows)
        table = np.empty((2, nodes.size, rows))
        zeros, ones = np.zeros(nodes.size, np.int64), np.ones(nodes.size)
        flat = read_only(ones[:1])  # as a bank's amplitudes are, lest the kernel is compiled twice
        sample_sinusoids(nodes, ones, ones, zeros, flat, zeros - rows // 2, zeros + rows, table)
        return Runs(
            bins,
            blocks,
            ends - blocks,
            frequencies * rows,
            bank.gains[bins, None] * halves * np.exp(-1j * phases),
            table.reshape(-1, rows),
            weights,
        )

    def correlate(self, blocks: Real, first_block: int, result: Spectra) -> None:
        """Add the runs' share of the coefficients.

        Parameters
        ----------
        blocks : ndarray [block, row]
        first_block : int
            Which block is the first, from that of the centre of frame 0.
        result : ndarray, complex [bin, frame]
            Changed in place.
        """
        kind, count = blocks.dtype, len(blocks)
        table, weights = self.table.astype(kind), self.weights.astype(kind)
        values = np.empty((count, len(table)), kind)

        def multiply_blocks(some: slice) -> None:
            multiply(table, blocks[some], values[some].T)

        threads.each(multiply_blocks, list(_slices(count, GROUP_POINTS // table.shape[1])))
        # A block's real parts at the nodes are a row, its imaginary parts the next.
        values = values.reshape(2 * count, -1)

        def slide(some: slice) -> None:
            used = weights[some]
            sums = np.empty((*used.shape[:2], 2 * count), kind)
            multiply(used.reshape(-1, values.shape[1]), values, sums.reshape(-1, 2 * count))
            slide_sums(
                sums.view(result.dtype),
                self.blocks[some] - first_block,
                self.counts[some],
                self.angles[some],
                self.gains[some],
                self.bins[some],
                result,
            )

        threads.each(slide, list(_slices(len(weights), GROUP_POINTS // (weights.shape[1] * count))))


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
    nodes : ndarray, float [node]
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
