"""Movement: alternation, straight lines, circles and random walks of known length."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from steadygan.diagnostics.signals import data_deviation, displacement, movement
from steadygan.errors import UsageError

A, B = np.zeros((5, 1, 3)), np.full((5, 1, 3), 2.0)
APART = math.sqrt(12)


@pytest.mark.parametrize("looks", [3, 4, 9])
def test_two_generators_in_alternation_get_nowhere(looks: int) -> None:
    result = movement([(A, B)[i % 2] for i in range(looks)], deviation=0.5)
    assert result.path == pytest.approx((looks - 1) * APART / 0.5)
    assert result.net == pytest.approx(0 if looks % 2 else APART / 0.5)
    assert result.directness == pytest.approx(0 if looks % 2 else 1 / (looks - 1))


def test_a_straight_way_is_direct() -> None:
    result = movement([torch.full((4, 2), float(t)) for t in range(6)], deviation=1)
    assert result.path == result.net == pytest.approx(5 * math.sqrt(2)) and result.directness == pytest.approx(1)


def test_half_a_circle() -> None:
    angles = np.linspace(0, math.pi, 201)
    result = movement([[[math.cos(t), math.sin(t)]] for t in angles], deviation=1)
    assert result.path == pytest.approx(math.pi, rel=1e-4) and result.net == pytest.approx(2)


def test_a_random_walk_is_as_direct_as_one_over_the_root_of_its_steps() -> None:
    steps = np.random.default_rng(0).standard_normal((50, 200, 40))
    assert movement(list(np.cumsum(steps, axis=0)), 1).directness == pytest.approx(1 / 7, rel=0.05)


def test_nothing_that_moves() -> None:
    assert movement([A, A, A], 1) == (0.0, 0.0, 1.0)


def test_displacement_is_per_round_and_in_deviations_of_the_data() -> None:
    assert displacement(A, B, 0.5, rounds=10) == pytest.approx(APART / 0.5 / 10)
    real = np.array([[0.0, 0.0], [2.0, 4.0]])
    assert data_deviation(real) == pytest.approx(math.sqrt(2 + 8))
    assert displacement(A * 7, B * 7, data_deviation(real * 7)) == pytest.approx(
        displacement(A, B, data_deviation(real))
    )


@pytest.mark.parametrize(
    ("looks", "deviation", "said"),
    [
        ([A], 1.0, "2 looks or more; got 1"),
        ([A, B[:4]], 1.0, r"look 2 have shape \[4, 3\], those at look 1 \[5, 3\]"),
        ([A, B], 0.0, "deviation is 0.0; allowed: finite numbers above 0"),
        ([A, B * np.nan], 1.0, "samples at look 2 has NaN"),
    ],
)
def test_bad_input_is_one_clear_line(looks: list[np.ndarray], deviation: float, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        movement(looks, deviation)
