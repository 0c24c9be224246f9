"""Faults of the data, planted in known shares."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.diagnostics.of_data import duplicate_share, of_data
from steadygan.diagnostics.own_loop import OwnSamples, subject_of
from steadygan.diagnostics.real_side import RealSide


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
    assert found["data_spread_ratio"] > 2.5
