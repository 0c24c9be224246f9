"""Diversity: points with known distances and variances, collapse, and copies of one sample."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from steadygan.diagnostics.signals import diversity, effective_rank, mean_pairwise_distance
from steadygan.errors import UsageError
from steadygan.types import Scales


def axes(count: int) -> np.ndarray:
    """Points of which each two are sqrt(2) apart."""
    return np.eye(count)


def test_the_distance_is_the_mean_over_distinct_pairs() -> None:
    assert mean_pairwise_distance(axes(20)) == pytest.approx(math.sqrt(2), rel=1e-14)
    assert mean_pairwise_distance([[0.0], [1.0], [3.0]]) == pytest.approx((1 + 3 + 2) / 3, rel=1e-14)


@pytest.mark.parametrize("copies", [2, 10, 25, 50])
def test_a_share_of_copies_lowers_the_distance_by_its_square(copies: int) -> None:
    real = axes(50)
    fake = real.copy()
    fake[:copies] = real[0]
    result = diversity(fake, real)
    assert result.distance_ratio == pytest.approx(1 - copies * (copies - 1) / (50 * 49), rel=1e-12)
    assert result.distance_ratio == pytest.approx(1 - (copies / 50) ** 2, abs=0.02)


@pytest.mark.parametrize("directions", [1, 3, 8])
@pytest.mark.parametrize("width", [8, 200])
def test_equal_variance_along_k_directions_has_rank_k(directions: int, width: int) -> None:
    points = np.concatenate([np.eye(width)[:directions], -np.eye(width)[:directions]]) + 5
    assert effective_rank(points) == pytest.approx(directions, rel=1e-9)


def test_k_of_k_modes() -> None:
    real = np.repeat(np.eye(10), 6, axis=0) * 3
    for modes in range(2, 11):
        fake = real[: 6 * modes]
        assert effective_rank(fake) == pytest.approx(modes - 1, rel=1e-9)  # a simplex of k points
    result = diversity(real, real)
    assert (result.distance_ratio, result.effective_rank_ratio) == (1.0, 1.0)


def test_unequal_variances_by_hand() -> None:
    points = [[3.0, 0], [-3, 0], [0, 1], [0, -1]]
    shares = (0.9, 0.1)
    assert effective_rank(points) == pytest.approx(math.exp(-sum(p * math.log(p) for p in shares)), rel=1e-12)


def test_a_single_point_has_no_diversity_however_it_is_stored() -> None:
    real = np.random.default_rng(0).standard_normal((40, 3, 4, 4))
    for point in (0.1, 1e6 / 3):
        fake = np.full((40, 3, 4, 4), point)
        assert diversity(fake, real) == (0.0, 0.0, 0.0, 0.0)


def test_scaling_scales_the_distance_and_not_the_rank() -> None:
    real = np.random.default_rng(1).standard_normal((30, 6))
    result = diversity(1e-8 * real + 1, real)
    assert result.distance_ratio == pytest.approx(1e-8, rel=1e-6)
    assert result.effective_rank_ratio == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_any_dtype_and_shape_is_computed_in_float64(dtype: torch.dtype) -> None:
    samples = torch.randint(-8, 8, (20, 3, 4, 4), generator=torch.Generator().manual_seed(0)).to(dtype)
    samples.requires_grad_(True)
    expected = mean_pairwise_distance(samples.detach().double().flatten(1).numpy())
    assert mean_pairwise_distance(samples) == expected
    assert mean_pairwise_distance(Scales((samples[..., :1, :1], samples))) == expected


def test_as_many_of_both_sides_are_taken_and_always_the_same() -> None:
    rng = np.random.default_rng(2)
    real, fake = rng.standard_normal((500, 40)), rng.standard_normal((50, 40))
    assert diversity(fake, real).effective_rank_ratio == pytest.approx(1, abs=0.1)
    assert diversity(fake, real) == diversity(fake, real)


def test_which_samples_are_taken_has_no_period() -> None:
    labels = np.arange(1000.0) % 10
    assert len(set(np.unique(labels[:, None][:: 1000 // 100]))) == 1  # what every tenth would meet
    assert mean_pairwise_distance(labels[:, None], limit=100) == pytest.approx(3.33, abs=0.3)


@pytest.mark.parametrize(
    ("fake", "said"),
    [
        (np.ones((4, 2)), "2 numbers each, real ones 3"),
        (np.ones((1, 3)), "got 1 samples where at least 2"),
        (np.full((4, 3), np.nan), "NaN or infinite"),
        (np.ones(4), "must be [N, ...]"),
        ([[1.0], [1.0, 2.0]], "cannot be read as an array"),
    ],
)
def test_bad_input_is_one_clear_line(fake: object, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        diversity(fake, np.ones((4, 3)))  # type: ignore[arg-type]
    assert said in str(raised.value) and "\n" not in str(raised.value)
