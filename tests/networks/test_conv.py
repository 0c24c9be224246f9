"""DCGAN's form over one, two and three dimensions."""

from __future__ import annotations

import math

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.networks import ConvCritic, ConvGenerator, DCGANCritic, LabelledGenerator, parameter_count
from steadygan.networks.conv import levels
from steadygan.networks.layers.convolutions_nd import same_convolution, same_transpose
from steadygan.networks.layers.spectral import SpectralNorm
from steadygan.types import SampleSpec


def signal(channels, length, classes=0):
    return SampleSpec((channels, length), classes, "signal")


SAMPLES = [
    *(signal(1, length) for length in (1, 2, 5, 7, 8, 9, 31, 64, 100, 187)),
    signal(12, 500),
    SampleSpec((6, 33, 65)),
    SampleSpec((3, 10, 40)),
    SampleSpec((1, 8, 8, 8)),
    SampleSpec((2, 5, 16, 19)),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_any_lengths_are_made_and_read(sample):
    samples = ConvGenerator(width=4).build(sample, 6)(torch.randn(3, 6))
    assert samples.shape == (3, *sample.shape) and samples.dtype == torch.float32
    assert samples.abs().max() <= 1
    assert ConvCritic(width=4).build(sample)(samples).score.shape == (3,)


def test_sides_are_halved_upwards_until_all_are_below_8():
    assert levels((500,)) == [(500,), (250,), (125,), (63,), (32,), (16,), (8,), (4,)]
    assert levels((9, 33, 5)) == [(9, 33, 5), (5, 17, 5), (5, 9, 5), (5, 5, 5)]
    assert levels((3,)) == [(3,), (3,)]


def test_parameters_are_those_of_the_layers():
    lengths, kernel = (4, 8, 16, 32, 63, 125), 5
    widths = [16, 32, 64, 128, 128]  # from the longest level on, at most 8 times 16
    critic = sum(a * b * kernel + b for a, b in zip([2, *widths[:-1]], widths, strict=True)) + 128 * 4 + 1
    assert parameter_count(ConvCritic(width=16).build(signal(2, 125))) == critic
    up = widths[::-1]
    generator = 10 * up[0] * lengths[0] + up[0] * lengths[0]
    generator += sum(a * b * kernel + b for a, b in zip(up, [*up[1:], 2], strict=True))
    assert parameter_count(ConvGenerator(width=16, norm="none").build(signal(2, 125), 10)) == generator


def test_over_two_dimensions_it_is_dcgan():
    sample = SampleSpec((3, 32, 32))
    known, same = DCGANCritic(width=8).build(sample), ConvCritic(width=8).build(sample)
    same.load_state_dict(known.state_dict())
    images = torch.randn(4, 3, 32, 32)
    assert torch.allclose(same(images).score, known(images).score, atol=1e-5)


@pytest.mark.parametrize("lengths", [(9,), (10,), (7, 10), (5, 8, 9)])
@pytest.mark.parametrize("kernel", [2, 3, 4, 5, 9])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_transpose_is_the_adjoint_of_its_convolution(lengths, kernel, stride):
    strides = (stride,) * len(lengths)
    down = same_convolution(2, 3, kernel, strides).double()
    up = same_transpose(3, 2, kernel, strides, lengths).double()
    with torch.no_grad():
        for layer in (down, up):
            layer.bias.zero_()
        up.weight.copy_(down.weight)
    x = torch.randn(1, 2, *lengths, dtype=torch.float64)
    y = torch.randn(1, 3, *(-(-length // stride) for length in lengths), dtype=torch.float64)
    assert down(x).shape == y.shape and up(y).shape == x.shape
    assert torch.allclose((down(x) * y).sum(), (x * up(y)).sum())


@pytest.mark.parametrize("sample", [signal(2, 11), SampleSpec((1, 5, 8, 9))], ids=str)
def test_first_and_second_derivatives_are_right_in_float64(sample):
    critic = ConvCritic(width=2, activation="smooth_elu", norm="layer").build(sample).double()
    x = torch.randn(1, *sample.shape, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: critic(x).score, x)
    assert torch.autograd.gradgradcheck(lambda x: critic(x).score, x, fast_mode=True)


@pytest.mark.parametrize("norm", ["batch", "layer", "instance", "none"])
@pytest.mark.parametrize("sample", [signal(2, 20), SampleSpec((2, 17, 17, 17))], ids=str)
def test_every_norm_is_over_the_dimensions(sample, norm):
    trunk = ConvCritic(width=4, norm=norm).build(sample).trunk
    if norm == "none":
        assert len(trunk) == 2 * (len(levels(sample.shape[1:])) - 1)
        return
    maps = torch.randn(5, 8, *levels(sample.shape[1:])[2])
    out = trunk[3](maps * 3 + 1)
    over = {"batch": (0, *range(2, maps.dim())), "layer": range(1, maps.dim()), "instance": range(2, maps.dim())}[norm]
    assert torch.allclose(out.mean(tuple(over)), torch.zeros(()), atol=1e-5)
    assert torch.allclose(out.var(tuple(over), unbiased=False), torch.ones(()), atol=1e-3)


def test_heads_labels_and_spectral_norm():
    sample = signal(1, 30, classes=3)
    output = ConvCritic(width=4, class_logits=True, features=True).build(sample)(torch.randn(2, 1, 30))
    assert output.class_logits.shape == (2, 3) and output.features.shape == (2, 4 * 4 * 4)
    critic = ConvCritic(width=4, spectral=True).build(sample)
    assert sum(isinstance(part, SpectralNorm) for part in critic.modules()) == 4
    labelled = LabelledGenerator(ConvGenerator(width=4)).build(sample, 5)
    assert labelled(torch.randn(2, 5), torch.tensor([0, 2])).shape == (2, 1, 30)


def test_initial_weights_have_hes_deviation_over_any_dimensions():
    for sample, size in ((signal(8, 64), 64), (SampleSpec((8, 16, 16, 16)), 16)):
        weight = ConvCritic(width=64, kernel=4).build(sample).trunk[0].weight
        dimensions = len(sample.shape) - 1
        fan_in, fan_out = 8 * 4**dimensions, 64 * 4**dimensions / 2**dimensions
        assert math.isclose(weight.std().item(), math.sqrt(4 / (fan_in + fan_out)), rel_tol=0.05), size


@pytest.mark.parametrize("sample", [SampleSpec((2,)), SampleSpec((40, 32))], ids=str)
def test_points_and_text_are_refused_with_what_fits(sample):
    fitting = "TextGenerator" if sample.is_text else "MLPGenerator"
    for build in (lambda: ConvCritic().build(sample), lambda: ConvGenerator().build(sample, 4)):
        with pytest.raises(UsageError, match=f"is for signals, images and volumes.*{fitting}"):
            build()
