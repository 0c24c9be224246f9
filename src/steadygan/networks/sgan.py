"""The image networks of the SGAN authors' code: CIFAR-10's for 32 px, MNIST's for 28 px (Huang et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from steadygan.checks import within
from steadygan.networks.checks import need_image
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

SIZES = (28, 32)
"""Supported sizes of images in pixels."""
_EPS = 1e-6


@dataclass(frozen=True)
class SGANImageGenerator:
    """A linear layer, then four 5x5 transposed convolutions: two double the pixels, two add four to them.

    32 px: 5x5 maps of 256, doubled to 256, 128, doubled to 128. 28 px: 4x4 maps of 128, doubled to 128, 64, doubled to
    64. Batch norm and ReLU after each but the last; weights N(0, 0.02).
    """

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from inputs of size ``latent``.

        Raises:
            UsageError: for anything but images of 28 or 32 px.
        """
        from torch import nn

        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.initialization import all_initialized
        from steadygan.networks.layers.linear import Unflatten
        from steadygan.networks.layers.normalization import BatchNorm1d, BatchNorm2d

        channels, size = need_image("SGANImageGenerator", sample, SIZES)
        start, widths = (5, (256, 256, 128, 128)) if size == 32 else (4, (128, 128, 64, 64))
        first = widths[0] * start * start
        parts: list[nn.Module] = [nn.Linear(latent, first, bias=False), BatchNorm1d(first, eps=_EPS), nn.ReLU()]
        parts.append(Unflatten(widths[0], start))
        for (above, below), twice in zip(pairwise(widths), (True, False, True), strict=True):
            parts += [_transposed(above, below, twice=twice, bias=False), BatchNorm2d(below, eps=_EPS), nn.ReLU()]
        parts.append(_transposed(widths[-1], channels, twice=False, bias=True))
        network = all_initialized(LabelledSequential(*parts), "normal_0.02")
        return Generator(network, sample.shape, "tanh")


@dataclass(frozen=True)
class SGANImageCritic:
    """32 px: six convolutions down to 6x6 maps with batch norm; 28 px: three 5x5 ones with stride 2 and a layer of 256.

    Leaky ReLU of slope 0.2, and ReLU after the layer of 256; weights N(0, 0.02). The score of 32 px is of the mean over
    the maps.
    """

    corruption: float = 0.0
    """deviation of Gaussian noise on the images; the authors' CIFAR-10 code: 0.05"""
    dropout: float = 0.0
    """share of numbers that are dropped after 16x16 and 8x8 maps of 32 px; theirs: 0.1 (0.3 in joint training)"""

    def __post_init__(self) -> None:
        within("SGANImageCritic.corruption", self.corruption, 0, 10)
        within("SGANImageCritic.dropout", self.dropout, 0, 0.99)

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for anything but images of 28 or 32 px.
        """
        from torch import nn

        from steadygan.networks.layers import activations
        from steadygan.networks.layers.convolutions import SameConv
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.initialization import all_initialized
        from steadygan.networks.layers.normalization import BatchNorm2d
        from steadygan.networks.layers.stacked import Dropout, GaussianNoise

        channels, size = need_image("SGANImageCritic", sample, SIZES)
        parts: list[nn.Module] = [GaussianNoise(self.corruption)] if self.corruption else []

        def leaky() -> nn.Module:
            return activations.make("leaky_relu", critic=True)

        if size == 28:
            for above, below in pairwise((channels, 32, 64, 128)):
                parts += [SameConv(above, below, 5, stride=2), leaky()]
            parts += [nn.Flatten(), nn.Linear(128 * 16, 256), nn.ReLU()]
            head = ScoreHead(256, "normal_0.02")
        else:
            parts += [SameConv(channels, 96, 3), leaky()]
            for above, below, stride in ((96, 96, 2), (96, 192, 1), (192, 192, 2)):
                parts += [SameConv(above, below, 3, stride=stride, bias=False), BatchNorm2d(below, eps=_EPS), leaky()]
                parts += [Dropout(self.dropout)] if stride == 2 and self.dropout else []
            parts += [nn.Conv2d(192, 192, 3, bias=False), BatchNorm2d(192, eps=_EPS), leaky()]
            parts += [SameConv(192, 192, 1), leaky()]
            head = ScoreHead(192, "normal_0.02", pool="mean")
        return Critic(all_initialized(LabelledSequential(*parts), "normal_0.02"), head)


def _transposed(inputs: int, outputs: int, *, twice: bool, bias: bool) -> nn.Module:
    """A 5x5 transposed convolution to twice the pixels, or to four more."""
    from torch import nn

    if not twice:
        return nn.ConvTranspose2d(inputs, outputs, 5, bias=bias)
    return nn.ConvTranspose2d(inputs, outputs, 5, 2, padding=2, output_padding=1, bias=bias)
