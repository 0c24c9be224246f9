"""DCGAN's networks (Radford et al. 2016) in the form of the WGAN-GP authors' code: 5x5 convolutions with stride 2.

With their defaults they are that code's CIFAR-10 networks (width 128) and MNIST networks (28 px, norm none); at 64 px
with ``init`` uniform_0.02 its LSUN baseline, whose variants (WGAN-GP, Fig. 2, rows 0, 1, 3, 4, 5) are choices of
width rule, norm and activation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from steadygan.checks import literal_fields, whole_fields
from steadygan.codec import OMIT_DEFAULT
from steadygan.networks.checks import Sides, need_classes, need_cropped_start
from steadygan.networks.minibatch import Minibatch
from steadygan.networks.packing import check_packing, packed
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

SIZES = (8, 16, 28, 32, 64, 128, 256)
"""Supported sizes of images in pixels."""

Norm = Literal["batch", "layer", "instance", "none"]
Activation = Literal["relu", "leaky_relu", "tanh", "elu", "smooth_elu", "gated"]
Init = Literal["he", "uniform_0.02", "normal_0.02"]
Widths = Literal["doubling", "constant"]
Output = Literal["tanh", "sigmoid", "linear"]
_LARGEST = 8  # times the base width


def _check(spec: DCGANGenerator | DCGANCritic) -> None:
    whole_fields(spec, "width")
    whole_fields(spec, "kernel", least=2)
    whole_fields(spec, "extra", least=0)
    literal_fields(spec, norm=Norm, activation=Activation, init=Init, widths=Widths)


def _start(spec: str, sample: SampleSpec) -> tuple[int, int, Sides]:
    """Channels, shorter side, and height and width of the smallest maps."""
    return need_cropped_start(spec, sample, SIZES, lambda size: size >> max(2, size.bit_length() - 3))


def _levels(spec: DCGANGenerator | DCGANCritic, size: int) -> list[int]:
    """Feature maps after each halving in the critic, the largest size first: at least two levels."""
    count = 3 if size == 28 else max(2, size.bit_length() - 3)
    factors = [1 if spec.widths == "constant" else min(2**i, _LARGEST) for i in range(count)]
    return [spec.width * factor for factor in factors]


def _kept(spec: DCGANGenerator | DCGANCritic, width: int, count: int) -> list[nn.Module]:
    """``count`` 3x3 convolutions of maps that keep their shape, each with its norm and activation."""
    from steadygan.networks.layers import activations
    from steadygan.networks.layers.convolutions import SameConv
    from steadygan.networks.layers.initialization import initialized
    from steadygan.networks.layers.normalization import norm_2d

    made = activations.maps(spec.activation, width)
    parts: list[nn.Module] = []
    for _ in range(count):
        parts.append(initialized(SameConv(width, made, 3), spec.init))
        parts += norm_2d(spec.norm, made, spec.init)
        parts.append(activations.make(spec.activation, critic=isinstance(spec, DCGANCritic)))
    return parts


@dataclass(frozen=True)
class DCGANGenerator:
    """A linear layer to 4x4 maps (2x2 for 8 px), then 5x5 transposed convolutions that double the pixels."""

    width: int = 64
    """feature maps before the last layer (DIM), doubled at each level below, up to 8 times"""
    norm: Norm = "batch"
    """norm after each layer but the last"""
    activation: Activation = "relu"
    """activation of hidden layers; leaky_relu has slope 0.2"""
    widths: Widths = "doubling"
    """doubling at each level below, or constant"""
    init: Init = "he"
    """initial weights: he (authors' code for CIFAR-10, MNIST), uniform_0.02 (their 64 px code), normal_0.02 (WGAN)"""
    kernel: int = 5
    """kernel size in pixels; 4 in the original WGAN"""
    output: Output = "tanh"
    """output activation; sigmoid is for pixels in [0, 1]"""
    extra: int = field(default=0, metadata=OMIT_DEFAULT)
    """3x3 convolutions at each size in pixels besides the layer that makes it (n_extra_layers of the original WGAN's
    code): at 32 px there are 4 (1 + extra) layers"""

    def __post_init__(self) -> None:
        _check(self)
        literal_fields(self, output=Output)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent``.

        Raises:
            UsageError: for points and unsupported sizes.
        """
        from steadygan.networks.layers import activations
        from steadygan.networks.layers.convolutions import Crop, SameConv, SameConvTranspose
        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.linear import Unflatten, linear
        from steadygan.networks.layers.normalization import norm_1d, norm_2d

        channels, size, start = _start("DCGANGenerator", sample)
        levels = _levels(self, size)[::-1]
        first = activations.maps(self.activation, levels[0])
        scheme = "glorot" if self.init == "he" else self.init
        parts: list[nn.Module] = [linear(latent, first * math.prod(start), scheme)]
        if self.norm == "batch" and size <= 32:  # the small networks' code normalises each unit here
            parts += [*norm_1d("batch", first * math.prod(start), self.init), Unflatten(first, start)]
        else:
            parts += [Unflatten(first, start), *norm_2d(self.norm, first, self.init)]
        parts.append(activations.make(self.activation, critic=False))
        width = levels[0]
        parts += _kept(self, width, self.extra)
        for index, following in enumerate(levels[1:]):
            made = activations.maps(self.activation, following)
            parts.append(initialized(SameConvTranspose(width, made, self.kernel), self.init))
            parts += norm_2d(self.norm, made, self.init)
            parts.append(activations.make(self.activation, critic=False))
            if size == 28 and index == 0:
                parts.append(Crop(7))
            width = following
            parts += _kept(self, width, self.extra)
        if self.extra:  # the last of them makes the pixels
            made = activations.maps(self.activation, width)
            parts.append(initialized(SameConvTranspose(width, made, self.kernel), self.init))
            parts += [*norm_2d(self.norm, made, self.init), activations.make(self.activation, critic=False)]
            parts += [*_kept(self, width, self.extra - 1), initialized(SameConv(width, channels, 3), self.init)]
        else:
            parts.append(initialized(SameConvTranspose(width, channels, self.kernel), self.init))
        return Generator(LabelledSequential(*parts), sample.shape, self.output)


@dataclass(frozen=True)
class DCGANCritic:
    """5x5 convolutions that halve the pixels down to 4x4 (2x2 for 8 px), then a linear score."""

    width: int = 64
    """feature maps after the first layer (DIM), doubled at each level below, up to 8 times"""
    norm: Norm = "none"
    """norm after each convolution but the first; not batch under a gradient penalty"""
    activation: Activation = "leaky_relu"
    """activation of hidden layers; leaky_relu has slope 0.2"""
    widths: Widths = "doubling"
    """doubling at each level below, or constant"""
    init: Init = "he"
    """initial weights: he (authors' code for CIFAR-10, MNIST), uniform_0.02 (their 64 px code), normal_0.02 (WGAN)"""
    kernel: int = 5
    """kernel size in pixels; 4 in the original WGAN"""
    class_logits: bool = False
    """second head with class logits (AC-GAN); needs data with labels"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""
    minibatch: Minibatch | None = None
    """layer before the score that compares the samples of a batch"""
    packing: int = field(default=1, metadata=OMIT_DEFAULT)
    """samples that are scored together, as a remedy for mode collapse (PacGAN); 1: each by itself"""
    extra: int = field(default=0, metadata=OMIT_DEFAULT)
    """3x3 convolutions at each size in pixels besides the layer that leaves it (n_extra_layers of the original WGAN's
    code): at 32 px there are 4 (1 + extra) layers"""

    def __post_init__(self) -> None:
        _check(self)
        check_packing(self)

    @packed
    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for points and unsupported sizes.
        """
        from steadygan.networks.layers import activations
        from steadygan.networks.layers.convolutions import SameConv
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.normalization import norm_2d

        width, size, end = _start("DCGANCritic", sample)
        levels = _levels(self, size)
        parts: list[nn.Module] = []
        if self.extra:
            first = activations.maps(self.activation, levels[0])
            parts.append(initialized(SameConv(width, first, 3), self.init))
            parts += [activations.make(self.activation, critic=True), *_kept(self, levels[0], self.extra - 1)]
            width = levels[0]
        for following in levels:
            made, opening = activations.maps(self.activation, following), not parts
            parts.append(initialized(SameConv(width, made, self.kernel, stride=2), self.init))
            parts += [] if opening else norm_2d(self.norm, made, self.init)
            parts += [activations.make(self.activation, critic=True), *_kept(self, following, self.extra)]
            width = following
        scheme = "glorot" if self.init == "he" else self.init
        inputs = width * math.prod(end)
        if self.minibatch is not None:
            layer, inputs = self.minibatch.build(width, math.prod(end))
            parts.append(layer)
        classes = need_classes("DCGANCritic", sample) if self.class_logits else 0
        head = ScoreHead(inputs, scheme, classes=classes, features=self.features)
        return Critic(LabelledSequential(*parts), head)
