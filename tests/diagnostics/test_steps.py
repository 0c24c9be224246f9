"""Norms of gradients and steps, by a closed form."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.diagnostics.steps import mean_step, norm_of_gradients, weights_of


def test_a_step_is_measured_over_the_weights_before_it() -> None:
    network = nn.Linear(2, 1)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[3.0, 4.0]]))
        network.bias.zero_()
    before = weights_of(network.parameters())
    with torch.no_grad():
        network.bias.add_(1.0)
    assert float(mean_step(before, network.parameters(), 2)) == pytest.approx(0.1)


def test_gradients_are_those_that_the_parameters_hold() -> None:
    network = nn.Linear(2, 1, bias=False)
    assert float(norm_of_gradients(network.parameters())) == 0.0
    network(torch.tensor([[3.0, 4.0]])).sum().backward()
    assert float(norm_of_gradients(network.parameters())) == pytest.approx(5.0)


def test_weights_that_are_all_zero_make_no_number_that_is_not_finite() -> None:
    network = nn.Linear(2, 1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    before = weights_of(network.parameters())
    assert float(mean_step(before, network.parameters(), 1)) == 0.0
    with torch.no_grad():
        network.bias.add_(1e-3)
    assert torch.isfinite(mean_step(before, network.parameters(), 1))
    assert float(mean_step([], [], 1)) == 0.0
