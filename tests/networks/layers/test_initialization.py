"""Initial weights: standard deviations from the fan rules, written out again, and their distributions."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from steadygan.networks import (
    DCGANCritic,
    DCGANGenerator,
    MLPCritic,
    MLPGenerator,
    ResNet64Critic,
    ResNet64Generator,
    ResNetCritic,
    ResNetGenerator,
)
from steadygan.networks.layers.convolutions import ConvMeanPool, SameConv, SameConvTranspose, UpsampleConv
from steadygan.networks.layers.initialization import initialized
from steadygan.types import SampleSpec

CASES = [
    (lambda: nn.Linear(200, 300), "glorot", math.sqrt(2 / 500)),
    (lambda: nn.Linear(200, 300), "he", math.sqrt(2 / 200)),
    (lambda: SameConv(20, 40, 5, stride=2), "he", math.sqrt(4 / (20 * 25 + 40 * 25 / 4))),
    (lambda: SameConv(20, 40, 3), "he", math.sqrt(4 / (20 * 9 + 40 * 9))),
    (lambda: SameConv(60, 90, 1), "glorot", math.sqrt(2 / (60 + 90))),
    (lambda: SameConvTranspose(20, 40, 5), "he", math.sqrt(4 / (20 * 25 / 4 + 40 * 25))),
    (lambda: ConvMeanPool(20, 40), "he", math.sqrt(4 / (20 * 9 + 40 * 9))),
    (lambda: UpsampleConv(20, 40), "he", math.sqrt(4 / (20 * 9 + 40 * 9))),
    (lambda: SameConv(20, 40, 5, stride=2), "uniform_0.02", 0.02),
    (lambda: nn.Linear(200, 300), "uniform_0.02", 0.02),
]


@pytest.mark.parametrize(("make", "scheme", "deviation"), CASES)
def test_weights_are_uniform_with_the_deviation_of_the_fan_rule(make, scheme, deviation):
    layer = initialized(make(), scheme)
    weight, bound = layer.weight.detach(), deviation * math.sqrt(3)
    assert weight.std().item() == pytest.approx(deviation, rel=0.03)
    assert weight.abs().max().item() <= bound * (1 + 1e-6)
    assert weight.abs().max().item() > 0.99 * bound
    assert abs(weight.mean().item()) < 0.05 * deviation
    assert torch.count_nonzero(layer.bias) == 0


def test_normal_weights_go_beyond_every_uniform_bound():
    weight = initialized(SameConv(20, 40, 5), "normal_0.02").weight.detach()
    assert weight.std().item() == pytest.approx(0.02, rel=0.03)
    assert weight.abs().max().item() > 0.02 * 3


def test_the_same_seed_gives_the_same_weights():
    def weights(seed):
        torch.manual_seed(seed)
        return torch.cat([p.flatten() for p in DCGANCritic(width=4).build(SampleSpec((3, 16, 16))).parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def uniform_deviation(weight):
    """The deviation of uniform weights from their largest, which many draws pin down."""
    return weight.detach().abs().max().item() / math.sqrt(3)


def layers_of(module):
    return [part for part in module.modules() if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]


def test_mlps_have_he_hidden_layers_and_glorot_ends():
    for module in (MLPGenerator().build(SampleSpec((2,)), 2), MLPCritic().build(SampleSpec((2,)))):
        *hidden, last = layers_of(module)
        assert len(hidden) == 3
        for layer in hidden:
            assert uniform_deviation(layer.weight) == pytest.approx(math.sqrt(2 / layer.in_features), rel=0.01)
        fans = last.in_features + last.out_features
        assert uniform_deviation(last.weight) == pytest.approx(math.sqrt(2 / fans), rel=0.02)


def test_dcgans_have_he_convolutions_and_glorot_linear_layers():
    sample = SampleSpec((3, 32, 32))
    start, *ups = layers_of(DCGANGenerator(width=16).build(sample, 128))
    *downs, score = layers_of(DCGANCritic(width=16).build(sample))
    for layer in (start, score):
        fans = layer.in_features + layer.out_features
        assert uniform_deviation(layer.weight) == pytest.approx(math.sqrt(2 / fans), rel=0.02)
    for layer in ups:
        fans = layer.in_channels * 25 / 4 + layer.out_channels * 25
        assert uniform_deviation(layer.weight) == pytest.approx(math.sqrt(4 / fans), rel=0.02)
    for layer in downs:
        fans = layer.in_channels * 25 + layer.out_channels * 25 / 4
        assert uniform_deviation(layer.weight) == pytest.approx(math.sqrt(4 / fans), rel=0.02)


def test_the_64_px_scheme_holds_for_every_layer_of_a_dcgan():
    sample = SampleSpec((3, 64, 64))
    networks = (
        DCGANGenerator(width=8, init="uniform_0.02").build(sample, 128),
        DCGANCritic(width=8, init="uniform_0.02").build(sample),
    )
    for layer in [layer for network in networks for layer in layers_of(network)]:
        assert uniform_deviation(layer.weight) == pytest.approx(0.02, rel=0.02)


def test_the_original_wgans_scheme_also_draws_the_scales_of_batch_norms():
    critic = DCGANCritic(width=64, norm="batch", init="normal_0.02").build(SampleSpec((3, 32, 32)))
    scales = torch.cat([p.weight.detach() for p in critic.modules() if isinstance(p, nn.BatchNorm2d)])
    assert scales.mean().item() == pytest.approx(1.0, abs=0.005)
    assert scales.std().item() == pytest.approx(0.02, rel=0.15)


def test_resnets_have_glorot_shortcuts_and_he_branches():
    networks = {
        ResNetGenerator(width=32).build(SampleSpec((3, 32, 32)), 64): {"last": "glorot"},
        ResNetCritic(width=32).build(SampleSpec((3, 32, 32))): {"first": "he"},
        ResNet64Generator(width=8).build(SampleSpec((3, 64, 64)), 64): {"last": "he"},
        ResNet64Critic(width=8).build(SampleSpec((3, 64, 64))): {"first": "glorot"},
    }
    for network, ends in networks.items():
        convolutions = [layer for layer in layers_of(network) if isinstance(layer, nn.Conv2d)]
        for layer in convolutions:
            rule = "glorot" if layer.kernel_size == (1, 1) else "he"
            rule = ends.get("last", rule) if layer is convolutions[-1] else rule
            rule = ends.get("first", rule) if layer is convolutions[0] else rule
            fans = (layer.in_channels + layer.out_channels) * layer.kernel_size[0] ** 2
            expected = math.sqrt((4 if rule == "he" else 2) / fans)
            assert uniform_deviation(layer.weight) == pytest.approx(expected, rel=0.05)
