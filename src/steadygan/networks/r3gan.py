"""R3GAN's networks (Huang et al. 2024, The GAN is dead; long live the GAN!): residual blocks without any norm.

From 4x4 maps up and back, each stage of one size has a few bottleneck blocks with grouped 3x3 convolutions; sizes
change by the filter [1, 3, 3, 1]. ``width=768, widths="constant"`` is the preset for CIFAR-10. Parameter counts are
those that the layers of that preset add up to; details that the paper's text leaves open follow public descriptions of
its code: no bias outside of the blocks, and learned class vectors initialised as a layer of one-hot labels
(unconfirmed).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from steadygan.networks.checks import need_choice, need_image, need_positive
from steadygan.types import SampleSpec, UsageError

if TYPE_CHECKING:
    from torch import nn

SIZES = (8, 16, 28, 32, 64, 128)
"""Pixels that R3GAN's networks are made for."""

Widths = Literal["doubling", "constant"]
_WIDTHS = ("doubling", "constant")
_OUTPUTS = ("linear", "tanh", "sigmoid")
_LARGEST = 8  # times the base width


def _check(spec: R3GANGenerator | R3GANCritic) -> None:
    name = type(spec).__name__
    object.__setattr__(spec, "stages", tuple(spec.stages))  # a list is as good, and reads back as a tuple
    need_positive(name, width=spec.width, blocks=spec.blocks, expansion=spec.expansion, group=spec.group)
    need_choice(name, "widths", spec.widths, _WIDTHS)
    for width in spec.stages or (spec.width, 2 * spec.width):
        need_positive(name, stages=width)
        hidden = width * spec.expansion
        if hidden > spec.group and hidden % spec.group:
            raise UsageError(
                f"{name} has {width} maps, in blocks {hidden}, which do not part into groups of {spec.group}: "
                f"take a width whose {spec.expansion}-fold is a multiple of {spec.group}"
            )


def _start(size: int) -> int:
    return 7 if size == 28 else 4


