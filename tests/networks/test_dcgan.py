"""DCGAN's networks."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from steadygan import codec
from steadygan.errors import UsageError
from steadygan.networks import DCGANCritic, DCGANGenerator, parameter_count
from steadygan.networks.dcgan import SIZES
from steadygan.networks.layers.inspect import couples_batch
from steadygan.types import SampleSpec

MNIST, CIFAR, LSUN = SampleSpec((1, 28, 28)), SampleSpec((3, 32, 32)), SampleSpec((3, 64, 64))


def linears_and_convolutions(module):
    return [part for part in module.modules() if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]


def test_mnist_networks_have_the_papers_parameter_counts():
    assert parameter_count(DCGANGenerator(norm="none").build(MNIST, 128)) == 1_554_177
    assert parameter_count(DCGANCritic().build(MNIST)) == 1_030_145


def test_cifar_networks_have_the_papers_parameter_counts():
    assert parameter_count(DCGANGenerator(width=128).build(CIFAR, 128)) == 5_179_907
    assert parameter_count(DCGANCritic(width=128).build(CIFAR)) == 4_114_689


def test_lsun_baselines_have_the_layers_of_the_64_px_code():
    generator, critic = DCGANGenerator().build(LSUN, 128), DCGANCritic(norm="layer").build(LSUN)
    up = [(512, 256), (256, 128), (128, 64), (64, 3)]
    weights = 128 * 8192 + 8192 + sum(a * b * 25 + b for a, b in up) + 2 * (512 + 256 + 128 + 64)
    assert parameter_count(generator) == weights
    down = [(3, 64), (64, 128), (128, 256), (256, 512)]
    assert parameter_count(critic) == sum(a * b * 25 + b for a, b in down) + 2 * (128 + 256 + 512) + 8193


def test_constant_width_gives_every_level_the_same_maps():
    start, *ups = linears_and_convolutions(DCGANGenerator(norm="none", widths="constant").build(LSUN, 128))
    assert start.out_features == 64 * 16
    assert [(up.in_channels, up.out_channels) for up in ups] == [(64, 64)] * 3 + [(64, 3)]


@pytest.mark.parametrize("extra", [0, 1, 2, 4])
def test_extra_layers_make_both_networks_deeper_at_each_size(extra):
    generator = DCGANGenerator(width=2, norm="none", extra=extra).build(CIFAR, 16)
    critic = DCGANCritic(width=2, norm="layer", extra=extra).build(CIFAR)
    assert [len(linears_and_convolutions(each)) for each in (generator, critic)] == [4 * (1 + extra)] * 2
    up, kept = [(8, 4), (4, 2)], extra * (8 * 8 + 4 * 4 + 2 * 2) * 9 + extra * (8 + 4 + 2)
    last = 2 * 2 * 25 + 2 + (extra - 1) * (2 * 2 * 9 + 2) + 2 * 3 * 9 + 3 if extra else 2 * 3 * 25 + 3
    assert parameter_count(generator) == 17 * 128 + sum(a * b * 25 + b for a, b in up) + kept + last
    norms = [part.num_channels for part in critic.modules() if isinstance(part, nn.GroupNorm)]
    top = [2] * extra if extra else []  # of the layers at full size but the first one, and of the layer that halves
    assert norms == [*top, *[2] * extra, 4, *[4] * extra, 8, *[8] * extra]
    assert critic(generator(torch.randn(3, 16))).score.shape == (3,)


def test_extra_layers_stay_out_of_files_that_have_none():
    assert "extra" not in codec.to_plain(DCGANGenerator(), omit_defaults=True)
    assert codec.to_plain(DCGANCritic(extra=2), omit_defaults=True)["extra"] == 2


def test_gated_networks_make_twice_the_maps_and_pass_half_of_them_on():
    start, *ups = linears_and_convolutions(DCGANGenerator(width=4, activation="gated").build(LSUN, 16))
    assert start.out_features == 2 * 32 * 16
    assert [(up.in_channels, up.out_channels) for up in ups] == [(32, 32), (16, 16), (8, 8), (4, 3)]
    *downs, score = linears_and_convolutions(DCGANCritic(width=4, activation="gated", norm="layer").build(LSUN))
    assert [(down.in_channels, down.out_channels) for down in downs] == [(3, 8), (4, 16), (8, 32), (16, 64)]
    assert score.in_features == 32 * 16


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_size_and_number_of_channels_is_made_and_read(size, channels):
    sample = SampleSpec((channels, size, size))
    samples = DCGANGenerator(width=2).build(sample, 3)(torch.randn(2, 3))
    assert samples.shape == (2, channels, size, size)
    assert samples.abs().max() <= 1
    assert DCGANCritic(width=2).build(sample)(samples).score.shape == (2,)


@pytest.mark.parametrize("norm", ["batch", "layer", "instance", "none"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "elu", "smooth_elu", "gated"])
@pytest.mark.parametrize("size", [8, 28])
def test_every_norm_goes_with_every_activation(norm, activation, size):
    sample = SampleSpec((1, size, size))
    samples = DCGANGenerator(width=2, norm=norm, activation=activation).build(sample, 3)(torch.randn(4, 3))
    score = DCGANCritic(width=2, norm=norm, activation=activation).build(sample)(samples).score
    assert torch.isfinite(score).all()


def test_the_mnist_generator_is_the_authors_code_written_out():
    generator = DCGANGenerator(width=2, norm="none", output="sigmoid").build(MNIST, 5).double()
    start, first, second, third = linears_and_convolutions(generator)
    latents = torch.randn(3, 5, dtype=torch.float64)

    def doubled(x, layer):
        full = F.conv_transpose2d(x, layer.weight, layer.bias, stride=2)  # 2n + 3 pixels: SAME drops 1 and 2 of them
        return full[:, :, 1 : 1 + 2 * x.shape[2], 1 : 1 + 2 * x.shape[3]]

    x = torch.relu(latents @ start.weight.T + start.bias).reshape(3, 8, 4, 4)
    x = torch.relu(doubled(x, first))[:, :, :7, :7]
    x = torch.sigmoid(doubled(torch.relu(doubled(x, second)), third))
    assert torch.allclose(generator(latents), x, atol=1e-12)


def test_the_mnist_critic_is_the_authors_code_written_out():
    critic = DCGANCritic(width=2).build(MNIST).double()
    *downs, score = linears_and_convolutions(critic)
    x = images = torch.randn(3, 1, 28, 28, dtype=torch.float64)
    for layer, padding in zip(downs, [(1, 2, 1, 2), (1, 2, 1, 2), (2, 2, 2, 2)], strict=True):
        x = F.leaky_relu(F.conv2d(F.pad(x, padding), layer.weight, layer.bias, stride=2), 0.2)
    assert x.shape == (3, 8, 4, 4)
    assert torch.allclose(critic(images).score, (x.flatten(1) @ score.weight.T + score.bias)[:, 0], atol=1e-12)


def test_the_small_networks_normalise_each_unit_first_and_the_large_each_map():
    def first_norm(sample):
        return next(p for p in DCGANGenerator(width=2).build(sample, 3).modules() if "Norm" in type(p).__name__)

    assert first_norm(CIFAR).weight.numel() == 4 * 2 * 16
    assert first_norm(LSUN).weight.numel() == 8 * 2


def test_the_critics_first_layer_and_the_generators_last_have_no_norm():
    for norm in ("batch", "layer", "instance"):
        critic = [type(p).__name__ for p in DCGANCritic(width=2, norm=norm).build(CIFAR).trunk]
        assert sum("Norm" in name for name in critic) == 2
        assert "Norm" not in critic[1]
        generator = [type(p).__name__ for p in DCGANGenerator(width=2, norm=norm).build(CIFAR, 3).trunk]
        assert sum("Norm" in name for name in generator) == 3
        assert generator[-1] == "SameConvTranspose"


def test_only_batch_norm_couples_the_batch():
    assert couples_batch(DCGANCritic(width=2, norm="batch").build(CIFAR))
    for norm in ("layer", "instance", "none"):
        assert not couples_batch(DCGANCritic(width=2, norm=norm).build(CIFAR))


@pytest.mark.parametrize("kernel", [3, 4, 5])
def test_kernels_of_other_sizes_keep_the_pixels(kernel):
    samples = DCGANGenerator(width=2, kernel=kernel).build(MNIST, 3)(torch.randn(2, 3))
    assert samples.shape == (2, 1, 28, 28)
    assert DCGANCritic(width=2, kernel=kernel).build(MNIST)(samples).score.shape == (2,)


def test_a_kernel_that_leaves_pixels_out_is_refused():
    with pytest.raises(UsageError, match=r"DCGANCritic\.kernel is 1; allowed: whole numbers from 2"):
        DCGANCritic(kernel=1)


def test_widths_stop_growing_at_eight_times_the_base():
    *downs, _ = linears_and_convolutions(DCGANCritic(width=2).build(SampleSpec((3, 256, 256))))
    assert [down.out_channels for down in downs] == [2, 4, 8, 16, 16, 16]


def test_the_networks_for_8_px_are_small():
    digits = SampleSpec((1, 8, 8))
    assert parameter_count(DCGANGenerator(width=32).build(digits, 64)) < 100_000
    assert parameter_count(DCGANCritic(width=32).build(digits)) < 100_000
