"""What holds for the specs of all penalties."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest
from torch import Tensor

from steadygan.errors import UsageError
from steadygan.penalties import (
    R1,
    R2,
    Between,
    Drift,
    GradientPenalty,
    Location,
    NearReal,
    OnFake,
    OnReal,
    Orthogonal,
    PathLength,
    Penalty,
    gradient_norm_at,
    gradient_penalty,
    on_real,
    r1_penalty,
    r2_penalty,
)
from tests.penalties.critics import batch, smooth_mlp


@pytest.mark.parametrize(
    ("spec", "function"),
    [
        (GradientPenalty(), lambda c, r, f: 10.0 * gradient_penalty(c, r, f, at=on_real)),
        (
            GradientPenalty(weight=0.1, target=2.0),
            lambda c, r, f: 0.1 * gradient_penalty(c, r, f, target=2.0, at=on_real),
        ),
        (GradientPenalty(one_sided=True), lambda c, r, f: 10.0 * gradient_penalty(c, r, f, one_sided=True, at=on_real)),
        (R1(gamma=3.0), lambda c, r, f: r1_penalty(c, r, gamma=3.0)),
        (R2(gamma=3.0), lambda c, r, f: r2_penalty(c, r, gamma=3.0)),
    ],
)
def test_a_penalty_is_its_weight_times_the_mean_of_its_terms(spec: Penalty, function: Callable[..., Tensor]) -> None:
    critic, samples = smooth_mlp(), batch(5, 3)
    slope = gradient_norm_at(critic, samples)
    held = spec.hold(slope)
    assert held.shape == (5,)
    expected = function(critic, samples, samples).item()
    assert (spec.weight * held.mean()).item() == pytest.approx(expected, rel=1e-9)


def test_only_penalties_on_a_scored_batch_share_its_pass() -> None:
    assert R1().at.shares_pass == "real" and R2().at.shares_pass == "fake"
    assert not GradientPenalty().at.shares_pass and not GradientPenalty(at=NearReal()).at.shares_pass


def test_the_default_weights_are_those_of_the_papers() -> None:
    assert (GradientPenalty().weight, GradientPenalty().target, GradientPenalty().one_sided) == (10.0, 1.0, False)
    assert isinstance(GradientPenalty().at, Between)
    assert (R1().gamma, Drift().weight) == (10.0, 1e-3)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("kind", [GradientPenalty, R1, R2, Drift])
def test_a_weight_that_cannot_be_one_is_refused_in_one_line(kind: type, weight: float) -> None:
    with pytest.raises(UsageError, match=kind.__name__) as error:
        kind(weight)
    assert "\n" not in str(error.value) and str(weight) in str(error.value)


@pytest.mark.parametrize("value", [-0.5, float("nan"), float("inf")])
def test_targets_and_scales_that_no_gradient_norm_or_noise_can_have_are_refused(value: float) -> None:
    with pytest.raises(UsageError, match=r"GradientPenalty.target"):
        GradientPenalty(target=value)
    with pytest.raises(UsageError, match=r"NearReal.scale"):
        NearReal(scale=value)


def test_every_spec_is_one_that_recipes_can_name() -> None:
    assert set(get_args(Penalty)) == {GradientPenalty, R1, R2, Drift, PathLength, Orthogonal}
    assert set(get_args(Location)) == {Between, OnReal, OnFake, NearReal}
