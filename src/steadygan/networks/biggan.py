"""BigGAN's networks (Brock et al. 2019, App. B, with the widths of the authors' PyTorch code)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal

from steadygan.checks import literal_fields, whole_fields, whole_number
from steadygan.errors import NeedsClassesError, UsageError
from steadygan.networks.checks import from_four, need_classes, need_maps, need_start
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

SIZES = (8, 16, 32, 64, 128, 256)
"""Supported sizes of images in pixels, of their shorter side; the authors have squares of 32 px and more."""

Init = Literal["orthogonal", "normal_0.02"]

_GENERATOR = {64: (16, 16, 8, 4, 2), 128: (16, 16, 8, 4, 2, 1), 256: (16, 16, 8, 8, 4, 2, 1)}
_CRITIC = {64: (1, 2, 4, 8, 16), 128: (1, 2, 4, 8, 16, 16), 256: (1, 2, 4, 8, 8, 16, 16)}


def generator_widths(size: int) -> tuple[int, ...]:
    """Feature maps of the 4x4 maps and after each block, which doubles the pixels; in multiples of the width."""
    return _GENERATOR.get(size, (4,) * (size.bit_length() - 2))


def critic_widths(size: int) -> tuple[int, ...]:
    """Feature maps after each block of the critic, in multiples of the width."""
    return _CRITIC.get(size, (4,) * (critic_halvings(size) + 2))


def critic_halvings(size: int) -> int:
    """Blocks of the critic that halve the pixels, its first ones: to 8x8 up to 32 px (8 px: to 4x4), else to 4x4."""
    return size.bit_length() - 3 if size in _CRITIC else max(1, size.bit_length() - 4)


def _sizes(spec: object, attention: object) -> tuple[int, ...]:
    """Sizes of maps; one number stands for itself."""
    sizes = tuple(attention) if isinstance(attention, tuple | list) else () if attention is None else (attention,)
    for size in sizes:
        whole_number(f"{type(spec).__name__}.attention", size)
    return sizes


@dataclass(frozen=True)
class BigGANGenerator:
    """Residual blocks with batch norm by a class vector, which all blocks share, and by a chunk of the latent."""

    width: int = 64
    """feature maps that the widths of the blocks are multiples of (ch)"""
    attention: tuple[int, ...] = ()
    """self-attention after the block with maps of this size in pixels, or of several: 8, 16, ... up to the image's"""
    shared: int | None = 128
    """numbers in the class vector that all blocks share; None: a table of classes in each norm"""
    hierarchical: bool = True
    """the first layer and each block get a chunk of the latent; numbers that are left over are not used. False: the
    first layer gets the whole latent"""
    init: Init = "orthogonal"
    """initial weights"""
    spectral: bool = True
    """spectral norm in every layer but the class vectors"""
    conditional: ClassVar[bool] = True
    """True: the generator takes labels"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        literal_fields(self, init=Init)
        object.__setattr__(self, "attention", _sizes(self, self.attention))
        if self.shared is not None:
            whole_number("BigGANGenerator.shared", self.shared)
        elif self.hierarchical:
            raise UsageError(
                "BigGANGenerator.hierarchical is true, but shared is null: chunks of the latent go beside the shared "
                "class vector; take shared 128, or hierarchical false"
            )

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent`` and labels.

        Raises:
            UsageError: for points, unsupported sizes, data without labels, and latents that are too small for chunks.
        """
        from torch import nn

        from steadygan.networks.layers import activations
        from steadygan.networks.layers.attention import SelfAttention
        from steadygan.networks.layers.biggan import ConditionBatchNorm, HierarchicalTrunk, chunk_size
        from steadygan.networks.layers.blocks import ResidualBlock
        from steadygan.networks.layers.conditional import ConditionalBatchNorm
        from steadygan.networks.layers.convolutions import SameConv
        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.initialization import all_initialized
        from steadygan.networks.layers.linear import Unflatten, linear
        from steadygan.networks.layers.normalization import norm_2d
        from steadygan.networks.layers.spectral import with_spectral_norm

        channels, size, (height, width) = need_start("BigGANGenerator", sample, SIZES, from_four)
        if sample.classes < 2:
            raise NeedsClassesError(
                f"BigGANGenerator needs data with labels of 2 classes or more, but a sample is {sample}: "
                "take other data, or a recipe that needs no labels"
            )
        widths = [self.width * factor for factor in generator_widths(size)]
        maps = [8 << level for level in range(len(widths) - 1)]
        for pixels in self.attention:
            need_maps("BigGANGenerator", pixels, maps)
        chunk = chunk_size(latent, len(maps)) if self.hierarchical else 0
        embedding = None if self.shared is None else nn.Embedding(sample.classes, self.shared)

        def norms(count: int) -> list[nn.Module]:
            if self.shared is None:
                return [ConditionalBatchNorm(count, sample.classes)]
            return [ConditionBatchNorm(count, self.shared + chunk)]

        first = nn.Sequential(
            linear(chunk or latent, widths[0] * height * width, "glorot"), Unflatten(widths[0], (height, width))
        )
        blocks = []
        for pixels, (inputs, outputs) in zip(maps, pairwise(widths), strict=True):
            parts: list[nn.Module] = [ResidualBlock(inputs, outputs, "up", norms=norms)]
            parts += [SelfAttention(outputs)] if pixels in self.attention else []
            blocks.append(LabelledSequential(*parts))
        last = [
            *norm_2d("batch", widths[-1]),
            activations.make("relu", critic=False),
            SameConv(widths[-1], channels, 3),
        ]
        trunk = HierarchicalTrunk(first, blocks, nn.Sequential(*last), embedding, chunk)
        generator = all_initialized(Generator(trunk, sample.shape, "tanh"), self.init)
        if self.spectral:  # the authors: with a normalised embedding the generator is crippled at times
            with_spectral_norm(generator, but=() if embedding is None else (embedding,))
        return generator


