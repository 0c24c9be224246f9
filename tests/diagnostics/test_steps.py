"""Norms of gradients and steps, by a closed form."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.diagnostics.steps import mean_step, norm_of_gradients, weights_of
from steadygan.errors import UsageError


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


def test_sparse_gradients_have_the_norm_of_dense_ones() -> None:
    norms = []
    for sparse in (False, True):
        table = nn.Embedding(5, 2, sparse=sparse)
        (table(torch.tensor([1, 3, 1])) * torch.tensor([3.0, 4.0])).sum().backward()  # (6, 8) and (3, 4)
        assert table.weight.grad is not None and table.weight.grad.is_sparse == sparse
        norms.append(float(norm_of_gradients([*table.parameters(), *nn.Linear(2, 2).parameters()])))
    assert norms == pytest.approx([125**0.5] * 2)


def test_gradients_of_complex_weights_have_both_parts() -> None:
    weight = nn.Parameter(torch.zeros(2, dtype=torch.complex64))
    weight.grad = torch.tensor([3 + 4j, 12j])
    assert float(norm_of_gradients([weight])) == pytest.approx(13.0)


def test_a_step_between_other_parameters_is_refused_in_one_line() -> None:
    network = nn.Sequential(nn.Linear(2, 1))
    before = weights_of(network.parameters())
    with pytest.raises(UsageError, match="5 numbers in 4 tensors, where there were 3 numbers in 2 tensors") as error:
        mean_step(before, [*network.append(nn.Linear(1, 1)).parameters()], 1)
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match="other parameters"):  # not broadcast
        mean_step([torch.zeros(1)], [nn.Parameter(torch.zeros(3))], 1)
