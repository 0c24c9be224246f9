"""MSG-GAN's networks in their ProGAN form: images of every size from the generator, and into the critic.

With width 512 they have the maps of the authors' PyTorch code: 512 up to 32 px, 256 at 64, 128 at 128. Their layers to
colours and to the score have a gain of sqrt(2), as all others; here it is 1, as in ProGAN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from steadygan.checks import literal_fields, true_or_false, whole_fields, whole_number
from steadygan.codec import OMIT_DEFAULT
from steadygan.networks.checks import need_start
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

SIZES = (8, 16, 28, 32, 64, 128)
"""Supported sizes of images in pixels."""

_FULL_UP_TO = 32  # px; beyond them maps halve where pixels double

Combination = Literal["simple", "lin_cat", "cat_lin"]


def coarsest(size: int) -> int:
    """Pixels of the coarsest image: 4, or 7 for 28 px."""
    return 7 if size == 28 else 4


def _widths(width: int, size: int) -> dict[int, int]:
    """Feature maps at each size, coarse to fine."""
    sides = [coarsest(size)]
    while sides[-1] < size:
        sides.append(2 * sides[-1])
    return {side: max(2, width * _FULL_UP_TO // max(side, _FULL_UP_TO)) for side in sides}


@dataclass(frozen=True)
class MultiScaleGenerator:
    """From 4x4 maps (28 px: 7x7) up by nearest-neighbour doubling and pairs of 3x3 convolutions, an image at each size.

    Karnewar & Wang 2020, MSG-GAN, on ProGAN's parts: equalised rate, pixel norm, latents on a sphere, no tanh.
    """

    width: int = 64
    """feature maps up to 32 px, half at 64 px, a quarter at 128 px; the authors' code: 512"""
    single: bool = field(default=False, metadata=OMIT_DEFAULT)
    """the finest image alone, for a critic that is single too: ProGAN's generator at its full size"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        true_or_false("MultiScaleGenerator.single", self.single)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent``.

        Raises:
            UsageError: for points and unsupported sizes.
        """
        from steadygan.networks.layers.pyramids import PyramidGenerator

        channels, size, start = need_start("MultiScaleGenerator", sample, SIZES, coarsest)
        return PyramidGenerator(latent, _widths(self.width, size), start, channels, single=self.single)


@dataclass(frozen=True)
class MultiScaleCritic:
    """From the finest image down by pairs of 3x3 convolutions and 2x2 means, the other images joining at their sizes.

    Karnewar & Wang 2020, MSG-GAN, on ProGAN's parts: equalised rate, the minibatch's standard deviation at the end.
    """

    width: int = 64
    """feature maps up to 32 px, half at 64 px, a quarter at 128 px; the authors' code: 512"""
    combine: Combination = "lin_cat"
    """how an image is concatenated to the maps: simple, lin_cat (1x1 convolution before), cat_lin (after)"""
    group: int | None = 4
    """samples in a group of the minibatch standard deviation; has to divide the batch. None: the whole batch"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""
    single: bool = field(default=False, metadata=OMIT_DEFAULT)
    """the finest image alone, without the others' joining: ProGAN's critic at its full size"""

    def __post_init__(self) -> None:
        whole_fields(self, "width")
        true_or_false("MultiScaleCritic.single", self.single)
        literal_fields(self, combine=Combination)
        whole_number("MultiScaleCritic.group", self.group, 2, or_none=True, note="null: the whole batch")

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images, given as ``Scales``, or with ``single`` as one tensor.

        Raises:
            UsageError: for points and unsupported sizes.
        """
        from steadygan.networks.layers.pyramids import PyramidCritic

        channels, size, end = need_start("MultiScaleCritic", sample, SIZES, coarsest)
        combine = "none" if self.single else self.combine
        return PyramidCritic(_widths(self.width, size), end, channels, combine, self.group, self.features)
