import json
import re
import tracemalloc

import numpy as np
import pytest
from duet import SAMPLE_RATE, duet

import musisep
from musisep import Spectrogram
from musisep.audio.inversion.names import INVERSIONS, SPECTROGRAMS, STARTS
from musisep.audio.logfreq import LogAxis, log_spectrogram
from musisep.metrics import spectral_convergence
from musisep.spectrogram import KINDS, PROJECTIONS

SIGNAL = duet()[:, :6000]
SMALL = {
    "magnitude": {"n_fft": 512, "hop_length": 128},
    "mel": {"n_fft": 512, "hop_length": 128, "n_mels": 40},
    "log-frequency": {"fmin_hz": 100.0, "bins_per_octave": 24, "hop_length": 64},
}


@pytest.mark.parametrize("kind", SPECTROGRAMS)
def test_audio_is_found_for_each_kind_and_the_convergence_told(kind):
    spectrogram = Spectrogram.of(SIGNAL, SAMPLE_RATE, kind, **SMALL[kind])
    audio, convergence = spectrogram.invert(max_iter=60, rng=0)
    assert audio.shape == SIGNAL.shape
    assert convergence.max() < -14
    again = Spectrogram.of(audio, SAMPLE_RATE, kind, **SMALL[kind])
    np.testing.assert_allclose(
        convergence, spectral_convergence(spectrogram.values, again.values), rtol=1e-6
    )


@pytest.mark.parametrize("method", INVERSIONS)
def test_magnitudes_are_inverted_by_each_method(method):
    spectrogram = Spectrogram.of(SIGNAL[0], SAMPLE_RATE, **SMALL["magnitude"])
    _, convergence = spectrogram.invert(method, max_iter=20, rng=0)
    assert convergence < -15


def test_starts_and_options_reach_the_algorithm():
    spectrogram = Spectrogram.of(SIGNAL[0], SAMPLE_RATE, **SMALL["magnitude"])
    levels = [
        float(spectrogram.invert(max_iter=5, init=init, rng=0, **options)[1][0])
        for init, options in [*((name, {}) for name in STARTS), ("zero", {"alpha": 0.0})]
    ]
    assert len(set(levels)) == 5
    stages = []
    spectrogram.invert("admm", max_iter=2, progress=lambda *args: stages.append(args), eva_iter=1)
    assert stages == [("ADMM", n, 2) for n in range(3)]


def test_the_default_iterations_are_those_of_the_algorithms(monkeypatch):
    called = {}
    for name in PROJECTIONS:
        monkeypatch.setitem(
            PROJECTIONS, name, lambda values, name=name, **options: called.update(
                {name: options["max_iter"]}
            ) or SIGNAL[:1],
        )  # fmt: skip
    spectrogram = Spectrogram.of(SIGNAL[0], SAMPLE_RATE, **SMALL["magnitude"])
    for name in PROJECTIONS:
        spectrogram.invert(name)
    assert called == {"griffin-lim": 200, "admm": 200, "rtisi-la": 25}


def test_kinds_are_those_that_the_command_offers():
    assert tuple(KINDS) == SPECTROGRAMS
    assert {*PROJECTIONS, "l-bfgs"} == set(INVERSIONS)


def test_log_frequency_values_are_those_of_the_front_end():
    spectrogram = Spectrogram.of(SIGNAL, SAMPLE_RATE, "log-frequency", bins_per_octave=24)
    bins = spectrogram.values.shape[1]
    axis = LogAxis(27.5, 27.5 * 2 ** (bins / 24), bins)
    expected = log_spectrogram(SIGNAL, SAMPLE_RATE, axis, hop_length=256, sigma_bins=1.5)
    np.testing.assert_allclose(spectrogram.values, expected, atol=1e-12)
    assert axis.fmax_hz <= 0.49 * SAMPLE_RATE < axis.fmax_hz * 2 ** (1 / 24)


