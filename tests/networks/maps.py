"""Samples that these networks are made for, and the convolutions of a network."""

from __future__ import annotations

from torch import nn

from steadygan.types import SampleSpec

CIFAR, FACES = SampleSpec((3, 32, 32)), SampleSpec((3, 64, 64))
POINTS, DIGITS = SampleSpec((2,)), SampleSpec((1, 8, 8), 10)


def convolutions(module: nn.Module) -> list[tuple[int, ...]]:
    """Maps in, maps out and stride of each convolution, in order."""
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return [(c.in_channels, c.out_channels, c.stride[0]) for c in module.modules() if isinstance(c, kinds)]
