"""The drift penalty: the mean square of real scores."""

from __future__ import annotations

import pytest

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
