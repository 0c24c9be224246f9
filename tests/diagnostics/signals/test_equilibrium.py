"""BEGAN's balance in series of known shares."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from steadygan.diagnostics.signals import convergence, convergence_measure, rails
from steadygan.errors import UsageError
from steadygan.objectives.equilibrium import BoundaryEquilibrium
from steadygan.types import CriticOutput


def test_shares_at_both_rails_are_counted() -> None:
    k = [0.0] * 3 + [0.4] * 5 + [1.0] * 2
    assert rails(k) == (0.3, 0.2, 1.0)
    assert rails([0.001, 0.5, 0.999], tolerance=0.01) == (pytest.approx(1 / 3), pytest.approx(1 / 3), 0.999)
    assert rails([0.1, 0.5], low=0.1) == (0.5, 0.0, 0.5)
    assert all(math.isnan(each) for each in rails([]))
    with pytest.raises(UsageError, match="high"):
        rails([0.5], low=1.0)


def test_a_balance_out_of_reach_ends_at_a_rail() -> None:
    began = BoundaryEquilibrium(gamma=0.5, rate=0.25)
    state = began.initial_state()
    measured, k = [], []
    for _ in range(10):  # the fakes' errors stay far below gamma times the real ones'
        state = began.next_state(CriticOutput(torch.tensor([2.0])), CriticOutput(torch.tensor([0.1])), state)
        k.append(float(state[0]))
        measured.append(float(state[1]))
    assert rails(k).high == 0.6  # 0.225 a step
    assert convergence_measure([2.0] * 10, [0.1] * 10, 0.5) == pytest.approx(measured)


def test_the_measure_falls_and_its_level_is_a_median() -> None:
    falling = np.linspace(1, 0.1, 100)
    falling[-1] = 50.0
    found = convergence(falling)
    assert found.trend.falls
    assert found.last == pytest.approx(np.median(falling[-10:]))
    assert found.best == found.last
    assert math.isnan(convergence([]).last)
