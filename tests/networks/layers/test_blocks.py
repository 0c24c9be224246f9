"""Residual blocks against the same written out with torch's functions, in the order of the authors' code."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from steadygan.networks.layers.blocks import ResidualBlock


def written_out(block, x, resample, norm, opening):
    """Up: nearest x2, then convolve. Down: convolve, then mean of 2x2. Everything in two steps, at full size."""

    def normed(part, x):
        if norm == "none":
            return x
        layer = part[0]
        if norm == "batch":
            return F.batch_norm(x, None, None, layer.weight, layer.bias, training=True, eps=1e-5)
        return F.group_norm(x, 1, layer.weight, layer.bias, 1e-5)

    def upsampled(x):
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)

    def pooled(x):
        return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4

    y = F.relu(normed(block.opening, x)) if opening else x
    y = upsampled(y) if resample == "up" else y
    y = F.conv2d(y, block.conv1.weight, block.conv1.bias, padding=1)
    y = F.conv2d(F.relu(normed(block.middle, y)), block.conv2.weight, block.conv2.bias, padding=1)
    y = pooled(y) if resample == "down" else y
    if not hasattr(block.shortcut, "weight"):
        return y + x
    short = F.conv2d(upsampled(x) if resample == "up" else x, block.shortcut.weight, block.shortcut.bias)
    return y + (pooled(short) if resample == "down" else short)


@pytest.mark.parametrize("resample", ["up", "down", "same"])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize(("inputs", "outputs", "opening"), [(4, 4, True), (4, 6, True), (3, 6, False)])
def test_a_block_equals_its_steps_written_out(resample, norm, inputs, outputs, opening):
    block = ResidualBlock(inputs, outputs, resample, norm=norm, critic=True, opening=opening).double()
    x = torch.randn(3, inputs, 8, 8, dtype=torch.float64)
    assert torch.allclose(block(x), written_out(block, x, resample, norm, opening), atol=1e-12)


@pytest.mark.parametrize("resample", ["up", "down", "same"])
def test_second_derivatives_equal_those_of_the_steps_written_out(resample):
    block = ResidualBlock(3, 4, resample, norm="layer", critic=True).double()
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)

    def through_the_slope(y):
        (slope,) = torch.autograd.grad(y.pow(2).sum(), x, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), list(block.parameters()), allow_unused=True)

    ours = through_the_slope(block(x))
    theirs = through_the_slope(written_out(block, x, resample, "layer", True))
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        assert a is None or torch.allclose(a, b, rtol=1e-8, atol=1e-8)


def test_size_and_width_that_stay_give_an_identity_shortcut():
    assert not list(ResidualBlock(4, 4).shortcut.parameters())
    for block in (ResidualBlock(4, 5), ResidualBlock(4, 4, "up"), ResidualBlock(4, 4, "down")):
        assert block.shortcut.kernel_size == (1, 1)
        assert block.shortcut.bias is not None


def test_the_first_convolution_takes_the_new_width_but_when_halving():
    assert ResidualBlock(4, 6, "up").conv1.out_channels == 6
    assert ResidualBlock(4, 6, "down").conv1.out_channels == 4
    assert ResidualBlock(3, 6, "down", opening=False).conv1.out_channels == 6
