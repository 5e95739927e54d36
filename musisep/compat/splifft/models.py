"""Models of waveforms and of spectrograms, and what is made of their output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from musisep import stems
from musisep._util.checks import at_least, function, instance, one_of
from musisep._util.messages import shown
from musisep.audio.arrays import Real, Spectra, as_array, as_real
from musisep.audio.stft import SpectralTransform, get_transform
from musisep.compat.splifft.constantq import parts, real_type
from musisep.stems import Subtract, Sum

Array = NDArray[Any]
Model = Callable[..., Any]

INPUTS = ("waveform", "spectrogram", "waveform_and_spectrogram")
OUTPUTS = ("waveform", "spectrogram_mask", "spectrogram", "logits", "multi_stream")
OPERATIONS = ("subtract", "sum")
DTYPES = (
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)
"""Types that torch and NumPy have."""
SHORT_NAMES = {
    "half": "float16",
    "float": "float32",
    "double": "float64",
    "cfloat": "complex64",
    "cdouble": "complex128",
    "short": "int16",
    "int": "int32",
    "long": "int64",
}
"""Types that torch also calls otherwise; to NumPy some of these are others."""


def str_to_torch_dtype(value: Any) -> np.dtype[Any]:
    """Return the NumPy dtype that has the name of one of torch's.

    Parameters
    ----------
    value : str
        A name, such as "float32" or "half".

    Returns
    -------
    numpy.dtype
        The type.

    Raises
    ------
    TypeError
        If the value is no string.
    ValueError
        If NumPy has no such type, as bfloat16.

    Examples
    --------
    >>> from musisep.compat.splifft import str_to_torch_dtype
    >>> str_to_torch_dtype("float")  # to NumPy, float is float64
    dtype('float32')
    """
    if not isinstance(value, str):
        raise TypeError(f"value={shown(value)} must be the name of a type")
    name = SHORT_NAMES.get(value, value)
    one_of("value", name, DTYPES)
    return np.dtype(name)


def apply_mask(
    spec_for_masking: ArrayLike,
    mask_batch: ArrayLike,
    mask_add_sub_dtype: DTypeLike | None,
    mask_out_dtype: DTypeLike | None,
) -> Real:
    """Multiply spectra by a mask, both complex with real and imaginary parts on the last axis.

    Parameters
    ----------
    spec_for_masking : array_like, float [..., 2]
        Spectra.
    mask_batch : array_like, float [..., 2]
        Masks; axes other than the last are broadcast.
    mask_add_sub_dtype : dtype_like or None
        Type to which products are converted before they are added; not converted if None.
    mask_out_dtype : dtype_like or None
        Type of the result; not converted if None.

    Returns
    -------
    ndarray, float [..., 2]
        Products.

    Raises
    ------
    ValueError
        If shapes do not fit, or a type is none of floating-point numbers.

    Examples
    --------
    >>> from musisep.compat.splifft import apply_mask
    >>> apply_mask([1.0, 2.0], [0.0, 0.5], None, None).tolist()  # 0.5i (1 + 2i)
    [-1.0, 0.5]
    """
    sum_kind = real_type("mask_add_sub_dtype", mask_add_sub_dtype)
    kind = real_type("mask_out_dtype", mask_out_dtype)
    pairs = {"spec_for_masking": spec_for_masking, "mask_batch": mask_batch}
    arrays = [as_real(values, name) for name, values in pairs.items()]
    for name, array in zip(pairs, arrays, strict=True):
        if array.shape[-1] != 2:
            raise ValueError(f"{name} of shape={array.shape} must have a last axis of two")
    try:
        np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        raise ValueError(
            f"mask_batch of shape={arrays[1].shape} must fit spec_for_masking of {arrays[0].shape}"
        ) from None
    (a, b), (c, d) = (np.moveaxis(array, -1, 0) for array in arrays)
    with np.errstate(over="ignore", invalid="ignore"):
        ac, bd, ad, bc = (_converted(p, sum_kind) for p in (a * c, b * d, a * d, b * c))
        return _converted(np.stack([ac - bd, ad + bc], axis=-1), kind)


def derive_stems(
    separated_stems: Mapping[str, ArrayLike],
    mixture_input: ArrayLike,
    stem_rules: Mapping[str, Any],
) -> dict[str, Array]:
    """Add stems that are differences or sums of others, or of the mixture.

    Parameters
    ----------
    separated_stems : dict of array_like, float [...]
        Stems by name, all of one shape.
    mixture_input : array_like, float [...]
        The mixture, of this shape; called "mixture" by rules.
    stem_rules : dict of object
        By the name of the new stem: ``operation="subtract"`` with ``stem_name`` and
        ``by_stem_name``, or ``operation="sum"`` with ``stem_names``. A rule may use the stems of
        those before it.

    Returns
    -------
    dict of ndarray, float [...]
        The stems and the new ones.

    Raises
    ------
    ValueError
        If there is no such operation or stem, a name is taken, or shapes differ.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from musisep.compat.splifft import derive_stems
    >>> rest = SimpleNamespace(operation="subtract", stem_name="mixture", by_stem_name="vocals")
    >>> stems = derive_stems({"vocals": [[1.0, 2.0]]}, [[5.0, 5.0]], {"rest": rest})
    >>> stems["rest"].tolist()
    [[4.0, 3.0]]
    """
    rules: dict[str, Subtract | Sum] = {}
    instance("stem_rules", stem_rules, Mapping)
    for name, rule in stem_rules.items():
        (operation,) = _attributes("stem_rules", rule, "operation")
        one_of("operation", operation, OPERATIONS)
        if operation == "subtract":
            rules[name] = Subtract(*_attributes("stem_rules", rule, "stem_name", "by_stem_name"))
        else:
            rules[name] = Sum(*_attributes("stem_rules", rule, "stem_names"))
    return stems.derive_stems(separated_stems, mixture_input, rules)


def get_model_floating_dtype(model: Model) -> np.dtype[Any] | None:
    """Return the type of the first of ``model.parameters()``.

    Parameters
    ----------
    model : object
        Any function; without a method ``parameters``, it has no type.

    Returns
    -------
    numpy.dtype or None
        None without parameters, or if the first is not of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.compat.splifft import get_model_floating_dtype
    >>> class Model:
    ...     def parameters(self):
    ...         return [np.ones(3, np.float32)]
    >>> get_model_floating_dtype(Model())
    dtype('float32')
    >>> get_model_floating_dtype(np.abs) is None
    True
    """
    first = next(iter(getattr(model, "parameters", tuple)()), None)
    kind = np.asarray(first).dtype
    return kind if kind.kind == "f" else None


def to_model_device(
    tensor: ArrayLike, *, model_device: object = None, model_floating_dtype: DTypeLike | None
) -> Array:
    """Return floating-point numbers in the type of a model, if it has one; others as they are.

    Parameters
    ----------
    tensor : array_like [...]
        Any array.
    model_device : object
        Of no effect.
    model_floating_dtype : dtype_like or None
        The type of the model, from `get_model_floating_dtype`.

    Returns
    -------
    ndarray [...]
        The same numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.compat.splifft import to_model_device
    >>> to_model_device([0.5, 1.0], model_floating_dtype=np.float32)
    array([0.5, 1. ], dtype=float32)
    >>> to_model_device([1, 2], model_floating_dtype=np.float32).dtype.kind
    'i'
    """
    array = as_array(tensor, "tensor")
    return _converted(array, model_floating_dtype) if array.dtype.kind == "f" else array


@dataclass(frozen=True, eq=False)
class ModelWaveformToWaveform:
    """A model with what comes before and after it.

    Calling the object does the same as `forward`.

    Parameters
    ----------
    model : function
        Called with the arrays that `preprocess` returns.
    preprocess : function
        Takes chunks [batch, channel, sample] and returns a tuple of arrays.
    postprocess : function
        Takes the output of the model, and these arrays.
    io_device : object
        Of no effect.
    model_device : object
        Of no effect.

    Raises
    ------
    ValueError
        If one of the three is no function.

    Examples
    --------
    >>> import numpy as np
    >>> from musisep.compat.splifft import ModelWaveformToWaveform
    >>> halve = ModelWaveformToWaveform(
    ...     model=lambda x: 0.5 * x, preprocess=lambda chunk: (chunk,), postprocess=lambda y, x: y
    ... )
    >>> halve([[[1.0, 2.0]]]).tolist()
    [[[0.5, 1.0]]]
    """

    model: Model
    preprocess: Callable[[Array], tuple[Array, ...]]
    postprocess: Callable[..., Any]
    io_device: object = field(default=None, kw_only=True)
    model_device: object = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what cannot be called."""
        for name in ("model", "preprocess", "postprocess"):
            function(name, getattr(self, name))

    @property
    def model_input_dtype(self) -> np.dtype[Any] | None:
        """Type that chunks are converted to, if the model has one."""
        return get_model_floating_dtype(self.model)

    def __call__(self, waveform_chunk: ArrayLike) -> Any:
        """Return what becomes of chunks.

        Parameters
        ----------
        waveform_chunk : array_like, float [batch, channel, sample]
            Chunks; converted to `model_input_dtype`, if there is one.

        Returns
        -------
        object
            What `postprocess` returns.
        """
        chunk = to_model_device(waveform_chunk, model_floating_dtype=self.model_input_dtype)
        inputs = self.preprocess(chunk)
        return self.postprocess(self.model(*inputs), *inputs)

    forward = __call__


