"""What lasts against what strikes."""

from __future__ import annotations

import numpy as np

from musisep.benchmark.item import Item, Signals, UnsuitableError, magnitudes_of, masked


def hpss(item: Item) -> Signals:
    """Divide the mixture into harmonic and percussive parts by median filters [1]_.

    Parameters
    ----------
    item : Item
        Mixture and two true stems.

    Returns
    -------
    ndarray [instrument, channel, sample]
        The harmonic and the percussive part.

    Raises
    ------
    UnsuitableError
        If there are not two true stems.

    References
    ----------
    .. [1] D. FitzGerald, "Harmonic/percussive separation using median filtering", DAFx 2010.

    Examples
    --------
    A sinusoid and four clicks:

    >>> import numpy as np
    >>> from musisep.benchmark.hpss import hpss
    >>> from musisep.benchmark.item import Item
    >>> from musisep.metrics import bss_eval
    >>> tone = np.sin(2 * np.pi * 500 * np.arange(8000) / 8000)
    >>> clicks = 20.0 * (np.arange(8000) % 2000 == 1000)
    >>> stems = np.stack([tone, clicks])[:, None]
    >>> found = hpss(Item(stems.sum(axis=0), stems, 8000))
    >>> bool(bss_eval(stems, found).sdr.min() > 10)
    True
    """
    if len(item.references) != 2:
        raise UnsuitableError(f"it has two stems, not {len(item.references)}")
    from librosa.decompose import hpss

    masks = hpss(magnitudes_of(item), mask=True)
    return masked(item, np.stack(masks).astype(np.float64))
