"""Signals from anything that has a derivative, by a quasi-Newton method."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from musisep._util.checks import at_least, from_zero
from musisep._util.messages import shown
from musisep._util.progress import Progress
from musisep._util.signatures import shows_fields
from musisep.audio.arrays import Real, as_real, as_samples, peak, real_kind
from musisep.audio.inversion._kernels import compare
from musisep.audio.inversion.representations import Representation
from musisep.audio.inversion.retrieval import Course, Metric, Retrieved, Schedule, norm
from musisep.audio.inversion.starts import Rng, make_rng

LEVELS = 10.0 ** np.arange(-5, 2)
"""Standard deviations that random samples may have at the start, beside that which fits values
that grow with the samples."""
LEAST_PEAK = 1e-250
"""Relative to spectrograms that are softer, a gradient might be infinite."""
FIRST_STEP = 3.0
"""Length of the first step that is tried, relative to the signal at the start."""
HINTS = {
    "outer_max_iter": "it is max_iter here",
    "maxiter": "it is max_iter here",
    "evaiter": "it is eva_iter here",
    "history_size": "it is maxcor here",
    "tolerance_grad": "it is gtol here",
    "max_eval": "it is maxfun here",
}
"""Names of torch_specinv, SciPy and torch.optim.LBFGS, and what there is instead."""


@dataclass(frozen=True)
class Solver:
    """Options of SciPy's method "L-BFGS-B", by its names; see `l_bfgs`."""

    maxcor: int = 5
    maxls: int = 20
    ftol: float = 0.0
    gtol: float = 0.0
    maxfun: int = np.iinfo(np.int32).max

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name in ("maxcor", "maxls", "maxfun"):
            value = at_least(name, getattr(self, name), 1, np.iinfo(np.int32).max)
            object.__setattr__(self, name, value)
        for name in ("ftol", "gtol"):
            object.__setattr__(self, name, from_zero(name, getattr(self, name)))


@shows_fields(Solver, hints=HINTS)
def l_bfgs(
    spec: ArrayLike,
    transform_fn: Representation,
    samples: int | None = None,
    init_x0: ArrayLike | None = None,
    max_iter: int = 1000,
    tol: float = 1e-6,
    verbose: bool = True,
    eva_iter: int = 10,
    metric: Metric = "sc",
    *,
    rng: Rng = None,
    progress: Progress | None = None,
    return_history: bool = False,
    **options: Any,
) -> Retrieved:
    r"""Find a signal whose representation is closest to a given one.

    :math:`\frac12 \lVert T(x) - S \rVert^2` is minimised by L-BFGS [1]_ [2]_, as SciPy has it.

    Parameters
    ----------
    spec : array_like, float [..., band, frame]
        The representation: magnitudes, mel values or levels, ...
    transform_fn : Representation
        What makes it of a signal, with its derivative: a `StftMagnitude`, a
        `ConstantQMagnitude`, a `musisep.audio.mel.MelSpectrogramTransform`, or one of your own.
    samples : int, optional
        Samples of the signal; to be given if `init_x0` is not.
    init_x0 : array_like, float [..., sample], optional
        Signal to start from; leading axes that are missing stand for all. If left out, normally
        distributed samples, at the level that fits best.
    max_iter : int >= 0
        Iterations at most.
    tol : float >= 0
        Least progress, as of `griffin_lim`.
    verbose : bool
        Whether to show a progress bar on stderr, if that is a terminal.
    eva_iter : int > 0
        Iterations from one measurement to the next.
    metric : {"sc", "snr", "ser"}
        What the history holds, as of `griffin_lim`.
    rng : numpy.random.Generator or int, optional
        Source of randomness, or its seed.
    progress : function, optional
        Called with the name of the algorithm, iterations done and to do.
    return_history : bool
        Whether to return how the algorithm went on, too.

    Returns
    -------
    signal : ndarray, float [..., sample]
        A signal in single precision if `spec` is, else in double precision.
    history : History
        Only if `return_history`.

    Other Parameters
    ----------------
    maxcor : int > 0
        Steps that are remembered: more than five cost more time than they save.
    maxls : int > 0
        Points at most that are tried on the line of one step.
    ftol : float >= 0
        A signal is finished, too, when half the squared error, relative to `spec`, falls by no
        more than this in one step.
    gtol : float >= 0
        Likewise when no component of its gradient, by a signal in units of three times the one
        at the start, is larger.
    maxfun : int > 0
        Calls of `transform_fn` at most.

    Raises
    ------
    ValueError
        If a parameter is out of its range, a value is not finite or too large to be squared, all
        values are too small for a gradient, or a shape does not fit.
    TypeError
        If there is no such parameter.

    References
    ----------
    .. [1] R. Decorsière, P. L. Søndergaard, E. N. MacDonald, T. Dau: Inversion of auditory
       spectrograms, traditional spectrograms, and other envelope representations. IEEE/ACM Trans.
       Audio, Speech, Lang. Process. 23 (2015).
    .. [2] D. C. Liu, J. Nocedal: On the limited memory BFGS method for large scale optimization.
       Mathematical Programming 45 (1989).

    Examples
    --------
    A signal is found whose 20 mel bands are nearly those of a sine of 440 Hz:

    >>> import numpy as np
    >>> from musisep.audio.inversion import l_bfgs
    >>> from musisep.audio.mel import MelSpectrogramTransform
    >>> from musisep.metrics import spectral_convergence
    >>> mel = MelSpectrogramTransform(
    ...     8000, n_fft=256, hop_length=64, n_mels=20, power=1.0, output_scale="linear"
    ... )
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(4000) / 8000)
    >>> wanted = mel(sine)
    >>> found = l_bfgs(wanted, mel, samples=4000, max_iter=100, rng=0)
    >>> bool(spectral_convergence(wanted, mel(found)) < -20)  # in dB
    True
    """
    schedule = Schedule("L-BFGS", max_iter, tol, eva_iter, metric, verbose, progress)
    solver = Solver(**options)
    if not callable(getattr(transform_fn, "linearized", None)):
        raise ValueError(
            f"transform_fn={shown(transform_fn)} must be a Representation: an object with a method "
            "linearized(x) that returns two things, the values of the signal x and a function, "
            "which takes the gradient by the values and returns the gradient by x; "
            "help(musisep.audio.inversion.Representation) shows an example"
        )
    spec = as_real(spec, "spec")
    if spec.ndim < 2 or 0 in spec.shape or not np.isfinite(spec).all():
        raise ValueError(f"spec of shape={spec.shape} must be finite and [..., band, frame]")
    limit = float(np.sqrt(np.finfo(spec.dtype).max / spec.size))
    if max(spec.max(), -spec.min()) > limit:
        raise ValueError(f"spec has values above {limit:.2g}: the sum of squares would be infinite")
    if 0 < peak(spec) < LEAST_PEAK:
        raise ValueError(f"spec has a peak of {peak(spec):.2g}: divide it by that")
    leading = spec.shape[:-2]
    starts = _starts(spec, transform_fn, samples, init_x0, make_rng(rng))

    def solve(index: tuple[int, ...], course: Course) -> Real:
        wanted = np.ascontiguousarray(spec[index].T).T  # in memory, as transforms have it
        return _minimize(wanted, transform_fn, starts[index], course, solver)

    return schedule.each(leading, solve, return_history)


