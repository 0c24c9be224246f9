"""Faults of the data, planted in known shares."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.diagnostics.of_data import duplicate_share, of_data, spread_error
from steadygan.diagnostics.own_loop import subject_of
from steadygan.diagnostics.own_samples import OwnSamples
from steadygan.diagnostics.real_side import RealSide
from steadygan.diagnostics.signals.movement import data_deviation


def test_shares_of_copies_are_exact() -> None:
    rows = np.random.default_rng(0).normal(size=(100, 3))
    assert duplicate_share(rows) == 0.0
    rows[10:20] = rows[0]
    assert duplicate_share(rows) == 0.11


def test_planted_faults_are_measured() -> None:
    torch.manual_seed(0)
    real, held_out = torch.randn(400, 6), 3 * torch.randn(100, 6)
    real[:, 2] = 0.25
    real[:40] = 0.25
    subject = subject_of(nn.Linear(4, 6), nn.Linear(6, 1), OwnSamples(torch.randn(64, 4), real, held_out))
    stored = dataclasses.replace(subject, stored=real.numpy())
    found = of_data(RealSide(stored))
    assert found["data_duplicates"] == pytest.approx(0.1)
    assert found["data_blank"] == pytest.approx(0.1)
    assert found["data_constant"] == pytest.approx(1 / 6)
    assert found["data_spread_ratio"] > 2.5 and found["data_spread_errors"] > 8


@pytest.mark.parametrize("draw", [lambda rng, n: rng.lognormal(size=(n, 2)), lambda rng, n: rng.standard_t(3, (n, 2))])
@pytest.mark.parametrize("few", [16, 256])
def test_the_spread_of_few_samples_with_heavy_tails_is_told_from_one_that_differs(draw, few: int) -> None:
    """Of one distribution, a tenth to a half of the ratios lie beyond 0.7 and 1.3, and none is 4 errors from 1."""
    rng, far = np.random.default_rng(0), 0
    for _ in range(200):
        train, held_out = draw(rng, 1000), draw(rng, few)
        logarithm = abs(np.log(data_deviation(held_out) / data_deviation(train)))
        far += logarithm > np.log(1.3)
        assert logarithm < 4 * spread_error(held_out, train)
    assert far > 5
    normal, wide = rng.standard_normal((1000, 2)), 1.5 * rng.standard_normal((few, 2))
    if few == 256:
        assert np.log(data_deviation(wide) / data_deviation(normal)) > 4 * spread_error(wide, normal)
