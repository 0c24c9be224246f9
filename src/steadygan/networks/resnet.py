"""Residual networks of WGAN-GP: the CIFAR-10 pair of App. F, and the "good" 64 px pair of the authors' code."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from steadygan.networks.checks import need_choice, need_classes, need_image, need_positive
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

SIZES = (8, 16, 32, 64, 128)
"""Pixels that ResNetGenerator and ResNetCritic are made for."""

GeneratorNorm = Literal["batch", "layer", "instance", "none"]
CriticNorm = Literal["none", "layer", "instance", "batch"]
_NORMS = ("batch", "layer", "instance", "none")
_OUTPUTS = ("tanh", "sigmoid", "linear")


@dataclass(frozen=True)
class ResNetGenerator:
    """4x4 maps from a linear layer, then residual blocks of one width that double the pixels (App. F)."""

    width: int = 128
    """maps of every block"""
    norm: GeneratorNorm = "batch"
    """batch, layer, instance, none"""
    output: Literal["tanh", "sigmoid", "linear"] = "tanh"
    """sigmoid is for pixels in [0, 1]"""

    def __post_init__(self) -> None:
        need_positive("ResNetGenerator", width=self.width)
        need_choice("ResNetGenerator", "norm", self.norm, _NORMS)
        need_choice("ResNetGenerator", "output", self.output, _OUTPUTS)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """The generator of such images from latents of ``latent`` numbers.

        Raises:
            UsageError: for points and for sizes it is not made for.
        """
        from steadygan.networks import activations, layers
        from steadygan.networks.blocks import ResidualBlock
        from steadygan.networks.convolutions import SameConv
        from steadygan.networks.initialization import initialized
        from steadygan.networks.normalization import norm_2d

        channels, size = need_image("ResNetGenerator", sample, SIZES)
        parts: list[nn.Module] = [
            layers.linear(latent, self.width * 16, "glorot"),
            layers.Unflatten(self.width, 4),
        ]
        parts += [ResidualBlock(self.width, self.width, "up", norm=self.norm) for _ in range(size.bit_length() - 3)]
        parts += norm_2d(self.norm, self.width)
        parts += [activations.make("relu", critic=False), initialized(SameConv(self.width, channels, 3), "glorot")]
        return layers.Generator(layers.LabelledSequential(*parts), sample.shape, self.output)


@dataclass(frozen=True)
class ResNetCritic:
    """Residual blocks of one width down to 8x8, two more there, the mean over pixels, a linear score (App. F)."""

    width: int = 128
    """maps of every block"""
    norm: CriticNorm = "none"
    """none, layer, instance, batch (not under a gradient penalty); none in the first block"""
    class_logits: bool = False
    """a second head that classifies (AC-GAN); needs data with labels"""
    features: bool = False
    """hand out the last hidden layer too (feature matching)"""

    def __post_init__(self) -> None:
        need_positive("ResNetCritic", width=self.width)
        need_choice("ResNetCritic", "norm", self.norm, _NORMS)

    def build(self, sample: SampleSpec) -> nn.Module:
        """The critic of such images.

        Raises:
            UsageError: for points and for sizes it is not made for.
        """
        from steadygan.networks import activations, layers
        from steadygan.networks.blocks import ResidualBlock

        channels, size = need_image("ResNetCritic", sample, SIZES)
        width, norm = self.width, self.norm
        downs = max(1, size.bit_length() - 4)
        parts: list[nn.Module] = [ResidualBlock(channels, width, "down", critic=True, opening=False)]
        parts += [ResidualBlock(width, width, "down", norm=norm, critic=True) for _ in range(downs - 1)]
        parts += [ResidualBlock(width, width, norm=norm, critic=True) for _ in range(2)]
        parts.append(activations.make("relu", critic=True))
        classes = need_classes("ResNetCritic", sample) if self.class_logits else 0
        head = layers.ScoreHead(width, "glorot", pool="mean", classes=classes, features=self.features)
        return layers.Critic(layers.LabelledSequential(*parts), head)


@dataclass(frozen=True)
class ResNet64Generator:
    """The authors' "good" generator for 64 px: blocks of 8, 4, 2 and 1 times the width."""

    width: int = 64
    """maps of the last block (DIM)"""
    norm: GeneratorNorm = "batch"
    """batch, layer, instance, none"""

    def __post_init__(self) -> None:
        need_positive("ResNet64Generator", width=self.width)
        need_choice("ResNet64Generator", "norm", self.norm, _NORMS)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """The generator of 64 px images from latents of ``latent`` numbers.

        Raises:
            UsageError: for anything but 64 px images.
        """
        from steadygan.networks import activations, layers
        from steadygan.networks.blocks import ResidualBlock
        from steadygan.networks.convolutions import SameConv
        from steadygan.networks.initialization import initialized
        from steadygan.networks.normalization import norm_2d

        channels, _ = need_image("ResNet64Generator", sample, (64,))
        d = self.width
        widths = (8 * d, 8 * d, 4 * d, 2 * d, d)
        parts: list[nn.Module] = [layers.linear(latent, 16 * 8 * d, "glorot"), layers.Unflatten(8 * d, 4)]
        parts += [ResidualBlock(a, b, "up", norm=self.norm, first_bias=False) for a, b in pairwise(widths)]
        parts += norm_2d(self.norm, d)
        parts += [activations.make("relu", critic=False), initialized(SameConv(d, channels, 3), "he")]
        return layers.Generator(layers.LabelledSequential(*parts), sample.shape, "tanh")


@dataclass(frozen=True)
class ResNet64Critic:
    """The authors' "good" critic for 64 px: the generator's blocks mirrored; layer norm under a gradient penalty."""

    width: int = 64
    """maps after the first layer (DIM)"""
    norm: CriticNorm = "layer"
    """layer (the code under WGAN-GP), batch (the code otherwise), instance, none"""
    class_logits: bool = False
    """a second head that classifies (AC-GAN); needs data with labels"""
    features: bool = False
    """hand out the last hidden layer too (feature matching)"""

    def __post_init__(self) -> None:
        need_positive("ResNet64Critic", width=self.width)
        need_choice("ResNet64Critic", "norm", self.norm, _NORMS)

    def build(self, sample: SampleSpec) -> nn.Module:
        """The critic of 64 px images.

        Raises:
            UsageError: for anything but 64 px images.
        """
        from steadygan.networks import layers
        from steadygan.networks.blocks import ResidualBlock
        from steadygan.networks.convolutions import SameConv
        from steadygan.networks.initialization import initialized

        channels, _ = need_image("ResNet64Critic", sample, (64,))
        d = self.width
        widths = (d, 2 * d, 4 * d, 8 * d, 8 * d)
        parts: list[nn.Module] = [initialized(SameConv(channels, d, 3), "glorot")]
        parts += [
            ResidualBlock(a, b, "down", norm=self.norm, critic=True, first_bias=False) for a, b in pairwise(widths)
        ]
        classes = need_classes("ResNet64Critic", sample) if self.class_logits else 0
        head = layers.ScoreHead(16 * 8 * d, "glorot", classes=classes, features=self.features)
        return layers.Critic(layers.LabelledSequential(*parts), head)
