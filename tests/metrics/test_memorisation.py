"""Memorisation: known distances by hand, scipy's Mann-Whitney U, and how the numbers answer to copies and to blur."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

from steadygan.errors import UsageError
from steadygan.metrics import arrays
from steadygan.metrics.memorisation import compare_distances, memorisation, nearest_training

Array = NDArray[np.float64]


def draws(*counts: int, width: int = 10, seed: int = 0) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((count, width)) for count in counts]


def test_distances_by_hand() -> None:
    result = compare_distances([1.0, 2.0, 3.0, 4.0], [0.0, 2.0, 5.0], level=0.25)
    # fake 0 is below all four, 2 below two and equal to one, 5 below none
    assert result.nearer.value == pytest.approx((4 + 2.5 + 0) / 12)
    assert result.near_share.value == pytest.approx(1 / 3)  # the nearest quarter of held-out distances reaches to 1
    assert result.near_expected == 0.25
    assert result.exact.value == pytest.approx(1 / 3)
    assert result.level == 0.25


def test_the_rank_statistic_is_that_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(0)
    held_out, fake = rng.integers(0, 20, 80) / 4, rng.integers(0, 15, 50) / 4  # with ties
    expected = mannwhitneyu(held_out, fake).statistic / (80 * 50)
    assert compare_distances(held_out, fake).nearer.value == pytest.approx(expected, rel=1e-12)


def test_swapping_the_sides_mirrors_the_chance_and_swaps_the_errors() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random(40), rng.random(60) * 1.2
    one, other = compare_distances(a, b), compare_distances(b, a)
    assert one.nearer.value + other.nearer.value == pytest.approx(1)
    assert one.nearer.error == pytest.approx(other.held_out_error)


def test_the_two_errors_are_the_scatter_over_fresh_draws() -> None:
    rng = np.random.default_rng(2)
    held_out, fake = rng.gamma(9, size=150), rng.gamma(8, size=100)
    of_fakes = [compare_distances(held_out, rng.gamma(8, size=100)) for _ in range(300)]
    of_held_out = [compare_distances(rng.gamma(9, size=150), fake) for _ in range(300)]
    for field, results in (("nearer", of_fakes), ("near_share", of_fakes)):
        estimates = [getattr(result, field) for result in results]
        scatter = np.std([e.value for e in estimates], ddof=1)
        assert np.mean([e.error for e in estimates]) == pytest.approx(scatter, rel=0.15)
    scatter = np.std([result.nearer.value for result in of_held_out], ddof=1)
    assert np.mean([result.held_out_error for result in of_held_out]) == pytest.approx(scatter, rel=0.15)


def test_a_generator_that_learnt_the_distribution_scores_as_expected() -> None:
    train, held_out, fake = draws(1000, 800, 600)
    result = memorisation(train, held_out, fake)
    error = np.hypot(result.nearer.error or 0, result.held_out_error)
    assert abs(result.nearer.value - 0.5) < 3 * error
    assert result.near_share.value == pytest.approx(0.05, abs=0.035)
    assert result.near_expected == pytest.approx(0.05) and result.exact.value == 0


def test_every_number_rises_with_the_share_of_copies() -> None:
    train, held_out, fresh = draws(1000, 400, 400)
    results = []
    for copies in (0, 40, 200, 400):
        fake = fresh.copy()
        fake[:copies] = train[:copies]
        result = memorisation(train, held_out, fake)
        assert result.exact.value == copies / 400
        results.append((result.nearer.value, result.near_share.value))
    assert results == sorted(results) and len(set(results)) == 4
    assert results[-1] == (1.0, 1.0)


def test_noisy_copies_are_no_exact_copies_but_still_seen() -> None:
    train, held_out, noise = draws(1000, 400, 400)
    result = memorisation(train, held_out, train[:400] + 0.01 * noise)
    assert result.exact.value == 0
    assert result.nearer.value == 1 and result.near_share.value == 1


def test_samples_near_the_mean_count_as_memorised_as_the_docstring_warns() -> None:
    train, held_out, fake = draws(1000, 400, 400)
    result = memorisation(train, held_out, 0.3 * fake)
    assert result.nearer.value > 0.9 and result.exact.value == 0


def test_copies_are_seen_even_where_held_out_images_are_copies_too() -> None:
    train, held_out = draws(200, 100)
    held_out[:10] = train[:10]
    result = memorisation(train, held_out, train[:50])
    assert result.near_share.value == 1 and result.near_expected == pytest.approx(0.1)
    assert result.nearer.value == pytest.approx(0.95)


@pytest.mark.parametrize("block", [7, 2048])
def test_nearest_training_rows_are_those_of_all_distances_sorted(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_BLOCK_ROWS", block)
    train, queries = draws(50, 20)
    indices, distances = nearest_training(train, queries, 4)
    table = cdist(queries, train)
    np.testing.assert_array_equal(indices, np.argsort(table, axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(table, axis=1)[:, :4], rtol=1e-12)


def test_an_exact_copy_is_found_among_rows_a_hair_away() -> None:
    train = 1 + np.array([[3e-9], [1e-9], [0.0], [2e-9]]) * np.ones((1, 50))
    indices, distances = nearest_training(train, np.ones((1, 50)), 2)
    assert indices.tolist() == [[2, 1]] and distances[0, 0] == 0 < distances[0, 1]


def test_mapped_pixels_are_never_all_in_memory_as_float64(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    np.save(tmp_path / "train.npy", rng.integers(0, 256, (30_000, 784), dtype=np.uint8))  # 188 MB in float64
    train = np.load(tmp_path / "train.npy", mmap_mode="r")
    queries = np.asarray(train[[5, 29_999]])
    tracemalloc.start()
    indices, distances = nearest_training(train, queries, 1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert indices[:, 0].tolist() == [5, 29_999] and distances[:, 0].tolist() == [0, 0]
    assert peak < 60e6


def test_dtypes_do_not_change_the_answer() -> None:
    rng = np.random.default_rng(4)
    train, held_out, fake = (rng.integers(0, 256, (count, 12), dtype=np.uint8) for count in (90, 40, 30))
    whole = memorisation(train, held_out, fake)
    as_floats = memorisation(train.astype(np.float32), held_out.astype(np.float64), fake.astype(np.float32))
    assert whole == as_floats


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda a: memorisation(a, a[:1], a), "held-out rows: got 1 rows"),
        (lambda a: memorisation(a, a, a[:1]), "fake rows: got 1 rows"),
        (lambda a: memorisation(a, a, a[:, :2]), "3 and 2"),
        (lambda a: memorisation(a, a, a * np.nan), "fake rows has NaN"),
        (lambda a: memorisation(a, a, a, level=0.0), "level is 0.0"),
        (lambda a: nearest_training(a, a, 0), "count is 0"),
        (lambda a: nearest_training(a, a, 6), "training rows: got 5 rows where this metric needs at least 6"),
        (lambda a: compare_distances(a[:, 0], [np.nan, 1.0]), "fake distances has NaN"),
    ],
)
def test_bad_input_is_one_clear_line(call: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        call(np.ones((5, 3)))
    assert said in str(raised.value) and "\n" not in str(raised.value)
