"""Residual networks of WGAN-GP (Gulrajani et al. 2017): the CIFAR-10 pair of App. F, and the authors' 64 px pair.

SN-GAN, SAGAN and the projection critic use the first pair with changes that are fields of it. Its initial weights are
theirs: Xavier with gain sqrt(2) in the blocks, 1 in shortcuts and linear layers, is the same as He and Glorot here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from steadygan.checks import literal_fields, whole_fields
from steadygan.codec import OMIT_DEFAULT
from steadygan.errors import UsageError
from steadygan.networks.checks import from_four, need_classes, need_maps, need_start
from steadygan.networks.packing import check_packing, packed
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

SIZES = (8, 16, 32, 64, 128)
"""Supported sizes of images in pixels, of ResNetGenerator and ResNetCritic."""

GeneratorNorm = Literal["batch", "layer", "instance", "none"]
CriticNorm = Literal["none", "layer", "instance", "batch"]
Output = Literal["tanh", "sigmoid", "linear"]
Pool = Literal["mean", "sum"]


@dataclass(frozen=True)
class ResNetGenerator:
    """4x4 maps from a linear layer, then residual blocks of one width that double the pixels (App. F)."""

    width: int = 128
    """feature maps of every block"""
    norm: GeneratorNorm = "batch"
    """norm in the blocks"""
    output: Output = "tanh"
    """output activation; sigmoid is for pixels in [0, 1]"""
    conditional: bool = False
    """class-conditional norms in the blocks; needs data with labels"""
    spectral: bool = False
    """spectral norm in every layer (SAGAN; SN-GAN: critic only)"""
    attention: int | None = None
    """self-attention at maps of this size in pixels: 4, 8, ... up to the image's; None: no attention"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        literal_fields(self, norm=GeneratorNorm, output=Output)
        if self.conditional and self.norm == "none":
            raise UsageError("ResNetGenerator.conditional is true, but norm is none; allowed: batch, layer, instance")

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent``.

        Raises:
            UsageError: for points, unsupported sizes, and classes in data without labels.
        """
        from steadygan.networks.layers import activations
        from steadygan.networks.layers.attention import SelfAttention
        from steadygan.networks.layers.blocks import ResidualBlock
        from steadygan.networks.layers.convolutions import SameConv
        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.linear import Unflatten, linear
        from steadygan.networks.layers.normalization import norm_2d
        from steadygan.networks.layers.spectral import with_spectral_norm

        channels, size, start = need_start("ResNetGenerator", sample, SIZES, from_four)
        classes = need_classes("ResNetGenerator", sample, "conditional") if self.conditional else 0
        width, norm = self.width, self.norm
        maps = [4 << level for level in range(size.bit_length() - 2)]
        if self.attention is not None:
            need_maps("ResNetGenerator", self.attention, maps)
        parts: list[nn.Module] = [linear(latent, width * math.prod(start), "glorot"), Unflatten(width, start)]
        for pixels in maps:
            parts += [ResidualBlock(width, width, "up", norm=norm, classes=classes)] if pixels > 4 else []
            parts += [SelfAttention(width)] if pixels == self.attention else []
        parts += norm_2d(norm, width)
        parts += [activations.make("relu", critic=False), initialized(SameConv(width, channels, 3), "glorot")]
        generator = Generator(LabelledSequential(*parts), sample.shape, self.output)
        return with_spectral_norm(generator) if self.spectral else generator


@dataclass(frozen=True)
class ResNetCritic:
    """Residual blocks of one width down to 8x8 (4x4 for 8 px), two more there, the pixels' mean or sum, a score."""

    width: int = 128
    """feature maps of every block"""
    norm: CriticNorm = "none"
    """norm in all blocks but the first; not batch under a gradient penalty"""
    class_logits: bool = False
    """second head with class logits (AC-GAN); needs data with labels"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""
    pool: Pool = "mean"
    """pooling of the last maps: mean (WGAN-GP), sum (SN-GAN and later)"""
    spectral: bool = False
    """spectral norm in every layer"""
    projection: bool = False
    """projection critic: add the product of features with a learned vector of the class; needs data with labels"""
    attention: int | None = None
    """self-attention at maps of this size in pixels: half the image's, ... 8; None: no attention"""
    packing: int = field(default=1, metadata=OMIT_DEFAULT)
    """samples that are scored together, as a remedy for mode collapse (PacGAN); 1: each by itself"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        literal_fields(self, norm=CriticNorm, pool=Pool)
        if self.projection and self.class_logits:
            raise UsageError("ResNetCritic has both projection and class_logits; allowed: one of them")
        check_packing(self)

    @packed
    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for points, unsupported sizes, and classes in data without labels.
        """
        from steadygan.networks.layers import activations
        from steadygan.networks.layers.attention import SelfAttention
        from steadygan.networks.layers.blocks import ResidualBlock
        from steadygan.networks.layers.conditional import ProjectionHead
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.spectral import with_spectral_norm

        channels, size, _ = need_start("ResNetCritic", sample, SIZES, from_four)
        width, norm = self.width, self.norm
        maps = [size >> level for level in range(1, max(1, size.bit_length() - 4) + 1)]
        if self.attention is not None:
            need_maps("ResNetCritic", self.attention, maps)
        parts: list[nn.Module] = []
        for pixels in maps:
            if not parts:
                parts.append(ResidualBlock(channels, width, "down", critic=True, opening=False))
            else:
                parts.append(ResidualBlock(width, width, "down", norm=norm, critic=True))
            parts += [SelfAttention(width)] if pixels == self.attention else []
        parts += [ResidualBlock(width, width, norm=norm, critic=True) for _ in range(2)]
        parts.append(activations.make("relu", critic=True))
        head: nn.Module
        if self.projection:
            labelled = need_classes("ResNetCritic", sample, "projection")
            head = ProjectionHead(width, labelled, "glorot", pool=self.pool, features=self.features)
        else:
            classes = need_classes("ResNetCritic", sample) if self.class_logits else 0
            head = ScoreHead(width, "glorot", pool=self.pool, classes=classes, features=self.features)
        critic = Critic(LabelledSequential(*parts), head)
        return with_spectral_norm(critic) if self.spectral else critic


