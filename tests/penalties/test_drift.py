"""The drift penalty: the mean square of real scores."""

from __future__ import annotations

import pytest
import torch

from steadygan.penalties import (
    Drift,
    drift_penalty,
)
from tests.penalties.critics import batch


def test_drift_is_the_mean_square_of_real_scores() -> None:
    scores = batch(7)
    assert drift_penalty(scores, 0.3).item() == pytest.approx(0.3 * (scores.numpy() ** 2).mean(), rel=1e-12)


def test_the_drift_spec_is_of_scores_and_takes_no_gradient() -> None:
    scores = batch(5)
    spec = Drift(0.01)
    assert spec.at is None
    got = (spec.weight * spec.hold(scores).mean()).item()
    assert got == pytest.approx(drift_penalty(scores, 0.01).item(), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_drift_in_half_precision_is_that_of_the_same_scores_in_float64(dtype: torch.dtype) -> None:
    scores = (300.0 + batch(64)).to(dtype)
    right = 1e-3 * scores.double().square().mean().item()
    for found in (drift_penalty(scores), drift_penalty(scores[:, None]), 1e-3 * Drift().hold(scores).mean()):
        assert found.dtype == torch.float32 and found.item() == pytest.approx(right, rel=1e-6)


def test_drift_of_scales_is_their_mean() -> None:
    maps = [batch(4, 1, 3, 3), batch(4, 1, 2, 2, seed=1)]
    right = 0.5 * sum((scores.numpy() ** 2).mean() for scores in maps)
    assert drift_penalty(maps, 1.0).item() == pytest.approx(right, rel=1e-12)
