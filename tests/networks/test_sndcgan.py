"""SN-DCGAN: the table's layers, every size, and spectral norm where it is asked for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import SNDCGANCritic, SNDCGANGenerator, parameter_count
from steadygan.networks.layers.activations import PiecewiseLinear
from steadygan.networks.layers.linear import Unflatten
from steadygan.networks.sndcgan import SIZES
from steadygan.types import SampleSpec
from tests.networks.spectral import spectral_norms

CIFAR = SampleSpec((3, 32, 32), classes=10)


def shapes(network, kinds, x):
    """The shapes after the layers of some kinds."""
    found = []
    for part in network.modules():
        if isinstance(part, kinds):
            part.register_forward_hook(lambda _module, _inputs, y: found.append(tuple(y.shape[1:])))
    network(x)
    return found


def test_the_critic_has_the_tables_layers():
    critic = SNDCGANCritic().build(CIFAR)
    sizes = [(64, 32), (128, 16), (128, 16), (256, 8), (256, 8), (512, 4), (512, 4)]
    assert shapes(critic, nn.Conv2d, torch.randn(1, 3, 32, 32)) == [(w, s, s) for w, s in sizes]
    kernels = [layer.kernel_size[0] for layer in critic.modules() if isinstance(layer, nn.Conv2d)]
    assert kernels == [3, 4, 3, 4, 3, 4, 3]
    assert [part.leak for part in critic.modules() if isinstance(part, PiecewiseLinear)] == [0.1] * 7
    convolutions = 3 * 64 * 9 + 64 * 128 * 16 + 128 * 128 * 9 + 128 * 256 * 16 + 256 * 256 * 9 + 256 * 512 * 16
    assert parameter_count(critic) == convolutions + 512 * 512 * 9 + 64 + 2 * (128 + 256 + 512) + 512 * 16 + 1


def test_the_generator_has_the_tables_layers():
    generator = SNDCGANGenerator().build(CIFAR, 128)
    sizes = [(256, 8), (128, 16), (64, 32), (3, 32)]
    layers = nn.ConvTranspose2d | nn.Conv2d
    assert shapes(generator, layers, torch.randn(2, 128)) == [(w, s, s) for w, s in sizes]
    convolutions = 512 * 256 * 16 + 256 * 128 * 16 + 128 * 64 * 16 + 64 * 3 * 9
    norms = 2 * (512 + 256 + 128 + 64)
    assert parameter_count(generator) == 129 * 512 * 16 + convolutions + 256 + 128 + 64 + 3 + norms


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_size_is_made_and_read(size, channels):
    sample = SampleSpec((channels, size, size))
    samples = SNDCGANGenerator(width=2).build(sample, 3)(torch.randn(2, 3))
    assert samples.shape == (2, channels, size, size) and samples.abs().max() <= 1
    assert SNDCGANCritic(width=2).build(sample)(samples).score.shape == (2,)


@pytest.mark.parametrize(("size", "start"), [(8, 4), (16, 4), (28, 4), (32, 4), (48, 6), (64, 8)])
def test_maps_are_an_eighth_of_the_pixels_but_never_smaller_than_4(size, start):
    sample = SampleSpec((1, size, size))
    generator, critic = SNDCGANGenerator(width=2).build(sample, 3), SNDCGANCritic(width=2).build(sample)
    assert shapes(generator, Unflatten, torch.randn(2, 3))[0][1] == start
    assert shapes(critic, nn.Conv2d, torch.randn(1, 1, size, size))[-1][1] == start


def test_weights_begin_with_a_deviation_of_a_fiftieth():
    for network in (SNDCGANGenerator().build(CIFAR, 128), SNDCGANCritic(spectral=False).build(CIFAR)):
        for name, weight in network.named_parameters():
            if weight.dim() > 1:
                assert weight.std().item() == pytest.approx(0.02, rel=0.1), name


def test_spectral_norm_is_the_critics_by_default_and_the_generators_by_choice():
    layers = {"critic": 8, "generator": 5}
    assert len(spectral_norms(SNDCGANCritic(width=2).build(CIFAR))) == layers["critic"]
    assert len(spectral_norms(SNDCGANCritic(width=2, class_logits=True).build(CIFAR))) == layers["critic"] + 1
    assert len(spectral_norms(SNDCGANGenerator(width=2, spectral=True).build(CIFAR, 3))) == layers["generator"]
    assert not spectral_norms(SNDCGANCritic(width=2, spectral=False).build(CIFAR))
    assert not spectral_norms(SNDCGANGenerator(width=2).build(CIFAR, 3))


def test_other_sizes_are_refused_with_the_nearest_ones():
    with pytest.raises(UsageError, match="bring them to 28 or 32 px"):
        SNDCGANCritic().build(SampleSpec((3, 30, 30)))
