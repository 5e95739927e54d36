"""Kernel that measures frames at and between the harmonics of notes."""

from musisep._util.compiled import kernel
from musisep._util.constants import NONE
from musisep.tones._kernels import AMP, SHIFT, SPREAD, harmonic_centre


@kernel
def add_energies(
    params, numbers, frames, harscale, rivals, apart, orders, heard, energy,
    first_edge, band_width, band_heard, band_energy,
):  # fmt: skip
    """Add squared magnitudes of frames at the ``orders`` of notes, and in how many frames.

    A frame counts where the order is on the axis, and further than `apart` bins from the first
    `rivals` harmonics of other tones. ``heard`` and ``energy`` are [note, order], ``band_heard``
    and ``band_energy`` [note, band], of bands of so many bins from the first edge on.
    """
    places, bins, bands = numbers.shape[1], frames.shape[1], band_heard.shape[1]
    for frame in range(numbers.shape[0]):
        for place in range(places):
            note = numbers[frame, place]
            if note == NONE:
                continue
            tone = params[frame, :, place]
            for i in range(orders.size):
                centre, _, _ = harmonic_centre(tone[SHIFT], tone[SPREAD], orders[i], harscale)
                bin_ = round(centre)
                if not 0 < bin_ < bins - 1:
                    continue
                if hidden(centre, params[frame], place, harscale, rivals, apart):
                    continue
                value = max(frames[frame, bin_ - 1], frames[frame, bin_], frames[frame, bin_ + 1])
                heard[note, i] += 1.0
                energy[note, i] += value * value
                band = int((centre - first_edge) // band_width)
                if 0 <= band < bands:
                    band_heard[note, band] += 1.0
                    band_energy[note, band] += value * value


@kernel
def hidden(centre, tones, place, harscale, rivals, apart):
    """Tell whether a harmonic of another tone of the frame, ``tones`` [4, place], is near."""
    for other in range(tones.shape[1]):
        if other == place or tones[AMP, other] <= 0.0:
            continue
        for order in range(1, rivals + 1):
            position, _, _ = harmonic_centre(
                tones[SHIFT, other], tones[SPREAD, other], float(order), harscale
            )
            if abs(position - centre) < apart:
                return True
    return False


@kernel
def add_sides(params, numbers, frames, sides, harscale, harmonics, rivals, apart, weights, sums):
    """Add to ``weights`` and ``sums`` [note]: magnitudes at harmonics, and those times sides.

    ``sides`` is [frame, bin]. Harmonics count where no other is near.
    """
    for frame in range(numbers.shape[0]):
        for place in range(numbers.shape[1]):
            note = numbers[frame, place]
            if note == NONE:
                continue
            tone = params[frame, :, place]
            for har in range(harmonics):
                centre, _, _ = harmonic_centre(tone[SHIFT], tone[SPREAD], har + 1.0, harscale)
                bin_ = round(centre)
                if not 0 < bin_ < frames.shape[1] - 1:
                    continue
                if not hidden(centre, params[frame], place, harscale, rivals, apart):
                    weights[note] += frames[frame, bin_]
                    sums[note] += frames[frame, bin_] * sides[frame, bin_]