@dataclass(frozen=True)
class ResNet64Generator:
    """The authors' "good" generator for 64 px: blocks of 8, 4, 2 and 1 times the width."""

    width: int = 64
    """feature maps of the last block (DIM)"""
    norm: GeneratorNorm = "batch"
    """norm in the blocks"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        literal_fields(self, norm=GeneratorNorm)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of 64 px images, from latents of size ``latent``.

        Raises:
            UsageError: for anything but 64 px images.
        """
        from steadygan.networks.layers import activations
        from steadygan.networks.layers.blocks import ResidualBlock
        from steadygan.networks.layers.convolutions import SameConv
        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.linear import Unflatten, linear
        from steadygan.networks.layers.normalization import norm_2d

        channels, _, start = need_start("ResNet64Generator", sample, (64,), from_four)
        d = self.width
        widths = (8 * d, 8 * d, 4 * d, 2 * d, d)
        parts: list[nn.Module] = [linear(latent, math.prod(start) * 8 * d, "glorot"), Unflatten(8 * d, start)]
        parts += [ResidualBlock(a, b, "up", norm=self.norm, first_bias=False) for a, b in pairwise(widths)]
        parts += norm_2d(self.norm, d)
        parts += [activations.make("relu", critic=False), initialized(SameConv(d, channels, 3), "he")]
        return Generator(LabelledSequential(*parts), sample.shape, "tanh")


@dataclass(frozen=True)
class ResNet64Critic:
    """The authors' "good" critic for 64 px: the generator's blocks mirrored; layer norm under a gradient penalty."""

    width: int = 64
    """feature maps after the first layer (DIM)"""
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
        """A critic of 64 px images.

        Raises:
            UsageError: for anything but 64 px images.
        """
        from steadygan.networks.layers.blocks import ResidualBlock
        from steadygan.networks.layers.convolutions import SameConv
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.initialization import initialized

        channels, _, end = need_start("ResNet64Critic", sample, (64,), from_four)
        d = self.width
        widths = (d, 2 * d, 4 * d, 8 * d, 8 * d)
        parts: list[nn.Module] = [initialized(SameConv(channels, d, 3), "glorot")]
        parts += [
            ResidualBlock(a, b, "down", norm=self.norm, critic=True, first_bias=False) for a, b in pairwise(widths)
        ]
        classes = need_classes("ResNet64Critic", sample) if self.class_logits else 0
        head = ScoreHead(math.prod(end) * 8 * d, "glorot", classes=classes, features=self.features)
        return Critic(LabelledSequential(*parts), head)
