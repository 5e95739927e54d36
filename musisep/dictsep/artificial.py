"""The test of the learning on artificial spectra.

Use it by its documented names, in `musisep.dictsep.dictlearn`; `musisep.dictsep.commands` has its
command.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

from musisep import metrics
from musisep.dictsep.checks import checked
from musisep.learning.adam import AdamSteps, gen_random_inst_dict
from musisep.masking.synthesis import synthesise
from musisep.masking.voices import Voices
from musisep.multipitch.joint import JointSearch
from musisep.tones.model import ToneModel, calc_harscale
from musisep.tones.peaks import Floats, Peaks, places

TEST_BLOCK = 100
"""Artificial spectra that are generated at a time."""
TEST_FLANKS = (2, 3, 4)
"""For `JointSearch`: artificial tones come close, at distances that music seldom has."""


@checked
def gen_test_spects(
    inst_dict: Floats, model: ToneModel, tone_num: int, number: int, rng: np.random.Generator
) -> Floats:
    """Generate artificial spectra: `tone_num` random tones of every instrument in each.

    Amplitudes are uniform in [0, 1], fundamentals uniform between 0.2 and 0.6 of the axis,
    widths within 5 % of a steady sinusoid's, inharmonicities uniform up to 1e-4.

    Parameters
    ----------
    inst_dict : array_like [harmonic, instrument]
        Relative amplitudes of the harmonics.
    model : ToneModel
        Axis, width and exponents.
    tone_num : int
        Number of tones of an instrument.
    number : int
        Number of spectra.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray [instrument, m, number]
        Magnitudes of each instrument.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    Tones with one harmonic are loudest at their fundamentals, between 0.2 and 0.6 of the axis:

    >>> import numpy as np
    >>> from musisep.dictsep.dictlearn import gen_test_spects
    >>> from musisep.tones.model import ToneModel
    >>> model = ToneModel(fsigma=1.9, harscale=20.0, m=100, pexp=1.0, qexp=0.5)
    >>> spects = gen_test_spects(np.ones((1, 2)), model, 1, 50, np.random.default_rng(0))
    >>> peaks = spects.argmax(axis=1)
    >>> spects.shape, bool(peaks.min() >= 20), bool(peaks.max() <= 60)
    ((2, 100, 50), True, True)
    """
    insts = places(inst_dict.shape[1], tone_num)
    shape = number, insts.size
    peaks = Peaks(
        rng.uniform(size=shape),
        rng.uniform(0.2 * model.m, 0.6 * model.m, shape),
        model.fsigma * rng.uniform(0.95, 1.05, shape),
        rng.uniform(0, 1e-4, shape),
        np.broadcast_to(insts, shape),
    )
    spects = synthesise(Voices.of(peaks, inst_dict), model.harscale, model.pexp, model.m)
    return spects.swapaxes(1, 2)


def mixed(spects: Floats, pexp: float) -> Floats:
    """Return the frames [frame, bin] that add up of spectra [instrument, bin, frame]."""
    return np.ascontiguousarray((np.sum(spects**pexp, axis=0) ** (1 / pexp)).T)


@checked
def test_learn(
    fsigma: float,
    tone_num: int,
    inst_num: int,
    pexp: float,
    qexp: float,
    har: int,
    m: int,
    runs: int,
    test_samples: int,
    lifetime: int,
    *,
    rng: np.random.Generator | None = None,
) -> Floats:
    """Evaluate the performance of the dictionary learning algorithm via artificial spectra.

    A random dictionary makes random spectra (see `gen_test_spects`); another is learned from
    them; further spectra are separated with both.

    Parameters
    ----------
    fsigma : float
        Width of the Gaussians in the log-frequency spectrogram.
    tone_num : int
        Number of simultaneous tones of an instrument.
    inst_num : int
        Number of instruments in the dictionaries.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied on the spectrum.
    har : int
        Number of harmonics.
    m : int
        Height of the log-frequency spectrogram.
    runs : int
        Number of training iterations to perform.
    test_samples : int
        Number of test spectra to generate.
    lifetime : int
        Number of steps after which to renew the dictionary.
    rng : numpy.random.Generator, optional
        Source of randomness.

    Returns
    -------
    ndarray [measure]
        SDR, SIR, SAR in dB with the original dictionary and with the trained one, each the
        mean over the instruments: six numbers.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the test spectra are fewer than the instruments.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.dictsep.dictlearn import test_learn
    >>> rng = np.random.default_rng(0)
    >>> measures = test_learn(
    ...     fsigma=1.9, tone_num=1, inst_num=2, pexp=1, qexp=0.5, har=3, m=128, runs=5,
    ...     test_samples=20, lifetime=0, rng=rng,
    ... )
    >>> (measures > 20).tolist()
    [True, True, True, True, True, True]
    """
    if test_samples < inst_num:
        raise ValueError(f"{test_samples=} must be at least {inst_num=}")
    rng = rng or np.random.default_rng()
    model = ToneModel(fsigma, calc_harscale(1, 1024, m), m, pexp, qexp)
    original = gen_random_inst_dict(har, inst_num, rng)

    def fresh_frames(number: int) -> Floats:
        spects = gen_test_spects(original, model, tone_num, number, rng)
        return mixed(spects, pexp)

    def batches() -> Iterator[Floats]:
        while True:
            yield from fresh_frames(TEST_BLOCK)[:, None]

    learning_finder = JointSearch(tone_num, tone_num * inst_num, flanks=TEST_FLANKS)
    steps = AdamSteps(model, learning_finder, inst_num, har, lifetime, rng)
    for _ in steps.learn(batches(), runs):
        pass
    steps.fit(fresh_frames(steps.schedule.fit_frames))
    trained = steps.get_dict()
    spects = gen_test_spects(original, model, tone_num, test_samples, rng)
    finder = JointSearch(tone_num, flanks=TEST_FLANKS, refined=4, steps=20)
    measures = []
    for inst_dict in (original, trained):
        tones = finder(mixed(spects, pexp), inst_dict, model)
        voices = Voices.of(tones, inst_dict)
        estimates = synthesise(voices, model.harscale, pexp, m).swapaxes(1, 2)
        measures += [np.mean(measure) for measure in metrics.bss_eval(spects, estimates)[:3]]
    return np.array(measures)


@checked
def test_learn_multi(
    fsigma: float = 6 / math.pi,
    tone_num: int = 1,
    inst_num: int = 2,
    pexp: float = 1,
    qexp: float = 0.5,
    har: int = 25,
    m: int = 1024,
    runs: int = 10_000,
    test_samples: int = 1000,
    lifetime: int = 500,
    num_dicts: int = 10,
    *,
    seed: int = 0,
    progress: Callable[[int, Floats], None] | None = None,
) -> Floats:
    """Run `test_learn` for several dictionaries.

    Parameters
    ----------
    fsigma : float
        As in `test_learn`.
    tone_num, inst_num : int
        As in `test_learn`.
    pexp, qexp : float
        As in `test_learn`.
    har, m, runs, test_samples, lifetime : int
        As in `test_learn`.
    num_dicts : int
        Number of different dictionaries to generate and train.
    seed : int
        Seed of the randomness.
    progress : function, optional
        Called with the number and the measures of each dictionary.

    Returns
    -------
    ndarray [dictionary, measure]
        In the rows what `test_learn` returns.

    Raises
    ------
    ValueError
        As `test_learn`.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.dictsep.dictlearn import test_learn_multi
    >>> measures = test_learn_multi(har=3, m=128, runs=5, test_samples=20, lifetime=0, num_dicts=2)
    >>> measures.shape, bool(np.median(measures) > 10)
    ((2, 6), True)
    """
    measures = np.empty((num_dicts, 6))
    for number, rng in enumerate(np.random.default_rng(seed).spawn(num_dicts)):
        measures[number] = test_learn(
            fsigma, tone_num, inst_num, pexp, qexp, har, m, runs, test_samples, lifetime, rng=rng
        )
        if progress is not None:
            progress(number, measures[number])
    return measures


def averages(measures: Floats) -> tuple[Floats, Floats, Floats]:
    """Sum up measures [dictionary, measure] in dB, of which some may be infinite.

    Perfect separation is infinite dB, next to which a mean over all would tell nothing.

    Returns
    -------
    means, deviations : ndarray, shape (measure,)
        Of the finite measures; NaN where there are none.
    perfect : ndarray, shape (measure,)
        How many are infinite.
    """
    finite = np.ma.masked_invalid(measures)
    means, deviations = (
        np.ma.filled(average, np.nan) for average in (finite.mean(axis=0), finite.std(axis=0))
    )
    return means, deviations, np.sum(measures == np.inf, axis=0)
