import naive
import numpy as np
import pytest
from patterned import BASESHIFT, MODEL, PATTERNS, M, atom, random_frames, spectrum

from musisep._util.constants import NONE
from musisep.multipitch import joint
from musisep.multipitch._kernels import joint as kernels

COUNT = 4
NO_FLANKS = np.zeros(0, np.int64)
ATOMS = np.array([[atom(inst, shift) for shift in range(M)] for inst in range(2)])
NORMS = (ATOMS**2).sum(2)
SIZE, TRANSFORMS = joint._transforms(PATTERNS, BASESHIFT, M)
ORIGIN = 15
MIDDLES = np.ascontiguousarray(PATTERNS[:, BASESHIFT - ORIGIN : 2 * BASESHIFT])
PRODUCTS = np.fft.irfft(TRANSFORMS[:, None] * TRANSFORMS.conj(), SIZE)


def candidates_of(root, count=COUNT, flanks=NO_FLANKS):
    """Candidate shifts [instrument, rank] and scores of one frame, and the gains of all shifts."""
    scores = ATOMS @ root
    gains = np.maximum(scores, 0) ** 2 / NORMS
    return *kernels.pick_candidates(scores, NORMS, count, flanks), scores, gains


def grown(root, insts, most, beam=10**4, number=None, price=0.0):
    """Best combinations of one frame and the candidates' atoms at each place."""
    candidates, scored, *_ = candidates_of(root)
    assert np.all(candidates != NONE)
    gram = kernels.gram_matrix(MIDDLES, PRODUCTS, NORMS, ORIGIN, candidates)
    atoms = [[atom(inst, shift) for shift in candidates[inst]] for inst in insts]
    return kernels.grow(gram, scored, insts, most, beam, number or beam, price), atoms


def test_norms_are_those_of_the_part_on_the_axis():
    np.testing.assert_allclose(joint._norms(PATTERNS, BASESHIFT, M), NORMS, rtol=1e-9)