def _starts(
    spec: Real,
    transform_fn: Representation,
    samples: int | None,
    init_x0: ArrayLike | None,
    rng: np.random.Generator,
) -> Real:
    """Return signals [..., sample] to start from, whose representations have the right shape."""
    leading = spec.shape[:-2]
    if init_x0 is None:
        if samples is None:
            raise ValueError("samples=None must be given if init_x0 is not")
        noise = rng.standard_normal((*leading, at_least("samples", samples, 1)))
        starts = noise.astype(real_kind(spec))
        for index in np.ndindex(leading):
            values = _checked_values(spec, transform_fn, starts[index])
            matching = norm(spec[index], norm(values))  # if the values grow with the samples
            levels = np.append(LEVELS, matching or 1.0).astype(starts.dtype)
            distances = [
                norm(transform_fn.linearized(level * starts[index])[0] - spec[index])
                for level in levels
            ]
            starts[index] *= levels[np.nanargmin(distances)]
        return starts
    given = as_samples(init_x0, "init_x0").astype(real_kind(spec))
    if samples not in (None, given.shape[-1]) or not np.isfinite(given).all():
        raise ValueError(f"init_x0 of shape={given.shape} must be finite and have {samples=}")
    try:
        starts = np.broadcast_to(given, (*leading, given.shape[-1]))
    except ValueError:
        raise ValueError(
            f"init_x0 of shape={given.shape} must be [..., sample] with spec's axes {leading}"
        ) from None
    _checked_values(spec, transform_fn, starts[(0,) * len(leading)])
    return starts


def _checked_values(spec: Real, transform_fn: Representation, signal: Real) -> Real:
    """Return the representation of a signal, refused if its shape is not that of `spec`."""
    values, _ = transform_fn.linearized(signal)
    if values.shape != spec.shape[-2:]:
        raise ValueError(
            f"spec of shape={spec.shape} must be [..., band, frame]={values.shape}, which signals "
            f"of {signal.size} samples have"
        )
    return values


def _minimize(
    wanted: Real, transform_fn: Representation, start: Real, course: Course, solver: Solver
) -> Real:
    """Find one signal."""
    found = wanted
    level = norm(wanted) or 1.0
    # SciPy's first step has length 1: in units in which that suits a signal like the start.
    unit = FIRST_STEP * norm(start) or 1.0

    def loss(scaled: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        nonlocal found
        found, pullback = transform_fn.linearized((unit * scaled).astype(wanted.dtype))
        difference = np.empty_like(wanted)
        value = compare(found.T, wanted.T, 1 / level, difference.T)
        return 0.5 * value, pullback(difference).astype(np.float64) * (unit / level)

    done = 0

    def after(intermediate_result: Any) -> None:
        nonlocal done
        done += 1
        if course.ended(done, wanted, lambda: found):
            raise StopIteration

    if course.ended(0, wanted, lambda: transform_fn.linearized(start)[0]):
        return start
    result = scipy.optimize.minimize(
        loss, start.astype(np.float64) / unit, jac=True, method="L-BFGS-B", callback=after,
        options={"maxiter": course.schedule.max_iter, **asdict(solver)},
    )  # fmt: skip
    signal = (unit * result.x).astype(wanted.dtype)
    if course.iterations[-1] < done:  # SciPy has seen no way to go on
        course.record(done, wanted, transform_fn.linearized(signal)[0])
    return signal
