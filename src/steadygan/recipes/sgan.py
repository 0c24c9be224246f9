"""SGAN: stacked generators of features and of images, for a laptop and with the settings of the authors' code."""

from __future__ import annotations

import dataclasses
from typing import Literal

from steadygan.balance import StepsByLoss
from steadygan.checks import one_of
from steadygan.data.options import DataOptions
from steadygan.losses import NonSaturating, Saturating, Wasserstein
from steadygan.networks import (
    ClassifierEncoder,
    DCGANCritic,
    DCGANGenerator,
    SGANImageCritic,
    SGANImageGenerator,
    StackedCritic,
    StackedGenerator,
)
from steadygan.objectives import Stacked
from steadygan.optimizers import Adam
from steadygan.penalties import GradientPenalty
from steadygan.priors import Uniform
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.schedules import Constant
from steadygan.types import SampleSpec

Setting = Literal["cifar10", "mnist"]
SETTINGS: tuple[Setting, ...] = ("cifar10", "mnist")


def sgan(sample: SampleSpec = IMAGES) -> Recipe:
    """SGAN: a class makes features of a classifier, features make images; needs pictures with labels, 8 to 64 px.

    Huang et al. 2017, Stacked Generative Adversarial Networks: an encoder trained before, then at each level an
    adversarial, a conditional (1) and an entropy loss (10, for noise in [0, 1]), each level by itself, then both
    together with weight 0.01. Here the adversarial loss at each level is WGAN-GP's with five critic steps
    (Gulrajani et al. 2017), networks are DCGAN's, and the levels are joined after nine tenths of the rounds. The
    authors' losses: 'sgan-cifar10'.
    """
    optimizer = Adam(1e-4, betas=(0.5, 0.9))
    return Recipe(
        name="sgan",
        encoder=ClassifierEncoder(),
        generator=StackedGenerator(DCGANGenerator(width=32), joint_from=45_000),
        critic=StackedCritic(DCGANCritic(width=32)),
        objective=Stacked(Wasserstein(), entropy=2.5),
        penalties=(GradientPenalty(weight=10.0, target=1.0),),
        critic_steps=Constant(5),
        prior=Uniform(100),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        rounds=50_000,
    )


def sgan_setting(setting: Setting = "cifar10", sample: SampleSpec = IMAGES) -> Recipe:
    """SGAN with the networks, losses and rates of the authors' code: sgan-cifar10 (32 px), sgan-mnist (28 px).

    Huang et al. 2017, whose CIFAR-10 Inception score (8.59, 8.37 without joint training) is the best with labels in
    Gulrajani et al. 2017, table 3. 200 epochs of batches of 100, the last ten joint; on CIFAR-10 each real class is one
    of the critic's, fakes are one more, the generator's loss is the saturating one, and its steps follow the critic's
    loss. Other than there: pixels and noise lie in [-1, 1] (entropy weight 2.5 for their 10), no mean image is taken
    off, moments go on at the joint stage, as do noise and dropout of the critics, and how their encoder was trained is
    not in their code.
    """
    one_of("setting", setting, SETTINGS)
    made = _cifar10() if setting == "cifar10" else _mnist()
    optimizer = Adam(1e-4, betas=(0.5, 0.999))
    epoch = 500 if setting == "cifar10" else 600
    generator = dataclasses.replace(made.generator, joint_from=190 * epoch)  # type: ignore[type-var]
    return dataclasses.replace(
        made,
        name=f"sgan-{setting}",
        generator=generator,
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        batch=100,
        data=DataOptions(source=setting),
        rounds=200 * epoch,
    )


def _cifar10() -> Recipe:
    return Recipe(
        encoder=ClassifierEncoder(64, 128, padded=False, steps=5_000),
        generator=StackedGenerator(SGANImageGenerator(), apart=True, noise_layers=2, init="normal_0.02"),
        critic=StackedCritic(
            SGANImageCritic(corruption=0.05, dropout=0.1),
            lower_noise=16,
            norm="batch",
            implicit=True,
            corruption=0.2,
            init="normal_0.02",
        ),
        objective=Stacked(Saturating(), critic_weight=0.5, entropy=2.5),
        balance=StepsByLoss(),
        prior=Uniform(66),
    )


def _mnist() -> Recipe:
    return Recipe(
        encoder=ClassifierEncoder(32, 32, padded=False),
        generator=StackedGenerator(SGANImageGenerator(), noise_layers=1, joint_weight=0.0, init="normal_0.02"),
        critic=StackedCritic(SGANImageCritic(), units=256, squash="tanh", init="normal_0.02"),
        objective=Stacked(NonSaturating(), critic_weight=0.5, entropy=2.5),
        prior=Uniform(100),
    )
