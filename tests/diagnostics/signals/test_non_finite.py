"""Values that are not finite, written into a known place."""

from __future__ import annotations

import contextlib
import math

import pytest
import torch
from torch import nn

from steadygan.diagnostics.signals import NonFiniteTrace, non_finite_names
from tests.diagnostics.signals.known import assert_no_trace, samples


def deep() -> nn.Sequential:
    torch.manual_seed(0)
    block = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.BatchNorm1d(4))
    return nn.Sequential(nn.Linear(3, 4), block, nn.Linear(4, 1))


@pytest.mark.parametrize("place", ["0.weight", "1.0.bias", "1.2.weight", "2.weight", "2.bias"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_in_a_named_layer_is_traced_to_it(place: str, value: float) -> None:
    critic = deep()
    with torch.no_grad():
        critic.get_parameter(place).view(-1)[0] = value
    with NonFiniteTrace(critic=critic) as trace:
        critic(samples(5, 3).float())
    first = trace.first()
    assert first == ("parameter", f"critic.{place}")
    assert str(first) == f"parameter critic.{place}"


def test_a_buffer_an_input_and_an_overflow_are_told_apart() -> None:
    critic = deep().eval()
    critic[1][2].running_var[1] = math.nan
    with NonFiniteTrace(critic=critic) as trace:
        critic(samples(5, 3).float())
    assert trace.first() == ("buffer", "critic.1.2.running_var")
    with NonFiniteTrace(critic=deep()) as trace:
        deep_critic = trace.networks["critic"]
        deep_critic(torch.full((2, 3), math.nan))
    assert trace.first() == ("input", "critic.0")

    class Root(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x - 1).sqrt()

    network = nn.Sequential(nn.Identity(), Root(), nn.ReLU())
    with NonFiniteTrace(generator=network) as trace:
        network(torch.zeros(2, 2))
    assert trace.first() == ("output", "generator.1")
    assert str(trace.first()) == "output of generator.1"


def test_the_first_of_two_networks_is_named() -> None:
    generator, critic = nn.Linear(2, 3), deep()
    with torch.no_grad():
        generator.bias[0] = math.inf
        critic[0].weight[0] = math.nan
    with NonFiniteTrace(critic=critic, generator=generator) as trace:
        critic(generator(torch.zeros(4, 2)))
    assert trace.first() == ("parameter", "generator.bias")


def test_a_sound_network_has_none_and_hooks_are_gone_even_after_an_error() -> None:
    critic = deep()
    trace = NonFiniteTrace(critic=critic)
    with contextlib.suppress(RuntimeError), trace:
        critic(samples(5, 3).float())
        critic(samples(5, 4).float())  # does not fit
    assert trace.first() is None
    assert not any(module._forward_hooks for module in critic.modules())


def test_what_is_traced_computes_the_same() -> None:
    critic, x = deep().eval(), samples(5, 3).float()
    with NonFiniteTrace(critic=critic):
        traced = critic(x)
    assert torch.equal(traced, critic(x))
    assert_no_trace(lambda network: NonFiniteTrace(critic=network).__enter__().__exit__(None, None, None))


def test_terms_are_named_in_order() -> None:
    terms = {
        "critic loss": torch.tensor(1.0),
        "penalty": torch.tensor([1.0, -math.inf]),
        "steps": torch.tensor(3),
        "generator loss": math.nan,
        "lazy penalty": None,
        "rate": 0.1,
    }
    assert non_finite_names(terms) == ["penalty", "generator loss"]
    assert non_finite_names(deep().named_parameters()) == []
    assert non_finite_names({}) == []
    assert non_finite_names({"z": torch.tensor([complex(0, math.nan)])}) == ["z"]
