"""Weights at the bound, counted where their number is known."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.diagnostics.signals import clipped_share
from steadygan.errors import UsageError


def test_a_share_of_weights_at_the_bound_is_counted_by_layer() -> None:
    network = nn.Sequential(nn.Linear(10, 10, bias=False), nn.Linear(10, 3, bias=False))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(-0.0099, 0.0099)
        network[0].weight.view(-1)[:20] = 0.01
        network[0].weight.view(-1)[20:37] = -0.01
        network[1].weight.view(-1)[:6] = -0.01
    found = clipped_share(network, 0.01)
    assert found.layers == {"0.weight": pytest.approx(0.37), "1.weight": pytest.approx(0.2)}
    assert found.total == pytest.approx(43 / 130)


def test_weights_just_inside_do_not_count_and_any_named_tensors_are_taken() -> None:
    assert clipped_share({"w": torch.tensor([0.99, 0.9995, -1.0, 0.0])}, 1.0).total == 0.5
    assert clipped_share([("w", torch.tensor([0.99, 0.9995]))], 1.0, near=0.9).total == 1.0


def test_there_must_be_weights_and_a_bound() -> None:
    with pytest.raises(UsageError, match="limit"):
        clipped_share(nn.Linear(2, 2), 0.0)
    with pytest.raises(UsageError, match="no weights"):
        clipped_share(nn.ReLU(), 1.0)
