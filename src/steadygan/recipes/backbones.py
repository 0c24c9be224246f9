"""Default networks and priors for the data, for methods that leave them open."""

from __future__ import annotations

from steadygan.networks import (
    CriticNetwork,
    DCGANCritic,
    DCGANGenerator,
    GeneratorNetwork,
    MLPCritic,
    MLPGenerator,
)
from steadygan.networks.dcgan import Init, Norm
from steadygan.priors import Normal
from steadygan.types import SampleSpec

IMAGES = SampleSpec((3, 32, 32), classes=10)
"""Default samples of recipes: CIFAR-10's."""


def dcgan_or_mlp(
    sample: SampleSpec, *, generator_norm: Norm = "batch", critic_norm: Norm = "batch"
) -> tuple[GeneratorNetwork, CriticNetwork]:
    """DCGAN networks of the WGAN-GP authors' code for images, their toy MLPs for points."""
    if not sample.is_image:
        return MLPGenerator(), MLPCritic()
    init: Init = "uniform_0.02" if sample.shape[-1] >= 64 else "he"
    return DCGANGenerator(norm=generator_norm, init=init), DCGANCritic(norm=critic_norm, init=init)


def prior(sample: SampleSpec) -> Normal:
    """N(0, I) of 128 numbers for images, 2 for points."""
    return Normal(128 if sample.is_image else 2)
