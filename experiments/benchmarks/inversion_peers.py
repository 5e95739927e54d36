"""Phase retrieval by librosa and torch_specinv, with the settings and the starts of ours.

torch_specinv 0.1 was written for a torch that had ``torch.rfft`` and ``torch.irfft``, which are
put back here by means of ``torch.fft``. It starts from its own ``phase_init`` only (given complex
numbers, its functions fail); to start elsewhere, that function is replaced during the call.

A package that is not installed is None here.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from script import peer

from musisep.audio.stft import SpectralTransform

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what they import
    librosa, torch = peer("librosa"), peer("torch")
    torch_specinv = torch and peer("torch_specinv")
    methods = torch_specinv and peer("torch_specinv", "methods")

Array = NDArray[Any]

_ = librosa and librosa.griffinlim  # loaded when it is first used


def _irfft(x: Any, _: int, normalized: bool, onesided: bool, signal_sizes: Any) -> Any:
    norm = "ortho" if normalized else "backward"
    return torch.fft.irfft(torch.view_as_complex(x.contiguous()), n=signal_sizes[0], norm=norm)


def _rfft(x: Any, _: int, normalized: bool, onesided: bool) -> Any:
    return torch.view_as_real(torch.fft.rfft(x, norm="ortho" if normalized else "backward"))


if torch:
    torch.irfft, torch.rfft = _irfft, _rfft


@contextmanager
def _starting(start: Array | None) -> Iterator[None]:
    """Let torch_specinv start from spectra [frequency, frame]."""
    own = methods.phase_init
    if start is not None:
        spectra = torch.view_as_real(torch.from_numpy(np.ascontiguousarray(start)))
        methods.phase_init = lambda *_, **__: spectra.clone()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # spectra in pairs of reals are no longer liked
            yield
    finally:
        methods.phase_init = own


def _options(transform: SpectralTransform, kind: np.dtype[Any]) -> dict[str, Any]:
    window = torch.from_numpy(transform.frame_window.astype(kind))
    return {"hop_length": transform.hop_length, "window": window, "return_complex": False}


def specinv_start(magnitudes: Array, transform: SpectralTransform) -> Array:
    """Return the spectrum that `torch_specinv.phase_init` makes of [frequency, frame]."""
    options = _options(transform, magnitudes.dtype)
    with _starting(None):
        spectra = torch_specinv.phase_init(torch.from_numpy(magnitudes), **options)
    return torch.view_as_complex(spectra.contiguous()).numpy()


def _projecting(name: str) -> Callable[..., Array]:
    def retrieve(
        magnitudes: Array, start: Array, transform: SpectralTransform, iterations: int, **own: Any
    ) -> Array:
        options = _options(transform, magnitudes.dtype) | own
        with _starting(start):
            found = getattr(torch_specinv, name)(
                torch.from_numpy(magnitudes), iterations, tol=0, verbose=False, **options
            )
        return found.numpy()

    return retrieve


specinv_griffin_lim = _projecting("griffin_lim")
specinv_admm = _projecting("ADMM")


def specinv_rtisi_la(
    magnitudes: Array, transform: SpectralTransform, iterations: int, **own: Any
) -> Array:
    """Return the signal that `torch_specinv.RTISI_LA` finds."""
    options = _options(transform, magnitudes.dtype) | own
    with _starting(None):
        found = torch_specinv.RTISI_LA(
            torch.from_numpy(magnitudes), maxiter=iterations, verbose=False, **options
        )
    return found.numpy()


def specinv_l_bfgs(
    magnitudes: Array, signal: Array, transform: SpectralTransform, iterations: int
) -> Array:
    """Return the signal that `torch_specinv.L_BFGS` finds for a short-time spectrum.

    torch takes `max_iter` iterations in each of its steps, and torch_specinv `maxiter` steps.
    """
    window = torch.from_numpy(transform.frame_window.astype(magnitudes.dtype))

    def measured(x: Any) -> Any:
        spectra = torch.stft(
            x, transform.n_fft, transform.hop_length, window=window, return_complex=True
        )
        return spectra.abs()

    steps, inner = (iterations // 20, 20) if iterations % 20 == 0 else (iterations, 1)
    found = torch_specinv.L_BFGS(
        torch.from_numpy(magnitudes), measured, init_x0=torch.from_numpy(signal.copy()),
        maxiter=steps, tol=0, verbose=False, evaiter=1, max_iter=inner,
    )  # fmt: skip
    return found.detach().numpy()


def librosa_griffin_lim(
    magnitudes: Array, init: str, rng: np.random.Generator, transform: SpectralTransform,
    iterations: int, alpha: float = 0.99,
) -> Array:  # fmt: skip
    """Return the signal that `librosa.griffinlim` finds from "random" or "zero" phases."""
    return librosa.griffinlim(
        magnitudes, n_iter=iterations, hop_length=transform.hop_length, n_fft=transform.n_fft,
        window=transform.frame_window, pad_mode="reflect", momentum=alpha,
        init="random" if init == "random" else None, random_state=rng, dtype=None,
    )  # fmt: skip