def _stages(spec: R3GANGenerator | R3GANCritic, size: int) -> list[int]:
    """Maps of each stage, the smallest size first."""
    count = (size // _start(size)).bit_length()
    if not spec.stages:
        factors = [1 if spec.widths == "constant" else min(2**i, _LARGEST) for i in range(count)]
        return [spec.width * factor for factor in reversed(factors)]
    if len(spec.stages) != count:
        raise UsageError(
            f"{type(spec).__name__}.stages has {len(spec.stages)} widths, but {size} px take {count}: "
            f"one for each size from {_start(size)} to {size} px"
        )
    return list(spec.stages)


def _blocks(spec: R3GANGenerator | R3GANCritic, width: int, stages: int) -> list[nn.Module]:
    """The blocks of one stage."""
    from steadygan.networks.resnext import ResNeXtBlock

    hidden = width * spec.expansion
    groups = max(1, hidden // spec.group)
    critic = isinstance(spec, R3GANCritic)
    return [ResNeXtBlock(width, hidden, groups, spec.blocks * stages, critic=critic) for _ in range(spec.blocks)]


def _change(inputs: int, outputs: int) -> list[nn.Module]:
    """Between stages of different widths: a 1x1 convolution, at the smaller of both sizes."""
    from torch import nn

    from steadygan.networks.resnext import scaled

    return [] if inputs == outputs else [scaled(nn.Conv2d(inputs, outputs, 1, bias=False))]


def _classes(spec: R3GANGenerator | R3GANCritic, sample: SampleSpec) -> int:
    if not spec.conditional:
        return 0
    if sample.classes < 2:
        raise UsageError(
            f"{type(spec).__name__}.conditional needs data with labels of 2 classes or more, but a sample is {sample}"
        )
    return sample.classes


@dataclass(frozen=True)
class R3GANGenerator:
    """A learned 4x4 basis weighted by the latent, then stages of bottleneck blocks, doubled in between; no norms."""

    width: int = 32
    """maps of the last stage"""
    widths: Widths = "doubling"
    """each stage below has twice as many, up to 8 times; or constant: the same everywhere (R3GAN at 32 px)"""
    stages: tuple[int, ...] = ()
    """maps of each stage from 4x4 up, instead of width and widths"""
    blocks: int = 2
    """in each stage"""
    expansion: int = 2
    """maps within a block, in multiples of its width"""
    group: int = 16
    """maps in a group of the 3x3 convolutions"""
    conditional: bool = False
    """listen to labels: a learned vector of the class beside the latent"""
    embedding: int = 64
    """numbers in that vector"""
    output: Literal["linear", "tanh", "sigmoid"] = "linear"
    """linear as in R3GAN; tanh is for pixels in [-1, 1], sigmoid for [0, 1]"""

    def __post_init__(self) -> None:
        _check(self)
        need_positive("R3GANGenerator", embedding=self.embedding)
        need_choice("R3GANGenerator", "output", self.output, _OUTPUTS)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """The generator of such images from latents of ``latent`` numbers.

        Raises:
            UsageError: for points, for sizes it is not made for, and for data without labels where it is conditional.
        """
        from torch import nn

        from steadygan.networks import layers
        from steadygan.networks.latents import LabelledLatents
        from steadygan.networks.resampling import FilteredUpsample
        from steadygan.networks.resnext import EmbedLabels, LearnedBasis, scaled

        channels, size = need_image("R3GANGenerator", sample, SIZES)
        widths = _stages(self, size)
        classes = _classes(self, sample)
        inputs = latent + (self.embedding if classes else 0)
        parts: list[nn.Module] = [LearnedBasis(inputs, widths[0], _start(size)), *_blocks(self, widths[0], len(widths))]
        for width, following in pairwise(widths):
            parts += [*_change(width, following), FilteredUpsample(), *_blocks(self, following, len(widths))]
        parts.append(scaled(nn.Conv2d(widths[-1], channels, 1, bias=False)))
        generator = layers.Generator(layers.LabelledSequential(*parts), sample.shape, self.output)
        return LabelledLatents(EmbedLabels(classes, self.embedding), generator) if classes else generator


@dataclass(frozen=True)
class R3GANCritic:
    """The generator mirrored: stages of bottleneck blocks, halved in between, a sum of each 4x4 map, a linear score."""

    width: int = 32
    """maps of the first stage"""
    widths: Widths = "doubling"
    """each stage below has twice as many, up to 8 times; or constant: the same everywhere (R3GAN at 32 px)"""
    stages: tuple[int, ...] = ()
    """maps of each stage from 4x4 up, instead of width and widths"""
    blocks: int = 2
    """in each stage"""
    expansion: int = 2
    """maps within a block, in multiples of its width"""
    group: int = 16
    """maps in a group of the 3x3 convolutions"""
    conditional: bool = False
    """score samples as members of their class: the product of features with a learned vector of the class"""
    features: bool = False
    """hand out the last hidden layer too (feature matching)"""

    def __post_init__(self) -> None:
        _check(self)

    def build(self, sample: SampleSpec) -> nn.Module:
        """The critic of such images.

        Raises:
            UsageError: for points, for sizes it is not made for, and for data without labels where it is conditional.
        """
        from torch import nn

        from steadygan.networks import layers
        from steadygan.networks.resampling import FilteredDownsample
        from steadygan.networks.resnext import BasisHead, scaled

        channels, size = need_image("R3GANCritic", sample, SIZES)
        widths = _stages(self, size)[::-1]
        parts: list[nn.Module] = [scaled(nn.Conv2d(channels, widths[0], 1, bias=False))]
        for width, following in pairwise(widths):
            parts += [*_blocks(self, width, len(widths)), FilteredDownsample(), *_change(width, following)]
        parts += _blocks(self, widths[-1], len(widths))
        head = BasisHead(widths[-1], _start(size), _classes(self, sample), features=self.features)
        return layers.Critic(layers.LabelledSequential(*parts), head)
