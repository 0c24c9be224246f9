"""Convolutional networks of SN-GAN (Miyato et al. 2018): spectral norm in every layer of the critic.

Widths are those of the compare_gan code, whose critic takes the new width where it halves the pixels; other public
codes take it in the 3x3 layer after, and we could not check which the paper's table has. For 8 and 16 px there are
fewer levels, so that no map is smaller than 4x4: begun at 1x1, the generator learned 8 px digits poorly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steadygan.checks import whole_fields
from steadygan.codec import OMIT_DEFAULT
from steadygan.networks.checks import Sides, need_classes, need_cropped_start
from steadygan.networks.packing import check_packing, packed
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

SIZES = (8, 16, 28, 32, 48, 64, 128)
"""Supported sizes of images in pixels."""

LEAK = 0.1
"""slope of the critic's leaky ReLU"""


def _doublings(size: int) -> int:
    """Number of doublings: three from an eighth of the size, fewer if that is less than 4x4."""
    return min(3, (size - 1).bit_length() - 2)


def _sides(spec: str, sample: SampleSpec) -> tuple[int, int, Sides]:
    """Channels, shorter side, and height and width of the smallest maps."""
    return need_cropped_start(spec, sample, SIZES, lambda size: size >> _doublings(size))


@dataclass(frozen=True)
class SNDCGANGenerator:
    """Maps of an eighth of the pixels from a linear layer, three 4x4 transposed convolutions, a 3x3 one at the end.

    One transposed convolution for 8 px, two for 16; 28 px: 4, 7 (8 cropped), 14, 28. Batch norm and ReLU after each
    layer but the last, weights N(0, 0.02).
    """

    width: int = 64
    """feature maps before the last layer, doubled at each level below"""
    spectral: bool = False
    """spectral norm in every layer (SN-GAN: critic only)"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent``.

        Raises:
            UsageError: for points and unsupported sizes.
        """
        from torch import nn

        from steadygan.networks.layers.convolutions import Crop, SameConv, SameConvTranspose
        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.linear import Unflatten, linear
        from steadygan.networks.layers.normalization import norm_2d
        from steadygan.networks.layers.spectral import with_spectral_norm

        channels, size, start = _sides("SNDCGANGenerator", sample)
        doublings = _doublings(size)
        width = self.width << doublings
        parts: list[nn.Module] = [
            linear(latent, width * math.prod(start), "normal_0.02"),
            Unflatten(width, start),
            *norm_2d("batch", width),
            nn.ReLU(),
        ]
        for _ in range(doublings):
            parts.append(initialized(SameConvTranspose(width, width // 2, 4), "normal_0.02"))
            width //= 2
            parts += [*norm_2d("batch", width), nn.ReLU()]
            if size == 28 and width == 4 * self.width:
                parts.append(Crop(7))
        parts.append(initialized(SameConv(width, channels, 3), "normal_0.02"))
        generator = Generator(LabelledSequential(*parts), sample.shape, "tanh")
        return with_spectral_norm(generator) if self.spectral else generator


@dataclass(frozen=True)
class SNDCGANCritic:
    """3x3 convolutions and 4x4 ones that halve the pixels, by turns, leaky ReLU 0.1, a linear score at an eighth.

    At 4x4 for 8 and 16 px. Weights N(0, 0.02) before they are normalised. 28 px: 28, 14, 7, 4.
    """

    width: int = 64
    """feature maps after the first layer, doubled at each level below"""
    spectral: bool = True
    """spectral norm in every layer; without it the critic has no norm"""
    class_logits: bool = False
    """second head with class logits (AC-GAN); needs data with labels"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""
    packing: int = field(default=1, metadata=OMIT_DEFAULT)
    """samples that are scored together, as a remedy for mode collapse (PacGAN); 1: each by itself"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        check_packing(self)

    @packed
    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for points, unsupported sizes, and classes in data without labels.
        """

        from steadygan.networks.layers.activations import PiecewiseLinear
        from steadygan.networks.layers.convolutions import SameConv
        from steadygan.networks.layers.generator_critic import Critic, LabelledSequential, ScoreHead
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.spectral import with_spectral_norm

        channels, size, end = _sides("SNDCGANCritic", sample)
        width = self.width
        parts: list[nn.Module] = [initialized(SameConv(channels, width, 3), "normal_0.02"), PiecewiseLinear(LEAK)]
        for _ in range(_doublings(size)):
            parts += [initialized(SameConv(width, 2 * width, 4, stride=2), "normal_0.02"), PiecewiseLinear(LEAK)]
            width *= 2
            parts += [initialized(SameConv(width, width, 3), "normal_0.02"), PiecewiseLinear(LEAK)]
        classes = need_classes("SNDCGANCritic", sample) if self.class_logits else 0
        head = ScoreHead(width * math.prod(end), "normal_0.02", classes=classes, features=self.features)
        critic = Critic(LabelledSequential(*parts), head)
        return with_spectral_norm(critic) if self.spectral else critic