@dataclass(frozen=True, eq=False)
class _Spectral:
    """What leads chunks [batch, channel, sample] to and from spectrograms with channels in bins.

    Bin f of channel s stands at f * channels + s.
    """

    transform: SpectralTransform
    channels: int
    chunk_size: int
    conv_dtype: DTypeLike | None
    add_sub_dtype: DTypeLike | None
    out_dtype: DTypeLike | None

    def spectrogram(self, chunk: Array) -> tuple[Array]:
        """Return [batch, bin, frame, 2]."""
        spectra = self.transform.stft(_converted(chunk, self.conv_dtype))
        batch, _, _, frames = spectra.shape
        return (parts(spectra.swapaxes(1, 2).reshape(batch, -1, frames)),)

    def with_waveform(self, chunk: Array) -> tuple[Array, Array]:
        """Return the same and the chunk."""
        return *self.spectrogram(chunk), chunk

    def masked(self, mask: Array, spectrogram: Array, *_: Array) -> Array:
        """Apply a mask [batch, stem, bin, frame, 2] and go back to waveforms."""
        return self.waveform(
            apply_mask(spectrogram[:, None], mask, self.add_sub_dtype, self.out_dtype)
        )

    def waveform(self, spectrogram: Array, *_: Array) -> Array:
        """Return [batch, stem, channel, sample]."""
        spectra: Spectra = spectrogram[..., 0] + 1j * spectrogram[..., 1]
        batch, stems, _, frames = spectra.shape
        spectra = spectra.reshape(batch, stems, -1, self.channels, frames)
        return self.transform.istft(np.moveaxis(spectra, 3, 2), self.chunk_size)


