"""Learning a dictionary from a spectrogram, and using it: synthesis and masks.

When run, the learning is tested on artificial spectra: ``python -m musisep.dictsep.dictlearn``.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from musisep import metrics
from musisep.dictsep.adam_b import Adam_B
from musisep.dictsep.columns import audible, dict_grads, evenly, fit_columns
from musisep.dictsep.pursuit import (
    GreedyPursuit,
    calc_harscale,
    fft_selector,
    inst_shift_dict_grad,
    peak_pursuit,
)
from musisep.dictsep.search import JointSearch
from musisep.dictsep.synthesis import (
    all_instruments,
    mask_spectrums,
    synth_instruments,
    synth_spect,
)
from musisep.dictsep.tones import Floats, Peaks, ToneFinder, ToneModel, slots

__all__ = [
    "Learner",
    "gen_random_inst",
    "gen_random_inst_dict",
    "gen_test_spects",
    "learn_spect_dict",
    "mask_spectrums",
    "random_batches",
    "stoch_grad",
    "synth_spect",
    "test_learn",
    "test_learn_multi",
]

FIRST_STEP, LAST_STEP = 0.02, 0.001
"""Step sizes of the learning, which falls linearly from the first to the last."""
EXPLORING = 0.75
"""Share of the learning in which columns are renewed; then the survivors learn on alone."""
FITS, FIT_UPDATES, FIT_FRAMES = 4, 4, 500
"""Turns of `Learner.fit`, updates in each, and frames that it gets when the learning is over."""
TEST_BLOCK = 100
"""Artificial spectra that are generated at a time."""
TEST_FLANKS = (2, 3, 4)
"""For `JointSearch`: artificial tones come close, at distances that music seldom has."""


def gen_random_inst(har: int, rng: np.random.Generator | None = None) -> Floats:
    """Generate harmonic amplitudes: uniform ones times h^-e, with e of the law Par(1, 2).

    Parameters
    ----------
    har : int
        Number of harmonics.
    rng : numpy.random.Generator, optional
        Source of randomness.

    Returns
    -------
    ndarray, shape (har,)
        With maximum 1.
    """
    rng = rng or np.random.default_rng()
    amplitudes = rng.uniform(size=har) * np.arange(1.0, har + 1) ** -(1 + rng.pareto(2))
    return amplitudes / amplitudes.max()


def gen_random_inst_dict(har: int, inst_num: int, rng: np.random.Generator | None = None) -> Floats:
    """Generate a dictionary with columns from `gen_random_inst`, shape (har, inst_num)."""
    rng = rng or np.random.default_rng()
    return np.stack([gen_random_inst(har, rng) for _ in range(inst_num)], axis=1)


def stoch_grad(
    y: ArrayLike,
    inst_dict: Floats,
    tone_num: int,
    adam: Adam_B,
    fsigma: float,
    harscale: float,
    baseshift: int,
    inst_spect: Floats,
    pexp: float,
    qexp: float,
) -> tuple[Floats, Floats, Floats]:
    """Perform a dictionary training step on one frame, with greedy pursuit.

    Parameters
    ----------
    y : array_like, shape (m,)
        Log-frequency spectrum to represent.
    inst_dict : ndarray, shape (harmonic, instrument)
        Relative amplitudes of the harmonics.
    tone_num : int
        Maximum number of simultaneous tones, of all instruments.
    adam : Adam_B
        Optimiser that holds the dictionary.
    fsigma, harscale : float
        Width of a steady sinusoid in bins; scale of the frequency axis.
    baseshift : int
        Length to add to the spectrum in order to avoid circular convolution.
    inst_spect : ndarray, shape (m + baseshift, instrument)
        Patterns from `pursuit.gen_inst_spect`.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied on the spectrum.

    Returns
    -------
    inst_dict : ndarray, shape (harmonic, instrument)
        Updated dictionary.
    reconstruction : ndarray, shape (m,)
        Synthesised spectrum.
    inst_amps : ndarray, shape (instrument,)
        Summed amplitudes of each instrument.
    """
    y = np.asarray(y, dtype=np.float64)
    peaks, reconstruction = peak_pursuit(
        y, tone_num, 1, 2 * tone_num, inst_dict, fsigma, harscale, fft_selector,
        (baseshift, inst_spect, qexp), pexp, qexp, GreedyPursuit.beta,
    )  # fmt: skip
    grad = inst_shift_dict_grad(
        peaks.get_array(), peaks.insts, inst_dict, harscale, pexp, qexp, y.size, len(peaks), y
    )
    return adam.step(-grad).copy(), reconstruction, _summed_amplitudes(peaks, inst_dict.shape[1])


def _step_size(done: int, total: int) -> float:
    """Step size of the learning when some of all steps are done."""
    return FIRST_STEP + (LAST_STEP - FIRST_STEP) * done / total


def _summed_amplitudes(peaks: Peaks, instruments: int) -> Floats:
    sums = np.bincount(peaks.insts.ravel(), peaks.amps.ravel(), minlength=instruments)
    return sums.astype(np.float64)


class Learner:
    """A dictionary that learns from frames.

    Parameters
    ----------
    fsigma : float
        Width of a steady sinusoid, in bins.
    tone_num : int
        Number of tones of one instrument at a time.
    inst_num : int
        Number of columns that learn.
    har : int
        Number of harmonics.
    m : int
        Height of the log-frequency spectrogram.
    lifetime : int
        Steps after which the half of the columns that carried the least amplitude is renewed;
        0: never.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied on the spectrum.
    init : array_like, shape (har, inst_num), optional
        Dictionary to start with; random by default.
    harscale : float, optional
        Scale of the frequency axis; default: m bins are ten octaves.
    finder : ToneFinder, optional
        Finds the tones of frames. Default: `JointSearch` for as many tones at a time as there
        are columns that survive.
    rng : numpy.random.Generator, optional
        Source of randomness.

    Attributes
    ----------
    adam : Adam_B
        Holds the dictionary, ``adam.value``.
    ages : ndarray of int, shape (inst_num,)
        Steps since each column started.
    """

    def __init__(
        self,
        fsigma: float,
        tone_num: int,
        inst_num: int,
        har: int,
        m: int,
        lifetime: int,
        pexp: float,
        qexp: float,
        init: ArrayLike | None = None,
        *,
        harscale: float | None = None,
        finder: ToneFinder | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.rng = rng or np.random.default_rng()
        self.lifetime = lifetime
        model = ToneModel(fsigma, harscale or calc_harscale(1, 1024, m), m, pexp, qexp)
        survivors = inst_num - self.newcomers(inst_num)
        self.finder = finder or JointSearch(model, tone_num, most=tone_num * survivors)
        start = gen_random_inst_dict(har, inst_num, self.rng) if init is None else init
        self.adam = Adam_B(start, alpha=FIRST_STEP)
        self.ages = np.zeros(inst_num, dtype=np.int64)
        self.carried = np.zeros(inst_num)

    def newcomers(self, inst_num: int) -> int:
        """Return how many of `inst_num` columns are renewed after a lifetime."""
        return inst_num // 2 if self.lifetime else 0

    def learn(self, batches: Iterable[Floats], runs: int) -> Iterator[Peaks]:
        """Take a step on each of `runs` batches of frames [frame, bin]; yield their tones.

        Raises
        ------
        ValueError
            If a lifetime is longer than the whole learning.
        """
        if not 1 <= runs >= self.lifetime:
            raise ValueError(f"{runs=} must be at least 1 and lifetime={self.lifetime}")
        last_renewal = max(1, int(EXPLORING * runs / max(1, self.lifetime))) * self.lifetime
        for run, frames in enumerate(batches, start=1):
            self.adam.alpha = _step_size(run - 1, runs)
            yield self.step(frames)
            if self.lifetime and run % self.lifetime == 0 and run <= last_renewal:
                self.renew(newcomers=run < last_renewal)
            if run == runs:
                return

    def step(self, frames: Floats) -> Peaks:
        """Find the tones of frames [frame, bin], improve the dictionary, return the tones."""
        inst_dict = self.adam.value
        peaks = self.finder(frames, inst_dict)
        higher, lower = dict_grads(self.finder.model, frames, peaks, inst_dict)
        self.adam.step(higher - lower)
        self.carried += _summed_amplitudes(peaks, self.ages.size)
        self.ages += 1
        return peaks

    def fit(self, frames: Floats) -> None:
        """Find the tones of frames [frame, bin] and fit the columns to them, several times.

        Steps on single frames leave the noise of the last ones in the columns; this converges.
        Columns get maximum 1; zeros stay.
        """
        for _ in range(FITS):
            peaks = self.finder(frames, self.adam.value)
            self.adam.value = fit_columns(
                self.finder.model, frames, peaks, self.adam.value, FIT_UPDATES
            )

    def renew(self, newcomers: bool = True) -> None:
        """Replace the columns that carried the least amplitude since the last renewal.

        Columns that started at the last renewal are credited with half of what a column
        carried on average, for they had to learn first. Without `newcomers` there is no such
        credit, and nothing comes in the place of the columns that go: the survivors learn on
        alone.
        """
        young = self.ages <= self.lifetime
        credit = 0.5 * self.carried.mean() * young if newcomers else 0.0
        har, number = self.adam.value.shape[0], self.newcomers(self.ages.size)
        for column in np.argsort(self.carried + credit, kind="stable")[:number]:
            fresh = gen_random_inst(har, self.rng) if newcomers else np.zeros(har)
            self.adam.value[:, column] = fresh
            self.adam.reset(column)
            self.ages[column] = 0
        self.carried[:] = 0

    def get_dict(self) -> Floats:
        """Get the active part of the dictionary: the columns that lived longest."""
        number = self.ages.size - self.newcomers(self.ages.size)
        oldest = np.argsort(-self.ages, kind="stable")[:number]
        return self.adam.value[:, np.sort(oldest)].copy()


def random_batches(frames: Floats, size: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield `size` frames at a time, drawn from those that are not quiet, for ever."""
    heard = audible(frames)
    while heard.size:
        yield frames[rng.choice(heard, size)]


