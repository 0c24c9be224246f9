"""101-layer residual networks of WGAN-GP (Gulrajani et al. 2017): bottleneck blocks, norm at the end of each.

For 64 px as in the authors' code: 33 blocks of three convolutions, and the layers at both ends (Fig. 2, row 6). Smaller
images leave out the stages of more pixels, with the step to them: 83 layers at 32 px, 62 at 16, 41 at 8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from steadygan.checks import literal_fields, whole_fields
from steadygan.networks.checks import from_four, need_classes, need_start
from steadygan.networks.resnet import CriticNorm, GeneratorNorm
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

SIZES = (8, 16, 32, 64)
"""Supported sizes of images in pixels."""

_PUBLISHED = 64
_SCALE = 5.0  # pixels before tanh, and scores, are divided by it


def _stages(width: int, size: int) -> list[tuple[int, int]]:
    """Feature maps of each stage and its number of blocks that keep the size, from 4x4 up to ``size``."""
    maps = [8 * width, 4 * width, 2 * width, width, max(1, width // 2)]
    pixels = [4 * 2**index for index in range(len(maps))]
    return [(count, 5 if side == _PUBLISHED else 6) for count, side in zip(maps, pixels, strict=True) if side <= size]


@dataclass(frozen=True)
class ResNet101Generator:
    """Bottleneck blocks from 4x4 up, norm after each one's last convolution, tanh of a fifth of the output."""

    width: int = 64
    """DIM: feature maps at 32 px; 8 times as many at 4x4, half as many at 64 px"""
    norm: GeneratorNorm = "batch"
    """norm in the blocks"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        literal_fields(self, norm=GeneratorNorm)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent``.

        Raises:
            UsageError: for points and unsupported sizes.
        """
        from steadygan.networks.layers.bottleneck import BottleneckBlock, Divide
        from steadygan.networks.layers.convolutions import SameConv
        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.linear import Unflatten, linear

        channels, size, sides = need_start("ResNet101Generator", sample, SIZES, from_four)
        stages = _stages(self.width, size)
        start, count = stages[0]
        parts: list[nn.Module] = [linear(latent, start * math.prod(sides), "glorot"), Unflatten(start, sides)]
        parts += [BottleneckBlock(start, start, norm=self.norm) for _ in range(count)]
        for (inputs, _), (outputs, count) in pairwise(stages):
            parts.append(BottleneckBlock(inputs, outputs, "up", norm=self.norm))
            parts += [BottleneckBlock(outputs, outputs, norm=self.norm) for _ in range(count)]
        parts += [initialized(SameConv(stages[-1][0], channels, 1), "glorot"), Divide(_SCALE)]
        return Generator(LabelledSequential(*parts), sample.shape, "tanh")


@dataclass(frozen=True)
class ResNet101Critic:
    """The generator's bottleneck blocks mirrored, down to 4x4, then a fifth of a linear score."""

    width: int = 64
    """DIM: feature maps at 32 px; 8 times as many at 4x4, half as many at 64 px"""
    norm: CriticNorm = "layer"
    """norm in the blocks; the code has layer under WGAN-GP, else batch"""
    class_logits: bool = False
    """second head with class logits (AC-GAN); needs data with labels"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        literal_fields(self, norm=CriticNorm)

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for points and unsupported sizes.
        """
        from steadygan.networks.layers.bottleneck import BottleneckBlock, DividedScore
        from steadygan.networks.layers.convolutions import SameConv
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.initialization import initialized

        channels, size, sides = need_start("ResNet101Critic", sample, SIZES, from_four)
        stages = _stages(self.width, size)[::-1]
        first, count = stages[0]
        parts: list[nn.Module] = [initialized(SameConv(channels, first, 1), "glorot")]
        parts += [BottleneckBlock(first, first, norm=self.norm, critic=True) for _ in range(count)]
        for (inputs, _), (outputs, count) in pairwise(stages):
            parts.append(BottleneckBlock(inputs, outputs, "down", norm=self.norm, critic=True))
            parts += [BottleneckBlock(outputs, outputs, norm=self.norm, critic=True) for _ in range(count)]
        classes = need_classes("ResNet101Critic", sample) if self.class_logits else 0
        head = ScoreHead(math.prod(sides) * stages[-1][0], "glorot", classes=classes, features=self.features)
        return Critic(LabelledSequential(*parts), DividedScore(head, _SCALE))
