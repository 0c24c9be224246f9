"""SN-GAN with its settings A to F, and SAGAN: spectral norm in the critic, or in both networks."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from steadygan.data.options import DataOptions
from steadygan.errors import unknown_name
from steadygan.losses import Hinge
from steadygan.networks import (
    ConvCritic,
    ConvGenerator,
    CriticNetwork,
    GeneratorNetwork,
    MLPCritic,
    MLPGenerator,
    ResNetCritic,
    ResNetGenerator,
    SNDCGANCritic,
    SNDCGANGenerator,
)
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam, two_time_scale
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES, prior, takes_image_networks
from steadygan.schedules import Constant, LinearDecay
from steadygan.types import SampleSpec


class Setting(NamedTuple):
    """Adam of both players and critic steps in a round."""

    lr: float
    betas: tuple[float, float]
    critic_steps: int


SETTINGS = {
    "a": Setting(1e-4, (0.5, 0.9), 5),
    "b": Setting(1e-4, (0.5, 0.999), 1),
    "c": Setting(2e-4, (0.5, 0.999), 1),
    "d": Setting(1e-3, (0.5, 0.9), 5),
    "e": Setting(1e-3, (0.5, 0.999), 5),
    "f": Setting(1e-3, (0.9, 0.999), 5),
}
"""Settings A to F of Miyato et al. 2018, section 4; WGAN-GP failed at D, E and F."""


def sngan(sample: SampleSpec = IMAGES) -> Recipe:
    """SN-GAN: spectral norm in every layer of the critic, hinge loss.

    Miyato et al. 2018, Spectral Normalization for GANs: setting C (DCGAN's Adam, one critic step), affordable on a
    laptop, on SN-DCGAN of half the published width. 'sngan-a' to 'sngan-f' are the paper's settings, 'sngan-cifar10'
    its residual networks. On points: fully connected networks; on signals and volumes: DCGAN's form over their
    dimensions. On images the generator's field 'spectral'
    normalises both networks.
    """
    lr, betas, critic_steps = SETTINGS["c"]
    generator, critic = _networks(sample)
    return Recipe(
        name="sngan",
        generator=generator,
        critic=critic,
        objective=Adversarial(Hinge()),
        critic_steps=Constant(critic_steps),
        prior=prior(sample),
        generator_optimizer=Adam(lr, betas),
        critic_optimizer=Adam(lr, betas),
        rounds=100_000,
    )


def _networks(sample: SampleSpec) -> tuple[GeneratorNetwork, CriticNetwork]:
    if takes_image_networks(sample):
        return SNDCGANGenerator(width=32), SNDCGANCritic(width=32)
    if sample.is_grid:
        return ConvGenerator(width=32), ConvCritic(width=32, spectral=True)
    return MLPGenerator(), MLPCritic(activation="leaky_relu", spectral=True)


def sngan_setting(setting: str, sample: SampleSpec = IMAGES) -> Recipe:
    """SN-GAN at one of its paper's six settings (SETTING a to f): Adam's numbers and critic steps.

    Miyato et al. 2018, section 4: rates 1e-4 (a, b), 2e-4 (c) and 1e-3 (d, e, f); one critic step at b and c, else
    five. WGAN-GP failed at d, e and f. Networks as in 'sngan'.

    Raises:
        UsageError: for another setting.
    """
    if setting not in SETTINGS:
        raise unknown_name("setting of SN-GAN", setting, SETTINGS)
    lr, betas, critic_steps = SETTINGS[setting]
    return dataclasses.replace(
        sngan(sample),
        name=f"sngan-{setting}",
        critic_steps=Constant(critic_steps),
        generator_optimizer=Adam(lr, betas),
        critic_optimizer=Adam(lr, betas),
    )


def sngan_cifar10(sample: SampleSpec = IMAGES) -> Recipe:
    """SN-GAN for CIFAR-10: its residual networks at full width, five critic steps, rate decay.

    Miyato et al. 2018, ResNet with hinge loss; decay, widths 256 and 128, and beta_1 0 as in the mimicry code.
    """
    optimizer = Adam(2e-4, betas=(0.0, 0.9), lr_factor=LinearDecay(100_000))
    return Recipe(
        name="sngan-cifar10",
        generator=ResNetGenerator(width=256),
        critic=ResNetCritic(width=128, pool="sum", spectral=True),
        objective=Adversarial(Hinge()),
        critic_steps=Constant(5),
        prior=Normal(128),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        data=DataOptions(source="cifar10"),
        rounds=100_000,
    )


def sagan(sample: SampleSpec = IMAGES) -> Recipe:
    """SAGAN: self-attention and spectral norm in both networks, the critic at four times the generator's rate.

    Zhang et al. 2019, Self-Attention GANs: hinge loss, rates 1e-4 and 4e-4, one critic step; betas 0 and 0.9 and the
    initial weights (Xavier) are unconfirmed. Labels enter through the generator's batch norm and a projection critic;
    without labels both are unconditional. Attention at maps of half the image's size, at most 32 px. The published
    widths (256 and 128 at 32 px, public code) and batch (256) are too much for a laptop: width and batch 64 here.
    """
    labelled = sample.classes > 1
    attention = min(32, sample.side // 2)
    generator_optimizer, critic_optimizer = two_time_scale(1e-4, 4e-4, betas=(0.0, 0.9))
    return Recipe(
        name="sagan",
        generator=ResNetGenerator(width=64, conditional=labelled, spectral=True, attention=attention),
        critic=ResNetCritic(width=64, pool="sum", spectral=True, projection=labelled, attention=attention),
        objective=Adversarial(Hinge()),
        critic_steps=Constant(1),
        prior=Normal(128),
        generator_optimizer=generator_optimizer,
        critic_optimizer=critic_optimizer,
        rounds=100_000,
    )
