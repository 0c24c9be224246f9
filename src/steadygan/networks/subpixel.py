"""Residual networks with sub-pixel convolution, whose layers work at half the picture's size and below.

The generator's last layer makes four pixels of each place (Shi et al. 2016, Real-Time Single Image and Video
Super-Resolution), and the critic's first one reads four at once (space to depth), so that no convolution runs at full
size. All are ungrouped 3x3 or 4x4 ones, which processors do fastest; each stage has residual blocks (He et al. 2016,
Identity Mappings). Of our own making, for training on laptops: docs/folders.md has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from steadygan.checks import literal_fields, true_or_false, whole_fields
from steadygan.codec import OMIT_DEFAULT
from steadygan.errors import UsageError
from steadygan.networks.checks import fitting_networks, need_classes
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

Norm = Literal["batch", "self_modulated", "none"]
Upsampling = Literal["transposed", "nearest"]
Output = Literal["tanh", "sigmoid", "linear"]
_LARGEST = 8  # times the base width
_SMALLEST, _LARGEST_START = 4, 16  # pixels of the shorter side of the maps at the start
_LONGEST = 4  # times the shorter side


def _halvings(spec: str, sample: SampleSpec) -> int:
    """How often both sides of the pictures can be halved while both are even and the shorter one keeps four pixels.

    Raises:
        UsageError: for other samples, and sides that cannot be halved at least once.
    """
    if not sample.is_image:
        raise UsageError(f"{spec} is for images, but a sample is {sample}: use {fitting_networks(sample)}")
    channels, height, width = sample.shape
    if channels < 1:
        raise UsageError(f"{spec} takes 1 channel or more, but a sample is {sample}")
    count = 0
    while not (height >> count) % 2 and not (width >> count) % 2 and min(height, width) >> count >= 2 * _SMALLEST:
        count += 1
    shorter, longer = min(height, width), max(height, width)
    if not count or shorter >> count > _LARGEST_START or longer > _LONGEST * shorter:
        raise UsageError(
            f"{spec} halves both sides while both are even, down to {_SMALLEST} to {_LARGEST_START} pixels of the "
            f"shorter one (the longer one: at most {_LONGEST} times as many), but a sample is {sample}: bring them to "
            "sides such as 32, 48 or 64 px with --data.size"
        )
    return count


def _stages(spec: SubpixelGenerator | SubpixelCritic, count: int) -> list[int]:
    """Feature maps of each stage, the largest maps first."""
    return [spec.width * min(2**i, _LARGEST) for i in range(count)]


@dataclass(frozen=True)
class SubpixelGenerator:
    """A linear layer, residual stages each of twice the size, a sub-pixel layer to the pixels."""

    width: int = 24
    """feature maps at half the picture's size, doubled at each stage below, up to 8 times"""
    blocks: int = 1
    """residual blocks in each stage"""
    norm: Norm = "self_modulated"
    """norm before each activation: batch norm, batch norm whose scales and offsets follow the latent, or none; with
    batch norm it learns far faster (docs/folders.md)"""
    upsampling: Upsampling = field(default="transposed", metadata=OMIT_DEFAULT)
    """from stage to stage: free 4x4 transposed convolutions, or nearest-neighbour doubling and 3x3 convolutions, which
    cost hardly more and begin without checkerboards (docs/folders.md)"""
    smooth: bool = field(default=False, metadata=OMIT_DEFAULT)
    """a binomial filter on the pixels, which no checkerboard passes"""
    output: Output = "tanh"
    """output activation; sigmoid for pixels in [0, 1]"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        whole_fields(self, "blocks", least=0)
        literal_fields(self, norm=Norm, upsampling=Upsampling, output=Output)
        true_or_false("SubpixelGenerator.smooth", self.smooth)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent``.

        Raises:
            UsageError: for samples that are no images, and sides that cannot be halved to 4 to 16 pixels.
        """
        from torch import nn

        from steadygan.networks.layers.generator_critic import Generator
        from steadygan.networks.layers.linear import Unflatten
        from steadygan.networks.layers.self_modulation import ModulatedSequential
        from steadygan.networks.layers.subpixel import (
            Activated,
            BinomialFilter,
            ResidualStage,
            doubled,
            scaled_conv,
            scaled_linear,
        )

        count = _halvings("SubpixelGenerator", sample)
        channels, height, width = sample.shape
        widths = _stages(self, count)[::-1]
        start = (height >> count, width >> count)
        norm = latent if self.norm == "self_modulated" else self.norm
        parts: list[nn.Module] = [
            scaled_linear(latent, widths[0] * start[0] * start[1]),
            Unflatten(widths[0], start),
        ]
        for index, maps in enumerate(widths):
            parts.append(ResidualStage(maps, self.blocks, count, norm=norm, critic=False))
            parts.append(Activated(maps, norm, critic=False))
            if index + 1 < count:
                parts.append(doubled(maps, widths[index + 1], self.upsampling))
        parts += [scaled_conv(widths[-1], 4 * channels), nn.PixelShuffle(2)]
        parts += [BinomialFilter()] if self.smooth else []
        return Generator(ModulatedSequential(*parts), sample.shape, self.output)


@dataclass(frozen=True)
class SubpixelCritic:
    """Four pixels at a time to maps of half the size, residual stages halved by 4x4 convolutions, a linear score."""

    width: int = 24
    """feature maps at half the picture's size, doubled at each stage below, up to 8 times"""
    blocks: int = 1
    """residual blocks in each stage"""
    class_logits: bool = False
    """second head with class logits (AC-GAN); needs data with labels"""
    projection: bool = False
    """projection critic: add the product of features with a learned vector of the class; needs data with labels"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        whole_fields(self, "blocks", least=0)
        if self.projection and self.class_logits:
            raise UsageError("SubpixelCritic has both projection and class_logits; allowed: one of them")

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for samples that are no images, sides that cannot be halved to 4 to 16 pixels, and classes in
                data without labels.
        """
        from torch import nn

        from steadygan.networks.layers.conditional import ProjectionHead
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.subpixel import Activated, ResidualStage, halved, scaled_conv

        count = _halvings("SubpixelCritic", sample)
        channels, height, width = sample.shape
        widths = _stages(self, count)
        parts: list[nn.Module] = [nn.PixelUnshuffle(2), scaled_conv(4 * channels, widths[0])]
        for index, maps in enumerate(widths):
            parts.append(ResidualStage(maps, self.blocks, count, norm="none", critic=True))
            parts.append(Activated(maps, "none", critic=True))
            if index + 1 < count:
                parts.append(halved(maps, widths[index + 1]))
        inputs = widths[-1] * (height >> count) * (width >> count)
        head: nn.Module
        if self.projection:
            labelled = need_classes("SubpixelCritic", sample, "projection")
            head = ProjectionHead(inputs, labelled, "glorot", pool="flatten", features=self.features)
        else:
            classes = need_classes("SubpixelCritic", sample) if self.class_logits else 0
            head = ScoreHead(inputs, "glorot", classes=classes, features=self.features)
        return Critic(LabelledSequential(*parts), head)