@pytest.mark.parametrize("kind", SPECTROGRAMS)
def test_what_is_saved_is_loaded(kind, tmp_path):
    path = tmp_path / "new" / "stored.npz"
    made = Spectrogram.of(SIGNAL, SAMPLE_RATE, kind, **SMALL[kind])
    made.save(path)
    loaded = Spectrogram.load(path)
    np.testing.assert_array_equal(loaded.values, made.values)
    assert (loaded.kind, loaded.sample_rate, loaded.length) == (kind, SAMPLE_RATE, 6000)
    assert loaded.parameters == SMALL[kind]
    one, two = (spectrogram.invert(max_iter=3, rng=0)[0] for spectrogram in (made, loaded))
    np.testing.assert_array_equal(one, two)
    assert [file.name for file in path.parent.iterdir()] == ["stored.npz"]


def test_silence_is_inverted_to_silence():
    audio, convergence = Spectrogram.of(np.zeros(3000), 8000).invert(max_iter=3)
    np.testing.assert_array_equal(audio, np.zeros((1, 3000)))
    assert np.isnan(convergence).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.ones((5, 3))}, "must be finite and [channel, band, frame]"),
        ({"values": np.full((1, 257, 8), np.nan)}, "must be finite"),
        ({"values": np.ones((1, 257, 9))}, "must be of shape (channel, 257, 8) for length=1000"),
        ({"values": np.ones((1, 257, 8), int)}, "must be finite and"),
        ({"length": 2000}, "must be of shape (channel, 257, 16)"),
        ({"length": 0}, "length=0"),
        ({"sample_rate": 7}, "sample_rate=7"),
        ({"kind": "picture"}, "kind='picture' must be one of magnitude, mel, log-frequency"),
        ({"parameters": {"n_fft": -1}}, "n_fft=-1 must be"),
        ({"parameters": {"colour": 1}}, "unexpected keyword argument 'colour'"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    made = {
        "values": np.ones((1, 257, 8)), "sample_rate": 8000, "length": 1000,
        "parameters": SMALL["magnitude"],
    }  # fmt: skip
    Spectrogram(**made)
    with pytest.raises(ValueError, match=re.escape(message)):
        Spectrogram(**{**made, **change})


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("magnitude", {"method": "guess"}, "method='guess' must be one of griffin-lim, admm"),
        ("mel", {"method": "admm"}, "method='admm' is for magnitudes; kind='mel' needs 'l-bfgs'"),
        ("mel", {"init": "zero"}, "init='zero' must be left out for method='l-bfgs'"),
        ("magnitude", {"max_iter": -1}, "max_iter=-1"),
    ],
)
def test_methods_that_do_not_suit_are_refused(kind, options, message):
    spectrogram = Spectrogram.of(SIGNAL[0], SAMPLE_RATE, kind, **SMALL[kind])
    with pytest.raises(ValueError, match=re.escape(message)):
        spectrogram.invert(**options)


def description(**changes):
    made = {"kind": "magnitude", "sample_rate": 8000, "length": 1000, "parameters": {}}
    return np.frombuffer(json.dumps({**made, **changes}).encode(), np.uint8)


