"""Factorisation of the magnitude spectrogram into templates, clustered to instruments."""

from __future__ import annotations

import warnings

import numpy as np
import scipy

from musisep.audio.mel.scale import melscale_fbanks
from musisep.benchmark.item import Item, Signals, magnitudes_of, masked

TEMPLATES = 15
"""For each instrument: the pitches that it plays, in a short piece."""
ITERATIONS = 100
BANDS = 40
CEPSTRUM = slice(1, 13)
"""Coefficients that tell the envelope of a template; the first, its level, tells nothing."""


def nmf(item: Item) -> Signals:
    """Separate by NMF with the Kullback-Leibler divergence, and clustering by timbre.

    Multiplicative updates find templates and when they sound [1]_; k-means on mel-cepstral
    coefficients of the templates finds which belong to one instrument [2]_; masks are the shares
    of their models.

    Parameters
    ----------
    item : Item
        Mixture and true stems, of which the number counts.

    Returns
    -------
    ndarray [instrument, channel, sample]
        Stems in any order.

    References
    ----------
    .. [1] P. Smaragdis, J. C. Brown, "Non-negative matrix factorization for polyphonic music
       transcription", WASPAA 2003.
    .. [2] M. Spiertz, V. Gnann, "Source-filter based clustering for monaural blind source
       separation", DAFx 2009.

    Examples
    --------
    A dull and a bright sound take turns:

    >>> import numpy as np
    >>> from musisep.benchmark.item import Item
    >>> from musisep.benchmark.nmf import nmf
    >>> from musisep.metrics import bss_eval
    >>> seconds = np.arange(8000) / 8000
    >>> dull = sum(np.sin(2 * np.pi * 220 * h * seconds) * 0.2**h for h in (1, 2, 3))
    >>> bright = sum(np.sin(2 * np.pi * 330 * h * seconds) * 0.9**h for h in range(1, 10))
    >>> early = np.sin(2 * np.pi * 2 * seconds) > 0
    >>> stems = np.stack([dull / dull.std() * early, bright / bright.std() * ~early])[:, None]
    >>> found = nmf(Item(stems.sum(axis=0), stems, 8000))
    >>> bool(bss_eval(stems, found).sdr.min() > 5)
    True
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    count, magnitudes = len(item.references), magnitudes_of(item)
    scale = float(magnitudes.max()) or 1.0
    model = NMF(
        count * TEMPLATES, solver="mu", beta_loss="kullback-leibler", init="random",
        max_iter=ITERATIONS, tol=0, random_state=0,
    )  # fmt: skip
    # No zeros: logarithms of ratios.
    templates = model.fit_transform(magnitudes / scale + 1e-9)
    activations = model.components_
    features = _envelopes(templates, item)
    with warnings.catch_warnings():
        # Templates of silence are alike; then an instrument has none.
        warnings.simplefilter("ignore", ConvergenceWarning)
        players = KMeans(count, n_init=10, random_state=0).fit_predict(features)
    models = np.stack([
        templates[:, players == k] @ activations[players == k] for k in range(count)
    ])  # fmt: skip
    return masked(item, models / np.maximum(models.sum(axis=0), np.finfo(float).tiny))


def _envelopes(templates: Signals, item: Item) -> Signals:
    """Return mel-cepstral coefficients [template, coefficient] of templates [bin, template]."""
    rate = item.sample_rate
    bank = melscale_fbanks(len(templates), 0.0, rate / 2, BANDS, rate).T
    heard = bank @ templates / np.maximum(templates.max(axis=0), np.finfo(float).tiny)
    cepstrum = scipy.fft.dct(np.log(heard + 1e-4), axis=0, norm="ortho")
    return np.ascontiguousarray(cepstrum[CEPSTRUM].T)
