"""Four restarts: each of them, and ways to choose one."""

from collections.abc import Callable
from functools import partial
from operator import attrgetter

from items import Item
from shared import Estimate, Learned, learned

from musisep.metrics import bss_eval
from variants import Variant

RESTARTS = 4


def chosen_by(choose: Callable[[Learned], Estimate]) -> Variant:
    """Return the variant that learns with restarts and takes what `choose` gives."""
    return lambda item, seed: choose(learned(item, seed, restarts=RESTARTS))


def restart(number: int, own: Learned) -> Estimate:
    """Return the stems of a restart."""
    inst_dict = own.dictionaries[number]
    return own.estimate(own.analysis.decoder(own.frames, inst_dict), inst_dict)


def every(own: Learned) -> list[Estimate]:
    """Return the stems of each restart."""
    return [restart(number, own) for number in range(RESTARTS)]


def least_left_by_frames(own: Learned) -> Estimate:
    """Return the stems of the restart whose tones, frame by frame, leave least."""

    def left(number: int) -> float:
        inst_dict = own.dictionaries[number]
        return own.unexplained(own.analysis.search(own.frames, inst_dict), inst_dict)

    return restart(min(range(RESTARTS), key=left), own)


def sdr(item: Item, estimate: Estimate) -> float:
    """Return what only those know who know the true stems."""
    return bss_eval(item.stems, estimate.stems).sdr.mean()


VARIANTS = {
    "least-left-by-frames": chosen_by(least_left_by_frames),
    "least-left-by-decoding": chosen_by(lambda own: min(every(own), key=attrgetter("unexplained"))),
    "best-restart": chosen_by(lambda own: max(every(own), key=partial(sdr, own.item))),
    **{f"restart-{number}": chosen_by(partial(restart, number)) for number in range(RESTARTS)},
}
