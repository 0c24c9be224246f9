"""Gradients by layer of networks in which they shrink or grow by a known factor."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from steadygan.diagnostics.signals import layer_gradients
from steadygan.diagnostics.signals.layer_gradients import depth_slope
from steadygan.errors import UsageError
from tests.diagnostics.signals.known import assert_no_trace, orthogonal_stack, samples


@pytest.mark.parametrize("scale", [1e-4, 0.1, 1.0, 3.0, 1e4])
def test_scaled_layers_have_a_slope_of_the_logarithm_of_the_scale(scale: float) -> None:
    network, x = orthogonal_stack(scale), samples(7, 5)
    found = layer_gradients(network, lambda: network(x)[:, 0].mean())
    assert found.activation_slope == pytest.approx(math.log10(scale), abs=1e-9)
    assert list(found.activations) == ["0", "1", "2", "3", "4", "5"]
    assert found.activations["5"] == pytest.approx(1 / math.sqrt(7))


def test_weight_norms_are_those_of_backward() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv1d(2, 3, 2), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(9, 1)).double()
    x = samples(6, 2, 4)
    found = layer_gradients(network, lambda: network(x).square().mean())
    assert network[0].weight.grad is None
    network(x).square().mean().backward()
    expected = {name: float(network[int(name)].weight.grad.norm()) for name in ("0", "3")}
    assert found.weights == pytest.approx(expected, rel=1e-10)
    assert found.mean_weight == pytest.approx(sum(expected.values()) / 2)


def test_the_gradient_of_an_output_is_taken_before_what_works_on_it_in_place() -> None:
    network = nn.Sequential(nn.Linear(3, 3, bias=False), nn.LeakyReLU(0.5, inplace=True), nn.Linear(3, 1, bias=False))
    with torch.no_grad():
        network[0].weight.copy_(-torch.eye(3))
        network[2].weight.fill_(2.0)
    found = layer_gradients(network, lambda: network(torch.ones(1, 3)).sum())
    assert found.activations["0"] == pytest.approx(0.5 * 2 * math.sqrt(3), rel=1e-6)


def test_layers_of_one_pass_and_of_two_are_in_forward_order_and_two_add_as_squares() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(3, 1, bias=False)
            self.body = nn.Linear(2, 3, bias=False)
            self.unused = nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.body(x))

    network = Backwards().double()
    x = samples(4, 2)
    once = layer_gradients(network, lambda: network(x).sum())
    twice = layer_gradients(network, lambda: network(x).sum() - network(x).sum())
    assert list(once.weights) == list(once.activations) == ["body", "head"]
    assert twice.activations["head"] == pytest.approx(math.sqrt(2) * once.activations["head"])
    assert twice.weights["head"] == pytest.approx(0, abs=1e-12)


def test_dead_units_are_layers_without_gradient() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    nn.init.constant_(network[0].bias, -100.0)
    found = layer_gradients(network, lambda: network(samples(4, 2).float()).sum())
    assert found.without_gradient == ("0", "2")
    assert math.isnan(found.weight_slope)


def test_a_generator_is_measured_through_its_critic() -> None:
    generator, critic = nn.Linear(2, 3).double(), nn.Linear(3, 1).double()
    z = samples(4, 2)
    found = layer_gradients(generator, lambda: -critic(generator(z)).mean())
    assert found.activations["network"] == pytest.approx(float(critic.weight.detach().norm()) / 2)
    assert critic.weight.grad is None


def test_a_frozen_critic_has_activations_alone() -> None:
    critic, x = orthogonal_stack(0.5).requires_grad_(False), samples(4, 5).requires_grad_(True)
    found = layer_gradients(critic, lambda: critic(x).sum())
    assert found.weights == {}
    assert found.activation_slope == pytest.approx(math.log10(0.5))


def test_a_compiled_network_has_the_names_of_the_one_inside() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    compiled = torch.compile(network, backend="eager", disable=True)
    assert list(layer_gradients(compiled, lambda: compiled(torch.ones(2, 2)).sum()).weights) == ["0", "1"]


def test_slopes_leave_out_what_has_no_logarithm() -> None:
    assert depth_slope([1e-3, 0.0, 1e-1]) == pytest.approx(-1.0)
    assert depth_slope([math.inf, 1e-3, 1e-2, 1e-1]) == pytest.approx(-1.0)
    assert math.isnan(depth_slope([0.0, 1.0]))


def test_nothing_is_left_behind_and_what_is_no_loss_is_one_line() -> None:
    assert_no_trace(lambda critic: layer_gradients(critic, lambda: critic(samples(8, 6)).mean()))
    network = nn.Linear(2, 1)
    with pytest.raises(UsageError, match="scalar"):
        layer_gradients(network, lambda: network(torch.ones(3, 2)))
    with pytest.raises(UsageError, match="no layer"):
        layer_gradients(network, lambda: network.bias.sum())
    assert not network._forward_hooks