def learn_spect_dict(
    spect: ArrayLike,
    fsigma: float,
    tone_num: int,
    inst_num: int,
    pexp: float,
    qexp: float,
    har: int,
    m: int,
    minfreq: float,
    maxfreq: float,
    runs: int,
    lifetime: int,
    *,
    rng: np.random.Generator | None = None,
) -> Floats:
    """Train the dictionary containing the relative amplitudes of the harmonics.

    Parameters
    ----------
    spect : array_like, shape (m, frame)
        Log-frequency spectrogram of the recording.
    fsigma : float
        Width of a steady sinusoid, in bins.
    tone_num : int
        Maximum number of simultaneous tones of an instrument.
    inst_num : int
        Number of columns to learn: twice the number of instruments, if `lifetime` is not 0.
    pexp, qexp : float
        Exponents for the addition of sinusoids, and to be applied on the spectrum.
    har : int
        Number of harmonics.
    m : int
        Height of the log-frequency spectrogram.
    minfreq, maxfreq : float
        Frequency range of the spectrogram, in one unit.
    runs : int
        Number of training iterations, of one frame each.
    lifetime : int
        Number of steps after which to renew half of the dictionary.
    rng : numpy.random.Generator, optional
        Source of randomness.

    Returns
    -------
    inst_dict : ndarray, shape (har, column)
        The columns that lived a lifetime, with maximum 1.
    """
    rng = rng or np.random.default_rng()
    frames = np.ascontiguousarray(np.asarray(spect, dtype=np.float64).T)
    if frames.shape[1:] != (m,):
        raise ValueError(f"spect.shape={np.shape(spect)} must be [{m=}, frame]")
    learner = Learner(
        fsigma, tone_num, inst_num, har, m, lifetime, pexp, qexp,
        harscale=calc_harscale(minfreq, maxfreq, m), rng=rng,
    )  # fmt: skip
    for _ in learner.learn(random_batches(frames, 1, rng), runs):
        pass
    learner.fit(frames[evenly(audible(frames), FIT_FRAMES)])
    return learner.get_dict()


