"""Kernel of note tracking: tones linked to notes."""

import numpy as np

from musisep._util.compiled import kernel
from musisep._util.constants import NONE


@kernel
def link(amps, shifts, glide, gap, rise, numbers):
    """Fill ``numbers`` [frame, place]: tones continue the nearest note, the nearest pair first.

    A tone that is `rise` times as loud as a note has been lately begins another one, and ends it.
    """
    frames, places = amps.shape
    room = places * (gap + 2)
    last, level = np.empty(room), np.empty(room)
    number, seen = np.empty(room, np.int64), np.empty(room, np.int64)
    active, total = 0, 0
    for frame in range(frames):
        while True:
            nearest, chosen, here = glide, NONE, NONE
            for i in range(active):
                if seen[i] == frame:
                    continue
                for place in range(places):
                    amp = amps[frame, place]
                    if 0.0 < amp < rise * level[i] and numbers[frame, place] == NONE:
                        move = abs(shifts[frame, place] - last[i])
                        if move <= nearest:
                            nearest, chosen, here = move, i, place
            if chosen == NONE:
                break
            numbers[frame, here] = number[chosen]
            last[chosen], seen[chosen] = shifts[frame, here], frame
            level[chosen] = 0.5 * (level[chosen] + amps[frame, here])
        continued = active
        for place in range(places):
            if amps[frame, place] > 0.0 and numbers[frame, place] == NONE:
                numbers[frame, place] = number[active] = total
                last[active], level[active] = shifts[frame, place], amps[frame, place]
                seen[active] = frame
                active, total = active + 1, total + 1
        kept = 0
        for i in range(active):
            ended = frame - seen[i] > gap
            for j in range(continued, active):
                if seen[i] < frame and abs(last[j] - last[i]) <= glide:
                    ended = True
            if not ended:
                last[kept], level[kept] = last[i], level[i]
                number[kept], seen[kept] = number[i], seen[i]
                kept += 1
        active = kept
