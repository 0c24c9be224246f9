"""BEGAN, with the paper's settings and with some for laptops."""

from __future__ import annotations

import dataclasses

from steadygan.networks import BEGANCritic, BEGANGenerator, MLPAutoencoderCritic, MLPGenerator
from steadygan.objectives import BoundaryEquilibrium
from steadygan.optimizers import Adam
from steadygan.plateau import Plateau
from steadygan.priors import Uniform
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.schedules import Constant, LinearDecay
from steadygan.types import SampleSpec


def began_paper(sample: SampleSpec = IMAGES) -> Recipe:
    """BEGAN with the paper's settings: made for days on several GPUs.

    Berthelot et al. 2017, BEGAN: gamma 0.5, lambda_k 0.001, rate 1e-4, codes and latents of size 64, 64 feature maps
    for 64 px and below, 128 above. Vanishing residuals over 16,000 rounds, halved rates when M stalls, beta_1 0.5 and
    batch 16 (these two from a public code) are unconfirmed. On points: fully connected networks.
    """
    width = 64 if sample.side <= 64 else 128
    carry = LinearDecay(16_000)
    image = sample.is_image
    return Recipe(
        name="began-paper",
        generator=BEGANGenerator(width, carry=carry) if image else MLPGenerator(),
        critic=BEGANCritic(width, 64, carry=carry) if image else MLPAutoencoderCritic(decoder_depth=2, exponent=1),
        objective=BoundaryEquilibrium(gamma=0.5, rate=0.001),
        critic_steps=Constant(1),
        prior=Uniform(64 if image else 2),
        generator_optimizer=Adam(1e-4, betas=(0.5, 0.999)),
        critic_optimizer=Adam(1e-4, betas=(0.5, 0.999)),
        plateau=Plateau("convergence_mean", every=2_000, patience=3, factor=0.5),
        batch=16,
    )


def began(sample: SampleSpec = IMAGES) -> Recipe:
    """BEGAN: an autoencoder critic, balanced so that the error of fakes is gamma times that of real samples.

    Berthelot et al. 2017, BEGAN. The settings for 32 px and below are this library's, tuned for minutes on one CPU
    core (docs/began.md): with the paper's, k_t stays near 0 and all samples collapse to one. Grey images have gamma 1:
    below, MNIST collapses to ones, whose error is half of the mean. Points, and 64 px and above: as ``began-paper``.
    """
    paper = dataclasses.replace(began_paper(sample), name="began")
    if not sample.is_image or sample.side > 32:
        return paper
    return dataclasses.replace(
        paper,
        generator=BEGANGenerator(16),
        critic=BEGANCritic(16, code=16),
        objective=BoundaryEquilibrium(gamma=1.0 if sample.shape[0] == 1 else 0.7, rate=0.1, least=0.05),
        prior=Uniform(16),
        generator_optimizer=Adam(1e-3, betas=(0.5, 0.999)),
        critic_optimizer=Adam(3e-4, betas=(0.5, 0.999)),
        plateau=Plateau("convergence_mean", every=1_000),
        rounds=10_000,
    )