def gen_test_spects(
    inst_dict: Floats, model: ToneModel, tone_num: int, number: int, rng: np.random.Generator
) -> Floats:
    """Generate artificial spectra: `tone_num` random tones of every instrument in each.

    Amplitudes are uniform in [0, 1], fundamentals uniform between 0.2 and 0.6 of the axis,
    widths within 5 % of a steady sinusoid's, inharmonicities uniform up to 1e-4.

    Returns
    -------
    ndarray, shape (instrument, m, number)
    """
    insts = slots(inst_dict.shape[1], tone_num)
    shape = number, insts.size
    peaks = Peaks(
        rng.uniform(size=shape),
        rng.uniform(0.2 * model.m, 0.6 * model.m, shape),
        model.fsigma * rng.uniform(0.95, 1.05, shape),
        rng.uniform(0, 1e-4, shape),
        np.broadcast_to(insts, shape),
    )
    return synth_instruments(peaks, inst_dict, model.harscale, model.pexp, model.m)


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
    measures : ndarray, shape (6,)
        SDR, SIR, SAR in dB with the original dictionary and with the trained one, each the
        mean over the instruments.
    """
    rng = rng or np.random.default_rng()
    model = ToneModel(fsigma, calc_harscale(1, 1024, m), m, pexp, qexp)
    original = gen_random_inst_dict(har, inst_num, rng)

    def fresh_frames(number: int) -> Floats:
        spects = gen_test_spects(original, model, tone_num, number, rng)
        return np.ascontiguousarray(all_instruments(spects, pexp).T)

    def batches() -> Iterator[Floats]:
        while True:
            yield from fresh_frames(TEST_BLOCK)[:, None]

    learner = Learner(
        fsigma, tone_num, 2 * inst_num, har, m, lifetime, pexp, qexp,
        finder=JointSearch(model, tone_num, tone_num * inst_num, flanks=TEST_FLANKS), rng=rng,
    )  # fmt: skip
    for _ in learner.learn(batches(), runs):
        pass
    learner.fit(fresh_frames(FIT_FRAMES))
    trained = learner.get_dict()
    spects = gen_test_spects(original, model, tone_num, test_samples, rng)
    finder = JointSearch(model, tone_num, flanks=TEST_FLANKS, refined=4, steps=20)
    measures = []
    for inst_dict in (original, trained):
        peaks = finder(np.ascontiguousarray(all_instruments(spects, pexp).T), inst_dict)
        estimates = synth_instruments(peaks, inst_dict, model.harscale, pexp, m)
        measures += [np.mean(measure) for measure in metrics.bss_eval(spects, estimates)[:3]]
    return np.array(measures)


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
    fsigma, tone_num, inst_num, pexp, qexp, har, m, runs, test_samples, lifetime
        As in `test_learn`.
    num_dicts : int
        Number of different dictionaries to generate and train.
    seed : int
        Seed of the randomness.
    progress : function, optional
        Called with the number and the measures of each dictionary.

    Returns
    -------
    measures : ndarray, shape (num_dicts, 6)
        In the rows what `test_learn` returns.
    """
    measures = np.empty((num_dicts, 6))
    for number, rng in enumerate(np.random.default_rng(seed).spawn(num_dicts)):
        measures[number] = test_learn(
            fsigma, tone_num, inst_num, pexp, qexp, har, m, runs, test_samples, lifetime, rng=rng
        )
        if progress is not None:
            progress(number, measures[number])
    return measures


