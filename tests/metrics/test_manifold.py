"""Precision, recall, density and coverage of sets whose answers are known by hand, and against a naive double loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from steadygan.errors import UsageError
from steadygan.metrics import arrays
from steadygan.metrics.manifold import (
    Manifold,
    density_coverage,
    manifold,
    nearest,
    neighbour_distances,
    precision_recall,
)

Array = NDArray[np.float64]


def values(result: Manifold) -> tuple[float, float, float, float]:
    precision, recall, density, coverage = (estimate.value for estimate in result)
    return precision, recall, density, coverage


def naive(real: Array, fake: Array, k: int, density_k: int) -> tuple[float, float, float, float]:
    def distance(a: Array, b: Array) -> float:
        return float(np.sqrt(np.square(a - b).sum()))

    def radius(rows: Array, i: int, neighbours: int) -> float:
        return sorted(distance(rows[i], rows[j]) for j in range(len(rows)) if j != i)[neighbours - 1]

    n, m = len(real), len(fake)
    narrow, wide = ([radius(real, i, neighbours) for i in range(n)] for neighbours in (k, density_k))
    of_fake = [radius(fake, j, k) for j in range(m)]
    between = [[distance(real[i], fake[j]) for j in range(m)] for i in range(n)]
    precision = sum(any(between[i][j] <= narrow[i] for i in range(n)) for j in range(m)) / m
    recall = sum(any(between[i][j] <= of_fake[j] for j in range(m)) for i in range(n)) / n
    density = sum(between[i][j] <= wide[i] for i in range(n) for j in range(m)) / (density_k * m)
    coverage = sum(any(between[i][j] <= wide[i] for j in range(m)) for i in range(n)) / n
    return precision, recall, density, coverage


def clusters(centres: list[float], each: int, seed: int = 0, spread: float = 0.01) -> Array:
    """Clusters on the first axis of the plane, far narrower than their distances."""
    points = np.repeat([[centre, 0.0] for centre in centres], each, axis=0)
    return points + spread * np.random.default_rng(seed).uniform(-1, 1, points.shape)


def on_a_line(*places: float) -> Array:
    return np.array(places, dtype=np.float64)[:, None]


@pytest.mark.parametrize(("k", "density_k", "width"), [(1, 1, 1), (3, 5, 4), (5, 2, 30)])
def test_a_naive_double_loop_agrees(k: int, density_k: int, width: int) -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((60, width)), 0.8 * rng.standard_normal((45, width)) + 0.3
    expected = naive(real, fake, k, density_k)
    result = manifold(real, fake, k=k, density_k=density_k)
    assert values(result) == pytest.approx(expected, abs=1e-12)
    assert tuple(result[:2]) == tuple(precision_recall(real, fake, k))
    assert tuple(result[2:]) == tuple(density_coverage(real, fake, density_k))


def test_small_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    real, fake = rng.standard_normal((60, 4)), rng.standard_normal((45, 4))
    whole = manifold(real, fake)
    monkeypatch.setattr(arrays, "_BLOCK_ROWS", 7)
    assert manifold(real, fake) == whole


def test_points_on_a_line_by_hand() -> None:
    real, fake = on_a_line(0, 1, 3, 7), on_a_line(2, 4.5, 20, 100)
    # radii with k = 1: reals 1, 1, 2, 4; fakes 2.5, 2.5, 15.5, 80
    # fake 2 is in the balls of 1 (border) and 3; 4.5 of 3 and 7; 20 and 100 of none
    # the fake balls: 2 holds 0, 1, 3; 4.5 holds 3, 7 (border); 20 holds 7; 100 none
    result = manifold(real, fake, k=1, density_k=1)
    assert values(result) == (0.5, 1.0, 1.0, 0.75)


def test_far_sets_score_nothing() -> None:
    result = manifold(clusters([0.0], 20), clusters([100.0], 20, seed=1))
    assert values(result) == (0, 0, 0, 0)


@pytest.mark.parametrize(("offset", "dtype"), [(0.0, np.float64), (0.0, np.float32), (1e6, np.float64)])
def test_copies_of_the_real_set_score_one_and_density_counts_themselves(offset: float, dtype: Any) -> None:
    real = (np.random.default_rng(2).standard_normal((300, 16)) + offset).astype(dtype)
    result = manifold(real, real[::-1])
    # five neighbours and itself, the fifth on the border: a tie that rounding broke would show here
    assert values(result) == pytest.approx((1, 1, 6 / 5, 1), abs=1e-12)


def test_dropped_modes_cost_recall_and_coverage_but_no_precision() -> None:
    real = clusters([0, 10, 20, 30], 50)
    fake = clusters([0, 10], 100, seed=1, spread=0.009)
    result = manifold(real, fake)
    assert result.precision.value > 0.9
    assert 0.35 < result.recall.value <= 0.5 and 0.45 <= result.coverage.value <= 0.5


def test_invented_modes_cost_precision_and_density_but_no_coverage() -> None:
    real = clusters([0, 10], 100)
    fake = clusters([0, 10, 20, 30], 100, seed=1)
    result = manifold(real, fake)
    assert 0.4 < result.precision.value <= 0.5 and result.density.value == pytest.approx(0.5, abs=0.1)
    assert result.coverage.value > 0.9


def test_one_sample_repeated_is_precise_and_covers_next_to_nothing() -> None:
    real = on_a_line(0, 1, 2.1, 3.3, 4.6, 6.0, 7.5, 9.1)
    result = manifold(real, np.zeros((10, 1)), k=1, density_k=1)
    # its radius is 0, so its ball holds one real; it lies on the border of the ball of real 1 and in its own real's
    assert values(result) == (1.0, 1 / 8, 2.0, 2 / 8)
    assert result.precision.error == 0 and result.density.error == 0


def test_duplicated_reals_have_balls_of_radius_zero() -> None:
    real = np.repeat(on_a_line(0, 1, 2, 3), 4, axis=0)
    assert np.array_equal(neighbour_distances(real, 3), np.zeros((16, 3)))
    result = manifold(real, on_a_line(0, 0.5, 1, 1.5, 2), k=3, density_k=3)
    assert result.precision.value == 0.6 and result.density.value == pytest.approx(3 * 4 / (3 * 5))
    assert result.coverage.value == 0.75


def test_precision_and_density_have_the_error_of_a_mean() -> None:
    rng = np.random.default_rng(3)
    result = manifold(rng.standard_normal((200, 4)), rng.standard_normal((150, 4)) + 1)
    p = result.precision.value
    assert result.precision.error == pytest.approx(np.sqrt(p * (1 - p) / 149), rel=1e-12)


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.3, 0.7), (1.0, 0.6)])
def test_errors_are_the_scatter_over_fresh_fakes_or_somewhat_more(shift: float, scale: float) -> None:
    rng = np.random.default_rng(4)
    real = rng.standard_normal((200, 6))
    results = [manifold(real, scale * rng.standard_normal((200, 6)) + shift) for _ in range(150)]
    ratios = {}
    for name in Manifold._fields:
        estimates = [getattr(result, name) for result in results]
        error = np.sqrt(np.mean([e.error**2 for e in estimates]))
        ratios[name] = error / np.std([e.value for e in estimates], ddof=1)
    assert 0.8 < ratios["precision"] < 1.25 and 0.8 < ratios["density"] < 1.25
    assert 0.75 < ratios["coverage"] < 2.2 and 0.75 < ratios["recall"] < 2.2


def test_known_distances_of_the_reals_give_the_same_and_others_are_refused() -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(50, 4)), rng.normal(0.5, 1.0, size=(40, 4))
    assert manifold(real, fake, of_real=neighbour_distances(real, 5)) == manifold(real, fake)
    with pytest.raises(UsageError, match=r"of_real has the shape \[50, 3\]; needed: \[50, 5\]"):
        manifold(real, fake, of_real=neighbour_distances(real, 3))


def test_nearest_rows_are_those_of_all_distances_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_BLOCK_ROWS", 7)
    rng = np.random.default_rng(5)
    rows, queries = rng.standard_normal((40, 3)) + 1000, rng.standard_normal((9, 3)) + 1000
    distances, indices = nearest(rows, queries, 10)
    table = np.square(queries[:, None] - rows).sum(axis=2)
    np.testing.assert_array_equal(indices, np.argsort(table, axis=1)[:, :10])
    np.testing.assert_allclose(distances, np.sort(table, axis=1)[:, :10], rtol=1e-8)


def test_as_many_neighbours_as_there_are_rows_may_be_asked_for() -> None:
    _, indices = nearest(on_a_line(5, 1, 3), on_a_line(0), 3)
    assert indices.tolist() == [[1, 2, 0]]


def test_a_memory_mapped_file_gives_the_same_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    real, fake = (rng.integers(0, 256, (30, 8), dtype=np.uint8) for _ in range(2))
    np.save(tmp_path / "real.npy", real)
    assert manifold(np.load(tmp_path / "real.npy", mmap_mode="r"), fake) == manifold(real.astype(np.float64), fake)


@pytest.mark.parametrize(
    ("real", "fake", "said"),
    [
        (np.zeros((5, 2)), np.zeros((9, 2)), "real features: got 5 rows where this metric needs at least 6"),
        (np.zeros((9, 2)), np.zeros((3, 2)), "fake features: got 3 rows where this metric needs at least 4"),
        (np.zeros((9, 2)), np.zeros((9, 3)), "2 and 3"),
        (np.full((9, 2), np.nan), np.zeros((9, 2)), "real features has NaN"),
    ],
)
def test_bad_input_is_one_clear_line(real: Any, fake: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        manifold(real, fake)
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_no_neighbours_are_too_few() -> None:
    with pytest.raises(UsageError, match="k is 0"):
        precision_recall(np.zeros((9, 2)), np.zeros((9, 2)), k=0)
