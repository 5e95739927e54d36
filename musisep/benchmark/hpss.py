"""What lasts against what strikes."""

from __future__ import annotations

import numpy as np

from musisep.benchmark.item import Item, Signals, UnsuitableError, magnitudes_of, masked


def hpss(item: Item) -> Signals:
    """Divide the mixture into harmonic and percussive parts by median filters [1]_.

    References
    ----------
    .. [1] D. FitzGerald, "Harmonic/percussive separation using median filtering", DAFx 2010.
    """
    if len(item.references) != 2:
        raise UnsuitableError(f"it has two stems, not {len(item.references)}")
    from librosa.decompose import hpss

    masks = hpss(magnitudes_of(item), mask=True)
    return masked(item, np.stack(masks).astype(np.float64))