@pytest.mark.parametrize(
    "arrays",
    [
        {"values": np.ones((1, 1025, 2))},
        {"values": np.array([{}], dtype=object), "description": description()},
        {"values": np.ones((1, 1025, 2)), "description": np.arange(9)},
        {"values": np.ones((1, 1025, 3)), "description": description()},
        {"values": np.ones((1, 1025, 2)), "description": description(length="long")},
        {"values": np.ones((1, 1025, 2)), "description": description(length=10**18)},
        {"values": np.ones((1, 1025, 2)), "description": description(author="me")},
        {"values": np.ones((1, 1025, 2)), "description": description(parameters=[1])},
        {"values": np.ones((1, 1025, 2)), "description": description(parameters={"n_fft": 2**45})},
        {"values": np.ones((1, 1025, 2)), "description": description(sample_rate="fast")},
        {"values": np.ones((1, 1025, 2)), "description": description(kind=[])},
        {"values": np.ones((1, 1025, 2)), "description": np.zeros(2**17, np.uint8)},
        {"values": np.ones((1, 1025, 2)), "description": np.frombuffer(b"[" * 60000, np.uint8)},
    ],
)
def test_hostile_files_are_refused(arrays, tmp_path):
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(ValueError, match=r"bad.npz: is not a spectrogram that musisep saved \("):
        Spectrogram.load(tmp_path / "bad.npz")


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("magnitude", {"n_fft": 2**22}, "n_fft=4194304 must be at most 1048576"),
        ("mel", {"n_fft": 2**22, "n_mels": 1}, "n_fft=4194304 must be at most 1048576"),
        ("mel", {"n_fft": 2**19}, "n_mels=128 must be at most 16"),
        ("mel", {"n_mels": 2**16}, "n_mels=65536 must be at most 4096"),
        ("log-frequency", {"bins_per_octave": 1e6}, "bins_per_octave=1000000.0 makes 8155278 bins"),
        ("log-frequency", {"bins_per_octave": 1e308}, "bins_per_octave=1e+308 must be at most"),
    ],
)
def test_parameters_that_fill_memory_are_refused_before_it_is_taken(
    kind, parameters, message, tmp_path
):
    made = description(kind=kind, parameters=parameters)
    np.savez(tmp_path / "bad.npz", values=np.ones((1, 9, 2)), description=made)
    tracemalloc.start()
    with pytest.raises(ValueError, match=re.escape(message)):
        Spectrogram.of(SIGNAL, SAMPLE_RATE, kind, **parameters)
    with pytest.raises(ValueError, match=r"bad.npz: is not a spectrogram that musisep saved \("):
        Spectrogram.load(tmp_path / "bad.npz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


def test_values_that_cannot_be_of_the_audio_are_not_read(tmp_path):
    path = tmp_path / "bad.npz"
    np.savez_compressed(path, values=np.zeros((1, 2**21, 1)), description=description())
    Spectrogram.of(SIGNAL[0], SAMPLE_RATE)  # loads what is loaded late
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"has the shape \(1, 2097152, 1\), not .*\(1025, 2\)"):
        Spectrogram.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


def test_it_is_a_public_name():
    assert musisep.Spectrogram is Spectrogram


@pytest.mark.parametrize("kind", ["magnitude", "mel", "log-frequency"])
def test_integer_samples_are_fractions_of_full_scale(kind):
    samples = np.rint(9000 * np.sin(np.arange(6000) * 0.1)).astype(np.int16)
    found, expected = (
        Spectrogram.of(samples, 8000, kind),
        Spectrogram.of(samples / 2**15, 8000, kind),
    )
    np.testing.assert_array_equal(found.values, expected.values)
    with pytest.raises(ValueError, match=r"audio of dtype=int64 has no full scale"):
        Spectrogram.of(samples.astype(np.int64), 8000, kind)


def test_numbers_of_numpy_are_saved(tmp_path):
    kept = Spectrogram.of(
        np.sin(np.arange(900)), np.int64(8000), n_fft=np.uint8(64), hop_length=np.int64(16)
    )
    kept.save(tmp_path / "a.npz")
    found = Spectrogram.load(tmp_path / "a.npz")
    assert found.parameters == {"n_fft": 64, "hop_length": 16}
    np.testing.assert_array_equal(found.values, kept.values)


@pytest.mark.parametrize("kind", [["mel"], np.ones(2), None, 3])
def test_kinds_are_names(kind):
    with pytest.raises(ValueError, match=r"^kind=.* must be one of"):
        Spectrogram.of(np.ones(900), 8000, kind)


@pytest.mark.parametrize(
    "audio", [np.ones((2, 2, 900)), [], [np.nan, 1.0], [[1.0], [1.0, 2.0]], None]
)
def test_audio_that_is_none_is_refused_by_name(audio):
    with pytest.raises(ValueError, match=r"^audio"):
        Spectrogram.of(audio, 8000)


def test_methods_are_names():
    with pytest.raises(ValueError, match=r"^method=.* must be one of"):
        Spectrogram.of(np.ones(900), 8000, n_fft=64).invert(np.ones(2))
