"""Class-conditional generators: any generator with the label joined to its latent (Odena et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from steadygan.checks import literal_fields
from steadygan.networks.began import BEGANGenerator
from steadygan.networks.checks import need_labels
from steadygan.networks.conv import ConvGenerator
from steadygan.networks.dcgan import DCGANGenerator
from steadygan.networks.mlp import MLPGenerator
from steadygan.networks.multiscale import MultiScaleGenerator
from steadygan.networks.own import Own
from steadygan.networks.progan import ProGANGenerator
from steadygan.networks.resnet import ResNet64Generator, ResNetGenerator
from steadygan.networks.resnet101 import ResNet101Generator
from steadygan.networks.sndcgan import SNDCGANGenerator
from steadygan.networks.subpixel import SubpixelGenerator
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

Label = Literal["concat", "multiply"]
Unconditional: TypeAlias = (
    DCGANGenerator
    | MLPGenerator
    | ResNetGenerator
    | ResNet64Generator
    | ResNet101Generator
    | SNDCGANGenerator
    | BEGANGenerator
    | Own
    | ConvGenerator
    | MultiScaleGenerator
    | SubpixelGenerator
    | ProGANGenerator
)
"""Generators without labels."""


@dataclass(frozen=True)
class LabelledGenerator:
    """A generator conditioned on the class through its latent."""

    network: Unconditional = DCGANGenerator()
    """the generator without labels"""
    label: Label = "concat"
    """concat: the one-hot label after the latent (Odena et al. 2017); multiply: the latent times a learned vector of
    its class, N(0, I) at first"""
    conditional: ClassVar[bool] = True
    """True: the generator takes labels"""

    def __post_init__(self) -> None:
        literal_fields(self, label=Label)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such samples, from latents of size ``latent`` and labels.

        Raises:
            UsageError: for data without labels and unsupported samples.
        """
        from steadygan.networks.layers.labels import ConcatLabels, LabelledLatents, MultiplyLabels

        classes = need_labels("LabelledGenerator", sample)
        if self.label == "concat":
            return LabelledLatents(ConcatLabels(classes), self.network.build(sample, latent + classes))
        return LabelledLatents(MultiplyLabels(classes, latent), self.network.build(sample, latent))
