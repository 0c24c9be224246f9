"""Exact Wasserstein-1, against closed forms and brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from steadygan.errors import UsageError
from steadygan.metrics.transport import wasserstein1


def points(count: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, width))


def test_shifted_points_are_at_the_length_of_the_shift() -> None:
    a = points(200, 2)
    assert wasserstein1(a, a + np.array([3.0, -4.0])) == pytest.approx(5.0, rel=1e-12)


def test_the_order_of_points_is_no_matter() -> None:
    a = points(200, 3)
    assert wasserstein1(a, a[np.random.default_rng(1).permutation(200)]) == 0


def test_on_a_line_it_matches_sorted_points() -> None:
    a, b = points(300, 1), points(300, 1, seed=1) ** 3
    assert wasserstein1(a, b) == pytest.approx(np.abs(np.sort(a[:, 0]) - np.sort(b[:, 0])).mean(), rel=1e-12)
    assert wasserstein1(a, b) == pytest.approx(wasserstein_distance(a[:, 0], b[:, 0]), rel=1e-12)


@given(st.integers(1, 5), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_it_is_the_cheapest_of_all_assignments(count: int, seed: int) -> None:
    a, b = points(count, 2, seed), points(count, 2, seed + 1)
    costs = [np.mean([math.dist(a[i], b[j]) for i, j in enumerate(p)]) for p in itertools.permutations(range(count))]
    assert wasserstein1(a, b) == pytest.approx(min(costs), rel=1e-12)


def test_from_one_point_it_is_the_mean_distance_at_once() -> None:
    a, one = points(4_000, 2), np.array([0.3, -1.0])
    expected = np.linalg.norm(a - one, axis=1).mean()
    for pair in ((a, np.tile(one, (4_000, 1))), (np.tile(one, (4_000, 1)), a)):
        assert wasserstein1(*pair, limit=4_000) == pytest.approx(expected, rel=1e-12)


def test_it_scales_with_the_points_and_is_symmetric() -> None:
    a, b = points(100, 2), points(100, 2, seed=1)
    assert wasserstein1(3 * a, 3 * b) == pytest.approx(3 * wasserstein1(a, b), rel=1e-12)
    assert wasserstein1(a, b) == pytest.approx(wasserstein1(b, a), rel=1e-12)


def test_points_that_nearly_coincide_keep_their_distance() -> None:
    a = points(50, 2) + 1e6
    assert wasserstein1(a, a + np.array([1e-3, 0.0])) == pytest.approx(1e-3, rel=1e-6)


def test_unequal_sets_are_cut_by_the_seed_to_the_smaller_or_to_the_limit() -> None:
    a, b = points(500, 2), points(80, 2, seed=1)
    assert wasserstein1(a, b, seed=3) == wasserstein1(a, b, seed=3)
    assert wasserstein1(a, b, seed=3) != wasserstein1(a, b, seed=4)
    assert wasserstein1(a, a, limit=100) > 0  # two different parts: the floor
    assert wasserstein1(a, a, limit=500) == 0
    assert wasserstein1(np.zeros((9, 2)), np.array([[3.0, 4.0]])) == 5.0


def test_more_real_points_are_nearer_to_other_real_points() -> None:
    floors = [wasserstein1(points(n, 2), points(n, 2, seed=1)) for n in (50, 200, 800)]
    assert floors[0] > floors[1] > floors[2] > 0


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (np.zeros((3, 2)), np.zeros((3, 1)), "2 and 1"),
        (np.zeros(3), np.zeros((3, 1)), "[3]"),
        (np.zeros((0, 2)), np.zeros((3, 2)), "0 rows"),
        (np.zeros((3, 2)), np.full((3, 2), np.nan), "NaN"),
        (np.zeros((3, 2)), np.full((3, 2), np.inf), "infinite"),
    ],
)
def test_bad_input_is_one_clear_line(a: np.ndarray, b: np.ndarray, words: str) -> None:
    with pytest.raises(UsageError) as error:
        wasserstein1(a, b)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(UsageError, match="limit is 0"):
        wasserstein1(points(3, 2), points(3, 2), limit=0)
