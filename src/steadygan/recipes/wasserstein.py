"""WGAN with weight clipping, and WGAN-GP."""

from __future__ import annotations

import dataclasses

from steadygan.constraints import WeightClip
from steadygan.data.options import DataOptions
from steadygan.losses import Wasserstein
from steadygan.networks import ResNetCritic, ResNetGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam, RMSprop
from steadygan.penalties import GradientPenalty
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES, dcgan_or_mlp, prior
from steadygan.representations import Plain
from steadygan.schedules import Constant, CriticWarmUp, LinearDecay
from steadygan.types import SampleSpec


def wgan(sample: SampleSpec = IMAGES) -> Recipe:
    """WGAN: Wasserstein loss, the critic's weights clipped to [-0.01, 0.01].

    Arjovsky et al. 2017, Wasserstein GAN, Algorithm 1; critic warm-up of the authors' code. On points: batch 256.
    """
    generator, critic = dcgan_or_mlp(sample)
    return Recipe(
        name="wgan",
        generator=generator,
        critic=critic,
        objective=Adversarial(Wasserstein()),
        constraint=WeightClip(0.01),
        critic_steps=CriticWarmUp(steps=5),
        prior=prior(sample),
        generator_optimizer=RMSprop(5e-5),
        critic_optimizer=RMSprop(5e-5),
        batch=64 if sample.is_grid else 256,
        rounds=200_000 if sample.is_grid else 100_000,
    )


def wgan_gp(sample: SampleSpec = IMAGES) -> Recipe:
    """WGAN-GP: Wasserstein loss with a gradient penalty, target 1, between real and fake samples.

    Gulrajani et al. 2017, Improved Training of Wasserstein GANs, Algorithm 1. On points: the settings of the authors'
    toy code (weight 0.1, beta_1 0.5, batch 256), where the paper's text says weight 10 throughout.
    """
    large = sample.is_image and sample.side >= 64
    generator, critic = dcgan_or_mlp(sample, critic_norm="layer" if large else "none")
    image = sample.is_grid
    optimizer = Adam(1e-4, betas=(0.0 if image else 0.5, 0.9))
    return Recipe(
        name="wgan-gp",
        generator=generator,
        critic=critic,
        objective=Adversarial(Wasserstein()),
        penalties=(GradientPenalty(weight=10.0 if image else 0.1, target=1.0),),
        critic_steps=Constant(5),
        prior=prior(sample),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        batch=64 if image else 256,
        rounds=200_000 if image else 100_000,
    )


def wgan_gp_one_sided(sample: SampleSpec = IMAGES) -> Recipe:
    """WGAN-GP with the one-sided penalty: only gradient norms above 1 are penalised.

    Gulrajani et al. 2017, App. C.
    """
    base = wgan_gp(sample)
    penalty = base.penalties[0]
    assert isinstance(penalty, GradientPenalty)
    one_sided = dataclasses.replace(penalty, one_sided=True)
    return dataclasses.replace(base, name="wgan-gp-one-sided", penalties=(one_sided,))


def wgan_gp_cifar10(sample: SampleSpec = IMAGES) -> Recipe:
    """WGAN-GP for CIFAR-10: its residual networks for 32 px, rate decay, batch sizes and dequantised pixels.

    Gulrajani et al. 2017, App. F and the authors' code (up-sampling before the first convolution; beta_1 0).
    """
    optimizer = Adam(2e-4, betas=(0.0, 0.9), lr_factor=LinearDecay(100_000))
    return Recipe(
        name="wgan-gp-cifar10",
        generator=ResNetGenerator(width=128),
        critic=ResNetCritic(width=128),
        objective=Adversarial(Wasserstein()),
        penalties=(GradientPenalty(weight=10.0, target=1.0),),
        critic_steps=Constant(5),
        prior=Normal(128),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        batch=64,
        generator_batch=128,
        representation=Plain(dequantise="paper"),
        data=DataOptions(source="cifar10"),
        rounds=100_000,
    )
