"""R3GAN: the relativistic pairing loss with R1 and R2."""

from __future__ import annotations

from steadygan.data.options import DataOptions
from steadygan.ema import Average
from steadygan.losses import RelativisticPaired
from steadygan.networks import (
    ConvCritic,
    ConvGenerator,
    CriticNetwork,
    GeneratorNetwork,
    MLPCritic,
    MLPGenerator,
    R3GANCritic,
    R3GANGenerator,
)
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import R1, R2
from steadygan.perturbations import DiffAugment
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES, prior, takes_image_networks
from steadygan.schedules import Constant, Cosine
from steadygan.types import SampleSpec


def r3gan(sample: SampleSpec = IMAGES) -> Recipe:
    """R3GAN: relativistic pairing loss with R1 and R2, on residual networks without norms.

    Huang et al. 2024, The GAN is dead; long live the GAN! A small preset of ours, for laptops: the paper's loss,
    R1 + R2 in each step, Adam without momentum and cosine schedules, on narrower networks with one block a stage,
    batch 16, gamma and rate tuned on 3,000 pictures of 32 px. On points: fully connected networks; on signals and
    volumes: DCGAN's form over their dimensions, without norms.
    """
    image, rounds = sample.is_grid, 100_000
    generator, critic = _networks(sample)
    gamma = Cosine(rounds, 0.05, 0.005) if image else Cosine(rounds, 0.1, 0.01)
    rate, beta2 = Cosine(rounds, 1.0, 0.25), Cosine(rounds, 0.9, 0.99)
    optimizer = Adam(1e-3, betas=(0.0, 0.99), lr_factor=rate, beta2=beta2)
    return Recipe(
        name="r3gan",
        generator=generator,
        critic=critic,
        objective=Adversarial(RelativisticPaired()),
        penalties=(R1(gamma), R2(gamma)),
        critic_steps=Constant(1),
        prior=Normal(64) if image else prior(sample),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        batch=16 if image else 256,
        average=Average(half_life=1_000_000),
        rounds=rounds,
    )


def _networks(sample: SampleSpec) -> tuple[GeneratorNetwork, CriticNetwork]:
    if takes_image_networks(sample):
        return R3GANGenerator(32, blocks=1), R3GANCritic(32, blocks=1)
    if sample.is_grid:
        return ConvGenerator(32, norm="none", activation="leaky_relu"), ConvCritic(32)
    return MLPGenerator(), MLPCritic(activation="leaky_relu")


def r3gan_cifar10(sample: SampleSpec = IMAGES) -> Recipe:
    """R3GAN for CIFAR-10: 20 million parameters a network, batch 512 over 20 million images.

    Huang et al. 2024; networks, schedules and augmentation probability of the authors' code. Differences:
    DiffAugment's colour, translation and cutout replace its larger pipeline of geometry, colour and cutout, and the
    stages at 4x4 have the precision of all others.
    """
    rounds = 20_000_000 // 512
    gamma = Cosine(rounds, 0.05, 0.005)
    optimizer = Adam(2e-4, betas=(0.0, 0.99), lr_factor=Cosine(rounds, 1.0, 0.25), beta2=Cosine(rounds, 0.9, 0.99))
    conditional = sample.classes > 1
    return Recipe(
        name="r3gan-cifar10",
        generator=R3GANGenerator(768, "constant", conditional=conditional),
        critic=R3GANCritic(768, "constant", conditional=conditional),
        objective=Adversarial(RelativisticPaired()),
        penalties=(R1(gamma), R2(gamma)),
        perturbation=DiffAugment(probability=Cosine(rounds, 0.0, 0.55)),
        critic_steps=Constant(1),
        prior=Normal(64),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        batch=512,
        average=Average(half_life=Cosine(rounds, 0.0, 5e6), ramp=None),
        data=DataOptions(source="cifar10", flip=True),
        rounds=rounds,
    )
