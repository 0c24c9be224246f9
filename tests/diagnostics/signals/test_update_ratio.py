"""Changes of parameters by a known share."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from steadygan.diagnostics.signals import parameters_before, update_ratios
from steadygan.errors import UsageError


def test_a_change_by_a_share_of_the_norm_is_that_share() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    nn.init.zeros_(network[1].bias)
    before = parameters_before(network)
    with torch.no_grad():
        network[0].weight.mul_(1.25)
        network[1].weight.mul_(-1)
        network[1].bias.add_(1)
    found = update_ratios(before, network)
    expected = {"0.weight": 0.25, "0.bias": 0.0, "1.weight": 2.0, "1.bias": math.inf}
    assert found.parameters == pytest.approx(expected, rel=1e-6)
    assert (found.middle, found.largest) == (pytest.approx(1.125), math.inf)


def test_one_step_of_gradient_descent_has_the_rate_times_the_gradient() -> None:
    layer = nn.Linear(3, 1, bias=False).double()
    before = parameters_before(layer)
    optimizer = torch.optim.SGD(layer.parameters(), 1e-9)
    layer(torch.ones(1, 3).double()).sum().backward()
    optimizer.step()
    expected = 1e-9 * math.sqrt(3) / float(before["weight"].norm())
    assert update_ratios(before, layer).largest == pytest.approx(expected, rel=1e-5)


def test_other_parameters_are_refused() -> None:
    with pytest.raises(UsageError, match="weight"):
        update_ratios({"a": torch.ones(1)}, nn.Linear(1, 1))
    with pytest.raises(UsageError, match="shape"):
        update_ratios({"a": torch.ones(1)}, {"a": torch.ones(2)})
    with pytest.raises(UsageError, match="none"):
        update_ratios({}, {})