def create_w2w_model(
    model: Model,
    model_input_type: Literal["waveform", "spectrogram", "waveform_and_spectrogram"],
    model_output_type: Literal[
        "waveform", "spectrogram_mask", "spectrogram", "logits", "multi_stream"
    ],
    stft_cfg: Any,
    num_channels: int,
    chunk_size: int,
    masking_cfg: Any,
    *,
    io_device: object = None,
    model_device: object = None,
) -> ModelWaveformToWaveform:
    """Make a model of waveforms of one of spectrograms.

    Parameters
    ----------
    model : function
        Takes waveforms [batch, channel, sample], spectrograms [batch, bin, frame, 2] with bin
        f * num_channels + s for frequency f of channel s, or both.
    model_input_type : {"waveform", "spectrogram", "waveform_and_spectrogram"}
        What the model takes.
    model_output_type : {"waveform", "spectrogram_mask", "spectrogram", "logits", "multi_stream"}
        What the model returns. Spectrograms and masks that come out are
        [batch, stem, bin, frame, 2]; anything else is returned as it is.
    stft_cfg : object or None
        With the attributes ``n_fft``, ``hop_length``, ``win_length``, ``window_shape`` ("hann" or
        "hamming") and ``conv_dtype`` (type of the waveforms that are transformed, or None).
    num_channels : int > 0
        Channels.
    chunk_size : int > 0
        Samples of a chunk.
    masking_cfg : object
        With the attributes ``add_sub_dtype`` and ``out_dtype``; see `apply_mask`. Needed for masks
        only.
    io_device : object
        Of no effect.
    model_device : object
        Of no effect. float16 counts as float32, as on a processor there.

    Returns
    -------
    ModelWaveformToWaveform
        Takes chunks and returns stems [batch, stem, channel, sample] of spectrograms and masks.

    Raises
    ------
    ValueError
        If a parameter is out of its range, or `stft_cfg` is needed and None.

    Examples
    --------
    A mask that is 1/2 everywhere makes a stem of half the amplitude:

    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from musisep.compat.splifft import create_w2w_model
    >>> def half_of_all(spectrograms):
    ...     mask = np.zeros_like(spectrograms)
    ...     mask[..., 0] = 0.5
    ...     return mask[:, np.newaxis]  # one stem
    >>> sizes = SimpleNamespace(
    ...     n_fft=64, hop_length=16, win_length=64, window_shape="hann", conv_dtype=None
    ... )
    >>> types = SimpleNamespace(add_sub_dtype=None, out_dtype=None)
    >>> model = create_w2w_model(
    ...     half_of_all, "spectrogram", "spectrogram_mask", sizes, 1, 256, masking_cfg=types
    ... )
    >>> chunk = np.sin(0.1 * np.arange(256))[np.newaxis, np.newaxis]
    >>> bool(np.allclose(model(chunk), 0.5 * chunk))
    True
    """
    one_of("model_input_type", model_input_type, INPUTS)
    one_of("model_output_type", model_output_type, OUTPUTS)
    before: Callable[[Array], tuple[Array, ...]] = _alone
    after: Callable[..., Any] = _unchanged
    masking = model_output_type == "spectrogram_mask"
    if masking and model_input_type == "waveform":
        raise ValueError(f"{model_input_type=} must be a spectrogram for {model_output_type=}")
    if model_input_type != "waveform" or masking or model_output_type == "spectrogram":
        if stft_cfg is None:
            raise ValueError(f"stft_cfg=None must be given for {model_input_type=}")
        names = "n_fft", "hop_length", "win_length"
        sizes = dict(zip(names, _attributes("stft_cfg", stft_cfg, *names), strict=True))
        window, kind = _attributes("stft_cfg", stft_cfg, "window_shape", "conv_dtype")
        one_of("window_shape", window, ("hann", "hamming"))
        of_masks = ("add_sub_dtype", "out_dtype") if masking else ()
        kinds = _attributes("masking_cfg", masking_cfg, *of_masks) or (None, None)
        spectral = _Spectral(
            get_transform(**sizes, window_fn=window),
            at_least("num_channels", num_channels, 1),
            at_least("chunk_size", chunk_size, 1),
            _not_half("conv_dtype", kind),
            _not_half("add_sub_dtype", kinds[0]),
            _not_half("out_dtype", kinds[1]),
        )
        before = {
            "waveform": _alone,
            "spectrogram": spectral.spectrogram,
            "waveform_and_spectrogram": spectral.with_waveform,
        }[model_input_type]
        if masking or model_output_type == "spectrogram":
            after = spectral.masked if masking else spectral.waveform
    return ModelWaveformToWaveform(
        model, before, after, io_device=io_device, model_device=model_device
    )


def _alone(chunk: Array) -> tuple[Array]:
    return (chunk,)


def _unchanged(output: Any, *_: Array) -> Any:
    return output


def _attributes(name: str, value: object, *wanted: str) -> tuple[Any, ...]:
    """Return attributes of a configuration, or refuse by name one that lacks them."""
    for attribute in wanted:
        if not hasattr(value, attribute):
            raise ValueError(f"{name}={shown(value)} must have the attribute {attribute!r}")
    return tuple(getattr(value, attribute) for attribute in wanted)


def _not_half(name: str, kind: DTypeLike | None) -> np.dtype[Any] | None:
    found = real_type(name, kind)
    return np.dtype(np.float32) if found == np.float16 else found


def _converted(array: Array, kind: DTypeLike | None) -> Array:
    return array if kind is None else array.astype(kind, copy=False)
