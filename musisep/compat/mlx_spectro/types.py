"""What the options of mlx-spectro may be."""

from __future__ import annotations

from typing import Literal

from numpy.typing import ArrayLike

ISTFTBackendPolicy = Literal["auto", "mlx_fft", "metal", "torch_fallback"]
STFTOutputLayout = Literal["bfn", "bnf"]
CenterPadMode = Literal["reflect", "constant"]
CenterTailPad = Literal["symmetric", "minimal"]
MelMode = Literal["mlx_native", "torchaudio_compat", "default"]
OutputScale = Literal["linear", "log", "db"]
WindowLike = ArrayLike | None
