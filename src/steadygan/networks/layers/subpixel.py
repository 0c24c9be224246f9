"""Layers of the sub-pixel networks: residual stages, and convolutions that double or halve the size."""

from __future__ import annotations

import math
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.networks.layers import activations
from steadygan.networks.layers.convolutions import UpsampleConv
from steadygan.networks.layers.normalization import norm_2d
from steadygan.networks.layers.r3gan import LEAKY_GAIN, scaled
from steadygan.networks.layers.self_modulation import SelfModulatedBatchNorm

Norm: TypeAlias = str | int
"""a name of ``normalization.norm_2d``, or the size of the code that modulates batch norms"""

_NORMED_GAIN = 0.5  # of the last convolution in a normed block: the block begins near the identity


class ResidualBlock(nn.Module):
    """x + W2 act(norm(W1 act(norm(x)))), both 3x3; the norms may be modulated by a code.

    Without a norm W2 is 0 at first, so that the block begins as the identity, and W1 is scaled by the number of blocks
    in the network to the power -1/2 (Fixup, Zhang et al. 2019).
    """

    takes_code = True

    def __init__(self, maps: int, blocks: int, *, norm: Norm, critic: bool) -> None:
        """
        Args:
            maps: feature maps in, inside and out
            blocks: number of blocks in the network
            norm: a name of ``normalization.norm_2d``, or the size of the code that modulates batch norms
            critic: use the activation's form for critics
        """
        super().__init__()
        plain = norm == "none"
        gain = LEAKY_GAIN * blocks**-0.5 if plain else 1.0
        self.first = Activated(maps, norm, critic=critic)
        self.conv1 = scaled(nn.Conv2d(maps, maps, 3, padding=1, bias=plain), gain)
        self.second = Activated(maps, norm, critic=critic)
        self.conv2 = scaled(nn.Conv2d(maps, maps, 3, padding=1), 0.0 if plain else _NORMED_GAIN)

    def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        total: Tensor = x + self.conv2(self.second(self.conv1(self.first(x, code)), code))
        return total


class ResidualStage(nn.Sequential):
    """The residual blocks of one size."""

    takes_code = True

    def __init__(self, maps: int, blocks: int, stages: int, *, norm: Norm, critic: bool) -> None:
        """
        Args:
            maps: feature maps
            blocks: in this stage, and in each of the network
            stages: of the network
            norm: of the blocks
            critic: use the activation's form for critics
        """
        super().__init__(*(ResidualBlock(maps, blocks * stages, norm=norm, critic=critic) for _ in range(blocks)))

    def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        for block in self:
            x = block(x, code)
        return x


class Activated(nn.Module):
    """A leaky ReLU of the normalised input."""

    takes_code = True

    def __init__(self, maps: int, norm: Norm, *, critic: bool) -> None:
        """
        Args:
            maps: feature maps
            norm: as of ``ResidualBlock``
            critic: use the activation's form for critics
        """
        super().__init__()
        self.modulated = SelfModulatedBatchNorm(maps, norm) if isinstance(norm, int) else None
        self.norm = nn.Sequential(*([] if isinstance(norm, int) else norm_2d(norm, maps)))
        self.activation = activations.make("leaky_relu", critic=critic)

    def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        normalized = self.norm(x) if self.modulated is None else self.modulated(x, code)
        active: Tensor = self.activation(normalized)
        return active


class BinomialFilter(nn.Module):
    """A binomial filter of 3x3 pixels, [1, 2, 1] / 4 each way, with the edge repeated: no checkerboard passes it.

    Upsampled maps tend to alternate from pixel to pixel (Odena et al. 2016, Deconvolution and Checkerboard Artifacts).
    """

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        x = (x[..., :-2] + 2 * x[..., 1:-1] + x[..., 2:]) / 4
        return (x[..., :-2, :] + 2 * x[..., 1:-1, :] + x[..., 2:, :]) / 4


def scaled_conv(inputs: int, outputs: int) -> nn.Conv2d:
    """A 3x3 convolution that keeps the mean square of its inputs."""
    return scaled(nn.Conv2d(inputs, outputs, 3, padding=1))


def scaled_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer that keeps the mean square of its inputs."""
    return scaled(nn.Linear(inputs, outputs))


def doubled(inputs: int, outputs: int, upsampling: str) -> nn.Module:
    """Twice the height and the width, after a leaky ReLU.

    Args:
        inputs: feature maps
        outputs: feature maps
        upsampling: 'transposed', a 4x4 transposed convolution with stride 2, or 'nearest', nearest-neighbour doubling
            and a 3x3 convolution, which is such a transposed one whose four phases agree on flat maps: no checkerboard
            at first (Odena et al. 2016, Deconvolution and Checkerboard Artifacts)
    """
    if upsampling == "nearest":
        return scaled(UpsampleConv(inputs, outputs, 3), LEAKY_GAIN)
    layer = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1)
    with torch.no_grad():
        layer.weight.normal_(0.0, LEAKY_GAIN / math.sqrt(4 * inputs))  # a pixel sees 2x2 of the 4x4 weights
        assert layer.bias is not None
        layer.bias.zero_()
    return layer


def halved(inputs: int, outputs: int) -> nn.Conv2d:
    """A 4x4 convolution with stride 2, after a leaky ReLU: half the height and the width."""
    return scaled(nn.Conv2d(inputs, outputs, 4, 2, 1), LEAKY_GAIN)
