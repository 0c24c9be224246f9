"""ProGAN's networks (Karras et al. 2018, Progressive growing of GANs), whole and growing.

Feature maps at s px are min(base / s, most): base 16384 and 512 at most are the paper's. All levels are built at once;
alone they are used at their full size, and a recipe's ``growth`` begins with the smallest one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.checks import true_or_false, whole_number
from steadygan.networks.checks import need_classes, need_start
from steadygan.networks.maps import SIZES, Maps, start_of
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ProGANGenerator(Maps):
    """From 4x4 maps (28 px: 7x7) up by nearest-neighbour doubling and pairs of 3x3 convolutions with pixel norm."""

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent``.

        Raises:
            UsageError: for other samples and unsupported sizes.
        """
        from steadygan.networks.layers.growing import GrowingGenerator

        channels, size, start = need_start("ProGANGenerator", sample, SIZES, start_of)
        return GrowingGenerator(latent, self.widths(size), start, channels)


@dataclass(frozen=True)
class ProGANCritic(Maps):
    """Pairs of 3x3 convolutions and 2x2 means from the image down to 4x4, minibatch standard deviation, a score."""

    group: int | None = 4
    """samples in a group of the minibatch standard deviation; has to divide each batch. None: the whole batch"""
    class_logits: bool = False
    """second head with class logits (AC-GAN); needs data with labels"""
    features: bool = False
    """also output the last hidden layer (feature matching)"""

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number("ProGANCritic.group", self.group, 2, or_none=True, note="null: the whole batch")
        for name in ("class_logits", "features"):
            true_or_false(f"ProGANCritic.{name}", getattr(self, name))

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for other samples and unsupported sizes, and data without labels for class logits.
        """
        from steadygan.networks.layers.growing import GrowingCritic

        channels, size, start = need_start("ProGANCritic", sample, SIZES, start_of)
        classes = need_classes("ProGANCritic", sample) if self.class_logits else 0
        widths = self.widths(size)
        return GrowingCritic(widths, start, channels, self.group, classes=classes, features=self.features)
