"""EBGAN and EBGAN-PT."""

from __future__ import annotations

import dataclasses

from steadygan.networks import ConvAutoencoderCritic, ConvGenerator, DCGANGenerator, MLPAutoencoderCritic, MLPGenerator
from steadygan.objectives import EnergyBased
from steadygan.optimizers import Adam
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES, prior, takes_image_networks
from steadygan.schedules import Constant
from steadygan.types import SampleSpec


def ebgan(sample: SampleSpec = IMAGES) -> Recipe:
    """EBGAN: an autoencoder critic's error as energy, low on real samples and, up to a margin, high on fakes.

    Zhao et al. 2017, Energy-based GAN; networks as for the paper's 64 px (unconfirmed), norm in both. The margin is
    for mean squared errors of pixels in [-1, 1]. Latents (size 128; the paper's may be 100), initial weights and rates
    are DCGAN's, as the paper's could not be confirmed. On points: fully connected networks; on signals and volumes a
    fully connected critic.
    """
    image = takes_image_networks(sample)
    width = 128 if sample.side >= 64 else 64
    other = ConvGenerator() if sample.is_grid else MLPGenerator()
    return Recipe(
        name="ebgan",
        generator=DCGANGenerator(width, kernel=4, init="normal_0.02") if image else other,
        critic=ConvAutoencoderCritic(init="normal_0.02") if image else MLPAutoencoderCritic(decoder_depth=2),
        objective=EnergyBased(margin=1.0),
        critic_steps=Constant(1),
        prior=prior(sample),
        generator_optimizer=Adam(2e-4, betas=(0.5, 0.999)),
        critic_optimizer=Adam(2e-4, betas=(0.5, 0.999)),
    )


def ebgan_pt(sample: SampleSpec = IMAGES) -> Recipe:
    """EBGAN-PT: EBGAN with the pulling-away term, which keeps the codes of fakes apart.

    Zhao et al. 2017: weight 0.1.
    """
    base = ebgan(sample)
    return dataclasses.replace(base, name="ebgan-pt", objective=EnergyBased(margin=1.0, pulling_away=0.1))
