"""Default networks and priors for the data, for methods that leave them open."""

from __future__ import annotations

from steadygan.networks import (
    ConvCritic,
    ConvGenerator,
    CriticNetwork,
    DCGANCritic,
    DCGANGenerator,
    GeneratorNetwork,
    MLPCritic,
    MLPGenerator,
)
from steadygan.networks.dcgan import SIZES, Init, Norm
from steadygan.priors import Normal
from steadygan.types import SampleSpec

IMAGES = SampleSpec((3, 32, 32), classes=10)
"""Default samples of recipes: CIFAR-10's."""


def dcgan_or_mlp(
    sample: SampleSpec, *, generator_norm: Norm = "batch", critic_norm: Norm = "batch"
) -> tuple[GeneratorNetwork, CriticNetwork]:
    """DCGAN networks of the WGAN-GP authors' code for images, their toy MLPs for points.

    Signals, volumes and images of many bands and other sides get DCGAN's form over their dimensions.
    """
    if not sample.is_grid:
        return MLPGenerator(), MLPCritic()
    if not takes_image_networks(sample):
        return ConvGenerator(norm=generator_norm), ConvCritic(norm=critic_norm)
    init: Init = "uniform_0.02" if sample.side >= 64 else "he"
    return DCGANGenerator(norm=generator_norm, init=init), DCGANCritic(norm=critic_norm, init=init)


def takes_image_networks(sample: SampleSpec) -> bool:
    """True for pictures, which are brought to a size of the networks, and for images of more bands of such a size."""
    return sample.is_picture or (sample.is_image and sample.shape[1] == sample.shape[2] and sample.shape[1] in SIZES)


def prior(sample: SampleSpec) -> Normal:
    """N(0, I) of 128 numbers for images, signals and volumes, 2 for points of the plane, as many as a row has else."""
    return Normal(128 if sample.is_grid else min(128, max(2, sample.shape[0])) if sample.is_points else 2)
