"""Layers of a network that carry state: what they tell, refine and follow."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from steadygan.networks.layers.attention import SelfAttention
from steadygan.networks.layers.conditional import ConditionalBatchNorm, ProjectionHead
from steadygan.networks.layers.inspect import is_conditional, readings, settle
from steadygan.networks.layers.spectral import spectral_norm, with_spectral_norm
from tests.networks.spectral import spectral_norms


def network():
    return with_spectral_norm(nn.Sequential(nn.Conv2d(2, 4, 3), nn.Sequential(SelfAttention(4), nn.BatchNorm2d(4))))


def test_readings_are_named_by_kind_and_module():
    told = readings(network(), "critic")
    layers = [f"1.0.{name}" for name in ("query", "key", "value", "output")]
    assert set(told) == {f"sigma/critic.{name}" for name in ("0", *layers)} | {"gamma/critic.1.0"}
    assert all(value.dim() == 0 and not value.requires_grad for value in told.values())


def test_a_spectral_norm_tells_the_sigma_it_divides_by_and_moves_nothing():
    critic = network()
    before = {name: buffer.clone() for name, buffer in critic.named_buffers()}
    told = readings(critic)
    for name, sigma in spectral_norms(critic).items():
        assert told[f"sigma/{name}"] == sigma
    assert all(torch.equal(buffer, before[name]) for name, buffer in critic.named_buffers())


def test_the_network_itself_and_modules_without_readings_are_allowed():
    assert list(readings(spectral_norm(nn.Linear(3, 2)), "head")) == ["sigma/head"]
    assert readings(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), "critic") == {}
    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", nn.Identity())
    assert readings(layer) == {}
    settle(layer)


def test_spectral_norms_are_refined_to_weights_that_they_did_not_follow():
    critic = network().double()
    average = copy.deepcopy(critic).eval()
    with torch.no_grad():
        for parameter in average.parameters():
            parameter.normal_()

    def excess(layer):
        weight = layer.weight.detach().flatten(1).numpy()
        return abs(np.linalg.svd(weight, compute_uv=False)[0] - 1)

    before = excess(average[0])
    settle(average)
    assert before > 0.05 > 10 * excess(average[0])


@pytest.mark.parametrize("part", [ConditionalBatchNorm(4, 3), ProjectionHead(4, 3, "he")])
def test_a_network_is_conditional_through_any_part(part):
    assert is_conditional(nn.Sequential(nn.Linear(4, 4), nn.Sequential(part)))
    assert not is_conditional(network())