def command(argv: Sequence[str] | None = None) -> None:
    """Run `test_learn_multi`; print a line for each dictionary, means and deviations."""
    parser = argparse.ArgumentParser(
        prog="python -m musisep.dictsep.dictlearn",
        description="test the learning of dictionaries on artificial spectra",
    )
    parser.add_argument("--dictionaries", type=int, default=10, metavar="N", help="default: 10")
    parser.add_argument("--steps", type=int, default=10_000, metavar="N", help="default: 10000")
    parser.add_argument("--spectra", type=int, default=1000, metavar="N", help="default: 1000")
    parser.add_argument("--lifetime", type=int, default=500, metavar="N", help="default: 500")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    args = parser.parse_args(argv)
    if not args.steps >= args.lifetime >= 0 or min(args.steps, args.spectra, args.dictionaries) < 1:
        parser.error("numbers must be at least 1, and --steps at least --lifetime")
    line = "{:>10s} | {:>7s} {:>7s} {:>7s} | {:>7s} {:>7s} {:>7s} | {:>7s}".format
    print(line("dictionary", "SDR", "SIR", "SAR", "SDR", "SIR", "SAR", "time"))
    print(line("", "with", "the", "true", "with", "the", "learned", "s"), flush=True)
    begin = time.perf_counter()

    def show(label: str, row: Floats, seconds: str = "") -> None:
        print(line(label, *(f"{value:.1f}" for value in row), seconds), flush=True)

    def show_dictionary(number: int, row: Floats) -> None:
        nonlocal begin
        show(str(number + 1), row, f"{time.perf_counter() - begin:.1f}")
        begin = time.perf_counter()

    measures = test_learn_multi(
        runs=args.steps, test_samples=args.spectra, lifetime=args.lifetime,
        num_dicts=args.dictionaries, seed=args.seed, progress=show_dictionary,
    )  # fmt: skip
    show("mean", measures.mean(axis=0))
    with np.errstate(invalid="ignore"):  # perfect separation is infinite dB
        show("deviation", measures.std(axis=0))


if __name__ == "__main__":
    command()
