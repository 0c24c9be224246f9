"""DCGAN's networks over 1, 2 or 3 dimensions of any length: for signals, volumes, and images of any sides.

Convolutions halve each side that is 8 or longer, rounded up, until all are below 8; the generator goes back through
the same lengths, so that a sample of 500 places is made as 4, 8, 16, 32, 63, 125, 250, 500. Radford et al. 2016 over
one dimension is WaveGAN's form (Donahue et al. 2019, with kernels of 25), over three 3D-GAN's (Wu et al. 2016).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from steadygan.checks import literal_fields, whole_fields, whole_number
from steadygan.codec import OMIT_DEFAULT
from steadygan.errors import UsageError
from steadygan.networks.checks import fitting_networks, need_classes
from steadygan.networks.dcgan import Activation, Init, Norm, Output
from steadygan.networks.packing import check_packing, packed
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

Lengths: TypeAlias = tuple[int, ...]

_SHORT = 8
"""the least length that is halved"""
_LARGEST = 8
"""most feature maps, in times the width"""


def _check(spec: ConvGenerator | ConvCritic) -> None:
    whole_fields(spec, "width")
    whole_number(f"{type(spec).__name__}.kernel", spec.kernel, 2, or_none=True)
    literal_fields(spec, norm=Norm, activation=Activation, init=Init)


def _need_grid(spec: ConvGenerator | ConvCritic, sample: SampleSpec) -> tuple[int, Lengths]:
    """Channels and lengths of the axes. Raises UsageError for points and text."""
    name = type(spec).__name__
    if not sample.is_grid:
        fitting = fitting_networks(sample)
        raise UsageError(f"{name} is for signals, images and volumes, but a sample is {sample}: use {fitting}")
    if not all(sample.shape):
        raise UsageError(f"{name} takes samples that are not empty, but a sample is {sample}")
    return sample.shape[0], sample.shape[1:]


def levels(lengths: Lengths) -> list[Lengths]:
    """Lengths after each level of the critic, the full ones first; at least one level."""
    result = [lengths]
    while max(result[-1]) >= _SHORT:
        result.append(tuple(-(-length // 2) if length >= _SHORT else length for length in result[-1]))
    return result if len(result) > 1 else [lengths, lengths]


def _strides(longer: Lengths, shorter: Lengths) -> Lengths:
    return tuple(1 if before == after else 2 for before, after in zip(longer, shorter, strict=True))


def _kernel(spec: ConvGenerator | ConvCritic, sample: SampleSpec) -> int:
    return spec.kernel or (4 if sample.is_volume else 5)


def _widths(spec: ConvGenerator | ConvCritic, count: int) -> list[int]:
    return [spec.width * min(2**level, _LARGEST) for level in range(count)]


@dataclass(frozen=True)
class ConvGenerator:
    """A linear layer to maps shorter than 8, then transposed convolutions that double each side; any lengths."""

    width: int = 64
    """feature maps before the last layer, doubled at each level below, up to 8 times"""
    norm: Norm = "batch"
    """norm after each layer but the last"""
    activation: Activation = "relu"
    """activation of hidden layers; leaky_relu has slope 0.2"""
    init: Init = "he"
    """initial weights: he, as DCGANGenerator has it, uniform_0.02 or normal_0.02"""
    kernel: int | None = None
    """length of a kernel along each axis; None: 5, of volumes 4. WaveGAN has 25"""
    output: Output = "tanh"
    """output activation; signals and volumes are stored in [-1, 1]"""
    spectral: bool = False
    """spectral norm in every layer"""

    def __post_init__(self) -> None:
        _check(self)
        literal_fields(self, output=Output)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such samples, from latents of size ``latent``.

        Raises:
            UsageError: for points and text.
        """
        from steadygan.networks.layers import activations
        from steadygan.networks.layers.convolutions_nd import UnflattenTo, same_transpose
        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.linear import linear
        from steadygan.networks.layers.normalization import norm_nd
        from steadygan.networks.layers.spectral import with_spectral_norm

        channels, lengths = _need_grid(self, sample)
        sides = levels(lengths)[::-1]
        widths = _widths(self, len(sides) - 1)[::-1]
        kernel, dimensions = _kernel(self, sample), len(lengths)
        first = activations.maps(self.activation, widths[0])
        scheme = "glorot" if self.init == "he" else self.init
        parts: list[nn.Module] = [
            linear(latent, first * math.prod(sides[0]), scheme),
            UnflattenTo(first, sides[0]),
            *norm_nd(dimensions, self.norm, first, self.init),
            activations.make(self.activation, critic=False),
        ]
        for index, width in enumerate(widths):
            before, after = sides[index], sides[index + 1]
            last = index == len(widths) - 1
            made = channels if last else activations.maps(self.activation, widths[index + 1])
            layer = same_transpose(width, made, kernel, _strides(after, before), after)
            parts.append(initialized(layer, self.init))  # type: ignore[type-var]
            if not last:
                parts += norm_nd(dimensions, self.norm, made, self.init)
                parts.append(activations.make(self.activation, critic=False))
        generator = Generator(LabelledSequential(*parts), sample.shape, self.output)
        return with_spectral_norm(generator) if self.spectral else generator


@dataclass(frozen=True)
class ConvCritic:
    """Convolutions that halve each side until all are shorter than 8, then a linear score; any lengths."""

    width: int = 64
    """feature maps after the first layer, doubled at each level below, up to 8 times"""
    norm: Norm = "none"
    """norm after each convolution but the first; not batch under a gradient penalty"""
    activation: Activation = "leaky_relu"
    """activation of hidden layers; leaky_relu has slope 0.2"""
    init: Init = "he"
    """initial weights: he, as DCGANCritic has it, uniform_0.02 or normal_0.02"""
    kernel: int | None = None
    """length of a kernel along each axis; None: 5, of volumes 4. WaveGAN has 25"""
    class_logits: bool = False
    """second head with class logits (AC-GAN); needs data with labels"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""
    spectral: bool = False
    """spectral norm in every layer"""
    packing: int = field(default=1, metadata=OMIT_DEFAULT)
    """samples that are scored together, as a remedy for mode collapse (PacGAN); 1: each by itself"""

    def __post_init__(self) -> None:
        _check(self)
        check_packing(self)

    @packed
    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such samples.

        Raises:
            UsageError: for points and text.
        """
        from steadygan.networks.layers import activations
        from steadygan.networks.layers.convolutions_nd import same_convolution
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.normalization import norm_nd
        from steadygan.networks.layers.spectral import with_spectral_norm

        width, lengths = _need_grid(self, sample)
        sides = levels(lengths)
        kernel = _kernel(self, sample)
        parts: list[nn.Module] = []
        for index, following in enumerate(_widths(self, len(sides) - 1)):
            made = activations.maps(self.activation, following)
            layer = same_convolution(width, made, kernel, _strides(sides[index], sides[index + 1]))
            parts.append(initialized(layer, self.init))  # type: ignore[type-var]
            parts += norm_nd(len(lengths), self.norm, made, self.init) if index else []
            parts.append(activations.make(self.activation, critic=True))
            width = following
        classes = need_classes("ConvCritic", sample) if self.class_logits else 0
        scheme = "glorot" if self.init == "he" else self.init
        head = ScoreHead(width * math.prod(sides[-1]), scheme, classes=classes, features=self.features)
        critic = Critic(LabelledSequential(*parts), head)
        return with_spectral_norm(critic) if self.spectral else critic
