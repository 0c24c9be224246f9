"""Lipschitz estimates of critics whose constant is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from steadygan.diagnostics.signals import lipschitz_estimate
from steadygan.errors import UsageError
from tests.diagnostics.signals.known import Linear, assert_no_trace, bowl, samples


def test_the_steepest_pair_is_found_among_all() -> None:
    x = samples(130, 3)  # more than one block of rows
    points, scores = x.numpy(), bowl(x).numpy()
    steepest = max(
        abs(scores[i] - scores[j]) / np.linalg.norm(points[i] - points[j]) for i in range(130) for j in range(i)
    )
    found = lipschitz_estimate(bowl, x)
    assert found.pairs == pytest.approx(steepest, rel=1e-10)
    assert found.gradient == pytest.approx(float(x.norm(dim=1).max()), rel=1e-10)
    assert found.largest == max(found)


def test_a_linear_critic_reaches_its_constant_along_its_weight() -> None:
    weight = samples(4)
    found = lipschitz_estimate(Linear(weight), torch.stack([torch.zeros(4).double(), weight]))
    assert found == pytest.approx((float(weight.norm()),) * 2, rel=1e-12)


def test_a_step_that_no_gradient_sees_is_seen_by_pairs() -> None:
    x = torch.tensor([[0.0], [0.5], [1.0]]).double()
    found = lipschitz_estimate(lambda p: 0.001 * p[:, 0] + (p[:, 0] > 0.4), x)
    assert found.gradient == pytest.approx(0.001)
    assert found.pairs == pytest.approx(2.001)


def test_samples_that_coincide_have_no_quotient() -> None:
    found = lipschitz_estimate(bowl, torch.ones(4, 2))
    assert math.isnan(found.pairs)
    assert found.largest == found.gradient == pytest.approx(math.sqrt(2))


def test_rounding_of_pairs_that_nearly_coincide_is_no_slope() -> None:
    x = torch.tensor([[1.0], [1.0 + 1e-7], [2.0]])
    assert lipschitz_estimate(lambda p: 1e6 + p[:, 0], x).pairs == pytest.approx(1.0, rel=0.1)


def test_nothing_is_left_behind_and_one_sample_is_refused() -> None:
    assert_no_trace(lambda critic: lipschitz_estimate(critic, samples(8, 6)))
    with pytest.raises(UsageError, match="pairs"):
        lipschitz_estimate(bowl, samples(1, 2))
