"""R3GAN's networks (Huang et al. 2024, The GAN is dead; long live the GAN!): residual blocks without any norm.

From 4x4 maps up and back, each stage of one size has a few bottleneck blocks with grouped 3x3 convolutions; sizes
change by the filter [1, 3, 3, 1]. ``width=768, widths="constant"`` is the preset for CIFAR-10. Parameter counts are
those that the layers of that preset add up to; details that the paper's text leaves open follow public descriptions of
its code: no bias outside of the blocks, and learned class vectors initialised as a layer of one-hot labels
(unconfirmed).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from steadygan.checks import literal_fields, whole_fields, whole_number
from steadygan.codec import OMIT_DEFAULT
from steadygan.errors import UsageError
from steadygan.networks.checks import need_classes, need_start
from steadygan.networks.packing import check_packing, packed
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

SIZES = (8, 16, 28, 32, 64, 128, 256)
"""Supported sizes of images in pixels."""

Widths = Literal["doubling", "constant"]
Output = Literal["linear", "tanh", "sigmoid"]
_LARGEST = 8  # times the base width


@dataclass(frozen=True)
class _Stages:
    """Fields of both networks: a stage of bottleneck blocks for each size from 4x4 (7x7 for 28 px) up."""

    width: int = 32
    """feature maps of the stage at the image's own size"""
    widths: Widths = "doubling"
    """doubling at each stage below, up to 8 times, or constant (R3GAN at 32 px)"""
    stages: tuple[int, ...] = ()
    """feature maps of each stage from 4x4 up, instead of width and widths"""
    blocks: int = 2
    """blocks in each stage"""
    expansion: int = 2
    """feature maps inside a block, as a multiple of its width"""
    group: int = 16
    """channels in a group of the grouped 3x3 convolutions"""

    def __post_init__(self) -> None:
        name = type(self).__name__
        object.__setattr__(self, "stages", tuple(self.stages))  # a list is as good, and reads back as a tuple
        whole_fields(self, "width", "blocks", "expansion", "group")
        literal_fields(self, widths=Widths)
        for width in self.stages or (self.width, 2 * self.width):
            whole_number(f"{name}.stages", width)
            hidden = width * self.expansion
            if hidden > self.group and hidden % self.group:
                raise UsageError(
                    f"{name} has {width} maps, in blocks {hidden}, no multiple of the group of {self.group}: "
                    f"take a width whose {self.expansion}-fold is a multiple of {self.group}"
                )

    def _maps(self, size: int) -> list[int]:
        """Feature maps of each stage, the smallest size first."""
        count = (size // _start(size)).bit_length()
        if not self.stages:
            factors = [1 if self.widths == "constant" else min(2**i, _LARGEST) for i in range(count)]
            return [self.width * factor for factor in reversed(factors)]
        if len(self.stages) != count:
            raise UsageError(
                f"{type(self).__name__}.stages has {len(self.stages)} widths, but {size} px take {count}: "
                f"one for each size from {_start(size)} to {size} px"
            )
        return list(self.stages)

    def _stage(self, width: int, stages: int, *, critic: bool) -> list[nn.Module]:
        """The blocks of one stage."""
        from steadygan.networks.layers.r3gan import ResNeXtBlock

        hidden = width * self.expansion
        groups = max(1, hidden // self.group)
        return [ResNeXtBlock(width, hidden, groups, self.blocks * stages, critic=critic) for _ in range(self.blocks)]


def _start(size: int) -> int:
    return 7 if size == 28 else 4


def _change(inputs: int, outputs: int) -> list[nn.Module]:
    """A 1x1 convolution between stages of different widths, at the smaller of both sizes."""
    from torch import nn

    from steadygan.networks.layers.r3gan import scaled

    return [] if inputs == outputs else [scaled(nn.Conv2d(inputs, outputs, 1, bias=False))]


@dataclass(frozen=True)
class R3GANGenerator(_Stages):
    """A learned 4x4 basis weighted by the latent, then stages of bottleneck blocks, doubled in between; no norms."""

    conditional: bool = False
    """conditioned on the class: a learned vector of the class is joined to the latent"""
    embedding: int = 64
    """size of that vector"""
    output: Output = "linear"
    """output activation; linear in R3GAN, tanh for pixels in [-1, 1], sigmoid for [0, 1]"""

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_fields(self, "embedding")
        literal_fields(self, output=Output)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent``.

        Raises:
            UsageError: for points, unsupported sizes, and, if it is conditional, data without labels.
        """
        from torch import nn

        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.labels import LabelledLatents
        from steadygan.networks.layers.r3gan import EmbedLabels, LearnedBasis, scaled
        from steadygan.networks.layers.resampling import FilteredUpsample

        channels, size, start = need_start("R3GANGenerator", sample, SIZES, _start)
        widths = self._maps(size)
        classes = need_classes("R3GANGenerator", sample, "conditional") if self.conditional else 0
        inputs = latent + (self.embedding if classes else 0)
        stages = len(widths)
        parts: list[nn.Module] = [LearnedBasis(inputs, widths[0], start)]
        parts += self._stage(widths[0], stages, critic=False)
        for width, following in pairwise(widths):
            parts += [*_change(width, following), FilteredUpsample(), *self._stage(following, stages, critic=False)]
        parts.append(scaled(nn.Conv2d(widths[-1], channels, 1, bias=False)))
        generator = Generator(LabelledSequential(*parts), sample.shape, self.output)
        return LabelledLatents(EmbedLabels(classes, self.embedding), generator) if classes else generator


@dataclass(frozen=True)
class R3GANCritic(_Stages):
    """The generator mirrored: stages of bottleneck blocks, halved in between, a sum of each 4x4 map, a linear score."""

    conditional: bool = False
    """projection critic: the score is the product of features with a learned vector of the class"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""

    packing: int = field(default=1, metadata=OMIT_DEFAULT)
    """samples that are scored together, as a remedy for mode collapse (PacGAN); 1: each by itself"""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_packing(self)

    @packed
    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for points, unsupported sizes, and, if it is conditional, data without labels.
        """
        from torch import nn

        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential
        from steadygan.networks.layers.r3gan import BasisHead, scaled
        from steadygan.networks.layers.resampling import FilteredDownsample

        channels, size, start = need_start("R3GANCritic", sample, SIZES, _start)
        widths = self._maps(size)[::-1]
        parts: list[nn.Module] = [scaled(nn.Conv2d(channels, widths[0], 1, bias=False))]
        stages = len(widths)
        for width, following in pairwise(widths):
            parts += [*self._stage(width, stages, critic=True), FilteredDownsample(), *_change(width, following)]
        parts += self._stage(widths[-1], stages, critic=True)
        classes = need_classes("R3GANCritic", sample, "conditional") if self.conditional else 0
        head = BasisHead(widths[-1], start, classes, features=self.features)
        return Critic(LabelledSequential(*parts), head)
