from __future__ import annotations

import pytest
import torch

from steadygan.networks import (
    ResNet64Critic,
    ResNet64Generator,
    ResNetCritic,
    ResNetGenerator,
    parameter_count,
)
from steadygan.networks.blocks import ResidualBlock
from steadygan.networks.layers import couples_batch
from steadygan.networks.resnet import SIZES
from steadygan.types import SampleSpec

CIFAR, LARGE = SampleSpec((3, 32, 32), classes=10), SampleSpec((3, 64, 64))


def test_cifar_networks_have_the_papers_parameter_counts():
    assert parameter_count(ResNetGenerator().build(CIFAR, 128)) == 1_204_483
    assert parameter_count(ResNetCritic().build(CIFAR)) == 1_053_825


def test_a_class_head_adds_the_papers_1290_parameters():
    assert parameter_count(ResNetCritic(class_logits=True).build(CIFAR)) == 1_053_825 + 1_290


def test_good_64_px_networks_have_the_authors_parameter_counts():
    assert parameter_count(ResNet64Generator().build(LARGE, 128)) == 8_540_483
    assert parameter_count(ResNet64Critic().build(LARGE)) == 7_491_841


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_size_is_made_and_read(size, channels):
    sample = SampleSpec((channels, size, size))
    samples = ResNetGenerator(width=4).build(sample, 3)(torch.randn(2, 3))
    assert samples.shape == (2, channels, size, size)
    assert samples.abs().max() <= 1
    assert ResNetCritic(width=4).build(sample)(samples).score.shape == (2,)


@pytest.mark.parametrize("norm", ["batch", "layer", "instance", "none"])
def test_every_norm_is_built_in_both_families(norm):
    for generator, critic, sample in (
        (ResNetGenerator(width=4, norm=norm), ResNetCritic(width=4, norm=norm), CIFAR),
        (ResNet64Generator(width=2, norm=norm), ResNet64Critic(width=2, norm=norm), LARGE),
    ):
        reads = critic.build(sample)
        assert torch.isfinite(reads(generator.build(sample, 3)(torch.randn(2, 3))).score).all()
        assert couples_batch(reads) is (norm == "batch")


def sizes_through(network, x):
    """The shape after each residual block."""
    shapes = []
    for part in network.modules():
        if isinstance(part, ResidualBlock):
            part.register_forward_hook(lambda _module, _inputs, y: shapes.append(tuple(y.shape[1:])))
    network(x)
    return shapes


def test_blocks_have_the_papers_sizes():
    latents, images = torch.randn(1, 5), torch.randn(1, 3, 32, 32)
    assert sizes_through(ResNetGenerator(width=8).build(CIFAR, 5), latents) == [(8, 8, 8), (8, 16, 16), (8, 32, 32)]
    assert sizes_through(ResNetCritic(width=8).build(CIFAR), images) == [(8, 16, 16), (8, 8, 8), (8, 8, 8), (8, 8, 8)]


def test_good_64_px_blocks_have_the_authors_sizes():
    up = sizes_through(ResNet64Generator(width=2).build(LARGE, 5), torch.randn(1, 5))
    assert up == [(16, 8, 8), (8, 16, 16), (4, 32, 32), (2, 64, 64)]
    down = sizes_through(ResNet64Critic(width=2).build(LARGE), torch.randn(1, 3, 64, 64))
    assert down == [(4, 32, 32), (8, 16, 16), (16, 8, 8), (16, 4, 4)]


def test_a_critic_scores_the_mean_of_its_last_maps():
    critic = ResNetCritic(width=4, features=True).build(CIFAR).double()
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    maps = critic.trunk(x)
    assert (maps >= 0).all()
    assert torch.allclose(critic(x).features, maps.sum((2, 3)) / 64)
