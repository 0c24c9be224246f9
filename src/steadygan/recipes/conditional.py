"""Conditional GANs: AC-GAN, AC-GAN under WGAN-GP, and the projection critic."""

from __future__ import annotations

import dataclasses

from steadygan.data.options import DataOptions
from steadygan.errors import UsageError
from steadygan.losses import Hinge, NonSaturating, Wasserstein
from steadygan.networks import (
    DCGANCritic,
    DCGANGenerator,
    LabelledGenerator,
    MLPCritic,
    MLPGenerator,
    ResNetCritic,
    ResNetGenerator,
)
from steadygan.objectives import Adversarial, AuxiliaryClassifier
from steadygan.optimizers import Adam
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.recipes.gan import dcgan
from steadygan.recipes.wasserstein import wgan_gp, wgan_gp_cifar10
from steadygan.schedules import Constant
from steadygan.types import SampleSpec


def acgan(sample: SampleSpec = IMAGES) -> Recipe:
    """AC-GAN: DCGAN whose critic also classifies real and fake samples; needs data with labels.

    Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs; networks and optimizer of DCGAN.
    """
    objective = AuxiliaryClassifier(Adversarial(NonSaturating()), generator_weight=1.0, classify_fakes=True)
    return _classified(dcgan(sample), "acgan", objective)


def acgan_wgan_gp(sample: SampleSpec = IMAGES) -> Recipe:
    """AC-GAN under WGAN-GP: the critic also classifies samples; needs data with labels.

    Gulrajani et al. 2017, conditional CIFAR-10 (after Odena et al. 2017), weights 1 and 0.1 of the authors' code. At
    32 px as there: residual networks, labels through the generator's batch norm. At other sizes WGAN-GP's networks for
    the data, with the label joined to the latent.
    """
    objective = AuxiliaryClassifier(Adversarial(Wasserstein()), critic_weight=1.0, generator_weight=0.1)
    if sample.shape[-2:] != (32, 32):
        return _classified(wgan_gp(sample), "acgan-wgan-gp", objective)
    return dataclasses.replace(
        wgan_gp_cifar10(sample),
        name="acgan-wgan-gp",
        generator=ResNetGenerator(width=128, conditional=True),
        critic=ResNetCritic(width=128, class_logits=True),
        objective=objective,
        data=DataOptions(),
    )


def projection(sample: SampleSpec = IMAGES) -> Recipe:
    """Projection critic: the score includes the product of features and a class vector; needs data with labels.

    Miyato and Koyama 2018, cGANs with Projection Discriminator: hinge loss and spectral norm in the critic, batch norm
    by class in the generator, five critic steps at 2e-4. Networks of Miyato et al. 2018; the published widths at 32 px
    (256 and 128, public code) are too much for a laptop: 64 here.
    """
    optimizer = Adam(2e-4, betas=(0.0, 0.9))
    return Recipe(
        name="projection",
        generator=ResNetGenerator(width=64, conditional=True),
        critic=ResNetCritic(width=64, pool="sum", spectral=True, projection=True),
        objective=Adversarial(Hinge()),
        critic_steps=Constant(5),
        prior=Normal(128),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        rounds=100_000,
    )


def _classified(base: Recipe, name: str, objective: AuxiliaryClassifier) -> Recipe:
    """A recipe with conditional networks."""
    generator, critic = base.generator, base.critic
    if not (isinstance(generator, DCGANGenerator | MLPGenerator) and isinstance(critic, DCGANCritic | MLPCritic)):
        raise UsageError(f"recipe {name} is for pictures and points with labels, not for samples of other kinds")
    return dataclasses.replace(
        base,
        name=name,
        generator=LabelledGenerator(generator),
        critic=dataclasses.replace(critic, class_logits=True),
        objective=objective,
    )
