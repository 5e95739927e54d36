"""Kernels of `musisep.audio.filterbank`."""

from musisep._util.compiled import kernel, sum_kernel


@kernel
def squares(spectra, values):
    """Write the squared magnitudes of spectra [frame, frequency] to `values`."""
    for t in range(spectra.shape[0]):
        for f in range(spectra.shape[1]):
            values[t, f] = spectra[t, f].real ** 2 + spectra[t, f].imag ** 2


@sum_kernel
def pool(values, ranges, weights, bands):
    """Write weighted sums of values [frame, frequency] to `bands` [frame, band].

    Band b adds the frequencies from ranges[b, 0] to ranges[b, 1] - 1; its weights follow those of
    band b - 1 in `weights`.
    """
    for t in range(values.shape[0]):
        place = 0
        for b in range(ranges.shape[0]):
            first, stop = ranges[b]
            used = values[t, first:stop]
            own = weights[place : place + used.size]
            total = values.dtype.type(0)
            # Of slices: an index that might be negative, like place + i, keeps out vectors.
            for i in range(used.size):
                total += own[i] * used[i]
            bands[t, b] = total
            place += used.size


@kernel
def spread(bands, ranges, weights, values):
    """Add bands [frame, band], times their weights, to `values` [frame, frequency].

    The adjoint of `pool`, with the same ranges and weights.
    """
    for t in range(bands.shape[0]):
        place = 0
        for b in range(ranges.shape[0]):
            first, stop = ranges[b]
            target = values[t, first:stop]
            own = weights[place : place + target.size]
            for i in range(target.size):
                target[i] += own[i] * bands[t, b]
            place += target.size
