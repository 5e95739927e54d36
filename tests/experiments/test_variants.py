"""The variants: each does what its name says, by what it gives the package, never by a patch."""

import ast
from dataclasses import dataclass, fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
from duet import SAMPLE_RATE

import musisep
from musisep.learning.learner import Learned
from musisep.multipitch.viterbi import Prices
from musisep.notes.players import fitted
from musisep.settings import Settings
from musisep.stages import Stages, make_stages


def patches(source):
    """Return what a source does to change attributes or items of what it imports of musisep."""
    nodes = list(ast.walk(ast.parse(source)))
    ours = {
        (alias.asname or alias.name).split(".")[0]
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if f"{getattr(node, 'module', None) or alias.name}.".startswith("musisep.")
    }
    found = []
    for node in nodes:
        root = node
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        changed = isinstance(getattr(node, "ctx", None), ast.Store | ast.Del) and root is not node
        named = getattr(node, "id", None) or getattr(node, "attr", None) or ""
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
            named = "mock" if any("mock" in name.split(".") for name in names) else ""
        own = isinstance(root, ast.Name) and root.id in ours
        if (changed and own) or named in {"mock", "setattr", "delattr", "MonkeyPatch"}:
            found.append(ast.unparse(node))
    return found


def test_no_experiment_patches_the_package(experiments):
    sources = sorted(experiments.rglob("*.py"))
    assert len(sources) > 20
    assert {str(path): p for path in sources if (p := patches(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "from unittest import mock",
        "import unittest.mock",
        "from musisep import learning\nlearning.WORTH = 0",
        "import musisep.learning\nmusisep.learning.WORTH = 0",
        "from musisep.stages import PARTS as p\np['finder']['mine'] = 1",
        "from musisep import learning\nsetattr(learning, 'WORTH', 0)",
        "from musisep.tones.peaks import Peaks\nPeaks.__len__ = None",
    ],
)
def test_a_patch_is_seen(source):
    assert patches(source)


def test_every_variant_of_ours_gives_stems(folder, monkeypatch):
    import variants
    from items import read_item

    separate = musisep.separate

    def quick(*given, **options):
        runs = {"runs": 4, "lifetime": 2} if options.get("method") == "adam" else {}
        return separate(*given, **runs, **options)

    monkeypatch.setattr(musisep, "separate", quick)
    item = read_item(folder / "one")
    item = item._replace(stems=item.stems[..., :1200], mixture=item.mixture[..., :1200])
    for file in variants.own_files():
        for name, variant in variants.load(file).items():
            result = variant(item, 0)
            wanted = item.stems[..., getattr(result, "part", slice(None))]
            found = getattr(result, "stems", result)
            assert found.shape[1:] == wanted.shape[1:], name
            assert name == "auto" or len(found) == len(wanted), name


@pytest.fixture
def parts(item, monkeypatch):
    """Return what gives the parts with which a variant separates."""

    def parts_of(mixture, sample_rate, *, settings=None, stages=None, **options):
        return make_stages((settings or Settings()).changed(options), stages)

    monkeypatch.setattr(musisep, "separate", parts_of)
    return lambda variant: variant(item, 3)


CHANGED = {
    "common-": {"learner"},
    "masks-one-column": {"voicing"},
    "trust=": {"voicing"},
    "no-lines": {"assignment", "learner"},  # the learner assigns
    "no-together": {"assignment", "learner"},
    "no-crossing": {"assignment", "learner"},
    "no-rise": {"learner"},
    "hot-annealing": {"assignment", "learner"},
    "contradiction=": {"finder"},
    "novelty=": {"finder"},
    "unison=": {"finder", "learner"},
    "onset=": {"finder", "learner"},
    "mel-": {"front_end"},
    "adam": {"finder", "learner", "voicing"},
    "default": set(),
}


@pytest.mark.parametrize("module", ["steps", "settings", "methods"])
def test_a_variant_changes_its_part_and_no_other(module, parts, experiments):
    import variants

    usual = make_stages(Settings(seed=3))
    for name, variant in variants.load(experiments / "variants" / f"{module}.py").items():
        expected = next((own for start, own in CHANGED.items() if name.startswith(start)), None)
        if expected is None:  # another setting
            continue
        own = parts(variant)
        changed = {
            field.name
            for field in fields(Stages)
            if getattr(own, field.name) != getattr(usual, field.name)
        }
        if name.startswith("adam"):
            assert {"learner"} <= changed <= expected, name
        else:
            assert changed == expected, name


def test_variants_of_steps_change_what_they_say(parts):
    from variants import steps

    usual = make_stages(Settings(seed=3))
    unison = parts(steps.VARIANTS["unison=0.1"])
    assert unison.finder.prices == Prices(unison=0.1)
    assert unison.learner.prices == replace(usual.learner.prices, unison=0.1)
    rows = np.random.default_rng(0).random((3, 13))
    for name in ("following", "together"):
        part = {"following": "no-lines", "together": "no-together"}[name]
        model = parts(steps.VARIANTS[part]).assignment.players
        np.testing.assert_array_equal(getattr(model, name)(rows), 0)
        other = {"following": "together", "together": "following"}[name]
        assert getattr(model, other) is getattr(fitted(), other)
    assert parts(steps.VARIANTS["no-crossing"]).assignment.players.crossing == 0
    free = parts(steps.VARIANTS["common-smooth-then-free"]).learner.common
    assert (free.early.__name__, free.late.__name__) == ("smoothed", "normalized")


def test_finders_start_from_what_separate_learns(item):
    from shared import found_by
    from variants import finders

    quick = {"steps": 4, "restarts": 1}
    separation = musisep.separate(item.mixture, SAMPLE_RATE, seed=2, **quick)
    priors = []

    def listening(frames, dictionary, model, prior=None):
        priors.append(prior)
        return finders.viterbi()(frames, dictionary, model, prior)

    found = found_by(item, 2, listening, **quick)
    np.testing.assert_array_equal(found.stems, separation.stems)
    assert found.unexplained == separation.unexplained
    without = found_by(item, 2, finders.without_prior(listening), **quick)
    assert without.stems.shape == found.stems.shape
    assert priors[0] is not None and priors[1] is None
    assert finders.viterbi(crossing=0.05).prices == Prices(crossing=0.05)


@dataclass(frozen=True)
class Slow:
    """Learns in eight seconds of a clock."""

    seed: int

    def __call__(self, frames, model, report, sides=None):
        CLOCK[0] += 8
        return Learned(np.full((3, 2), 0.1 * self.seed))


CLOCK = [0.0]


def test_what_is_learned_is_kept(tmp_path, monkeypatch):
    import shared

    def learned(seed):
        learner = shared.KeptLearner(Slow(seed))
        return learner(np.ones((4, 5)), None).dictionary, learner.saved_s

    monkeypatch.setattr(shared, "time", SimpleNamespace(perf_counter=lambda: CLOCK[0]))
    monkeypatch.setenv(shared.CACHE, str(tmp_path / "cache"))
    first, again, other = learned(0), learned(0), learned(1)
    assert [saved_s for _, saved_s in (first, again, other)] == [0, 8, 0]
    np.testing.assert_array_equal(first[0], again[0])
    assert np.all(other[0] == 0.1)
    monkeypatch.setattr(shared, "code", lambda: "changed")
    assert learned(0)[1] == 0


def test_the_second_half_is_separated_with_the_dictionary_of_the_first(item, monkeypatch):
    from variants import given

    separate, calls = musisep.separate, []

    def listening(mixture, *given, **options):
        learning = {} if "dictionary" in options else {"steps": 5, "restarts": 2}
        calls.append((mixture, separate(mixture, *given, **options, **learning), options))
        return calls[-1][1]

    monkeypatch.setattr(musisep, "separate", listening)
    result = given.VARIANTS["given-dictionary"](item, 3)
    (first, learned, options), (second, separated, how) = calls
    np.testing.assert_array_equal(np.concatenate((first, second), axis=1), item.mixture)
    assert options["seed"] == 3
    assert how["dictionary"] is learned.dictionary
    np.testing.assert_array_equal(result.stems, separated.stems)
    assert item.stems[..., result.part].shape == result.stems.shape
    calls.clear()
    blind = given.VARIANTS["blind-half"](item, 3)
    ((mixture, _, options),) = calls
    np.testing.assert_array_equal(mixture, second)
    assert "dictionary" not in options
    assert blind.part == result.part


def test_names_are_those_of_the_stems(experiments, monkeypatch):
    """What the library lacks is like the mean of all; wrong names are others."""
    from items import Item
    from variants import names

    calls = []

    def listening(mixture, sample_rate, **options):
        calls.append(options)
        return "separation"

    monkeypatch.setattr(names.musisep, "separate", listening)
    item = Item("n", ["alto_sax", "violin2", "target"], np.zeros((1, 9)), np.zeros((3, 1, 9)), 8000)
    for name in ("names", "names-weight=0.5", "misnamed"):
        assert names.VARIANTS[name](item, 3) == "separation"
    own, half, wrong = calls
    assert own["instruments"] == ["alto_sax", "violin2", "anything"] and own["seed"] == 3
    anything, others = own["profiles"].means[-1], own["profiles"].means[:-1]
    np.testing.assert_allclose(anything, others.mean(axis=0))
    assert half["profiles"].weight == 0.5 * own["profiles"].weight
    assert len(set(wrong["instruments"])) == 3
    assert not {"alto-saxophone", "violin"} & set(wrong["instruments"])
    assert "anything" not in wrong["profiles"].names
