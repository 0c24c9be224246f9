"""Convolutions against references with explicit padding, explicit pooling and loops, in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from steadygan.networks.layers.convolutions import (
    ConvMeanPool,
    Crop,
    SameConv,
    SameConvTranspose,
    UpsampleConv,
    same_padding,
)

KERNELS = (2, 3, 4, 5, 7)


def scatter_transpose(x, weight, bias):
    """What TensorFlow's conv2d_transpose (SAME, stride 2) gives: every pixel puts its kernel down, then a crop."""
    kernel, size = weight.shape[-1], 2 * x.shape[-1]
    before = max((x.shape[-1] - 1) * 2 + kernel - size, 0) // 2
    canvas = x.new_zeros(x.shape[0], weight.shape[1], size + 2 * kernel, size + 2 * kernel)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            stamp = torch.einsum("nc,cokl->nokl", x[:, :, i, j], weight)
            canvas[:, :, 2 * i : 2 * i + kernel, 2 * j : 2 * j + kernel] += stamp
    return canvas[:, :, before : before + size, before : before + size] + bias[:, None, None]


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [
        (28, 5, 2, (1, 2)),
        (14, 5, 2, (1, 2)),
        (7, 5, 2, (2, 2)),
        (32, 3, 1, (1, 1)),
        (8, 4, 2, (1, 1)),
        (3, 1, 2, (0, 0)),
    ],
)
def test_padding_is_tensorflows(size, kernel, stride, padding):
    assert same_padding(size, kernel, stride) == padding


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [4, 7, 8])
def test_a_same_convolution_equals_explicit_one_sided_padding(kernel, stride, size):
    layer = SameConv(3, 4, kernel, stride=stride).double()
    x = torch.randn(2, 3, size, size, dtype=torch.float64)
    outputs = math.ceil(size / stride)
    total = max((outputs - 1) * stride + kernel - size, 0)
    before, after = total // 2, total - total // 2
    patches = F.unfold(F.pad(x, (before, after, before, after)), kernel, stride=stride)
    expected = (layer.weight.flatten(1) @ patches + layer.bias[:, None]).unflatten(2, (outputs, outputs))
    assert torch.allclose(layer(x), expected, atol=1e-12)


def test_a_same_convolution_pads_unequal_sides_of_a_rectangle():
    layer = SameConv(1, 1, 5, stride=2)
    assert layer(torch.randn(1, 1, 7, 8)).shape == (1, 1, 4, 4)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", [1, 4, 7])
def test_a_transposed_convolution_gives_exactly_twice_the_pixels_of_tensorflows(kernel, size):
    layer = SameConvTranspose(3, 4, kernel).double()
    x = torch.randn(2, 3, size, size, dtype=torch.float64)
    y = layer(x)
    assert y.shape == (2, 4, 2 * size, 2 * size)
    assert torch.allclose(y, scatter_transpose(x, layer.weight, layer.bias), atol=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_transposed_convolution_is_the_adjoint_of_the_convolution(kernel):
    down, up = SameConv(3, 4, kernel, stride=2, bias=False).double(), SameConvTranspose(4, 3, kernel).double()
    with torch.no_grad():
        up.weight.copy_(down.weight)
        up.bias.zero_()
    x, y = torch.randn(1, 3, 8, 8, dtype=torch.float64), torch.randn(1, 4, 4, 4, dtype=torch.float64)
    assert torch.allclose((down(x) * y).sum(), (x * up(y)).sum())


def in_two_steps(layer, x):
    conv = nn.Conv2d(*layer.weight.shape[1::-1], layer.kernel_size, padding=layer.kernel_size[0] // 2, bias=False)
    conv.weight = layer.weight
    offset = 0.0 if layer.bias is None else layer.bias[:, None, None]
    if isinstance(layer, UpsampleConv):
        return conv(x.repeat_interleave(2, 2).repeat_interleave(2, 3)) + offset
    y = conv(x)
    return (y[:, :, ::2, ::2] + y[:, :, 1::2, ::2] + y[:, :, ::2, 1::2] + y[:, :, 1::2, 1::2]) / 4 + offset


@pytest.mark.parametrize("kind", [ConvMeanPool, UpsampleConv])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("folded", [True, False])
def test_folded_halving_and_doubling_have_the_values_and_gradients_of_two_steps(kind, kernel, bias, folded):
    layer = kind(3, 4, kernel, bias=bias).double()
    layer.folded = folded
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64, requires_grad=True)

    def first_and_second(y):
        (slope,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
        weights = torch.autograd.grad(slope.square().sum(), [layer.weight, x])
        return y, slope, *weights

    for ours, theirs in zip(first_and_second(layer(x)), first_and_second(in_two_steps(layer, x)), strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_maps_stay_channels_last_on_their_way():
    x = torch.randn(2, 3, 8, 8).to(memory_format=torch.channels_last)
    layers = [SameConv(3, 4, 5, stride=2), SameConvTranspose(3, 4, 5), ConvMeanPool(3, 4), UpsampleConv(3, 4), Crop(7)]
    for layer in layers:
        assert layer.to(memory_format=torch.channels_last)(x).is_contiguous(memory_format=torch.channels_last)


def test_contiguous_maps_stay_contiguous():
    x = torch.randn(2, 3, 8, 8)
    for layer in (SameConv(3, 4, 5, stride=2), SameConvTranspose(3, 4, 5), Crop(7)):
        assert layer(x).is_contiguous()


def test_a_crop_keeps_the_first_rows_and_columns():
    x = torch.arange(64.0).reshape(1, 1, 8, 8)
    assert torch.equal(Crop(7)(x), x[:, :, :7, :7])


@pytest.mark.parametrize("size", [8, 7])
@pytest.mark.parametrize("format_", [torch.contiguous_format, torch.channels_last])
def test_a_strided_1x1_kernel_sees_the_first_pixel_of_each_square(size, format_):
    layer = SameConv(3, 5, 1, stride=2).double()
    x = torch.randn(2, 3, size, size, dtype=torch.float64).to(memory_format=format_)
    y = layer(x)
    assert torch.allclose(y, F.conv2d(x, layer.weight, layer.bias, stride=2), atol=1e-14)
    assert y.is_contiguous(memory_format=format_)
    assert y.grad_fn._saved_stride == (1, 1)  # oneDNN's weight gradient with a stride writes beyond its memory