@dataclass(frozen=True)
class BigGANCritic:
    """Residual blocks down to 4x4 (8x8 up to 32 px), the sum over the pixels, a score with the projected class."""

    width: int = 64
    """feature maps that the widths of the blocks are multiples of (ch)"""
    attention: tuple[int, ...] = ()
    """self-attention after each block with maps of this size in pixels, or of several: from half the image's down"""
    projection: bool = True
    """projection critic: add the product of features with a learned vector of the class; needs data with labels"""
    init: Init = "orthogonal"
    """initial weights"""
    spectral: bool = True
    """spectral norm in every layer"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        literal_fields(self, init=Init)
        object.__setattr__(self, "attention", _sizes(self, self.attention))

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for points, unsupported sizes, and classes in data without labels.
        """
        from steadygan.networks.layers import activations
        from steadygan.networks.layers.attention import SelfAttention
        from steadygan.networks.layers.blocks import Resample, ResidualBlock
        from steadygan.networks.layers.conditional import ProjectionHead
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.initialization import all_initialized
        from steadygan.networks.layers.spectral import with_spectral_norm

        channels, size, _ = need_start("BigGANCritic", sample, SIZES, from_four)
        widths = [channels, *(self.width * factor for factor in critic_widths(size))]
        halvings = critic_halvings(size)
        maps = [size >> min(number + 1, halvings) for number in range(len(widths) - 1)]
        for pixels in self.attention:
            need_maps("BigGANCritic", pixels, sorted(set(maps), reverse=True))
        parts: list[nn.Module] = []
        for number, (pixels, (inputs, outputs)) in enumerate(zip(maps, pairwise(widths), strict=True)):
            way: Resample = "down" if number < halvings else "same"
            parts.append(ResidualBlock(inputs, outputs, way, critic=True, opening=number > 0, wide=True))
            parts += [SelfAttention(outputs)] if pixels in self.attention else []
        parts.append(activations.make("relu", critic=True))
        head: nn.Module
        if self.projection:
            head = ProjectionHead(widths[-1], need_classes("BigGANCritic", sample, "projection"), "glorot", pool="sum")
        else:
            head = ScoreHead(widths[-1], "glorot", pool="sum")
        critic = all_initialized(Critic(LabelledSequential(*parts), head), self.init)
        return with_spectral_norm(critic) if self.spectral else critic
