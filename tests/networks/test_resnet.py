"""Residual networks."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import (
    ResNet64Critic,
    ResNet64Generator,
    ResNetCritic,
    ResNetGenerator,
    parameter_count,
)
from steadygan.networks.layers.attention import SelfAttention
from steadygan.networks.layers.blocks import ResidualBlock
from steadygan.networks.layers.conditional import ConditionalBatchNorm, ProjectionHead
from steadygan.networks.layers.inspect import couples_batch, is_conditional
from steadygan.networks.resnet import SIZES
from steadygan.types import SampleSpec
from tests.networks.spectral import spectral_norms

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


def test_sn_gans_networks_have_the_parameter_counts_of_their_table():
    assert parameter_count(ResNetGenerator(width=256).build(CIFAR, 128)) == 4_276_739
    critic = ResNetCritic(pool="sum", spectral=True, projection=True).build(CIFAR)
    assert parameter_count(critic) == 1_053_825 + 10 * 128  # normalised weights are no more of them


@pytest.mark.parametrize("spec", [ResNetGenerator(width=64), ResNetCritic(width=64)])
def test_initial_weights_are_sn_gans_xavier_with_gain_root_2_in_blocks_and_1_elsewhere(spec):
    network = spec.build(CIFAR, 128) if isinstance(spec, ResNetGenerator) else spec.build(CIFAR)
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            gain = math.sqrt(2) if "conv" in name else 1.0
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            bound = gain * math.sqrt(6 / (fan_in + fan_out))
            assert 0.85 * bound < layer.weight.abs().max() <= bound, name


def places(network):
    """The parts of a trunk: B for a block, A for attention."""
    letters = {ResidualBlock: "B", SelfAttention: "A"}
    return "".join(letters.get(type(part), "") for part in network.trunk)


@pytest.mark.parametrize(
    ("attention", "generator", "critic"), [(None, "BBB", "BBBB"), (16, "BBAB", "BABBB"), (8, "BABB", "BBABB")]
)
def test_attention_comes_after_the_maps_of_its_size(attention, generator, critic):
    assert places(ResNetGenerator(width=8, attention=attention).build(CIFAR, 4)) == generator
    network = ResNetCritic(width=8, attention=attention).build(CIFAR)
    assert places(network) == critic
    for part in network.trunk:
        if isinstance(part, SelfAttention):
            part.register_forward_hook(lambda _module, _inputs, y: sizes.append(y.shape[-1]))
    sizes = []
    network(torch.randn(1, 3, 32, 32))
    assert sizes == ([attention] if attention else [])


def test_attention_at_an_unknown_size_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"ResNetGenerator\.attention is 5; allowed: 4, 8, 16, 32 \(pixels of"):
        ResNetGenerator(attention=5).build(CIFAR, 4)
    with pytest.raises(UsageError, match=r"ResNetCritic\.attention is 32; allowed: 16, 8 \(pixels of"):
        ResNetCritic(attention=32).build(CIFAR)


def test_blocks_follow_the_class_and_the_last_norm_does_not():
    generator = ResNetGenerator(width=4, conditional=True).build(CIFAR, 5)
    blocks = [part for part in generator.trunk if isinstance(part, ResidualBlock)]
    norms = [m for block in blocks for m in block.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    assert len(norms) == 6 and all(isinstance(norm, ConditionalBatchNorm) for norm in norms)
    assert is_conditional(generator) and not is_conditional(ResNetGenerator(width=4).build(CIFAR, 5))
    last = [part for part in generator.trunk if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    assert len(last) == 1 and not isinstance(last[0], ConditionalBatchNorm)


@pytest.mark.parametrize("norm", ["batch", "layer", "instance"])
def test_a_conditional_generator_makes_another_sample_of_another_class(norm):
    generator = ResNetGenerator(width=4, norm=norm, conditional=True).build(CIFAR, 5).eval()
    latents = torch.randn(2, 5)
    assert torch.equal(generator(latents, torch.tensor([1, 1])), generator(latents, torch.tensor([2, 2])))  # at first
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    one, other = (generator(latents, torch.tensor(labels)) for labels in ([1, 1], [1, 2]))
    assert torch.equal(one[0], other[0]) and not torch.allclose(one[1], other[1], atol=1e-3)


def test_a_projection_critic_sums_the_pixels_and_adds_the_product_with_the_class():
    critic = ResNetCritic(width=4, pool="sum", projection=True, features=True).build(CIFAR).double()
    x, labels = torch.randn(2, 3, 32, 32, dtype=torch.float64), torch.tensor([3, 7])
    output, head = critic(x, labels), critic.head
    assert isinstance(head, ProjectionHead) and is_conditional(critic)
    assert torch.allclose(output.features, critic.trunk(x).sum((2, 3)))
    score = (head.head.score.weight + head.embedding.weight[labels]) * output.features
    assert torch.allclose(output.score, score.sum(1) + head.head.score.bias)


def test_spectral_norm_takes_every_layer_and_leaves_the_tables_of_norms():
    fields = {"width": 8, "spectral": True, "attention": 8}
    for network in (
        ResNetGenerator(conditional=True, **fields).build(CIFAR, 5),
        ResNetCritic(projection=True, **fields).build(CIFAR),
    ):
        layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear | nn.Embedding)]
        assert len(spectral_norms(network)) == len(layers)


def test_fields_that_exclude_each_other_are_refused():
    with pytest.raises(UsageError, match="conditional is true, but norm is none"):
        ResNetGenerator(norm="none", conditional=True)
    with pytest.raises(UsageError, match="projection and class_logits"):
        ResNetCritic(projection=True, class_logits=True)
    unlabelled = SampleSpec((3, 32, 32))
    with pytest.raises(UsageError, match=r"ResNetGenerator\.conditional needs data with labels"):
        ResNetGenerator(conditional=True).build(unlabelled, 4)
    with pytest.raises(UsageError, match=r"ResNetCritic\.projection needs data with labels.*or projection false"):
        ResNetCritic(projection=True).build(unlabelled)