def test_transforms_give_scalar_products_at_every_shift():
    root = np.random.default_rng(0).uniform(size=M)
    scores = np.fft.irfft(np.fft.rfft(root, SIZE) * TRANSFORMS, SIZE)[:, :M]
    np.testing.assert_allclose(scores, ATOMS @ root, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("count", [1, 4, 60])
def test_candidates_are_the_local_maxima_that_gain_most(count):
    root = MODEL.roots(random_frames(1, [0, 1], noise=0.1)[0][0])
    candidates, scored, scores, gains = candidates_of(root, count)
    for inst in range(2):
        inner = [0.0, *gains[inst], 0.0]
        maxima = [s for s in range(M) if inner[s] < inner[s + 1] > inner[s + 2]]
        expected = sorted(maxima, key=lambda s, inst=inst: -gains[inst, s])[:count]
        assert len(maxima) < 60
        padded = expected + [NONE] * (count - len(expected))
        np.testing.assert_array_equal(candidates[inst], padded)
        np.testing.assert_array_equal(scored[inst, : len(expected)], scores[inst, expected])


@pytest.mark.parametrize("summit", [3, 70])
def test_flanks_of_the_best_candidate_of_all_are_candidates_too(summit):
    flanks = np.array([-5, -2, 2, 5])
    root = MODEL.roots(spectrum([1.0], [summit], [1]))
    candidates, scored, scores, gains = candidates_of(root, 2, flanks)
    assert np.unravel_index(gains.argmax(), gains.shape) == (1, summit)
    for inst in range(2):
        shifts = summit + flanks
        possible = (shifts >= 0) & (scores[inst, shifts] > 0)
        expected = np.where(possible, shifts, NONE)
        np.testing.assert_array_equal(candidates[inst, 2:], expected)
        own = np.where(possible, scores[inst, shifts], 0)
        np.testing.assert_array_equal(scored[inst, 2:], own)


def test_nothing_is_a_candidate_in_silence():
    candidates, scored, *_ = candidates_of(np.zeros(M), flanks=np.array([-2, 2]))
    assert np.all(candidates == NONE) and not np.any(scored)


def test_gram_matrix():
    candidates = np.array([[3, 239, 200, 0], [160, 5, NONE, 230]])
    atoms = np.array(
        [
            np.zeros(M) if shift == NONE else atom(inst, shift)
            for inst in range(2)
            for shift in candidates[inst]
        ]
    )
    gram = kernels.gram_matrix(MIDDLES, PRODUCTS, NORMS, ORIGIN, candidates)
    np.testing.assert_allclose(gram, atoms @ atoms.T, rtol=1e-10, atol=1e-12)


PLACES = pytest.mark.parametrize(
    ("insts", "most"),
    [((0, 1), 2), ((0, 1), 1), ((0, 0), 2), ((0, 0, 1), 3), ((0, 0, 1), 2), ((0, 1, 1), 3)],
)


@PLACES
def test_grow_finds_the_best_of_all_combinations(insts, most):
    frames, *_ = random_frames(12, insts, noise=0.05)
    for root in MODEL.roots(frames):
        (members, roots, gains), atoms = grown(root, np.array(insts), most)
        fall, _, coefficients = naive.best_combination(root, atoms, len(insts), most)
        assert gains[0] == pytest.approx(fall, rel=1e-9)
        sounding = members[0] != NONE
        np.testing.assert_allclose(
            np.sort(roots[0, sounding]), np.sort(coefficients[coefficients > 0]), rtol=1e-7
        )


@PLACES
def test_every_gain_is_that_of_least_squares(insts, most):
    root = MODEL.roots(random_frames(1, insts, seed=1, noise=0.05)[0][0])
    (members, roots, gains), atoms = grown(root, np.array(insts), most)
    assert np.all(np.diff(gains) <= 0)
    assert len({tuple(sorted(row)) for row in members}) == len(members)
    for member, coefficients, gain in zip(members, roots, gains, strict=True):
        sounding = np.flatnonzero(member != NONE)
        assert len(sounding) <= most
        assert not np.any(coefficients[member == NONE])
        if not len(sounding):
            assert gain == 0
            continue
        matrix = np.stack([atoms[p][member[p] % COUNT] for p in sounding], axis=1)
        expected, *_ = np.linalg.lstsq(matrix, root)
        assert gain == pytest.approx(0.5 * (root @ root - np.sum((root - matrix @ expected) ** 2)))
        np.testing.assert_allclose(coefficients[sounding], expected, rtol=1e-6)
        assert np.all(expected > 0)


@PLACES
def test_few_combinations_are_the_first_of_many(insts, most):
    root = MODEL.roots(random_frames(1, insts, noise=0.05)[0][0])
    many, few = (grown(root, np.array(insts), most, 20, number)[0] for number in (20, 3))
    for all_of_them, first in zip(many, few, strict=True):
        np.testing.assert_array_equal(all_of_them[:3], first)


def test_two_places_hold_every_pair():
    frames, *_ = random_frames(5, [0, 1], noise=0.05)
    for root in MODEL.roots(frames):
        (members, *_), atoms = grown(root, np.array([0, 1]), 2)
        offers = [(None, *range(COUNT))] * 2
        expected = set()
        for first in offers[0]:
            for second in offers[1]:
                chosen = [atoms[p][i] for p, i in enumerate((first, second)) if i is not None]
                if not chosen or np.all(np.linalg.lstsq(np.stack(chosen, 1), root)[0] > 0):
                    expected.add((first, second))
        found = {tuple(None if i == NONE else i % COUNT for i in row) for row in members}
        assert found == expected


def test_a_beam_keeps_the_best_it_has_seen():
    root = MODEL.roots(random_frames(1, [0, 1], noise=0.05)[0][0])
    narrow, wide = (grown(root, np.array([0, 1]), 2, beam)[0][2] for beam in (3, 10**4))
    assert len(narrow) == 3 and len(wide) > 3
    assert narrow[0] <= wide[0]


def test_combinations_are_ranked_by_what_they_gain_less_the_price_of_each_tone():
    root = MODEL.roots(random_frames(1, [0, 1], noise=0.05)[0][0])
    (members, _, gains), _ = grown(root, np.array([0, 1]), 2)
    (dearer, _, left), _ = grown(root, np.array([0, 1]), 2, price=0.3)
    net = {tuple(m): g - 0.3 * np.sum(m != NONE) for m, g in zip(members, gains, strict=True)}
    assert len(left) == len(gains) and np.all(np.diff(left) <= 0)
    np.testing.assert_allclose(left, [net[tuple(m)] for m in dearer], atol=1e-12)


def test_the_same_pattern_twice_is_refused():
    root = MODEL.roots(spectrum([1.0], [60.0], [0]))
    gram = np.full((2, 2), NORMS[0, 60])
    scored = np.full((2, 1), atom(0, 60) @ root)
    members, *_ = kernels.grow(gram, scored, np.array([0, 1]), 2, 99, 99, 0.0)
    assert all(np.sum(row != NONE) <= 1 for row in members)
