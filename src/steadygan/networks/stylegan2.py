"""StyleGAN2's networks (Karras et al. 2020, Analyzing and improving the image quality of StyleGAN).

Feature maps at s px are min(base / s, most): base 32768 is the paper's configuration F and the CIFAR-10 preset's,
16384 that of smaller images (StyleGAN2-ADA's code).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from steadygan.checks import true_or_false, whole_fields, whole_number, within
from steadygan.networks.checks import need_classes, need_start
from steadygan.networks.drawing import GeneratorNumbers
from steadygan.networks.maps import SIZES, Maps, start_of
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class StyleGAN2Generator(Maps):
    """Mapping network, then modulated convolutions with noise from a learned 4x4 map up, and a sum of images."""

    style: int = 512
    """width of a style"""
    mapping: int = 8
    """dense layers of the mapping network; 2 in StyleGAN2-ADA's automatic settings"""
    mixing: float = 0.9
    """style mixing: probability that a batch has the styles of two latents, cut at one layer"""
    conditional: bool = False
    """conditioned on the class: its vector is joined to the latent"""

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_fields(self, "style", "mapping")
        within("StyleGAN2Generator.mixing", self.mixing, 0, 1)
        true_or_false("StyleGAN2Generator.conditional", self.conditional)

    def numbers(self, sample: SampleSpec) -> GeneratorNumbers:
        """Noise for each convolution, and numbers of style mixing."""
        _, size, (height, width) = need_start("StyleGAN2Generator", sample, SIZES, start_of)
        shapes = []
        for level in range(len(self.widths(size))):
            shapes += [(1, height << level, width << level)] * (1 if level == 0 else 2)
        return GeneratorNumbers(tuple(shapes), mixes=self.mixing > 0)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent``.

        Raises:
            UsageError: for other samples, unsupported sizes, and, if it is conditional, data without labels.
        """
        from steadygan.networks.layers.mapping import MappingNetwork
        from steadygan.networks.layers.style_generator import StyleGenerator

        channels, size, start = need_start("StyleGAN2Generator", sample, SIZES, start_of)
        classes = need_classes("StyleGAN2Generator", sample, "conditional") if self.conditional else 0
        mapping = MappingNetwork(latent, self.style, self.mapping, classes)
        return StyleGenerator(mapping, self.widths(size), start, channels, self.style, self.mixing)


@dataclass(frozen=True)
class StyleGAN2Critic(Maps):
    """Residual blocks of 3x3 convolutions from the image down to 4x4, the minibatch's standard deviation, a score."""

    group: int | None = 4
    """samples in a group of the minibatch standard deviation; has to divide the batch. None: the whole batch"""
    residual: bool = True
    """False: blocks without their skip connection (StyleGAN2-ADA's CIFAR-10 preset)"""
    conditional: bool = False
    """projection critic: the score is the product of features with a mapped vector of the class"""
    mapping: int = 8
    """dense layers between a class and its vector"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number("StyleGAN2Critic.group", self.group, 2, or_none=True, note="null: the whole batch")
        whole_fields(self, "mapping")
        for name in ("residual", "conditional", "features"):
            true_or_false(f"StyleGAN2Critic.{name}", getattr(self, name))

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for other samples, unsupported sizes, and, if it is conditional, data without labels.
        """
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential
        from steadygan.networks.layers.style_critic import HalvingBlock, StyleHead, layer

        channels, size, start = need_start("StyleGAN2Critic", sample, SIZES, start_of)
        widths = self.widths(size)[::-1]
        parts = layer(channels, widths[0], 1)
        parts += [HalvingBlock(width, following, residual=self.residual) for width, following in pairwise(widths)]
        classes = need_classes("StyleGAN2Critic", sample, "conditional") if self.conditional else 0
        head = StyleHead(widths[-1], start, self.group, classes, self.mapping, features=self.features)
        critic = Critic(LabelledSequential(*parts), head)
        critic.largest_first = ("trunk",)
        return critic
