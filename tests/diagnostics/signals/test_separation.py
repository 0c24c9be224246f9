"""Thresholds and ROC areas against brute force, saturation against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import softplus

from steadygan.diagnostics.signals import saturation, separation
from steadygan.errors import UsageError
from tests.diagnostics.signals.known import samples


def by_brute_force(real: Tensor, fake: Tensor) -> tuple[float, float]:
    thresholds = [*torch.cat([real, fake]).tolist(), math.inf]
    accuracy = max((float((real >= t).double().mean()) + float((fake < t).double().mean())) / 2 for t in thresholds)
    area = np.mean([1.0 if x > g else 0.5 if x == g else 0.0 for x in real.tolist() for g in fake.tolist()])
    return accuracy, float(area)


@pytest.mark.parametrize("seed", range(12))
def test_accuracy_and_area_are_those_of_all_thresholds_and_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    real = torch.from_numpy(rng.normal(0.5, 1, rng.integers(1, 30)))
    fake = torch.from_numpy(rng.normal(0, 1, rng.integers(1, 30)))
    if seed % 2:  # ties within a side and between both
        real, fake = (2 * real).round(), (2 * fake).round()
    assert separation(real, fake[:, None]) == pytest.approx(by_brute_force(real, fake), abs=1e-12)


def test_known_separations() -> None:
    low, high = torch.zeros(5), torch.ones(3)
    assert separation(high, low) == (1.0, 1.0)
    assert separation(low, high) == (0.5, 0.0)
    assert separation(low, low) == (0.5, 0.5)
    assert separation(low, high, real_is_high=False) == (1.0, 1.0)
    assert separation(torch.tensor([math.inf, 1.0]), torch.tensor([-math.inf, 0.0])) == (1.0, 1.0)
    assert all(math.isnan(each) for each in separation(torch.tensor([math.nan]), low))


def test_the_best_threshold_of_one_distribution_lies_above_chance_as_documented() -> None:
    found = [separation(samples(400, seed=2 * i), samples(400, seed=2 * i + 1)).accuracy for i in range(60)]
    assert np.mean(found) - 0.5 == pytest.approx(0.443 / math.sqrt(400), rel=0.15)


def test_shares_of_saturated_scores_are_counted_at_the_logit() -> None:
    edge = math.log(99.0)
    real = torch.tensor([edge + 0.01, edge - 0.01, -edge - 0.01, 0.0])
    fake = torch.tensor([0.0, -40.0])
    found = saturation(real, fake, lambda s: softplus(-s).mean())
    assert (found.real, found.fake) == (0.5, 0.5)
    assert found.derivative == pytest.approx((0.5 + 1.0) / 2)
    assert found.derivative_saturated == pytest.approx(1.0)


def test_a_saturating_loss_keeps_nothing_of_its_derivative_and_a_non_saturating_one_all() -> None:
    fake = torch.full((4,), -59.0).double()
    keeps = saturation(-fake, fake, lambda s: softplus(-s).mean())
    loses = saturation(-fake, fake, lambda s: -softplus(s).mean())
    assert keeps.derivative == pytest.approx(1.0)
    assert loses.derivative == pytest.approx(math.exp(-59.0), rel=1e-6)
    least_squares = saturation(-fake, torch.zeros(3), lambda s: 0.5 * (s - 1).square().mean())
    assert least_squares.derivative == pytest.approx(1.0)
    assert math.isnan(least_squares.derivative_saturated)


def test_what_is_no_score_or_no_loss_is_one_line() -> None:
    with pytest.raises(UsageError, match="scores"):
        separation(torch.zeros(3, 4), torch.zeros(3))
    with pytest.raises(UsageError, match="scores"):
        separation(torch.zeros(0), torch.zeros(3))
    with pytest.raises(UsageError, match="eps"):
        saturation(torch.zeros(2), torch.zeros(2), lambda s: s.mean(), eps=0.5)
    with pytest.raises(UsageError, match="scalar"):
        saturation(torch.zeros(2), torch.zeros(2), lambda s: s)
