"""Network specs: frozen, torch-free until ``build``; the modules that they build are in ``layers``.

A generator spec builds a module (latents [N, size], labels) -> samples float32 [N, ...]; a critic spec builds a module
(samples [N, ...], labels) -> CriticOutput. Both follow the shape of the samples they are built for. Multi-scale
networks exchange ``Scales``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from steadygan.networks.autoencoder import ConvAutoencoderCritic, MLPAutoencoderCritic
from steadygan.networks.began import BEGANCritic, BEGANGenerator
from steadygan.networks.biggan import BigGANCritic, BigGANGenerator
from steadygan.networks.conv import ConvCritic, ConvGenerator
from steadygan.networks.dcgan import DCGANCritic, DCGANGenerator
from steadygan.networks.encoder import ClassifierEncoder
from steadygan.networks.labelled import LabelledGenerator
from steadygan.networks.mlp import MLPCritic, MLPGenerator
from steadygan.networks.multiscale import MultiScaleCritic, MultiScaleGenerator
from steadygan.networks.own import Own
from steadygan.networks.progan import ProGANCritic, ProGANGenerator
from steadygan.networks.r3gan import R3GANCritic, R3GANGenerator
from steadygan.networks.resnet import ResNet64Critic, ResNet64Generator, ResNetCritic, ResNetGenerator
from steadygan.networks.resnet101 import ResNet101Critic, ResNet101Generator
from steadygan.networks.sgan import SGANImageCritic, SGANImageGenerator
from steadygan.networks.sndcgan import SNDCGANCritic, SNDCGANGenerator
from steadygan.networks.stacked import StackedCritic, StackedGenerator
from steadygan.networks.stylegan2 import StyleGAN2Critic, StyleGAN2Generator
from steadygan.networks.subpixel import SubpixelCritic, SubpixelGenerator
from steadygan.networks.text import TextCritic, TextGenerator
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn


class GeneratorNetworkLike(Protocol):
    """Spec of a generator."""

    def build(self, sample: SampleSpec, latent: int) -> nn.Module: ...


class CriticNetworkLike(Protocol):
    """Spec of a critic."""

    def build(self, sample: SampleSpec) -> nn.Module: ...


if TYPE_CHECKING:
    GeneratorNetwork: TypeAlias = GeneratorNetworkLike
    CriticNetwork: TypeAlias = CriticNetworkLike
else:  # the closed sets that files and the command line know
    GeneratorNetwork = (
        DCGANGenerator
        | MLPGenerator
        | ResNetGenerator
        | ResNet64Generator
        | SNDCGANGenerator
        | BEGANGenerator
        | MultiScaleGenerator
        | LabelledGenerator
        | TextGenerator
        | ResNet101Generator
        | R3GANGenerator
        | SubpixelGenerator
        | StyleGAN2Generator
        | Own
        | ConvGenerator
        | BigGANGenerator
        | ProGANGenerator
        | StackedGenerator
    )
    CriticNetwork = (
        DCGANCritic
        | MLPCritic
        | ResNetCritic
        | ResNet64Critic
        | ResNet101Critic
        | SNDCGANCritic
        | BEGANCritic
        | ConvAutoencoderCritic
        | MLPAutoencoderCritic
        | TextCritic
        | MultiScaleCritic
        | R3GANCritic
        | SubpixelCritic
        | StyleGAN2Critic
        | Own
        | ConvCritic
        | BigGANCritic
        | ProGANCritic
        | StackedCritic
    )


def takes_classes(generator: GeneratorNetwork) -> bool:
    """True if the generator is conditioned on the class."""
    return bool(getattr(generator, "conditional", False))


def parameter_count(module: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


__all__ = [
    "BEGANCritic",
    "BEGANGenerator",
    "BigGANCritic",
    "BigGANGenerator",
    "ClassifierEncoder",
    "ConvAutoencoderCritic",
    "ConvCritic",
    "ConvGenerator",
    "CriticNetwork",
    "DCGANCritic",
    "DCGANGenerator",
    "GeneratorNetwork",
    "LabelledGenerator",
    "MLPAutoencoderCritic",
    "MLPCritic",
    "MLPGenerator",
    "MultiScaleCritic",
    "MultiScaleGenerator",
    "Own",
    "ProGANCritic",
    "ProGANGenerator",
    "R3GANCritic",
    "R3GANGenerator",
    "ResNet64Critic",
    "ResNet64Generator",
    "ResNet101Critic",
    "ResNet101Generator",
    "ResNetCritic",
    "ResNetGenerator",
    "SGANImageCritic",
    "SGANImageGenerator",
    "SNDCGANCritic",
    "SNDCGANGenerator",
    "StackedCritic",
    "StackedGenerator",
    "StyleGAN2Critic",
    "StyleGAN2Generator",
    "SubpixelCritic",
    "SubpixelGenerator",
    "TextCritic",
    "TextGenerator",
    "parameter_count",
    "takes_classes",
]
